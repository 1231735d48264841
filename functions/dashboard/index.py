"""dashboard: the page of the shop's figures, for operators who have signed in.

Without ``days`` it answers the page, with it the figures; what is posted must come from the page itself.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from gardenshop.board import page
from gardenshop.cloud import ejson
from gardenshop.cloud.clock import DAY, day_of
from gardenshop.cloud.database import find
from gardenshop.cloud.entry import HTTP, Context, HttpRequest, HttpResponse, Request, cloud_function
from gardenshop.cloud.errors import Forbidden, InvalidRequest
from gardenshop.cloud.messages import demand_fields, parse
from gardenshop.flows import board_access
from gardenshop.flows.board_access import SESSION_LASTS
from gardenshop.rules.plan import targets_of
from gardenshop.rules.policy import policy_of

SPANS = ("7", "30", "90")
EACH_DAY = ("sales", "funnel", "points", "carbon", "recommendation", "campaign")
LATEST = ("loyalty", "cohorts", "liability", "commission", "stock", "laws", "timers", "outbox", "restock")
"""Of these only the last days are asked for."""
LATEST_DAYS = 7

_COOKIE = "__Host-board"
_KEPT = "Path=/; Secure; HttpOnly; SameSite=Strict"
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
}


class Deed(Request):
    """What the page posts: a `code` to enter with, or that its operator leaves."""

    action: Literal["enter", "leave"]
    code: Annotated[str, Field(max_length=40)] | None = None


@cloud_function(caller=HTTP)
def main(request: HttpRequest, ctx: Context) -> HttpResponse:
    """Answer the page, the figures, or what was posted."""
    if request.method == "POST":
        return _do(request, ctx)
    if request.method not in {"GET", "HEAD"}:
        raise InvalidRequest("不支持的请求方式")
    return (_figures if "days" in request.query else _page)(request, ctx).packed(request)


def _page(request: HttpRequest, ctx: Context) -> HttpResponse:  # noqa: ARG001  # The page is the same for all.
    html, policy = page()
    headers = {**_SAFE, "Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return HttpResponse(200, html, "text/html; charset=utf-8", headers)


def _figures(request: HttpRequest, ctx: Context) -> HttpResponse:
    """Read the session's standing and the figures in one trip."""
    session = board_access.session_of(_token(request), ctx.settings.environ, ctx.now)
    if request.query["days"] not in SPANS:
        raise InvalidRequest(fields=[{"field": "days", "problem": "7, 30 or 90"}])
    since, lately = (day_of(ctx.now - n * DAY) for n in (int(request.query["days"]), LATEST_DAYS))
    shown = ("kind", "day", "dimension", "metrics", "inputs.at", "final")
    users, signins, rules, *figures = ctx.db.read(
        *board_access.standing(session),
        find("business_rules", {"state": "live", "ruleId": "plan"}),
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
    }
    return HttpResponse(200, ejson.encode(view), headers={**_SAFE, "Cache-Control": "private, no-cache"})


def _do(request: HttpRequest, ctx: Context) -> HttpResponse:
    """Begin or end a session. Another site can neither send the header nor, with SameSite, the cookie."""
    if request.headers.get("x-board") != "1":
        raise Forbidden
    deed = parse(_json(request.body), Deed)
    if deed.action == "leave":
        session = board_access.session_of(_token(request), ctx.settings.environ, ctx.now)
        ctx.db.write(board_access.leave(session, ctx.now))
        return _answer("", 0)
    demand_fields(code=deed.code)
    session = board_access.enter(ctx.db, deed.code or "", ctx.now)
    return _answer(board_access.token_of(session, ctx.settings.environ), SESSION_LASTS // 1000)


def _answer(token: str, seconds: int) -> HttpResponse:
    cookie = f"{_COOKIE}={token}; Max-Age={seconds}; {_KEPT}"
    return HttpResponse(204, headers={**_SAFE, "Set-Cookie": cookie, "Cache-Control": "no-store"})


def _token(request: HttpRequest) -> str:
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == _COOKIE), "")


def _json(body: bytes) -> Any:
    try:
        return ejson.decode(body.decode())
    except ValueError:
        raise InvalidRequest("请求体格式有误") from None
