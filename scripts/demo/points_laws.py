"""The laws of points: counters, ledger rows and lots agree, and what is held is held for an order."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Document = dict[str, Any]
Read = Callable[[str], list[Document]]

BOOKS = ("garden", "shop")
HOLDING = frozenset({"creating", "pending_payment"})


def points_are_their_ledger(read: Read) -> Iterator[str]:
    """Each book: available = Σ final rows = Σ lots left; pending = Σ rows that wait for their order."""
    final: Counter[tuple[str, str]] = Counter()
    waiting: Counter[tuple[str, str]] = Counter()
    lots: Counter[tuple[str, str]] = Counter()
    for row in _final(read("points_ledger")):
        place = row["userId"], row["book"]
        (final if row.get("final", True) else waiting)[place] += row["delta"]
        lots[place] += (row.get("lot") or {}).get("left", 0)
    counters = {
        (user["_id"], book): (user.get("points") or {}).get(book) or {}
        for user in read("users")
        for book in BOOKS
    }
    for place in sorted(counters.keys() | final.keys() | waiting.keys()):
        counter, name = counters.get(place, {}), "{} of {}".format(*reversed(place))
        available = counter.get("available", 0)
        if not available == final[place] == lots[place] >= 0:
            yield f"points, {name}: {available}, ledger {final[place]}, lots {lots[place]}"
        if counter.get("pending", 0) != waiting[place]:
            yield f"points, {name}: {counter.get('pending', 0)} pending, ledger {waiting[place]}"


def spendings_are_in_lots(read: Read) -> Iterator[str]:
    """A spending's lots add up to it, and each of them names it."""
    rows = list(_final(read("points_ledger")))
    lots = {row["_id"]: row["lot"] for row in rows if row.get("lot")}
    for row in rows:
        uses = row.get("lotsUsed")
        if uses is None or row["delta"] >= 0:
            continue
        if sum(use["points"] for use in uses) != -row["delta"]:
            yield f"spending {row['_id']}: its lots are not {-row['delta']}"
        for use in uses:
            if row["_id"] not in lots.get(use["lotId"], {}).get("takenBy", ()):
                yield f"spending {row['_id']}: lot {use['lotId']} does not know of it"


def returns_are_in_lots(read: Read) -> Iterator[str]:
    """What goes back is in the lots that its row names, each of which names it, or was a lot of its own."""
    rows = list(_final(read("points_ledger")))
    lots = {row["_id"]: row["lot"] for row in rows if row.get("lot")}
    for row in rows:
        uses = row.get("lotsUsed")
        if uses is None or row["delta"] <= 0:
            continue
        back = sum(use["points"] for use in uses)
        if back > row["delta"] or (back < row["delta"] and "lot" not in row):
            yield f"return {row['_id']}: {back} of {row['delta']} went to lots"
        for use in uses:
            if row["_id"] not in lots.get(use["lotId"], {}).get("takenBy", ()):
                yield f"return {row['_id']}: lot {use['lotId']} does not know of it"


def reserved_points_are_orders(read: Read) -> Iterator[str]:
    """The points reserved are those with which orders that wait are paid, and what their rows say."""
    held: Counter[str] = Counter()
    for order in read("orders"):
        if order["status"] in HOLDING:
            held[order["userId"]] += order["totals"].get("pointsUsed", 0)
    booked: Counter[str] = Counter()
    for row in _final(read("points_ledger")):
        booked[row["userId"]] += row.get("reservedDelta", 0)
    for user in read("users"):
        user_id = user["_id"]
        reserved = ((user.get("points") or {}).get("shop") or {}).get("reserved", 0)
        if not reserved == held[user_id] == booked[user_id]:
            yield f"{user_id}: {reserved} reserved, orders {held[user_id]}, ledger {booked[user_id]}"


def points_pay_as_orders_say(read: Read) -> Iterator[str]:
    """An order takes the points it names once; they go back when it dies, else with what is refunded."""
    moved: Counter[tuple[str, str]] = Counter()
    for row in _final(read("points_ledger")):
        if row["kind"] in {"hold", "spend", "release", "refund_back"} and row["book"] == "shop":
            moved[row["ref"]["id"].partition("-")[0], row["kind"]] += row["delta"]
    for order in read("orders"):
        if order["rulesVersion"] == "legacy":
            continue
        order_no, points = order["_id"], order["totals"].get("pointsUsed", 0)
        held, spent, back, refunded = (
            moved.pop((order_no, kind), 0) for kind in ("hold", "spend", "release", "refund_back")
        )
        paid, failed = "paidAt" in order, order["status"] == "create_failed"
        dead = order["status"] == "cancelled" or failed
        due = 0 if failed and not held else -points
        if (held, spent) != ((0, -points) if paid else (due, 0)):
            yield f"order {order_no} is {order['status']}: {held} points held, {spent} spent, not {points}"
        if back != (-due if dead else 0):
            yield f"order {order_no} is {order['status']}: {back} of {points} points came back"
        sales = (each for each in order.get("afterSales") or () if each["state"] == "refunded")
        if refunded != sum(sale["amounts"].get("points", 0) for sale in sales):
            yield f"order {order_no}: {refunded} points came back with refunds"
    yield from (f"{points} points moved by no order: {ref} {kind}" for (ref, kind), points in moved.items())


POINTS_LAWS = (
    points_are_their_ledger,
    spendings_are_in_lots,
    returns_are_in_lots,
    reserved_points_are_orders,
    points_pay_as_orders_say,
)


def _final(rows: Iterable[Document]) -> Iterator[Document]:
    return (row for row in rows if row["state"] == "final")
