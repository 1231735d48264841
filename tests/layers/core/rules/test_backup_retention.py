"""Which backups are kept, by days, weeks and months; the last good one always is."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.backup_retention import Held, Keep, to_delete

NONE = Keep(0, 0, 0)


def nightly(first: str, nights: int) -> list[Held]:
    start = date.fromisoformat(first)
    return [Held(str(start + timedelta(days=number)), good=True) for number in range(nights)]


def kept(backups: list[Held], keep: Keep) -> list[str]:
    gone = to_delete(backups, keep)
    return [each.backup_id for each in backups if each.backup_id not in gone]


def test_days_weeks_and_months_keep_their_newest() -> None:
    assert kept(nightly("2026-09-01", 90), Keep(3, 2, 3)) == [
        "2026-09-30",
        "2026-10-31",
        "2026-11-22",
        "2026-11-27",
        "2026-11-28",
        "2026-11-29",
    ]


def test_several_of_a_day_are_one() -> None:
    backups = [Held(f"2026-11-29T{hour:02d}0000", good=True) for hour in range(5)]

    assert kept(backups, Keep(7, 5, 12)) == ["2026-11-29T040000"]


def test_a_week_at_the_turn_of_the_year_is_one() -> None:
    assert kept(nightly("2026-12-28", 7), Keep(0, 7, 0)) == ["2027-01-03"]


def test_the_last_good_one_stays_whatever_is_asked_and_what_is_newer_too() -> None:
    backups = [*nightly("2026-11-01", 3), Held("2026-11-04", good=False)]

    assert kept(backups, NONE) == ["2026-11-03", "2026-11-04"]


def test_a_broken_one_counts_for_no_day_and_goes_when_a_good_one_follows() -> None:
    backups = [
        Held("2026-11-01", good=True),
        Held("2026-11-01T120000", good=False),
        *nightly("2026-11-02", 1),
    ]

    assert kept(backups, Keep(7, 0, 0)) == ["2026-11-01", "2026-11-02"]


def test_nothing_goes_while_none_is_good() -> None:
    assert to_delete([Held("2026-11-01", good=False), Held("2026-11-02", good=False)], NONE) == []
    assert to_delete([], NONE) == []


@given(
    st.dictionaries(st.dates(date(2024, 1, 1), date(2027, 1, 1)), st.booleans()),
    st.builds(Keep, *[st.integers(0, 5)] * 3),
)
def test_deleting_again_deletes_nothing_and_the_last_good_one_is_there(
    found: dict[date, bool], keep: Keep
) -> None:
    backups = [Held(str(day), good=good) for day, good in found.items()]
    gone = to_delete(backups, keep)
    rest = [each for each in backups if each.backup_id not in gone]

    assert to_delete(rest, keep) == []
    assert max((each for each in backups if each.good), default=None) == max(
        (each for each in rest if each.good), default=None
    )


@pytest.mark.parametrize("keep", [Keep(1, 0, 0), Keep(0, 1, 0), Keep(0, 0, 1)], ids=["day", "week", "month"])
def test_a_rule_for_one_period_keeps_one(keep: Keep) -> None:
    assert kept(nightly("2026-11-01", 29), keep) == ["2026-11-29"]
