"""Money that goes back: begun in one write of the order, sent by the outbox, settled when WeChat Pay says so.

A refund's number is derived from its after-sale, so it may be sent any number of times. It is asked for
again until WeChat Pay calls it successful or closed; nothing that is taken back in return can hold it up.
"""

from typing import Any, NamedTuple

from gardenshop.cloud.database import Command, Database, Document, get, update
from gardenshop.cloud.entry import Context
from gardenshop.cloud.errors import Busy, NotFound, Unavailable
from gardenshop.cloud.wechatpay import PaySettings, WeChatPay
from gardenshop.cloud.wechatpay_messages import PaymentRefused
from gardenshop.flows.after_sale import with_sale
from gardenshop.flows.orders import amend, transition
from gardenshop.flows.outbox import flush_commands, submission_of
from gardenshop.rules.after_sale import (
    amounts_of,
    confirms_at,
    cuts_of,
    is_refunded,
    left_to_ship,
    nothing_shipped,
)
from gardenshop.rules.order_states import EDGES, OrderEvent
from gardenshop.rules.policies.order import OrderPolicy

STATES = {"SUCCESS": "success", "CLOSED": "closed", "ABNORMAL": "abnormal", "PROCESSING": "submitted"}
"""What WeChat Pay calls the state of a refund, and what an order does."""

FINAL = frozenset({"success", "closed"})
_AFTER = {"due": {"submitted", "abnormal", *FINAL}, "submitted": {"abnormal", *FINAL}, "abnormal": FINAL}
_TRIES = 3


class UnderWay(Busy):
    """The refund is not at its end: WeChat Pay has it in hand, or is to be asked again, however often."""

    error = "REFUND_UNDER_WAY"


class Begun(NamedTuple):
    """An order whose refund begins, and the write that makes it so."""

    order: Document
    command: Command


def begin(
    order: Document,
    sale: Document,
    *,
    now: int,
    actor: str,
    event: OrderEvent | None = None,
    policy: OrderPolicy | None = None,
) -> Begun:
    """Begin the refund of *sale*, which takes *order* over the edge *event*, if any.

    From now on its units are given up. Where that leaves nothing to ship, an order shipped in part is
    shipped; *policy* says when such an order counts as received.
    """
    lines, fields = _given_up(order, sale)
    sale = {**sale, "state": "refunding", "amounts": amounts_of(order, sale)}
    refund = _refund(order, sale, f"R{sale['afterSaleNo']}", now)
    after = {**with_sale(order, sale), "lines": lines, "outboxAt": now}
    after["refunds"] = [*(order.get("refunds") or ()), refund]
    push: Document = {"refunds": refund}
    known = [each["afterSaleNo"] for each in order.get("afterSales") or ()]
    if sale["afterSaleNo"] in known:
        fields[f"afterSales.{known.index(sale['afterSaleNo'])}"] = sale
    else:
        push["afterSales"] = sale
    fields["outboxAt"] = now
    if event is None and order["status"] == "paid" and not nothing_shipped(after) and not left_to_ship(after):
        event = "ship"
        fields["autoConfirmAt"] = confirms_at(now, policy or OrderPolicy())
    if event is None:
        return Begun(after, amend(order, "refund_begin", now=now, actor=actor, changes=fields, push=push))
    after["status"] = EDGES[order["status"], event]
    return Begun(after, transition(order, event, now=now, actor=actor, changes=fields, push=push))


def begin_again(order: Document, sale: Document, *, now: int, actor: str) -> Begun:
    """Begin another refund of *sale*, whose last one WeChat Pay has closed."""
    earlier = [each for each in order["refunds"] if each.get("afterSaleNo") == sale["afterSaleNo"]]
    refund = _refund(order, sale, f"R{sale['afterSaleNo']}-{len(earlier) + 1}", now)
    sale = {**sale, "state": "refunding"}
    place = [each["afterSaleNo"] for each in order["afterSales"]].index(sale["afterSaleNo"])
    fields = {f"afterSales.{place}.state": "refunding", "outboxAt": now}
    after = {**with_sale(order, sale), "refunds": [*order["refunds"], refund], "outboxAt": now}
    command = amend(order, "refund_again", now=now, actor=actor, changes=fields, push={"refunds": refund})
    return Begun(after, command)


def _given_up(order: Document, sale: Document) -> tuple[list[Document], Document]:
    """Return the lines of *order* once the units of *sale* are given up, and the fields that change."""
    places = {line["lineId"]: place for place, line in enumerate(order["lines"])}
    lines, fields = [dict(line) for line in order["lines"]], dict[str, Any]()
    for cut in cuts_of(order, sale):
        place = places[cut.line["lineId"]]
        counts = {
            "refundedQuantity": cut.before + cut.units,
            "refundedFen": cut.line.get("refundedFen", 0) + cut.share(cut.line["paidFen"]),
        }
        lines[place] |= counts
        fields |= {f"lines.{place}.{name}": value for name, value in counts.items()}
    return lines, fields


def _refund(order: Document, sale: Document, refund_no: str, now: int) -> Document:
    amount = sale["amounts"]["cashFen"] + sale["amounts"]["freightFen"]
    paid = [each["attemptNo"] for each in order.get("attempts") or () if each["state"] == "paid"]
    return {
        "refundNo": refund_no,
        "afterSaleNo": sale["afterSaleNo"],
        **({"attemptNo": paid[0]} if amount and paid else {}),
        "amountFen": amount,
        "reason": "订单取消退款" if sale["kind"] == "cancel" else "售后退款",
        "state": "due",
        "createdAt": now,
    }


def submit(ctx: Context, order: Document, refund_no: str) -> None:
    """Ask WeChat Pay for the refund, or how it stands, and note the answer.

    Raises UnderWay while it is not at its end.
    """
    refund = next(each for each in order["refunds"] if each["refundNo"] == refund_no)
    if refund["state"] in FINAL:
        return
    status, refund_id = _ask(ctx, order, refund) if refund["amountFen"] else ("SUCCESS", None)
    settle(ctx.db, order, refund_no, status, refund_id, now=ctx.now)
    if STATES[status] not in FINAL:
        raise UnderWay(cause=status)


def _ask(ctx: Context, order: Document, refund: Document) -> tuple[str, str]:
    attempt = next(each for each in order["attempts"] if each["attemptNo"] == refund["attemptNo"])
    try:
        answer = WeChatPay(PaySettings.from_env(ctx.settings.environ)).refund(
            out_trade_no=refund["attemptNo"],
            out_refund_no=refund["refundNo"],
            refund_fen=refund["amountFen"],
            total_fen=attempt["amountFen"],
            reason=refund["reason"],
        )
    except (PaymentRefused, Unavailable) as error:
        raise UnderWay(cause=error.details.get("apiCode") or error.error) from error
    return answer.status, answer.refund_id


def settle(
    db: Database, order: Document, refund_no: str, status: str, refund_id: str | None, *, now: int
) -> None:
    """Note that the refund *refund_no* of *order* is in the state that WeChat Pay calls *status*, once.

    What is final stays. Raises NotFound without such a refund, Busy when the order keeps changing.
    """
    for _ in range(_TRIES):
        places = [each["refundNo"] for each in order.get("refunds") or ()]
        if refund_no not in places:
            raise NotFound
        place, state = places.index(refund_no), STATES[status]
        if state not in _AFTER.get(order["refunds"][place]["state"], ()):
            return
        begun = _settled(order, place, state, refund_id, now)
        (result,) = db.write(begun.command)
        if result.happened:
            if state in FINAL:
                db.write(*flush_commands(begun.order), _end(submission_of(refund_no), now))
            return
        fresh = db.one(get("orders", order["_id"]))
        if fresh is None:
            raise NotFound
        order = fresh
    raise Busy


def _settled(order: Document, place: int, state: str, refund_id: str | None, now: int) -> Begun:
    """Write down the *state* of the refund at *place*, and what follows for its after-sale and the order."""
    done: Document = {"state": state, **({"wechatRefundId": refund_id} if refund_id else {})}
    if state in FINAL:
        done["doneAt"] = now
    fields = {f"refunds.{place}.{name}": value for name, value in done.items()}
    refunds = [{**each, **done} if i == place else each for i, each in enumerate(order["refunds"])]
    after = {**order, "refunds": refunds}
    event: OrderEvent | None = None
    if state in FINAL:
        fields["outboxAt"] = after["outboxAt"] = now
        after, event = _ended(after, refunds[place], fields, now)
    if event is None:
        return Begun(after, amend(order, f"refund_{state}", now=now, actor="wechatpay", changes=fields))
    return Begun(after, transition(order, event, now=now, actor="wechatpay", changes=fields))


def _ended(
    order: Document, refund: Document, fields: Document, now: int
) -> tuple[Document, OrderEvent | None]:
    """End the after-sale of *refund*, adding to *fields*; say which edge that takes the order over."""
    numbers = [each["afterSaleNo"] for each in order.get("afterSales") or ()]
    if refund.get("afterSaleNo") not in numbers:
        return order, None
    place = numbers.index(refund["afterSaleNo"])
    changes = (
        {"state": "refunded", "closedAt": now} if refund["state"] == "success" else {"state": "abnormal"}
    )
    fields |= {f"afterSales.{place}.{name}": value for name, value in changes.items()}
    order = with_sale(order, {**order["afterSales"][place], **changes})
    event: OrderEvent | None = None
    if refund["state"] == "success" and is_refunded(order):
        event = "refund_all"
    elif refund["state"] == "closed" and order["status"] == "refunding":
        event = "refund_fail"
    if event is None:
        return order, None
    return {**order, "status": EDGES[order["status"], event]}, event


def _end(task_id: str, now: int) -> Command:
    """End the task that asks for the refund: there is nothing to ask any more."""
    waiting = {"_id": task_id, "state": {"$in": ["due", "leased"]}}
    return update("sync_tasks", waiting, {"$set": {"state": "done", "doneAt": now, "updatedAt": now}})
