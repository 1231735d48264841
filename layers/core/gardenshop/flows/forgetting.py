"""Erasing a member, piece by piece, by a task of the outbox.

Her account goes first: its counters pass to a document under the alias, which alone holds her openid from
there on. Since that is unique, no login opens a new account before everything else of hers has passed or
gone; and functions find no account, so nothing new begins. Each run takes a page of every collection, and
only a run that finds nothing gives the openid free: whoever logs in with it then is new.

The task alone knows whose alias it is, and its last write forgets that. Every write may be repeated, and a
run that died is simply begun again.
"""

from collections.abc import Sequence

from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import Command, Document, delete, find, get, put, update
from gardenshop.cloud.entry import Context
from gardenshop.cloud.errors import Busy
from gardenshop.flows import outbox
from gardenshop.flows.certifications import change, project
from gardenshop.flows.erasure import blockers_of, case_reads
from gardenshop.rules.privacy import (
    ACCOUNT,
    COMMISSION,
    HOLDINGS,
    NOBODY,
    PRACTITIONER,
    VOUCHED,
    Holding,
    passed_on,
    where_owner,
)

PAGE = 50
_PERSONAL = ("phoneHash", "phoneMasked", "unionid", "deviceHashes", "nickname", "avatar", "addresses")
"""Of the former accounts that were merged into hers."""


def erase(ctx: Context, task: Document) -> list[Command]:
    """Do the next piece of an erasure; the writes returned leave the rest to another task, or end it."""
    wish, alias = task["payload"], task["refId"]
    if "userId" not in wish:
        return []
    kept, *case = ctx.db.read(get("users", alias), *case_reads(wish["userId"]))
    is_open = bool(kept) and "openid" in kept[0]
    for account in case[0]:
        asked = account.get("erasure", {})
        if asked.get("alias") != alias:
            return [_forgotten(task)]
        if blockers_of(case) and not asked.get("again"):
            return [_later(task, ctx.now + DAY), _forgotten(task)]
        _close(ctx, account, wish["openid"], alias)
        is_open = True
    if not is_open:
        return [_forgotten(task)]
    if _sweep(ctx, wish["userId"], alias):
        return [_later(task, ctx.now), _forgotten(task)]
    return [update("users", {"_id": alias}, {"$unset": {"openid": ""}}), _forgotten(task)]


def _later(task: Document, at: int) -> Command:
    """Store the task that goes on at *at*."""
    seq = int(task["_id"].rpartition(":")[2]) + 1
    payload = task["payload"]
    return put("sync_tasks", outbox.task(outbox.ERASE, task["refId"], payload=payload, at=at, seq=seq))


def _forgotten(task: Document) -> Command:
    return update("sync_tasks", {"_id": task["_id"]}, {"$set": {"payload": {}}})


def _close(ctx: Context, account: Document, openid: str, alias: str) -> None:
    """Let the account pass to *alias*. Raises Busy when its points change meanwhile: it stays hers then."""
    user_id = account["_id"]
    mine = {"_id": user_id, "erasure.alias": alias}
    kept = passed_on(account, ACCOUNT, [user_id], alias)
    fields = {name: value for name, value in kept.items() if name != "_id"}
    fields |= {"openid": openid, "status": "closed", "updatedAt": ctx.now}
    *_, gone = ctx.db.write(
        update("users", mine, {"$unset": {"openid": "", "phoneHash": ""}}),
        update("users", {"_id": alias}, {"$set": fields}, upsert=True),
        delete("users", {**mine, "points": account["points"]}),
    )
    if not gone.happened:
        raise Busy


def _sweep(ctx: Context, user_id: str, alias: str) -> bool:
    """Pass on or remove a page of everything; say whether there was anything."""
    (former,) = ctx.db.read(find("users", {"mergedInto": user_id}, fields=("_id",)))
    owners = [user_id, *(each["_id"] for each in former)]
    reads = [find(each.collection, _hers(each, owners, alias), limit=PAGE) for each in HOLDINGS]
    found = ctx.db.read(*reads)
    writes = [
        command
        for holding, documents in zip(HOLDINGS, found, strict=True)
        for document in documents
        for command in _fate(holding, document, owners, alias, ctx.now)
    ]
    ctx.db.write(*writes)
    if writes:
        return True
    parted = _part(ctx, user_id, alias)
    gone = {"$unset": dict.fromkeys(_PERSONAL, ""), "$set": {"mergedInto": alias, "updatedAt": ctx.now}}
    (renamed,) = ctx.db.write(update("users", {"mergedInto": user_id}, gone, multi=True))
    return parted or renamed.happened


def _hers(holding: Holding, owners: Sequence[str], alias: str) -> Document:
    """Return the filter of what *holding* has of her, but for the tasks of this very erasure."""
    where = where_owner(holding, owners)
    return {**where, "refId": {"$ne": alias}} if holding.collection == "sync_tasks" else where


def _fate(holding: Holding, document: Document, owners: Sequence[str], alias: str, now: int) -> list[Command]:
    """Return the writes that pass *document* on or remove it, the last of them the one that settles it."""
    key = {"_id": document["_id"]}
    if holding.fate == "removed" or document["_id"] in owners[1:]:
        return [delete(holding.collection, key)]
    passed = passed_on(document, holding, owners, alias)
    kept = {**passed, **_closed(holding, passed), "updatedAt": now}
    fields = {name: value for name, value in kept.items() if name != "_id"}
    seen = {**key, "updatedAt": document["updatedAt"]}
    beside = _beside(holding, document, kept, owners, alias)
    if kept["_id"] != document["_id"]:
        copied = update(holding.collection, {"_id": kept["_id"]}, {"$set": fields}, upsert=True)
        return [*beside, copied, delete(holding.collection, seen)]
    gone = {name: "" for name in document if name not in kept}
    return [
        *beside,
        update(holding.collection, seen, {"$set": fields, **({"$unset": gone} if gone else {})}),
    ]


def _closed(holding: Holding, kept: Document) -> Document:
    """Return what *kept* becomes besides, because nobody is there any more to use it."""
    if holding.collection == "user_coupons" and kept["state"] == "available":
        return {"state": "expired"}
    return {"name": NOBODY, "status": "left"} if holding is PRACTITIONER else {}


def _beside(
    holding: Holding, document: Document, kept: Document, owners: Sequence[str], alias: str
) -> list[Command]:
    """Return the writes that rename her in what is not hers: a template's ring, the stock."""
    if holding.collection == "user_coupons":
        keys = [(f"{reason}:{document['_id']}", f"{reason}:{kept['_id']}") for reason in ("claim", "void")]
        template = document["couponId"]
        return [
            update("coupons", {"_id": template, "recentOps.key": old}, {"$set": {"recentOps.$.key": new}})
            for old, new in keys
        ]
    if holding.collection == "orders":
        moved = {
            "ref": {"$gte": document["_id"], "$lt": f"{document['_id']}~"},
            "actor": {"$in": list(owners)},
        }
        return [update("stock_ledger", moved, {"$set": {"actor": alias}}, multi=True)]
    return []


def _part(ctx: Context, user_id: str, alias: str) -> bool:
    """Let a practitioner go: her badges and words, her payouts, then her name; say whether there was one."""
    (found,) = ctx.db.read(find("practitioners", {"userId": user_id}))
    for practitioner in found:
        whose = {"practitionerId": practitioner["_id"]}
        named = [
            {"actor": user_id},
            {"ref": {"$gte": f"{user_id}:", "$lt": f"{user_id};"}},
            {"note": {"$exists": True}},
        ]
        vouched, rows = ctx.db.read(
            find(VOUCHED.collection, {**whose, "testimony": {"$ne": NOBODY}}, limit=PAGE),
            find(COMMISSION.collection, {**whose, "$or": named}, limit=PAGE),
        )
        left = [(VOUCHED, _withdrawn(ctx, each, practitioner["name"])) for each in vouched]
        left += [(COMMISSION, row) for row in rows]
        left = left or [(PRACTITIONER, practitioner)]
        ctx.db.write(*(write for each in left for write in _fate(*each, [user_id], alias, ctx.now)))
    return bool(found)


def _withdrawn(ctx: Context, certification: Document, name: str) -> Document:
    """Take a badge off its product, and return the certification as it is then."""
    old = project(ctx.db, certification, name, ctx.now)
    if old["state"] not in {"applied", "approved"}:
        return old
    (taken,) = ctx.db.write(change(old, {"state": "withdrawn"}, ctx.now))
    if not taken.happened:
        raise Busy
    new = {**old, "state": "withdrawn", "version": old.get("version", 0) + 1, "updatedAt": ctx.now}
    return project(ctx.db, new, name, ctx.now)
