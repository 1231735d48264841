"""Complaint 19: stacked discounts come to different totals in a different order, and nobody can say why.

(magento/merchdocs#286; shopware/shopware#1251; cubecart/v6#1997)

In whatever order goods are put in and promotions are read, the total is one, and the trace that the order
keeps adds up to it.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.builders import (
    FREIGHT,
    NOW,
    Document,
    edit,
    line,
    promotion,
    rule,
    stock_up,
    user,
    user_coupon,
)
from gardenshop.cloud import clock
from gardenshop.cloud.database import Adapter, Command
from harness import A, Shop, open_shop, user_id

GOODS = ("tofu", "tea", "rice", "yuba")
COUPON = f"c1:{user_id(A)}:0"
TAKING = {"line_promotion": "promoFen", "order_promotion": "promoFen", "coupon": "couponFen"}


def campaign(promotion_id: str, kind: str, benefit: Document, **changes: Any) -> Document:
    levels = {"unit_discount": "line", "ladder": "line", "free_shipping": "freight"}
    named = {"kind": kind, "benefit": benefit, "level": levels.get(kind, "order"), "condition": {}, **changes}
    return promotion(promotion_id, **named)


CAMPAIGNS = [
    campaign("nine-tenths", "unit_discount", {"payBp": 9000}, group="daily"),
    campaign("less-a-little", "unit_discount", {"offFen": 33}, group="daily", priority=300),
    campaign("pieces", "ladder", {"ladder": [{"quantity": 3, "payBp": 8700}]}, group="pieces"),
    campaign("beans", "unit_discount", {"payBp": 7700}, group="beans", scope={"skuIds": ["tofu-500g"]}),
    campaign("full", "amount_off", {"offFen": 777}, group="full", condition={"minFen": 3000}),
    campaign("tenth", "percent_off", {"payBp": 9100, "capFen": 501}, group="tenth"),
    campaign("alone", "percent_off", {"payBp": 9300}, group="alone", priority=200),
]

ALL_GOODS = tuple((name, 3) for name in GOODS)

baskets = st.lists(st.sampled_from(GOODS), min_size=1, max_size=4, unique=True).flatmap(
    lambda names: st.tuples(*(st.tuples(st.just(name), st.integers(1, 4)) for name in names))
)
campaigns = st.lists(st.sampled_from(CAMPAIGNS), max_size=7, unique_by=lambda each: each["_id"])


def furnish(shop: Shop, promotions: list[Document]) -> None:
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("users", user())
    shop.add("user_coupons", user_coupon(terms={"kind": "percent", "name": "九八折", "payBp": 9800}))
    for place, name in enumerate(GOODS):
        price = {"skuId": f"{name}-500g", "spec": "500g", "priceFen": 1199 - 7 * (place % 3), "weightG": 500}
        stock_up(shop, name, 20, title=name, skus=[price])
    for each in promotions:
        shop.add("promotions", each)


class Backwards:
    """A database that returns from the end to the beginning what nobody has asked it to sort."""

    def __init__(self, inner: Adapter) -> None:
        self.inner = inner

    def run(self, commands: Sequence[Command]) -> list[list[Document]]:
        replies = self.inner.run(commands)
        pairs = zip(commands, replies, strict=True)
        return [reply if "sort" in str(command) else reply[::-1] for command, reply in pairs]


def bought(basket: Any, promotions: list[Document], *, backwards: bool = False) -> Document:
    """Return the order that a fresh shop makes of *basket*."""
    with open_shop() as shop:
        furnish(shop, promotions)
        if backwards:
            shop.adapter.inner = Backwards(shop.adapter.inner)
        wanted = {"lines": [line(f"{name}-500g", units) for name, units in basket], "userCouponId": COUPON}
        total = shop.ok("checkout_preview", wanted, openid=A)["payableFen"]
        event = {**wanted, "clientToken": "token-0001", "expectedTotalFen": total}
        return shop.one("orders", shop.ok("checkout", event, openid=A)["orderNo"])


def by_sku(order: Document) -> dict[str, Document]:
    """Return the lines by SKU, without what says in which place they stand."""
    return {each["skuId"]: {**each, "lineId": ""} for each in order["lines"]}


def told(order: Document) -> list[tuple[str, int, dict[str, int]]]:
    """Return the trace, its shares by SKU."""
    skus = {each["lineId"]: each["skuId"] for each in order["lines"]}
    return [
        (step["text"], step["amountFen"], {skus[line_id]: part for line_id, part in step["shares"].items()})
        for step in order["trace"]
    ]


@settings(max_examples=15, deadline=None)
@given(basket=baskets, promotions=campaigns)
@example(basket=ALL_GOODS, promotions=CAMPAIGNS)
def test_the_order_of_goods_and_of_promotions_makes_no_difference(
    basket: Any, promotions: list[Document]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now_ms", lambda: NOW)
        first = bought(basket, promotions)
        second = bought(basket[::-1], promotions, backwards=True)

    assert (second["totals"], by_sku(second), told(second)) == (first["totals"], by_sku(first), told(first))


@settings(max_examples=15, deadline=None)
@given(basket=baskets, promotions=campaigns)
def test_the_trace_that_the_order_keeps_explains_its_sum_and_every_line(
    basket: Any, promotions: list[Document]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now_ms", lambda: NOW)
        order = bought(basket, promotions)

    listed, *taken, freight = order["trace"]
    assert (listed["step"], freight["step"]) == ("list", "freight")
    sums = [listed["amountFen"], *(-step["amountFen"] for step in taken), freight["amountFen"]]
    assert sum(sums) == order["totals"]["payableFen"]
    assert all(sum(step["shares"].values()) == step["amountFen"] for step in taken)
    for each in order["lines"]:
        shares = {"promoFen": 0, "couponFen": 0}
        for step in taken:
            shares[TAKING[step["step"]]] += step["shares"].get(each["lineId"], 0)
        assert shares == {name: each[name] for name in shares}
        assert each["paidFen"] == each["listFen"] - sum(shares.values())


def test_an_order_keeps_its_price_when_the_promotions_change(shop: Shop, clock: Any) -> None:
    clock.now = NOW
    furnish(shop, CAMPAIGNS)
    wanted = {"lines": [line("tofu-500g", 3)]}
    total = shop.ok("checkout_preview", wanted, openid=A)["payableFen"]
    event = {**wanted, "clientToken": "token-0001", "expectedTotalFen": total}
    order = shop.one("orders", shop.ok("checkout", event, openid=A)["orderNo"])

    for each in CAMPAIGNS:
        edit(shop, "promotions", each["_id"], {"state": "ended"})

    assert shop.ok("checkout_preview", wanted, openid=A)["payableFen"] > total
    assert shop.ok("checkout", event, openid=A)["payableFen"] == total
    assert shop.one("orders", order["_id"]) == order
    assert order["rulesVersion"]
