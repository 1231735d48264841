"""What a member is told beside the figures of a meal."""

from collections.abc import Iterator, Mapping
from typing import Any

from gardenshop.rules.larder import BOUGHT_DAYS
from gardenshop.rules.points import garden_points_for
from gardenshop.rules.policies.points import PointsPolicy

_ROUGH = 8_000
"""A confidence below this, in basis points, stands for a guessed amount."""


def notes_of(meal: Mapping[str, Any], policy: PointsPolicy) -> list[str]:
    """Say, in Chinese, why the stored *meal* saves or earns less than one might expect."""
    return list(_notes(meal, policy))


def earned_g(item: Mapping[str, Any]) -> int:
    """Return how many grams of *item* come from purchases that have counted what they save."""
    return sum(each["grams"] for each in item.get("earned") or ())


def _notes(meal: Mapping[str, Any], policy: PointsPolicy) -> Iterator[str]:
    if meal["withMeat"]:
        yield "这一餐里有肉或鱼，不计减碳。"
    elif meal["type"] == "snack":
        yield "加餐不替代正餐里的肉，不计减碳。"
    bought = sum(earned_g(item) for item in meal["items"])
    if bought:
        yield f"其中 {bought} 克是近 {BOUGHT_DAYS} 天在商城买的，购买时已经计过减碳，这里不再重复计。"
    if meal["creditedG"] < meal["savedG"]:
        yield f"积分和花园按平台的默认基准计：{meal['creditedG']} 克。"
    if meal["points"] < garden_points_for(meal["creditedG"], policy):
        yield f"记餐的积分每天最多 {policy.meal_daily} 分，今天已经到了。"
    if any(item["confidenceBp"] < _ROUGH for item in meal["items"]):
        yield "有的份量是按家常用量估的，改成克数会更准。"
