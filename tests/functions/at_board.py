"""The dashboard as a browser calls it: with a session's cookie, from its own page."""

import json
from typing import Any

from functions.builders import NOW
from gardenshop.flows import board_access
from harness import A, Shop, user_id

Reply = dict[str, Any]
OWN = {"host": "shop.example", "origin": "https://shop.example", "x-board": "1"}
"""The headers of what the page posts."""


def get(shop: Shop, cookie: str = "", **query: str) -> Reply:
    event = {"httpMethod": "GET", "path": "/dashboard", "headers": {"cookie": cookie}}
    reply: Reply = shop.call("dashboard", event | {"queryStringParameters": query})
    return reply


def post(shop: Shop, deed: Any, cookie: str = "", **headers: str) -> Reply:
    event = {"httpMethod": "POST", "path": "/dashboard", "body": json.dumps(deed)}
    reply: Reply = shop.call("dashboard", event | {"headers": {**OWN, "cookie": cookie, **headers}})
    return reply


def code_of(shop: Shop, openid: str = A, now: int = NOW) -> str:
    code, write = board_access.issue(user_id(openid), now)
    shop.adapter.inner.run([write])
    return code


def enter(shop: Shop, code: str) -> str:
    """Sign in and return the cookie as the browser sends it."""
    reply = post(shop, {"action": "enter", "code": code})
    assert reply["statusCode"] == 204, reply
    cookie: str = reply["headers"]["Set-Cookie"]
    return cookie.partition(";")[0]
