"""admin_commission_pay: what it promises the operator, and that nobody else is served."""

from typing import Any

import pytest

from harness import A, Shop


@pytest.mark.usefixtures("clock")
def test_it_answers_what_was_asked_and_the_day_in_china(shop: Shop) -> None:
    assert shop.ok("admin_commission_pay", {"text": "薄荷"}, openid="") == {
        "text": "薄荷",
        "day": "2026-11-23",
    }


@pytest.mark.parametrize("text", ["", "长" * 101, 5, None, {"$ne": None}])
def test_a_wrong_text_is_refused_by_its_name(shop: Shop, text: Any) -> None:
    reply = shop.refused("admin_commission_pay", {"text": text}, openid="")

    assert (reply["error"], reply["details"]["fields"][0]["field"]) == ("INVALID_REQUEST", "text")


def test_nobody_else_is_served(shop: Shop) -> None:
    reply = shop.refused("admin_commission_pay", {"text": "薄荷"}, openid=A)

    assert reply["error"] == "FORBIDDEN"
