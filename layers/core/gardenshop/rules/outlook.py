"""What a SKU has, and what it is expected to sell from a day on.

The SKU's own days teach level, weekday and the lift of promotions (`rules/demand.py`); what last year's same
solar term sold against the present one lifts the days of that term, shrunken to 1.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from gardenshop.rules import solar_terms
from gardenshop.rules.cover import COSTS, Costs
from gardenshop.rules.demand import USUAL_LIFT, Day, Learner, Units
from gardenshop.rules.money import FULL_BP, off_by
from gardenshop.rules.occasions import Calendar
from gardenshop.rules.policies.restock import RestockPolicy

METHOD = "level+weekday+event+term"
HISTORY_DAYS = 400

_TERM_PRIOR_UNITS = 10
_TERM_LIMITS = (0.5, 2.0)


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
    events: Mapping[date, str] = {}
    """The promotions that touched it, and those that are planned."""
    usual_lift: float = USUAL_LIFT
    lead_days: int = 7
    lead_spread_days: int = 0
    review_days: int = 1
    service_bp: int | None = None
    """The chance to aim at that nothing lacks until the next delivery; without it, the best by *costs*."""
    costs: Costs = COSTS
    price_fen: int = 0
    unit_cost_fen: int = 0
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
    learner: Learner
    term_sales: Mapping[str, int]
    events: Calendar

    @property
    def per_day(self) -> float:
        """Units of an ordinary day."""
        return self.learner.level

    @property
    def sigma(self) -> float:
        """Standard deviation of an ordinary day's demand."""
        return self.learner.deviation

    def term_lift(self, ahead: int) -> float:
        """Return the solar-term factor of the day *ahead* days from today."""
        return _term_lift(self.term_sales, self.today, self.today + timedelta(days=ahead))

    def ahead(self, days: int) -> list[Units]:
        """Return the demand of today, of today and tomorrow, and so on for *days* days."""
        return self.learner.ahead(self._day(number) for number in range(days))

    def lifts(self, days: int) -> list[float]:
        """Return the factor of each of the next *days* days that has a promotion."""
        kinds = (self.events.get(self.today + timedelta(days=number)) for number in range(days))
        return [self.learner.lift(kind) for kind in kinds if kind]

    def _day(self, ahead: int) -> Day:
        day = self.today + timedelta(days=ahead)
        return Day(day.weekday(), self.events.get(day, ""), self.term_lift(ahead))


def stock_of(
    inventory: Mapping[str, Any],
    policy: RestockPolicy,
    *,
    proposed: int = 0,
    price_fen: int = 0,
    events: Calendar | None = None,
) -> Stock:
    """Return the stock that an `inventory` document (plain, as stored) describes.

    Where no supplier's cost is known, a unit costs its price without the margin.
    """
    reorder, supplier = inventory.get("reorder") or {}, inventory.get("supplier") or {}
    return Stock(
        available=inventory["available"],
        inbound=inventory.get("inbound", 0),
        proposed=proposed,
        daily_sales=inventory.get("dailySales", {}),
        stockout_days=frozenset(inventory.get("stockoutDays", ())),
        term_sales=inventory.get("termSales", {}),
        events=events or {},
        usual_lift=policy.campaign_lift_bp / FULL_BP,
        lead_days=reorder.get("leadDays", policy.lead_days),
        lead_spread_days=reorder.get("leadSpreadDays", 0),
        review_days=reorder.get("reviewDays", policy.review_days),
        service_bp=reorder.get("serviceBp", policy.service_bp),
        costs=Costs(policy.margin_bp / FULL_BP, policy.waste_bp / FULL_BP, policy.holding_bp / FULL_BP),
        price_fen=price_fen,
        unit_cost_fen=supplier.get("costFen", off_by(policy.margin_bp, price_fen)),
        pack=reorder.get("packMultiple", 1),
        min_order=reorder.get("minOrder", 0),
        max_stock=reorder.get("maxStock"),
        shelf_life_days=reorder.get("shelfLifeDays"),
    )


def forecast(stock: Stock, today: str) -> Forecast:
    """Forecast the demand of *stock* from *today* on; sales of today itself are not complete and not used."""
    now = date.fromisoformat(today)
    learner = Learner(usual_lift=stock.usual_lift)
    for day, units in _history(stock, now):
        event, empty = stock.events.get(day, ""), day.isoformat() in stock.stockout_days
        learner.learn(units, day.weekday(), event, sold_out=empty)
    return Forecast(now, learner, stock.term_sales, stock.events)


def _history(stock: Stock, now: date) -> Iterator[tuple[date, int]]:
    """Yield the days before *now* from the first sale on, oldest first, a year or so at most."""
    if not stock.daily_sales:
        return
    first = max(date.fromisoformat(min(stock.daily_sales)), now - timedelta(days=HISTORY_DAYS))
    for number in range((now - first).days):
        day = first + timedelta(days=number)
        yield day, stock.daily_sales.get(day.isoformat(), 0)


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
