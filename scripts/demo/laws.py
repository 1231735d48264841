"""The laws of the shop: what must add up in the stored documents whenever no work is under way.

Each law reads whole collections and says every breach of it in one line. Balances are compared with their
ledgers, orders with their parts and with what they set in motion. Orders of the former shop
(`rulesVersion` ``legacy``) were settled before there were ledgers and are asked for their sums only.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from demo.carbon_laws import CARBON_LAWS
from demo.commission_laws import COMMISSION_LAWS
from demo.coupon_laws import COUPON_LAWS
from demo.learning_laws import LEARNING_LAWS
from demo.points_laws import POINTS_LAWS
from demo.return_laws import RETURN_LAWS

Document = dict[str, Any]
Read = Callable[[str], list[Document]]

STOCK = ("onHand", "available", "reserved", "damaged")
HOLDING = frozenset({"creating", "pending_payment"})
NEVER_PAID = frozenset({*HOLDING, "create_failed", "cancelled"})
LEGACY = "legacy"
PAID_EFFECTS = ("stock.commit", "points.accrue", "garden.sync")
EFFECTS = {
    "paid": PAID_EFFECTS,
    "cancelled": ("stock.release",),
    "completed": ("points.finalise",),
}
POINTS_EFFECTS = {"paid": "points.commit", "cancelled": "points.release"}
REFUNDED_EFFECTS = ("garden.reverse", "points.claw")
WITH_WECHAT = frozenset({"submitted", "abnormal"})
"""States of a refund that WeChat Pay has in hand."""


def check(read: Read) -> list[str]:
    """Return the breaches found in the collections that *read* returns by name; empty when all holds."""
    seen: dict[str, list[Document]] = {}

    def once(name: str) -> list[Document]:
        if name not in seen:
            seen[name] = read(name)
        return seen[name]

    return [breach for law in LAWS for breach in law(once)]


def work_is_finished(read: Read) -> Iterator[str]:
    """No order is half made, nothing waits but for WeChat Pay, no row is undecided, no task was given up."""
    for order in read("orders"):
        if order["status"] == "creating":
            yield f"order {order['_id']} is still being created"
        if "outboxAt" in order:
            yield f"order {order['_id']} has effects that are not in the outbox"
    waiting = {
        f"refund.submit:{refund['refundNo']}:0"
        for order in read("orders")
        for refund in order.get("refunds") or ()
        if refund["state"] in WITH_WECHAT
    }
    for task in read("sync_tasks"):
        if task["state"] != "done" and not (task["_id"] in waiting and task["state"] == "due"):
            yield f"task {task['_id']} is {task['state']}: {task.get('lastError', '')}"
    for ledger in ("stock_ledger", "points_ledger", "commission_ledger"):
        yield from (f"{ledger} {row['_id']} is pending" for row in read(ledger) if row["state"] == "pending")


def stock_is_its_ledger(read: Read) -> Iterator[str]:
    """Every counter of a SKU is the sum of its ledger; available = onHand − reserved − damaged ≥ 0."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in _final(read("stock_ledger")):
        for name in STOCK:
            sums[row["skuId"], name] += row["deltas"].get(name, 0)
    for stock in read("inventory"):
        sku_id = stock["_id"]
        for name in STOCK:
            has, must = stock.get(name, 0), sums[sku_id, name]
            if has != must:
                yield f"stock {sku_id}: {name} is {has}, its ledger says {must}"
        left = stock["onHand"] - stock.get("reserved", 0) - stock.get("damaged", 0)
        if not stock["available"] == left >= 0:
            yield f"stock {sku_id}: available is {stock['available']}, {left} are left"


def reservations_are_orders(read: Read) -> Iterator[str]:
    """What is reserved of a SKU is what live orders hold, and only live orders hold anything."""
    held: Counter[str] = Counter()
    for order in read("orders"):
        for line in order["lines"]:
            units = line.get("reserved", 0)
            held[line["skuId"]] += units
            if units and order["status"] not in HOLDING:
                yield f"order {order['_id']} is {order['status']} and holds {units} of {line['skuId']}"
    for stock in read("inventory"):
        if stock.get("reserved", 0) != held[stock["_id"]]:
            yield f"stock {stock['_id']}: {stock['reserved']} reserved, orders hold {held[stock['_id']]}"


def orders_add_up(read: Read) -> Iterator[str]:
    """Payable = Σ lines + freight; unwanted money goes back; refunds never exceed what was paid."""
    for order in read("orders"):
        totals, lines = order["totals"], order["lines"]
        parts = sum(line["paidFen"] + line.get("freightFen", 0) for line in lines)
        if totals["payableFen"] != parts:
            yield f"order {order['_id']}: payable {totals['payableFen']}, its lines say {parts}"
        due = 0 if order["status"] in NEVER_PAID else totals["payableFen"]
        if totals.get("paidFen", 0) != due:
            yield f"order {order['_id']} is {order['status']}: paid {totals.get('paidFen', 0)}, not {due}"
        arrived = sum(entry["amountFen"] for entry in order.get("payLog") or ())
        refunds = order.get("refunds") or ()
        unwanted = sum(each["amountFen"] for each in refunds if "afterSaleNo" not in each)
        wanted = (each for each in refunds if "afterSaleNo" in each and each["state"] != "closed")
        back = sum(each["amountFen"] for each in wanted)
        if arrived - unwanted != due or back > due:
            yield f"order {order['_id']}: {arrived} came for {due}, {unwanted} and {back} go back"


def orders_are_one_a_token(read: Read) -> Iterator[str]:
    """A client token makes one order."""
    tokens = Counter((order["userId"], order["clientToken"]) for order in read("orders"))
    yield from (
        f"token {token} of {user} made {count} orders" for (user, token), count in tokens.items() if count > 1
    )


def effects_are_tasks(read: Read) -> Iterator[str]:
    """Every effect that an order's state calls for is a task, unless the order still says it is to come."""
    tasks = {task["_id"] for task in read("sync_tasks")}
    for order in _own(read("orders")):
        wanted = [
            f"{topic}:{order['_id']}:0"
            for status, topics in EFFECTS.items()
            for topic in topics
            if any(step["to"] == status for step in order["history"])
        ]
        wanted += [f"refund.submit:{refund['refundNo']}:0" for refund in order.get("refunds") or ()]
        wanted += [
            f"{topic}:{sale['afterSaleNo']}:0"
            for sale in order.get("afterSales") or ()
            if sale["state"] == "refunded"
            for topic in REFUNDED_EFFECTS
        ]
        if order["totals"].get("pointsUsed"):
            wanted += [
                f"{topic}:{order['_id']}:0"
                for status, topic in POINTS_EFFECTS.items()
                if any(step["to"] == status for step in order["history"])
            ]
        if "outboxAt" not in order:
            yield from (f"order {order['_id']}: no task {task}" for task in wanted if task not in tasks)


def gardens_are_fed(read: Read) -> Iterator[str]:
    """A paid order has one meal a line, and its day has counted it; an order never paid has none."""
    eaten = (meal for meal in read("meals") if meal["source"] == "shop" and "reverses" not in meal)
    meals = Counter((meal["orderNo"], meal["lineId"]) for meal in eaten)
    spent: Counter[str] = Counter()
    for order in _own(read("orders")):
        paid = order["status"] not in NEVER_PAID
        for line in order["lines"]:
            count = meals.pop((order["_id"], line["lineId"]), 0)
            if count != int(paid):
                yield f"order {order['_id']} line {line['lineId']}: {count} meals"
        if paid:
            spent[order["userId"]] += order["totals"]["payableFen"]
    yield from (f"meal of no order line: {order_no} {line_id}" for order_no, line_id in meals)
    counted: Counter[str] = Counter()
    for day in read("daily_stats"):
        counted[day["userId"]] += day.get("spentFen", 0)
    for user in sorted(spent.keys() | counted.keys()):
        if spent[user] != counted[user]:
            yield f"days of {user}: spent {counted[user]}, the orders say {spent[user]}"


def ratings_are_their_reviews(read: Read) -> Iterator[str]:
    """A product's rating has counted every review that is shown, and no other, once."""
    shown: dict[str, list[int]] = {}
    for review in read("product_reviews"):
        if "ratingDueAt" in review:
            yield f"review {review['_id']} is not counted yet"
        if review["state"] == "shown":
            shown.setdefault(review["productId"], []).append(review["score"])
    for product in read("products"):
        scores, rating = shown.pop(product["_id"], []), product.get("rating") or {}
        found = rating.get("count", 0), rating.get("sum", 0)
        if found != (len(scores), sum(scores)):
            yield f"product {product['_id']}: rating {found}, its reviews say {scores}"


def nights_found_nothing(read: Read) -> Iterator[str]:
    """The shop's own nightly reconcile, which judges other documents by the same laws, was content."""
    for row in read("data_dashboard"):
        if row["kind"] == "laws":
            for name, found in row["metrics"].items():
                if found["broken"]:
                    yield f"the night of {row['day']} found {name} broken: {found['examples']}"


LAWS = (
    work_is_finished,
    stock_is_its_ledger,
    reservations_are_orders,
    orders_add_up,
    orders_are_one_a_token,
    effects_are_tasks,
    gardens_are_fed,
    ratings_are_their_reviews,
    nights_found_nothing,
    *POINTS_LAWS,
    *RETURN_LAWS,
    *COUPON_LAWS,
    *COMMISSION_LAWS,
    *CARBON_LAWS,
    *LEARNING_LAWS,
)


def _final(rows: Iterable[Document]) -> Iterator[Document]:
    return (row for row in rows if row["state"] == "final")


def _own(orders: Iterable[Document]) -> Iterator[Document]:
    return (order for order in orders if order["rulesVersion"] != LEGACY)
