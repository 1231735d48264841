"""The 24 solar terms (节气) of 1901-2100 in fixed UTC+8, by day and by instant.

The instants come from ``solar_terms.txt``, which ``scripts/solar_terms.py`` calculates, rounded to the
minute as almanacs print them; the file is read at the first question and each year is parsed once.
"By day" follows the almanac: the whole day on which a term begins already belongs to it.
"By instant" changes at the minute itself.

The zone is a fixed UTC+8, never ``Asia/Shanghai``, which had summer time in the 1940s and 1986-1991.
"""

from bisect import bisect_right
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

FIRST_YEAR, LAST_YEAR = 1901, 2100

_MINUTE_MS = 60_000
_DAY_MINUTES = 1440
_ZONE_MINUTES = 8 * 60
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


class Term(NamedTuple):
    """One solar term; *number* counts from 0, 小寒, the first of a Gregorian year."""

    number: int
    key: str
    name: str


class Occurrence(NamedTuple):
    """A term in one year: when it begins (UTC ms), and its almanac day.

    *uncertain* says that the instant lies so near to midnight, and so far ahead, that the day may yet change.
    """

    term: Term
    at: int
    day: str
    uncertain: bool


class Position(NamedTuple):
    """Where an instant lies: in the term of *current*, *progress_bp* of the way to *next*."""

    current: Occurrence
    next: Occurrence
    progress_bp: int
    days_to_next: int
    """Calendar days in UTC+8 until the almanac day of the next term; 0 on that day, before its minute."""


_PAIRS = (
    "xiaohan小寒 dahan大寒 lichun立春 yushui雨水 jingzhe惊蛰 chunfen春分 qingming清明 guyu谷雨 "
    "lixia立夏 xiaoman小满 mangzhong芒种 xiazhi夏至 xiaoshu小暑 dashu大暑 liqiu立秋 chushu处暑 "
    "bailu白露 qiufen秋分 hanlu寒露 shuangjiang霜降 lidong立冬 xiaoxue小雪 daxue大雪 dongzhi冬至"
)
TERMS = tuple(Term(number, pair[:-2], pair[-2:]) for number, pair in enumerate(_PAIRS.split()))
BY_KEY = {term.key: term for term in TERMS}


def term_of_day(day: str) -> Term:
    """Return the term that *day* (``YYYY-MM-DD``) belongs to in the almanac."""
    first, second, terms = _month(day[:7])
    return terms[(day >= first) + (day >= second)]


def term_at(instant: int) -> Term:
    """Return the term in force at *instant* (UTC ms), to the minute."""
    minute = instant // _MINUTE_MS
    minutes, _ = _year(_year_of(minute))
    return TERMS[bisect_right(minutes, minute) - 1]


def position(instant: int) -> Position:
    """Return the term in force at *instant* (UTC ms), the one after it, and the way between them."""
    year, index = _place(instant)
    current, following = _occurrence(year, index), _occurrence(year, index + 1)
    today = (instant // _MINUTE_MS + _ZONE_MINUTES) // _DAY_MINUTES + _EPOCH_ORDINAL
    return Position(
        current,
        following,
        progress_bp=(instant - current.at) * 10_000 // (following.at - current.at),
        days_to_next=max(0, date.fromisoformat(following.day).toordinal() - today),
    )


def position_by_day(instant: int) -> Position:
    """Return the `position` by the almanac: the day on which a term begins belongs to it from midnight on."""
    where = position(instant)
    if where.days_to_next:
        return where
    following = next_term(where.next.at)
    today = date.fromisoformat(where.next.day).toordinal()
    return Position(where.next, following, 0, date.fromisoformat(following.day).toordinal() - today)


def next_term(instant: int) -> Occurrence:
    """Return the first term that begins after *instant* (UTC ms)."""
    year, index = _place(instant)
    return _occurrence(year, index + 1)


@cache
def occurrences(year: int) -> tuple[Occurrence, ...]:
    """Return the 24 terms of Gregorian *year*, from 小寒 to 冬至."""
    minutes, days = _year(year)
    found = zip(TERMS, minutes, days, _fields(year), strict=True)
    return tuple(
        Occurrence(
            term,
            minute * _MINUTE_MS,
            f"{year:04}-{term.number // 2 + 1:02}-{day:02}",
            uncertain=field.endswith("?"),
        )
        for term, minute, day, field in found
    )


def days_from_term(day: str, key: str) -> int:
    """Return how many days *day* lies after the nearest beginning of the term *key*; negative before it."""
    ordinal = date.fromisoformat(day).toordinal()
    year, index = int(day[:4]), BY_KEY[key].number
    years = range(max(FIRST_YEAR, year - 1), min(LAST_YEAR, year + 1) + 1)
    begins = (date.fromisoformat(_occurrence(each, index).day).toordinal() for each in years)
    return min((ordinal - begin for begin in begins), key=abs)


def _place(instant: int) -> tuple[int, int]:
    """Return (year, index) of the term in force; index -1 is 冬至 of the year before."""
    minute = instant // _MINUTE_MS
    year = _year_of(minute)
    minutes, _ = _year(year)
    return year, bisect_right(minutes, minute) - 1


def _year_of(minute: int) -> int:
    return date.fromordinal((minute + _ZONE_MINUTES) // _DAY_MINUTES + _EPOCH_ORDINAL).year


def _occurrence(year: int, index: int) -> Occurrence:
    """Return the term at *index* of *year*, where -1 is the last of the year before."""
    return occurrences(year + index // len(TERMS))[index % len(TERMS)]


@cache
def _month(month: str) -> tuple[str, str, tuple[Term, ...]]:
    """Return the two days of *month* (``YYYY-MM``) on which terms begin, and the terms between them."""
    year, first = int(month[:4]), 2 * int(month[5:7]) - 2
    begins = occurrences(year)[first : first + 2]
    return begins[0].day, begins[1].day, (TERMS[first - 1], *(each.term for each in begins))


@cache
def _year(year: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the instants of *year* in minutes since the epoch, and the almanac days of the month."""
    minutes, days = [], []
    for index, field in enumerate(_fields(year)):
        day, hour, minute = int(field[:2]), int(field[2:4]), int(field[4:6])
        ordinal = date(year, index // 2 + 1, day).toordinal() - _EPOCH_ORDINAL
        minutes.append(ordinal * _DAY_MINUTES + hour * 60 + minute - _ZONE_MINUTES)
        days.append(day + ("+" in field) - ("-" in field))
    return tuple(minutes), tuple(days)


def _fields(year: int) -> list[str]:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"solar terms are known for {FIRST_YEAR}-{LAST_YEAR} only, not for {year}")
    return _rows()[year - FIRST_YEAR].split()[1:]


@cache
def _rows() -> list[str]:
    text = Path(__file__).with_name("solar_terms.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]
