"""solar_term_campaign: prepare the campaigns of coming solar terms, issue their coupons, report on them."""

from gardenshop.cloud.clock import DAY, day_of, start_of
from gardenshop.cloud.database import find
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.flows import term_campaigns, timers
from gardenshop.flows.term_campaigns import Found, goods_of, report_id, report_of
from gardenshop.rules.policy import policy_of
from gardenshop.rules.term_campaigns import Season, seasons

_REPORTED_DAYS = 7
_RESERVE_SECONDS = 5.0

Past = list[tuple[str, Season]]
"""Days that are over, each with a season that it lies in."""


class SolarTermCampaign(Response):
    """The `campaigns` of the present and coming terms; those `without_goods` wait for something in season.

    `reported` counts the days of campaigns whose figures were written now.
    """

    campaigns: list[str]
    without_goods: list[str]
    reported: int


@cloud_function(caller=TIMER)
def main(request: TimerEvent, ctx: Context) -> SolarTermCampaign:  # noqa: ARG001  # The event dates the run.
    """Read what is there and write what is missing, so that a run may be late, doubled or missed."""
    (rules,) = ctx.db.read(find("business_rules", {"state": "live"}))
    policy = policy_of(rules).campaign
    coming = list(seasons(ctx.now, policy.lead_days)) if policy.prepares else []
    past = _past(ctx.now)
    found = term_campaigns.read(ctx.db, [*coming, *(season for _, season in past)], past[0][0])
    writes = [write for each in coming for write in term_campaigns.prepared(each, policy, found, ctx.now)]
    writes += [write for each in coming for write in term_campaigns.issued(each, found, ctx.now)]
    if writes:
        ctx.db.write(*writes)
    reported = _report(ctx, past, found)
    ctx.db.write(timers.finished("solar_term_campaign"))
    waiting = [each.id for each in coming if each.id not in found.promotions and not goods_of(each, found)]
    return SolarTermCampaign(
        campaigns=[season.id for season in coming if season.id not in waiting],
        without_goods=waiting,
        reported=reported,
    )


def _past(now: int) -> Past:
    """Return the last days, oldest first; the day on which a term begins lies in two seasons."""
    days = [day_of(now - ago * DAY) for ago in range(_REPORTED_DAYS, 0, -1)]
    return [(day, season) for day in days for season in seasons(start_of(day), 1)]


def _report(ctx: Context, past: Past, found: Found) -> int:
    """Write the figures that are missing, the oldest first, while there is time."""
    reported = 0
    for day, season in past:
        missing = season.id in found.promotions and report_id(season, day) not in found.reported
        if missing and ctx.seconds_left() > _RESERVE_SECONDS:
            ctx.db.write(report_of(ctx.db, season, found.promotions[season.id], day, ctx.now))
            reported += 1
    return reported
