"""The price pipeline: what each kind takes, which one of several counts, and what always holds."""

import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gardenshop.models.promotion import Promotion, UserCoupon
from gardenshop.rules.goods import PriceLine
from gardenshop.rules.policies.freight import FreightPolicy
from gardenshop.rules.pricing import price
from gardenshop.rules.promotions import Shopper
from gardenshop.rules.till import GiftGoods, Offers, Price

NOW = 1_795_406_400_000
"""2026-11-23 12:00 in China: the solar term is 小雪."""
DAY = 86_400_000
ANYBODY = Shopper(NOW)
FREIGHT = FreightPolicy()
SKUS = ("a", "b", "c", "d")


def line(sku_id: str = "a", quantity: int = 1, unit_fen: int = 1000, **changes: Any) -> PriceLine:
    named = {"sku_id": sku_id, "product_id": f"p-{sku_id}", "title": f"货{sku_id}", "categories": ("豆制品",)}
    return PriceLine(f"L-{sku_id}", quantity, unit_fen, 500, **{**named, **changes})


def promotion(kind: str = "amount_off", promotion_id: str = "p", **changes: Any) -> Promotion:
    levels = {"unit_discount": "line", "ladder": "line", "member_price": "line", "free_shipping": "freight"}
    fields = {
        "_id": promotion_id,
        "createdAt": 0,
        "updatedAt": 0,
        "name": "活动",
        "kind": kind,
        "level": levels.get(kind, "order"),
        "benefit": {"offFen": 300},
        "startAt": NOW - DAY,
        "endAt": NOW + DAY,
        "state": "live",
        **changes,
    }
    return Promotion.model_validate(fields)


def coupon(coupon_id: str = "u1", **terms: Any) -> UserCoupon:
    fields = {
        "_id": coupon_id,
        "createdAt": 0,
        "updatedAt": 0,
        "couponId": "c1",
        "userId": "u",
        "state": "available",
        "from": NOW - DAY,
        "until": NOW + DAY,
        "source": "center",
        "terms": {"kind": "amount", "name": "券", "valueFen": 200, **terms},
    }
    return UserCoupon.model_validate(fields)


def priced(*lines: PriceLine, province: str = "浙江省", shopper: Shopper = ANYBODY, **offers: Any) -> Price:
    return price(lines, freight=FREIGHT, province=province, offers=Offers(shopper, **offers))


def promo_shares(result: Price) -> dict[str, int]:
    return {each.line_id: each.promo_fen for each in result.lines}


# What each kind takes.


@pytest.mark.parametrize(
    ("benefit", "promo_fen"),
    [({"offFen": 300}, 600), ({"payBp": 8800}, 240), ({"priceFen": 850}, 300), ({"offFen": 5000}, 2000)],
    ids=["off each", "八八折", "special price", "never below nothing"],
)
def test_a_unit_discount_is_for_every_unit(benefit: dict[str, int], promo_fen: int) -> None:
    result = priced(line(quantity=2), promotions=[promotion("unit_discount", benefit=benefit)])

    assert (result.promo_fen, result.lines[0].promotion_ids) == (promo_fen, ("p",))


@pytest.mark.parametrize(("units", "promo_fen"), [(1, 0), (2, 200), (4, 400), (5, 1000)])
def test_a_ladder_counts_the_pieces_of_all_its_lines(units: int, promo_fen: int) -> None:
    ladder = [{"quantity": 2, "payBp": 9000}, {"quantity": 5, "payBp": 8000}]
    lines = [line("a", 1), *([line("b", units - 1)] if units > 1 else [])]

    assert priced(*lines, promotions=[promotion("ladder", benefit={"ladder": ladder})]).promo_fen == promo_fen


@pytest.mark.parametrize(
    ("benefit", "goods_fen", "promo_fen"),
    [
        ({"offFen": 2000}, 9899, 0),
        ({"offFen": 2000}, 9900, 2000),
        ({"offFen": 2000}, 29_700, 2000),
        ({"offFen": 2000, "repeats": True}, 29_699, 4000),
        ({"offFen": 2000, "repeats": True, "capFen": 3000}, 29_699, 3000),
        ({"ladder": [{"minFen": 9900, "offFen": 2000}, {"minFen": 19_900, "offFen": 5000}]}, 19_900, 5000),
        ({"ladder": [{"minFen": 9900, "offFen": 2000}, {"minFen": 19_900, "offFen": 5000}]}, 19_899, 2000),
    ],
)
def test_amount_off_from_a_threshold_on(benefit: dict[str, Any], goods_fen: int, promo_fen: int) -> None:
    condition = {"minFen": 9900}

    result = priced(line(unit_fen=goods_fen), promotions=[promotion(condition=condition, benefit=benefit)])

    assert result.promo_fen == promo_fen


@pytest.mark.parametrize(
    ("benefit", "promo_fen"), [({"payBp": 8500}, 150), ({"payBp": 8500, "capFen": 99}, 99)]
)
def test_percent_off_up_to_its_cap(benefit: dict[str, int], promo_fen: int) -> None:
    assert priced(line(), promotions=[promotion("percent_off", benefit=benefit)]).promo_fen == promo_fen


def test_a_gift_comes_while_there_are_some() -> None:
    gift = promotion("gift", benefit={"giftSkuId": "tea", "giftQuantity": 2}, name="满赠")

    given_away = priced(line(), promotions=[gift], gifts={"tea": GiftGoods("茶", 900, 2)})
    too_late = priced(line(), promotions=[gift], gifts={"tea": GiftGoods("茶", 900, 1)})

    assert [(each.sku_id, each.quantity) for each in given_away.gifts] == [("tea", 2)]
    assert given_away.trace[1].text == "满赠：赠 茶 ×2"
    assert (given_away.payable_fen, too_late.gifts) == (too_late.payable_fen, ())


def test_free_shipping_takes_the_freight_and_says_so() -> None:
    result = priced(line(), promotions=[promotion("free_shipping", name="新人包邮", benefit={})])

    assert (result.freight_fen, result.payable_fen) == (0, 1000)
    assert result.trace[-1].text == "免运费（新人包邮）"
    assert [(each.id, worth) for each, worth in result.uses] == [("p", 1000)]


def test_a_member_price_is_for_her_tier_or_segment() -> None:
    for_gold = promotion("member_price", benefit={"priceFen": 900}, target={"tiers": ["gold"]})
    for_loyal = promotion("member_price", benefit={"priceFen": 950}, target={"segments": ["loyal"]})

    assert priced(line(), promotions=[for_gold]).promo_fen == 0
    assert priced(line(), promotions=[for_gold], shopper=Shopper(NOW, tier="gold")).promo_fen == 100
    assert priced(line(), promotions=[for_loyal], shopper=Shopper(NOW, segment="loyal")).promo_fen == 50


# Whom and what it is for.


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"state": "scheduled"}, True),
        ({"state": "paused"}, False),
        ({"startAt": NOW + 1}, False),
        ({"startAt": NOW}, True),
        ({"endAt": NOW}, False),
        ({"termKey": "xiaoxue"}, True),
        ({"termKey": "daxue"}, False),
        ({"target": {"constitutions": ["yang_deficiency"]}}, False),
        ({"condition": {"savedGAtLeast": 5000}}, False),
        ({"condition": {"firstOrder": True}}, False),
        ({"condition": {"minQuantity": 2}}, False),
        ({"scope": {"skuIds": ["b"]}}, False),
        ({"scope": {"skuIds": ["b"], "categories": ["豆制品"]}}, True),
        ({"scope": {"productIds": ["p-a"]}}, True),
        ({"scope": {"excludedProductIds": ["p-a"]}}, False),
        ({"budget": {"unit": "uses", "limit": 3, "used": 3}}, False),
        ({"budget": {"unit": "uses", "limit": 3, "used": 2}}, True),
        ({"budget": {"unit": "fen", "limit": 300, "used": 1}}, False),
        ({"budget": {"unit": "fen", "limit": 300}}, True),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["unit_discount", "amount_off"])
def test_a_promotion_counts_where_all_it_asks_for_holds(
    kind: str, changes: dict[str, Any], *, counts: bool
) -> None:
    assert bool(priced(line(), promotions=[promotion(kind, **changes)]).promo_fen) is counts


def test_who_has_done_something_for_the_climate_or_buys_first_may_get_more() -> None:
    her = Shopper(NOW, constitution="yang_deficiency", saved_g=5000, first_order=True)
    asks = {"savedGAtLeast": 5000, "firstOrder": True}
    target = {"constitutions": ["yang_deficiency"]}

    result = priced(line(), promotions=[promotion(condition=asks, target=target)], shopper=her)

    assert result.promo_fen == 300


# Which of several.


def test_of_one_group_the_highest_priority_counts_then_the_better_then_the_lower_id() -> None:
    weak: dict[str, Any] = {"benefit": {"offFen": 100}}
    strong: dict[str, Any] = {"benefit": {"offFen": 200}}

    def taken(*promotions: Promotion) -> list[str]:
        return [each.id for each, _ in priced(line(), promotions=promotions).uses]

    assert taken(
        promotion(promotion_id="x", **strong), promotion(promotion_id="y", priority=101, **weak)
    ) == ["y"]
    assert taken(promotion(promotion_id="x", **weak), promotion(promotion_id="y", **strong)) == ["y"]
    assert taken(promotion(promotion_id="y", **weak), promotion(promotion_id="x", **weak)) == ["x"]


def test_groups_add_up_and_each_line_chooses_for_itself() -> None:
    for_a = promotion("unit_discount", "a", scope={"skuIds": ["a"]}, benefit={"offFen": 10})
    for_all = promotion("unit_discount", "b", benefit={"offFen": 5})
    beside = promotion("unit_discount", "c", group="other", benefit={"offFen": 1})

    result = priced(line("a"), line("b"), promotions=[for_all, for_a, beside])

    assert promo_shares(result) == {"L-a": 11, "L-b": 6}
    assert [each.promotion_ids for each in result.lines] == [("a", "c"), ("b", "c")]


def test_what_a_budget_does_not_allow_leaves_its_place_to_the_next() -> None:
    rich = promotion("unit_discount", "rich", benefit={"offFen": 100}, budget={"unit": "fen", "limit": 150})
    poor = promotion("unit_discount", "poor", benefit={"offFen": 10})

    result = priced(line(quantity=2), promotions=[rich, poor])

    assert [(each.id, worth) for each, worth in result.uses] == [("poor", 20)]


def test_the_trace_is_in_words_with_the_share_of_each_line() -> None:
    off = promotion(name="满 20 减 5", condition={"minFen": 2000}, benefit={"offFen": 500})

    result = priced(line("a"), line("b", 2), promotions=[off], coupon=coupon(), points=100)

    assert [step.text for step in result.trace] == [
        "商品合计 ¥30.00",
        "满 20 减 5：−¥5.00，参与商品 货a（分摊 ¥1.67）、货b（分摊 ¥3.33）",
        "券：−¥2.00，参与商品 货a（分摊 ¥0.67）、货b（分摊 ¥1.33）",
        "100 积分：−¥1.00，参与商品 货a（分摊 ¥0.33）、货b（分摊 ¥0.67）",
        "运费 ¥12.00（满 ¥99.00 免运费）",
    ]


# Coupons.


def test_a_coupon_comes_after_promotions_and_before_points() -> None:
    half = promotion("percent_off", benefit={"payBp": 5000})

    result = priced(line(), promotions=[half], coupon=coupon(kind="percent", payBp=5000), points=1000)

    assert (result.promo_fen, result.coupon_fen, result.points_fen) == (500, 250, 250)


def test_a_freight_coupon_pays_freight_only() -> None:
    result = priced(line(), coupon=coupon(kind="freight", valueFen=600))

    assert (result.coupon_fen, result.freight_fen, result.payable_fen) == (0, 400, 1400)
    assert result.trace[-1].text == "运费 ¥4.00（券已抵 ¥6.00）"


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"minFen": 1001}, "还差 ¥0.01"),
        ({"scope": {"skuIds": ["z"]}}, "没有适用的商品"),
        ({"kind": "percent", "payBp": 10_000}, "没有可抵扣的金额"),
    ],
)
def test_a_coupon_that_cannot_be_used_says_why_and_takes_nothing(terms: dict[str, Any], why: str) -> None:
    result = priced(line(), coupon=coupon(**terms))

    assert result.coupon is not None
    assert (result.coupon.why, result.coupon_fen) == (why, 0)


def test_goods_of_a_promotion_that_does_not_stack_take_no_coupon() -> None:
    alone = promotion("unit_discount", scope={"skuIds": ["a"]}, stackable=False)

    result = priced(line("a"), line("b"), promotions=[alone], coupon=coupon(valueFen=5000))
    only_those = priced(line("a"), promotions=[alone], coupon=coupon())

    assert [each.coupon_fen for each in result.lines] == [0, 1000]
    assert only_those.coupon is not None
    assert only_those.coupon.why == "适用商品已参加不可叠加的活动"


# What always holds.

scopes = st.one_of(
    st.just({}),
    st.builds(lambda skus: {"skuIds": sorted(skus)}, st.sets(st.sampled_from(SKUS), min_size=1)),
)
ladders = st.lists(
    st.builds(
        lambda quantity, bp: {"quantity": quantity, "payBp": bp}, st.integers(1, 6), st.integers(0, 10_000)
    ),
    min_size=1,
    max_size=3,
)
benefits = st.one_of(
    st.builds(lambda off: {"offFen": off}, st.integers(0, 5000)),
    st.builds(lambda bp: {"payBp": bp}, st.integers(0, 10_000)),
    st.builds(lambda ladder: {"ladder": ladder}, ladders),
)
conditions = st.one_of(st.just({}), st.builds(lambda fen: {"minFen": fen}, st.integers(0, 20_000)))
lines_of = st.lists(
    st.builds(line, st.sampled_from(SKUS), st.integers(1, 9), st.integers(0, 5000)),
    min_size=1,
    max_size=4,
    unique_by=lambda each: each.sku_id,
)
coupons = st.builds(
    lambda kind, value, bp, scope: coupon(kind=kind, valueFen=value, payBp=bp, scope=scope),
    st.sampled_from(["amount", "percent", "freight"]),
    st.integers(0, 9000),
    st.integers(0, 10_000),
    scopes,
)


def one_promotion(promotion_id: str, group: str | None = None) -> st.SearchStrategy[Promotion]:
    return st.builds(
        lambda kind, scope, benefit, condition, name, priority: promotion(
            kind,
            promotion_id,
            scope=scope,
            benefit=benefit,
            condition=condition,
            group=group or name,
            priority=priority,
        ),
        st.sampled_from(["unit_discount", "ladder", "amount_off", "percent_off", "free_shipping"]),
        scopes,
        benefits,
        conditions,
        st.sampled_from(["x", "y"]),
        st.sampled_from([100, 200]),
    )


promotions_of = st.tuples(*(one_promotion(str(i)) for i in range(4))).map(list)
baskets = given(
    lines=lines_of,
    promotions=promotions_of,
    held=st.none() | coupons,
    points=st.integers(0, 3000),
    seed=st.integers(0, 99),
)
many = settings(max_examples=250, deadline=None)


@many
@baskets
def test_parts_add_up_and_nothing_is_below_zero(
    lines: list[PriceLine], promotions: list[Promotion], held: UserCoupon | None, points: int, seed: int
) -> None:
    del seed
    result = priced(*lines, promotions=promotions, coupon=held, points=points)

    for part in result.lines:
        assert min(part.promo_fen, part.coupon_fen, part.points_fen, part.freight_fen, part.paid_fen) >= 0
    assert result.payable_fen == sum(part.paid_fen + part.freight_fen for part in result.lines) >= 0
    steps = {"promo_fen": "promotion", "coupon_fen": "coupon", "points_fen": "points"}
    for name, step in steps.items():
        of_step = [each for each in result.trace if each.step.endswith(step)]
        assert sum(each.amount_fen for each in of_step) == getattr(result, name)
        assert all(sum(each.shares.values()) == each.amount_fen for each in of_step)
        assert sum(getattr(part, name) for part in result.lines) == getattr(result, name)


@many
@baskets
def test_the_order_of_lines_and_of_promotions_does_not_matter(
    lines: list[PriceLine], promotions: list[Promotion], held: UserCoupon | None, points: int, seed: int
) -> None:
    first = priced(*lines, promotions=promotions, coupon=held, points=points)
    shuffle = random.Random(seed).shuffle
    shuffle(lines)
    shuffle(promotions)
    second = priced(*lines, promotions=promotions, coupon=held, points=points)

    assert {part.line_id: part for part in first.lines} == {part.line_id: part for part in second.lines}
    assert (first.payable_fen, first.trace, first.uses) == (second.payable_fen, second.trace, second.uses)


@many
@baskets
def test_a_coupon_or_points_never_make_it_dearer(
    lines: list[PriceLine], promotions: list[Promotion], held: UserCoupon | None, points: int, seed: int
) -> None:
    del seed
    plain = priced(*lines, promotions=promotions).payable_fen
    with_coupon = priced(*lines, promotions=promotions, coupon=held).payable_fen
    with_both = priced(*lines, promotions=promotions, coupon=held, points=points).payable_fen

    assert plain >= with_coupon >= with_both


@settings(max_examples=1000, deadline=None)
@given(
    lines=lines_of, promotions=promotions_of, held=st.none() | coupons, another=one_promotion("z", group="z")
)
def test_another_promotion_never_makes_it_dearer(
    lines: list[PriceLine], promotions: list[Promotion], held: UserCoupon | None, another: Promotion
) -> None:
    before = priced(*lines, promotions=promotions, coupon=held).payable_fen
    after = priced(*lines, promotions=[*promotions, another], coupon=held).payable_fen

    assert after <= before


def test_a_large_basket_is_priced_quickly() -> None:
    """Twenty lines and ten promotions; the generous bound only catches a change of order."""
    lines = [line(f"s{i:02}", 1 + i % 3, 900 + i) for i in range(20)]
    promotions = [
        promotion(kind, f"{kind}{i}", group=str(i), benefit={"payBp": 9900})
        for i in range(5)
        for kind in ("unit_discount", "percent_off")
    ]
    started = time.process_time()

    for _ in range(20):
        priced(*lines, promotions=promotions, coupon=coupon())

    assert (time.process_time() - started) / 20 < 0.05
