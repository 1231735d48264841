"""Operations change a balance once, whatever is repeated, interleaved, delayed or killed in between."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults import Fragile, Killed, lost_reply
from gardenshop.cloud.database import Database, Document, update
from gardenshop.cloud.errors import DatabaseUnavailable
from gardenshop.flows.balances import (
    CLOCK_SKEW_MS,
    Operation,
    Outcome,
    apply,
    finish,
    perform,
    record,
    reopen,
)
from gardenshop.models.base import RING_SIZE
from harness import Shop, open_shop

NOW = 1_795_000_000_000
SKU = "tofu"


def stock(shop: Shop, units: int, sku_id: str = SKU) -> None:
    shop.add(
        "inventory", {"_id": sku_id, "onHand": units, "available": units, "reserved": 0, "recentOps": []}
    )


def take(name: str, units: int = 1, *, sku_id: str = SKU, started: int = NOW) -> Operation:
    deltas = {"available": -units, "reserved": units}
    return Operation(
        key=f"{sku_id}:hold:{name}",
        balance="inventory",
        target=sku_id,
        guard={"available": {"$gte": units}},
        change={"$inc": deltas},
        started=started,
        ledger="stock_ledger",
        row={"skuId": sku_id, "reason": "hold", "ref": name, "deltas": deltas},
    )


def count(name: str) -> Operation:
    """An operation of statistics, which has no ledger."""
    return Operation("count:" + name, "inventory", SKU, {}, {"$inc": {"onHand": 1}}, NOW)


def done(db: Database, operations: Sequence[Operation], now: int = NOW) -> Outcome:
    outcome = perform(db, operations, now)
    db.write(*outcome.closing)
    return outcome


def counters(shop: Shop, sku_id: str = SKU) -> tuple[int, int]:
    found = shop.one("inventory", sku_id)
    return found["available"], found["reserved"]


def states(shop: Shop) -> dict[str, str]:
    return {row["ref"]: row["state"] for row in shop.documents("stock_ledger")}


def final_units(shop: Shop) -> int:
    return sum(row["deltas"]["reserved"] for row in shop.documents("stock_ledger", {"state": "final"}))


def test_an_operation_changes_the_balance_and_leaves_a_row(shop: Shop, db: Database) -> None:
    stock(shop, 5)

    outcome = done(db, [take("a", 2)])

    assert outcome.applied == {"tofu:hold:a"}
    assert counters(shop) == (3, 2)
    assert shop.documents("stock_ledger") == [
        {
            "_id": "tofu:hold:a",
            "skuId": "tofu",
            "reason": "hold",
            "ref": "a",
            "deltas": {"available": -2, "reserved": 2},
            "state": "final",
            "schemaVersion": 1,
            "createdAt": NOW,
            "updatedAt": NOW,
        }
    ]
    assert shop.one("inventory", SKU)["recentOps"] == [{"key": "tofu:hold:a", "at": NOW}]


def test_what_goes_well_costs_one_trip_and_the_closing(shop: Shop, db: Database) -> None:
    stock(shop, 5)
    stock(shop, 5, "yuba")

    done(db, [take("a"), take("a", sku_id="yuba")])

    assert db.round_trips == 2


def test_an_operation_without_a_ledger_is_applied_once_too(shop: Shop, db: Database) -> None:
    stock(shop, 5)

    first, second = done(db, [count("a")]), done(db, [count("a")])

    assert first == second == Outcome(frozenset({"count:a"}), frozenset(), frozenset(), ())
    assert shop.one("inventory", SKU)["onHand"] == 6
    assert shop.documents("stock_ledger") == []


def test_what_the_guard_forbids_is_refused_and_changes_nothing(shop: Shop, db: Database) -> None:
    stock(shop, 1)

    outcome = done(db, [take("a", 2)])

    assert outcome.refused == {"tofu:hold:a"}
    assert counters(shop) == (1, 0)
    assert states(shop) == {"a": "refused"}
    assert shop.one("inventory", SKU)["recentOps"] == []


def test_an_operation_on_nothing_is_refused(shop: Shop, db: Database) -> None:
    assert done(db, [take("a")]).refused == {"tofu:hold:a"}
    assert states(shop) == {"a": "refused"}


def test_a_refused_operation_may_be_reopened_and_then_succeed(shop: Shop, db: Database) -> None:
    stock(shop, 1)
    done(db, [take("a", 2)])
    db.write(update("inventory", {"_id": SKU}, {"$set": {"available": 2}}))

    outcome = perform(db, [take("a", 2)], NOW, before=[reopen(take("a", 2), NOW)])
    db.write(*outcome.closing)

    assert outcome.applied == {"tofu:hold:a"}
    assert states(shop) == {"a": "final"}


def test_a_row_once_final_stays_final(shop: Shop, db: Database) -> None:
    """A copy that lost the race may take the operation for refused; its closing must not say so."""
    stock(shop, 1)
    done(db, [take("a")])

    db.write(finish(take("a"), "refused", NOW), reopen(take("a"), NOW))

    assert states(shop) == {"a": "final"}


def test_a_row_once_refused_becomes_final_when_the_operation_turns_out_to_have_happened(
    shop: Shop, db: Database
) -> None:
    stock(shop, 1)
    perform(db, [take("a")], NOW)

    db.write(finish(take("a"), "refused", NOW), finish(take("a"), "final", NOW))

    assert states(shop) == {"a": "final"}


OPERATIONS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from([SKU, "yuba"])), min_size=1, max_size=25
)


@given(OPERATIONS, st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_however_often_operations_are_repeated_and_interleaved_each_happens_once(
    calls: list[tuple[str, str]], units: int
) -> None:
    with open_shop() as shop:
        db = Database(shop.adapter)
        stock(shop, units)
        stock(shop, units, "yuba")
        for name, sku_id in calls:
            done(db, [take(name, 2, sku_id=sku_id)])

        for sku_id in (SKU, "yuba"):
            asked = {name for name, wanted in calls if wanted == sku_id}
            held = 2 * min(len(asked), units // 2)
            assert counters(shop, sku_id) == (units - held, held)
        rows = shop.documents("stock_ledger")
        assert {row["state"] for row in rows} <= {"final", "refused"}
        assert sum(row["deltas"]["reserved"] for row in rows if row["state"] == "final") == sum(
            counters(shop, sku_id)[1] for sku_id in (SKU, "yuba")
        )


@given(st.permutations([(name, step) for name in "abc" for step in (record, apply, apply)]))
@settings(max_examples=60, deadline=None)
def test_steps_of_several_operations_may_come_in_any_order(steps: list[tuple[str, Any]]) -> None:
    with open_shop() as shop:
        db = Database(shop.adapter)
        stock(shop, 2)
        for name, step in steps:
            db.write(step(take(name), NOW))

        outcome = done(db, [take(name) for name in "abc"])

        assert (len(outcome.applied), len(outcome.refused), outcome.unknown) == (2, 1, frozenset())
        assert counters(shop) == (0, 2)
        assert final_units(shop) == 2


WRITES = 9
"""Three rows, three changes, three closings."""


@pytest.mark.parametrize("lives", range(WRITES + 1))
def test_killed_after_any_write_and_run_again_from_the_top(shop: Shop, lives: int) -> None:
    stock(shop, 1)
    stock(shop, 9, "yuba")
    operations = [take("a"), take("b"), take("a", 3, sku_id="yuba")]
    fragile = Fragile(shop.adapter, lives=lives)
    with pytest.raises(Killed):
        done(Database(fragile), operations)
    assert fragile.writes == lives

    outcome = done(Database(shop.adapter), operations)

    assert outcome.applied == {"tofu:hold:a", "yuba:hold:a"}
    assert outcome.refused == {"tofu:hold:b"}
    assert (counters(shop), counters(shop, "yuba")) == ((0, 1), (6, 3))
    rows = {row["_id"]: row["state"] for row in shop.documents("stock_ledger")}
    assert rows == {"tofu:hold:a": "final", "tofu:hold:b": "refused", "yuba:hold:a": "final"}


def test_those_are_all_the_places_to_die_at(shop: Shop) -> None:
    stock(shop, 1)
    stock(shop, 9, "yuba")
    fragile = Fragile(shop.adapter)

    done(Database(fragile), [take("a"), take("b"), take("a", 3, sku_id="yuba")])

    assert fragile.writes == WRITES


@pytest.mark.parametrize("lives", range(4))
def test_a_lost_reply_changes_nothing_for_who_asks_again(shop: Shop, lives: int) -> None:
    stock(shop, 3)
    with pytest.raises(DatabaseUnavailable):
        done(Database(lost_reply(shop.adapter, lives=lives)), [take("a", 2)])

    assert done(Database(shop.adapter), [take("a", 2)]).applied == {"tofu:hold:a"}
    assert counters(shop) == (1, 2)
    assert states(shop) == {"a": "final"}


def full_ring(*, oldest_at: int, keys: str = "other") -> list[Document]:
    return [{"key": f"{keys}:{i}", "at": oldest_at + i} for i in range(RING_SIZE)]


def put_ring(shop: Shop, ring: list[Document]) -> None:
    shop.add("inventory", {"_id": SKU, "onHand": 9, "available": 9, "reserved": 0, "recentOps": ring})


def test_a_full_ring_that_reaches_back_lets_the_operation_happen(shop: Shop, db: Database) -> None:
    put_ring(shop, full_ring(oldest_at=NOW - CLOCK_SKEW_MS))

    assert done(db, [take("a")]).applied == {"tofu:hold:a"}
    ring = shop.one("inventory", SKU)["recentOps"]
    assert len(ring) == RING_SIZE
    assert (ring[0]["key"], ring[-1]["key"]) == ("other:1", "tofu:hold:a")


def test_a_full_ring_that_does_not_reach_back_makes_it_unknown(shop: Shop, db: Database) -> None:
    put_ring(shop, full_ring(oldest_at=NOW - CLOCK_SKEW_MS + 1))
    before = shop.one("inventory", SKU)

    outcome = done(db, [take("a")])

    assert outcome == Outcome(frozenset(), frozenset(), frozenset({"tofu:hold:a"}), ())
    assert shop.one("inventory", SKU) == before
    assert states(shop) == {"a": "pending"}


def test_a_ring_that_is_not_full_always_reaches_back(shop: Shop, db: Database) -> None:
    put_ring(shop, full_ring(oldest_at=NOW)[1:])

    assert done(db, [take("a")]).applied == {"tofu:hold:a"}


def test_an_operation_pushed_out_of_the_ring_is_not_applied_again(shop: Shop, db: Database) -> None:
    """What overflow must never do: count one operation twice."""
    stock(shop, 2 * RING_SIZE)
    first = take("first")
    db.write(record(first, NOW), apply(first, NOW))
    for minute in range(1, 6):
        now = NOW + minute * 60_000
        done(db, [take(f"{minute}-{i}", started=now) for i in range(64)], now)
    held = counters(shop)
    assert "tofu:hold:first" not in {each["key"] for each in shop.one("inventory", SKU)["recentOps"]}

    outcome = done(db, [first], NOW + 360_000)

    assert outcome.unknown == {"tofu:hold:first"}
    assert counters(shop) == held
    assert states(shop)["first"] == "pending"


def test_at_once_exactly_as_many_succeed_as_there_are_units(shop: Shop) -> None:
    stock(shop, 7)
    barrier = threading.Barrier(12)
    outcomes: list[Outcome] = []

    def buy(name: str) -> None:
        barrier.wait()
        outcomes.append(done(Database(shop.adapter), [take(name)]))

    threads = [threading.Thread(target=buy, args=(f"buyer-{i}",)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counters(shop) == (0, 7)
    assert sum(len(each.applied) for each in outcomes) == 7
    assert sum(len(each.refused) for each in outcomes) == 5
    assert final_units(shop) == 7


def test_the_same_operation_at_once_happens_once(shop: Shop) -> None:
    stock(shop, 9)
    barrier = threading.Barrier(6)
    outcomes: list[Outcome] = []

    def buy() -> None:
        barrier.wait()
        outcomes.append(done(Database(shop.adapter), [take("same", 2)]))

    threads = [threading.Thread(target=buy) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counters(shop) == (7, 2)
    assert all(each.applied == {"tofu:hold:same"} for each in outcomes)
    assert states(shop) == {"same": "final"}


def test_the_ring_may_lie_deeper_in_the_document(shop: Shop, db: Database) -> None:
    shop.add("users", {"_id": "u1", "points": {"shop": {"available": 3}}})
    spend = Operation(
        "spend:1",
        "users",
        "u1",
        {"points.shop.available": {"$gte": 2}},
        {"$inc": {"points.shop.available": -2}},
        NOW,
        ring="points.recentOps",
    )

    assert perform(db, [spend], NOW).applied == {"spend:1"}
    assert perform(db, [spend], NOW).applied == {"spend:1"}
    assert perform(db, [spend._replace(key="spend:2")], NOW).refused == {"spend:2"}
    assert shop.one("users", "u1")["points"] == {
        "shop": {"available": 1},
        "recentOps": [{"key": "spend:1", "at": NOW}],
    }
