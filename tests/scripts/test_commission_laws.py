"""Every law of commission holds in a shop where some was earned and paid, and says so when it is broken."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from demo.commission_laws import COMMISSION_LAWS
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.cloud.database import update
from harness import A, B
from small_shop import SmallShop, open_small_shop

Documents = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def earned() -> Iterator[Documents]:
    """A shop with a paid order that earns 256 fen, a settled month, and a withdrawal that is open."""
    with open_small_shop() as small:
        begin(small, confirmedFen=2000, debtFen=100)
        assert small.checkout(A, {"peel": 1}, "token-0001")["code"] == 0
        (order,) = small.shop.documents("orders")
        attempt_no = small.open_payment(order["_id"])
        assert small.till.pay(attempt_no)
        small.notify(attempt_no)
        small.now += 31 * DAY
        assert small.call("nightly_close")["code"] == 0
        ask = {"action": "withdraw", "amountFen": 1500, "clientToken": "payout-0001"}
        assert small.call("commission_account", ask, B)["code"] == 0
        small.now += 3 * MINUTE
        assert small.call("outbox_pump")["code"] == 0
        yield small.shop.dump()


def begin(small: SmallShop, **counters: int) -> None:
    row = {"_id": "opening:lin", "practitionerId": "lin", "entryId": "e1", "kind": "opening"}
    small.shop.add("commission_ledger", {**row, "deltas": counters, "day": "2026-10-01", "state": "final"})
    changes = {f"commission.{name}": fen for name, fen in counters.items()}
    small.db.write(update("practitioners", {"_id": "lin"}, {"$set": changes}))


def check(shop: Documents) -> list[str]:
    return [breach for law in COMMISSION_LAWS for breach in law(lambda name: shop[name])]


def row(shop: Documents, kind: str) -> dict[str, Any]:
    (found,) = [each for each in shop["commission_ledger"] if each["kind"] == kind]
    return found


def copy(shop: Documents, of: str, **changes: Any) -> None:
    shop["commission_ledger"].append({**deepcopy(row(shop, of)), **changes})


def test_a_shop_where_commission_was_earned_breaks_none(earned: Documents) -> None:
    assert check(earned) == []


BREACHES: dict[str, tuple[str, Callable[[Documents], Any]]] = {
    "a fen from nowhere": (
        "pendingFen is 257, its ledger says 256",
        lambda shop: shop["practitioners"][0]["commission"].update(pendingFen=257),
    ),
    "a line that earns twice": ("accrue lin again", lambda shop: copy(shop, "accrue", _id="twice")),
    "a line that earns nothing": (
        "not {'accrue lin': 256}",
        lambda shop: shop["commission_ledger"].remove(row(shop, "accrue")),
    ),
    "another rate": (
        "not {'accrue lin': 640}",
        lambda shop: shop["orders"][0]["lines"][0].update(commissionBp=500),
    ),
    "commission of no order": (
        "commission of no order line",
        lambda shop: row(shop, "accrue").update(lineId="L9"),
    ),
    "her own purchase": (
        "earns lin, its buyer or nobody",
        lambda shop: shop["practitioners"][0].update(userId=shop["orders"][0]["userId"]),
    ),
    "a rate for nobody": (
        "has a rate for nobody",
        lambda shop: shop["orders"][0]["lines"][0].pop("practitionerId"),
    ),
    "more taken back than confirmed": (
        "9 taken back of 0",
        lambda shop: copy(shop, "accrue", _id="c", kind="carry", deltas={"debtFen": 9}),
    ),
    "a month settled twice": ("2 batches of", lambda shop: copy(shop, "settle", _id="again")),
    "a month settled too early": (
        "before the month was over",
        lambda shop: row(shop, "settle").update(day="2026-10-31", ref="2026-10"),
    ),
    "a batch that does not add up": (
        "does not add up",
        lambda shop: row(shop, "settle")["deltas"].update(settledFen=2000),
    ),
    "a payout that nobody asked for": (
        "nobody asked for it",
        lambda shop: copy(shop, "withdraw", _id="pay:x", kind="pay", ref="x"),
    ),
    "a payout of more": (
        "for 1500",
        lambda shop: copy(shop, "withdraw", _id="pay:w", kind="pay", deltas={"paidFen": 1501}),
    ),
    "two ends of a withdrawal": (
        "has 2 ends",
        lambda shop: shop["commission_ledger"].extend(
            {**row(shop, "withdraw"), "_id": kind, "kind": kind} for kind in ("cancel", "refuse")
        ),
    ),
    "a withdrawal forgotten": ("waits for", lambda shop: shop["practitioners"][0].pop("withdrawal")),
    "a withdrawal not covered": (
        "of more than is settled",
        lambda shop: shop["practitioners"][0]["commission"].update(settledFen=1499),
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_broken_law_is_told(earned: Documents, breach: str) -> None:
    told, break_it = BREACHES[breach]
    shop = deepcopy(earned)
    break_it(shop)

    assert any(told in each for each in check(shop)), check(shop)
