"""Who comes back: the edges of the segments, no rates of nobody, cohorts by first purchase."""

import pytest

from gardenshop.cloud.clock import DAY
from gardenshop.rules.loyalty import DAY_MS, Loyalty, Purchase, Standing, months_until, standing_of

NOW = 1_795_406_400_000
MONTHS = ["2026-09", "2026-10", "2026-11"]


def bought(days_ago: int, fen: int = 1000, month: str = "2026-11") -> Purchase:
    return Purchase(NOW - days_ago * DAY, month, fen)


def test_a_day_is_a_day() -> None:
    assert DAY_MS == DAY


@pytest.mark.parametrize(
    ("ages", "segment"),
    [
        ([30], "new"),
        ([31], "promising"),
        ([60], "promising"),
        ([61], "at_risk"),
        ([180], "at_risk"),
        ([181], "lost"),
        ([90, 60], "loyal"),
        ([90, 61], "at_risk"),
        ([90, 80, 70, 30], "champion"),
        ([90, 80, 70, 31], "loyal"),
        ([90, 80, 30], "loyal"),
        ([200, 199, 198, 181], "lost"),
    ],
    ids=str,
)
def test_recency_and_frequency_make_the_segment(ages: list[int], segment: str) -> None:
    assert standing_of([bought(age) for age in ages], NOW) == Standing(
        ages[-1], len(ages), 1000 * len(ages), segment
    )


def test_nobody_has_no_rates() -> None:
    nobody = Loyalty(NOW, MONTHS)

    assert nobody.cohorts() == {}
    assert nobody.figures() == {
        "buyers": 0,
        "valueFen": 0,
        "active": 0,
        "repeated": 0,
        "before": 0,
        "stayed": 0,
        "segments": dict.fromkeys(("champion", "loyal", "new", "promising", "at_risk", "lost"), 0),
    }


def test_rates_are_of_those_who_could_have_come_back() -> None:
    fold = Loyalty(NOW, MONTHS)
    fold.add([bought(45), bought(29)])
    fold.add([bought(59)])
    fold.add([bought(60), bought(30)])
    fold.add([bought(90), bought(89)])

    figures = fold.figures()
    assert (figures["before"], figures["stayed"], figures["retentionBp"]) == (3, 1, 3333)
    assert (figures["active"], figures["repeated"], figures["repurchaseBp"]) == (4, 2, 5000)
    assert (figures["buyers"], figures["valueFen"]) == (4, 1750)


def test_a_cohort_is_followed_from_month_to_month() -> None:
    fold = Loyalty(NOW, MONTHS)
    fold.add([bought(80, 500, "2026-09"), bought(20, 500, "2026-11")])
    fold.add([bought(79, 300, "2026-09"), bought(78, 200, "2026-09")])
    fold.add([bought(1, 700, "2026-11")])
    fold.add([bought(300, 700, "2026-01"), bought(1, 700, "2026-11")])

    assert fold.cohorts() == {
        "2026-09": {"buyers": 2, "repeated": 2, "valueFen": 750, "active": [2, 0, 1]},
        "2026-11": {"buyers": 1, "repeated": 0, "valueFen": 700, "active": [1]},
    }


def test_months_go_over_the_year() -> None:
    assert months_until("2026-02", 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]
