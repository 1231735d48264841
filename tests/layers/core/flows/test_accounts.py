"""A former shop account becomes its owner's once, whoever logs in how often and wherever it stops."""

from collections.abc import Callable
from itertools import count

import pytest

from demo.points_laws import points_are_their_ledger
from faults import Fragile, Killed
from gardenshop.cloud.database import Database, Document
from gardenshop.cloud.errors import DatabaseUnavailable, Internal
from gardenshop.flows.accounts import claim, masked, merge_claimed, new_account, own_phone, phone_hash
from harness import PHONE_KEY, A, B, Shop, open_shop, user_id

NOW = 1_795_000_000_000
PHONE = "13800010086"
HASHED = phone_hash(PHONE, PHONE_KEY)
FORMER = "legacy:10086"


def former_account(shop: Shop) -> None:
    """Store a former account with points, an order and a profile."""
    stamps = {"schemaVersion": 1, "createdAt": NOW - 9, "updatedAt": NOW - 9}
    facts = {"nickname": "素心", "tier": "silver", "addresses": [{"addressId": "home"}]}
    points = {"shop": {"available": 860}, "garden": {"available": 0}}
    legacy = {"shopUid": "10086"}
    account = {"_id": FORMER, "phoneHash": HASHED, **facts, "points": points, "legacy": legacy, **stamps}
    shop.add("users", account)
    shop.add("user_profiles_extended", {"_id": FORMER, "goals": ["早睡"], **stamps})
    shop.add("orders", {"_id": "JY1", "userId": FORMER, "clientToken": "jy1", **stamps})
    row = {"_id": "opening:1", "userId": FORMER, "book": "shop", "delta": 860, "state": "final"}
    shop.add("points_ledger", {**row, "lot": {"left": 860}, **stamps})


def log_in(db: Database, openid: str = A, now: int = NOW) -> list[str]:
    """Open the account, claim the phone, move what the former account holds."""
    member = user_id(openid)
    db.write(
        new_account(member, openid, "", now),
        claim(member, HASHED, now),
        own_phone(member, HASHED, PHONE, now),
    )
    account = db.one({"find": "users", "filter": {"_id": member}})
    assert account is not None
    return merge_claimed(db, account, now)


def assert_merged(shop: Shop) -> None:
    account: Document = shop.one("users", user_id(A))
    assert account["points"]["shop"]["available"] == 860
    assert (account["nickname"], account["tier"], account["phoneHash"]) == ("素心", "silver", HASHED)
    assert account["phoneMasked"] == "138****0086"
    assert account["legacy"] == {"shopUid": "10086", "mergedAt": NOW}
    former = shop.one("users", FORMER)
    assert former["mergedInto"] == user_id(A)
    assert not former.keys() & {"phoneHash", "points"}
    assert former["legacy"] == {"mergedAt": NOW}
    assert {each["userId"] for each in shop.documents("orders")} == {user_id(A)}
    assert {each["userId"] for each in shop.documents("points_ledger")} == {user_id(A)}
    assert shop.one("user_profiles_extended", user_id(A))["goals"] == ["早睡"]
    assert list(points_are_their_ledger(shop.documents)) == []


def test_what_the_former_account_holds_is_moved(shop: Shop, db: Database) -> None:
    former_account(shop)

    assert log_in(db) == [FORMER]
    assert_merged(shop)


def test_logging_in_again_moves_nothing(shop: Shop, db: Database) -> None:
    former_account(shop)
    log_in(db)
    before = shop.dump()

    assert log_in(db, now=NOW) == []
    assert shop.dump() == before


@pytest.mark.parametrize("death", [Killed, DatabaseUnavailable])
def test_wherever_it_stopped_the_next_login_moves_the_rest(death: Callable[[], BaseException]) -> None:
    for lives in count():
        with open_shop() as shop:
            former_account(shop)
            fragile = Fragile(shop.adapter, lives=lives, death=death)
            try:
                log_in(Database(fragile))
            except (Killed, DatabaseUnavailable):
                log_in(Database(shop.adapter))
            assert_merged(shop)
            if not fragile.deaths:
                return


def test_of_two_logins_at_once_one_moves_it(shop: Shop, db: Database) -> None:
    former_account(shop)

    def meanwhile(_: object) -> None:
        if shop.adapter.trips == 3:
            assert log_in(Database(shop.adapter.inner)) == [FORMER]

    shop.adapter.before = meanwhile
    log_in(db)

    assert_merged(shop)


def test_what_she_says_herself_stays(shop: Shop, db: Database) -> None:
    former_account(shop)
    db.write(new_account(user_id(A), A, "", NOW))
    db.write({"update": "users", "updates": [{"q": {}, "u": {"$set": {"nickname": "新名"}}, "multi": True}]})

    log_in(db)

    assert shop.one("users", user_id(A))["nickname"] == "新名"


def test_a_phone_belongs_to_one(shop: Shop, db: Database) -> None:
    log_in(db)
    member = user_id(B)

    opened, claimed, owned = db.write(
        new_account(member, B, "union", NOW),
        claim(member, HASHED, NOW),
        own_phone(member, HASHED, PHONE, NOW),
    )

    assert (opened.matched, claimed.happened, owned.duplicate) == (1, False, True)
    assert "phoneHash" not in shop.one("users", member)


def test_a_phone_is_stored_only_as_a_keyed_hash() -> None:
    assert masked(PHONE) == "138****0086"
    assert PHONE not in HASHED
    assert HASHED == phone_hash(PHONE, PHONE_KEY) != phone_hash(PHONE, PHONE_KEY + "x")
    with pytest.raises(Internal) as refused:
        phone_hash(PHONE, "short")
    assert refused.value.details == {"cause": "settings: PHONE_HASH_KEY"}
