"""admin_stock_adjust: an operator receives, counts and corrects stock, and decides what is reordered."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from pydantic.alias_generators import to_camel

from gardenshop.cloud.database import Document, get
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import InvalidRequest
from gardenshop.cloud.messages import demand_fields
from gardenshop.flows import stock_deeds
from gardenshop.flows.audit import Deed, digest_of
from gardenshop.flows.stock import INVENTORY
from gardenshop.flows.stock_deeds import Ask, Seen
from gardenshop.flows.supplying import SupplierOrderView, order_views
from gardenshop.models.base import ClientToken, Count, Day, Key, SkuId, Words
from gardenshop.models.inventory import SupplierOrderNo
from gardenshop.rules import stock_entries
from gardenshop.rules.stock_entries import Plan, counters_of

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


@cloud_function(caller=OPERATOR, name=NAME)
def main(request: AdminStockAdjust, ctx: Context) -> StockAdjusted:
    """See what the token has done, and do it, or what of it is missing."""
    _check(request)
    if request.action == "order":
        return StockAdjusted(orders=order_views(ctx.db, request.supplier_id))
    token = request.client_token or ""
    deed = Deed(f"stock:{token}", NAME, request.action, request.sku_id or "", digest_of(request))
    ask = Ask(deed, token, request.note or "")
    found = stock_deeds.found_of(ask, ctx.db.read(*stock_deeds.reads(ask)), ctx.now)
    if request.action == "dismiss":
        repeated = stock_deeds.put_aside(ctx, ask, found, seen=_seen(request))
    elif request.action == "snooze":
        repeated = stock_deeds.put_aside(ctx, ask, found, days=request.days or 0)
    else:
        _, repeated = stock_deeds.enter(ctx, ask, found, partial(_planned, request))
    (stocks,) = ctx.db.read(get(INVENTORY, deed.target))
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


def _planned(request: AdminStockAdjust, stock: Document) -> Plan:
    """Return what the entry does. Raises Outdated when the suggestion is another one by now."""
    order_no, units, bad = request.supplier_order_no or "", request.quantity or 0, request.bad or 0
    if request.action == "receive":
        return stock_entries.receipt(stock, units=units, bad=bad, order_no=order_no)
    if request.action == "count":
        return stock_entries.count(seen=request.seen or 0, counted=request.counted or 0)
    if request.action == "adjust":
        return stock_entries.correction(good=request.good or 0, bad=bad)
    seen, expected_on = _seen(request), request.expected_on
    return stock_deeds.ordered(stock, seen, order_no=order_no, units=units, expected_on=expected_on)


def _seen(request: AdminStockAdjust) -> Seen:
    return Seen(request.suggestion_id or "")


def _shown(stock: Document) -> StockCounters:
    return StockCounters.model_validate({"skuId": stock["_id"], **counters_of(stock)})
