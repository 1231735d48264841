"""The night's reconcile: nothing is broken in a shop that trades, and every planted breach is found, once."""

from typing import Any

import pytest

from functions.bought import TOFU, buy, furnish
from functions.builders import (
    NOW,
    Document,
    commission,
    coupon,
    document,
    edit,
    former,
    line,
    lot,
    opening,
    place_order,
    practitioner,
    remove,
    user_coupon,
)
from functions.conftest import Clock, WeChat
from gardenshop.cloud import clock as present
from gardenshop.cloud.clock import DAY, HOUR, day_of, rfc3339
from gardenshop.cloud.database import Database
from gardenshop.flows import reconcile
from gardenshop.flows.reconcile import LAWS, check
from harness import A, Shop, user_id


def run(shop: Shop, ahead: int = 0) -> dict[str, Any]:
    """Let the night judge everything, and return what it says of each law."""
    while check(Database(shop.adapter), present.now_ms() + ahead):
        pass
    last = max(shop.documents("data_dashboard", {"kind": "laws"}), key=lambda each: each["day"])
    assert last["final"]
    found: dict[str, Any] = last["metrics"]
    return found


def broken(shop: Shop, ahead: int = 0) -> dict[str, int]:
    return {name: each["broken"] for name, each in run(shop, ahead).items() if each["broken"]}


def row(shop: Shop) -> Document:
    return shop.one("data_dashboard", f"laws:{day_of(present.now_ms())}")


def timer() -> Document:
    return {"Type": "Timer", "Time": rfc3339(present.now_ms())}


@pytest.fixture(name="order_no")
def _order_no(shop: Shop, clock: Clock, wechat: WeChat) -> str:
    """A shop in which one order was paid and one waits to be, with a coupon and a practitioner."""
    furnish(shop)
    shop.add("coupons", coupon(issued=1))
    shop.add("user_coupons", user_coupon())
    shop.add("practitioners", practitioner())
    paid = buy(shop, wechat)
    place_order(shop, lines=[line(TOFU)], token="token-0002")
    shop.ok("outbox_pump")
    clock.now += 2 * HOUR
    number: str = paid["_id"]
    return number


def test_a_shop_that_trades_breaks_no_law(shop: Shop, order_no: str) -> None:
    found = run(shop)

    assert order_no
    assert {name: each["broken"] for name, each in found.items()} == dict.fromkeys(
        [law.name for law in LAWS], 0
    )
    assert {name: each["checked"] for name, each in found.items()} == {
        "stock": 2,
        "points": 1,
        "orders": 2,
        "coupons": 1,
        "locks": 0,
        "commission": 1,
        "garden": 2,
        "shape": 3,
        "pending": 0,
    }
    assert shop.documents("sync_tasks", {"topic": "reconcile.breach"}) == []


@pytest.mark.parametrize(
    ("law", "place", "changes"),
    [
        ("stock", ("inventory", TOFU), {"onHand": 8, "available": 7}),
        ("stock", ("inventory", TOFU), {"reserved": 0, "available": 7}),
        ("stock", ("inventory", TOFU), {"available": 5}),
        ("points", ("users", user_id(A)), {"points.shop.pending": 99}),
        ("points", ("users", user_id(A)), {"points.garden.available": 1}),
        ("orders", ("orders", ""), {"totals.payableFen": 1}),
        ("orders", ("orders", ""), {"totals.paidFen": 0}),
        ("coupons", ("coupons", "c1"), {"issued": 2}),
        ("coupons", ("coupons", "c1"), {"total": 0}),
        ("locks", ("user_coupons", ""), {"state": "locked", "orderNo": "20261123-nobody"}),
        ("commission", ("practitioners", "lin"), {"commission.pendingFen": 5}),
        ("garden", ("meals", ""), {"userId": "u-somebody"}),
        ("shape", ("products", "tofu"), {"categoryPath": "豆腐"}),
        ("shape", ("products", "tofu"), {"skus.0.priceFen": "12元"}),
        ("shape", ("coupons", "c1"), {"perUser": "one"}),
    ],
    ids=str,
)
def test_a_breach_is_found_told_of_and_left_as_it_is(
    shop: Shop, order_no: str, law: str, place: tuple[str, str], changes: dict[str, Any]
) -> None:
    collection, key = place
    keys = {"orders": order_no, "user_coupons": user_coupon()["_id"], "meals": f"shop:{order_no}:L1"}
    key = key or keys[collection]
    whole = shop.one(collection, key)
    edit(shop, collection, key, changes)
    before = shop.documents(collection)

    found = broken(shop)

    assert law in found
    assert shop.documents(collection) == before
    tasks = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert {task["state"] for task in tasks} == {"dead"}
    assert law in {task["payload"]["law"] for task in tasks}
    edit(
        shop,
        collection,
        key,
        {part: whole.get(part) for part in {name.partition(".")[0] for name in changes}},
    )


def test_who_is_being_merged_is_judged_another_night(shop: Shop, order_no: str) -> None:
    """Her former account's ledger is hers already, its counters are not."""
    shop.add("users", {**former(phone_hash="0" * 64, points=100), "mergedInto": user_id(A)})
    shop.add("points_ledger", lot("award:former", book="shop"))

    assert order_no
    assert broken(shop) == {}
    edit(shop, "users", "legacy:10086", {"legacy.mergedAt": NOW, "points.shop.available": 0})
    assert broken(shop, 2 * DAY) == {"points": 1}


def test_whose_points_are_being_spent_is_judged_another_night(shop: Shop, order_no: str) -> None:
    """The counter has let go of them, the ledger's row has yet to."""
    shop.add("points_ledger", lot("award:shop", book="shop"))
    held: Document = {"kind": "hold", "reservedDelta": 60, "ref": {"type": "order", "id": order_no}}
    shop.add("points_ledger", lot(f"hold:{order_no}", -60, book="shop", lot=None, **held))
    edit(shop, "points_ledger", "award:shop", {"lot.left": 40})
    edit(shop, "users", user_id(A), {"points.shop.available": 40, "points.shop.reserved": 0})
    task = {"topic": "points.commit", "refId": order_no, "dueAt": NOW, "state": "leased"}
    shop.add("sync_tasks", document("sync_tasks", id=f"points.commit:{order_no}:0", **task))

    assert broken(shop) == {}
    edit(shop, "sync_tasks", f"points.commit:{order_no}:0", {"state": "dead"})
    assert broken(shop, 2 * DAY) == {"points": 1}


def test_lots_that_do_not_hold_what_is_available_are_found(shop: Shop, order_no: str) -> None:
    shop.add("points_ledger", lot("award:first", 100, lot={"left": 90, "expiresAt": NOW + DAY}))
    edit(shop, "users", user_id(A), {"points.garden.available": 100})

    assert order_no
    assert broken(shop) == {"points": 1}


def test_what_cannot_be_judged_is_a_breach_and_holds_up_no_other(shop: Shop, order_no: str) -> None:
    del order_no
    shop.add("inventory", {"_id": "malformed"})
    edit(shop, "inventory", TOFU, {"damaged": 3})

    assert broken(shop)["stock"] == 2

    tasks = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    told = {each["payload"]["id"]: each["lastError"] for each in tasks}
    assert told["malformed"].startswith("cannot be judged: KeyError at laws.py:")
    assert "damaged 3" in told[TOFU]
    remove(shop, "inventory", "malformed")
    edit(shop, "inventory", TOFU, {"damaged": 0})


def test_what_is_under_way_waits_for_another_night(shop: Shop, order_no: str) -> None:
    """The counter has moved and its row does not say so yet, as between two commands of one operation."""
    edit(shop, "inventory", TOFU, {"onHand": 17, "available": 16})
    row = {**opening(TOFU, 10), "_id": "restock:1", "state": "pending", "createdAt": present.now_ms() - HOUR}
    shop.add("stock_ledger", row)

    assert order_no
    assert broken(shop) == {}


@pytest.mark.parametrize(
    ("collection", "row"),
    [
        ("points_ledger", lot("award:stuck")),
        ("stock_ledger", {**opening(TOFU), "_id": "restock:stuck"}),
        ("commission_ledger", commission("accrue")),
        ("user_coupons", user_coupon("c1:u1:0")),
    ],
    ids=["points", "stock", "commission", "coupons"],
)
def test_a_row_that_nobody_ends_is_found_wherever_it_is(
    shop: Shop, order_no: str, collection: str, row: Document
) -> None:
    """Its balance is passed over, so nothing else would tell of it."""
    since = present.now_ms() - 3 * HOUR - 1
    shop.add(collection, {**row, "state": "pending", "createdAt": since})

    assert order_no
    assert broken(shop) == {"pending": 1}
    (task,) = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert (task["state"], task["payload"]["collection"], task["payload"]["id"]) == (
        "dead",
        collection,
        row["_id"],
    )
    assert task["payload"]["text"] == f"pending since {since}, and its balance is not judged"


def test_what_is_malformed_is_told_by_its_fields(shop: Shop, order_no: str) -> None:
    whole = shop.one("products", "tofu")
    edit(shop, "products", "tofu", {"nutrition": {"energyKcal": "多"}, "title": ""})

    assert order_no
    assert broken(shop) == {"shape": 1}
    (task,) = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert task["payload"]["text"] == (
        "malformed: nutrition.carbsMg missing, nutrition.energyKcal int_type, nutrition.fatMg missing, "
        "nutrition.proteinMg missing, title string_too_short"
    )
    remove(shop, "products", "tofu")
    shop.add("products", whole)


def test_parts_that_do_not_fit_are_told_in_words(shop: Shop, order_no: str) -> None:
    edit(shop, "products", "tofu", {"minPriceFen": 1})

    assert order_no
    assert broken(shop) == {"shape": 1}
    (task,) = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert task["payload"]["text"].endswith("minPriceFen is not the lowest price of the SKUs")
    edit(shop, "products", "tofu", {"minPriceFen": shop.one("products", "tofu")["skus"][0]["priceFen"]})


def test_a_row_that_waited_while_the_pump_missed_an_hour_is_no_breach(shop: Shop, order_no: str) -> None:
    waits = {**lot("award:late"), "state": "pending", "createdAt": present.now_ms() - 2 * HOUR}
    shop.add("points_ledger", waits)

    assert order_no
    assert broken(shop) == {}


def test_a_row_that_is_ended_between_two_looks_is_no_breach(
    shop: Shop, order_no: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = {**lot("award:slow"), "state": "pending", "createdAt": present.now_ms() - 4 * HOUR}
    shop.add("points_ledger", stuck)
    looks: list[str] = []

    def before(commands: Any) -> None:
        looks.extend(each["find"] for each in commands if each.get("find") == "points_ledger")
        if len(looks) == 2:
            edit(shop, "points_ledger", "award:slow", {"state": "refused"})

    monkeypatch.setattr(shop.adapter, "before", before)

    assert order_no
    assert broken(shop) == {}


def test_pages_of_any_size_find_the_same(shop: Shop, order_no: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "_PAGE", 1)
    edit(shop, "inventory", TOFU, {"onHand": 8, "available": 7})

    assert order_no
    assert broken(shop) == {"stock": 1}
    assert row(shop)["metrics"]["stock"]["checked"] == 2


def test_a_day_is_judged_once_and_the_next_anew(shop: Shop, order_no: str) -> None:
    run(shop)
    before = shop.dump()
    assert check(Database(shop.adapter), present.now_ms() + 1) == 0
    assert shop.dump() == before

    edit(shop, "inventory", TOFU, {"onHand": 8, "available": 7})
    assert broken(shop, DAY) == {"stock": 1}
    assert order_no


def test_a_run_broken_off_anywhere_goes_on_and_counts_each_document_once(
    shop: Shop, order_no: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "_PAGE", 1)
    edit(shop, "inventory", TOFU, {"onHand": 8, "available": 7})
    database, steps = Database(shop.adapter), 0
    while check(database, present.now_ms()):
        steps += 1
        shop.ok("nightly_close", timer())

    metrics = row(shop)["metrics"]
    assert steps >= 1
    assert (metrics["stock"]["checked"], metrics["stock"]["broken"]) == (2, 1)
    assert len(shop.documents("sync_tasks", {"topic": "reconcile.breach"})) == 1
    assert order_no


def test_orders_of_long_ago_are_let_be(shop: Shop, order_no: str) -> None:
    edit(shop, "orders", order_no, {"totals.paidFen": 0})

    assert broken(shop, 70 * DAY) == {}


def test_the_night_judges(shop: Shop, order_no: str) -> None:
    told = shop.ok("nightly_close", timer())

    assert told["checked"] == 12
    assert row(shop)["final"]
    assert order_no
