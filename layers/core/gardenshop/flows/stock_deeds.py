"""What operators do to a SKU's stock, once a token: the trail first, then the entry or the putting aside.

Whoever comes again with the token finds how far it came, and does what is missing. What concerns a suggestion
is done to the one that the operator saw, or refused.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from gardenshop.cloud.clock import DAY
from gardenshop.cloud.context import Context
from gardenshop.cloud.database import Command, Document, get
from gardenshop.cloud.errors import NotFound, Outdated, StockMoved
from gardenshop.flows import stock_keeping
from gardenshop.flows.audit import Deed, is_begun, leave_trail, trail
from gardenshop.flows.stock import INVENTORY, LEDGER
from gardenshop.flows.stock_keeping import Entry, fix, is_aside, key_of, settle
from gardenshop.rules import stock_entries
from gardenshop.rules.stock_entries import Plan, counters_of, fits

_REASONS = {"accept": "inbound"}
"""Under which reason an action is in the ledger, where that is not its name."""


class Ask(NamedTuple):
    """A *deed*, the *token* that its row in the ledger is known by, and why she does it."""

    deed: Deed
    token: str
    note: str = ""

    @property
    def key(self) -> str:
        """The id of its row, and what the SKU's ring knows it by."""
        action = self.deed.action
        return key_of(self.deed.target, _REASONS.get(action, action), self.token)


class Found(NamedTuple):
    """The *stock* that an ask is about, the ledger's *rows* of it, and when it was begun."""

    stock: Document
    rows: list[Document]
    begun_at: int


class Seen(NamedTuple):
    """The suggestion that an operator decides about, and, where she saw it, of what instant it is."""

    suggestion_id: str
    at: int | None = None


def reads(ask: Ask) -> tuple[Command, Command, Command]:
    """Return the reads that `found_of` needs."""
    return trail(ask.deed), get(INVENTORY, ask.deed.target), get(LEDGER, ask.key)


def found_of(ask: Ask, replies: Sequence[list[Document]], now: int) -> Found:
    """Return how far *ask* has come. Raises NotFound without stock, TokenUsed for another deed's token."""
    trails, stocks, rows = replies
    if not stocks:
        raise NotFound("没有这个 SKU 的库存")
    return Found(stocks[0], rows, trails[0]["at"] if is_begun(ask.deed, trails) else now)


def enter(ctx: Context, ask: Ask, found: Found, planned: Callable[[Document], Plan]) -> tuple[Document, bool]:
    """Fix the entry by its row, then carry out what the row says; True when that was done before."""
    repeated = bool(found.rows) and found.rows[0]["state"] == "final"
    row = found.rows[0] if found.rows else _fixed(ctx, ask, found.stock, planned(found.stock))
    if not settle(ctx.db, row, ctx.now):
        raise StockMoved
    return row, repeated


def _fixed(ctx: Context, ask: Ask, stock: Document, plan: Plan) -> Document:
    """Write the trail and the row. Raises StockMoved when the stock as it was read does not allow it."""
    if not fits(stock, plan):
        raise StockMoved(stock=counters_of(stock))
    after = {"deltas": plan.deltas, **plan.terms}
    leave_trail(ctx, ask.deed, counters_of(stock), after, reason=ask.note)
    return fix(ctx.db, Entry(ask.deed.target, ask.token, plan, ctx.actor, ask.note), ctx.now)


def ordered(
    stock: Document, seen: Seen, *, order_no: str, units: int = 0, expected_on: str | None = None
) -> Plan:
    """Return the entry that orders the suggestion that was *seen*, or *units*. Raises Outdated."""
    suggestion = _suggested(stock, seen)
    return stock_entries.order(
        stock,
        units=units or suggestion["quantity"],
        order_no=order_no,
        expected_on=expected_on or suggestion["arrivesOn"],
    )


def put_aside(ctx: Context, ask: Ask, found: Found, *, seen: Seen | None = None, days: int = 0) -> bool:
    """Take the suggestion away, and make none for some *days*; True when that was done before.

    Raises Outdated when it is not the one that was *seen*.
    """
    if is_aside(found.stock, ask.key):
        return True
    if seen:
        _suggested(found.stock, seen)
    until = found.begun_at + days * DAY if days else None
    before = {"suggestionId": (found.stock.get("suggestion") or {}).get("suggestionId")}
    leave_trail(ctx, ask.deed, before, {"snoozeUntil": until}, reason=ask.note)
    stock_keeping.put_aside(ctx.db, found.stock, ask.key, started=found.begun_at, until=until, now=ctx.now)
    return False


def _suggested(stock: Document, seen: Seen) -> Document:
    suggestion: Document = stock.get("suggestion") or {}
    if suggestion.get("suggestionId") != seen.suggestion_id or seen.at not in {None, suggestion["at"]}:
        raise Outdated("补货建议已变化，请刷新后重试")
    return suggestion
