"""How much of a SKU to reorder, and why: a periodic-review order-up-to policy (R, S).

What will be asked for is learnt from the SKU's own days (`rules/demand.py`): level, weekday and event, days
with an empty shelf as lower bounds; of the shop also solar term and promotions (`rules/outlook.py`).
The order-up-to level covers lead time and review interval with the chance that
pays best (`rules/cover.py`). What is available, inbound and already proposed counts against it.
Shelf life, storage, pack size and minimum order then shape the quantity; a person accepts it.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from gardenshop.rules import solar_terms
from gardenshop.rules.cover import COSTS, Costs, order_up_to, outdated, sold_of
from gardenshop.rules.demand import Day, Learner, Units, by_day
from gardenshop.rules.money import FULL_BP
from gardenshop.rules.outlook import Forecast, Stock, forecast
from gardenshop.rules.projection import Projection, project

_LOOK_AHEAD_DAYS = 42
MOST_RETURN_BP = 10**9
_NOTABLE_LIFT = 0.05
_TINY = 1e-9


def decide(state: Mapping[str, Any], *, service: float | None = None, costs: Costs = COSTS) -> int:
    """Return how many units to order at the close of a day, for the *state* of a back-test.

    *service* is the chance to aim at that nothing lacks until the next delivery; without it, the one that
    pays best by *costs*. The state holds ``sales`` and ``stockout`` of each day up to ``today``, the
    ``weekday`` of today, the calendar ``promo(day)``, the shelf in ``batches`` and ``on_hand``, the
    ``pipeline`` of [day, units] and ``on_order``, ``lead_time``, ``review`` and ``shelf_life`` in days.
    """
    learner = Learner()
    catch_up(learner, state)
    return order(learner, state, service=service, costs=costs)


def catch_up(learner: Learner, state: Mapping[str, Any]) -> None:
    """Teach *learner* the days of *state* that it does not know yet."""
    known, sales, empty = learner.days, state["sales"], state["stockout"]
    first, shift, promo = state["today"] + 1 - len(sales), state["weekday"] - state["today"], state["promo"]
    for number in range(known, len(sales)):
        day = first + number
        learner.learn(sales[number], (day + shift) % 7, promo(day), sold_out=empty[number])


def order(
    learner: Learner, state: Mapping[str, Any], *, service: float | None = None, costs: Costs = COSTS
) -> int:
    """Return what `decide` does, by what *learner* knows of the days of *state*."""
    today: int = state["today"]
    lead, life = state["lead_time"], state["shelf_life"]
    horizon = lead + state["review"]
    days = [_day_of(state, today + number) for number in range(1, _foreseen(horizon, lead, life) + 1)]
    ahead = learner.ahead(days)
    spoiling = by_day(ahead, lead + life) if life else None
    wanted: float = order_up_to(ahead[horizon - 1], spoiling, costs, service)
    if life:
        arrivals = [0] * horizon
        for day, units in state["pipeline"]:
            arrivals[max(day - today, 1) - 1] += units
        wanted += outdated(state["batches"], arrivals, ahead[:horizon], life)
    return max(0, math.floor(wanted - int(state["on_hand"]) - int(state["on_order"]) + _TINY))


def _day_of(state: Mapping[str, Any], number: int) -> Day:
    return Day((state["weekday"] + number - state["today"]) % 7, state["promo"](number))


def _foreseen(horizon: int, lead: int, life: int | None) -> int:
    """Return how many days to look ahead one by one."""
    return max(horizon, min(lead + (life or 0), _LOOK_AHEAD_DAYS))


class Proposal(NamedTuple):
    """A quantity to order, the numbers it follows from, and the reasons in Chinese.

    `gain_fen` is the margin on what would else lack, and not be sold, before the next delivery.
    """

    quantity: int
    inputs: dict[str, int]
    reasons: tuple[str, ...]
    cost_fen: int
    gain_fen: int
    arrives_on: str
    projection: Projection

    @property
    def return_bp(self) -> int:
        """What a fen spent gains."""
        return min(self.gain_fen * FULL_BP // max(self.cost_fen, 1), MOST_RETURN_BP)


def propose(stock: Stock, today: str) -> Proposal | None:
    """Return what to order of *stock* on *today*, or None when it holds enough or does not sell."""
    expected = forecast(stock, today)
    if not expected.learner.sells:
        return None
    horizon, life = stock.lead_days + stock.review_days, stock.shelf_life_days
    ahead = expected.ahead(_foreseen(horizon, stock.lead_days, life))
    near, spoiling = ahead[horizon - 1], by_day(ahead, stock.lead_days + life) if life else None
    service = None if stock.service_bp is None else stock.service_bp / 10_000
    late = (expected.per_day * stock.lead_spread_days) ** 2
    wanted = order_up_to(Units(near.mean, near.variance + late), spoiling, stock.costs, service)
    gap = wanted - stock.position
    quantity, shaping = _shape(gap, stock, spoiling)
    if gap <= 0 or quantity <= 0:
        return None
    demand = math.ceil(near.mean - _TINY)
    inputs = {
        "perDayMilli": round(expected.per_day * 1000),
        "sigmaMilli": round(expected.sigma * 1000),
        "horizonDays": horizon,
        "demand": demand,
        "safety": wanted - demand,
        "available": stock.available,
        "inbound": stock.inbound,
        "proposed": stock.proposed,
        "gap": gap,
    }
    gain = stock.price_fen * stock.costs.margin * sold_of(quantity, stock.position, near)
    return Proposal(
        quantity,
        inputs,
        reasons=(*_reasons(stock, expected, inputs), *shaping),
        cost_fen=quantity * stock.unit_cost_fen,
        gain_fen=round(gain),
        arrives_on=(expected.today + timedelta(days=stock.lead_days)).isoformat(),
        projection=project(stock, expected, quantity),
    )


def _shape(gap: int, stock: Stock, spoiling: Units | None) -> tuple[int, list[str]]:
    """Fit *gap* to limits and packs; return the quantity and what shaped it."""
    wanted, reasons = max(gap, stock.min_order), list[str]()
    if wanted > gap:
        reasons.append(f"按起订量补足到{wanted}件")
    room = None if stock.max_stock is None else stock.max_stock - stock.position
    if room is not None and room < wanted:
        wanted, reasons = room, [f"库位上限{stock.max_stock}件，只能再放{max(0, room)}件"]
    if spoiling is not None:
        sellable = math.floor(spoiling.mean + _TINY) - stock.position
        if sellable < wanted:
            wanted, reasons = (
                sellable,
                [f"保质期{stock.shelf_life_days}天，只订预计卖得完的{max(0, sellable)}件"],
            )
    packs = wanted // stock.pack if wanted < gap else -(-wanted // stock.pack)
    if room is not None:
        packs = min(packs, room // stock.pack)
    quantity = max(0, packs * stock.pack)
    if quantity != wanted > 0:
        reasons.append(f"每箱{stock.pack}件，取整为{quantity}件")
    return quantity, reasons


def _reasons(stock: Stock, expected: Forecast, inputs: Mapping[str, int]) -> list[str]:
    flow = f"近期日均需求{expected.per_day:.1f}件，到货{stock.lead_days}天加盘点{stock.review_days}天，"
    held = f"现有{stock.available}件，在途{stock.inbound}件，待确认{stock.proposed}件，"
    reasons = [
        f"{flow}预计售出{inputs['demand']}件，{_margin_of_safety(inputs['safety'])}",
        f"{held}缺{inputs['gap']}件",
    ]
    last = expected.today + timedelta(days=inputs["horizonDays"] - 1)
    lift = expected.term_lift(inputs["horizonDays"] - 1)
    if abs(lift - 1) >= _NOTABLE_LIFT:
        name = solar_terms.term_of_day(last.isoformat()).name
        reasons.insert(1, f"将到{name}，按去年同期销量调整为平日的{lift:.2f}倍")
    if lifts := expected.lifts(inputs["horizonDays"]):
        reasons.insert(1, f"其间{len(lifts)}天有促销，促销日按平日的{sum(lifts) / len(lifts):.2f}倍估计")
    return reasons


def _margin_of_safety(units: int) -> str:
    return f"另备安全库存{units}件" if units >= 0 else f"为少损耗少备{-units}件"
