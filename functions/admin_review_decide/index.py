"""admin_review_decide: an operator shows or hides what a member wrote of a product, or answers it."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, get, update
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Busy, Conflict, InvalidRequest, NotFound
from gardenshop.flows import ratings
from gardenshop.flows.audit import audit
from gardenshop.flows.texts import refuse_claims
from gardenshop.models.base import Key, Words

SIGNED = "商家客服"
_STATES = {"show": "shown", "hide": "hidden"}


class AdminReviewDecide(Request):
    """``show`` and ``hide`` are about a `part`; ``reply`` needs a `text`, and another reply replaces it."""

    review_id: Key
    action: Literal["show", "hide", "reply"]
    part: Literal["review", "append"] = "review"
    text: Annotated[Words, Field(max_length=1000)] | None = None
    note: Annotated[Words, Field(min_length=2, max_length=100)]


class ReviewDecided(Response):
    """The review after the decision; `repeated` says that it had been decided so before."""

    review_id: str
    state: str
    append_state: str | None
    reply: str | None
    repeated: bool


@cloud_function(caller=OPERATOR, name="admin_review_decide")
def main(request: AdminReviewDecide, ctx: Context) -> ReviewDecided:
    """Let the rating take in the state it is in, change it in one guarded write, and count again."""
    review = ctx.db.one(get("product_reviews", request.review_id))
    if review is None:
        raise NotFound("没有找到该评价")
    review = _counted(review, ctx)
    fields = _fields(request, review, ctx)
    if not fields:
        return _shown(review, repeated=True)
    return _shown(_counted(_decide(request, review, fields, ctx), ctx), repeated=False)


def _counted(review: Document, ctx: Context) -> Document:
    """Return *review* once its product's rating has taken it in. Raises Busy when that cannot be told."""
    if "ratingDueAt" not in review:
        return review
    if not ratings.count(ctx.db, [review], ctx.now):
        raise Busy
    return {name: value for name, value in review.items() if name != "ratingDueAt"}


def _fields(request: AdminReviewDecide, review: Document, ctx: Context) -> Document:
    """Return what changes, by dotted names; nothing when it is so already."""
    if request.action == "reply":
        return _reply(request, review, ctx)
    state = _STATES[request.action]
    if request.part == "append":
        if "append" not in review:
            raise NotFound("该评价没有追评")
        return {} if review["append"]["state"] == state else {"append.state": state}
    if review["state"] == state:
        return {}
    counts = "shown" in {review["state"], state}
    return {"state": state, **({"ratingDueAt": ctx.now} if counts else {})}


def _reply(request: AdminReviewDecide, review: Document, ctx: Context) -> Document:
    """Return the shop's answer. Raises InvalidRequest for words that food must not be praised with."""
    if request.text is None:
        raise InvalidRequest(fields=[{"field": "text", "problem": "missing"}])
    refuse_claims({"text": request.text})
    if (review.get("reply") or {}).get("text") == request.text:
        return {}
    return {"reply": {"text": request.text, "by": SIGNED, "at": ctx.now}}


def _decide(request: AdminReviewDecide, review: Document, fields: Document, ctx: Context) -> Document:
    """Write the trail and the change, if the review is as it was read. Raises Conflict when it is not."""
    version = review.get("version", 0)
    audit(
        ctx,
        key=f"review:{review['_id']}:{version + 1}:{request.action}",
        role=ctx.role,
        function="admin_review_decide",
        action=request.action,
        target=review["_id"],
        diff={"part": request.part, "state": [review["state"], fields.get("state", review["state"])]},
        reason=request.note,
    )
    where = {**ratings.as_it_was(review), "ratingDueAt": None}
    change = {"$set": {**fields, "updatedAt": ctx.now}, "$inc": {"version": 1}}
    (changed,) = ctx.db.write(update("product_reviews", where, change))
    if not changed.happened:
        raise Conflict("该评价刚刚有变化，请重试")
    after = {**review, "version": version + 1}
    for name, value in fields.items():
        place, _, inside = name.partition(".")
        after[place] = {**review[place], inside: value} if inside else value
    return after


def _shown(review: Document, *, repeated: bool) -> ReviewDecided:
    return ReviewDecided(
        review_id=review["_id"],
        state=review["state"],
        append_state=(review.get("append") or {}).get("state"),
        reply=(review.get("reply") or {}).get("text"),
        repeated=repeated,
    )
