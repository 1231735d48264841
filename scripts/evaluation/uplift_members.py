"""What members of an experiment were shown and did, joined from events and orders by member and exposure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.clock import DAY
from gardenshop.flows.purchases import BOUGHT

Document = dict[str, Any]

AGAIN_DAYS = 30
PAST_DAYS = 60
SHOWN = ("exposure", "variant")
"""Events that say that a variant was seen: something in a list, or the variant itself."""


class Member(NamedTuple):
    """One member's part: counts, and what each measure is of.

    *followed* says that she was seen for `AGAIN_DAYS` after her first order, *again* that she ordered then.
    """

    variant: str
    exposures: int
    clicks: int
    orders: int = 0
    paid_fen: int = 0
    through: int = 0
    """Whether something that she was shown came to be in an order."""
    followed: int = 0
    again: int = 0
    before_fen: int = 0
    """What she paid in the `PAST_DAYS` before, which no variant can have changed."""
    adjusted_fen: float = 0


def experiments_in(events: Iterable[Document]) -> list[str]:
    """Return the names of the experiments that *events* tell of."""
    return sorted({event["variant"].partition(":")[0] for event in events if event.get("variant")})


def members_of(
    experiment: str, events: Sequence[Document], orders: Sequence[Document]
) -> tuple[list[Member], int]:
    """Return the members who were shown one variant of *experiment*, and how many were shown several."""
    mine = defaultdict[str, list[Document]](list)
    for event in events:
        if event.get("variant", "").partition(":")[0] == experiment:
            mine[event["userId"]].append(event)
    bought = defaultdict[str, list[Document]](list)
    for order in orders:
        if order["status"] in BOUGHT:
            bought[order["userId"]].append(order)
    instants = [event["at"] for event in events] + [order["createdAt"] for order in orders]
    end = max(instants, default=0)
    seen = {key: each for key, each in sorted(mine.items()) if any(one["type"] in SHOWN for one in each)}
    found = [_member(each, bought[user_id], end) for user_id, each in seen.items()]
    return [each for each in found if each is not None], found.count(None)


def _member(events: Sequence[Document], orders: Sequence[Document], end: int) -> Member | None:
    variants = {event["variant"].partition(":")[2] for event in events}
    if len(variants) > 1:
        return None
    shown = {event["exposureId"] for event in events if event["type"] == "exposure"}
    clicked = {event["exposureId"] for event in events if event["type"] == "click"} & shown
    since = min(event["at"] for event in events)
    after = sorted(
        (order for order in orders if order["createdAt"] >= since), key=lambda order: order["createdAt"]
    )
    past = [each for each in orders if since - PAST_DAYS * DAY <= each["createdAt"] < since]
    member = Member(variants.pop(), len(shown), len(clicked), before_fen=sum(map(_kept_fen, past)))
    if not after:
        return member
    origins = {(line.get("from") or {}).get("exposureId") for order in after for line in order["lines"]}
    limit = after[0]["createdAt"] + AGAIN_DAYS * DAY
    followed = limit <= end
    return member._replace(
        orders=len(after),
        paid_fen=sum(map(_kept_fen, after)),
        through=int(bool(origins & shown)),
        followed=int(followed),
        again=int(followed and any(order["createdAt"] <= limit for order in after[1:])),
    )


def _kept_fen(order: Document) -> int:
    return int(order["totals"]["paidFen"] - sum(line.get("refundedFen", 0) for line in order["lines"]))
