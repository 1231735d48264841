"""Laws beside those of the demo: what WeChat Pay, the members and the raw documents say must agree.

They know the numbers of the stage and the life of an order as the design states it, and nothing of the
functions' rules. Each says every breach in one line.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from gardenshop.cloud.database import Command
from simulation import stage
from simulation.earning_laws import EARNING_LAWS
from simulation.evidence import NEVER_PAID, Evidence, Law, points_by_cause
from simulation.keeping import KEEPING_LAWS
from simulation.learning import LEARNING_LAWS
from simulation.meal_laws import MEAL_LAWS
from simulation.points_laws import POINTS_LAWS
from simulation.price_laws import PRICE_LAWS
from simulation.world import World

Document = stage.Document

Edge = tuple[str | None, str]
LIFE: dict[str, set[Edge]] = {
    "create": {(None, "creating")},
    "held": {("creating", "pending_payment")},
    "fail": {("creating", "create_failed")},
    "pay": {("pending_payment", "paid")},
    "cancel": {("pending_payment", "cancelled")},
    "ship": {("paid", "shipped")},
    "cancel_paid": {("paid", "refunding")},
    "receive": {("shipped", "received")},
    "complete": {("received", "completed")},
    "refund_all": {(each, "refunded") for each in ("paid", "shipped", "received", "refunding")},
    "refund_fail": {("refunding", "refund_failed")},
}
PASSING = frozenset({"creating", "pending_payment", "refunding", "shipped", "received"})
UNDECIDED = frozenset({"applied", "approved", "awaiting_return", "returning", "refunding", "abnormal"})
"""The states of an after-sale that waits for a person."""
_MINUTE = 60_000


def check(evidence: Evidence) -> list[str]:
    """Return the breaches of every law."""
    return [breach for law in LAWS for breach in law(evidence)]


def witness(world: World) -> Callable[[Command, list[Document]], None]:
    """Return what watches the writes: an order is not cancelled while WeChat Pay still lets it be paid.

    A payment opened within the last minute is let pass: the call that opens it may be on its way unseen.
    """

    def watch(command: Command, reply: list[Document]) -> None:
        if command.get("update") != "orders" or not reply[0]["nModified"]:
            return
        change = command["updates"][0]
        if change["u"].get("$set", {}).get("status") != "cancelled":
            return
        now, order_no = world.loop.now, change["q"]["_id"]
        for trade in world.till.trades.values():
            is_open = trade.state == "NOTPAY" and now < trade.expires_at and now - trade.opened_at > _MINUTE
            if is_open and trade.number.startswith(order_no):
                world.breach(f"order {order_no} is cancelled while {trade.number} can be paid")

    return watch


def an_order_lives_once(seen: Evidence) -> Iterator[str]:
    """Every step of an order is an edge of its life, each taken once, each from where the last one led."""
    for order in seen.read("orders"):
        place = None
        for step in order["history"]:
            edge = step.get("from"), step["to"]
            if edge[0] == edge[1] == place and step["event"] not in LIFE:
                continue  # A note of something that leaves the order where it is.
            if edge not in LIFE.get(step["event"], set()) or edge[0] != place:
                yield f"order {order['_id']} goes from {place} to {edge[1]} by {step['event']}"
            place = edge[1]
        if place != order["status"]:
            yield f"order {order['_id']} is {order['status']}, its history ends with {place}"
        undecided = any(sale["state"] in UNDECIDED for sale in order.get("afterSales") or ())
        if order["status"] in PASSING and not undecided:
            yield f"order {order['_id']} is {order['status']} for ever"


def stock_is_held_once_and_ended_once(seen: Evidence) -> Iterator[str]:
    """An order holds each SKU once, with all its units; a hold ends in a sale or on the shelf, never both."""
    rows: dict[tuple[str, str, str], Document] = {
        (row["ref"], row["skuId"], row["reason"]): row
        for row in seen.read("stock_ledger")
        if row["state"] == "final"
    }
    for order in seen.read("orders"):
        demand: Counter[str] = Counter()
        for line in order["lines"]:
            demand[line["skuId"]] += line["quantity"]
        paid = order["status"] not in NEVER_PAID
        for sku_id, units in demand.items():
            held, sold, back = (
                rows.pop((order["_id"], sku_id, reason), None) for reason in ("hold", "commit", "release")
            )
            if paid and (held is None or sold is None or sold["deltas"]["onHand"] != -units):
                yield f"order {order['_id']} is paid and {units} of {sku_id} are not sold"
            if held and held["deltas"]["reserved"] != units:
                yield f"order {order['_id']} holds {held['deltas']['reserved']} of {sku_id}, not {units}"
            if (held is None) != (sold is None and back is None) or (sold and back):
                yield f"order {order['_id']}: {sku_id} held, sold and back are {held}, {sold}, {back}"
    yield from (f"stock moved for nobody: {key}" for key in rows if key[2] in {"hold", "commit", "release"})


def money_is_where_it_belongs(seen: Evidence) -> Iterator[str]:
    """What WeChat Pay took is what the orders say, and what nobody waited for went back, once."""
    trades = dict(seen.till.trades)
    for order in seen.read("orders"):
        mine = [trades.pop(each["attemptNo"], None) for each in order.get("attempts") or ()]
        taken = {each.number: each.amount_fen for each in mine if each and each.paid_at >= 0}
        booked = {entry["attemptNo"]: entry["amountFen"] for entry in order.get("payLog") or ()}
        if taken != booked or len(booked) != len(order.get("payLog") or ()):
            yield f"order {order['_id']}: WeChat Pay took {taken}, the order says {booked}"
        back = {entry.number: entry.fen for each in mine if each for entry in each.refunds.values()}
        refunds = order.get("refunds") or ()
        wanted = {each["refundNo"]: each["amountFen"] for each in refunds if each["amountFen"]}
        if back != wanted:
            yield f"order {order['_id']}: WeChat Pay sent back {back}, the order says {wanted}"
        kept = sum(taken.values()) - sum(back.values())
        due = 0 if order["status"] in NEVER_PAID else order["totals"]["payableFen"]
        due -= sum(each["amountFen"] for each in order.get("refunds") or () if "afterSaleNo" in each)
        goods_are_kept = order["status"] == "refunded" and kept > order["totals"]["freightFen"]
        if kept != due or goods_are_kept:
            yield f"order {order['_id']} is {order['status']} and keeps {kept} fen, not {due}"
        for each in order.get("refunds") or ():
            if each["state"] != "success":
                yield f"order {order['_id']}: refund {each['refundNo']} is {each['state']}"
    yield from (f"WeChat Pay knows {number}, no order does" for number in trades)


def refunds_are_right_to_the_fen(seen: Evidence) -> Iterator[str]:
    """However a line is given back, its units bring their share of what was paid, and freight comes once."""
    for order in seen.read("orders"):
        goods = 0
        for line in order["lines"]:
            units, whole = line.get("refundedQuantity", 0), line["quantity"]
            share = line["paidFen"] * units // whole
            goods += share
            if not units <= whole or line.get("refundedFen", 0) != share:
                found = f"{line.get('refundedFen', 0)} fen for {units} of {whole}"
                yield f"order {order['_id']} line {line['lineId']}: {found} went back, not {share}"
        refunds = [each for each in order.get("refunds") or () if "afterSaleNo" in each]
        back = sum(each["amountFen"] for each in refunds if each["state"] != "closed")
        if not goods <= back <= goods + order["totals"]["freightFen"]:
            yield f"order {order['_id']}: {back} fen are refunded for goods of {goods}"


def what_was_told_is_true(seen: Evidence) -> Iterator[str]:
    """What a member was told of an order stays true; points that were promised were given, once."""
    orders = {order["_id"]: order for order in seen.read("orders")}
    awards = points_by_cause(seen, "award")
    for kind, user, facts in seen.told:
        if kind == "awarded":
            given = awards[facts["token"], facts["book"]]
            if given != facts["points"]:
                yield f"told {user} of the award {facts}, {given} were given"
        elif "orderNo" in facts:
            yield from _told_of_order(kind, user, facts, orders.get(facts["orderNo"], {}))


def _told_of_order(kind: str, user: str, facts: Document, order: Document) -> Iterator[str]:
    status = order.get("status")
    if kind == "placed":
        demand = Counter[str]()
        for line in order.get("lines", ()):
            demand[line["skuId"]] += line["quantity"]
        found = {
            "orderNo": order.get("_id"),
            "token": order.get("clientToken"),
            "payableFen": order.get("totals", {}).get("payableFen"),
            "demand": dict(demand) if facts["demand"] else {},
        }
        if found != facts or order["userId"] != user or status == "create_failed":
            yield f"told {user} of the order {facts}, found it {status}: {found}"
    elif (kind == "paid" and status in NEVER_PAID) or (kind == "cancelled" and status != kind):
        yield f"told {user} that {facts['orderNo']} is {kind}, it is {status}"


def orders_have_their_time(seen: Evidence) -> Iterator[str]:
    """Nobody but its buyer cancels an order before its time to pay is over, clocks being off a little."""
    for order in seen.read("orders"):
        for step in order["history"]:
            early = step["event"] == "cancel" and step["at"] < order["payBy"] - _MINUTE
            if early and step["actor"] != order["userId"]:
                yield f"order {order['_id']} is cancelled by {step['actor']} before its time"


def a_former_account_goes_to_one_member(seen: Evidence) -> Iterator[str]:
    """The points of the former account are with it or with the one who claimed it, never with two."""
    rows = [row for row in seen.read("points_ledger") if row["_id"].startswith("opening:legacy:7:")]
    owners = Counter(row["userId"] for row in rows)
    (former,) = (user for user in seen.read("users") if user["_id"] == "legacy:7")
    if list(owners) != [former.get("mergedInto", former["_id"])]:
        yield f"the former account went to {former.get('mergedInto')}, its points to {dict(owners)}"


LAWS: tuple[Law, ...] = (
    an_order_lives_once,
    *PRICE_LAWS,
    *LEARNING_LAWS,
    *KEEPING_LAWS,
    stock_is_held_once_and_ended_once,
    money_is_where_it_belongs,
    refunds_are_right_to_the_fen,
    *POINTS_LAWS,
    what_was_told_is_true,
    orders_have_their_time,
    a_former_account_goes_to_one_member,
    *EARNING_LAWS,
    *MEAL_LAWS,
)
