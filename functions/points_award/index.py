"""points_award: an operator gives a member points, with a reason."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import find, get
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Busy, Conflict, InvalidRequest, NotFound
from gardenshop.flows.audit import audit
from gardenshop.flows.balances import perform
from gardenshop.flows.points import earn
from gardenshop.flows.texts import refuse_claims
from gardenshop.models.base import ClientToken, UserId, Words
from gardenshop.rules.policy import policy_of


class PointsAward(Request):
    """`client_token` makes a repeated award one award."""

    user_id: UserId
    book: Literal["garden", "shop"]
    points: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    reason: Annotated[Words, Field(min_length=2, max_length=100)]
    client_token: ClientToken


class PointsAwarded(Response):
    """The award; `repeated` says that this token had awarded it before."""

    entry_id: str
    points: int
    repeated: bool


@cloud_function(caller=OPERATOR, name="points_award")
def main(request: PointsAward, ctx: Context) -> PointsAwarded:
    """Write the ledger row and the audit row, then the balance."""
    refuse_claims({"reason": request.reason})
    key = f"award:{request.client_token}"
    rules, users, rows = ctx.db.read(
        find("business_rules", {"state": "live"}),
        get("users", request.user_id, fields=("mergedInto",)),
        get("points_ledger", key),
    )
    if not users or "mergedInto" in users[0]:
        raise NotFound("没有找到该会员")
    policy = policy_of(rules)
    if request.points > policy.points.award_cap:
        raise InvalidRequest(f"单次最多发放 {policy.points.award_cap} 积分", fields=[{"field": "points"}])
    asked = (request.user_id, request.book, request.points)
    if rows and (rows[0]["userId"], rows[0]["book"], rows[0]["delta"]) != asked:
        raise Conflict("该请求编号已用于另一次发放")
    award = earn(
        key,
        user_id=request.user_id,
        book=request.book,
        points=request.points,
        kind="award",
        ref={"type": "award", "id": request.client_token},
        policy=policy,
        at=rows[0]["createdAt"] if rows else ctx.now,
        actor=ctx.actor,
        note=request.reason,
    )
    audit(
        ctx,
        key=key,
        role=ctx.role,
        function="points_award",
        action="award",
        target=request.user_id,
        diff={"book": request.book, "points": request.points},
        reason=request.reason,
    )
    outcome = perform(ctx.db, [award], ctx.now)
    ctx.db.write(*outcome.closing)
    if outcome.refused or outcome.unknown:
        raise Busy
    return PointsAwarded(entry_id=key, points=request.points, repeated=bool(rows))
