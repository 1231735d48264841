"""The trail of operators: chained whatever happens at the same moment, and written before the deed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.builders import NOW, user
from gardenshop.cloud import clock
from gardenshop.flows import audit
from gardenshop.rules.audit_chain import Chain, Flaw
from harness import A, Shop, open_shop, user_id

AWARD = {"userId": user_id(A), "book": "garden", "points": 5, "reason": "感谢反馈"}


@pytest.fixture(name="shop")
def _shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(clock, "now_ms", lambda: NOW)
    with open_shop() as shop:
        shop.add("users", user())
        yield shop


def award(shop: Shop, token: str, **changes: Any) -> Any:
    return shop.call("points_award", {**AWARD, "clientToken": token, **changes})


def flaws(shop: Shop) -> list[Flaw]:
    chain = Chain()
    rows = sorted(shop.documents("audit_logs"), key=lambda row: row["seq"])
    return [flaw for row in rows for flaw in chain.add(row)]


def test_a_row_holds_the_hash_of_the_row_before(shop: Shop) -> None:
    for number in range(3):
        award(shop, f"award-000{number}")

    first, second, third = sorted(shop.documents("audit_logs"), key=lambda row: row["seq"])
    assert (first["seq"], "previousHash" in first) == (1, False)
    assert (second["previousHash"], third["previousHash"]) == (first["hash"], second["hash"])
    assert (first["at"], first["role"], first["requestId"]) == (NOW, "operator", "request-1")
    assert flaws(shop) == []


def test_deeds_at_once_make_one_chain(shop: Shop) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda number: award(shop, f"award-000{number}"), range(8)))

    assert {reply["code"] for reply in replies} == {0}
    assert sorted(row["seq"] for row in shop.documents("audit_logs")) == list(range(1, 9))
    assert flaws(shop) == []


def test_where_others_always_come_first_nothing_is_done(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_TRIES", 2)
    numbers = iter(range(9))

    def others(commands: Any) -> None:
        if commands[0].get("update") == "audit_logs":
            shop.adapter.before = lambda _: None
            award(shop, f"other-000{next(numbers)}")
            shop.adapter.before = others

    shop.adapter.before = others
    reply = award(shop, "award-0001")
    shop.adapter.before = lambda _: None

    assert reply["error"] == "BUSY"
    assert shop.documents("points_ledger", {"_id": "award:award-0001"}) == []
    assert award(shop, "award-0001")["code"] == 0
    assert flaws(shop) == []


def test_no_phone_number_is_kept_in_it(shop: Shop) -> None:
    award(shop, "award-0001", reason="已致电 13800010086")

    assert shop.documents("audit_logs")[0]["reason"] == "已致电 138****0086"
