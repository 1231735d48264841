"""carbon_report: what the caller's meals and purchases have saved, by day, week, month and in all."""

from typing import Annotated

from pydantic import Field

from gardenshop.cloud.database import Command, Document, aggregate, find
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.flows.meals import LEDGER
from gardenshop.rules.carbon import PORK, SOURCE
from gardenshop.rules.carbon_report import (
    Sums,
    change_text,
    comparison_text,
    days_up_to,
    equivalents,
    streak,
    sums_of,
    versions_text,
)

_SUMMED = ("eaten", "mealCarbonG", "mealBaselineG", "mealSavedG", "shopCarbonG", "savedG")
WEEK, MONTH = 7, 30


class CarbonReport(Request):
    """`days`: how many days of the curve, up to today."""

    days: Annotated[int, Field(strict=True, ge=1, le=366)] = MONTH


class Period(Response):
    """One period: its meals beside their baselines, and its purchases; `change` is against the one before."""

    meals: int
    carbon_g: int
    baseline_g: int
    saved_g: int
    meal_saved_g: int
    shop_saved_g: int
    shop_carbon_g: int
    comparison: str
    change: str | None = None


class DayOfCurve(Response):
    """One day of the curve."""

    day: str
    meals: int
    meal_saved_g: int
    shop_saved_g: int


class Report(Response):
    """Estimates by `method`; `streak` counts days in a row with a meal, `versions` are of the factors."""

    today: Period
    week: Period
    month: Period
    total: Period
    streak: int
    days: list[DayOfCurve]
    equivalents: list[str]
    text: str
    method: str
    sources: list[str]
    versions: str


@cloud_function(caller=MEMBER)
def main(request: CarbonReport, ctx: Context) -> Report:
    """Read the days and their sum in one trip; the ids of her days begin with hers."""
    hers = {"_id": {"$gte": f"{ctx.user_id}:", "$lt": f"{ctx.user_id};"}}
    newest, totals, standing, undone = ctx.db.read(
        find("daily_stats", hers, fields=("day", *_SUMMED), sort={"_id": -1}),
        aggregate("daily_stats", {"$match": hers}, {"$group": {"_id": None, **_sums()}}),
        _rows({"userId": ctx.user_id, "reverses": {"$exists": False}}),
        _rows({"userId": ctx.user_id, "reverses": {"$exists": True}, "source": "member"}),
    )
    days = {day["day"]: day for day in newest}
    total = sums_of(totals)
    in_a_row = streak(newest, ctx.day)
    return Report(
        today=_period(sums_of(_of(days, days_up_to(ctx.day, 1)))),
        week=_compared(days, ctx.day, WEEK),
        month=_compared(days, ctx.day, MONTH),
        total=_period(total),
        streak=in_a_row,
        days=[_curve(day, sums_of(_of(days, [day]))) for day in days_up_to(ctx.day, request.days)],
        equivalents=equivalents(total.saved_g),
        text=_text(total, in_a_row),
        method=PORK.text,
        sources=[SOURCE],
        versions=versions_text(standing, undone),
    )


def _sums() -> Document:
    return {name: {"$sum": f"${name}"} for name in _SUMMED}


def _rows(where: Document) -> Command:
    """Count rows of the carbon ledger by the versions of factors that they name."""
    key = {"version": "$factorVersion", "replaced": "$replacedVersion"}
    return aggregate(LEDGER, {"$match": where}, {"$group": {"_id": key, "rows": {"$sum": 1}}})


def _of(days: dict[str, Document], wanted: list[str]) -> list[Document]:
    return [days[day] for day in wanted if day in days]


def _compared(days: dict[str, Document], today: str, count: int) -> Period:
    """Sum up the last *count* days, beside as many before them."""
    both = days_up_to(today, 2 * count)
    before, now = (sums_of(_of(days, each)) for each in (both[:count], both[count:]))
    return _period(now, change=change_text(now.saved_g, before.saved_g, count))


def _period(sums: Sums, change: str | None = None) -> Period:
    return Period(
        meals=sums.eaten,
        carbon_g=sums.carbon_g,
        baseline_g=sums.baseline_g,
        saved_g=sums.saved_g,
        meal_saved_g=sums.meal_saved_g,
        shop_saved_g=sums.shop_saved_g,
        shop_carbon_g=sums.shop_carbon_g,
        comparison=comparison_text(sums),
        change=change,
    )


def _curve(day: str, sums: Sums) -> DayOfCurve:
    return DayOfCurve(
        day=day, meals=sums.eaten, meal_saved_g=sums.meal_saved_g, shop_saved_g=sums.shop_saved_g
    )


def _text(total: Sums, in_a_row: int) -> str:
    if not total.saved_g and not total.eaten:
        return "还没有记录。记下一餐素食，减碳就从这里开始算。"
    row = f"，已连续 {in_a_row} 天有记录" if in_a_row > 1 else ""
    return f"累计估算减碳 {total.saved_g} 克{row}。"
