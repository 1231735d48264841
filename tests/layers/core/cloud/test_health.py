"""An operator who asks a function for its health is told what it runs; nobody else is, nothing is done."""

import hashlib
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gardenshop.cloud import health
from harness import A, Shop, context, function, open_shop

ASKED = {"health": True}
ONE_OF_EACH = ("cart_view", "points_award", "outbox_pump", "pay_notify")
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(name="shop")
def _shop() -> Iterator[Shop]:
    with open_shop() as opened:
        yield opened


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_every_kind_of_function_tells_an_operator_what_it_runs_and_does_nothing(
    shop: Shop, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "layer-core.txt").write_text("0123", encoding="ascii")
    (tmp_path / "layer-vendor.txt").write_text("4567", encoding="ascii")
    monkeypatch.setattr(health, "_OPT", tmp_path)

    reply = shop.call(name, ASKED)

    file = ROOT / "functions" / name / "index.py"
    assert reply == {
        "code": 0,
        "message": "ok",
        "data": {
            "code": hashlib.sha256(file.read_bytes()).hexdigest()[:16],
            "layers": {"core": "0123", "vendor": "4567"},
            "python": platform.python_version(),
        },
        "requestId": "request-1",
    }
    assert shop.adapter.trips == 0


@pytest.mark.parametrize("name", ["cart_view", "points_award", "outbox_pump"])
def test_a_member_who_asks_is_answered_like_any_other_request(shop: Shop, name: str) -> None:
    reply = shop.refused(name, ASKED, openid=A)

    assert reply["error"] in ("INVALID_REQUEST", "FORBIDDEN")
    assert "data" not in reply


@pytest.mark.parametrize("environment", ['{"TCB_UUID": "web"}', "{", '{"TCB_SOURCE": "wx_crawler"}'])
def test_another_client_is_refused(shop: Shop, environment: str) -> None:
    del shop

    reply = function("cart_view").main(ASKED, {**context(), "environment": environment})

    assert reply["error"] == "FORBIDDEN"


@pytest.mark.parametrize("event", [{"health": True, "more": 1}, {"health": False}, {"health": "true"}])
def test_only_the_very_question_is_it(shop: Shop, event: dict[str, Any]) -> None:
    assert "data" not in shop.call("cart_view", event)
    assert "data" not in shop.call("pay_notify", event)


def test_a_working_tree_has_no_layers(shop: Shop) -> None:
    assert shop.ok("cart_view", ASKED)["layers"] == {}
