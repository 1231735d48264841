"""Garden points become shop points: one guarded update moves both books, and each has its row.

The row out is written first and tells the whole exchange: a token is good for that one, and whoever finds the
row can finish it. The row in follows from it, so two calls with one token cannot write a half each.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, find, get
from gardenshop.cloud.errors import AppError, Busy
from gardenshop.flows import lots
from gardenshop.flows.allowance import Balance, counted, left_of
from gardenshop.flows.balances import Operation, Outcome, perform, record, reopen
from gardenshop.flows.points import LEDGER, again
from gardenshop.rules.points import exchanged, lot_expiry, spendable
from gardenshop.rules.policy import Policy, policy_of


class Member(NamedTuple):
    """Who exchanges: her `points` as read, those of them that have lapsed in the garden, and the rules."""

    user_id: str
    balance: Balance
    lapsed: int
    policy: Policy

    @property
    def spendable(self) -> int:
        """The garden points that she may spend."""
        return spendable(self.balance.get("garden") or {}, self.lapsed)

    def left_today(self, now: int) -> int:
        """Return how many garden points she may still exchange today."""
        return left_of(self.policy.points.exchange_daily, self.balance, "exchange", day_of(now))


class Exchange(NamedTuple):
    """The two rows of one exchange."""

    out: Document
    into: Document

    @property
    def asked(self) -> int:
        """The points that the member asked to exchange."""
        return int(self.out["ref"]["id"].rpartition(":")[2])

    @property
    def taken(self) -> int:
        """The garden points that it takes."""
        return -int(self.out["delta"])

    @property
    def is_done(self) -> bool:
        """Whether both rows are final."""
        return self.out.get("state") == self.into.get("state") == "final"


def reads(user_id: str, now: int) -> list[Command]:
    """Return the reads of a member who exchanges."""
    return [
        get("users", user_id, fields=("points",)),
        lots.lapsed(user_id, now),
        find("business_rules", {"state": "live"}),
    ]


def member_of(user_id: str, replies: Sequence[list[Document]]) -> Member | None:
    """Build the member from the replies to `reads`."""
    users, lapsed, rules = replies
    if not users:
        return None
    return Member(user_id, users[0].get("points") or {}, lots.left_in(lapsed, "garden"), policy_of(rules))


def rows_of(user_id: str, token: str) -> Command:
    """Return the read of the rows of the exchange *token*."""
    keys = [f"xch:{user_id}:{token}:{side}" for side in ("out", "in")]
    return find(LEDGER, {"_id": {"$in": keys}})


def exchange_of(rows: Sequence[Document], policy: Policy) -> Exchange | None:
    """Build the exchange from those of its *rows* that were found: the row out decides what it is."""
    found = {each["kind"]: each for each in rows}
    out = found.get("exchange_out")
    if out is None:
        return None
    whole = _exchange(out["_id"].rpartition(":")[0], out, -out["delta"], out["twinDelta"], policy)
    return Exchange(out, found.get("exchange_in", whole.into))


def draft(member: Member, token: str, points: int, now: int) -> Exchange:
    """Return the exchange of *points* that *token* asks for, by the rules of now."""
    taken, gained = exchanged(points, member.policy.points)
    facts = {
        "userId": member.user_id,
        "ref": {"type": "exchange", "id": f"{token}:{points}"},
        "actor": member.user_id,
        "rulesVersion": member.policy.version,
        "day": day_of(now),
        "createdAt": now,
    }
    return _exchange(f"xch:{member.user_id}:{token}", facts, taken, gained, member.policy)


def _exchange(key: str, facts: Mapping[str, object], taken: int, gained: int, policy: Policy) -> Exchange:
    names = ("userId", "ref", "actor", "rulesVersion", "day", "createdAt")
    said: Document = {**{name: facts[name] for name in names}, "final": True}
    lot = {"left": gained, "expiresAt": lot_expiry(said["createdAt"], policy.points)}
    garden = {"book": "garden", "delta": -taken, "twinDelta": gained, "kind": "exchange_out", "lotsUsed": []}
    shop = {"book": "shop", "delta": gained, "twinDelta": -taken, "kind": "exchange_in", "lot": lot}
    return Exchange({"_id": f"{key}:out", **said, **garden}, {"_id": f"{key}:in", **said, **shop})


def begin(db: Database, drafted: Exchange, now: int) -> bool:
    """Write the row that takes the points of *drafted*; False when the token had written another before."""
    (written,) = db.write(record(again(drafted.out), now))
    return written.happened


def carry_out(db: Database, member: Member, exchange: Exchange, now: int) -> Outcome:
    """Move both books once and end both rows; refused when a book, or the day, does not allow it."""
    operations = [_guarded(again(row), member, exchange.taken, now) for row in exchange]
    outcome = perform(db, operations, now, before=[reopen(each, now) for each in operations])
    if outcome.applied:
        lots.settle(db, exchange.out["_id"], now)
    db.write(*outcome.closing)
    return outcome


def _guarded(operation: Operation, member: Member, taken: int, now: int) -> Operation:
    guard = {
        **operation.guard,
        "points.garden.available": {"$gte": taken + member.lapsed},
        "points.garden.debt": {"$in": [0, None]},
    }
    cap = member.policy.points.exchange_daily
    whole = operation._replace(guard=guard)
    return counted(whole, member.balance, "exchange", points=taken, cap=cap, day=day_of(now))


def finish(db: Database, row: Document, now: int) -> bool:
    """End the exchange of a pending *row*; False when it must be tried again later."""
    token = row["ref"]["id"].rpartition(":")[0]
    try:
        *replies, rows = db.read(*reads(row["userId"], now), rows_of(row["userId"], token))
        member = member_of(row["userId"], replies)
        exchange = exchange_of(rows, member.policy) if member else None
        if member is None or exchange is None:
            raise Busy
        outcome = carry_out(db, member, exchange, now)
    except AppError:
        return False
    return not outcome.unknown
