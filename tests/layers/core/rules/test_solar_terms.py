"""The shipped table of solar terms against published instants, the reference table and other engines."""

import csv
import itertools
import json
import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import astronomy
import cnlunar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules import solar_terms
from gardenshop.rules.solar_terms import (
    Term,
    days_from_term,
    next_term,
    occurrences,
    position,
    term_at,
    term_of_day,
)

UTC8 = timezone(timedelta(hours=8))
WORKPLACE = Path(__file__).parents[5] / "shared/domain-data"
UNCERTAIN = {"2051-03-20", "2083-02-03", "2084-03-20", "2085-01-04", "2093-11-06"}


def ms(text: str) -> int:
    """Return the UTC ms of an ISO time in UTC+8."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC8).timestamp() * 1000)


def workplace(name: str) -> str:
    path = WORKPLACE / name
    if not path.exists():
        pytest.skip(f"{name} of the workplace is absent")
    return path.read_text(encoding="utf-8")


def reference_rows() -> list[dict[str, str]]:
    return list(csv.DictReader(workplace("solar_terms_reference_even_years.csv").splitlines()))


def every_occurrence() -> Iterator[solar_terms.Occurrence]:
    for year in range(1901, 2101):
        yield from occurrences(year)


@pytest.mark.parametrize(
    ("year", "key", "published"),
    [
        (2009, "lixia", "2009-05-05T16:51"),
        (2013, "lichun", "2013-02-04T00:13"),
        (2017, "lichun", "2017-02-03T23:34"),
        (2018, "xiaohan", "2018-01-05T17:49"),
        (2024, "lichun", "2024-02-04T16:27"),
    ],
)
def test_published_minutes_are_in_the_table(year: int, key: str, published: str) -> None:
    term = solar_terms.BY_KEY[key]
    assert occurrences(year)[term.number].at == ms(published)


@pytest.mark.parametrize(
    ("key", "day"),
    [
        ("xiaoxue", "1912-11-23"),
        ("qiufen", "1913-09-24"),
        ("daxue", "1917-12-07"),
        ("bailu", "1927-09-08"),
        ("xiazhi", "1928-06-21"),
        ("dongzhi", "1951-12-23"),
        ("dahan", "1979-01-21"),
        ("chunfen", "2084-03-20"),
    ],
)
def test_days_on_which_engines_err_follow_the_almanac(key: str, day: str) -> None:
    the_day_before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    assert term_of_day(day).key == key
    assert term_of_day(the_day_before).number == solar_terms.BY_KEY[key].number - 1


def test_the_terms_run_from_xiaohan_to_dongzhi() -> None:
    assert solar_terms.TERMS[0] == Term(0, "xiaohan", "小寒")
    assert solar_terms.TERMS[9] == Term(9, "xiaoman", "小满")
    assert solar_terms.TERMS[23] == Term(23, "dongzhi", "冬至")
    assert len(solar_terms.BY_KEY) == 24


def test_all_4800_instants_rise_and_lie_a_fortnight_apart() -> None:
    instants = [occurrence.at for occurrence in every_occurrence()]
    gaps = {(after - before) // 3_600_000 for before, after in itertools.pairwise(instants)}
    assert len(instants) == 4800
    assert min(gaps) >= 14.5 * 24
    assert max(gaps) <= 16 * 24


def test_only_the_days_nobody_can_know_yet_are_uncertain() -> None:
    assert {occurrence.day for occurrence in every_occurrence() if occurrence.uncertain} == UNCERTAIN


def test_a_term_begins_at_its_minute_and_its_day_at_midnight() -> None:
    begins = ms("2026-11-22T15:23")
    assert occurrences(2026)[21] == (Term(21, "xiaoxue", "小雪"), begins, "2026-11-22", False)
    assert [term_at(begins - 1).key, term_at(begins).key] == ["lidong", "xiaoxue"]
    assert [term_of_day(f"2026-11-{day}").key for day in (21, 22, 23)] == ["lidong", "xiaoxue", "xiaoxue"]


def test_the_year_begins_in_dongzhi_and_ends_in_dongzhi() -> None:
    assert term_of_day("2026-01-01").key == "dongzhi"
    assert term_of_day("2026-12-31").key == "dongzhi"
    assert term_at(ms("2026-01-01T00:00")).key == "dongzhi"
    assert next_term(ms("2025-12-31T23:59")).day == "2026-01-05"


def test_position_tells_progress_and_days_to_the_next_term() -> None:
    begins, ends = ms("2026-11-22T15:23"), occurrences(2026)[22].at
    assert position(begins)[2:] == (0, 15)
    assert position((begins + ends) // 2).progress_bp == 5000
    assert position(ends - 1)[2:] == (9999, 0)
    assert position(ends - 1).next.term.key == "daxue"
    assert position(ms("2026-12-31T12:00")).next.day == "2027-01-05"


def test_a_term_whose_almanac_day_is_already_over_is_due_today() -> None:
    where = position(ms("1917-12-08T00:00"))
    assert (where.next.day, where.days_to_next) == ("1917-12-07", 0)


def test_summer_time_of_1988_does_not_move_a_term() -> None:
    assert occurrences(1988)[11].at == ms("1988-06-21T11:57")


def test_a_term_half_a_minute_before_midnight_is_on_the_day_that_ends() -> None:
    yushui = occurrences(1923)[3]
    assert (yushui.day, yushui.at) == ("1923-02-19", ms("1923-02-20T00:00"))


@pytest.mark.parametrize("day", ["1900-12-31", "2101-01-01"])
def test_a_day_outside_of_the_table_is_refused(day: str) -> None:
    with pytest.raises(ValueError, match="1901-2100"):
        term_of_day(day)


def test_days_from_term_looks_across_the_turn_of_the_year() -> None:
    assert days_from_term("2026-11-21", "xiaoxue") == -1
    assert days_from_term("2026-11-22", "xiaoxue") == 0
    assert days_from_term("2027-01-02", "dongzhi") == 11
    assert days_from_term("2026-12-31", "xiaohan") == -5


@given(st.integers(min_value=ms("1901-01-07T00:00"), max_value=ms("2100-12-22T00:00")))
def test_every_instant_lies_in_exactly_one_term(instant: int) -> None:
    where = position(instant)
    assert where.current.at <= instant < where.next.at
    assert where.current.term == term_at(instant)
    assert (where.next.term.number - where.current.term.number) % 24 == 1
    assert 0 <= where.progress_bp < 10_000


def test_days_equal_the_recommended_ones_of_the_reference() -> None:
    for row in reference_rows():
        occurrence = occurrences(int(row["year"]))[int(row["idx"]) - 1]
        assert (row["term"], row["recommended_date"]) == (occurrence.term.name, occurrence.day)
        assert bool(int(row["date_uncertain"])) == occurrence.uncertain


def test_minutes_are_those_of_the_reference_and_stay_within_about_two_after_2035() -> None:
    for row in reference_rows():
        occurrence = occurrences(int(row["year"]))[int(row["idx"]) - 1]
        seconds = abs(occurrence.at - ms(row["ref_iso"][:19])) / 1000
        year = int(row["year"])
        assert seconds <= (33 if year <= 2026 else 40 if year <= 2035 else 135), row


def test_the_days_that_engines_disagree_on_are_the_recommended_ones() -> None:
    for row in json.loads(workplace("solar_terms_date_disagreements.json")):
        days = {each.term.name: each.day for each in occurrences(row["year"])}
        assert days[row["term"]] == row["recommended_date"]


def test_the_observatory_of_hong_kong_prints_the_same_minutes_but_at_half_a_minute() -> None:
    off = []
    for row in csv.DictReader(workplace("hko_minutes_2018_2026.csv").splitlines()):
        (at,) = (each.at for each in occurrences(int(row["year"])) if each.term.name == row["term"])
        printed = ms(row["hko_time_transcribed"][:16])
        assert abs(at - printed) <= 60_000, row
        off += [abs(float(row["ref_time_s"][-4:]) - 30)] if at != printed else []
    assert len(off) <= 10
    assert max(off) <= 5


def test_cnlunar_has_the_same_days_of_every_year_but_the_one_nobody_can_know() -> None:
    differing = set()
    for year in range(1901, 2100):
        theirs = cnlunar.Lunar(datetime(year, 6, 1)).thisYearSolarTermsDic  # noqa: DTZ001  # It takes no zone.
        for each in occurrences(year):
            if theirs[each.term.name] != (int(each.day[5:7]), int(each.day[8:])):
                differing.add(each.day)
    assert differing <= {"2084-03-20"}


def test_astronomy_engine_finds_the_sun_there_within_two_minutes() -> None:
    for each in every_occurrence():
        if each.day < "2036":
            longitude = (285 + 15 * each.term.number) % 360
            start = astronomy.Time((each.at - 86_400_000 * 2) / 86_400_000 - 10_957.5)
            found = astronomy.SearchSunLongitude(longitude, start, 4)
            assert abs((found.ut + 10_957.5) * 86_400_000 - each.at) <= 110_000, each


def test_sxtwl_finds_the_same_minutes() -> None:
    sxtwl = pytest.importorskip("sxtwl", reason="a cross-check for who has the library")
    for year in range(1901, 2036):
        found = (*sxtwl.getJieQiByYear(year - 1)[22:], *sxtwl.getJieQiByYear(year))
        theirs = [
            ms(str(datetime(1970, 1, 1) + timedelta(days=info.jd - 2440587.5)))  # noqa: DTZ001  # read as UTC+8 by ms
            for info in found
        ]
        near = max(min(abs(each.at - their) for their in theirs) for each in occurrences(year))
        assert near <= (60_000 if year <= 2026 else 75_000), year


@pytest.mark.parametrize("year", [1901, 1972, 2026])
def test_the_suns_longitude_by_ephem_is_a_multiple_of_fifteen_degrees(year: int) -> None:
    ephem = pytest.importorskip("ephem", reason="a cross-check for who has the library")
    for occurrence in occurrences(year):
        at = ephem.Date(datetime(1970, 1, 1) + timedelta(milliseconds=occurrence.at))  # noqa: DTZ001  # ephem's UTC
        sun = ephem.Sun(at)
        apparent = ephem.Ecliptic(ephem.Equatorial(sun.g_ra, sun.g_dec, epoch=at), epoch=at)
        off = math.degrees(apparent.lon) - 285 - 15 * occurrence.term.number
        assert abs((off + 180) % 360 - 180) < 60 / 86_400  # the Sun's way in a minute, at a degree a day
