"""points_statement: the caller's balances in both books, what is about to lapse, and the history."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import Command, Document, aggregate, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.flows.lots import left_in
from gardenshop.rules.paging import CursorText, Order, after, cursor_of

NEWEST = Order("createdAt", -1)
SOON = 30 * DAY
KINDS = {
    "meal": "记录素食餐",
    "order": "购物减碳与消费",
    "lesson": "完成课程",
    "harvest": "花园收获",
    "plant": "种下植物",
    "award": "平台赠送",
    "hold": "下单占用",
    "spend": "下单抵扣",
    "release": "取消返还",
    "refund_back": "退款返还",
    "claw_back": "退款扣回",
    "repay": "偿还欠分",
    "exchange_out": "兑换转出",
    "exchange_in": "兑换转入",
    "expire": "到期失效",
    "opening": "期初余额",
    "merge": "老账号并入",
}


class PointsStatement(Request):
    """One book's history, newest first, continued by the page's `next_cursor`."""

    book: Literal["garden", "shop"] = "garden"
    cursor: CursorText | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=50)] = 20


class NextExpiry(Response):
    """How many points lapse next, and the last instant at which they can be spent."""

    points: int
    at: int


class BookBalance(Response):
    """One book: spendable, not final yet, held for orders, owed; what lapses within 30 days, and next."""

    available: int = 0
    pending: int = 0
    reserved: int = 0
    debt: int = 0
    expiring_soon: int = 0
    next_expiry: NextExpiry | None = None


class Entry(Response):
    """One change, with its reason for people."""

    entry_id: str
    delta: int
    kind: str
    label: str
    note: str | None
    ref_id: str
    pending: bool
    expires_at: int | None
    at: int


class Statement(Response):
    """Both balances and a page of the asked book's history."""

    garden: BookBalance
    shop: BookBalance
    entries: list[Entry]
    next_cursor: str | None = None


@cloud_function(caller=MEMBER)
def main(request: PointsStatement, ctx: Context) -> Statement:
    """Read everything in one round trip."""
    mine = {"userId": ctx.user_id, "state": {"$ne": "refused"}}
    where = {**mine, "book": request.book, **after(NEWEST, request.cursor)}
    lapsing = {**mine, "lot.left": {"$gt": 0}, "lot.expiresAt": {"$lte": ctx.now + SOON}}
    users, rows, lots, alive = ctx.db.read(
        get("users", ctx.user_id, fields=("points",)),
        find("points_ledger", where, sort=NEWEST.keys, limit=request.limit + 1),
        find("points_ledger", lapsing, fields=("book", "lot")),
        _alive(ctx.user_id, ctx.now),
    )
    points = users[0].get("points", {}) if users else {}
    shown = rows[: request.limit]
    return Statement(
        garden=_balance(points, lots, alive, "garden", ctx.now),
        shop=_balance(points, lots, alive, "shop", ctx.now),
        entries=[_entry(row) for row in shown],
        next_cursor=cursor_of(NEWEST, shown[-1]) if len(rows) > request.limit else None,
    )


def _alive(user_id: str, now: int) -> Command:
    """Return the read of what may be spent of the lots, by book and the instant at which they lapse."""
    alive = {"userId": user_id, "state": "final", "lot.left": {"$gt": 0}, "lot.expiresAt": {"$gt": now}}
    by = {"book": "$book", "at": "$lot.expiresAt"}
    return aggregate(
        "points_ledger", {"$match": alive}, {"$group": {"_id": by, "points": {"$sum": "$lot.left"}}}
    )


def _balance(
    points: Document, lots: list[Document], alive: list[Document], book: str, now: int
) -> BookBalance:
    """Show one book; what has lapsed is no longer available, whether or not that is booked yet."""
    counters = points.get(book) or {}
    coming = [(lot["_id"]["at"], lot["points"]) for lot in alive if lot["_id"]["book"] == book]
    at, next_points = min(coming, default=(0, 0))
    lapsed = left_in((lot for lot in lots if lot["lot"]["expiresAt"] <= now), book)
    return BookBalance(
        available=counters.get("available", 0) - lapsed,
        pending=counters.get("pending", 0),
        reserved=counters.get("reserved", 0),
        debt=counters.get("debt", 0),
        expiring_soon=left_in(lots, book) - lapsed,
        next_expiry=NextExpiry(points=next_points, at=at) if coming else None,
    )


def _entry(row: Document) -> Entry:
    return Entry(
        entry_id=row["_id"],
        delta=row["delta"],
        kind=row["kind"],
        label=KINDS[row["kind"]],
        note=row.get("note"),
        ref_id=row["ref"]["id"],
        pending=row["state"] == "pending" or not row["final"],
        expires_at=(row.get("lot") or {}).get("expiresAt"),
        at=row["createdAt"],
    )
