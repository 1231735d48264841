"""The laws of what goes back: units, money, points and carbon of after-sales and of orders refunded."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Document = dict[str, Any]
Read = Callable[[str], list[Document]]

BEGUN = frozenset({"refunding", "abnormal", "refunded"})
ASKED = BEGUN | {"applied", "awaiting_return", "returning"}
LEGACY = "legacy"


def lines_give_back_what_was_paid(read: Read) -> Iterator[str]:
    """Of q units r give back floor(paid·r/q); no more units are asked for or shipped than were bought."""
    for order in read("orders"):
        for line in order["lines"]:
            asked, begun, kept = (
                _units(order, line, ASKED),
                _units(order, line, BEGUN),
                _units(order, line, BEGUN, "unshipped"),
            )
            name, quantity = f"order {order['_id']} line {line['lineId']}", line["quantity"]
            if asked > quantity or line.get("shipped", 0) + kept > quantity:
                yield f"{name}: {asked} asked back, {line.get('shipped', 0)} shipped, {quantity} bought"
            has = line.get("refundedQuantity", 0), line.get("refundedFen", 0)
            if has != (begun, line["paidFen"] * begun // quantity):
                yield f"{name}: refunded {has}, its after-sales say {begun} of {quantity}"


def refunds_are_after_sales(read: Read) -> Iterator[str]:
    """What has begun has one refund of its amounts that is not closed, and no more freight than was paid."""
    for order in _own(read("orders")):
        sales = _begun(order)
        refunds = [each for each in order.get("refunds") or () if "afterSaleNo" in each]
        live = Counter(each["afterSaleNo"] for each in refunds if each["state"] != "closed")
        sums = {each["afterSaleNo"]: each["amountFen"] for each in refunds if each["state"] != "closed"}
        for sale in sales:
            number, amounts = sale["afterSaleNo"], sale["amounts"]
            wanted = 0 if sale["state"] == "abnormal" else 1
            if live.pop(number, 0) != wanted:
                yield f"after-sale {number} is {sale['state']}: not {wanted} refund"
            elif wanted and sums[number] != amounts["cashFen"] + amounts["freightFen"]:
                yield f"after-sale {number}: refund of {sums[number]}, its amounts say {amounts}"
        yield from (f"refund of no after-sale {number}" for number in live)
        freight = sum(sale["amounts"]["freightFen"] for sale in sales)
        if freight > order["totals"].get("freightFen", 0):
            yield f"order {order['_id']}: freight of {freight} goes back"
        if (order["status"] == "refunded") != _is_refunded(order):
            yield f"order {order['_id']} is {order['status']}, its after-sales say otherwise"


def units_come_back_once(read: Read) -> Iterator[str]:
    """The stock has taken back what was kept from shipping and what was returned, line by line, once."""
    booked: Counter[str] = Counter()
    for row in read("stock_ledger"):
        if row["state"] == "final" and row["reason"] in {"restock", "return_good", "return_damaged"}:
            booked[f"{row['skuId']}:{row['ref']}"] += row["deltas"]["onHand"]
    for order in read("orders"):
        skus = {line["lineId"]: line["skuId"] for line in order["lines"]}
        for sale in order.get("afterSales") or ():
            for part in sale["lines"]:
                kept = part["unshipped"] if sale["state"] in BEGUN else 0
                returned = part["quantity"] - part["unshipped"] if "condition" in sale else 0
                key = f"{skus[part['lineId']]}:{sale['afterSaleNo']}:{part['lineId']}"
                if booked.pop(key, 0) != kept + returned:
                    yield f"stock {key}: not {kept} kept and {returned} returned"
    yield from (f"stock {key}: {units} came back for no after-sale" for key, units in booked.items())


def points_go_back_with_the_money(read: Read) -> Iterator[str]:
    """The shop points that an order earned are cut like its money."""
    clawed: Counter[str] = Counter()
    earned: dict[str, int] = {}
    for row in read("points_ledger"):
        if row["state"] == "final" and row["_id"].startswith("earn:order:"):
            earned[row["ref"]["id"]] = row["delta"]
        if row["state"] == "final" and row["_id"].startswith("claw:shop:"):
            clawed[row["ref"]["id"].rpartition("-")[0]] -= row["delta"]
    for order in _settled(read("orders")):
        goods = sum(line["paidFen"] for line in order["lines"])
        cash = sum(sale["amounts"]["cashFen"] for sale in _begun(order))
        due = earned.get(order["_id"], 0) * cash // goods if goods else 0
        if clawed[order["_id"]] != due:
            yield f"order {order['_id']}: {clawed[order['_id']]} points clawed back, not {due}"


def meals_go_back_with_the_units(read: Read) -> Iterator[str]:
    """What was taken back of a line's meal is the share of its units."""
    saved = {meal["_id"]: meal["savedG"] for meal in read("meals")}
    gone: Counter[str] = Counter()
    for meal in read("meals"):
        if "reverses" in meal:
            gone[meal["reverses"]] -= meal["savedG"]
    for order in _settled(read("orders")):
        for line in order["lines"]:
            meal_id = f"shop:{order['_id']}:{line['lineId']}"
            grams = saved.get(meal_id, 0) * _units(order, line, BEGUN) // line["quantity"]
            if gone[meal_id] != grams:
                yield f"meal {meal_id}: {gone[meal_id]} g reversed, not {grams}"


def days_know_refunds(read: Read) -> Iterator[str]:
    """A member's days have counted the money that went back to her."""
    back: Counter[str] = Counter()
    for order in read("orders"):
        for sale in order.get("afterSales") or ():
            if sale["state"] == "refunded":
                back[order["userId"]] += sale["amounts"]["cashFen"] + sale["amounts"]["freightFen"]
    counted: Counter[str] = Counter()
    for day in read("daily_stats"):
        counted[day["userId"]] += day.get("refundedFen", 0)
    for user in sorted(back.keys() | counted.keys()):
        if back[user] != counted[user]:
            yield f"days of {user}: refunded {counted[user]}, the orders say {back[user]}"


def debts_are_their_ledger(read: Read) -> Iterator[str]:
    """What a member owes in a book is the sum of what was owed and repaid, and never below 0."""
    owed: Counter[tuple[str, str]] = Counter()
    for row in read("points_ledger"):
        if row["state"] == "final":
            owed[row["userId"], row["book"]] += row.get("debtDelta", 0)
    for user in read("users"):
        for book in ("garden", "shop"):
            debt = ((user.get("points") or {}).get(book) or {}).get("debt", 0)
            if not debt == owed[user["_id"], book] >= 0:
                yield f"debt, {book} of {user['_id']}: {debt}, its ledger says {owed[user['_id'], book]}"


RETURN_LAWS = (
    lines_give_back_what_was_paid,
    refunds_are_after_sales,
    units_come_back_once,
    points_go_back_with_the_money,
    meals_go_back_with_the_units,
    days_know_refunds,
    debts_are_their_ledger,
)


def _units(order: Document, line: Document, states: frozenset[str], field: str = "quantity") -> int:
    return sum(
        part[field]
        for sale in order.get("afterSales") or ()
        if sale["state"] in states
        for part in sale["lines"]
        if part["lineId"] == line["lineId"]
    )


def _own(orders: Iterable[Document]) -> Iterator[Document]:
    return (order for order in orders if order["rulesVersion"] != LEGACY)


def _begun(order: Document) -> list[Document]:
    return [each for each in order.get("afterSales") or () if each["state"] in BEGUN]


def _settled(orders: Iterable[Document]) -> Iterator[Document]:
    """Return the orders whose refunds have all come to their end."""
    return (order for order in orders if all(sale["state"] == "refunded" for sale in _begun(order)))


def _is_refunded(order: Document) -> bool:
    bought = [line for line in order["lines"] if not line.get("gift")]
    return all(_units(order, line, frozenset({"refunded"})) == line["quantity"] for line in bought)
