"""commission_account: a practitioner's commission: balances, months and entries; asking for a payout."""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from gardenshop.cloud.database import Document, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    NotEnoughCommission,
    WithdrawalGone,
    WithdrawalOpen,
)
from gardenshop.cloud.messages import demand_fields
from gardenshop.flows.commission import LEDGER, again, carry_out, entry
from gardenshop.models.base import ClientToken, Key
from gardenshop.rules.money import yuan
from gardenshop.rules.paging import CursorText, Order, after, cursor_of
from gardenshop.rules.policy import policy_of

NEWEST = Order("createdAt", -1, tie="entryId")
MOST_MONTHS = 12
KINDS = {
    "opening": "期初余额",
    "accrue": "订单佣金，待确认",
    "reverse": "退款扣回",
    "confirm": "订单完成，佣金确认",
    "carry": "平台扣回，下次结算抵扣",
    "settle": "月度结算",
    "withdraw": "申请提现",
    "cancel": "撤回提现",
    "refuse": "提现未通过",
    "pay": "提现已支付",
}


class CommissionAccount(Request):
    """``withdraw`` needs `amount_fen` and `client_token`, ``cancel`` needs `withdrawal_id`."""

    action: Literal["view", "statement", "withdraw", "cancel"] = "view"
    amount_fen: Annotated[int, Field(strict=True, ge=1, le=10**9)] | None = None
    client_token: ClientToken | None = None
    withdrawal_id: Key | None = None
    cursor: CursorText | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=50)] = 20


class WithdrawalView(Response):
    """The open request for a payout."""

    withdrawal_id: str
    amount_fen: int
    at: int


class MonthView(Response):
    """A settled month: what became withdrawable of it, and what of it repaid a debt."""

    month: str
    settled_fen: int
    debt_fen: int


class EntryView(Response):
    """One change, with how it moved the balances; `order` is a masked number."""

    entry_id: str
    kind: str
    label: str
    deltas: dict[str, int]
    order: str | None
    via: str | None = None
    bp: int | None = None
    amount_fen: int | None = None
    payout_no: str | None = None
    note: str | None = None
    pending: bool
    at: int


class Account(Response):
    """Not final yet, final, withdrawable, paid and owed; the last months, or a page of the statement."""

    pending_fen: int = 0
    confirmed_fen: int = 0
    settled_fen: int = 0
    paid_fen: int = 0
    debt_fen: int = 0
    withdrawal: WithdrawalView | None
    months: list[MonthView]
    entries: list[EntryView] | None
    next_cursor: str | None


class _Case(NamedTuple):
    """What is asked for, by its key; the practitioner; and the row that says how far it came, if it did."""

    key: str
    practitioner: Document
    row: Document | None


@cloud_function(caller=MEMBER)
def main(request: CommissionAccount, ctx: Context) -> Account:
    """Ask for a payout or take that back, once; then show the account."""
    key = _key(request, ctx)
    practitioners, rules, rows = ctx.db.read(
        find("practitioners", {"userId": ctx.user_id}, fields=("commission", "withdrawal"), limit=1),
        find("business_rules", {"state": "live"}),
        get(LEDGER, key, actor=ctx.user_id),
    )
    if not practitioners:
        raise Forbidden("只有践行者有佣金账户")
    case = _Case(key, practitioners[0], rows[0] if rows else None)
    if request.action == "withdraw":
        _withdraw(request, case, policy_of(rules).commission.withdraw_min_fen, ctx)
    if request.action == "cancel":
        _cancel(request, case, ctx)
    return _account(request, case.practitioner["_id"], ctx)


def _key(request: CommissionAccount, ctx: Context) -> str:
    """Return the key of what is asked for; a withdrawal is named by its owner and her token."""
    if request.action == "withdraw":
        demand_fields(amountFen=request.amount_fen, clientToken=request.client_token)
        return f"withdraw:{ctx.user_id}:{request.client_token}"
    if request.action == "cancel":
        demand_fields(withdrawalId=request.withdrawal_id)
    return f"cancel:{request.withdrawal_id}"


def _withdraw(request: CommissionAccount, case: _Case, least_fen: int, ctx: Context) -> None:
    """Open the withdrawal. Raises WithdrawalOpen or NotEnoughCommission where that is not possible."""
    amount_fen = request.amount_fen or 0
    if case.row and case.row["amountFen"] != amount_fen:
        raise Conflict("该请求编号已用于另一笔提现")
    if amount_fen < least_fen:
        least = f"单次至少提现 ¥{yuan(least_fen)}"
        raise InvalidRequest(least, fields=[{"field": "amountFen", "problem": "too little"}])
    settled_fen = case.practitioner["commission"].get("settledFen", 0)
    is_open = "withdrawal" in case.practitioner
    why = WithdrawalOpen() if is_open else NotEnoughCommission(settledFen=settled_fen)
    if case.row is None and (is_open or settled_fen < amount_fen):
        raise why
    _take("withdraw", case, why, ctx, amountFen=amount_fen)


def _cancel(request: CommissionAccount, case: _Case, ctx: Context) -> None:
    """Take the open withdrawal back. Raises WithdrawalGone when it is not open."""
    open_id = case.practitioner.get("withdrawal", {}).get("withdrawalId")
    if case.row is None and open_id != request.withdrawal_id:
        raise WithdrawalGone
    _take("cancel", case, WithdrawalGone(), ctx)


def _take(kind: str, case: _Case, why: Conflict, ctx: Context, **facts: Any) -> None:
    """Take the step *kind*, or end the one that was begun. Raises *why* where that is not possible."""
    if case.row and case.row["state"] == "final":
        return
    named = {"ref": case.key.removeprefix(f"{kind}:"), "actor": ctx.user_id, **facts}
    whose = case.practitioner["_id"]
    step = entry(case.key, kind, practitioner_id=whose, deltas={}, at=ctx.now, **named)
    carry_out(ctx.db, again(case.row) if case.row else step, why, ctx.now)


def _account(request: CommissionAccount, practitioner_id: str, ctx: Context) -> Account:
    """Show the account as it is now."""
    mine = {"practitionerId": practitioner_id, "state": {"$ne": "refused"}}
    practitioners, settled, rows = ctx.db.read(
        get("practitioners", practitioner_id, fields=("commission", "withdrawal")),
        find(LEDGER, {**mine, "kind": "settle"}, sort={"day": -1}, limit=MOST_MONTHS),
        find(LEDGER, {**mine, **after(NEWEST, request.cursor)}, sort=NEWEST.keys, limit=request.limit + 1),
    )
    told, shown = request.action == "statement", rows[: request.limit]
    return Account.model_validate(
        {
            **practitioners[0]["commission"],
            "withdrawal": practitioners[0].get("withdrawal"),
            "months": [_month(row) for row in settled],
            "entries": [_shown(row) for row in shown] if told else None,
            "nextCursor": cursor_of(NEWEST, shown[-1]) if told and len(rows) > request.limit else None,
        }
    )


def _month(row: Document) -> MonthView:
    settled_fen, debt_fen = row["deltas"].get("settledFen", 0), -row["deltas"].get("debtFen", 0)
    return MonthView(month=row["ref"], settled_fen=settled_fen, debt_fen=debt_fen)


def _shown(row: Document) -> EntryView:
    order_no = row.get("orderNo")
    masked = f"{order_no[:8]}****{order_no[-4:]}" if order_no else None
    named = {"label": KINDS[row["kind"]], "order": masked}
    return EntryView.model_validate(
        {**row, **named, "pending": row["state"] == "pending", "at": row["createdAt"]}
    )
