"""How much of a SKU to reorder, and why: a periodic-review order-up-to policy (R, S).

Demand is forecast from the SKU's own daily sales without the days on which the shelf was empty: a blend of
the last 7 and 28 days, times a weekday lift (8 weeks, shrunken to 1) and a solar-term lift (the same term of
last year against the present one, shrunken to 1). The order-up-to level S covers lead time and review
interval with a safety stock ``z * sigma * sqrt(days)``, the textbook form for (R, S) with normal demand;
sigma is not below the Poisson one. What is available, inbound and already proposed counts against S.
Shelf life, storage, pack size and minimum order then shape the quantity; a person accepts it.
"""

import math
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any, NamedTuple

from gardenshop.rules import solar_terms
from gardenshop.rules.policy import RestockPolicy

METHOD = "blend7-28+weekday+term"

_SHORT_DAYS, _LONG_DAYS, _WEEKDAY_DAYS = 7, 28, 56
_SHORT_SHARE = 0.3
_WEEKDAY_PRIOR = 2
"""Weeks of an average weekday that each weekday's own history is weighed against."""
_TERM_PRIOR_UNITS = 10
_TERM_LIMITS = (0.5, 2.0)
_NOTABLE_LIFT = 0.05


class Stock(NamedTuple):
    """A SKU's stock, its history and how it is replenished; days are ``YYYY-MM-DD``."""

    available: int
    inbound: int = 0
    proposed: int = 0
    """Units of an accepted or open proposal that are not inbound yet."""
    daily_sales: Mapping[str, int] = {}
    stockout_days: Collection[str] = ()
    term_sales: Mapping[str, int] = {}
    """Units per solar term, keyed ``<year>-<term>``."""
    lead_days: int = 7
    review_days: int = 1
    service_bp: int = 9500
    pack: int = 1
    min_order: int = 0
    max_stock: int | None = None
    shelf_life_days: int | None = None

    @property
    def position(self) -> int:
        """Units on the shelf and on their way."""
        return self.available + self.inbound + self.proposed


class Forecast(NamedTuple):
    """Expected demand from a day on."""

    today: date
    per_day: float
    sigma: float
    """Standard deviation of one day's demand."""
    weekday_lift: tuple[float, ...]
    """Factors from Monday to Sunday."""
    term_sales: Mapping[str, int]

    def lift(self, ahead: int) -> float:
        """Return the factor of the day *ahead* days from today."""
        day = self.today + timedelta(days=ahead)
        return self.weekday_lift[day.weekday()] * _term_lift(self.term_sales, self.today, day)

    def demand(self, days: int) -> float:
        """Return the expected demand of *days* days from today on."""
        return self.per_day * sum(self.lift(ahead) for ahead in range(days))


class Proposal(NamedTuple):
    """A quantity to order, the numbers it follows from, and the reasons in Chinese."""

    quantity: int
    inputs: dict[str, int]
    reasons: tuple[str, ...]


def stock_of(inventory: Mapping[str, Any], policy: RestockPolicy, *, proposed: int = 0) -> Stock:
    """Return the stock that an `inventory` document (plain, as stored) describes."""
    reorder = inventory.get("reorder") or {}
    return Stock(
        available=inventory["available"],
        inbound=inventory.get("inbound", 0),
        proposed=proposed,
        daily_sales=inventory.get("dailySales", {}),
        stockout_days=frozenset(inventory.get("stockoutDays", ())),
        term_sales=inventory.get("termSales", {}),
        lead_days=reorder.get("leadDays", policy.lead_days),
        review_days=reorder.get("reviewDays", policy.review_days),
        service_bp=reorder.get("serviceBp", policy.service_bp),
        pack=reorder.get("packMultiple", 1),
        min_order=reorder.get("minOrder", 0),
        max_stock=reorder.get("maxStock"),
        shelf_life_days=reorder.get("shelfLifeDays"),
    )


def forecast(stock: Stock, today: str) -> Forecast:
    """Forecast the demand of *stock* from *today* on; sales of today itself are not complete and not used."""
    now = date.fromisoformat(today)
    history = _history(stock, now)
    recent = [units for _, units in history]
    per_day = _SHORT_SHARE * _mean(recent[-_SHORT_DAYS:]) + (1 - _SHORT_SHARE) * _mean(recent[-_LONG_DAYS:])
    lifts = _weekday_lifts(history)
    errors = [(units - _mean(recent) * lifts[day.weekday()]) ** 2 for day, units in history]
    return Forecast(now, per_day, math.sqrt(max(_mean(errors), per_day)), lifts, stock.term_sales)


def propose(stock: Stock, today: str) -> Proposal | None:
    """Return what to order of *stock* on *today*, or None when it holds enough or nothing was ever sold."""
    expected = forecast(stock, today)
    horizon = stock.lead_days + stock.review_days
    demand = math.ceil(expected.demand(horizon))
    safety = math.ceil(_z(stock.service_bp) * expected.sigma * math.sqrt(horizon))
    gap = demand + safety - stock.position
    if gap <= 0 or expected.per_day == 0:
        return None
    quantity, shaping = _shape(gap, stock, expected)
    if quantity <= 0:
        return None
    inputs = {
        "perDayMilli": round(expected.per_day * 1000),
        "sigmaMilli": round(expected.sigma * 1000),
        "horizonDays": horizon,
        "demand": demand,
        "safety": safety,
        "available": stock.available,
        "inbound": stock.inbound,
        "proposed": stock.proposed,
        "gap": gap,
    }
    return Proposal(quantity, inputs, (*_reasons(stock, expected, inputs), *shaping))


def _shape(gap: int, stock: Stock, expected: Forecast) -> tuple[int, list[str]]:
    """Fit *gap* to limits and packs; return the quantity and what shaped it."""
    wanted, reasons = max(gap, stock.min_order), list[str]()
    if wanted > gap:
        reasons.append(f"按起订量补足到{wanted}件")
    room = None if stock.max_stock is None else stock.max_stock - stock.position
    if room is not None and room < wanted:
        wanted, reasons = room, [f"库位上限{stock.max_stock}件，只能再放{max(0, room)}件"]
    if stock.shelf_life_days is not None:
        sellable = math.floor(expected.demand(stock.lead_days + stock.shelf_life_days)) - stock.position
        if sellable < wanted:
            wanted, reasons = (
                sellable,
                [f"保质期{stock.shelf_life_days}天，只订预计卖得完的{max(0, sellable)}件"],
            )
    packs = wanted // stock.pack if wanted < gap else -(-wanted // stock.pack)
    quantity = max(0, packs * stock.pack)
    if quantity != wanted > 0:
        reasons.append(f"每箱{stock.pack}件，取整为{quantity}件")
    return quantity, reasons


def _reasons(stock: Stock, expected: Forecast, inputs: Mapping[str, int]) -> list[str]:
    flow = f"近期日均售出{expected.per_day:.1f}件，到货{stock.lead_days}天加盘点{stock.review_days}天，"
    held = f"现有{stock.available}件，在途{stock.inbound}件，待确认{stock.proposed}件，"
    reasons = [
        f"{flow}预计售出{inputs['demand']}件，另备安全库存{inputs['safety']}件",
        f"{held}缺{inputs['gap']}件",
    ]
    last = expected.today + timedelta(days=inputs["horizonDays"] - 1)
    lift = _term_lift(expected.term_sales, expected.today, last)
    if abs(lift - 1) >= _NOTABLE_LIFT:
        name = solar_terms.term_of_day(last.isoformat()).name
        reasons.insert(1, f"将到{name}，按去年同期销量调整为平日的{lift:.2f}倍")
    return reasons


def _history(stock: Stock, now: date) -> list[tuple[date, int]]:
    """Return the days before *now* on which the SKU could be sold, oldest first, eight weeks at most."""
    if not stock.daily_sales:
        return []
    first = max(date.fromisoformat(min(stock.daily_sales)), now - timedelta(days=_WEEKDAY_DAYS))
    days = [first + timedelta(days=number) for number in range((now - first).days)]
    keys = [(day, day.isoformat()) for day in days]
    return [(day, stock.daily_sales.get(key, 0)) for day, key in keys if key not in stock.stockout_days]


def _weekday_lifts(history: list[tuple[date, int]]) -> tuple[float, ...]:
    usual = _mean([units for _, units in history])
    if not usual:
        return (1.0,) * 7
    by_weekday = [[units for day, units in history if day.weekday() == number] for number in range(7)]
    return tuple(
        (sum(sold) + _WEEKDAY_PRIOR * usual) / (len(sold) + _WEEKDAY_PRIOR) / usual for sold in by_weekday
    )


def _term_lift(term_sales: Mapping[str, int], today: date, day: date) -> float:
    """Return last year's sales of the term of *day* against those of the term of *today*, shrunken to 1."""
    wanted, present = _a_year_before(day), _a_year_before(today)
    if wanted == present or not {wanted, present} <= term_sales.keys():
        return 1.0
    lift = (term_sales[wanted] + _TERM_PRIOR_UNITS) / (term_sales[present] + _TERM_PRIOR_UNITS)
    return min(max(lift, _TERM_LIMITS[0]), _TERM_LIMITS[1])


def _a_year_before(day: date) -> str:
    """Return the key, in ``termSales``, of last year's term of *day*; 冬至 runs on into January."""
    term = solar_terms.term_of_day(day.isoformat())
    began = day.year - (day.month == 1 and term.key == "dongzhi")
    return f"{began - 1}-{term.key}"


def _z(service_bp: int) -> float:
    """Return the standard normal quantile of a service level, from 50 % to 99.99 %."""
    return NormalDist().inv_cdf(min(max(service_bp, 5000), 9999) / 10_000)


def _mean(values: list[int] | list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
