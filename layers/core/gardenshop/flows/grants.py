"""Coupons that the shop gives by itself: to many members at an operator's word, or to one for an occasion.

A batch goes page by page through the members, a task a page. A run ends by storing the task of the next page
and what it has counted so far; a page that is repeated gives nothing twice, because the batch is the
copies' source. The pages wait for each other, so that the template's ring can follow (`flows/claims.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gardenshop.cloud.clock import SECOND
from gardenshop.cloud.database import Command, Document, find, get, put, update
from gardenshop.cloud.entry import Context, Response
from gardenshop.flows import outbox, poison
from gardenshop.flows.basket import PROFILE_FIELDS, USER_FIELDS, shopper_of
from gardenshop.flows.claims import TEMPLATES, issue
from gardenshop.models.promotion import Coupon, Target
from gardenshop.rules.coupons import why_not_hers, why_not_open
from gardenshop.rules.promotions import RUNNING, Shopper, is_meant_for

PAGE = 200
_PAUSE = 20 * SECOND
_NOTHING = {"issued": 0, "limited": 0, "gone": 0}


class BatchView(Response):
    """How far a batch has come: `limited` members have had all they may have, for `gone` none was left."""

    pages: int
    done: bool
    issued: int
    limited: int
    gone: int


def batch(token: str, coupon_id: str, wish: Mapping[str, Any], at: int) -> Document:
    """Return the first task of a batch: copies of *coupon_id* for those whom *wish* names.

    That is ``userIds``, or a ``target``.
    """
    payload = {"couponId": coupon_id, **wish, "cursor": "", "before": _NOTHING}
    return outbox.task(outbox.COUPON_ISSUE, token, payload=payload, at=at)


def pages_of(token: str) -> Command:
    """Return the read of the tasks of a batch."""
    first = f"{outbox.COUPON_ISSUE}:{token}:"
    return find("sync_tasks", {"_id": {"$gte": first, "$lt": f"{first[:-1]};"}})


def batch_view(tasks: Sequence[Document]) -> BatchView:
    """Show how far the batch has come whose *tasks* these are."""
    last = max(tasks, key=lambda task: int(task["_id"].rpartition(":")[2]))
    counts = last["payload"].get("counts", last["payload"]["before"])
    return BatchView(pages=len(tasks), done=all(task["state"] == "done" for task in tasks), **counts)


def issue_page(ctx: Context, task: Document) -> list[Command]:
    """Give the next members of a batch their copies; a closed template ends the batch."""
    wish, batch_id = task["payload"], task["refId"]
    templates, users = ctx.db.read(get(TEMPLATES, wish["couponId"]), _members(wish))
    template = Coupon.model_validate(templates[0])
    if why_not_open(template, ctx.now):
        return []
    meant = _meant(ctx, wish, users)
    issued = issue(ctx.db, template, meant, source=f"batch:{batch_id}", now=ctx.now)
    given, limited = len(issued.copies), len(issued.limited)
    found = {"issued": given, "limited": limited, "gone": len(meant) - given - limited}
    counts = {name: wish["before"][name] + count for name, count in found.items()}
    counted = update("sync_tasks", {"_id": task["_id"]}, {"$set": {"payload.counts": counts}})
    if len(users) < PAGE:
        return [counted]
    payload = {name: value for name, value in wish.items() if name != "counts"}
    payload |= {"cursor": users[-1]["_id"], "before": counts}
    seq = int(task["_id"].rpartition(":")[2]) + 1
    following = outbox.task(outbox.COUPON_ISSUE, batch_id, payload=payload, at=ctx.now + _PAUSE, seq=seq)
    return [put("sync_tasks", following), counted]


def _members(wish: Document) -> Command:
    """Return the read of the next page of accounts that *wish* names, by id."""
    target = wish.get("target", {})
    where: Document = {"_id": {"$gt": wish["cursor"]}, "mergedInto": {"$exists": False}}
    where["openid"] = {"$exists": True}
    if "userIds" in wish:
        where["_id"]["$in"] = wish["userIds"]
    if target.get("tiers"):
        where["tier"] = {"$in": target["tiers"]}
    if target.get("segments"):
        where["rfm.segment"] = {"$in": target["segments"]}
    return find("users", where, fields=USER_FIELDS, sort={"_id": 1}, limit=PAGE)


def _meant(ctx: Context, wish: Document, users: Sequence[Document]) -> list[str]:
    """Return the ids of those *users* whom the target names; their constitution is in their profile.

    Who is malformed is passed over, and told.
    """
    target = Target.model_validate(wish.get("target", {}))
    ids = [user["_id"] for user in users]
    (found,) = ctx.db.read(find("user_profiles_extended", {"_id": {"$in": ids}}, fields=PROFILE_FIELDS))
    profiles = {profile["_id"]: profile for profile in found}

    def known(user: Document) -> tuple[str, Shopper]:
        return user["_id"], shopper_of(user, profiles.get(user["_id"], {}), now=ctx.now)

    shoppers = poison.results(ctx.db, "users", users, known, ctx.now)
    return [user_id for user_id, shopper in shoppers if is_meant_for(target, shopper)]


def grant(ctx: Context, task: Document) -> list[Command]:
    """Give a member one copy of every template that is open to her and waits for what has happened."""
    wish = task["payload"]
    waiting = {"channel": "trigger", "trigger": wish["trigger"], "state": {"$in": list(RUNNING)}}
    templates, users, profiles, gardens = ctx.db.read(
        find(TEMPLATES, waiting),
        get("users", wish["userId"], fields=USER_FIELDS),
        get("user_profiles_extended", wish["userId"], fields=PROFILE_FIELDS),
        get("gardens", wish["userId"], fields=("plants.plantId", "plants.code")),
    )
    if not users:
        return []
    shopper = shopper_of(users[0], profiles[0] if profiles else {}, now=ctx.now)
    plants = gardens[0].get("plants", ()) if gardens else ()
    codes = {plant["code"] for plant in plants if plant["plantId"] == wish.get("plantId")}
    for template in poison.results(ctx.db, TEMPLATES, templates, Coupon.model_validate, ctx.now):
        hers = not why_not_hers(template, shopper)
        if hers and (template.milestone is None or template.milestone in codes):
            issue(ctx.db, template, [wish["userId"]], source=wish["source"], now=ctx.now)
    return []
