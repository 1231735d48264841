"""How the shop stands when a run of the figures comes: what it owes, what lacks, who comes back.

The members are read page by page with what they bought; who has moved to another segment is told so.
"""

from collections.abc import Sequence
from typing import Any

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, aggregate, update
from gardenshop.flows import poison
from gardenshop.flows.pages import pages
from gardenshop.flows.purchases import BOUGHT
from gardenshop.rules.loyalty import Loyalty, Purchase, Standing, months_until

_MEMBERS_AT_ONCE = 200
_LIABLE = {"garden": ("available", "pending"), "shop": ("available", "pending", "reserved")}
_COMMISSION = ("pendingFen", "confirmedFen", "settledFen", "paidFen", "debtFen")


def reckon(db: Database, now: int) -> dict[str, dict[str, Any]]:
    """Return the figures of this moment by kind."""
    loyalty = Loyalty(now, months_until(day_of(now)[:7]))
    for page in pages(db, "users", {}, ("rfm",), size=_MEMBERS_AT_ONCE):
        db.write(*_judge(db, page, loyalty, now))
    return {**_owed(db), **_stock(db), "cohorts": loyalty.cohorts(), "loyalty": loyalty.figures()}


def _purchases(db: Database, members: Sequence[str], now: int) -> dict[str, list[Purchase]]:
    """Return what *members* bought and kept, oldest first."""
    bought = {"userId": {"$in": list(members)}, "status": {"$in": list(BOUGHT)}, "paidAt": {"$exists": True}}
    part = {"at": "$paidAt", "paidFen": "$totals.paidFen", "backFen": "$lines.refundedFen"}
    (found,) = db.read(
        aggregate(
            "orders",
            {"$match": bought},
            {"$sort": {"paidAt": 1}},
            {"$group": {"_id": "$userId", "orders": {"$push": part}}},
        )
    )

    def hers(each: Document) -> tuple[str, list[Purchase]]:
        return each["_id"], list(map(_purchase, each["orders"]))

    return dict(poison.results(db, "users", found, hers, now))


def _purchase(order: Document) -> Purchase:
    kept = order["paidFen"] - sum(order.get("backFen") or ())
    return Purchase(order["at"], day_of(order["at"])[:7], max(0, kept))


def _judge(db: Database, members: Sequence[Document], loyalty: Loyalty, now: int) -> list[Command]:
    """Count *members* who bought; return the writes for those whose segment has changed."""
    bought = _purchases(db, [each["_id"] for each in members], now)

    def judged(member: Document) -> list[Command]:
        former = (member.get("rfm") or {}).get("segment")
        standing = loyalty.add(bought[member["_id"]])
        return [] if standing.segment == former else [_told(member["_id"], standing, now)]

    buyers = [member for member in members if member["_id"] in bought]
    changes = poison.results(db, "users", buyers, judged, now)
    return [each for writes in changes for each in writes]


def _told(member: str, standing: Standing, now: int) -> Command:
    rfm = {
        "recencyDays": standing.recency_days,
        "frequency": standing.frequency,
        "monetaryFen": standing.monetary_fen,
        "segment": standing.segment,
        "at": now,
    }
    return update("users", {"_id": member}, {"$set": {"rfm": rfm, "updatedAt": now}})


def _owed(db: Database) -> dict[str, dict[str, Any]]:
    """Return what members hold in points, and practitioners in commission."""
    names = [(book, part) for book, parts in _LIABLE.items() for part in (*parts, "debt")]
    points = {f"{book}_{part}": {"$sum": f"$points.{book}.{part}"} for book, part in names}
    fen = {name: {"$sum": f"$commission.{name}"} for name in _COMMISSION}
    users, practitioners = db.read(
        aggregate("users", {"$group": {"_id": None, **points}}),
        aggregate("practitioners", {"$group": {"_id": None, **fen}}),
    )
    held = users[0] if users else dict.fromkeys(points, 0)
    owed = practitioners[0] if practitioners else dict.fromkeys(fen, 0)
    liability = {
        book: sum(held[f"{book}_{part}"] for part in parts) - held[f"{book}_debt"]
        for book, parts in _LIABLE.items()
    }
    return {"liability": liability, "commission": {name: owed[name] for name in _COMMISSION}}


def _stock(db: Database) -> dict[str, dict[str, Any]]:
    """Return how many SKUs have nothing to sell, and what it costs to order all that is proposed."""
    proposed = {"$match": {"suggestion.suggestionId": {"$exists": True}}}
    empty = {"$cond": [{"$lte": ["$available", 0]}, 1, 0]}
    cost = {"suggestions": {"$sum": 1}, "costFen": {"$sum": "$suggestion.costFen"}}
    skus, sums = db.read(
        aggregate("inventory", {"$group": {"_id": None, "skus": {"$sum": 1}, "out": {"$sum": empty}}}),
        aggregate("inventory", proposed, {"$group": {"_id": None, **cost}}),
    )
    counts = {"skus": 0, "out": 0, "suggestions": 0, "costFen": 0}
    for found in (skus, sums):
        counts |= {name: found[0][name] for name in counts if found and name in found[0]}
    return {"stock": counts}
