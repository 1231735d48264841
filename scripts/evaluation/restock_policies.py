"""The shop's policy and simpler ones to measure it by; each makes a policy of its own for every product."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.restock_shelf import Policy
from gardenshop.rules.demand import Learner
from gardenshop.rules.restock import catch_up, order

_AVERAGED_DAYS = 56
_FEWEST_DAYS = 14


@dataclass(frozen=True)
class Contender:
    """A family of policies with one knob: how to *make* one, its *usual* setting, and those to sweep."""

    name: str
    make: Callable[[float | None], Policy]
    usual: float | None
    sweep: tuple[float, ...]


def learnt(service: float | None) -> Policy:
    """Decide as the shop does, learning each day once."""
    learner = Learner()

    def policy(state: Mapping[str, Any]) -> int:
        catch_up(learner, state)
        return order(learner, state, service=service)

    return policy


def fixed(threshold: float | None) -> Policy:
    """Refill to twice *threshold* whenever there is less than it."""
    least = int(threshold or 0)

    def policy(state: Mapping[str, Any]) -> int:
        position = _position(state)
        return 2 * least - position if position < least else 0

    return policy


def averaged(deviations: float | None) -> Policy:
    """Order up to the mean of eight weeks over lead and review time plus so many *deviations* of it."""
    factor = deviations or 0.0

    def policy(state: Mapping[str, Any]) -> int:
        days = _sellable(state)
        mean = sum(days) / len(days)
        deviation = math.sqrt(sum((each - mean) ** 2 for each in days) / max(1, len(days) - 1))
        horizon: int = state["lead_time"] + state["review"]
        level = math.ceil(mean * horizon + factor * deviation * math.sqrt(horizon))
        return max(0, level - _position(state))

    return policy


CONTENDERS = (
    Contender("learnt", learnt, None, (0.65, 0.75, 0.83, 0.9, 0.94, 0.965, 0.98, 0.99, 0.996, 0.999, 0.9999)),
    Contender("(R,S) average", averaged, 1.645, (0.0, 0.5, 1.0, 1.645, 2.05, 2.5, 3.2, 4.0, 5.0, 6.5, 9.0)),
    Contender("fixed point", fixed, 20, (2, 5, 10, 20, 40, 70, 100, 150, 250)),
)


def _position(state: Mapping[str, Any]) -> int:
    return int(state["on_hand"]) + int(state["on_order"])


def _sellable(state: Mapping[str, Any]) -> list[int]:
    """Return the sales of the last eight weeks without the days on which there was nothing to sell."""
    recent = list(zip(state["sales"], state["stockout"], strict=True))[-_AVERAGED_DAYS:]
    days = [units for units, empty in recent if units or not empty]
    return days if len(days) >= _FEWEST_DAYS else [units for units, _ in recent]
