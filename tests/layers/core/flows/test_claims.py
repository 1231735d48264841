"""Of a copy that is counted here and void there its template knows one answer, whichever came first."""

from collections.abc import Sequence
from contextlib import suppress

import pytest

from faults import Fragile
from functions.builders import NOW, coupon, user_coupon
from gardenshop.cloud.database import Command, Database, put
from gardenshop.cloud.errors import Busy, DatabaseUnavailable
from gardenshop.flows.claims import finish, issue, settle
from gardenshop.models.promotion import Coupon
from harness import A, Shop, user_id

COPY = user_coupon(state="pending", createdAt=NOW)
KEY = COPY["_id"]


@pytest.fixture(autouse=True)
def _stored(shop: Shop) -> None:
    shop.add("coupons", coupon())


def template(total: int = 10) -> Coupon:
    """The template as somebody may have read it."""
    return Coupon.model_validate(coupon(total=total))


def test_a_copy_that_was_counted_meanwhile_is_not_void(shop: Shop, db: Database) -> None:
    shop.add("user_coupons", COPY)

    def counted_meanwhile(commands: Sequence[Command]) -> None:
        if "update" in commands[0]:
            shop.adapter.before = lambda _: None
            dying = Fragile(shop.adapter.inner, lives=1, death=DatabaseUnavailable)
            with suppress(DatabaseUnavailable):
                settle(Database(dying), template(), [COPY], NOW)

    def after_the_refusal(commands: Sequence[Command]) -> None:
        if "find" in commands[0]:
            shop.adapter.before = counted_meanwhile

    shop.adapter.before = after_the_refusal
    settle(db, template(total=0), [COPY], NOW)

    assert shop.one("user_coupons", KEY)["state"] == "pending"
    assert finish(db, [COPY], NOW) == 1
    assert (shop.one("user_coupons", KEY)["state"], shop.one("coupons", "c1")["issued"]) == ("available", 1)


def test_a_count_that_arrives_after_the_copy_is_void_counts_nothing(shop: Shop, db: Database) -> None:
    late: list[Sequence[Command]] = []

    def hold_up(commands: Sequence[Command]) -> None:
        late.append(commands)
        raise DatabaseUnavailable

    shop.adapter.before = hold_up
    with pytest.raises(DatabaseUnavailable):
        settle(db, template(), [COPY], NOW, before=[put("user_coupons", COPY)])
    shop.adapter.before = lambda _: None
    settle(db, template(total=0), [COPY], NOW, before=[put("user_coupons", COPY)])
    shop.adapter.inner.run(late[0])

    assert (shop.one("user_coupons", KEY)["state"], shop.one("coupons", "c1")["issued"]) == ("void", 0)


def test_what_nobody_can_tell_any_more_is_busy_and_left_as_it_is(shop: Shop, db: Database) -> None:
    shop.add("user_coupons", COPY)
    rush = [{"key": f"claim:{number}", "at": NOW} for number in range(256)]
    shop.add("coupons", {**coupon("c2"), "recentOps": rush})
    other = {**COPY, "_id": "c2:u1:0", "couponId": "c2", "userId": "u1"}
    shop.add("user_coupons", other)

    with pytest.raises(Busy):
        settle(db, template(), [other], NOW)
    assert finish(db, [COPY, other], NOW) == 1

    assert shop.one("user_coupons", other["_id"]) == other


def test_many_members_get_their_copies_in_a_few_trips(shop: Shop, db: Database) -> None:
    members = [f"u{number:02}" for number in range(12)]

    issued = issue(db, template(), members, source="batch:first", now=NOW)

    assert sorted(issued.copies) == members[:10]
    assert shop.adapter.trips == 6
    again = issue(db, template(), [*members, user_id(A)], source="batch:first", now=NOW)
    assert sorted(again.copies) == members[:10]
    assert shop.one("coupons", "c1")["issued"] == 10
