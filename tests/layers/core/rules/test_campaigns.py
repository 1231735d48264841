"""Campaigns: the parts of a plan fit each other, and what members count on stays."""

from typing import Any

import pytest

from gardenshop.models.promotion import CouponPlan, PromotionPlan
from gardenshop.rules.campaigns import (
    changes_of,
    claims_in,
    fixed_in,
    problems_of_coupon,
    problems_of_promotion,
)

TERMS = {"kind": "amount", "name": "减 3", "valueFen": 300}
COUPON: dict[str, Any] = {
    "terms": TERMS,
    "total": 5,
    "validity": {"days": 7},
    "channel": "center",
    "startAt": 10,
    "endAt": 20,
}
PROMOTION: dict[str, Any] = {
    "name": "满减",
    "kind": "amount_off",
    "level": "order",
    "benefit": {"offFen": 500},
    "startAt": 10,
    "endAt": 20,
}


def of_coupon(**changes: Any) -> list[str]:
    return [each.field for each in problems_of_coupon(CouponPlan.model_validate({**COUPON, **changes}))]


def of_promotion(**changes: Any) -> list[str]:
    plan = PromotionPlan.model_validate({**PROMOTION, **changes})
    return [each.field.removeprefix("promotion.") for each in problems_of_promotion(plan)]


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        ({"kind": "amount", "valueFen": 1}, []),
        ({"kind": "percent", "payBp": 8800}, []),
        ({"kind": "percent", "payBp": 8800, "capFen": 1}, []),
        ({"kind": "freight"}, []),
        ({"kind": "freight", "valueFen": 500}, []),
        ({"kind": "amount"}, ["valueFen"]),
        ({"kind": "amount", "valueFen": 0}, ["valueFen"]),
        ({"kind": "amount", "valueFen": 1, "payBp": 8800}, ["payBp"]),
        ({"kind": "amount", "valueFen": 1, "capFen": 1}, ["capFen"]),
        ({"kind": "percent"}, ["payBp"]),
        ({"kind": "percent", "payBp": 0}, ["payBp"]),
        ({"kind": "percent", "payBp": 10_000}, ["payBp"]),
        ({"kind": "percent", "payBp": 8800, "valueFen": 1}, ["valueFen"]),
        ({"kind": "percent", "payBp": 8800, "capFen": 0}, ["capFen"]),
        ({"kind": "freight", "valueFen": 0}, ["valueFen"]),
    ],
    ids=str,
)
def test_a_coupon_is_worth_what_its_kind_says(terms: dict[str, Any], fields: list[str]) -> None:
    assert of_coupon(terms={"name": "券", **terms}) == [f"coupon.terms.{field}" for field in fields]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"channel": "code", "code": "WINTER"}, []),
        ({"channel": "trigger", "trigger": "new_member"}, []),
        ({"channel": "trigger", "trigger": "garden_milestone", "milestone": "mint"}, []),
        ({"validity": {}}, []),
        ({"validity": {"end": 20}}, []),
        ({"validity": {"start": 15, "end": 30}}, []),
        ({"channel": "code"}, ["code"]),
        ({"code": "WINTER"}, ["code"]),
        ({"channel": "trigger"}, ["trigger"]),
        ({"trigger": "apology"}, ["trigger"]),
        ({"channel": "trigger", "trigger": "new_member", "milestone": "mint"}, ["milestone"]),
        ({"validity": {"days": 7, "end": 30}}, ["validity.days"]),
        ({"validity": {"end": 19}}, ["validity.end"]),
        ({"validity": {"start": 30, "end": 30}}, ["validity.start"]),
        ({"endAt": 10}, ["endAt"]),
    ],
    ids=str,
)
def test_channel_and_times_of_a_coupon_fit(changes: dict[str, Any], fields: list[str]) -> None:
    assert of_coupon(**changes) == [f"coupon.{field}" for field in fields]


LINE: dict[str, Any] = {"level": "line"}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"kind": "percent_off", "benefit": {"payBp": 9000, "capFen": 2000}}, []),
        ({"kind": "unit_discount", **LINE, "benefit": {"priceFen": 0}}, []),
        ({"kind": "member_price", **LINE, "benefit": {"priceFen": 990}}, []),
        ({"kind": "gift", "benefit": {"giftSkuId": "tea", "giftQuantity": 2}}, []),
        ({"kind": "free_shipping", "level": "freight", "benefit": {}}, []),
        ({"benefit": {"offFen": 500, "repeats": True}, "condition": {"minFen": 100}}, []),
        ({"level": "line"}, ["level"]),
        ({"kind": "gift", "level": "freight", "benefit": {"giftSkuId": "tea"}}, ["level"]),
        ({"benefit": {}}, ["benefit"]),
        ({"benefit": {"offFen": 0}}, ["benefit"]),
        ({"benefit": {"payBp": 9000}}, ["benefit"]),
        ({"benefit": {"offFen": 500, "payBp": 9000}}, ["benefit"]),
        ({"kind": "percent_off", "benefit": {"payBp": 10_000}}, ["benefit"]),
        ({"kind": "free_shipping", "level": "freight", "benefit": {"offFen": 1}}, ["benefit"]),
        ({"benefit": {"offFen": 500, "repeats": True}}, ["benefit.repeats"]),
        ({"benefit": {"offFen": 500, "giftQuantity": 1}}, ["benefit.giftQuantity"]),
        ({"endAt": 9}, ["endAt"]),
    ],
    ids=str,
)
def test_a_promotion_gives_what_its_kind_says(changes: dict[str, Any], fields: list[str]) -> None:
    assert of_promotion(**changes) == fields


def step(quantity: int | None = None, **benefit: Any) -> dict[str, Any]:
    return {**({} if quantity is None else {"quantity": quantity}), **benefit}


@pytest.mark.parametrize(
    ("steps", "fields"),
    [
        ([step(2, payBp=9000), step(3, payBp=8000)], []),
        ([step(minFen=1000, offFen=100), step(minFen=2000, offFen=300)], []),
        ([], ["benefit.ladder"]),
        ([step(3, payBp=9000), step(2, payBp=8000)], ["benefit.ladder"]),
        ([step(2, payBp=9000), step(2, payBp=8000)], ["benefit.ladder"]),
        ([step(2, payBp=9000), step(minFen=100, payBp=8000)], ["benefit.ladder"]),
        ([step(2)], ["benefit.ladder.0"]),
        ([step(2, offFen=0)], ["benefit.ladder.0"]),
        ([step(2, offFen=1, payBp=9000)], ["benefit.ladder.0"]),
        ([step(offFen=1)], ["benefit.ladder.0"]),
        ([step(2, minFen=100, offFen=1)], ["benefit.ladder.0"]),
    ],
    ids=str,
)
def test_the_steps_of_a_ladder_go_up(steps: list[dict[str, Any]], fields: list[str]) -> None:
    assert of_promotion(kind="ladder", level="line", benefit={"ladder": steps}) == fields


def test_an_amount_off_may_go_by_steps_instead() -> None:
    steps = [step(minFen=1000, offFen=100), step(minFen=2000, offFen=300)]

    assert of_promotion(benefit={"ladder": steps}) == []
    assert of_promotion(benefit={"ladder": steps, "offFen": 1}) == ["benefit"]
    assert of_promotion(benefit={"ladder": [step(2, payBp=9000)]}) == ["benefit.ladder.0"]
    assert of_promotion(kind="gift", benefit={"ladder": steps}) == ["benefit.ladder"]


def test_what_changes_is_told_by_name_and_what_is_gone_is_none() -> None:
    assert changes_of({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 4, "d": 5}) == {"b": 4, "c": None, "d": 5}


@pytest.mark.parametrize(
    ("before", "after", "fixed"),
    [
        ({"total": 1}, {"total": 2}, []),
        ({"startAt": 1, "endAt": 2}, {"startAt": 3, "endAt": 4}, []),
        ({"terms": 1}, {"terms": 2}, ["terms"]),
        ({"budget": {"unit": "fen", "limit": 1}}, {"budget": {"unit": "fen", "limit": 2}}, []),
        ({"budget": {"unit": "fen", "limit": 1}}, {"budget": {"unit": "uses", "limit": 1}}, ["budget"]),
        ({"budget": {"unit": "fen", "limit": 1}}, {}, ["budget"]),
        ({}, {"budget": {"unit": "fen", "limit": 1}}, ["budget"]),
    ],
    ids=str,
)
def test_only_numbers_and_times_of_a_known_campaign_change(
    before: dict[str, Any], after: dict[str, Any], fixed: list[str]
) -> None:
    assert fixed_in(before, after) == fixed


def test_words_are_told_once_each() -> None:
    assert claims_in("治疗失眠", "不能代替治疗", "排毒又治疗") == ["治疗", "排毒"]
