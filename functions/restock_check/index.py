"""restock_check: propose what to reorder and why; one open suggestion a SKU, which a person accepts."""

from gardenshop.cloud.database import find
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.flows import restock_run, restocking, timers
from gardenshop.flows.restock_run import Run
from gardenshop.rules.policies.restock import RestockPolicy
from gardenshop.rules.policy import policy_of

_AGAIN = "again"
_RESERVE_SECONDS = 5.0


class RestockCheck(Response):
    """How the run of the day stands: SKUs checked, suggestions open and withdrawn, what they cost.

    `held_back` are the suggestions that the budgets do not pay for; `next_after` is where the next tick goes
    on, and absent when the run is over.
    """

    checked: int
    proposed: int
    withdrawn: int
    held_back: int
    cost_fen: int
    next_after: str | None = None


@cloud_function(caller=TIMER)
def main(request: TimerEvent, ctx: Context) -> RestockCheck:
    """Go on with the run of the day, which may take several ticks; the message ``again`` begins it anew."""
    ctx.db.write(*restock_run.begin(ctx, again=request.Message == _AGAIN))
    rules, found = ctx.db.read(find("business_rules", {"state": "live"}), restock_run.read(ctx.day))
    run = restock_run.run_of(found)
    if not run.final:
        _go_on(ctx, run, policy_of(rules).restock)
        (found,) = ctx.db.read(restock_run.read(ctx.day))
        run = restock_run.run_of(found)
    ctx.db.write(timers.finished("restock_check"))
    return _reply(run)


def _go_on(ctx: Context, run: Run, policy: RestockPolicy) -> None:
    """Check page by page, then share out the budgets; stop when time or another call takes over."""
    plan = restocking.plan(ctx, policy)
    while ctx.seconds_left() > _RESERVE_SECONDS:
        page = restocking.check(ctx, plan, run.after)
        if page is None:
            shares = restocking.share_out(ctx, policy, until=_RESERVE_SECONDS)
            if shares is not None:
                ctx.db.write(restock_run.end(ctx, run, shares))
            return
        *_, moved = ctx.db.write(*page.writes, restock_run.step(ctx, run, page.last, page.found))
        if not moved.happened:
            return
        run = run._replace(after=page.last)


def _reply(run: Run) -> RestockCheck:
    figures = run.figures
    return RestockCheck(
        checked=figures["checked"],
        proposed=figures["proposed"],
        withdrawn=figures["withdrawn"],
        held_back=figures["heldBack"],
        cost_fen=figures["costFen"],
        next_after=None if run.final else run.after,
    )
