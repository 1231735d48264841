"""The plan's claims as shares of members, with 95 % intervals by Wilson's score.

Each member counts once, so members are independent of each other. What is not over yet does not count:
only members are asked whose days were all seen.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple

from gardenshop.cloud.clock import DAY
from gardenshop.flows.purchases import BOUGHT

Document = Mapping[str, Any]

STAYS_FROM, STAYS_UNTIL = 30, 60
AGAIN_DAYS = 90
SHOWN_DAYS = 7
_Z = 1.959964


class Past(NamedTuple):
    """Accounts, orders, meals and events, as they are stored."""

    users: Sequence[Document]
    orders: Sequence[Document]
    meals: Sequence[Document]
    events: Sequence[Document]

    @property
    def end(self) -> int:
        """The last instant of which anything is known."""
        acts = (*self.orders, *self.meals, *self.users)
        instants = [*(each["createdAt"] for each in acts), *(each["at"] for each in self.events)]
        return max(instants, default=0)


class Claim(NamedTuple):
    """What the plan says, from *start* to *goal*, and the share of *n* members today; None of nobody."""

    name: str
    of: str
    start: float | None
    goal: float | None
    n: int
    value: float | None
    low: float | None
    high: float | None

    @property
    def verdict(self) -> str:
        """Whether the goal is reached, as far as the interval tells."""
        if self.goal is None or self.low is None or self.high is None:
            return "no goal" if self.goal is None else "not known"
        return "reached" if self.low >= self.goal else "not reached" if self.high < self.goal else "open"


def claims(past: Past) -> list[Claim]:
    """Return every claim of the plan with today's figure."""
    return [
        _claim(
            "recommendation",
            f"members who ordered within {SHOWN_DAYS} days of a list: those who bought something of it",
            _bought_of_a_list(past),
        ),
        _claim(
            "retention",
            f"members: those who did something {STAYS_FROM} to {STAYS_UNTIL} days after they came",
            _stayed(past),
            (0.3, 0.7),
        ),
        _claim(
            "repurchase",
            f"members who ordered: those who did again within {AGAIN_DAYS} days",
            _bought_again(past),
            (0.2, 0.5),
        ),
    ]


def interval(hits: int, n: int) -> tuple[float, float]:
    """Return the ends of Wilson's interval (1927) of *hits* out of *n*, which is not 0."""
    share, slack = hits / n, _Z * _Z / n
    middle, half = share + slack / 2, _Z * sqrt(share * (1 - share) / n + slack / (4 * n))
    return max((middle - half) / (1 + slack), 0.0), min((middle + half) / (1 + slack), 1.0)


def _claim(
    name: str, of: str, said: Sequence[bool], plan: tuple[float, float] | tuple[None, None] = (None, None)
) -> Claim:
    n = len(said)
    low, high = interval(sum(said), n) if n else (None, None)
    return Claim(name, of, plan[0], plan[1], n, sum(said) / n if n else None, low, high)


def _stayed(past: Past) -> list[bool]:
    """Say of each member whose days were all seen whether she did something in them."""
    acts = defaultdict[str, list[int]](list)
    for order in _bought(past.orders):
        acts[order["userId"]].append(order["createdAt"])
    for meal in (each for each in past.meals if each["source"] == "member"):
        acts[meal["userId"]].append(meal["createdAt"])
    for event in past.events:
        acts[event["userId"]].append(event["at"])
    came = {each["_id"]: each["createdAt"] for each in past.users}
    return [
        any(STAYS_FROM * DAY <= at - since < STAYS_UNTIL * DAY for at in acts[user_id])
        for user_id, since in came.items()
        if since + STAYS_UNTIL * DAY <= past.end
    ]


def _bought_again(past: Past) -> list[bool]:
    """Say of each member whose days after her first order were all seen whether another one is in them."""
    mine = defaultdict[str, list[int]](list)
    for order in _bought(past.orders):
        mine[order["userId"]].append(order["createdAt"])
    found = []
    for instants in mine.values():
        first, *others = sorted(instants)
        if first + AGAIN_DAYS * DAY <= past.end:
            found.append(any(at <= first + AGAIN_DAYS * DAY for at in others))
    return found


def _bought_of_a_list(past: Past) -> list[bool]:
    """Say of each member who ordered soon after a list whether something of it was in such an order."""
    shown = defaultdict[str, list[tuple[int, str]]](list)
    for event in past.events:
        if event["type"] == "exposure":
            shown[event["userId"]].append((event["at"], event["productId"]))
    found: dict[str, bool] = {}
    for order in _bought(past.orders):
        since = order["createdAt"] - SHOWN_DAYS * DAY
        listed = {what for at, what in shown[order["userId"]] if since <= at <= order["createdAt"]}
        if listed:
            goods = {line["productId"] for line in order["lines"] if not line.get("gift")}
            found[order["userId"]] = found.get(order["userId"], False) or bool(listed & goods)
    return list(found.values())


def _bought(orders: Iterable[Document]) -> Iterable[Document]:
    return (order for order in orders if order["status"] in BOUGHT)
