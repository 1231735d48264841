"""What an order must cost, and what a coupon must be: worked out from the numbers of the stage alone."""

from collections import Counter
from collections.abc import Iterator

from simulation import stage
from simulation.evidence import Evidence, Law

Document = stage.Document

_FREE_FROM_FEN, _FIRST_FEN, _NEXT_FEN, _STEP_G = 9900, 1000, 200, 1000


def prices_are_right(seen: Evidence) -> Iterator[str]:
    """Goods, promotion, coupon and freight are what the stage says, to the fen; a point pays for one."""
    for order in seen.read("orders"):
        lines, totals = order["lines"], order["totals"]
        goods = sum(line["quantity"] * stage.PRICES[line["skuId"]] for line in lines)
        promo = stage.BONUS_FEN if order.get("budgets") else 0
        coupon, freight = _coupon(order, goods, goods - promo, _freight(lines, goods))
        due = {"goodsFen": goods, "promoFen": promo, "couponFen": coupon, "freightFen": freight}
        found = {name: totals[name] for name in due}
        shared = {name: sum(line.get(name, 0) for line in lines) for name in due if name != "goodsFen"}
        if found != due or {**due, **shared} != due:
            yield f"order {order['_id']}: {found}, its lines {shared}, where {due} are due"
        if totals["payableFen"] != goods - promo - coupon - totals["pointsUsed"] + freight:
            yield f"order {order['_id']}: payable {totals['payableFen']} of {due}"


def _freight(lines: list[Document], goods: int) -> int:
    """Return the freight by weight, whole."""
    weight = sum(line["quantity"] * stage.WEIGHTS[line["skuId"]] for line in lines)
    steps = -(-max(weight - _STEP_G, 0) // _STEP_G)
    return 0 if goods >= _FREE_FROM_FEN else _FIRST_FEN + steps * _NEXT_FEN


def _coupon(order: Document, goods: int, left: int, freight: int) -> tuple[int, int]:
    """Return what the order's coupon takes off goods of which *left* is left, and the freight after it."""
    if "userCouponId" not in order:
        return 0, freight
    terms = stage.COUPONS[order["userCouponId"].split(":")[0]]["terms"]
    if goods < terms.get("minFen", 0):
        return 0, freight
    if terms["kind"] == "freight":
        return 0, max(0, freight - terms["valueFen"])
    if terms["kind"] == "percent":
        return min(left - -(-left * terms["payBp"] // 10_000), terms["capFen"]), freight
    return min(terms["valueFen"], left), freight


def the_bonus_goes_to_whom_it_is_due(seen: Evidence) -> Iterator[str]:
    """An order gets the bonus from its amount on, and only so; without it only once it may have run out."""
    orders = seen.read("orders")
    may_run_out = sum(bool(order.get("budgets")) for order in orders) >= stage.BONUS_USES
    for order in orders:
        reaches, has = order["totals"]["goodsFen"] >= stage.BONUS_FROM_FEN, bool(order.get("budgets"))
        if has != reaches and not (reaches and may_run_out):
            yield f"order {order['_id']} reaches the bonus: {reaches}, has it: {has}"


def claims_are_as_told(seen: Evidence) -> Iterator[str]:
    """Who was told that she has a coupon has it, by that very claim, and it can be used or was."""
    copies = {copy["_id"]: copy for copy in seen.read("user_coupons")}
    for kind, user, facts in seen.told:
        if kind == "claimed":
            copy = copies.get(facts["copy"], {})
            found = copy.get("userId"), copy.get("source"), copy.get("state") not in {None, "void", "pending"}
            if found != (user, facts["source"], True):
                yield f"told {user} of the coupon {facts}, found {found}"


def occasions_are_kept(seen: Evidence) -> Iterator[str]:
    """Who is new has one welcome and nobody else has; a first harvest has earned one coupon."""
    held = Counter(
        (copy["couponId"], copy["userId"]) for copy in seen.read("user_coupons") if copy["state"] != "void"
    )
    harvests = {row["userId"] for row in seen.read("points_ledger") if row["kind"] == "harvest"}
    for user in seen.read("users"):
        key, is_new = user["_id"], user.get("openid") == stage.NEWCOMER
        for coupon_id, due in (("welcome", is_new), ("reaped", key in harvests)):
            if held[coupon_id, key] != int(due):
                yield f"{key} has {held[coupon_id, key]} of {coupon_id}, not {int(due)}"


PRICE_LAWS: tuple[Law, ...] = (
    prices_are_right,
    the_bonus_goes_to_whom_it_is_due,
    claims_are_as_told,
    occasions_are_kept,
)
