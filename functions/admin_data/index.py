"""admin_data: the backup of the day, written to COS and read back, and a code to enter the dashboard with."""

from typing import Literal

from pydantic import Field

from gardenshop.cloud.database import Document
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Forbidden
from gardenshop.flows import backup_run, board_access
from gardenshop.flows.audit import audit
from gardenshop.flows.backups import Archive
from gardenshop.models.base import Line

_RESERVE_SECONDS = 5.0

Action = Literal["status", "backup", "verify", "signin"]
State = Literal["off", "none", "running", "whole", "damaged"]


class AdminData(Request):
    """What to do besides telling. The other fields are what a timer sends, which means ``backup``.

    ``signin`` makes a code for the calling operator to enter the dashboard with.
    """

    action: Action | None = None
    Type: Line = Field("", alias="Type")
    TriggerName: Line = Field("", alias="TriggerName")
    Time: Line = Field("", alias="Time")
    Message: Line = Field("", alias="Message")


class DataState(Response):
    """How the newest backup stands; ``off`` without a bucket, ``damaged`` when reading it back failed.

    After ``signin`` only the `code`, which is good once and before `code_until`.
    """

    state: State | None = None
    day: str | None = None
    documents: int | None = None
    parts: int | None = None
    stored_bytes: int | None = None
    proved_at: int | None = None
    code: str | None = None
    code_until: int | None = None


@cloud_function(caller=OPERATOR, name="admin_data")
def main(request: AdminData, ctx: Context) -> DataState:
    """Go on with the day's backup, prove it once it is whole, and tell; restoring is for the command line."""
    if request.action == "signin":
        return _sign_in(ctx)
    row = ctx.db.one(backup_run.newest())
    archive = backup_run.archive_of(ctx)
    if archive is None:
        return DataState(state="off")
    action = request.action or ("backup" if request.Type else "status")
    if action != "status":
        _leave_trail(ctx, action, f"backup:{ctx.day}")
        _act(ctx, archive, action, row)
        row = ctx.db.one(backup_run.newest())
    return _state(row)


def _sign_in(ctx: Context) -> DataState:
    """Make a code for the caller herself. Raises Forbidden where she has no identity, DailyLimit."""
    if not ctx.user_id:
        raise Forbidden("登录码只发给运营本人，请在小程序中获取")
    board_access.count_code(ctx.db, ctx.user_id, ctx.now)
    _leave_trail(ctx, "signin", ctx.user_id)
    code, write = board_access.issue(ctx.user_id, ctx.now)
    ctx.db.write(write)
    return DataState(code=code, code_until=ctx.now + board_access.CODE_LASTS)


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


def _leave_trail(ctx: Context, action: Action, target: str) -> None:
    audit(
        ctx,
        key=f"data:{action}:{ctx.request_id or ctx.now}",
        role=ctx.role,
        function="admin_data",
        action=action,
        target=target,
        diff={},
    )
