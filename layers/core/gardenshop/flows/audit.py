"""The trail of what operators do: one row per deed, written before it."""

from collections.abc import Mapping
from typing import Any

from gardenshop.cloud.database import Command, put
from gardenshop.cloud.entry import Context


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
) -> Command:
    """Return the write of the audit row *key*. *diff* holds no personal data, or holds it masked."""
    row: dict[str, Any] = {
        "_id": key,
        "actor": ctx.actor,
        "role": role,
        "function": function,
        "action": action,
        "target": target,
        "diff": dict(diff),
        "at": ctx.now,
        "schemaVersion": 1,
        "createdAt": ctx.now,
        "updatedAt": ctx.now,
    }
    extra = {"reason": reason, "requestId": ctx.request_id}
    return put("audit_logs", row | {name: value for name, value in extra.items() if value})
