"""What a member's own past says for a product: how likely she wants it, in 0-1, and the reason in words.

The odds are those of `recommend`. For a product she has had the reason is her rhythm; for a new one it is
what weighed most: one of hers that it goes with, all of hers together, or the kinds that she buys.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gardenshop.rules.habits import FEW, NEW, Habit, Pull, Shopper, new_features
from gardenshop.rules.recommend import Known, Outlook
from gardenshop.rules.visits import Figure

_HARDLY = 8.0
"""Log odds of one to three thousand count for nothing, even odds for all."""
_TOGETHER = tuple(map(NEW.index, ("whole", "nearest", "last")))
_KINDRED = NEW.index("kindred")
_EVERYBODY = "近来买的会员较多"
_LIKING = tuple(map(NEW.index, ("category", "kind", "brand")))


class Sign(NamedTuple):
    """How likely she wants a product, and why."""

    value: float
    text: str


def signs(seen: Outlook, known: Known, titles: Mapping[str, str]) -> dict[str, Sign]:
    """Return the sign of each product, none without a past; *titles* name what she may be told of."""
    if not seen.who.habits:
        return {}
    found = {}
    for product, odds in seen.odds.items():
        value = min(1.0, max(0.0, 1 + odds / _HARDLY))
        if value:
            found[product] = Sign(value, _reason(product, seen, known, titles))
    return found


def _reason(product: str, seen: Outlook, known: Known, titles: Mapping[str, str]) -> str:
    habit, figure = seen.who.habits.get(product), known.products[product]
    if habit is not None:
        return _rhythm(habit, seen.who.now)
    pull = seen.pulls[product]
    row = new_features(seen.who, pull, figure)
    together, liking = (_earned(row, known.weights["new"], places) for places in (_TOGETHER, _LIKING))
    together += known.weights["new"][_KINDRED] * row[_KINDRED]
    if together > 0 and together >= liking:
        return _company(pull, seen.who, titles)
    return _kind(figure, seen.who)


def _rhythm(habit: Habit, now: int) -> str:
    since = max(0, now - habit.last)
    ago = f"{since}天前" if since else "今天"
    if habit.times == 1:
        return f"您{ago}买过"
    cycle = round((habit.last - habit.first) / (habit.times - 1))
    return f"您大约每{cycle}天买一次，上次是{ago}"


def _company(pull: Pull, who: Shopper, titles: Mapping[str, str]) -> str:
    """Name the one of hers that it goes with when that one does at least half of the pull."""
    title = titles.get(pull.source)
    nearest = math.sqrt(who.habits[pull.source].slow) * pull.nearest if title else 0.0
    return f"常和您买过的{title}一起买" if title and 2 * nearest >= pull.whole else "和您口味相近的人常买"


def _kind(figure: Figure, who: Shopper) -> str:
    """Name the narrowest of her ways that it belongs to; when it is of none, its odds are everybody's."""
    if who.variety.get(figure.kind):
        return f"您常买{figure.kind}"
    if who.categories.get(figure.category):
        return f"您常买{figure.category}"
    return f"您常买{figure.brand}" if figure.brand and who.brands.get(figure.brand) else _EVERYBODY


def _earned(row: Sequence[float], weights: Sequence[float], places: Sequence[int]) -> float:
    """Return what the features at *places* add to the odds, over a product that has none of them."""
    return sum(weights[place] * (row[place] - math.log(FEW)) for place in places)
