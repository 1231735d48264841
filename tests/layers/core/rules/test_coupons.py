"""Coupons: when copies are given, to whom, for how long, how many, and which one is best."""

from typing import Any

import pytest

from functions.builders import NOW, coupon, user_coupon
from gardenshop.cloud.clock import DAY
from gardenshop.models.promotion import Coupon, UserCoupon, Validity
from gardenshop.rules.coupons import Verdict, free_slot, period, ranked, why_not_hers, why_not_open
from gardenshop.rules.promotions import Shopper


def template(**changes: Any) -> Coupon:
    return Coupon.model_validate(coupon(**changes))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"state": "scheduled"}, ""),
        ({"startAt": NOW}, ""),
        ({"endAt": NOW + 1}, ""),
        ({"startAt": NOW + 1}, "尚未开始领取"),
        ({"endAt": NOW}, "领取已结束"),
        ({"state": "ended"}, "领取已结束"),
        ({"state": "paused"}, "暂停领取"),
        ({"state": "draft"}, "暂停领取"),
    ],
    ids=str,
)
def test_copies_are_given_within_the_times_of_a_running_template(changes: dict[str, Any], why: str) -> None:
    assert why_not_open(template(**changes), NOW) == why


@pytest.mark.parametrize(
    ("target", "is_hers"),
    [
        ({}, True),
        ({"tiers": ["gold", "silver"]}, True),
        ({"tiers": ["bronze"]}, False),
        ({"segments": ["loyal"]}, True),
        ({"segments": ["new"]}, False),
        ({"constitutions": ["qi_deficiency"]}, False),
        ({"tiers": ["gold"], "segments": ["new"]}, False),
    ],
    ids=str,
)
def test_a_target_names_her_by_every_list_that_is_not_empty(target: dict[str, Any], *, is_hers: bool) -> None:
    shopper = Shopper(now=NOW, tier="gold", segment="loyal")

    assert why_not_hers(template(target=target), shopper) == ("" if is_hers else "不在领取范围内")


@pytest.mark.parametrize(
    ("validity", "expected"),
    [
        ({}, (NOW, NOW + 9)),
        ({"days": 3}, (NOW, NOW + 3 * DAY)),
        ({"start": NOW + DAY, "days": 3}, (NOW + DAY, NOW + 4 * DAY)),
        ({"start": NOW - DAY, "end": NOW + DAY}, (NOW, NOW + DAY)),
        ({"start": NOW + 1, "end": NOW + DAY}, (NOW + 1, NOW + DAY)),
    ],
    ids=str,
)
def test_a_copy_is_good_from_its_claim_for_days_or_to_a_fixed_end(
    validity: dict[str, int], expected: tuple[int, int]
) -> None:
    assert period(Validity.model_validate(validity), claimed_at=NOW, end_at=NOW + 9) == expected


@pytest.mark.parametrize(
    ("copies", "slot"),
    [
        ({}, 0),
        ({0: "used"}, 1),
        ({1: "available"}, 0),
        ({0: "void"}, 1),
        ({0: "void", 1: "expired"}, 2),
        ({0: "pending", 1: "locked"}, None),
        ({0: "void", 1: "used", 2: "expired"}, None),
    ],
    ids=str,
)
def test_void_copies_take_a_number_and_no_place(copies: dict[int, str], slot: int | None) -> None:
    assert free_slot(template(perUser=2), copies) == slot


def test_of_equals_the_one_that_lapses_first_comes_first() -> None:
    def copy(name: str, until: int) -> UserCoupon:
        return UserCoupon.model_validate(user_coupon(name, until=until))

    verdicts = [
        (copy("b", NOW + 2), Verdict(300)),
        (copy("a", NOW + 2), Verdict(300)),
        (copy("c", NOW + 1), Verdict(300)),
        (copy("d", NOW + 9), Verdict(301)),
        (copy("e", NOW), Verdict(why="还差 ¥1.00")),
    ]

    assert [coupon.id for coupon, _ in ranked(verdicts)] == ["d", "c", "a", "b"]
