"""admin_commission_pay: finance books a payout, refuses it, or takes the commission of a line back."""

from typing import Annotated, Any, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, get
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Busy, Conflict, NotFound, WithdrawalGone
from gardenshop.cloud.messages import demand_fields
from gardenshop.flows.audit import audit
from gardenshop.flows.balances import Operation, record
from gardenshop.flows.commission import LEDGER, again, carry_out, entry, line_key
from gardenshop.models.base import Key, LineId, OrderNo, Words


class AdminCommissionPay(Request):
    """``paid`` needs `withdrawal_id` and `payout_no`, ``refuse`` the former, ``reverse`` an order's line.

    ``reverse`` takes all that the line earned back unless `amount_fen` says less.
    """

    action: Literal["paid", "refuse", "reverse"]
    practitioner_id: Annotated[Key, Field(max_length=60)]
    withdrawal_id: Key | None = None
    payout_no: Annotated[Key, Field(max_length=64)] | None = None
    order_no: OrderNo | None = None
    line_id: LineId | None = None
    amount_fen: Annotated[int, Field(strict=True, ge=1, le=10**9)] | None = None
    note: Annotated[Words, Field(min_length=2, max_length=100)]


class CommissionPaid(Response):
    """What was booked; `repeated` says that it had been booked before."""

    entry_id: str
    amount_fen: int
    payout_no: str | None
    repeated: bool


@cloud_function(caller=OPERATOR, name="admin_commission_pay")
def main(request: AdminCommissionPay, ctx: Context) -> CommissionPaid:
    """Fix the entry by its row, then carry out what the row says."""
    key, earned = _keys(request)
    practitioners, rows, confirmed = ctx.db.read(
        get("practitioners", request.practitioner_id, fields=("withdrawal",)),
        get(LEDGER, key, practitionerId=request.practitioner_id),
        get(LEDGER, earned),
    )
    if not practitioners:
        raise NotFound("没有这位践行者")
    row = rows[0] if rows else _fixed(_planned(request, key, practitioners[0], confirmed, ctx), ctx)
    if not _is_asked(request, row):
        raise Conflict("该笔已按另一单号或金额处理")
    repeated = row["state"] == "final"
    if not repeated:
        _leave_trail(request, row, ctx)
        carry_out(ctx.db, again(row), WithdrawalGone(), ctx.now)
    return CommissionPaid(
        entry_id=row["entryId"], amount_fen=_amount(row), payout_no=row.get("payoutNo"), repeated=repeated
    )


def _keys(request: AdminCommissionPay) -> tuple[str, str]:
    """Return the keys of the entry, and of the one that it takes back. Raises InvalidRequest."""
    if request.action == "reverse":
        demand_fields(orderNo=request.order_no, lineId=request.line_id)
        line = request.order_no or "", request.line_id or "", request.practitioner_id
        return line_key(*line, "carry"), line_key(*line, "confirm")
    demand_fields(withdrawalId=request.withdrawal_id)
    if request.action == "refuse":
        return f"refuse:{request.withdrawal_id}", ""
    demand_fields(payoutNo=request.payout_no)
    return f"pay:{request.withdrawal_id}", ""


def _planned(
    request: AdminCommissionPay,
    key: str,
    practitioner: Document,
    confirmed: list[Document],
    ctx: Context,
) -> Operation:
    """Return the entry to book. Raises WithdrawalGone, or Conflict when the line has not earned that much."""
    whose: dict[str, Any] = {"practitioner_id": practitioner["_id"], "at": ctx.now}
    signed: dict[str, Any] = {"actor": ctx.actor, "note": request.note}
    if request.action == "reverse":
        fen = confirmed[0]["deltas"]["confirmedFen"] if confirmed and confirmed[0]["state"] == "final" else 0
        if not 0 < (amount := request.amount_fen or fen) <= fen:
            raise Conflict("该订单行没有这么多已确认的佣金", confirmedFen=fen)
        line = {name: confirmed[0][name] for name in ("orderNo", "lineId", "via", "baseFen", "bp")}
        return entry(key, "carry", deltas={"debtFen": amount}, **whose, **line, **signed)
    withdrawal = practitioner.get("withdrawal") or {}
    if withdrawal.get("withdrawalId") != request.withdrawal_id:
        raise WithdrawalGone
    facts = {"ref": request.withdrawal_id, "amountFen": withdrawal["amountFen"], **signed}
    if request.action == "refuse":
        return entry(key, "refuse", deltas={}, **whose, **facts)
    paid = {"settledFen": -withdrawal["amountFen"], "paidFen": withdrawal["amountFen"]}
    return entry(key, "pay", deltas=paid, payoutNo=request.payout_no, **whose, **facts)


def _fixed(operation: Operation, ctx: Context) -> Document:
    """Store the entry's row unless it is there, and return it. A payout number is good for one payout."""
    (written,) = ctx.db.write(record(operation, ctx.now))
    if written.duplicate:
        raise Conflict("该付款单号已用于另一笔提现")
    row = ctx.db.one(get(LEDGER, operation.key))
    if row is None:
        raise Busy
    return row


def _is_asked(request: AdminCommissionPay, row: Document) -> bool:
    """Say whether *row* is what the request asks for, and not what another has fixed under its key."""
    if request.action == "paid":
        return bool(row["payoutNo"] == request.payout_no)
    return request.action == "refuse" or request.amount_fen in {None, _amount(row)}


def _amount(row: Document) -> int:
    return int(row["amountFen"] if "amountFen" in row else row["deltas"]["debtFen"])


def _leave_trail(request: AdminCommissionPay, row: Document, ctx: Context) -> None:
    diff = {"amountFen": _amount(row), "payoutNo": row.get("payoutNo")}
    audit(
        ctx,
        key=f"commission:{row['_id']}",
        role=ctx.role,
        function="admin_commission_pay",
        action=request.action,
        target=request.practitioner_id,
        diff={name: value for name, value in diff.items() if value is not None},
        reason=request.note,
    )
