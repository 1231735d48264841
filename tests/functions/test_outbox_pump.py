"""outbox_pump: whatever was begun comes to its end, once, whoever began it and wherever it broke off."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from faults import Killed
from functions.builders import (
    FREIGHT,
    NOW,
    assert_lawful,
    commission,
    coupon,
    die_everywhere,
    document,
    edit,
    garden,
    line,
    lot,
    place_order,
    plant,
    practitioner,
    remove,
    rule,
    stock_up,
    template,
    user,
    user_coupon,
)
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, HOUR, MINUTE
from gardenshop.cloud.context import Context
from gardenshop.cloud.database import Command, update
from gardenshop.flows import debts, tasks
from gardenshop.models.base import RING_SIZE
from harness import A, B, Shop, function, user_id

NOTHING = {
    "ordersFailed": 0,
    "ordersFlushed": 0,
    "refusalsReconsidered": 0,
    "rowsFinished": 0,
    "reviewsCounted": 0,
    "copiesEnded": 0,
    "mealsBooked": 0,
    "done": 0,
    "retried": 0,
    "dead": 0,
}


def prepare(shop: Shop) -> None:
    """A member with a plant has paid for five lines; the outbox has their effects before it."""
    shop.add("business_rules", rule("freight", {**FREIGHT, "freeFromFen": 0}))
    shop.add("users", user())
    shop.add("plant_templates", template())
    shop.add("gardens", garden(plant()))
    names = ["tofu", "tea", "rice", "oil", "nut"]
    for name in names:
        stock_up(shop, name)
    order = place_order(shop, lines=[line(f"{name}-500g", 2) for name in names])
    pay_by_hand(shop, order)


def pay_by_hand(shop: Shop, order: dict[str, Any]) -> None:
    """Leave *order* as `take_payment` does before it flushes the effects."""
    total = order["totals"]["payableFen"]
    step = {"at": NOW, "event": "pay", "from": "pending_payment", "to": "paid", "actor": "wechatpay"}
    entry = {"key": "t1:paid", "at": NOW, "transactionId": "t1", "amountFen": total}
    edit(
        shop,
        "orders",
        order["_id"],
        {
            "status": "paid",
            "paidAt": NOW,
            "outboxAt": NOW,
            "totals.paidFen": total,
            "payLog": [entry],
            "history": [*order["history"], step],
        },
    )


@pytest.fixture(autouse=True)
def _time(clock: object) -> None:
    del clock


def test_with_nothing_to_do_it_does_nothing(shop: Shop) -> None:
    before = shop.dump()

    assert shop.ok("outbox_pump") == NOTHING
    assert shop.dump() == before


def test_a_paid_order_feeds_stock_points_and_garden_once(shop: Shop, clock: Clock) -> None:
    prepare(shop)
    clock.now += 2 * MINUTE

    assert shop.ok("outbox_pump") == {**NOTHING, "ordersFlushed": 1, "done": 3}
    assert shop.ok("outbox_pump") == NOTHING

    (order,) = shop.documents("orders")
    assert order["garden"]["state"] == "done"
    assert {meal["_id"] for meal in shop.documents("meals")} == {
        f"shop:{order['_id']}:L{i}" for i in range(1, 6)
    }
    saved = order["garden"]["savedG"]
    assert saved == sum(meal["savedG"] for meal in shop.documents("meals")) > 0
    day = shop.one("daily_stats", f"{user_id(A)}:2026-11-23")
    assert (day["savedG"], day["orders"], day["spentFen"], day["meals"]) == (saved, 1, 12_000, 5)
    books = shop.one("users", user_id(A))["points"]
    assert books["garden"]["available"] == order["garden"]["points"] == saved * 10 // 1000
    assert (books["shop"]["pending"], books["shop"]["available"]) == (12, 0)
    fed = shop.one("gardens", user_id(A))
    assert fed["plants"][0]["waterCount"] == 1
    gift = {"savedG": saved, "minutes": fed["plants"][0]["growth"], "xp": saved // 100}
    assert [{name: each[name] for name in gift} for each in fed["gifts"]] == [gift]
    assert (fed["gifts"][0]["key"], fed["xp"]) == (f"order:{order['_id']}", saved // 100)
    assert shop.one("inventory", "tofu-500g")["dailySales"] == {"2026-11-23": 2}
    assert_lawful(shop)


def test_the_garden_takes_four_trips_for_five_lines(shop: Shop, clock: Clock) -> None:
    prepare(shop)
    clock.now += 2 * MINUTE
    seen: list[str] = []

    def note(commands: Any) -> None:
        touched = {next(iter(each.values())) for each in commands}
        seen.append("garden" if touched & {"daily_stats", "gardens"} else ",".join(sorted(touched)))

    shop.adapter.before = note
    shop.ok("outbox_pump")

    start = seen.index("garden") - 1
    assert seen[start : start + 4] == ["orders", "garden", "garden", "orders,points_ledger,sync_tasks"]


def test_a_run_broken_off_anywhere_is_finished_by_the_next(clock: Clock) -> None:
    def act(shop: Shop) -> None:
        clock.now = NOW + 2 * MINUTE
        shop.call("outbox_pump")

    def verify(shop: Shop) -> None:
        clock.now = NOW + 10 * MINUTE
        assert_lawful(shop)
        assert shop.one("inventory", "tofu-500g")["onHand"] == 8
        assert shop.one("gardens", user_id(A))["plants"][0]["waterCount"] == 1
        clock.now = NOW

    assert die_everywhere(prepare, act, verify, again=False) > 25


def test_pumps_at_once_do_everything_once(
    shop: Shop, clock: Clock, at_once: Callable[..., list[Any]]
) -> None:
    prepare(shop)
    clock.now += 2 * MINUTE

    replies = at_once(*[("outbox_pump", {}, "")] * 4)

    assert sum(reply["data"]["done"] for reply in replies) == 3
    assert_lawful(shop)
    assert shop.one("inventory", "tofu-500g")["onHand"] == 8


def test_what_has_just_begun_is_left_to_whoever_began_it(shop: Shop, clock: Clock) -> None:
    prepare(shop)
    clock.now += 2 * MINUTE - 1
    before = shop.dump()

    assert shop.ok("outbox_pump") == NOTHING
    assert shop.dump() == before


def test_an_order_never_finished_is_closed_and_remembered(shop: Shop, clock: Clock) -> None:
    prepare(shop)
    order = place_order(shop, token="token-0002")
    edit(shop, "orders", order["_id"], {"status": "creating", "history": order["history"][:1]})
    clock.now += 2 * MINUTE

    assert shop.ok("outbox_pump")["ordersFailed"] == 1

    failed = shop.one("orders", order["_id"])
    assert (failed["status"], failed["failure"]["error"]) == ("create_failed", "UNAVAILABLE")
    assert_lawful(shop)


def test_a_task_that_fails_comes_again_later_and_at_last_waits_for_a_person(shop: Shop, clock: Clock) -> None:
    prepare(shop)
    edit(shop, "inventory", "tofu-500g", {"reserved": 0, "onHand": 8})
    clock.now += 2 * MINUTE

    assert shop.ok("outbox_pump") == {**NOTHING, "ordersFlushed": 1, "done": 2, "retried": 1}
    task = shop.one("sync_tasks", f"stock.commit:{shop.documents('orders')[0]['_id']}:0")
    assert (task["state"], task["attempts"], task["dueAt"]) == ("due", 1, clock.now + MINUTE)
    assert task["lastError"].startswith("INTERNAL stock of ")

    for _ in range(11):
        clock.now += DAY
        last = shop.ok("outbox_pump")
    assert last == {**NOTHING, "dead": 1}
    clock.now += DAY
    assert shop.ok("outbox_pump") == NOTHING


@pytest.mark.parametrize("topic", ["garden.sync", "unheard.of"])
def test_a_task_that_cannot_be_done_holds_up_no_other(shop: Shop, clock: Clock, topic: str) -> None:
    prepare(shop)
    fields = {"topic": topic, "refId": "x", "payload": {"orderNo": shop.documents("orders")[0]["_id"]}}
    shop.add("sync_tasks", document("sync_tasks", id=f"{topic}:x:0", dueAt=NOW - DAY, **fields))
    clock.now += 2 * MINUTE

    assert shop.ok("outbox_pump") == {**NOTHING, "ordersFlushed": 1, "done": 3, "retried": 1}


@pytest.mark.parametrize("bad", [{"topic": None}, {"refId": None}, {"attempts": "none"}])
def test_a_task_that_is_malformed_is_told_of_and_holds_up_no_other(
    shop: Shop, clock: Clock, bad: dict[str, Any]
) -> None:
    prepare(shop)
    task = document("sync_tasks", id="malformed", topic="garden.sync", refId="x", dueAt=NOW - DAY)
    shop.add("sync_tasks", {**task, **bad})
    clock.now += 2 * MINUTE

    assert shop.ok("outbox_pump") == {**NOTHING, "ordersFlushed": 1, "done": 3}
    (breach,) = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert (breach["state"], breach["payload"]["id"]) == ("dead", "malformed")
    remove(shop, "sync_tasks", "malformed")


def test_a_task_that_outlasts_every_run_is_given_up_and_what_is_behind_it_is_done(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is behind was not begun, so that its first attempt is the one that does it."""
    prepare(shop)
    begun = list[int]()
    monkeypatch.setitem(tasks.HANDLERS, "too.long", partial(_killed, begun))
    monkeypatch.setitem(tasks.HANDLERS, "soon.done", lambda *_: [])
    for topic, due in (("soon.done", NOW - HOUR), ("too.long", NOW - DAY)):
        shop.add("sync_tasks", document("sync_tasks", id=f"{topic}:x:0", topic=topic, refId="x", dueAt=due))

    for _ in range(12):
        clock.now += 7 * HOUR
        with pytest.raises(Killed):
            shop.call("outbox_pump")

    done = shop.documents("sync_tasks", {"state": "done"})
    assert [(each["attempts"], each["doneAt"]) for each in done] == [(1, NOW + 14 * HOUR)] * 4
    clock.now += 3 * MINUTE
    assert shop.ok("outbox_pump") == {**NOTHING, "dead": 1}
    dead = shop.one("sync_tasks", "too.long:x:0")
    assert (dead["state"], dead["attempts"], len(begun)) == ("dead", 12, 12)
    assert dead["lastError"] == "UNAVAILABLE its run ended before it did"
    clock.now += DAY
    assert shop.ok("outbox_pump") == NOTHING


def test_a_task_that_outlasts_its_runs_is_tried_less_and_less_often(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease is part of its wait: one or two that may have been bad luck do not delay it."""
    begun = list[int]()
    monkeypatch.setitem(tasks.HANDLERS, "too.long", partial(_killed, begun))
    shop.add("sync_tasks", document("sync_tasks", id="too.long:x:0", topic="too.long", refId="x", dueAt=NOW))

    for _ in range(64):
        with suppress(Killed):
            shop.call("outbox_pump")
        clock.now += MINUTE

    assert [(at - NOW) // MINUTE for at in begun] == [0, 2, 4, 8, 16, 32]


def _killed(begun: list[int], ctx: Context, _: dict[str, Any]) -> list[Command]:
    begun.append(ctx.now)
    raise Killed


def test_a_refund_that_outlasts_every_run_is_never_given_up(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tasks.HANDLERS, "refund.submit", partial(_killed, []))
    fields = {"topic": "refund.submit", "refId": "x", "dueAt": NOW, "attempts": 40}
    shop.add("sync_tasks", document("sync_tasks", id="refund.submit:x:0", **fields))
    with pytest.raises(Killed):
        shop.call("outbox_pump")
    clock.now += 3 * MINUTE

    assert shop.ok("outbox_pump") == {**NOTHING, "retried": 1}


def test_a_task_whose_last_writes_are_refused_holds_up_no_other(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(shop)
    refused = update("users", {"_id": user_id(A)}, {"$unheardOf": {"x": 1}})
    monkeypatch.setitem(tasks.HANDLERS, "unheard.of", lambda *_: [refused])
    fields = {"topic": "unheard.of", "refId": "x", "dueAt": NOW - DAY}
    shop.add("sync_tasks", document("sync_tasks", id="unheard.of:x:0", **fields))
    clock.now += 2 * MINUTE

    assert shop.ok("outbox_pump") == {**NOTHING, "ordersFlushed": 1, "done": 3, "retried": 1}
    assert shop.one("sync_tasks", "unheard.of:x:0")["state"] == "due"


def test_a_task_for_which_no_time_is_left_has_not_been_attempted(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(shop)
    clock.now += 2 * MINUTE
    left = iter([9.0, 9.0, 9.0, 9.0, 1.0])
    with monkeypatch.context() as short:
        short.setattr(Context, "seconds_left", lambda _: next(left, 0.0))
        assert shop.ok("outbox_pump") == {**NOTHING, "ordersFlushed": 1, "done": 1}

    waiting = shop.documents("sync_tasks", {"state": "due"})
    assert [(each["attempts"], each["dueAt"]) for each in waiting] == [(0, clock.now)] * 2
    assert shop.ok("outbox_pump") == {**NOTHING, "done": 2}


def test_who_can_repay_is_reached_behind_any_number_of_those_who_cannot(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The points of the first have lapsed: they are on the counters until the night."""
    monkeypatch.setattr(debts, "BATCH", 2)
    owed = {"garden": {"available": 5, "debt": 3}, "recentOps": [{"key": "k", "at": NOW - DAY}]}
    ids = sorted(user_id(openid) for openid in "abcdef")
    for openid in "abcdef":
        place = ids.index(user_id(openid))
        shop.add("users", user(openid, points=owed))
        row = lot(f"lot:{place}", points=5)
        row |= {"userId": ids[place], "lot": {**row["lot"], "expiresAt": NOW + (DAY if place == 4 else -DAY)}}
        shop.add("points_ledger", row)

    assert shop.ok("outbox_pump") == {**NOTHING, "rowsFinished": 1}

    left = {each["_id"]: each["points"]["garden"] for each in shop.documents("users")}
    assert [left[each]["debt"] for each in ids] == [3, 3, 3, 3, 0, 3]
    assert left[ids[4]]["available"] == 2


def test_a_planting_whose_kind_is_gone_holds_up_nothing(shop: Shop, clock: Clock) -> None:
    prepare(shop)
    stuck: dict[str, Any] = {
        "kind": "plant",
        "ref": {"type": "plant", "id": "gone:p9"},
        "state": "pending",
        "delta": -5,
    }
    row = lot("plant:p9", **stuck)
    del row["lot"]
    shop.add("points_ledger", row)
    clock.now += 2 * MINUTE

    assert shop.ok("outbox_pump")["done"] == 3


def planting(number: int, code: str) -> dict[str, Any]:
    """The pending payment of a plant."""
    fields: dict[str, Any] = {"kind": "plant", "delta": -30, "lotsUsed": [], "state": "pending"}
    row = lot(f"plant:{user_id(A)}:p{number}", ref={"type": "plant", "id": f"{code}:p{number}"}, **fields)
    return {name: value for name, value in row.items() if name != "lot"}


def copy(number: int, coupon_id: str) -> dict[str, Any]:
    """A copy of a coupon that was not counted yet."""
    key = f"{coupon_id}:{user_id(A)}:{number}"
    return user_coupon(key, couponId=coupon_id, source=f"s{number}", state="pending")


def payout(number: int, practitioner_id: str) -> dict[str, Any]:
    """A settled month that was not booked yet."""
    row = commission("settle", id=f"settle:{practitioner_id}:2026-0{number}", ref=f"2026-0{number}")
    return {**row, "practitionerId": practitioner_id, "state": "pending"}


def delivery(number: int, sku_id: str) -> dict[str, Any]:
    """A delivery that was not booked yet."""
    named = {"skuId": sku_id, "reason": "receive", "ref": f"r{number}", "actor": "op", "day": "2026-11-23"}
    deltas = {"onHand": 1, "available": 1}
    row = document("stock_ledger", id=f"{sku_id}:receive:r{number}", deltas=deltas, **named)
    return {**row, "state": "pending"}


def opinion(number: int, product_id: str) -> dict[str, Any]:
    """A review that was not counted yet."""
    named = {"productId": product_id, "userId": user_id(A), "orderNo": f"o{number}", "lineId": "L1"}
    told = {"skuId": f"{product_id}-500g", "nickname": "素心", "score": 5, "text": "好", "state": "shown"}
    return document("product_reviews", id=f"o{number}:L1", ratingDueAt=NOW, **named, **told)


def meal(number: int, day: str) -> dict[str, Any]:
    """A meal that was not booked yet."""
    told = {"userId": user_id(A), "day": day, "type": "lunch", "items": [], "source": "member"}
    carbon = {"carbonG": 100, "baselineG": 300, "savedG": 200, "baseline": "usual", "factorVersion": "1"}
    return document("meals", id=f"{user_id(A)}:token-{number}", bookingDueAt=NOW, **told, **carbon)


def forgetful(number: int) -> list[dict[str, Any]]:
    """A ring that is full of what was done a minute after the present."""
    return [{"key": f"k{number}:{place}", "at": NOW + MINUTE} for place in range(RING_SIZE)]


BEGUN: dict[str, Callable[[int, str], dict[str, Any]]] = {
    "points_ledger": planting,
    "user_coupons": copy,
    "commission_ledger": payout,
    "stock_ledger": delivery,
    "product_reviews": opinion,
    "meals": meal,
}


@pytest.mark.parametrize(
    ("collection", "begun"),
    BEGUN.items(),
    ids=["points", "coupons", "commission", "stock", "reviews", "meals"],
)
def test_what_nobody_can_end_holds_up_nothing_behind_it(
    shop: Shop,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    collection: str,
    begun: Callable[[int, str], dict[str, Any]],
) -> None:
    """The kinds and templates of the first are gone; their rings can no longer tell."""
    monkeypatch.setattr(function("outbox_pump"), "BATCH", 2)
    points = {"garden": {"available": 70}, "recentOps": []}
    shop.add("users", user(points=points))
    shop.add("points_ledger", lot(points=70))
    shop.add("plant_templates", template())
    shop.add("coupons", coupon())
    shop.add("practitioners", practitioner())
    lost = {"recentOps": forgetful(1), "settledThrough": "2026-05"}
    shop.add("practitioners", practitioner(B, "absent", commission=lost))
    stock_up(shop, "absent")
    stock_up(shop)
    edit(shop, "inventory", "absent-500g", {"recentOps": forgetful(2)})
    edit(shop, "products", "absent", {"recentOps": forgetful(3)})
    stats = {"userId": user_id(A), "day": "2026-11-20", "appliedOps": forgetful(4)}
    shop.add("daily_stats", document("daily_stats", id=f"{user_id(A)}:2026-11-20", **stats))
    lost_name, name = NAMES[collection]
    for number in (1, 2):
        shop.add(collection, begun(number, lost_name))
    shop.add(collection, begun(3, name))
    clock.now += 2 * MINUTE

    shop.ok("outbox_pump")
    clock.now += MINUTE
    shop.ok("outbox_pump")

    left = shop.documents(collection, UNENDED[collection])
    assert [each["_id"] for each in left] == [begun(number, lost_name)["_id"] for number in (1, 2)]


NAMES = {
    "points_ledger": ("absent", "mint"),
    "user_coupons": ("absent", "c1"),
    "commission_ledger": ("absent", "lin"),
    "stock_ledger": ("absent-500g", "tofu-500g"),
    "product_reviews": ("absent", "tofu"),
    "meals": ("2026-11-20", "2026-11-23"),
}
PENDING: dict[str, Any] = {"state": "pending"}
UNENDED: dict[str, dict[str, Any]] = {
    **dict.fromkeys(NAMES, PENDING),
    "product_reviews": {"ratingDueAt": {"$gt": 0}},
    "meals": {"bookingDueAt": {"$gt": 0}},
}


def malformed(collection: str, number: int) -> dict[str, Any]:
    """A document of a queue of the pump that lacks what its work asks of it first."""
    key = f"{NOW}:{number}"
    bare: dict[str, dict[str, Any]] = {
        "orders": {"outboxAt": NOW, "status": "paid", "clientToken": key},
        "points_ledger": {"state": "pending"},
        "user_coupons": {"state": "pending"},
        "commission_ledger": {"state": "pending"},
        "stock_ledger": {"state": "pending", "reason": "receive"},
        "product_reviews": {"ratingDueAt": NOW},
        "meals": {"bookingDueAt": NOW},
    }
    stamps = {"schemaVersion": 1, "createdAt": NOW, "updatedAt": NOW - number}
    return {"_id": key, **bare[collection], **stamps}


@pytest.mark.parametrize(
    "collection",
    ["orders", *BEGUN],
)
def test_what_is_malformed_is_told_once_and_holds_up_nothing(
    shop: Shop,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    collection: str,
) -> None:
    monkeypatch.setattr(function("outbox_pump"), "BATCH", 2)
    prepare(shop)
    shop.add("coupons", coupon())
    shop.add("practitioners", practitioner())
    good = BEGUN[collection](4, NAMES[collection][1]) if collection in BEGUN else None
    if good:
        shop.add(collection, good)
    bad = [malformed(collection, number) for number in (1, 2, 3)]
    for each in bad:
        shop.add(collection, each)

    for _ in range(4):
        clock.now += 2 * MINUTE
        last = shop.ok("outbox_pump")

    assert last == NOTHING
    assert [each["garden"]["state"] for each in shop.documents("orders", {"lines.0": {"$exists": True}})] == [
        "done"
    ]
    if good:
        assert not {"pending"} & {shop.one(collection, good["_id"]).get("state")}
        assert {"ratingDueAt", "bookingDueAt"}.isdisjoint(shop.one(collection, good["_id"]))
    told = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert {each["state"] for each in told} == {"dead"}
    assert all(each["lastError"].startswith("KeyError at ") for each in told)
    assert sorted(each["payload"]["id"] for each in told) == [each["_id"] for each in bad]
    assert capfd.readouterr().out.count('"event":"poison"') == len(bad)
    for each in bad:
        remove(shop, collection, each["_id"])


def test_a_member_may_not(shop: Shop) -> None:
    assert shop.refused("outbox_pump", openid=A)["error"] == "FORBIDDEN"
