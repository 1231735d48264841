"""The trail of what operators do: one row per deed, written before it, chained to the row before.

Rows are numbered, and a number is taken once: of two rows written at the same moment one finds its number
taken and asks for the next. No row is ever changed, so what was read of the last one stays true however late
a write arrives.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.database import Command, Document, find, get, put
from gardenshop.cloud.entry import Context, Request
from gardenshop.cloud.errors import Busy, TokenUsed
from gardenshop.rules.audit_chain import Head, masked, sealed

COLLECTION = "audit_logs"
MOST_TRIES = 20
"""How many rows of others may come first before the caller has to ask again."""


class Deed(NamedTuple):
    """What an operator does to *target* under her token; *asked* stands for all that she said."""

    key: str
    function: str
    action: str
    target: str
    asked: str


def digest_of(request: Request) -> str:
    """Return the sum that tells *request* from another under the same token."""
    return hashlib.sha256(request.model_dump_json().encode()).hexdigest()


def trail(deed: Deed) -> Command:
    """Return the read of the row that *deed* leaves."""
    return get(COLLECTION, deed.key)


def is_begun(deed: Deed, rows: Sequence[Document]) -> bool:
    """Say whether this very deed left its row before. Raises TokenUsed when the token stands for another."""
    asked = [(row["action"], row["target"], row["diff"].get("asked")) for row in rows]
    if asked and asked != [(deed.action, deed.target, deed.asked)]:
        raise TokenUsed
    return bool(asked)


def leave_trail(
    ctx: Context,
    deed: Deed,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    reason: str = "",
) -> None:
    """Write the row of *deed*: what it changes, ``/`` where a name has a dot, and what was asked."""
    diff = {"before": _undotted(before), "after": _undotted(after), "asked": deed.asked}
    audit(
        ctx,
        key=deed.key,
        role=ctx.role,
        function=deed.function,
        action=deed.action,
        target=deed.target,
        diff=diff,
        reason=reason,
    )


def audit(
    ctx: Context,
    *,
    key: str,
    role: str,
    function: str,
    action: str,
    target: str,
    diff: Mapping[str, Any],
    reason: str = "",
) -> None:
    """Write the audit row *key* unless it is there; what is personal in it is masked.

    Raises Busy when others write so many rows at this moment that none is left for this one.
    """
    row: Document = {
        "_id": key,
        "actor": ctx.actor,
        "role": role,
        "function": function,
        "action": action,
        "target": target,
        "diff": masked(diff),
        "at": ctx.now,
        "schemaVersion": 1,
        "createdAt": ctx.now,
        "updatedAt": ctx.now,
    }
    extra = {"reason": masked(reason), "requestId": ctx.request_id}
    _append(ctx, row | {name: value for name, value in extra.items() if value})


def _append(ctx: Context, row: Document) -> None:
    for _ in range(MOST_TRIES):
        there, last = ctx.db.read(
            get(COLLECTION, row["_id"], fields=("seq",)),
            find(COLLECTION, {}, fields=("seq", "hash"), sort={"seq": -1}, limit=1),
        )
        if there:
            return
        head = Head(last[0]["seq"], last[0]["hash"]) if last else Head()
        (written,) = ctx.db.write(put(COLLECTION, sealed(row, head)))
        if not written.duplicate:
            return
    raise Busy


def _undotted(fields: Mapping[str, Any]) -> Document:
    return {name.replace(".", "/"): value for name, value in fields.items()}
