"""How much to reorder, and why."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gardenshop.rules.cover import Costs
from gardenshop.rules.outlook import Stock, forecast, stock_of
from gardenshop.rules.policies.restock import RestockPolicy
from gardenshop.rules.restock import propose

TODAY = "2026-11-23"  # A Monday, the day after 小雪.


def sold(*units: int, until: str = TODAY) -> dict[str, int]:
    """Return daily sales of *units*, the last of them on the day before *until*."""
    first = date.fromisoformat(until) - timedelta(days=len(units))
    return {(first + timedelta(days=number)).isoformat(): each for number, each in enumerate(units)}


def stock(available: int = 0, **changes: Any) -> Stock:
    """Return a SKU that sells 4 a day, every day, and takes 7 days to come."""
    return Stock(available, **{"daily_sales": sold(*[4] * 56), **changes})


def quantity(of: Stock) -> int:
    proposal = propose(of, TODAY)
    return proposal.quantity if proposal else 0


def test_steady_demand_is_covered_for_lead_and_review_with_safety() -> None:
    proposed = propose(stock(10), TODAY)

    assert proposed is not None
    assert proposed.inputs == {
        "perDayMilli": 4000,
        "sigmaMilli": proposed.inputs["sigmaMilli"],
        "horizonDays": 8,
        "demand": 32,
        "safety": proposed.quantity - 22,
        "available": 10,
        "inbound": 0,
        "proposed": 0,
        "gap": proposed.quantity,
    }
    assert proposed.reasons == (
        f"近期日均需求4.0件，到货7天加盘点1天，预计售出32件，另备安全库存{proposed.quantity - 22}件",
        f"现有10件，在途0件，待确认0件，缺{proposed.quantity}件",
    )


def test_enough_on_the_shelf_on_the_way_or_proposed_needs_nothing() -> None:
    level = quantity(stock(0))
    assert propose(stock(level), TODAY) is None
    assert propose(stock(10, inbound=20, proposed=level - 30), TODAY) is None
    assert quantity(stock(10, inbound=20, proposed=level - 31)) == 1


def test_what_never_sold_or_no_longer_sells_is_not_reordered() -> None:
    assert propose(Stock(0, daily_sales=sold(*[4] * 28, *[0] * 28)), TODAY) is None
    assert propose(Stock(0), TODAY) is None
    assert propose(Stock(0, daily_sales=sold(*[0] * 30)), TODAY) is None


def test_a_higher_service_level_keeps_more() -> None:
    kept = [quantity(stock(service_bp=bp)) for bp in (1000, 5000, 9000, 9500, 9900, 10_000)]
    assert kept == sorted(set(kept))


def test_without_a_service_level_the_costs_decide() -> None:
    cheap, dear = Costs(holding=0.0005), Costs(holding=0.02)
    assert quantity(stock(costs=dear)) < quantity(stock()) < quantity(stock(costs=cheap))
    assert quantity(stock()) == quantity(stock(service_bp=9901))


def test_days_with_an_empty_shelf_are_no_sign_of_low_demand() -> None:
    dry = sold(*[4] * 49, *[0] * 7)
    days = frozenset(list(dry)[-7:])
    assert forecast(stock(daily_sales=dry, stockout_days=days), TODAY).per_day == pytest.approx(4)
    assert forecast(stock(daily_sales=dry), TODAY).per_day < 3.6


def test_an_empty_shelf_that_sold_much_before_is_a_sign_of_high_demand() -> None:
    busy = sold(*[4] * 49, *[9] * 7)
    days = frozenset(list(busy)[-7:])
    emptied = forecast(stock(daily_sales=busy, stockout_days=days), TODAY)
    assert emptied.per_day == forecast(stock(daily_sales=busy), TODAY).per_day > 4.5


def test_todays_sales_are_not_complete_and_not_used() -> None:
    assert forecast(stock(daily_sales={**sold(*[4] * 56), TODAY: 90}), TODAY).per_day == pytest.approx(4)


def test_recent_sales_weigh_more() -> None:
    rising, falling = (
        forecast(stock(daily_sales=sold(*units)), TODAY)
        for units in ([2] * 100 + [6] * 100, [6] * 100 + [2] * 100)
    )
    assert falling.per_day < 4 < rising.per_day


def test_a_short_history_is_taken_as_it_is() -> None:
    assert forecast(stock(daily_sales=sold(3, 5)), TODAY).per_day == pytest.approx(4, abs=0.1)


def test_last_years_same_term_lifts_the_days_that_belong_to_it() -> None:
    terms = {"2025-xiaoxue": 50, "2025-daxue": 80}
    expected = forecast(stock(term_sales=terms), TODAY)
    assert [round(expected.term_lift(ahead), 2) for ahead in (0, 13, 14, 20)] == [1, 1, 1.5, 1.5]
    assert expected.ahead(21)[-1].mean == pytest.approx(4 * 14 + 6 * 7)
    proposal = propose(stock(term_sales=terms, lead_days=20), TODAY)
    assert proposal is not None
    assert proposal.reasons[1] == "将到大雪，按去年同期销量调整为平日的1.50倍"


def test_dongzhi_in_january_looks_back_to_the_december_before_last() -> None:
    terms = {"2025-dongzhi": 30, "2026-xiaohan": 10}
    steady = sold(*[4] * 56, until="2027-01-02")
    expected = forecast(stock(daily_sales=steady, term_sales=terms), "2027-01-02")
    assert [expected.term_lift(ahead) for ahead in (0, 2, 3)] == [1, 1, 0.5]


def test_an_unknown_term_changes_nothing_and_a_wild_one_is_limited() -> None:
    assert forecast(stock(term_sales={"2025-daxue": 900}), TODAY).term_lift(20) == 1
    assert forecast(stock(term_sales={"2025-xiaoxue": 1, "2025-daxue": 900}), TODAY).term_lift(20) == 2


def promoted(*days: str) -> dict[date, str]:
    return {date.fromisoformat(day): "amount_off" for day in days}


def test_planned_promotions_lift_demand_by_what_the_shop_usually_sees_and_the_reason_says_so() -> None:
    planned = promoted("2026-11-25", "2026-11-26")
    proposal = propose(stock(events=planned, usual_lift=2.0), TODAY)

    assert forecast(stock(events=planned, usual_lift=2.0), TODAY).ahead(8)[-1].mean > 4 * 8 + 2 * 4
    assert proposal is not None
    assert proposal.quantity > quantity(stock())
    assert proposal.reasons[1] == "其间2天有促销，促销日按平日的2.00倍估计"


def test_the_skus_own_promoted_days_tell_its_lift() -> None:
    days = list(sold(*[4] * 200))
    past = promoted(*days[::5])
    units = [16 if number % 5 == 0 else 4 for number in range(200)]
    own = stock(daily_sales=sold(*units), events={**past, **promoted("2026-11-25")}, usual_lift=1.5)

    (lift,) = forecast(own, TODAY).lifts(8)

    assert 2.5 < lift < 4.2
    assert forecast(own, TODAY).per_day < 5
    assert forecast(stock(daily_sales=sold(*units)), TODAY).per_day > 5


def test_a_delivery_that_may_be_late_needs_more_safety() -> None:
    assert quantity(stock(lead_spread_days=3)) > quantity(stock(lead_spread_days=1)) > quantity(stock())


def test_packs_are_rounded_up_and_the_minimum_is_met() -> None:
    packed = propose(stock(pack=24, min_order=60), TODAY)
    assert packed is not None
    assert packed.quantity == 72
    assert packed.reasons[2:] == ("按起订量补足到60件", "每箱24件，取整为72件")


def test_storage_limits_the_order_and_packs_are_then_rounded_down() -> None:
    limited = propose(stock(10, max_stock=40, pack=12), TODAY)
    assert limited is not None
    assert limited.quantity == 24
    assert limited.reasons[2:] == ("库位上限40件，只能再放30件", "每箱12件，取整为24件")
    assert propose(stock(39, max_stock=40, pack=12), TODAY) is None


def test_fresh_goods_are_not_ordered_beyond_what_sells_in_their_life() -> None:
    fresh = propose(stock(lead_days=2, review_days=7, shelf_life_days=3, min_order=50), TODAY)
    assert fresh is not None
    assert fresh.quantity == 20
    assert fresh.reasons[2:] == ("保质期3天，只订预计卖得完的20件",)


def test_the_shorter_goods_keep_the_fewer_are_risked() -> None:
    kept = [quantity(stock(lead_days=2, shelf_life_days=days)) for days in (1, 2, 4, 8)]
    assert kept == sorted(set(kept))
    assert kept[-1] <= quantity(stock(lead_days=2, shelf_life_days=3650)) == quantity(stock(lead_days=2))


def test_fewer_than_expected_are_ordered_of_what_spoils_overnight_and_the_reason_says_so() -> None:
    fresh = propose(stock(lead_days=2, shelf_life_days=1), TODAY)
    assert fresh is not None
    assert fresh.inputs["safety"] < 0
    assert f"为少损耗少备{-fresh.inputs['safety']}件" in fresh.reasons[0]


def test_an_inventory_document_is_read_with_the_policys_defaults() -> None:
    document = {
        "available": 5,
        "inbound": 2,
        "dailySales": {"2026-11-22": 3},
        "stockoutDays": ["2026-11-20"],
        "termSales": {"2025-xiaoxue": 9},
        "reorder": {"leadDays": 3, "leadSpreadDays": 1, "packMultiple": 6, "shelfLifeDays": 14},
    }
    policy = RestockPolicy(review_days=2, service_bp=9800, margin_bp=4000, campaign_lift_bp=20_000)
    assert stock_of(document, policy, proposed=4, price_fen=500) == Stock(
        available=5,
        inbound=2,
        proposed=4,
        daily_sales={"2026-11-22": 3},
        stockout_days=frozenset({"2026-11-20"}),
        term_sales={"2025-xiaoxue": 9},
        lead_days=3,
        lead_spread_days=1,
        review_days=2,
        service_bp=9800,
        usual_lift=2.0,
        costs=Costs(margin=0.4),
        price_fen=500,
        unit_cost_fen=300,
        pack=6,
        shelf_life_days=14,
    )
    supplied = {**document, "supplier": {"supplierId": "s", "name": "s", "costFen": 290}}
    assert stock_of(supplied, policy, price_fen=500).unit_cost_fen == 290


def test_an_order_costs_what_its_units_do_and_gains_the_margin_on_what_would_lack() -> None:
    dear = propose(stock(0, price_fen=1000, unit_cost_fen=600, lead_days=3), TODAY)
    assert dear is not None
    # Nothing is there, and four days of about four units come before the next delivery could.
    assert dear.cost_fen == dear.quantity * 600
    assert dear.gain_fen == pytest.approx(1000 * 0.3 * 16, rel=0.02)
    assert dear.return_bp == dear.gain_fen * 10_000 // dear.cost_fen
    assert dear.arrives_on == "2026-11-26"


def test_the_nearer_the_shelf_is_to_enough_the_less_an_order_gains() -> None:
    returns = [
        proposal.return_bp
        for held in (0, 16, 24, 32)
        if (proposal := propose(stock(held, price_fen=1000, unit_cost_fen=600), TODAY))
    ]
    assert returns == sorted(returns, reverse=True)
    assert len(set(returns)) == 4


def test_what_costs_nothing_known_gains_no_more_than_a_document_holds() -> None:
    free = propose(stock(0, price_fen=10**9), TODAY)
    assert free is not None
    assert (free.cost_fen, free.return_bp) == (0, 10**9)


@example(units=[30, 0, 12, 15, 16, 30], available=0, pack=2, shelf_life=None, max_stock=261)
@given(
    st.lists(st.integers(0, 30), max_size=60),
    st.integers(0, 300),
    st.integers(1, 20),
    st.one_of(st.none(), st.integers(1, 60)),
    st.one_of(st.none(), st.integers(0, 500)),
)
def test_a_proposal_is_whole_packs_within_storage(
    units: list[int], available: int, pack: int, shelf_life: int | None, max_stock: int | None
) -> None:
    of = Stock(
        available, daily_sales=sold(*units), pack=pack, shelf_life_days=shelf_life, max_stock=max_stock
    )
    proposed = quantity(of)
    assert proposed >= 0
    assert proposed % pack == 0
    assert max_stock is None or proposed == 0 or available + proposed <= max_stock


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(0, 200), st.integers(1, 50))
def test_more_on_the_shelf_never_orders_more(units: list[int], available: int, more: int) -> None:
    sales = sold(*units)
    assert quantity(Stock(available + more, daily_sales=sales)) <= quantity(
        Stock(available, daily_sales=sales)
    )
