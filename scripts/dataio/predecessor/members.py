"""Old members of the shop: accounts that wait for their owner, who is known by her verified phone."""

import re
from typing import Any

from dataio.predecessor.source import Documents, Refused, Source
from dataio.predecessor.values import EXPORTED_ON, codes, instant, moment, stamps, whole
from gardenshop.cloud.clock import DAY
from gardenshop.flows.accounts import masked, phone_hash

_PHONE = re.compile(r"1[3-9]\d{9}")
_LEVELS = {level: level for level in ("bronze", "silver", "gold", "diamond")}


def member(source: Source, phone_hash_key: str | None) -> Documents:
    """Map a member to an account and, where she has points, the lot that opens her book.

    Her phone is kept as a keyed hash alone, as `login` looks for it.
    """
    if not phone_hash_key:
        raise Refused("the phone cannot be hashed: PHONE_HASH_KEY is not set")
    shop_uid, phone = source.text("memberId"), source.text("phone")
    if not _PHONE.fullmatch(phone):
        raise Refused("phone is not a mobile number of the mainland")
    user_id = f"legacy:{shop_uid}"
    points = whole(source.number("points", 0), 1, "points", source.notes)
    lapses_on = source.text("pointsExpireOn", "")
    level = codes([source.text("level", "bronze")], _LEVELS, "level", source.notes)
    account = {
        "_id": user_id,
        **stamps(),
        "createdAt": moment(source.text("registeredAt", EXPORTED_ON)),
        "phoneHash": phone_hash(phone, phone_hash_key),
        "phoneMasked": masked(phone),
        "nickname": source.text("nickname", ""),
        "addresses": _addresses(source.part("address"), phone),
        "tier": level[0] if level else "bronze",
        "points": {"shop": {"available": points}},
        "legacy": {"shopUid": shop_uid},
    }
    opening = [("points_ledger", _opening(user_id, points, lapses_on))] if points else []
    return [("users", account), *opening]


def _opening(user_id: str, points: int, lapses_on: str) -> dict[str, Any]:
    if not lapses_on:
        raise Refused("pointsExpireOn is missing: nobody could say when the points lapse")
    return {
        "_id": f"opening:{user_id}:import",
        **stamps(),
        "userId": user_id,
        "book": "shop",
        "delta": points,
        "kind": "opening",
        "ref": {"type": "account", "id": user_id},
        "lot": {"left": points, "expiresAt": instant(lapses_on) + DAY - 1},
        "state": "final",
        "rulesVersion": "legacy",
        "day": EXPORTED_ON,
        "note": "原九悦商城积分结转",
        "actor": "import",
    }


def _addresses(source: Source, phone: str) -> list[dict[str, Any]]:
    """Return the one address that the old shop kept, or none where it is not whole."""
    if not source:
        return []
    fields = {
        name: source.text(name, "") for name in ("name", "phone", "province", "city", "district", "detail")
    }
    if not all(fields[name] for name in ("name", "province", "city", "detail")):
        source.notes.append("address left out: it is not whole")
        return []
    return [{"addressId": "home", **fields, "phone": fields["phone"] or phone, "isDefault": True}]
