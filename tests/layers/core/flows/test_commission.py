"""What an order's lines earn: accrued when paid, given back by line, confirmed when completed, each once."""

from collections.abc import Iterator
from typing import Any

import pytest

from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.cloud.errors import Busy
from gardenshop.flows import commission
from gardenshop.flows.balances import perform
from harness import A, B
from small_shop import SmallShop, open_small_shop

TOFU, PEEL = 590 * 2 * 200 // 10_000, 12_800 * 200 // 10_000
"""What two tofu and a peel earn who vouches for them."""


@pytest.fixture(name="small")
def _small() -> Iterator[SmallShop]:
    with open_small_shop() as small:
        yield small
        small.rest()
        assert small.breaches() == []


def place(small: SmallShop, *, openid: str = A) -> str:
    reply = small.checkout(openid, {"tofu": 2, "peel": 1}, "token-0001")
    assert reply["code"] == 0, reply
    return str(reply["data"]["orderNo"])


def pay(small: SmallShop, order_no: str, *, openid: str = A) -> None:
    attempt_no = small.open_payment(order_no, openid)
    assert small.till.pay(attempt_no)
    small.notify(attempt_no)


def pump(small: SmallShop) -> None:
    small.now += 3 * MINUTE
    assert small.call("outbox_pump")["code"] == 0


def give_back(small: SmallShop, order_no: str) -> None:
    """Give one tofu back."""
    ask: dict[str, Any] = {
        "orderNo": order_no,
        "lines": [{"lineId": "L1", "quantity": 1}],
        "reason": "quality",
    }
    asked = small.call("refund_apply", {**ask, "kind": "refund_only", "clientToken": "return-0001"}, A)
    assert asked["code"] == 0, asked
    decision = {"orderNo": order_no, "afterSaleNo": f"{order_no}-1", "action": "approve", "note": "核实无误"}
    assert small.call("admin_refund_decide", decision)["code"] == 0


def complete(small: SmallShop, order_no: str) -> None:
    """Ship, receive, and let the time for after-sales pass."""
    parcel = {"carrier": "顺丰速运", "trackingNo": "SF1"}
    event = {"orderNo": order_no, "clientToken": "parcel-0001", "parcels": [parcel]}
    assert small.call("admin_order_ship", event)["code"] == 0
    assert small.call("order_confirm", {"orderNo": order_no}, A)["code"] == 0
    small.now += 9 * DAY
    assert small.call("order_timeout")["code"] == 0


def balance(small: SmallShop) -> tuple[int, int]:
    counters = small.shop.one("practitioners", "lin")["commission"]
    return counters["pendingFen"], counters["confirmedFen"]


def test_a_paid_order_earns_line_by_line(small: SmallShop) -> None:
    order_no = place(small)
    assert balance(small) == (0, 0)

    pay(small, order_no)
    started = small.now
    pump(small)

    assert balance(small) == (TOFU + PEEL, 0)
    row = small.shop.one("commission_ledger", f"{order_no}:L1:lin:accrue")
    assert row == {
        "_id": f"{order_no}:L1:lin:accrue",
        "practitionerId": "lin",
        "entryId": row["entryId"],
        "kind": "accrue",
        "deltas": {"pendingFen": TOFU},
        "orderNo": order_no,
        "lineId": "L1",
        "via": "certification",
        "baseFen": 1180,
        "bp": 200,
        "rulesVersion": "",
        "day": "2026-11-24",
        "state": "final",
        "schemaVersion": 1,
        "createdAt": small.now,
        "updatedAt": small.now,
    }
    assert order_no not in row["entryId"]
    assert started < small.now


def test_a_practitioner_who_buys_what_she_vouches_for_earns_nothing(small: SmallShop) -> None:
    order_no = place(small, openid=B)
    pay(small, order_no, openid=B)
    pump(small)

    assert balance(small) == (0, 0)
    assert not any("practitionerId" in line for line in small.order(order_no)["lines"])
    assert small.shop.documents("sync_tasks", {"topic": "commission.accrue"}) == []


def test_what_is_cancelled_before_paying_earns_nothing(small: SmallShop) -> None:
    order_no = place(small)
    small.call("order_cancel", {"orderNo": order_no}, A)
    pump(small)

    assert small.shop.documents("commission_ledger") == []


def test_a_unit_given_back_takes_its_share_along_and_the_rest_is_confirmed(small: SmallShop) -> None:
    order_no = place(small)
    pay(small, order_no)
    give_back(small, order_no)
    for _ in range(3):
        pump(small)
    assert balance(small) == (TOFU + PEEL - TOFU // 2, 0)

    complete(small, order_no)
    pump(small)

    assert balance(small) == (0, TOFU + PEEL - TOFU // 2)


def test_a_whole_order_given_back_earns_nothing(small: SmallShop) -> None:
    order_no = place(small)
    pay(small, order_no)
    small.call("order_cancel", {"orderNo": order_no}, A)
    for _ in range(3):
        pump(small)

    assert small.order(order_no)["status"] == "refunded"
    assert balance(small) == (0, 0)
    kinds = [row["kind"] for row in small.shop.documents("commission_ledger")]
    assert sorted(kinds) == ["accrue", "accrue", "reverse", "reverse"]


def test_what_goes_back_or_is_confirmed_waits_for_what_was_earned(small: SmallShop) -> None:
    order_no = place(small)
    pay(small, order_no)
    give_back(small, order_no)
    order = small.order(order_no)
    started = {"started": small.now, "now": small.now}

    with pytest.raises(Busy):
        commission.reverse(small.db, order, order["afterSales"][0], **started)
    small.db.write(*commission.accrue(small.db, order, **started))
    refunded = {**order, "afterSales": [{**order["afterSales"][0], "state": "refunded"}]}
    with pytest.raises(Busy):
        commission.confirm(small.db, refunded, **started)

    assert balance(small) == (TOFU + PEEL, 0)


def test_each_step_done_again_changes_nothing(small: SmallShop) -> None:
    order_no = place(small)
    pay(small, order_no)
    pump(small)
    complete(small, order_no)
    pump(small)
    order, later = small.order(order_no), {"started": small.now, "now": small.now + 1}
    before = small.shop.one("practitioners", "lin")

    for step in (commission.accrue, commission.confirm):
        small.db.write(*step(small.db, order, **later))

    assert small.shop.one("practitioners", "lin") == before


def test_months_are_settled_forwards(small: SmallShop) -> None:
    whose: dict[str, Any] = {"practitioner_id": "lin", "at": small.now}
    opening = commission.entry("opening:lin", "opening", deltas={"confirmedFen": 100}, **whose)
    batch = {"confirmedFen": -50, "settledFen": 50}
    october, september = (
        commission.entry(f"settle:lin:{month}", "settle", deltas=batch, ref=month, **whose)
        for month in ("2026-10", "2026-09")
    )

    outcomes = [perform(small.db, [each], small.now) for each in (opening, october, september)]

    for outcome in outcomes:
        small.db.write(*outcome.closing)
    assert [bool(outcome.applied) for outcome in outcomes] == [True, True, False]
    counters = small.shop.one("practitioners", "lin")["commission"]
    assert (counters["settledThrough"], counters["settledFen"]) == ("2026-10", 50)


def test_the_rate_is_that_of_the_day_of_the_order(small: SmallShop) -> None:
    order_no = place(small)
    rule = {"ruleId": "commission", "version": 1, "body": {"certificationBp": 900}, "state": "live"}
    small.shop.add("business_rules", {"_id": "commission:1", **rule})
    pay(small, order_no)
    pump(small)

    assert balance(small) == (TOFU + PEEL, 0)
