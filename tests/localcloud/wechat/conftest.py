"""A shop behind real HTTP: the stand-in, and a notify address that reads notices with the layer's doorway."""

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gardenshop.cloud.wechatpay import PaySettings, WeChatPay
from gardenshop.cloud.wechatpay_messages import Notice, NoticeRejected
from localcloud.wechat import WeChatStandIn


class Clock:
    """A clock of the stand-in that tests may move."""

    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


class Shop:
    """The merchant: its doorway, what its notify address took and refused, and what it answers."""

    def __init__(self, standin: WeChatStandIn, clock: Clock, url: str) -> None:
        self.standin = standin
        self.clock = clock
        self.url = url
        self.settings = standin.settings(url)
        self.pay = WeChatPay(PaySettings.from_env(self.settings))
        self.taken: list[Notice] = []
        self.refused: list[str] = []
        self.answer = 200
        self.linger = 0.0
        self.busy = self.busiest = 0

    def open(self, out_trade_no: str = "order-000001", **changes: Any) -> str:
        asked: dict[str, Any] = {
            "out_trade_no": out_trade_no,
            "amount_fen": 1990,
            "description": "有机燕麦",
            "openid": "o-member-a",
            "expires_at": int(self.clock() * 1000) + 1_800_000,
        }
        return self.pay.prepay(**{**asked, **changes})

    async def notified(self, request: Request) -> Response:
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(self.linger)
        self.busy -= 1
        return await self._read(request)

    async def _read(self, request: Request) -> Response:
        try:
            notice = self.pay.read_notice(request.headers, await request.body(), int(time.time() * 1000))
        except NoticeRejected as error:
            self.refused.append(error.details["reason"])
            return JSONResponse({"code": "FAIL", "message": error.message}, error.code // 100)
        self.taken.append(notice)
        return Response(status_code=self.answer)


class Door:
    """One server for all tests, with the shop of the present test behind it; starting one takes longer."""

    def __init__(self) -> None:
        self.url = ""
        self.behind = Starlette()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.behind(scope, receive, send)

    def open_to(self, standin: WeChatStandIn, clock: Clock) -> Shop:
        """Serve *standin* and its merchant from now on."""
        shop = Shop(standin, clock, self.url)
        notify = Route("/http/pay_notify", shop.notified, methods=["POST"])
        self.behind = Starlette(routes=[*standin.routes(), notify])
        return shop


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        door = Door()
        door.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(door, log_level="warning", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.005)
        yield door
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with nothing in it but keys, which are slow to make."""
    folder = tmp_path_factory.mktemp("wechat")
    WeChatStandIn(folder).close()
    return folder


@pytest.fixture
def shop(door: Door, seed: Path, tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(seed, tmp_path / "wechat")
    clock = Clock()
    with closing(WeChatStandIn(tmp_path / "wechat", now=clock)) as standin:
        yield door.open_to(standin, clock)
