"""The phone number doorway: what it sends, and what becomes of WeChat's answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from gardenshop.cloud.errors import AppError, Internal, UpstreamUnavailable
from gardenshop.cloud.wechat import ENDPOINT, PhoneCodeInvalid, WeChatApi

GOOD = {"errcode": 0, "errmsg": "ok", "phone_info": {"phoneNumber": "13800138000"}}


@contextmanager
def _answering(body: bytes, seen: list[tuple[str, Any]] | None = None) -> Iterator[WeChatApi]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if seen is not None:
                seen.append((self.path, asked))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield WeChatApi(f"http://127.0.0.1:{server.server_port}/wechat", "to/ken")
        finally:
            server.shutdown()
            thread.join()


def test_code_and_member_are_sent_with_the_token_of_this_call() -> None:
    seen: list[tuple[str, Any]] = []

    with _answering(json.dumps(GOOD).encode(), seen) as api:
        assert api.phone_number("code-1", openid="o-member-a") == "13800138000"

    path = "/wechat/wxa/business/getuserphonenumber?cloudbase_access_token=to%2Fken"
    assert seen == [(path, {"code": "code-1", "openid": "o-member-a"})]


@pytest.mark.parametrize(
    ("errcode", "expected"),
    [
        (40029, PhoneCodeInvalid),
        (40003, PhoneCodeInvalid),
        (-1, UpstreamUnavailable),
        (45009, UpstreamUnavailable),
        (45011, UpstreamUnavailable),
        (40001, Internal),
        (42001, Internal),
    ],
)
def test_every_errcode_becomes_an_error_of_ours(errcode: int, expected: type[AppError]) -> None:
    with _answering(json.dumps({"errcode": errcode}).encode()) as api, pytest.raises(AppError) as error:
        api.phone_number("code-1", openid="o-member-a")

    assert type(error.value) is expected


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"errcode":0,"phone_info":null}', b"\xff"])
def test_garbage_is_no_number(body: bytes) -> None:
    with _answering(body) as api, pytest.raises(UpstreamUnavailable):
        api.phone_number("code-1", openid="o-member-a")


def test_nobody_at_the_endpoint_is_unavailable() -> None:
    with pytest.raises(UpstreamUnavailable) as error:
        WeChatApi("http://127.0.0.1:9", "token").phone_number("code-1", openid="o-member-a")

    assert error.value.details == {"cause": "ConnectionRefusedError"}


def test_the_token_comes_from_the_call_and_never_from_the_process() -> None:
    stale = {"WX_CLOUDBASE_ACCESSTOKEN": "of the former caller"}

    assert WeChatApi.of(stale, {}) == WeChatApi(ENDPOINT, "")
    assert WeChatApi.of({"WECHAT_API_ENDPOINT": "http://127.0.0.1:9"}, stale) == WeChatApi(
        "http://127.0.0.1:9", "of the former caller"
    )
