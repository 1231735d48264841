"""admin_commission_pay: a withdrawal ends once, and what a line earned can be taken back once."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import (
    NOW,
    assert_lawful,
    commission,
    die_everywhere,
    document,
    enrich,
    practitioner,
    user,
)
from functions.conftest import Clock
from gardenshop.cloud.clock import MINUTE
from harness import A, B, Shop, user_id

FINANCE, OPERATOR = "openid-finance", "openid-operator"
WITHDRAW = {"action": "withdraw", "amountFen": 1500, "clientToken": "payout-0001"}
ID = f"{user_id(A)}:payout-0001"
PAID = {
    "action": "paid",
    "practitionerId": "lin",
    "withdrawalId": ID,
    "payoutNo": "P2026112301",
    "note": "已转账",
}
REFUSE = {"action": "refuse", "practitionerId": "lin", "withdrawalId": ID, "note": "账号有误"}
REVERSE = {
    "action": "reverse",
    "practitionerId": "lin",
    "orderNo": "O1",
    "lineId": "L1",
    "note": "刷单",
}
LINE = {"orderNo": "O1", "lineId": "L1", "via": "share", "baseFen": 6000, "bp": 500}


def prepare(shop: Shop) -> None:
    shop.add("users", user())
    shop.add("users", user(B))
    shop.add("users", user(FINANCE, roles=["finance"]))
    shop.add("users", user(OPERATOR, roles=["operator"]))
    shop.add("practitioners", practitioner())
    enrich(shop, settledFen=2000)
    shop.ok("commission_account", WITHDRAW, openid=A)


def confirmed(shop: Shop) -> None:
    """A completed order of B's, whose line has earned 300 fen."""
    snapshot = {"title": "北豆腐", "spec": "500g", "priceFen": 6000, "weightG": 500}
    line = {"lineId": "L1", "skuId": "tofu-500g", "productId": "tofu", "quantity": 1, "snapshot": snapshot}
    named = {"id": "O1", "userId": user_id(B), "clientToken": "former", "status": "completed"}
    totals = {"goodsFen": 6000, "payableFen": 6000, "paidFen": 6000}
    lines = [{**line, "listFen": 6000, "paidFen": 6000}]
    shop.add("orders", document("orders", **named, lines=lines, totals=totals, rulesVersion="legacy"))
    shop.add("commission_ledger", commission("confirm", id="O1:L1:lin:confirm", confirmedFen=300, **LINE))


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def counters(shop: Shop) -> tuple[int, int, int]:
    found = shop.one("practitioners", "lin")["commission"]
    return found["settledFen"], found["paidFen"], found["debtFen"]


def test_a_payout_ends_the_withdrawal_and_leaves_its_trail(shop: Shop) -> None:
    paid = shop.ok("admin_commission_pay", PAID, openid=FINANCE)

    assert {name: paid[name] for name in ("amountFen", "payoutNo", "repeated")} == {
        "amountFen": 1500,
        "payoutNo": "P2026112301",
        "repeated": False,
    }
    assert counters(shop) == (500, 1500, 0)
    assert "withdrawal" not in shop.one("practitioners", "lin")
    row = shop.one("commission_ledger", f"pay:{ID}")
    assert (row["deltas"], row["actor"]) == ({"settledFen": -1500, "paidFen": 1500}, user_id(FINANCE))
    (trail,) = shop.documents("audit_logs")
    assert (trail["actor"], trail["role"], trail["action"], trail["target"], trail["diff"], trail["at"]) == (
        user_id(FINANCE),
        "finance",
        "paid",
        "lin",
        {"amountFen": 1500, "payoutNo": "P2026112301"},
        NOW,
    )
    assert_lawful(shop)


def test_a_refusal_opens_the_money_again(shop: Shop) -> None:
    shop.ok("admin_commission_pay", REFUSE)

    assert counters(shop) == (2000, 0, 0)
    shop.ok("commission_account", {**WITHDRAW, "clientToken": "payout-0002"}, openid=A)
    assert_lawful(shop)


@pytest.mark.parametrize("event", [PAID, REFUSE], ids=["paid", "refuse"])
def test_the_same_again_changes_nothing(shop: Shop, event: dict[str, Any]) -> None:
    first = shop.ok("admin_commission_pay", event)
    before = shop.dump()

    assert shop.ok("admin_commission_pay", event) == {**first, "repeated": True}
    assert shop.dump() == before


def test_a_withdrawal_ends_once(shop: Shop) -> None:
    shop.ok("admin_commission_pay", PAID)

    assert shop.refused("admin_commission_pay", REFUSE)["error"] == "WITHDRAWAL_GONE"
    another = {**PAID, "payoutNo": "P2026112302"}
    assert shop.refused("admin_commission_pay", another)["error"] == "CONFLICT"
    assert shop.refused("admin_commission_pay", {**PAID, "withdrawalId": "other"})["code"] == 40926


def test_a_withdrawal_is_looked_for_with_its_practitioner(shop: Shop) -> None:
    shop.add("practitioners", practitioner(B, "bo"))
    shop.ok("admin_commission_pay", PAID)

    assert shop.refused("admin_commission_pay", {**PAID, "practitionerId": "bo"})["code"] == 40926


def test_a_payout_number_pays_one_withdrawal(shop: Shop) -> None:
    shop.add("practitioners", practitioner(B, "bo"))
    enrich(shop, "bo", settledFen=2000)
    shop.ok("commission_account", WITHDRAW, openid=B)
    shop.ok("admin_commission_pay", PAID)

    other = {**PAID, "practitionerId": "bo", "withdrawalId": f"{user_id(B)}:payout-0001"}
    assert shop.refused("admin_commission_pay", other)["message"] == "该付款单号已用于另一笔提现"
    assert_lawful(shop)


def test_paying_refusing_and_taking_back_at_once_end_it_once(
    shop: Shop, at_once: Callable[..., list[Any]]
) -> None:
    cancel = {"action": "cancel", "withdrawalId": ID}
    calls = [
        ("admin_commission_pay", PAID, ""),
        ("admin_commission_pay", REFUSE, ""),
        ("commission_account", cancel, A),
    ]

    replies = at_once(*calls * 2)

    assert {reply["code"] for reply in replies} <= {0, 40926}
    ends = shop.documents(
        "commission_ledger", {"kind": {"$in": ["pay", "refuse", "cancel"]}, "state": "final"}
    )
    assert len(ends) == 1
    assert "withdrawal" not in shop.one("practitioners", "lin")


def test_what_a_line_earned_becomes_a_debt_once_it_is_taken_back(shop: Shop) -> None:
    confirmed(shop)

    taken = shop.ok("admin_commission_pay", {**REVERSE, "amountFen": 120})

    assert (taken["amountFen"], counters(shop)) == (120, (2000, 0, 120))
    assert shop.one("commission_ledger", "O1:L1:lin:carry")["note"] == "刷单"
    assert shop.ok("admin_commission_pay", {**REVERSE, "amountFen": 120})["repeated"] is True
    assert shop.refused("admin_commission_pay", {**REVERSE, "amountFen": 50})["error"] == "CONFLICT"
    assert counters(shop) == (2000, 0, 120)


def test_all_that_a_line_earned_is_taken_back_unless_less_is_said(shop: Shop) -> None:
    confirmed(shop)

    assert shop.ok("admin_commission_pay", REVERSE)["amountFen"] == 300
    assert counters(shop) == (2000, 0, 300)


@pytest.mark.parametrize("change", [{"amountFen": 301}, {"lineId": "L2"}, {"orderNo": "O2"}], ids=str)
def test_no_more_than_a_line_earned_is_taken_back(shop: Shop, change: dict[str, Any]) -> None:
    confirmed(shop)

    assert shop.refused("admin_commission_pay", {**REVERSE, **change})["error"] == "CONFLICT"


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({**PAID, "payoutNo": None}, "payoutNo"),
        ({**REFUSE, "withdrawalId": None}, "withdrawalId"),
        ({**REVERSE, "lineId": None}, "lineId"),
    ],
    ids=["paid", "refuse", "reverse"],
)
def test_what_an_action_needs_is_named(shop: Shop, event: dict[str, Any], field: str) -> None:
    reply = shop.refused("admin_commission_pay", event)

    assert reply["details"] == {"fields": [{"field": field, "problem": "missing"}]}


def test_an_unknown_practitioner_is_not_found(shop: Shop) -> None:
    assert shop.refused("admin_commission_pay", {**PAID, "practitionerId": "nobody"})["code"] == 40400


@pytest.mark.parametrize(("event", "writes"), [(PAID, 5), (REFUSE, 5)], ids=["paid", "refuse"])
def test_what_is_broken_off_anywhere_is_finished(clock: Clock, event: dict[str, Any], writes: int) -> None:
    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        assert counters(shop) == ((500, 1500, 0) if event is PAID else (2000, 0, 0))
        assert "withdrawal" not in shop.one("practitioners", "lin")
        assert len(shop.documents("audit_logs")) == 1

    assert die_everywhere(prepare, lambda shop: shop.call("admin_commission_pay", event), verify) == writes


def test_only_finance_pays(shop: Shop) -> None:
    for openid in (A, OPERATOR, "openid-stranger"):
        assert shop.refused("admin_commission_pay", PAID, openid=openid)["code"] == 40300
