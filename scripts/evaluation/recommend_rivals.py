"""Who competes: the shop's own rules, and two that need no learning."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from gardenshop.rules.lookback import prepare
from gardenshop.rules.recommend import recommend
from gardenshop.rules.visits import day_number

OURS = "learnt"
HALF_LIFE_DAYS = 112
_RECENT_DAYS = 28


class Prepare(Protocol):
    """Learns of the shop; the result can be stored as JSON."""

    def __call__(
        self, orders: Sequence[Mapping[str, Any]], catalogue: Sequence[Mapping[str, Any]]
    ) -> Any: ...


class Recommend(Protocol):
    """Ranks products for one member on a day, best first."""

    def __call__(
        self, user_history: Sequence[Mapping[str, Any]], prepared: Any, k: int, now: str
    ) -> list[str]: ...


class Rival(NamedTuple):
    """One who competes, with its name."""

    name: str
    prepare: Prepare
    recommend: Recommend


def popular(orders: Sequence[Mapping[str, Any]], catalogue: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the products of *catalogue* by how many of the last visits bought them."""
    until = max((day_number(order["date"]) for order in orders), default=0)
    sold = Counter(
        item["product_id"]
        for order in orders
        if day_number(order["date"]) > until - _RECENT_DAYS
        for item in order["items"]
    )
    return sorted((row["product_id"] for row in catalogue), key=lambda product: (-sold[product], product))


def recommend_popular(
    user_history: Sequence[Mapping[str, Any]],  # noqa: ARG001  # The same for everybody.
    prepared: list[str],
    k: int,
    now: str,  # noqa: ARG001
) -> list[str]:
    """Return what sells best."""
    return prepared[:k]


def recommend_habit(
    user_history: Sequence[Mapping[str, Any]], prepared: list[str], k: int, now: str
) -> list[str]:
    """Return what she buys most often, older visits counting less, and then what sells best."""
    counts = defaultdict[str, float](float)
    for order in user_history:
        age = day_number(now) - day_number(order["date"])
        for item in order["items"]:
            counts[item["product_id"]] += 2 ** (-age / HALF_LIFE_DAYS)
    sold = set(prepared)
    hers = [product for product in sorted(counts, key=lambda each: -counts[each]) if product in sold]
    return [*hers, *(product for product in prepared if product not in counts)][:k]


RIVALS = (
    Rival("popularity", popular, recommend_popular),
    Rival("recency × frequency", popular, recommend_habit),
    Rival(OURS, prepare, recommend),
)
