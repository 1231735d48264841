"""What functions call: WeChat Pay's API v3 and WeChat's server API.

The work is synchronous and runs in threads, so that a notice may come back to the server that serves this.
"""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from localcloud.wechat import bills
from localcloud.wechat.keys import Keys
from localcloud.wechat.ledger import Ledger
from localcloud.wechat.messages import PayError
from localcloud.wechat.phones import Phones

Operation = Callable[[Request, bytes], Any]

_TRADE = "/v3/pay/transactions/out-trade-no/{number}"
_REFUNDS = "/v3/refund/domestic/refunds"


def merchant_api(keys: Keys, ledger: Ledger, now: Callable[[], float]) -> Mount:
    """Return WeChat Pay's API v3: requests are checked and replies signed as the real one does."""

    def route(method: str, path: str, operation: Operation) -> Route:
        return Route(path, _signed(keys, now, operation), methods=[method])

    def query(request: Request, _: bytes) -> Any:
        return ledger.query(request.path_params["number"], request.query_params.get("mchid", ""))

    def bill(request: Request, _: bytes) -> Any:
        asked, base_url = request.query_params, str(request.url).partition("/v3/")[0]
        return bills.offer(ledger, asked.get("bill_date", ""), asked.get("tar_type"), base_url=base_url)

    def bill_file(request: Request, _: bytes) -> Any:
        return bills.file(ledger, request.query_params.get("token", ""))

    return Mount(
        "/wechatpay",
        routes=[
            route("POST", "/v3/pay/transactions/jsapi", lambda _, body: ledger.prepay(body)),
            route("GET", _TRADE, query),
            route(
                "POST", f"{_TRADE}/close", lambda call, body: ledger.close(call.path_params["number"], body)
            ),
            route("POST", _REFUNDS, lambda _, body: ledger.refund(body)),
            route(
                "GET",
                f"{_REFUNDS}/{{number}}",
                lambda call, _: ledger.query_refund(call.path_params["number"]),
            ),
            route("GET", "/v3/bill/tradebill", bill),
            route("GET", bills.DOWNLOAD, bill_file),
        ],
    )


def wechat_api(phones: Phones) -> Mount:
    """Return WeChat's server API, as far as the shop uses it."""

    async def phone_number(request: Request) -> Response:
        query = request.query_params
        token = query.get("access_token") or query.get("cloudbase_access_token")
        try:
            asked = json.loads(await request.body())
        except ValueError:
            asked = None
        return JSONResponse(await run_in_threadpool(phones.redeem, asked, token))

    path = "/wxa/business/getuserphonenumber"
    return Mount("/wechat", routes=[Route(path, phone_number, methods=["POST"])])


def _signed(
    keys: Keys, now: Callable[[], float], operation: Operation
) -> Callable[[Request], Awaitable[Response]]:
    def answer(request: Request, body: bytes) -> tuple[HTTPStatus, Any]:
        try:
            _check_signature(keys, request, body, int(now()))
            reply = operation(request, body)
        except PayError as error:
            return error.status, error.reply()
        return (HTTPStatus.NO_CONTENT, None) if reply is None else (HTTPStatus.OK, reply)

    async def endpoint(request: Request) -> Response:
        status, reply = await run_in_threadpool(answer, request, await request.body())
        if isinstance(reply, bytes):
            return Response(reply, status, media_type="text/plain; charset=utf-8")
        content = b"" if reply is None else json.dumps(reply, ensure_ascii=False).encode()
        headers = keys.signed_headers(content, int(now()))
        return Response(content, status, headers, "application/json; charset=utf-8")

    return endpoint


def _check_signature(keys: Keys, request: Request, body: bytes, now: int) -> None:
    path = request.scope["raw_path"].decode().removeprefix(request.scope["root_path"])
    query = request.scope["query_string"].decode()
    if not keys.is_from_merchant(
        request.headers.get("Authorization", ""),
        method=request.method,
        target=f"{path}?{query}" if query else path,
        body=body,
        now=now,
    ):
        raise PayError(HTTPStatus.UNAUTHORIZED, "SIGN_ERROR", "签名错误")
