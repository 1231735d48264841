"""The HTTP access service's events, read tolerantly; its replies, written strictly."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.cloud.errors import InvalidRequest
from gardenshop.cloud.http import HttpRequest, HttpResponse, parse_http


def test_an_event_of_the_access_service() -> None:
    event = {
        "path": "/pay/notify",
        "httpMethod": "post",
        "headers": {"Wechatpay-Nonce": "n", "content-length": 2},
        "queryStringParameters": {"Page": 1},
        "requestContext": {"requestId": "r"},
        "body": "豆腐",
        "isBase64Encoded": False,
    }

    assert parse_http(event) == HttpRequest(
        method="POST",
        path="/pay/notify",
        headers={"wechatpay-nonce": "n", "content-length": "2"},
        query={"Page": "1"},
        body="豆腐".encode(),
    )


@pytest.mark.parametrize("absent", [{}, {"path": None, "headers": None, "body": None}, {"headers": [1]}])
def test_what_is_absent_is_empty(absent: dict[str, Any]) -> None:
    assert parse_http({"httpMethod": "GET", **absent}) == HttpRequest("GET", "/", {}, {}, b"")


@given(st.binary(max_size=300))
def test_a_base64_body_is_the_bytes_that_were_sent(body: bytes) -> None:
    event = {"httpMethod": "POST", "body": base64.b64encode(body).decode(), "isBase64Encoded": True}

    assert parse_http(event).body == body


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "GET /",
        {},
        {"httpMethod": None},
        {"httpMethod": ["GET"]},
        {"httpMethod": "POST", "body": {"$ne": None}},
        {"httpMethod": "POST", "body": 7},
        {"httpMethod": "POST", "body": "not base64!", "isBase64Encoded": True},
        {"httpMethod": "POST", "body": "豆腐", "isBase64Encoded": True},
        {"httpMethod": "POST", "body": "\ud800"},
    ],
)
def test_what_is_no_request_is_refused(event: Any) -> None:
    with pytest.raises(InvalidRequest):
        parse_http(event)


def test_a_failure_makes_wechat_pay_send_its_notice_again() -> None:
    reply = HttpResponse.failure(status=503, message="请重试").reply()

    assert reply["statusCode"] == 503
    assert json.loads(reply["body"]) == {"code": "FAIL", "message": "请重试"}
    assert reply["isBase64Encoded"] is False
