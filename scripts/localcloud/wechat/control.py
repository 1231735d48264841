"""What only WeChat or a member could do, over HTTP: for the demo, for tests and for curl.

    POST /_wechat/pay                       {"out_trade_no": …} or {"fields": {…}}, and any trouble
    POST /_wechat/refunds/{number}/settle   {"status": "SUCCESS"}, and any trouble
    GET  /_wechat/trades · /_wechat/refunds · /_wechat/notices · /_wechat/phones
    POST /_wechat/notices/release           {"reverse": false}
    POST /_wechat/notices/{id}/redeliver    {"replay": false}
    POST /_wechat/phones                    {"code": …, "phone": …}

Trouble is `localcloud.wechat.notices.Trouble`, such as {"repeat": 10} or {"tamper": "amount"}.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from typing_extensions import Self

from localcloud.wechat.ledger import RefundStatus
from localcloud.wechat.messages import PayError
from localcloud.wechat.notices import Trouble
from localcloud.wechat.phones import PhoneCode

if TYPE_CHECKING:
    from localcloud.wechat.standin import WeChatStandIn

OrderT = TypeVar("OrderT", bound=BaseModel)
Endpoint = Callable[[Request], Awaitable[Response]]


class Pay(Trouble):
    """Exactly one of *out_trade_no* and *fields* (of ``wx.requestPayment``) says what is paid."""

    out_trade_no: str | None = None
    fields: dict[str, str] | None = None
    force: bool = False

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.out_trade_no is None) == (self.fields is None):
            raise ValueError("either out_trade_no or fields is required")
        return self


class Settle(Trouble):
    status: RefundStatus = "SUCCESS"


class Release(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reverse: bool = False


class Redeliver(BaseModel):
    model_config = ConfigDict(extra="forbid")

    replay: bool = False


def control(standin: "WeChatStandIn") -> Mount:
    """Return the routes below ``/_wechat``."""
    notices, ledger, phones = standin.notices, standin.ledger, standin.phones

    def pay(order: Pay, _: Request) -> Any:
        if order.fields is not None:
            return standin.request_payment(order.fields, order, force=order.force)
        return standin.pay(order.out_trade_no or "", order, force=order.force)

    def settle(order: Settle, request: Request) -> Any:
        return standin.settle_refund(request.path_params["number"], order.status, order)

    def redeliver(order: Redeliver, request: Request) -> Any:
        return notices.redeliver(request.path_params["id"], replay=order.replay)

    return Mount(
        "/_wechat",
        routes=[
            Route("/pay", _does(Pay, pay), methods=["POST"]),
            Route("/trades", _shows(ledger.trades)),
            Route("/refunds", _shows(ledger.refunds)),
            Route("/refunds/{number}/settle", _does(Settle, settle), methods=["POST"]),
            Route("/notices", _shows(notices.all)),
            Route(
                "/notices/release",
                _does(Release, lambda order, _: notices.release(reverse=order.reverse)),
                methods=["POST"],
            ),
            Route("/notices/{id}/redeliver", _does(Redeliver, redeliver), methods=["POST"]),
            Route("/phones", _shows(phones.all), methods=["GET"]),
            Route("/phones", _does(PhoneCode, lambda order, _: phones.add(order)), methods=["POST"]),
        ],
    )


def _shows(read: Callable[[], Any]) -> Endpoint:
    async def endpoint(_: Request) -> Response:
        return JSONResponse(await run_in_threadpool(read))

    return endpoint


def _does(kind: type[OrderT], act: Callable[[OrderT, Request], Any]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            order = kind.model_validate_json(await request.body() or b"{}")
            return JSONResponse(await run_in_threadpool(act, order, request))
        except ValidationError as error:
            return JSONResponse({"code": "PARAM_ERROR", "message": str(error)}, HTTPStatus.BAD_REQUEST)
        except PayError as error:
            return JSONResponse(error.reply(), error.status)

    return endpoint
