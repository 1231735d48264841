"""What a member's days add up to: sums of a period, its change, the streak, and plain comparisons.

Figures are sums of estimates (`rules/carbon.py`). What was eaten and what was bought are told apart, and only
what was eaten has a baseline beside it. A refund lies on its own day, so the purchases of a period may add up
to less than nothing; then they have saved nothing in it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from gardenshop.rules.carbon import MEATS, PORK

Day = Mapping[str, Any]

Group = Mapping[str, Any]
"""How many `rows` of the carbon ledger have one ``_id``: the `version`, and the one it `replaced`."""

_STEADY_SHARE = 10
"""A change of less than a tenth is none to speak of: the estimates are not that exact."""


class Sums(NamedTuple):
    """Meals eaten, their carbon beside their baseline's, and what purchases emitted and saved."""

    eaten: int = 0
    carbon_g: int = 0
    baseline_g: int = 0
    meal_saved_g: int = 0
    shop_carbon_g: int = 0
    shop_saved_g: int = 0

    @property
    def saved_g(self) -> int:
        """Grams saved by meals and purchases."""
        return self.meal_saved_g + self.shop_saved_g


def sums_of(days: Iterable[Day]) -> Sums:
    """Add up stored *days*, or sums of them under the same names."""
    days = list(days)
    eaten, carbon, baseline, meal_saved, shop_carbon, saved = (
        sum(day.get(name, 0) for day in days)
        for name in ("eaten", "mealCarbonG", "mealBaselineG", "mealSavedG", "shopCarbonG", "savedG")
    )
    return Sums(eaten, carbon, baseline, meal_saved, max(shop_carbon, 0), max(saved - meal_saved, 0))


def days_up_to(today: str, count: int) -> list[str]:
    """Return the *count* days that end with *today*, in their order."""
    last = date.fromisoformat(today)
    return [(last - timedelta(days=back)).isoformat() for back in reversed(range(count))]


def streak(days: Iterable[Day], today: str) -> int:
    """Return how many days in a row had a meal, up to *today*, or to yesterday while today has none yet."""
    eaten = {day["day"] for day in days if day.get("eaten", 0) > 0}
    at = date.fromisoformat(today)
    at -= timedelta(days=at.isoformat() not in eaten)
    count = 0
    while at.isoformat() in eaten:
        count += 1
        at -= timedelta(days=1)
    return count


def change_text(now_g: int, before_g: int, days: int) -> str:
    """Say in Chinese how *now_g* compares with the *days* before."""
    change = now_g - before_g
    if abs(change) * _STEADY_SHARE < max(now_g, before_g, 1):
        return f"和前 {days} 天差不多"
    return f"比前 {days} 天{'多' if change > 0 else '少'} {abs(change)} 克"


def comparison_text(sums: Sums) -> str:
    """Say in Chinese what the meals emitted beside their baselines; empty without a meal."""
    if not sums.eaten:
        return ""
    return (
        f"{sums.eaten} 餐约排放 {sums.carbon_g} 克二氧化碳当量；"
        f"同样的主食和蔬菜配对照的肉，约 {sums.baseline_g} 克"
    )


def equivalents(saved_g: int) -> list[str]:
    """Say in Chinese what *saved_g* is about as much as, in whole portions, rounded down."""
    portions = saved_g * 1000 // PORK.portion_mg
    text = f"大约是 {portions} 份（每份 {PORK.portion_g} 克）{MEATS[PORK.code][0]}的排放"
    return [text] if portions else []


def versions_text(standing: Iterable[Group], undone: Iterable[Group]) -> str:
    """Say in one Chinese sentence which versions of factors figures rest on, and that some were recalculated.

    The groups count rows of the carbon ledger that stand, and rows that take meals back, by their version and
    by the one that a revision *replaced*. Empty while there is one version, and nothing was recalculated.
    """
    rows: Counter[str] = Counter()
    revisions = 0
    for sign, groups in ((1, standing), (-1, undone)):
        for group in groups:
            version, replaced = group["_id"]["version"], group["_id"].get("replaced")
            rows[version] += sign * group["rows"]
            if replaced is not None:
                rows[replaced] -= sign * group["rows"]
                revisions += sign * group["rows"]
    names = sorted({name for version in +rows for name in version.split("+")})
    if len(names) > 1:
        again = "，有的餐食已按新版系数重新估算" if revisions else ""
        return f"数字依据 {len(names)} 个版本的排放系数（{'、'.join(names)}）{again}。"
    return f"有的餐食已按新版排放系数（{'、'.join(names)}）重新估算。" if revisions else ""
