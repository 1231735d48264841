"""review_add: say what one received line was like, once, and add to it once later."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, find, get, put, update
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Conflict, IllegalTransition, InvalidRequest, NotFound
from gardenshop.flows import ratings
from gardenshop.models.base import Line, LineId, OrderNo
from gardenshop.models.product import ReviewState
from gardenshop.rules.reviews import state_of

Picture = Annotated[str, Field(max_length=500, pattern=r"^(?:cloud|https)://[!-~]+$")]
_REVIEWABLE = frozenset({"received", "completed"})


class ReviewAdd(Request):
    """``review`` needs a `score`; ``append`` needs a `text`. Sending the same again changes nothing."""

    action: Literal["review", "append"] = "review"
    order_no: OrderNo
    line_id: LineId
    score: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None
    text: Annotated[Line, Field(max_length=1000)] = ""
    media: Annotated[tuple[Picture, ...], Field(max_length=9)] = ()


class ReviewAdded(Response):
    """`state` is ``pending`` while a person is to look at the words first."""

    review_id: str
    state: ReviewState
    practitioner_badge: str | None = None


@cloud_function(caller=MEMBER)
def main(request: ReviewAdd, ctx: Context) -> ReviewAdded:
    """Read the line and what was said of it, then review or append."""
    key = f"{request.order_no}:{request.line_id}"
    orders, users, practitioners, reviews = ctx.db.read(
        get("orders", request.order_no, fields=("status", "lines"), userId=ctx.user_id),
        get("users", ctx.user_id, fields=("nickname",)),
        find("practitioners", {"userId": ctx.user_id, "status": "active"}, fields=("level",), limit=1),
        get("product_reviews", key, userId=ctx.user_id),
    )
    line = _line_of(orders[0] if orders else {}, request.line_id)
    if request.action == "append":
        return _append(request, reviews[0] if reviews else None, ctx)
    author = {"userId": ctx.user_id, "nickname": (users[0].get("nickname") if users else "") or "会员"}
    if practitioners:
        author["practitionerBadge"] = practitioners[0]["level"]
    review = reviews[0] if reviews else _store(_draft(request, line, author, ctx), ctx)
    if _said(review) != (request.score, request.text, list(request.media)):
        raise Conflict("这件商品已经评价过了，可以追评一次")
    if "ratingDueAt" in review:
        ratings.count(ctx.db, [review], ctx.now)
    return ReviewAdded(
        review_id=key, state=review["state"], practitioner_badge=review.get("practitionerBadge")
    )


def _line_of(order: Document, line_id: str) -> Document:
    """Return the line. Raises NotFound without one, IllegalTransition before it was received."""
    line: Document | None = next(
        (each for each in order.get("lines") or () if each["lineId"] == line_id), None
    )
    if line is None:
        raise NotFound("没有找到该订单商品")
    if order["status"] not in _REVIEWABLE:
        raise IllegalTransition("收到商品后才能评价")
    return line


def _draft(request: ReviewAdd, line: Document, author: Document, ctx: Context) -> Document:
    """Return the review to store. Raises InvalidRequest without a score."""
    if request.score is None:
        raise InvalidRequest(fields=[{"field": "score", "problem": "missing"}])
    state = state_of(request.text)
    return {
        "_id": f"{request.order_no}:{request.line_id}",
        "productId": line["productId"],
        "skuId": line["skuId"],
        "orderNo": request.order_no,
        "lineId": request.line_id,
        **author,
        "score": request.score,
        "text": request.text,
        "media": list(request.media),
        "state": state,
        **({"ratingDueAt": ctx.now} if state == "shown" else {}),
        "schemaVersion": 1,
        "createdAt": ctx.now,
        "updatedAt": ctx.now,
    }


def _store(review: Document, ctx: Context) -> Document:
    """Store *review* unless the line has one by now; return the one it has."""
    (stored,) = ctx.db.write(put("product_reviews", review))
    return review if stored.happened else ctx.db.one(get("product_reviews", review["_id"])) or review


def _said(review: Document) -> tuple[int, str, list[str]]:
    return review["score"], review.get("text", ""), list(review.get("media") or ())


def _append(request: ReviewAdd, review: Document | None, ctx: Context) -> ReviewAdded:
    """Add to the review in one guarded write. Raises NotFound without one, Conflict when it was added to."""
    if review is None:
        raise NotFound("请先评价，再追评")
    if not request.text.strip():
        raise InvalidRequest(fields=[{"field": "text", "problem": "missing"}])
    said = {"text": request.text, "media": list(request.media)}
    append: Document = {**said, "state": state_of(request.text), "at": ctx.now}
    where = {"_id": review["_id"], "userId": ctx.user_id, "append": None}
    (written,) = ctx.db.write(
        update("product_reviews", where, {"$set": {"append": append, "updatedAt": ctx.now}})
    )
    if not written.happened:
        stored = ctx.db.one(get("product_reviews", review["_id"], fields=("append",))) or {}
        append = stored.get("append") or {}
        if {name: append.get(name) for name in said} != said:
            raise Conflict("已经追评过一次了")
    return ReviewAdded(
        review_id=review["_id"],
        state=append["state"],
        practitioner_badge=review.get("practitionerBadge"),
    )
