"""review_list: what members say of a product, or what the caller has said, page by page."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Command, Document, aggregate, find
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.models.base import Key
from gardenshop.rules.paging import CursorText, Order, after, cursor_of
from gardenshop.rules.reviews import BANDS

NEWEST = Order("createdAt", -1)
_WITH_IMAGES = {"media.0": {"$exists": True}}


class ReviewList(Request):
    """The reviews of `product_id` that are shown; without it the caller's own, shown or not."""

    product_id: Key | None = None
    filter: Literal["all", "good", "middle", "bad", "images"] = "all"
    cursor: CursorText | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=50)] = 20


class Appended(Response):
    """What was added later."""

    text: str
    media: list[str]
    at: int
    state: str


class Answer(Response):
    """The shop's answer."""

    text: str
    by: str
    at: int


class ReviewView(Response):
    """One review. Only its author learns which line it is of and whether it is shown."""

    nickname: str
    practitioner_badge: str | None
    product_id: str
    sku_id: str
    score: int
    text: str
    media: list[str]
    at: int
    append: Appended | None
    reply: Answer | None
    order_no: str | None = None
    line_id: str | None = None
    state: str | None = None


class Counts(Response):
    """How many reviews each filter leaves."""

    all: int
    good: int
    middle: int
    bad: int
    images: int


class ReviewPage(Response):
    """A page of reviews, newest first; `next_cursor` is absent on the last one."""

    counts: Counts
    reviews: list[ReviewView]
    next_cursor: str | None = None


@cloud_function(caller=MEMBER)
def main(request: ReviewList, ctx: Context) -> ReviewPage:
    """Count and read in one round trip."""
    mine = request.product_id is None
    whose = {"userId": ctx.user_id} if mine else {"productId": request.product_id, "state": "shown"}
    where = {**whose, **_filter(request.filter), **after(NEWEST, request.cursor)}
    scores, images, found = ctx.db.read(
        _counted(whose, "$score"),
        _counted({**whose, **_WITH_IMAGES}, None),
        find("product_reviews", where, sort=NEWEST.keys, limit=request.limit + 1),
    )
    shown, more = found[: request.limit], len(found) > request.limit
    return ReviewPage(
        counts=_counts(scores, images),
        reviews=[_view(review, mine=mine) for review in shown],
        next_cursor=cursor_of(NEWEST, shown[-1]) if more else None,
    )


def _filter(name: str) -> Document:
    if name == "images":
        return _WITH_IMAGES
    scores = next((scores for band, scores in BANDS.items() if band == name), None)
    return {"score": {"$in": list(scores)}} if scores else {}


def _counted(where: Document, by: str | None) -> Command:
    return aggregate("product_reviews", {"$match": where}, {"$group": {"_id": by, "n": {"$sum": 1}}})


def _counts(scores: list[Document], images: list[Document]) -> Counts:
    by_score = {int(group["_id"]): int(group["n"]) for group in scores}
    bands = {band: sum(by_score.get(score, 0) for score in scores) for band, scores in BANDS.items()}
    with_images = int(images[0]["n"]) if images else 0
    return Counts(all=sum(by_score.values()), images=with_images, **bands)


def _view(review: Document, *, mine: bool) -> ReviewView:
    append, reply = review.get("append"), review.get("reply")
    hidden = append is not None and append["state"] != "shown" and not mine
    own = {"order_no": review["orderNo"], "line_id": review["lineId"], "state": review["state"]}
    return ReviewView(
        nickname=review["nickname"],
        practitioner_badge=review.get("practitionerBadge"),
        product_id=review["productId"],
        sku_id=review["skuId"],
        score=review["score"],
        text=review.get("text", ""),
        media=review.get("media") or [],
        at=review["createdAt"],
        append=Appended.model_validate(append) if append and not hidden else None,
        reply=Answer.model_validate(reply) if reply else None,
        **(own if mine else {}),
    )
