"""Write the table of the 4,800 solar-term instants 1901-2100 that the shared layer ships.

    python3 scripts/solar_terms.py          compare the shipped table with a new calculation
    python3 scripts/solar_terms.py --write  replace it

One engine calculates (lunar_python, a development dependency), in fixed UTC+8 and rounded to the minute,
as almanacs print them. Two lists of facts that no engine knows are laid over it: the days on which the
almanacs of their time differ from today's calculation, and the terms so near to midnight that nobody can
know their day yet.
"""

import argparse
import sys
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

TABLE = Path(__file__).parents[1] / "layers/core/gardenshop/rules/solar_terms.txt"
YEARS = range(1901, 2101)
_NAMES = "小寒大寒立春雨水惊蛰春分清明谷雨立夏小满芒种夏至小暑大暑立秋处暑白露秋分寒露霜降立冬小雪大雪冬至"
TERMS = tuple(_NAMES[start : start + 2] for start in range(0, len(_NAMES), 2))

ALMANAC_DAYS = {
    # Old method before 1914, Beijing mean solar time until 1928, Newcomb's tables of the Sun in 1979.
    (1912, "小雪"): "1912-11-23",
    (1913, "秋分"): "1913-09-24",
    (1917, "大雪"): "1917-12-07",
    (1927, "白露"): "1927-09-08",
    (1928, "夏至"): "1928-06-21",
    (1951, "冬至"): "1951-12-23",
    (1979, "大寒"): "1979-01-21",
    (2084, "春分"): "2084-03-20",
}
UNCERTAIN_DAYS = {(2051, "春分"), (2083, "立春"), (2084, "春分"), (2085, "小寒"), (2093, "立冬")}
"""Within three minutes of midnight after 2035, while TT - UTC can only be guessed to a minute or two."""

HEADER = """\
# Solar terms 1901-2100 in fixed UTC+8, written by scripts/solar_terms.py; do not edit.
# year, then DDHHMM of the 24 terms from 小寒 to 冬至, two in each month.
# + or - : almanacs gave the next or the previous day; ? : the day is uncertain.
"""


def instants(year: int) -> list[datetime]:
    """Return the 24 instants of Gregorian *year* in UTC+8, to the second."""
    engine = import_module("lunar_python")  # Only the calculation needs it; the shipped table does not.
    around = engine.Solar.fromYmd(year, 6, 1).getLunar().getJieQiTable().values()
    found = sorted(datetime.fromisoformat(solar.toYmdHms()) for solar in around)
    return [at for at in found if at.year == year]


def field(year: int, term: str, at: datetime) -> str:
    """Return one term of the table: day and minute, with its marks; no rounding moves it into another day."""
    minute = (at + timedelta(seconds=30)).replace(second=0)
    almanac = datetime.fromisoformat(ALMANAC_DAYS.get((year, term), f"{at:%Y-%m-%d}")).date()
    shift = {0: "", 1: "+", -1: "-"}[(almanac - minute.date()).days]
    return f"{minute:%d%H%M}{shift}{'?' if (year, term) in UNCERTAIN_DAYS else ''}"


def line(year: int) -> str:
    """Return the row of *year*."""
    calculated = zip(TERMS, instants(year), strict=True)
    return " ".join([str(year), *(field(year, term, at) for term, at in calculated)])


def table() -> str:
    """Return the whole file."""
    return HEADER + "".join(f"{line(year)}\n" for year in YEARS)


def main(arguments: list[str] | None = None) -> int:
    """Compare or write; return 1 when the shipped table differs from the calculation."""
    parser = argparse.ArgumentParser(
        description="Calculate the table of solar terms that the shared layer ships."
    )
    parser.add_argument(
        "--write", action="store_true", help=f"write {TABLE.name} instead of comparing with it"
    )
    options = parser.parse_args(arguments)
    calculated = table()
    if options.write:
        TABLE.write_text(calculated, encoding="utf-8", newline="\n")
        print(f"wrote {TABLE.name}: {len(YEARS) * len(TERMS)} instants, {TABLE.stat().st_size} bytes")
        return 0
    same = TABLE.read_text(encoding="utf-8") == calculated
    print(f"{TABLE.name} {'equals' if same else 'DIFFERS from'} the calculation")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
