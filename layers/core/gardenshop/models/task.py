"""Operation: the outbox of deferred effects (`sync_tasks`) and the trail of admin writes (`audit_logs`)."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from gardenshop.models.base import Count, Document, Instant, Key, ShortText


class SyncTask(Document):
    """One effect to bring about; `_id` is ``topic:refId:seq``, so asking twice is asking once."""

    topic: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$", max_length=60)]
    ref_id: Key
    payload: Annotated[dict[str, JsonValue], Field(max_length=60)] = Field(default_factory=dict)
    state: Literal["due", "leased", "done", "dead"] = "due"
    due_at: Instant
    lease_until: Instant | None = None
    lease_by: Key | None = None
    attempts: Count = 0
    last_error: Annotated[str, Field(max_length=500)] | None = None
    done_at: Instant | None = None


Digest = Annotated[str, Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 sum."""


class AuditLog(Document):
    """Who changed what with which right; personal fields are masked in `diff`.

    Rows are a chain: `seq` counts them from 1, `hash` is of all else in the row, and `previous_hash` is that
    of the row before; see ``rules/audit_chain.py``.
    """

    actor: Key
    role: Annotated[str, Field(max_length=40)]
    function: Annotated[str, Field(max_length=60)]
    action: Annotated[str, Field(max_length=60)]
    target: Key
    diff: Annotated[dict[str, JsonValue], Field(max_length=200)] = Field(default_factory=dict)
    reason: ShortText | None = None
    request_id: Key | None = None
    seq: Annotated[int, Field(strict=True, ge=1)]
    previous_hash: Digest | None = None
    hash: Digest
    at: Instant
