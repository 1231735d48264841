"""One product's shelf, replayed day by day under a policy.

Morning: what was ordered ``lead + 1`` days ago arrives. Day: demand is met from the oldest units; what cannot
be met is lost and nobody sees it. Evening: units past their life are thrown away, and the policy, told of
the sales only, orders. Four weeks pass before anything counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from evaluation.restock_series import Product, Window

WARM_UP = 28
_FIRST_COVER_DAYS = 8

Policy = Callable[[Mapping[str, Any]], int]
"""Orders, by the state at a day's close."""


@dataclass
class Result:
    """What became of one product's demand in *days* days."""

    price: float
    days: int
    demand: int = 0
    sold: int = 0
    wasted: int = 0
    kept: int = 0
    """Units on the shelf, summed over the nights."""


class Shelf:
    """The stock of one product; a unit keeps for *life* days on it, or for ever."""

    def __init__(self, window: Window, product: Product, life: int | None) -> None:
        self._window, self._product, self._life = window, product, life
        self.today = window.counts_from - WARM_UP
        before = product.demand[max(0, self.today - WARM_UP) : self.today]
        usual = sum(before) / max(1, len(before))
        first = max(1, ceil(usual * (product.lead_days + _FIRST_COVER_DAYS)))
        self._batches: list[list[Any]] = [[first, life]]
        self._pipeline: list[list[int]] = []
        self._sales = list(product.demand[: self.today])
        self._empty = [False] * self.today
        self.result = Result(product.price, len(product.demand) - window.counts_from)

    def open(self) -> None:
        """Take in what arrives today, sell, and throw away."""
        while self._pipeline and self._pipeline[0][0] <= self.today:
            self._batches.append([self._pipeline.pop(0)[1], self._life])
        sold = self._sell(self._product.demand[self.today])
        wasted = self._spoil()
        kept = sum(units for units, _ in self._batches)
        self._sales.append(sold)
        self._empty.append(kept == 0)
        if self.today >= self._window.counts_from:
            self.result.demand += self._product.demand[self.today]
            self.result.sold += sold
            self.result.wasted += wasted
            self.result.kept += kept

    def close(self, policy: Policy) -> None:
        """Order what *policy* wants."""
        units = policy(self.state())
        if units > 0:
            self._pipeline.append([self.today + self._product.lead_days + 1, units])
        self.today += 1

    def state(self) -> dict[str, Any]:
        """Return what is known at the close of the day."""
        events = self._product.events
        return {
            "today": self.today,
            "date": self._window.date(self.today),
            "weekday": self._window.weekday(self.today),
            "on_hand": sum(units for units, _ in self._batches),
            "batches": self._batches,
            "on_order": sum(units for _, units in self._pipeline),
            "pipeline": self._pipeline,
            "sales": self._sales,
            "stockout": self._empty,
            "lead_time": self._product.lead_days,
            "review": 1,
            "shelf_life": self._life,
            "promo": lambda day: events.get(day, ""),
        }

    def _sell(self, wanted: int) -> int:
        sold = 0
        while sold < wanted and self._batches:
            oldest = self._batches[0]
            units = min(wanted - sold, oldest[0])
            oldest[0] -= units
            sold += units
            if not oldest[0]:
                self._batches.pop(0)
        return sold

    def _spoil(self) -> int:
        if self._life is None:
            return 0
        for batch in self._batches:
            batch[1] -= 1
        wasted = sum(units for units, left in self._batches if left <= 0)
        self._batches = [batch for batch in self._batches if batch[1] > 0]
        return int(wasted)


def replay(window: Window, product: Product, policy: Policy, life: int | None = None) -> Result:
    """Return what becomes of *product* under *policy*."""
    shelf = Shelf(window, product, life)
    while shelf.today < len(product.demand):
        shelf.open()
        shelf.close(policy)
    return shelf.result
