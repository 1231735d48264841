"""Which days promotions make events of a SKU's demand."""

from datetime import date
from typing import Any, get_args

import pytest

from functions import builders
from functions.builders import NOW
from gardenshop.cloud.clock import DAY, HOUR
from gardenshop.models.promotion import Promotion
from gardenshop.rules.goods import PriceLine
from gardenshop.rules.occasions import KINDS, calendar, occasions

TOFU = PriceLine("L1", 1, 1200, 500, "tofu-500g", "tofu", categories=("豆制品", "豆腐"))
FIRST, LAST = date(2026, 11, 1), date(2026, 12, 10)
MONDAY = NOW - 12 * HOUR
"""The first instant of 2026-11-23."""


def promotion(promotion_id: str = "p", **changes: Any) -> Promotion:
    """Two whole days, 11-23 and 11-24, on all goods."""
    times = {"startAt": MONDAY, "endAt": MONDAY + 2 * DAY}
    return Promotion.model_validate(builders.promotion(promotion_id, **{**times, **changes}))


def events(*promotions: Promotion) -> dict[int, str]:
    """Return the event of each day in November, by its number."""
    found = calendar(occasions(promotions, FIRST, LAST), TOFU)
    return {day.day: kind for day, kind in found.items()}


def test_a_promotion_counts_on_every_day_it_has_a_part_of() -> None:
    assert events(promotion()) == {23: "amount_off", 24: "amount_off"}
    late = promotion(startAt=MONDAY + 20 * HOUR, endAt=MONDAY + DAY + 1)
    assert events(late) == {23: "amount_off", 24: "amount_off"}


@pytest.mark.parametrize(
    ("scope", "touched"),
    [
        ({}, True),
        ({"skuIds": ["tofu-500g"]}, True),
        ({"productIds": ["tofu"]}, True),
        ({"categories": ["豆制品"]}, True),
        ({"categories": ["米面"]}, False),
        ({"excludedProductIds": ["tofu"]}, False),
    ],
)
def test_its_scope_says_what_it_touches(scope: dict[str, Any], touched: bool) -> None:  # noqa: FBT001
    assert bool(events(promotion(scope=scope))) is touched


def test_what_is_given_away_is_touched_too() -> None:
    gift: Any = {"kind": "gift", "benefit": {"giftSkuId": "tofu-500g"}, "scope": {"productIds": ["rice"]}}
    assert events(promotion(**gift)) == {23: "gift", 24: "gift"}


@pytest.mark.parametrize("state", ["scheduled", "live"])
def test_planned_ones_count(state: str) -> None:
    assert len(events(promotion(state=state))) == 2


@pytest.mark.parametrize("state", ["paused", "ended"])
def test_what_was_stopped_counts_until_it_was(state: str) -> None:
    assert events(promotion(state=state, editedAt=MONDAY + HOUR)) == {23: "amount_off"}
    assert events(promotion(state=state, editedAt=MONDAY - HOUR)) == {}
    assert len(events(promotion(state=state, editedAt=MONDAY + 9 * DAY))) == 2


def test_a_draft_and_cheap_freight_are_no_events() -> None:
    assert events(promotion(state="draft")) == {}
    assert events(promotion(kind="free_shipping", level="freight", benefit={})) == {}
    assert KINDS.keys() == set(get_args(Promotion.model_fields["kind"].annotation)) - {"free_shipping"}


def test_a_solar_term_limits_it_to_its_own_days() -> None:
    long: Any = {"startAt": MONDAY - 3 * DAY, "endAt": MONDAY + 30 * DAY, "termKey": "xiaoxue"}
    assert sorted(events(promotion(**long))) == sorted([*range(22, 31), *range(1, 7)])


def test_of_several_the_one_with_the_highest_priority_names_the_day() -> None:
    first = promotion("a", kind="percent_off", priority=200, endAt=MONDAY + DAY)
    assert events(first, promotion("b")) == {23: "percent_off", 24: "amount_off"}


def test_what_is_on_for_months_is_the_usual() -> None:
    ages: Any = {"startAt": MONDAY - 200 * DAY, "endAt": MONDAY + 200 * DAY}
    year = date(2026, 1, 1), date(2026, 12, 31)

    assert occasions([promotion(**ages)], *year) == []
    assert len(occasions([promotion(**ages, termKey="xiaoxue")], *year)) == 1


def test_only_the_days_asked_for_are_listed() -> None:
    weeks = promotion(startAt=MONDAY - 50 * DAY, endAt=MONDAY + 50 * DAY)
    assert len(calendar(occasions([weeks], FIRST, LAST), TOFU)) == (LAST - FIRST).days + 1
    assert occasions([promotion(startAt=MONDAY + 90 * DAY, endAt=MONDAY + 91 * DAY)], FIRST, LAST) == []
