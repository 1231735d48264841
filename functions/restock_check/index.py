"""restock_check: propose what to reorder and why; one open suggestion a SKU, which a person accepts."""

from gardenshop.cloud.clock import DAY, day_of
from gardenshop.cloud.database import PAGE, Command, Document, find, update
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.rules.policy import RestockPolicy, policy_of
from gardenshop.rules.restock import METHOD, Forecast, Proposal, forecast, propose, stock_of

_FIELDS = ("available", "inbound", "dailySales", "stockoutDays", "termSales", "reorder", "suggestion")
_RESERVE_SECONDS = 5.0
_STOCKOUT_DAYS = 400


class Proposed(Response):
    """What to order of one SKU."""

    sku_id: str
    quantity: int
    reasons: list[str]


class RestockCheck(Response):
    """How many SKUs were checked and the open suggestions; `next_after` says where a cut-off run stopped."""

    checked: int
    suggestions: list[Proposed]
    withdrawn: int
    next_after: str | None = None


@cloud_function(caller=TIMER)
def main(request: TimerEvent, ctx: Context) -> RestockCheck:
    """Go through the stock page by page, after the SKU named by `Message`; again, it changes nothing."""
    (rules,) = ctx.db.read(find("business_rules", {"state": "live"}))
    policy = policy_of(rules).restock
    last, checked, withdrawn, found = request.Message, 0, 0, list[Proposed]()
    while ctx.seconds_left() > _RESERVE_SECONDS:
        page = find("inventory", {"_id": {"$gt": last}}, fields=_FIELDS, sort={"_id": 1}, limit=PAGE)
        (stock,) = ctx.db.read(page)
        if not stock:
            return RestockCheck(checked=checked, suggestions=found, withdrawn=withdrawn)
        commands = []
        for inventory in stock:
            commands += _note_empty(inventory, day_of(ctx.now - DAY))
            proposal, expected = _judge(inventory, policy, ctx)
            commands += _commands(inventory, proposal, expected, ctx)
            if proposal:
                found.append(_proposed(inventory, proposal))
            withdrawn += proposal is None and "suggestion" in inventory
        ctx.db.write(*commands)
        checked, last = checked + len(stock), stock[-1]["_id"]
    return RestockCheck(checked=checked, suggestions=found, withdrawn=withdrawn, next_after=last)


def _note_empty(inventory: Document, yesterday: str) -> list[Command]:
    """Note, here and in the database, that what *yesterday* sold was limited by an empty shelf."""
    noted = inventory.setdefault("stockoutDays", [])
    if inventory["available"] > 0 or yesterday in noted or not inventory.get("dailySales"):
        return []
    noted.append(yesterday)
    day = {"$each": [yesterday], "$slice": -_STOCKOUT_DAYS}
    unknown = {"_id": inventory["_id"], "stockoutDays": {"$ne": yesterday}}
    return [update("inventory", unknown, {"$push": {"stockoutDays": day}})]


def _judge(inventory: Document, policy: RestockPolicy, ctx: Context) -> tuple[Proposal | None, Forecast]:
    stock = stock_of(inventory, policy)
    snoozed = (inventory.get("reorder") or {}).get("snoozeUntil", 0) > ctx.now
    return None if snoozed else propose(stock, ctx.day), forecast(stock, ctx.day)


def _commands(
    inventory: Document, proposal: Proposal | None, expected: Forecast, ctx: Context
) -> list[Command]:
    """Return the write that makes the SKU's one open suggestion what it should be, if it is not.

    Nothing is written where a person has decided on the former one meanwhile, or ordered.
    """
    former = inventory.get("suggestion")
    as_read = {
        "_id": inventory["_id"],
        "inbound": inventory.get("inbound") or {"$in": [0, None]},
        "suggestion.at": former and former["at"],
    }
    if proposal is None:
        if former is None:
            return []
        change: Document = {"$unset": {"suggestion": ""}, "$set": {"updatedAt": ctx.now}}
        return [update("inventory", as_read, change)]
    if former and former["quantity"] == proposal.quantity:
        return []
    suggestion = {
        "suggestionId": f"{inventory['_id']}:{ctx.day}",
        "quantity": proposal.quantity,
        "reasons": list(proposal.reasons),
        "inputs": proposal.inputs,
        "at": ctx.now,
    }
    prognosis = {
        "perDayMilli": round(expected.per_day * 1000),
        "deviationMilli": round(expected.sigma * 1000),
        "horizonDays": proposal.inputs["horizonDays"],
        "method": METHOD,
        "at": ctx.now,
    }
    change = {"$set": {"suggestion": suggestion, "forecast": prognosis, "updatedAt": ctx.now}}
    return [update("inventory", as_read, change)]


def _proposed(inventory: Document, proposal: Proposal) -> Proposed:
    return Proposed(sku_id=inventory["_id"], quantity=proposal.quantity, reasons=list(proposal.reasons))
