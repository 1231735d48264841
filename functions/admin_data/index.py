"""admin_data: write the backup of the day to COS, read it back, and say how the newest one stands."""

from typing import Literal

from pydantic import Field

from gardenshop.cloud.database import Command, Document
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.flows import backup_run
from gardenshop.flows.audit import audit
from gardenshop.flows.backups import Archive
from gardenshop.models.base import Line

_RESERVE_SECONDS = 5.0

Action = Literal["status", "backup", "verify"]
State = Literal["off", "none", "running", "whole", "damaged"]


class AdminData(Request):
    """What to do besides telling. The other fields are what a timer sends, which means ``backup``."""

    action: Action | None = None
    Type: Line = Field("", alias="Type")
    TriggerName: Line = Field("", alias="TriggerName")
    Time: Line = Field("", alias="Time")
    Message: Line = Field("", alias="Message")


class DataState(Response):
    """How the newest backup stands; ``off`` without a bucket, ``damaged`` when reading it back failed."""

    state: State
    day: str | None = None
    documents: int = 0
    parts: int = 0
    stored_bytes: int = 0
    proved_at: int | None = None


@cloud_function(caller=OPERATOR, role="admin")
def main(request: AdminData, ctx: Context) -> DataState:
    """Go on with the day's backup, prove it once it is whole, and tell; restoring is for the command line."""
    row = ctx.db.one(backup_run.newest())
    archive = backup_run.archive_of(ctx)
    if archive is None:
        return DataState(state="off")
    action = request.action or ("backup" if request.Type else "status")
    if action != "status":
        ctx.db.write(_trail(ctx, action))
        _act(ctx, archive, action, row)
        row = ctx.db.one(backup_run.newest())
    return _state(row)


def _act(ctx: Context, archive: Archive, action: Action, row: Document | None) -> None:
    if action == "verify":
        manifest = row and backup_run.load(archive, row["day"])
        if manifest:
            backup_run.prove(ctx, archive, manifest)
    elif row is None or row["day"] != ctx.day or row["metrics"].get("faults") != 0:
        _backup(ctx, archive)


def _backup(ctx: Context, archive: Archive) -> None:
    """Write what there is time for; a backup that ends is proved, and only then old ones go."""
    manifest = backup_run.go_on(ctx, archive, until=_RESERVE_SECONDS)
    ctx.db.write(*backup_run.told(ctx, manifest))
    if manifest.ended_at is not None and not backup_run.prove(ctx, archive, manifest):
        backup_run.thin_out(archive)


def _state(row: Document | None) -> DataState:
    if row is None:
        return DataState(state="none")
    metrics = row["metrics"]
    sound: State = "damaged" if metrics.get("faults") else "whole"
    return DataState(
        state=sound if row["final"] else "running",
        day=row["day"],
        documents=metrics.get("documents", 0),
        parts=metrics.get("parts", 0),
        stored_bytes=metrics.get("storedBytes", 0),
        proved_at=metrics.get("provedAt"),
    )


def _trail(ctx: Context, action: Action) -> Command:
    return audit(
        ctx,
        key=f"data:{action}:{ctx.request_id or ctx.now}",
        role="admin",
        function="admin_data",
        action=action,
        target=f"backup:{ctx.day}",
        diff={},
    )
