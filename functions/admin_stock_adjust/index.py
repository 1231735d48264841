"""admin_stock_adjust: an operator receives, counts and corrects stock, and decides what is reordered."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field
from pydantic.alias_generators import to_camel

from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import Document, get
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import InvalidRequest, NotFound, Outdated, StockMoved
from gardenshop.cloud.messages import demand_fields
from gardenshop.flows.audit import Deed, digest_of, is_begun, leave_trail, trail
from gardenshop.flows.stock import INVENTORY, LEDGER
from gardenshop.flows.stock_keeping import Entry, fix, is_aside, key_of, put_aside, settle
from gardenshop.flows.supplying import SupplierOrderView, order_views
from gardenshop.models.base import ClientToken, Count, Day, Key, SkuId, Words
from gardenshop.models.inventory import SupplierOrderNo
from gardenshop.rules import stock_entries
from gardenshop.rules.stock_entries import Plan, counters_of, fits

NAME = "admin_stock_adjust"
Units = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Change = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]


class AdminStockAdjust(Request):
    """``receive`` takes `quantity` units in, of which `bad` are damaged; ``adjust`` changes `good` and `bad`.

    ``count`` sets what is on hand to `counted` where it is what she has `seen`. ``accept`` orders the
    suggestion, or `quantity` units, under a number of the shop's; ``order`` shows what to order from whom.
    """

    action: Literal["receive", "count", "adjust", "accept", "dismiss", "snooze", "order"]
    client_token: ClientToken | None = None
    sku_id: SkuId | None = None
    supplier_order_no: SupplierOrderNo | None = None
    quantity: Units | None = None
    good: Change | None = None
    bad: Change | None = None
    seen: Count | None = None
    counted: Count | None = None
    suggestion_id: Key | None = None
    expected_on: Day | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=365)] | None = None
    supplier_id: Key | None = None
    note: Annotated[Words, Field(min_length=2, max_length=100)] | None = None


class StockCounters(Response):
    """The stock of a SKU; `inbound` is on its way."""

    sku_id: str
    on_hand: int
    available: int
    reserved: int
    damaged: int
    inbound: int


class StockAdjusted(Response):
    """The stock as it is now, or the `orders`; `repeated` says that this token had done it before."""

    stock: StockCounters | None = None
    orders: list[SupplierOrderView] | None = None
    repeated: bool = False


FIELDS: Mapping[str, tuple[set[str], set[str]]] = {
    "receive": ({"supplier_order_no", "quantity"}, {"bad", "note"}),
    "count": ({"seen", "counted"}, {"note"}),
    "adjust": ({"note"}, {"good", "bad"}),
    "accept": ({"suggestion_id", "supplier_order_no"}, {"quantity", "expected_on", "note"}),
    "dismiss": ({"suggestion_id"}, {"note"}),
    "snooze": ({"days"}, {"note"}),
    "order": (set(), {"client_token", "supplier_id"}),
}
"""The fields that each action needs, and may have; all but ``order`` need a token and a SKU."""

_REASONS = {"accept": "inbound"}
"""Under which reason an action is in the ledger, where that is not its name."""


@cloud_function(caller=OPERATOR, name=NAME)
def main(request: AdminStockAdjust, ctx: Context) -> StockAdjusted:
    """See what the token has done, and do it, or what of it is missing."""
    _check(request)
    if request.action == "order":
        return StockAdjusted(orders=order_views(ctx.db, request.supplier_id))
    sku_id, token = request.sku_id or "", request.client_token or ""
    deed = Deed(f"stock:{token}", NAME, request.action, sku_id, digest_of(request))
    key = key_of(sku_id, _REASONS.get(request.action, request.action), token)
    trails, stocks, rows = ctx.db.read(trail(deed), get(INVENTORY, sku_id), get(LEDGER, key))
    if not stocks:
        raise NotFound("没有这个 SKU 的库存")
    at = trails[0]["at"] if is_begun(deed, trails) else ctx.now
    if request.action in {"dismiss", "snooze"}:
        repeated = _put_aside(request, deed, stocks[0], at, ctx)
    else:
        repeated = _enter(request, deed, stocks[0], rows, ctx)
    (stocks,) = ctx.db.read(get(INVENTORY, sku_id))
    return StockAdjusted(stock=_shown(stocks[0]), repeated=repeated)


def _check(request: AdminStockAdjust) -> None:
    """Raise InvalidRequest for fields that the action lacks or does not take."""
    needs, takes = FIELDS[request.action]
    if request.action != "order":
        needs = needs | {"client_token", "sku_id"}
    demand_fields(**{to_camel(name): getattr(request, name) for name in sorted(needs)})
    wrong = request.model_fields_set - needs - takes - {"action"}
    if request.action == "adjust" and not (request.good or request.bad):
        wrong |= {"good", "bad"}
    if request.action == "receive" and not 0 <= (request.bad or 0) <= (request.quantity or 0):
        wrong |= {"bad"}
    if wrong:
        problem = f"not so for {request.action}"
        raise InvalidRequest(fields=[{"field": to_camel(name), "problem": problem} for name in sorted(wrong)])


def _enter(
    request: AdminStockAdjust, deed: Deed, stock: Document, rows: list[Document], ctx: Context
) -> bool:
    """Fix the entry by its row, then carry out what the row says; True when that was done before."""
    repeated = bool(rows) and rows[0]["state"] == "final"
    if not rows:
        rows = [_fixed(request, deed, stock, ctx)]
    if not settle(ctx.db, rows[0], ctx.now):
        raise StockMoved
    return repeated


def _fixed(request: AdminStockAdjust, deed: Deed, stock: Document, ctx: Context) -> Document:
    """Write the trail and the row. Raises StockMoved when the stock as it was read does not allow it."""
    plan, note = _planned(request, stock), request.note or ""
    if not fits(stock, plan):
        raise StockMoved(stock=counters_of(stock))
    leave_trail(ctx, deed, counters_of(stock), {"deltas": plan.deltas, **plan.terms}, reason=note)
    return fix(ctx.db, Entry(deed.target, request.client_token or "", plan, ctx.actor, note), ctx.now)


def _planned(request: AdminStockAdjust, stock: Document) -> Plan:
    """Return what the entry does. Raises Outdated when the suggestion is another one by now."""
    order_no, units, bad = request.supplier_order_no or "", request.quantity or 0, request.bad or 0
    if request.action == "receive":
        return stock_entries.receipt(stock, units=units, bad=bad, order_no=order_no)
    if request.action == "count":
        return stock_entries.count(seen=request.seen or 0, counted=request.counted or 0)
    if request.action == "adjust":
        return stock_entries.correction(good=request.good or 0, bad=bad)
    suggestion = _suggested(request, stock)
    return stock_entries.order(
        stock,
        units=units or suggestion["quantity"],
        order_no=order_no,
        expected_on=request.expected_on or suggestion["arrivesOn"],
    )


def _suggested(request: AdminStockAdjust, stock: Document) -> Document:
    suggestion: Document = stock.get("suggestion") or {}
    if suggestion.get("suggestionId") != request.suggestion_id:
        raise Outdated("补货建议已变化，请刷新后重试")
    return suggestion


def _put_aside(request: AdminStockAdjust, deed: Deed, stock: Document, at: int, ctx: Context) -> bool:
    """Take the suggestion away, and make none for some days; True when that was done before."""
    key = key_of(deed.target, request.action, request.client_token or "")
    if is_aside(stock, key):
        return True
    if request.action == "dismiss":
        _suggested(request, stock)
    until = at + request.days * DAY if request.days else None
    before = {"suggestionId": (stock.get("suggestion") or {}).get("suggestionId")}
    leave_trail(ctx, deed, before, {"snoozeUntil": until}, reason=request.note or "")
    put_aside(ctx.db, stock, key, started=at, until=until, now=ctx.now)
    return False


def _shown(stock: Document) -> StockCounters:
    return StockCounters.model_validate({"skuId": stock["_id"], **counters_of(stock)})
