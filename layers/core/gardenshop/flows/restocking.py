"""Suggestions to reorder: made page by page over the stock, then paid for out of the budgets, the best first.

A suggestion is one field of its SKU's `inventory` document. It is only written while it, and what is on its
way, are as they were read: what a person decides meanwhile stands. Each of these writes may be repeated.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from gardenshop.cloud.clock import DAY, day_of
from gardenshop.cloud.database import PAGE, Command, Database, Document, aggregate, find, update
from gardenshop.cloud.entry import Context
from gardenshop.flows import poison
from gardenshop.flows.pages import pages
from gardenshop.flows.promotions import STORED
from gardenshop.models.promotion import Promotion
from gardenshop.rules.basket import sku_of
from gardenshop.rules.budget import Purse, marked
from gardenshop.rules.goods import PriceLine
from gardenshop.rules.occasions import Occasion, calendar, occasions
from gardenshop.rules.outlook import HISTORY_DAYS, METHOD, stock_of
from gardenshop.rules.policies.restock import RestockPolicy
from gardenshop.rules.projection import Band
from gardenshop.rules.restock import MOST_RETURN_BP, Proposal, propose

SKUS_AT_ONCE = 200
"""A year of daily sales is some 20 kB of a reply, of which the database gives 16 MB."""

_FIELDS = ("available", "inbound", "dailySales", "stockoutDays", "termSales", "reorder", "supplier",
           "suggestion", "products._id", "products.categoryPath", "products.skus")  # fmt: skip
_PLANNED_DAYS = 460
_STOCKOUT_DAYS = 400
_OPEN_FIELDS = ("supplier.supplierId", "suggestion.at", "suggestion.costFen", "suggestion.returnBp",
                "suggestion.reasons", "suggestion.withinBudget")  # fmt: skip


class Plan(NamedTuple):
    """What is the same for all SKUs of a run."""

    policy: RestockPolicy
    occasions: list[Occasion]
    now: int

    @property
    def day(self) -> str:
        """The day of the run."""
        return day_of(self.now)


class Page(NamedTuple):
    """Some SKUs that were checked: the *last* of them, the *writes* that follow, what was *found*."""

    last: str
    writes: list[Command]
    found: Counter[str]


def plan(ctx: Context, policy: RestockPolicy) -> Plan:
    """Read the promotions that touch the days a run looks at, back and ahead."""
    today = date.fromisoformat(ctx.day)
    first, last = today - timedelta(days=HISTORY_DAYS), today + timedelta(days=_PLANNED_DAYS)
    return Plan(policy, occasions(_promotions(ctx), first, last), ctx.now)


def _promotions(ctx: Context) -> Iterator[Promotion]:
    within = {
        "state": {"$ne": "draft"},
        "endAt": {"$gt": ctx.now - HISTORY_DAYS * DAY},
        "startAt": {"$lt": ctx.now + _PLANNED_DAYS * DAY},
    }
    for page in pages(ctx.db, "promotions", within, STORED):
        yield from poison.results(ctx.db, "promotions", page, Promotion.model_validate, ctx.now)


def check(ctx: Context, run_plan: Plan, after: str) -> Page | None:
    """Judge the next SKUs *after* one; None when there is none."""
    (stock,) = ctx.db.read(
        aggregate(
            "inventory",
            {"$match": {"_id": {"$gt": after}}},
            {"$sort": {"_id": 1}},
            {"$limit": SKUS_AT_ONCE},
            {
                "$lookup": {
                    "from": "products",
                    "localField": "productId",
                    "foreignField": "_id",
                    "as": "products",
                }
            },
            {"$project": dict.fromkeys(_FIELDS, 1)},
        )
    )
    if not stock:
        return None
    writes, found = list[Command](), Counter(checked=len(stock), proposed=0, withdrawn=0)
    judge = partial(_checked, run_plan)
    for following, counts in poison.results(ctx.db, "inventory", stock, judge, ctx.now):
        writes += following
        found.update(counts)
    return Page(stock[-1]["_id"], writes, found)


def _checked(run_plan: Plan, inventory: Document) -> tuple[list[Command], dict[str, int]]:
    """Return the writes that follow from looking at a SKU, and what that counts as."""
    empty = _note_empty(inventory, day_of(run_plan.now - DAY))
    proposal = _judge(inventory, run_plan)
    gone = proposal is None and "suggestion" in inventory
    counts = {"proposed": int(proposal is not None), "withdrawn": int(gone)}
    return [*empty, *_suggest(inventory, proposal, run_plan)], counts


def _note_empty(inventory: Document, yesterday: str) -> list[Command]:
    """Note, here and in the database, that what *yesterday* sold was limited by an empty shelf."""
    noted = inventory.setdefault("stockoutDays", [])
    if inventory["available"] > 0 or yesterday in noted or not inventory.get("dailySales"):
        return []
    noted.append(yesterday)
    day = {"$each": [yesterday], "$slice": -_STOCKOUT_DAYS}
    unknown = {"_id": inventory["_id"], "stockoutDays": {"$ne": yesterday}}
    return [update("inventory", unknown, {"$push": {"stockoutDays": day}})]


def _judge(inventory: Document, run_plan: Plan) -> Proposal | None:
    if (inventory.get("reorder") or {}).get("snoozeUntil", 0) > run_plan.now:
        return None
    goods = goods_of(inventory["_id"], next(iter(inventory["products"]), {}))
    events = calendar(run_plan.occasions, goods)
    stock = stock_of(inventory, run_plan.policy, price_fen=goods.unit_fen, events=events)
    return propose(stock, run_plan.day)


def goods_of(sku_id: str, product: Document) -> PriceLine:
    """Return a SKU as price rules see it; where its *product* is gone, an empty one, it has no price."""
    sku = sku_of(product, sku_id) if product else None
    return PriceLine(
        line_id=sku_id,
        quantity=1,
        unit_fen=sku["priceFen"] if sku else 0,
        weight_g=0,
        sku_id=sku_id,
        product_id=product.get("_id", ""),
        categories=tuple(product.get("categoryPath") or ()),
    )


def _suggest(inventory: Document, proposal: Proposal | None, run_plan: Plan) -> list[Command]:
    """Return the write that makes the SKU's one open suggestion what it should be today, if it is not."""
    former = inventory.get("suggestion")
    as_read = {
        "_id": inventory["_id"],
        "inbound": inventory.get("inbound") or {"$in": [0, None]},
        "suggestion.at": former and former["at"],
    }
    if proposal is None:
        gone = {"$unset": {"suggestion": ""}, "$set": {"updatedAt": run_plan.now}}
        return [update("inventory", as_read, gone)] if former else []
    suggestion_id = f"{inventory['_id']}:{run_plan.day}"
    if former and former["quantity"] == proposal.quantity:
        if day_of(former["at"]) == run_plan.day:
            return []
        suggestion_id = former["suggestionId"]
    change = {
        "suggestion": _suggestion(suggestion_id, proposal, run_plan),
        "forecast": _prognosis(proposal, run_plan.now),
        "updatedAt": run_plan.now,
    }
    return [update("inventory", as_read, {"$set": change})]


def _suggestion(suggestion_id: str, proposal: Proposal, run_plan: Plan) -> Document:
    projection = proposal.projection
    first = date.fromisoformat(run_plan.day) + timedelta(days=projection.step_days - 1)
    return {
        "suggestionId": suggestion_id,
        "quantity": proposal.quantity,
        "reasons": list(proposal.reasons),
        "inputs": proposal.inputs,
        "costFen": proposal.cost_fen,
        "gainFen": proposal.gain_fen,
        "returnBp": proposal.return_bp,
        "withinBudget": True,
        "arrivesOn": proposal.arrives_on,
        "projection": {
            "from": first.isoformat(),
            "stepDays": projection.step_days,
            "ordered": _band(projection.ordered),
            "unordered": _band(projection.unordered),
        },
        "at": run_plan.now,
    }


def _band(band: Band) -> Document:
    return {name: list(units) for name, units in band._asdict().items()}


def _prognosis(proposal: Proposal, now: int) -> Document:
    return {
        "perDayMilli": proposal.inputs["perDayMilli"],
        "deviationMilli": proposal.inputs["sigmaMilli"],
        "horizonDays": proposal.inputs["horizonDays"],
        "method": METHOD,
        "at": now,
    }


def share_out(ctx: Context, policy: RestockPolicy, *, until: float) -> Counter[str] | None:
    """Mark what the budgets pay for, the best return first; None when there is no time to end that.

    It always begins at the best, so broken off it may be done again, and finds most of it done.
    """
    purse, found, after = Purse(policy), Counter(heldBack=0, costFen=0), Document()
    while ctx.seconds_left() > until:
        page = _open_page(ctx.db, after)
        paid = poison.results(ctx.db, "inventory", page, partial(_pay, purse, found), ctx.now)
        ctx.db.write(*(each for writes in paid for each in writes))
        if len(page) < PAGE:
            return found
        after = page[-1]
    return None


def _open_page(db: Database, after: Document) -> list[Document]:
    """Return the open suggestions that come next *after* one, the best return first."""
    least = after["suggestion"]["returnBp"] if after else MOST_RETURN_BP + 1
    equals, lesser = db.read(
        _open({"suggestion.returnBp": least, "_id": {"$gt": after.get("_id", "")}}, {"_id": 1}),
        _open({"suggestion.returnBp": {"$gte": 0, "$lt": least}}, {"suggestion.returnBp": -1, "_id": 1}),
    )
    return [*equals, *lesser][:PAGE]


def _open(where: Document, order: dict[str, int]) -> Command:
    return find("inventory", where, fields=_OPEN_FIELDS, sort=order, limit=PAGE)


def _pay(purse: Purse, found: Counter[str], inventory: Document) -> list[Command]:
    """Count a suggestion and return the write that marks whether *purse* pays for it, if it is not marked."""
    suggestion: dict[str, Any] = inventory["suggestion"]
    supplier_id = (inventory.get("supplier") or {}).get("supplierId", "")
    paid = purse.pays(supplier_id, suggestion["costFen"])
    found["costFen"] += suggestion["costFen"] if paid else 0
    found["heldBack"] += not paid
    if suggestion["withinBudget"] == paid:
        return []
    as_read = {"_id": inventory["_id"], "suggestion.at": suggestion["at"]}
    reasons = marked(suggestion["reasons"], paid=paid)
    mark = {"suggestion.withinBudget": paid, "suggestion.reasons": reasons}
    return [update("inventory", as_read, {"$set": mark})]
