"""commission_account: a practitioner sees what she earned, not from whom, and asks for a payout once."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import (
    NOW,
    assert_lawful,
    commission,
    die_everywhere,
    edit,
    enrich,
    practitioner,
    rule,
    user,
)
from functions.conftest import Clock
from gardenshop.cloud.clock import MINUTE
from harness import A, B, Shop, user_id

WITHDRAW = {"action": "withdraw", "amountFen": 1500, "clientToken": "payout-0001"}
ID = f"{user_id(A)}:payout-0001"
CANCEL = {"action": "cancel", "withdrawalId": ID}
OPEN = {"withdrawalId": ID, "amountFen": 1500, "at": NOW}


def prepare(shop: Shop) -> None:
    shop.add("users", user())
    shop.add("users", user(B))
    shop.add("practitioners", practitioner())
    enrich(shop, settledFen=2000)


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def test_the_account_shows_balances_and_months(shop: Shop) -> None:
    batch = {"confirmedFen": -500, "settledFen": 380, "debtFen": -120}
    shop.add("commission_ledger", commission("settle", id="settle:lin:2026-10", ref="2026-10", **batch))

    assert shop.ok("commission_account", openid=A) == {
        "pendingFen": 0,
        "confirmedFen": 0,
        "settledFen": 2000,
        "paidFen": 0,
        "debtFen": 0,
        "months": [{"month": "2026-10", "settledFen": 380, "debtFen": 120}],
    }
    assert shop.adapter.trips == 2


def test_a_statement_shows_order_numbers_masked_and_nothing_of_the_buyer(shop: Shop) -> None:
    number = "20261123519823353611"
    for line_id in ("L1", "L2"):
        line = {"orderNo": number, "lineId": line_id, "via": "share", "baseFen": 1200, "bp": 500}
        key = f"{number}:{line_id}:lin:accrue"
        shop.add("commission_ledger", commission("accrue", id=key, pendingFen=60, **line))

    told = statement(shop, limit=1)

    entries = [entry for page in told for entry in page["entries"] if entry["kind"] == "accrue"]
    shown = [(each["order"], each["label"], each["deltas"]["pendingFen"], each["bp"]) for each in entries]
    assert shown == [("20261123****3611", "订单佣金，待确认", 60, 500)] * 2
    assert number not in repr(told)


def statement(shop: Shop, *, limit: int) -> list[dict[str, Any]]:
    """Return all pages of the statement."""
    event: dict[str, Any] = {"action": "statement", "limit": limit}
    pages = [shop.ok("commission_account", event, openid=A)]
    while "nextCursor" in pages[-1]:
        pages.append(shop.ok("commission_account", {**event, "cursor": pages[-1]["nextCursor"]}, openid=A))
    return pages


def test_a_statement_has_pages_the_newest_first(shop: Shop) -> None:
    for number in range(4):
        key = f"O{number}:L1:lin:confirm"
        at = NOW - MINUTE * (number // 2)
        shop.add("commission_ledger", commission("confirm", id=key, confirmedFen=number, createdAt=at))

    pages = statement(shop, limit=2)

    found = [entry for page in pages for entry in page["entries"]]
    assert [len(page["entries"]) for page in pages] == [2, 2, 1]
    assert len({entry["entryId"] for entry in found}) == 5
    assert [entry["at"] for entry in found] == sorted((entry["at"] for entry in found), reverse=True)


def test_a_withdrawal_is_opened_and_its_money_stays_until_it_is_paid(shop: Shop) -> None:
    account = shop.ok("commission_account", WITHDRAW, openid=A)

    assert (account["withdrawal"], account["settledFen"]) == (OPEN, 2000)
    assert shop.one("practitioners", "lin")["withdrawal"] == OPEN
    assert_lawful(shop)


def test_the_same_token_asks_once_even_after_the_end(shop: Shop) -> None:
    shop.ok("commission_account", WITHDRAW, openid=A)
    shop.ok("commission_account", CANCEL, openid=A)
    before = shop.dump()

    assert "withdrawal" not in shop.ok("commission_account", WITHDRAW, openid=A)
    assert "withdrawal" not in shop.ok("commission_account", CANCEL, openid=A)
    assert shop.dump() == before
    assert_lawful(shop)


def test_an_ended_withdrawal_is_not_asked_for_anew_however_late(shop: Shop) -> None:
    shop.ok("commission_account", WITHDRAW, openid=A)
    shop.ok("commission_account", CANCEL, openid=A)
    edit(shop, "practitioners", "lin", {"commission.recentOps": []})

    assert "withdrawal" not in shop.ok("commission_account", WITHDRAW, openid=A)


def test_one_withdrawal_is_open_at_most(shop: Shop) -> None:
    shop.ok("commission_account", {**WITHDRAW, "amountFen": 1000}, openid=A)

    reply = shop.refused(
        "commission_account", {**WITHDRAW, "amountFen": 1000, "clientToken": "payout-0002"}, openid=A
    )
    assert (reply["code"], reply["error"]) == (40924, "WITHDRAWAL_OPEN")


def test_no_more_than_is_settled_can_be_withdrawn(shop: Shop) -> None:
    edit(shop, "practitioners", "lin", {"commission.confirmedFen": 9000})

    reply = shop.refused("commission_account", {**WITHDRAW, "amountFen": 2001}, openid=A)

    assert (reply["code"], reply["details"]) == (40925, {"settledFen": 2000})


def test_less_than_the_minimum_is_refused_by_its_field(shop: Shop) -> None:
    shop.add("business_rules", rule("commission", {"withdrawMinFen": 1501}))

    reply = shop.refused("commission_account", WITHDRAW, openid=A)

    assert (reply["code"], reply["message"]) == (40000, "单次至少提现 ¥15.01")
    assert reply["details"] == {"fields": [{"field": "amountFen", "problem": "too little"}]}


@pytest.mark.parametrize(
    ("event", "missing"),
    [
        ({"action": "withdraw"}, ["amountFen", "clientToken"]),
        ({"action": "cancel"}, ["withdrawalId"]),
    ],
)
def test_what_an_action_needs_is_named(shop: Shop, event: dict[str, Any], missing: list[str]) -> None:
    reply = shop.refused("commission_account", event, openid=A)

    assert [field["field"] for field in reply["details"]["fields"]] == missing


def test_a_used_token_is_not_good_for_another_amount(shop: Shop) -> None:
    shop.ok("commission_account", WITHDRAW, openid=A)

    reply = shop.refused("commission_account", {**WITHDRAW, "amountFen": 1600}, openid=A)
    assert reply["error"] == "CONFLICT"


def test_what_is_taken_back_may_be_asked_for_anew(shop: Shop) -> None:
    shop.ok("commission_account", WITHDRAW, openid=A)
    shop.ok("commission_account", CANCEL, openid=A)

    account = shop.ok("commission_account", {**WITHDRAW, "clientToken": "payout-0002"}, openid=A)

    assert account["withdrawal"]["amountFen"] == 1500
    reply = shop.refused("commission_account", {**CANCEL, "withdrawalId": "payout-9"}, openid=A)
    assert (reply["code"], reply["error"]) == (40926, "WITHDRAWAL_GONE")
    assert_lawful(shop)


@pytest.mark.parametrize("event", [{}, {"action": "statement"}, WITHDRAW, CANCEL], ids=str)
def test_who_is_no_practitioner_has_no_account(shop: Shop, event: dict[str, Any]) -> None:
    assert shop.refused("commission_account", event, openid=B)["error"] == "FORBIDDEN"


def test_another_practitioners_withdrawal_is_not_hers_to_take_back(shop: Shop) -> None:
    shop.add("practitioners", practitioner(B, "bo"))
    shop.ok("commission_account", WITHDRAW, openid=A)
    assert shop.refused("commission_account", CANCEL, openid=B)["error"] == "WITHDRAWAL_GONE"
    shop.ok("commission_account", CANCEL, openid=A)

    assert shop.refused("commission_account", CANCEL, openid=B)["error"] == "WITHDRAWAL_GONE"


def test_many_withdrawals_at_once_open_one(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    events = [{**WITHDRAW, "clientToken": f"payout-{number:04}"} for number in range(6)]

    replies = at_once(*(("commission_account", event, A) for event in events))

    assert sorted(reply["code"] for reply in replies).count(0) == 1
    assert {reply["code"] for reply in replies} <= {0, 40924, 40925}
    assert_lawful(shop)


def test_asking_broken_off_anywhere_is_finished(clock: Clock) -> None:
    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        assert shop.one("practitioners", "lin")["withdrawal"]["withdrawalId"] == ID

    assert (
        die_everywhere(prepare, lambda shop: shop.call("commission_account", WITHDRAW, openid=A), verify) == 3
    )


def test_taking_back_broken_off_anywhere_is_finished(clock: Clock) -> None:
    def begun(shop: Shop) -> None:
        prepare(shop)
        shop.ok("commission_account", WITHDRAW, openid=A)

    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        assert "withdrawal" not in shop.one("practitioners", "lin")

    assert die_everywhere(begun, lambda shop: shop.call("commission_account", CANCEL, openid=A), verify) == 3


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("commission_account")["error"] == "FORBIDDEN"
