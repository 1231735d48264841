"""dashboard: the page of the shop's figures, for operators who have signed in.

It answers the page, the library of its charts, and for ``days`` the figures; what is posted must come from
the page. Who may do so in `admin_stock_adjust` accepts or dismisses suggestions to reorder there, by its
flow.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from gardenshop.board import library, page
from gardenshop.cloud import ejson
from gardenshop.cloud.clock import DAY, day_of
from gardenshop.cloud.database import find
from gardenshop.cloud.entry import HTTP, Context, HttpRequest, HttpResponse, Request, cloud_function
from gardenshop.cloud.errors import Forbidden, InvalidRequest, NotFound
from gardenshop.cloud.messages import demand_fields, parse
from gardenshop.cloud.roles import role_among
from gardenshop.flows import board_access, stock_deeds, supplying
from gardenshop.flows.audit import Deed, digest_of
from gardenshop.flows.board_access import SESSION_LASTS, Session
from gardenshop.flows.stock_deeds import Ask, Found, Seen
from gardenshop.models.base import Instant, Key, SkuId
from gardenshop.rules.plan import targets_of
from gardenshop.rules.policy import policy_of
from gardenshop.rules.stock_entries import order_no_of

SPANS = ("7", "30", "90")
EACH_DAY = ("sales", "funnel", "points", "carbon", "recommendation", "campaign")
LATEST = ("loyalty", "cohorts", "liability", "commission", "stock", "laws", "timers", "outbox", "restock")
"""Of these only the last days are asked for."""
LATEST_DAYS = 7
DECISIONS = ("accept", "dismiss")
DECIDED_BY = "admin_stock_adjust"
"""Whose right a decision takes."""

_COOKIE = "__Host-board"
_KEPT = "Path=/; Secure; HttpOnly; SameSite=Strict"
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
}


class Posted(Request):
    """What the page posts: a `code` to enter with, that its operator leaves, or what becomes of a suggestion.

    That is named by its SKU, its id, and the instant `suggested_at` of the one that she saw.
    """

    action: Literal["enter", "leave", "accept", "dismiss"]
    code: Annotated[str, Field(max_length=40)] | None = None
    sku_id: SkuId | None = None
    suggestion_id: Key | None = None
    suggested_at: Instant | None = None


@cloud_function(caller=HTTP)
def main(request: HttpRequest, ctx: Context) -> HttpResponse:
    """Answer the page, its library, the figures, or what was posted."""
    if request.method == "POST":
        return _do(request, ctx)
    if request.method not in {"GET", "HEAD"}:
        raise InvalidRequest("不支持的请求方式")
    if "library" in request.query:
        return _library(request)
    return (_figures if "days" in request.query else _page)(request, ctx).packed(request)


def _page(request: HttpRequest, ctx: Context) -> HttpResponse:  # noqa: ARG001  # The page is the same for all.
    html, policy = page()
    headers = {**_SAFE, "Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return HttpResponse(200, html, "text/html; charset=utf-8", headers)


def _library(request: HttpRequest) -> HttpResponse:
    """Answer it compressed, to everybody: as it is, it is more than the platform lets through."""
    if request.query["library"] != library().name:
        raise NotFound
    headers = {**_SAFE, "Content-Encoding": "gzip", "Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(200, library().packed(), "text/javascript; charset=utf-8", headers)


def _figures(request: HttpRequest, ctx: Context) -> HttpResponse:
    """Read the session's standing and the figures in one trip."""
    session = _session(request, ctx)
    if request.query["days"] not in SPANS:
        raise InvalidRequest(fields=[{"field": "days", "problem": "7, 30 or 90"}])
    since, lately = (day_of(ctx.now - n * DAY) for n in (int(request.query["days"]), LATEST_DAYS))
    shown = ("kind", "day", "dimension", "metrics", "inputs.at", "final")
    users, signins, rules, suggestions, *figures = ctx.db.read(
        *board_access.standing(session),
        find("business_rules", {"state": "live", "ruleId": "plan"}),
        supplying.foremost(),
        *(
            find("data_dashboard", {"kind": kind, "day": {"$gte": first}}, fields=shown, sort={"day": 1})
            for kinds, first in ((EACH_DAY, since), (LATEST, lately))
            for kind in kinds
        ),
    )
    user = board_access.demand(users, signins)
    view: dict[str, Any] = {
        "today": ctx.day,
        "operator": user.get("nickname") or "",
        "figures": [each for found in figures for each in found],
        "targets": targets_of(policy_of(rules).plan, ctx.day[:7]),
        "suggestions": list(map(supplying.shown, suggestions)),
        "may": [action for action in DECISIONS if role_among(user["roles"], DECIDED_BY, action)],
        "seal": board_access.seal_of(session, ctx.settings.environ),
    }
    return HttpResponse(200, ejson.encode(view), headers={**_SAFE, "Cache-Control": "private, no-cache"})


def _do(request: HttpRequest, ctx: Context) -> HttpResponse:
    """Do what was posted. Another site can send neither origin nor header nor, with SameSite, the cookie."""
    host = request.headers.get("host")
    if not host or request.headers.get("origin", "").partition("://")[2] != host:
        raise Forbidden
    posted, mark = parse(_json(request.body), Posted), request.headers.get("x-board", "")
    if posted.action not in DECISIONS and mark != "1":
        raise Forbidden
    if posted.action == "enter":
        demand_fields(code=posted.code)
        entered = board_access.enter(ctx.db, posted.code or "", ctx.now)
        return _answer(board_access.token_of(entered, ctx.settings.environ), SESSION_LASTS // 1000)
    session = _session(request, ctx)
    if posted.action == "leave":
        ctx.db.write(board_access.leave(session, ctx.now))
        return _answer("", 0)
    board_access.demand_seal(session, mark, ctx.settings.environ)
    return _decide(posted, session, ctx)


def _decide(posted: Posted, session: Session, ctx: Context) -> HttpResponse:
    """Accept or dismiss the suggestion as she saw it; whoever does the same again is told that it is done."""
    demand_fields(skuId=posted.sku_id, suggestionId=posted.suggestion_id, suggestedAt=posted.suggested_at)
    seen, sku_id = Seen(posted.suggestion_id or "", posted.suggested_at), posted.sku_id or ""
    token = f"board-{seen.at}"
    deed = Deed(
        f"stock:{sku_id}:{posted.action}:{token}", "dashboard", posted.action, sku_id, digest_of(posted)
    )
    ask = Ask(deed, token)
    users, signins, *replies = ctx.db.read(*board_access.standing(session), *stock_deeds.reads(ask))
    user = board_access.demand(users, signins)
    her = board_access.acting(ctx, session, role_among(user["roles"], DECIDED_BY, posted.action))
    found = stock_deeds.found_of(ask, replies, ctx.now)
    if posted.action == "accept":
        done = _accepted(her, ask, found, seen)
    else:
        done = {"repeated": stock_deeds.put_aside(her, ask, found, seen=seen)}
    return HttpResponse(200, ejson.encode(done), headers={**_SAFE, "Cache-Control": "no-store"})


def _accepted(her: Context, ask: Ask, found: Found, seen: Seen) -> dict[str, Any]:
    """Order it under the number that the supplier's orders of the day have."""
    order_no = order_no_of(day_of(found.begun_at), found.stock)
    row, repeated = stock_deeds.enter(
        her, ask, found, lambda stock: stock_deeds.ordered(stock, seen, order_no=order_no)
    )
    terms = {name: row["terms"][name] for name in ("orderNo", "expectedOn")}
    return {"units": row["deltas"]["inbound"], **terms, "repeated": repeated}


def _answer(token: str, seconds: int) -> HttpResponse:
    cookie = f"{_COOKIE}={token}; Max-Age={seconds}; {_KEPT}"
    return HttpResponse(204, headers={**_SAFE, "Set-Cookie": cookie, "Cache-Control": "no-store"})


def _session(request: HttpRequest, ctx: Context) -> Session:
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    token = next((value for name, _, value in pairs if name == _COOKIE), "")
    return board_access.session_of(token, ctx.settings.environ, ctx.now)


def _json(body: bytes) -> Any:
    try:
        return ejson.decode(body.decode())
    except ValueError:
        raise InvalidRequest("请求体格式有误") from None
