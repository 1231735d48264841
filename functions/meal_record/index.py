"""meal_record: look at what a meal weighs in carbon, record it, or take it back.

Foods are named by id or in words. What the member bought in the shop has saved its carbon there, so a meal
cooked from it does not save it again. A meal counts once for its client token.
"""

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, get, put
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import InvalidRequest, NotFound, TooManyMeals
from gardenshop.flows.meal_draft import Sitting, Wishes, draft, sitting_of, sitting_reads
from gardenshop.flows.meals import LEDGER, book, undoing, undoing_of
from gardenshop.flows.plate import Wish
from gardenshop.models.base import ClientToken, Day, Key, Words
from gardenshop.rules.meal_notes import earned_g, notes_of

DAYS_BACK = 7
Photo = Annotated[str, Field(max_length=500, pattern=r"^cloud://[!-~]+$")]


class Dish(Request):
    """Some `grams`, or an `amount` such as 半块, of an ingredient; a portion when there is neither."""

    ingredient_id: Key
    grams: Annotated[int, Field(strict=True, ge=1, le=5000)] | None = None
    amount: Annotated[Words, Field(max_length=20)] | None = None


class MealRecord(Request):
    """``record`` and ``undo`` need a `client_token`; `day` is today or up to a week back."""

    action: Literal["preview", "record", "undo"] = "preview"
    items: Annotated[tuple[Dish, ...], Field(max_length=20)] = ()
    text: Annotated[Words, Field(max_length=120)] | None = None
    type: Literal["breakfast", "lunch", "dinner", "snack"] = "lunch"
    day: Day | None = None
    baseline: Annotated[Key, Field(max_length=40)] | None = None
    photo_id: Photo | None = None
    client_token: ClientToken | None = None


class Eaten(Response):
    """A food; `earned_g` of its grams were bought in the shop, which has counted what they save."""

    ingredient_id: str
    name: str
    grams: int
    carbon_g: int
    earned_g: int
    confidence_bp: int


class MealView(Response):
    """A meal in carbon: an estimate by `method`; `uncounted` are the words that stand for no known food."""

    meal_id: str | None
    day: str
    type: str
    items: list[Eaten]
    uncounted: list[str]
    carbon_g: int
    baseline_g: int
    saved_g: int
    points: int
    notes: list[str]
    method: str
    factor_version: str
    recorded: bool
    undone: bool


@cloud_function(caller=MEMBER)
def main(request: MealRecord, ctx: Context) -> MealView:
    """Read in one trip, draw the row up, write it, and take it into the books; what is recorded stays."""
    if request.action != "preview" and request.client_token is None:
        raise InvalidRequest(fields=[{"field": "clientToken", "problem": "missing"}])
    wishes = _wishes(request, ctx)
    sitting = sitting_of(wishes, ctx.db.read(*sitting_reads(wishes)))
    if request.action == "preview":
        return _view(draft(wishes, sitting, ctx.now), sitting, recorded=False)
    row = sitting.own.get(wishes.meal_id)
    if request.action == "undo":
        if row is None:
            raise NotFound("没有这条记录")
        return _undo(row, sitting, ctx)
    if row is None:
        _check_room(sitting, wishes.day)
        row = _stored(draft(wishes, sitting, ctx.now), ctx)
    book(ctx.db, row, sitting.table, ctx.now)
    return _view(row, sitting, undone=undoing_of(row["_id"]) in sitting.own)


def _undo(row: Document, sitting: Sitting, ctx: Context) -> MealView:
    """Take a meal back, once, after what it gave is in the books."""
    book(ctx.db, row, sitting.table, ctx.now)
    back = sitting.own.get(undoing_of(row["_id"])) or _stored(undoing(row, ctx.now), ctx)
    book(ctx.db, back, sitting.table, ctx.now)
    return _view(row, sitting, undone=True)


def _wishes(request: MealRecord, ctx: Context) -> Wishes:
    today = date.fromisoformat(ctx.day)
    days = [(today - timedelta(days=back)).isoformat() for back in range(DAYS_BACK + 1)]
    if request.day is not None and request.day not in days:
        problem = {"field": "day", "problem": "out of range"}
        raise InvalidRequest(f"只能记录今天和之前 {DAYS_BACK} 天的餐食", fields=[problem])
    return Wishes(
        user_id=ctx.user_id,
        meal_id=f"{ctx.user_id}:{request.client_token or ''}",
        day=request.day or ctx.day,
        type=request.type,
        dishes=[Wish(dish.ingredient_id, dish.grams, dish.amount) for dish in request.items],
        text=request.text,
        baseline=request.baseline,
        photo_id=request.photo_id,
    )


def _check_room(sitting: Sitting, day: str) -> None:
    most = sitting.table.policy.carbon.meals_a_day
    if sitting.eaten_on(day) >= most:
        raise TooManyMeals(f"这一天已经记录了 {most} 餐", most=most)


def _stored(row: Document, ctx: Context) -> Document:
    """Store *row* unless its id is taken, and return what is stored. Raises InvalidRequest without a food."""
    if not row["items"] and "reverses" not in row:
        raise InvalidRequest("没有认出可以记录的食物", fields=[{"field": "text", "problem": "no known food"}])
    (stored,) = ctx.db.write(put(LEDGER, row))
    return row if stored.happened else ctx.db.one(get(LEDGER, row["_id"])) or row


def _view(row: Document, sitting: Sitting, *, recorded: bool = True, undone: bool = False) -> MealView:
    items = [
        Eaten(
            ingredient_id=item["ingredientId"],
            name=item["name"],
            grams=item["grams"],
            carbon_g=item["carbonG"],
            earned_g=earned_g(item),
            confidence_bp=item["confidenceBp"],
        )
        for item in row["items"]
    ]
    return MealView(
        meal_id=row["_id"] if recorded else None,
        day=row["day"],
        type=row["type"],
        items=items,
        uncounted=row["uncounted"],
        carbon_g=row["carbonG"],
        baseline_g=row["baselineG"],
        saved_g=row["savedG"],
        points=row["points"],
        notes=notes_of(row, sitting.table.policy.points),
        method=row["method"],
        factor_version=row["factorVersion"],
        recorded=recorded,
        undone=undone,
    )
