"""A database in trouble: every function says so in time, and nothing is left half done."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from functions.builders import NOW, assert_lawful, place_order
from functions.events import CALLERS, NAMES, VALID, furnished
from gardenshop.cloud import clock, entry
from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Command
from gardenshop.cloud.errors import DatabaseUnavailable
from harness import Shop, context, function


class Troubled:
    """An adapter that fails at one trip, before or after its commands took effect."""

    def __init__(self, shop: Shop, trip: int, *, applied: bool) -> None:
        self.inner = shop.adapter.inner
        self.left = trip
        self.applied = applied

    def run(self, commands: Sequence[Command]) -> Any:
        self.left -= 1
        if self.left != 0:
            return self.inner.run(commands)
        if self.applied:
            self.inner.run(commands)
        raise DatabaseUnavailable


NEEDS_WECHAT = {"order_pay", "order_confirm", "refund_apply", "admin_refund_decide"}
OVER_HTTP = {"pay_notify", "dashboard"}
"""They answer by a status, and are tested with what is sent to them."""


@pytest.mark.parametrize("applied", [False, True], ids=["not applied", "reply lost"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in NEEDS_WECHAT | OVER_HTTP])
def test_a_database_that_fails_at_any_trip_harms_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, *, applied: bool
) -> None:
    """Trip after trip: a retriable answer; the same call again succeeds; what is left the timers finish.

    What needs an order that was paid, and so WeChat, is tested with it.
    """
    for trip in range(1, 200):
        with furnished() as shop:
            order_no = place_order(shop)["_id"]
            event = json.loads(json.dumps(VALID[name]).replace("of-a", order_no))
            openid = CALLERS[function(name).main.caller]
            sound = shop.adapter.inner
            shop.adapter.inner = troubled = Troubled(shop, trip, applied=applied)
            reply = shop.call(name, event, openid=openid)
            shop.adapter.inner = sound
            if troubled.left <= 0:
                assert (reply["code"], reply["error"]) == (50303, "DATABASE_UNAVAILABLE")
                assert reply["details"] == {}
            shop.ok(name, event, openid=openid)
            monkeypatch.setattr(clock, "now_ms", lambda: NOW + 40 * MINUTE)
            shop.ok("order_timeout")
            assert_lawful(shop)
            monkeypatch.undo()
        if troubled.left > 0:
            return
    raise AssertionError


class Gateway(BaseHTTPRequestHandler):
    """A cloud API that answers *garbage*, or not at all before the test is over."""

    garbage: bytes | None = None
    over = threading.Event()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.garbage is None:
            self.over.wait()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.garbage)))
        self.end_headers()
        self.wfile.write(self.garbage)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Gateway.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


TROUBLE: dict[str, bytes | None] = {
    "silent": None,
    "not json": b"<html>502</html>",
    "not an object": b"[]",
    "no reply": b'{"Response": null}',
    "too few": b'{"Response": {"Data": []}}',
    "not documents": b'{"Response": {"Data": ["7", "7", "7", "7", "7", "7"]}}',
    "busy": b'{"Response": {"Error": {"Code": "LimitExceeded.Request", "Message": "x"}}}',
}


@pytest.mark.parametrize("kind", TROUBLE)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in OVER_HTTP])
def test_a_database_down_or_slow_or_mad_is_a_retriable_answer_in_time(
    monkeypatch: pytest.MonkeyPatch, gateway: str, name: str, kind: str
) -> None:
    monkeypatch.setattr(Gateway, "garbage", TROUBLE[kind])
    monkeypatch.setattr(entry, "adapter_factory", entry.run_commands)
    monkeypatch.setenv("CLOUD_API_ENDPOINT", gateway)
    main = function(name).main

    reply = main(deepcopy(VALID[name]), context(CALLERS[main.caller], time_limit_ms=560))

    assert (reply["code"], reply["error"], reply["details"]) == (50303, "DATABASE_UNAVAILABLE", {})


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OVER_HTTP])
def test_a_database_that_is_not_there_is_a_retriable_answer(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(entry, "adapter_factory", entry.run_commands)
    monkeypatch.setenv("CLOUD_API_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    main = function(name).main

    reply = main(deepcopy(VALID[name]), context(CALLERS[main.caller], time_limit_ms=560))

    assert (reply["code"], reply["error"]) == (50303, "DATABASE_UNAVAILABLE")
