"""points_exchange: the caller's garden points become shop points; never the other way round."""

from typing import Annotated

from pydantic import Field

from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Busy, Conflict, DailyLimit, InvalidRequest, NotEnoughPoints, NotFound
from gardenshop.flows.exchange import (
    Exchange,
    Member,
    begin,
    carry_out,
    draft,
    exchange_of,
    member_of,
    reads,
    rows_of,
)
from gardenshop.models.base import ClientToken


class PointsExchange(Request):
    """`client_token` makes a repeated exchange one exchange."""

    points: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    client_token: ClientToken


class PointsExchanged(Response):
    """The garden points that were taken, the shop points they became, and when those lapse."""

    taken: int
    gained: int
    expires_at: int


@cloud_function(caller=MEMBER)
def main(request: PointsExchange, ctx: Context) -> PointsExchanged:
    """Read, write both rows, move both books; a used token answers with what it was used for."""
    *replies, rows = ctx.db.read(*reads(ctx.user_id, ctx.now), rows_of(ctx.user_id, request.client_token))
    member = member_of(ctx.user_id, replies)
    if member is None:
        raise NotFound("请先登录")
    exchange = exchange_of(rows, member.policy) or _begun(request, member, ctx)
    if exchange.asked != request.points:
        raise Conflict("该请求编号已用于另一次兑换")
    if not exchange.is_done:
        outcome = carry_out(ctx.db, member, exchange, ctx.now)
        if outcome.refused:
            _check(exchange, member, ctx.now)
        if not outcome.applied:
            raise Busy
    return PointsExchanged(
        taken=exchange.taken,
        gained=int(exchange.into["delta"]),
        expires_at=exchange.into["lot"]["expiresAt"],
    )


def _begun(request: PointsExchange, member: Member, ctx: Context) -> Exchange:
    """Write the rows of a new exchange and return it, or the one that the token was used for meanwhile."""
    unit = member.policy.points.exchange_unit
    exchange = draft(member, request.client_token, request.points, ctx.now)
    if request.points % unit or not exchange.taken:
        raise InvalidRequest(f"兑换积分须为 {unit} 的整数倍", fields=[{"field": "points"}])
    _check(exchange, member, ctx.now)
    if begin(ctx.db, exchange, ctx.now):
        return exchange
    (rows,) = ctx.db.read(rows_of(ctx.user_id, request.client_token))
    return exchange_of(rows, member.policy) or exchange


def _check(exchange: Exchange, member: Member, now: int) -> None:
    """Refuse what the book, or the day, as it was read does not allow."""
    if exchange.taken > member.spendable:
        raise NotEnoughPoints(need=exchange.taken, available=member.spendable)
    left = max(member.left_today(now), 0)
    if exchange.taken > left:
        raise DailyLimit(f"今日还可兑换 {left} 花园积分", left=left)
