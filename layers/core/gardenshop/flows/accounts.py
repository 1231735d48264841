"""One account for garden and shop: the member's own document, and her former shop account merged into it.

A former account is a `users` document without an openid, named by its verified phone. It is claimed by one
guarded update, so that of any number of logins at once one owns it; what it carries is then moved
under its own operation key, which a crash or a repeat cannot do twice.
"""

import hashlib
import hmac
from typing import get_args

from gardenshop.cloud.database import Command, Database, Document, find, get, put, update
from gardenshop.cloud.errors import Internal
from gardenshop.flows.balances import Operation, perform
from gardenshop.flows.outbox import occasion
from gardenshop.models.limits import MOST_DEVICES
from gardenshop.models.vocabulary import BadgeLevel

_MIN_KEY = 16
_CARRIED = ("nickname", "addresses", "avatar")
_BOOKS = ("garden", "shop")
_TIERS = get_args(BadgeLevel)


def phone_hash(phone: str, key: str) -> str:
    """Return the keyed hash under which *phone* is stored. Raises Internal when *key* is not set."""
    return _keyed_hash(phone, key)


def device_hash(device_id: str, key: str) -> str:
    """Return the keyed hash under which a device is stored. Raises Internal when *key* is not set."""
    return _keyed_hash(f"device:{device_id}", key)


def _keyed_hash(text: str, key: str) -> str:
    if len(key) < _MIN_KEY:
        raise Internal(cause="settings: PHONE_HASH_KEY")
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def masked(phone: str) -> str:
    """Return *phone* as it may be shown: its first three and last four digits."""
    return f"{phone[:3]}****{phone[-4:]}"


def new_account(user_id: str, openid: str, unionid: str, now: int) -> Command:
    """Return the write that gives *openid* an account, yet to be greeted, unless it has one."""
    books = {"garden": {"available": 0, "pending": 0, "debt": 0}}
    books["shop"] = {**books["garden"], "reserved": 0}
    account: Document = {
        "_id": user_id,
        "openid": openid,
        "nickname": "",
        "roles": [],
        "status": "active",
        "addresses": [],
        "tier": "bronze",
        "points": {**books, "recentOps": []},
        "consents": [],
        "version": 0,
        "greetAt": now,
        "schemaVersion": 1,
        "createdAt": now,
        "updatedAt": now,
    }
    return put("users", account | ({"unionid": unionid} if unionid else {}))


def greet(account: Document) -> list[Command]:
    """Return the writes that store the task of greeting a new *account*, and then take its mark away."""
    if "greetAt" not in account:
        return []
    mine = {"_id": account["_id"], "greetAt": account["greetAt"]}
    task = occasion("new_member", "new_member", account["_id"], at=account["greetAt"])
    return [task, update("users", mine, {"$unset": {"greetAt": ""}})]


def claim(user_id: str, hashed: str, now: int) -> Command:
    """Return the write that makes the former account with the phone *hashed* belong to *user_id*."""
    where = {"phoneHash": hashed, "openid": {"$exists": False}, "mergedInto": {"$exists": False}}
    change = {"$set": {"mergedInto": user_id, "updatedAt": now}, "$unset": {"phoneHash": ""}}
    return update("users", where, change)


def own_phone(user_id: str, hashed: str, phone: str, now: int) -> Command:
    """Return the write that names *user_id* by her verified phone; a duplicate when another account is."""
    change = {"phoneHash": hashed, "phoneMasked": masked(phone), "updatedAt": now}
    return update("users", {"_id": user_id}, {"$set": change})


def own_device(user_id: str, hashed: str, now: int) -> Command:
    """Return the write that remembers the device *hashed* of *user_id* among the last ones, once."""
    seen = {"$each": [hashed], "$slice": -MOST_DEVICES}
    where = {"_id": user_id, "deviceHashes": {"$ne": hashed}}
    return update("users", where, {"$push": {"deviceHashes": seen}, "$set": {"updatedAt": now}})


def merge_claimed(db: Database, account: Document, now: int) -> list[str]:
    """Move what the former accounts claimed by *account* hold; return the ids of those moved now."""
    unmoved = {"mergedInto": account["_id"], "legacy.mergedAt": {"$exists": False}}
    (former,) = db.read(find("users", unmoved))
    for each in former:
        _move(db, account, each, now)
    return [each["_id"] for each in former]


def _move(db: Database, account: Document, former: Document, now: int) -> None:
    """Hand over profile, orders, ledger rows, points and facts, then leave the former account empty."""
    (profiles,) = db.read(get("user_profiles_extended", former["_id"]))
    hers, mine = {"userId": former["_id"]}, {"userId": account["_id"], "updatedAt": now}
    hand_over = [
        *(put("user_profiles_extended", {**profile, "_id": account["_id"]}) for profile in profiles),
        update("orders", hers, {"$set": mine}, multi=True),
        update("points_ledger", hers, {"$set": mine}, multi=True),
    ]
    outcome = perform(db, [_inheritance(account, former)], now, before=hand_over)
    if outcome.unknown or outcome.refused:
        raise Internal(cause=f"merge of {former['_id']}")
    link = {"legacy": {"shopUid": former["_id"].removeprefix("legacy:"), "mergedAt": now}}
    db.write(
        update("users", {"_id": former["_id"]}, {"$unset": {"legacy.shopUid": "", "points": ""}}),
        update("users", {"_id": account["_id"]}, {"$set": link}),
        update("users", {"_id": former["_id"]}, {"$set": {"legacy.mergedAt": now, "updatedAt": now}}),
    )


def _inheritance(account: Document, former: Document) -> Operation:
    """Add the former account's points, and the facts that the account does not say itself."""
    facts = {name: former[name] for name in _CARRIED if former.get(name) and not account.get(name)}
    points = {
        f"points.{book}.available": counters["available"]
        for book, counters in (former.get("points") or {}).items()
        if book in _BOOKS and counters.get("available")
    }
    tier = max(account.get("tier", "bronze"), former.get("tier", "bronze"), key=_TIERS.index)
    change: dict[str, Document] = {"$set": {**facts, "tier": tier}}
    return Operation(
        key=f"merge:{former['_id']}",
        balance="users",
        target=account["_id"],
        guard={},
        change=change | ({"$inc": points} if points else {}),
        started=former["updatedAt"],
        ring="points.recentOps",
    )
