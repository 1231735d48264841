"""admin_data: an operator makes herself a code for the dashboard; nobody makes one for another."""

from collections.abc import Callable
from typing import Any

import pytest

from faults import lost_reply
from functions.at_board import enter, get, post
from functions.builders import NOW, user
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.flows import board_access
from harness import A, B, Shop, user_id

SIGN_IN = {"action": "signin"}


@pytest.fixture(autouse=True)
def _operators(shop: Shop, clock: Clock) -> None:
    """A is an operator, B keeps the stock."""
    del clock
    shop.add("users", user(A, roles=["operator"], nickname="值班掌柜"))
    shop.add("users", user(B, roles=["warehouse"]))


def codes(shop: Shop) -> list[dict[str, Any]]:
    return shop.documents("data_dashboard", {"kind": "signin"})


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_she_gets_a_code_that_lets_her_in_once(shop: Shop, role: str) -> None:
    shop.add("users", user("openid-her", roles=[role], nickname="新掌柜"))

    reply = shop.ok("admin_data", SIGN_IN, openid="openid-her")

    assert reply == {"code": reply["code"], "codeUntil": NOW + 10 * MINUTE}
    figures = get(shop, enter(shop, reply["code"]), days="7")
    assert "新掌柜" in figures["body"]
    assert post(shop, {"action": "enter", "code": reply["code"]})["statusCode"] == 401


def test_it_is_over_after_ten_minutes(shop: Shop, clock: Clock) -> None:
    code = shop.ok("admin_data", SIGN_IN, openid=A)["code"]
    clock.now = NOW + 10 * MINUTE

    assert post(shop, {"action": "enter", "code": code})["statusCode"] == 401


def test_the_trail_says_so_without_the_code(shop: Shop) -> None:
    code = shop.ok("admin_data", SIGN_IN, openid=A)["code"]

    (trail,) = shop.documents("audit_logs")
    assert (trail["actor"], trail["role"], trail["function"]) == (user_id(A), "operator", "admin_data")
    assert (trail["action"], trail["target"]) == ("signin", user_id(A))
    plain = code.replace("-", "")
    assert not any(part in str(trail) for part in (code, plain, plain[:4]))
    assert plain not in str(codes(shop))


@pytest.mark.parametrize("openid", [B, "openid-member"], ids=["keeper", "member"])
def test_who_may_not_look_gets_none(shop: Shop, openid: str) -> None:
    if openid != B:
        shop.add("users", user(openid))

    assert shop.refused("admin_data", SIGN_IN, openid=openid)["error"] == "FORBIDDEN"


def test_a_frozen_operator_gets_none(shop: Shop) -> None:
    shop.add("users", user("openid-her", roles=["operator"], status="frozen"))

    assert shop.refused("admin_data", SIGN_IN, openid="openid-her")["error"] == "ACCOUNT_FROZEN"


def test_the_console_makes_none_that_way(shop: Shop) -> None:
    assert shop.refused("admin_data", SIGN_IN)["error"] == "FORBIDDEN"


def test_none_is_made_for_another(shop: Shop) -> None:
    reply = shop.refused("admin_data", {**SIGN_IN, "userId": user_id(B)}, openid=A)

    assert reply["error"] == "INVALID_REQUEST"


def test_a_day_has_so_many(shop: Shop, clock: Clock) -> None:
    for _ in range(board_access.CODES):
        shop.ok("admin_data", SIGN_IN, openid=A)

    assert shop.refused("admin_data", SIGN_IN, openid=A)["error"] == "DAILY_LIMIT"
    shop.add("users", user("openid-her", roles=["operator"]))
    assert shop.ok("admin_data", SIGN_IN, openid="openid-her")["code"]
    clock.now = NOW + DAY
    assert shop.ok("admin_data", SIGN_IN, openid=A)["code"]


def test_many_at_once_have_no_more(
    shop: Shop, at_once: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_access, "CODES", 3)

    replies = at_once(*[("admin_data", SIGN_IN, A)] * 6)

    assert sorted(reply["code"] for reply in replies) == [0] * 3 + [40918] * 3
    assert len(codes(shop)) == 3


@pytest.mark.parametrize("lives", range(4))
def test_a_database_that_does_not_answer_costs_a_code_at_most(shop: Shop, lives: int) -> None:
    sound, shop.adapter.inner = shop.adapter.inner, lost_reply(shop.adapter.inner, lives=lives)

    assert shop.call("admin_data", SIGN_IN, openid=A)["code"] == 50303

    shop.adapter.inner = sound
    assert len(codes(shop)) <= len(shop.documents("audit_logs")) <= 1
    assert enter(shop, shop.ok("admin_data", SIGN_IN, openid=A)["code"])
