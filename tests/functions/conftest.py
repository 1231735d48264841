"""An empty shop, its clock, and WeChat at its side."""

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from gardenshop.cloud import cache, clock
from gardenshop.models.registry import COLLECTIONS, model_of
from harness import BOARD_KEYS, LINK_KEYS, PHONE_KEY, Shop, context, function, open_shop
from localcloud.server import BackgroundServer
from localcloud.wechat import WeChatStandIn
from localcloud.wechat.notices import Trouble


class Clock:
    """The functions' clock: it stands still until a test moves it."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@pytest.fixture(name="shop")
def _shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop without a document. Whatever the test did, what is stored fits the models afterwards."""
    monkeypatch.setenv("PHONE_HASH_KEY", PHONE_KEY)
    monkeypatch.setenv("SHARE_LINK_KEYS", LINK_KEYS)
    monkeypatch.setenv("BOARD_KEYS", BOARD_KEYS)
    cache.forget_all()
    with open_shop() as shop:
        yield shop
        for collection in COLLECTIONS:
            for document in shop.documents(collection):
                model_of(collection).model_validate(document)


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Noon of 2026-11-23 in China."""
    from functions.builders import NOW  # noqa: PLC0415  # Scaffolded tests do without builders.

    stopped = Clock(NOW)
    monkeypatch.setattr(clock, "now_ms", stopped)
    return stopped


@pytest.fixture
def at_once(shop: Shop) -> Callable[..., list[Any]]:
    """Return the replies to calls ``(name, event, openid)`` made at the same moment."""
    del shop

    def call(*calls: tuple[str, Any, str]) -> list[Any]:
        def one(place: int) -> Any:
            name, event, openid = calls[place]
            return function(name).main(event, context(openid, request_id=f"at-once-{place}"))

        for name in {name for name, *_ in calls}:
            function(name)
        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, range(len(calls))))

    return call


class Door:
    """One server for all tests, with the stand-in of the present test behind it."""

    def __init__(self) -> None:
        self.url = ""
        self.behind = Starlette()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.behind(scope, receive, send)


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        door = Door()
        door.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = BackgroundServer(door)
        server.start(listener)
        yield door
        server.leave()
        server.join()


@pytest.fixture(scope="session")
def wechat_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with nothing in it but keys, which are slow to make."""
    folder = tmp_path_factory.mktemp("wechat")
    WeChatStandIn(folder).close()
    return folder


class WeChat:
    """WeChat beside the shop, with the clocks of both at the present instant until a test moves them."""

    def __init__(self, standin: WeChatStandIn, clock: Clock) -> None:
        self.standin = standin
        self.clock = clock

    def pay(self, attempt_no: str, *, force: bool = False, **trouble: Any) -> dict[str, Any]:
        """The member pays; return the notice, as the event that it makes of the function."""
        notice = self.standin.pay(attempt_no, Trouble(drop=True, **trouble), force=force)
        return self.event(notice)

    def notice_of(self, attempt_no: str) -> dict[str, Any]:
        """Return another notice of a payment made before, as an event."""
        notices, ledger = self.standin.notices, self.standin.ledger
        notice = notices.send(
            event="TRANSACTION.SUCCESS",
            url="",
            resource=ledger.trade(attempt_no)["transaction"],
            time_text=ledger.time_text(),
            trouble=Trouble(drop=True),
        )
        return self.event(notice)

    def settle_refund(self, refund_no: str, status: Any = "SUCCESS") -> dict[str, Any]:
        """A refund ends; return its notice as an event."""
        return self.event(self.standin.settle_refund(refund_no, status, Trouble(drop=True)))

    def event(self, notice: dict[str, Any]) -> dict[str, Any]:
        """Return the HTTP access event of a freshly signed copy of *notice*."""
        headers, body = self.standin.notices.signed(notice)
        return {"httpMethod": "POST", "path": "/pay_notify", "headers": headers, "body": body.decode()}


@pytest.fixture
def wechat(
    door: Door, wechat_keys: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WeChat]:
    shutil.copytree(wechat_keys, tmp_path / "wechat")
    clock.now = int(time.time() * 1000)
    with closing(WeChatStandIn(tmp_path / "wechat")) as standin:
        door.behind = Starlette(routes=standin.routes())
        for name, value in standin.settings(door.url).items():
            monkeypatch.setenv(name, value)
        yield WeChat(standin, clock)
