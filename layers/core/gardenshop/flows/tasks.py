"""Carrying out the tasks of the outbox: leased, repeated until done, given up loudly."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from gardenshop.cloud import log
from gardenshop.cloud.clock import HOUR, MINUTE
from gardenshop.cloud.database import Command, Database, Document, find, get, update
from gardenshop.cloud.entry import Context
from gardenshop.cloud.errors import AppError, Internal, Unavailable
from gardenshop.flows import (
    commission,
    coupons,
    forgetting,
    grants,
    outbox,
    poison,
    promotions,
    redemption,
    refunds,
    reversal,
    shipping,
)
from gardenshop.flows.after_sale import place_of
from gardenshop.flows.balances import perform
from gardenshop.flows.garden_sync import sync_garden
from gardenshop.flows.points import accrue
from gardenshop.flows.stock import commit_held, release_held
from gardenshop.models.task import SyncTask
from gardenshop.rules.points import shop_points_for
from gardenshop.rules.policy import policy_of

BATCH = 50
LEASE = 2 * MINUTE
MAX_ATTEMPTS = 12
_RESERVE_SECONDS = 5.0


class Summary(NamedTuple):
    """How many tasks were done, put off, and given up."""

    done: int
    retried: int
    dead: int


Handler = Callable[[Context, Document], list[Command]]
"""Carries out a task and returns the writes that end it."""


class OrderPart(Protocol):
    """Carries out what an order calls for and returns the writes that end it."""

    def __call__(self, db: Database, order: Document, *, started: int, now: int) -> list[Command]: ...


class SalePart(Protocol):
    """Carries out what one after-sale of an order calls for and returns the writes that end it."""

    def __call__(
        self, db: Database, order: Document, sale: Document, *, started: int, now: int
    ) -> list[Command]: ...


def _of_order(part: OrderPart) -> Handler:
    """Return the handler of a task about an order; there is nothing to do when that is gone."""

    def handle(ctx: Context, task: Document) -> list[Command]:
        order = ctx.db.one(get("orders", task["payload"]["orderNo"]))
        return part(ctx.db, order, started=task["payload"]["startedAt"], now=ctx.now) if order else []

    return handle


def _of_sale(part: SalePart) -> Handler:
    """Return the handler of a task whose `refId` is an after-sale."""

    def handle(ctx: Context, task: Document) -> list[Command]:
        order = ctx.db.one(get("orders", task["payload"]["orderNo"]))
        if order is None:
            return []
        sale = order["afterSales"][place_of(order, task["refId"])]
        return part(ctx.db, order, sale, started=task["payload"]["startedAt"], now=ctx.now)

    return handle


def _give_budget_back(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    promotions.give_back(db, order, started=started, now=now)
    return []


def _give_coupon_back(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    del started
    coupons.release(db, order, now)
    return []


def _use_coupon(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    del started
    coupons.use(db, order, now)
    return []


def _return_coupon(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    del started
    return reversal.return_coupon(db, order, now)


def _give_points_back(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    del started
    return redemption.release(db, order, now=now)


def _accrue(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    (rules,) = db.read(find("business_rules", {"state": "live"}))
    policy = policy_of(rules)
    goods = sum(line["paidFen"] for line in order["lines"])
    points = shop_points_for(goods, policy.points)
    if not points:
        return []
    operation = accrue(
        f"earn:order:{order['_id']}",
        user_id=order["userId"],
        points=points,
        order_no=order["_id"],
        policy=policy,
        at=started,
    )
    return list(perform(db, [operation], now).closing)


def _refund(ctx: Context, task: Document) -> list[Command]:
    """Submit the refund that the task's `refId` names."""
    order = ctx.db.one(get("orders", task["payload"]["orderNo"]))
    if order is not None:
        refunds.submit(ctx, order, task["refId"])
    return []


HANDLERS: Mapping[str, Handler] = {
    outbox.RELEASE: _of_order(release_held),
    outbox.BUDGET_BACK: _of_order(_give_budget_back),
    outbox.COUPON_BACK: _of_order(_give_coupon_back),
    outbox.COUPON_USE: _of_order(_use_coupon),
    outbox.POINTS_USE: _of_order(redemption.commit),
    outbox.POINTS_FREE: _of_order(_give_points_back),
    outbox.COMMIT: _of_order(commit_held),
    outbox.ACCRUE: _of_order(_accrue),
    outbox.GARDEN: _of_order(sync_garden),
    outbox.FINALISE: _of_order(reversal.finalise_points),
    outbox.COUPON_RETURN: _of_order(_return_coupon),
    outbox.COUPON_ISSUE: grants.issue_page,
    outbox.COUPON_GRANT: grants.grant,
    outbox.COMMISSION: _of_order(commission.accrue),
    outbox.COMMISSION_FINAL: _of_order(commission.confirm),
    outbox.REFUND: _refund,
    outbox.RESTOCK: _of_sale(shipping.restock),
    outbox.TAKE_IN: _of_sale(shipping.take_in),
    outbox.REVERSE: _of_sale(reversal.reverse_garden),
    outbox.CLAW: _of_sale(reversal.claw_pending),
    outbox.POINTS_BACK: _of_sale(reversal.give_points_back),
    outbox.COMMISSION_BACK: _of_sale(commission.reverse),
    outbox.ERASE: forgetting.erase,
}


def run_due(ctx: Context) -> Summary:
    """Carry out the tasks that are due, batch by batch, while there is time."""
    counts = {"done": 0, "retried": 0, "dead": 0}
    while ctx.seconds_left() > _RESERVE_SECONDS:
        found = _due(ctx)
        if not found:
            break
        ended = _in_hand(found)
        for task in ended:
            counts[_put_off(ctx, task, _never_ended(task), since=task["dueAt"] - LEASE)] += 1
        tasks = _lease(ctx, [task for task in found if task not in ended])
        for place, task in enumerate(tasks):
            if ctx.seconds_left() < _RESERVE_SECONDS:
                ctx.db.write(*(_given_back(untried, ctx.now) for untried in tasks[place:]))
                break
            counts[_carry_out(ctx, task)] += 1
    return Summary(**counts)


def _given_back(task: Document, now: int) -> Command:
    """Return the write that ends the lease of a *task* for which no time was left: that was no attempt."""
    untried = {"$set": {"state": "due", "dueAt": now}, "$inc": {"attempts": -1}}
    return update("sync_tasks", _mine(task), untried)


def _due(ctx: Context) -> list[Document]:
    """Read the oldest due tasks, but no malformed ones: a leased task is due again when its lease ends."""
    due = {"state": {"$in": ["due", "leased"]}, "dueAt": {"$lte": ctx.now}}
    (tasks,) = ctx.db.read(find("sync_tasks", due, sort={"dueAt": 1}, limit=BATCH))
    return [*poison.results(ctx.db, "sync_tasks", tasks, _sound, ctx.now)]


def _sound(task: Document) -> Document:
    SyncTask.model_validate(task)
    return task


def _in_hand(found: Sequence[Document]) -> list[Document]:
    """Return those of the tasks *found* that runs had in hand when they ended before their time.

    The leases of a run end in the order of its work, so that it is the first of them; what is behind was
    never begun.
    """
    first: dict[str | None, Document] = {}
    for task in found:
        if task["state"] == "leased":
            first.setdefault(task.get("leaseBy"), task)
    return list(first.values())


def _never_ended(task: Document) -> AppError:
    """Say why *task* is put off whose run ended before it did: a refund may be in WeChat Pay's hands."""
    error = refunds.UnderWay if task["topic"] == outbox.REFUND else Unavailable
    return error(cause="its run ended before it did")


def _lease(ctx: Context, tasks: Sequence[Document]) -> list[Document]:
    """Take *tasks*; that is an attempt of each, once, since one that is leased was not begun."""
    ends = range(ctx.now + LEASE, ctx.now + LEASE + len(tasks))
    taken = [
        {
            "state": "leased",
            "dueAt": end,
            "leaseBy": ctx.request_id or "pump",
            "attempts": task["attempts"] + (task["state"] == "due"),
        }
        for task, end in zip(tasks, ends, strict=True)
    ]
    results = ctx.db.write(
        *(
            update(
                "sync_tasks",
                {"_id": task["_id"], "state": task["state"], "dueAt": task["dueAt"]},
                {"$set": {**lease, "updatedAt": ctx.now}},
            )
            for task, lease in zip(tasks, taken, strict=True)
        )
    )
    return [
        {**task, **lease}
        for task, lease, result in zip(tasks, taken, results, strict=True)
        if result.happened
    ]


def _carry_out(ctx: Context, task: Document) -> str:
    """Do one task and say what became of it."""
    try:
        closing = HANDLERS[task["topic"]](ctx, task)
        done = {"state": "done", "doneAt": ctx.now, "updatedAt": ctx.now}
        ctx.db.write(*closing, update("sync_tasks", _mine(task), {"$set": done}))
    except AppError as error:
        return _put_off(ctx, task, error, since=ctx.now)
    except Exception as error:  # noqa: BLE001  # A task that nobody can carry out holds up no other.
        return _put_off(ctx, task, Internal(cause=type(error).__name__), since=ctx.now)
    return "done"


def _put_off(ctx: Context, task: Document, error: AppError, *, since: int) -> str:
    """Make the task due later, later each time, from *since* on; after the last attempt a person must look.

    A refund has no last attempt.
    """
    dead = task["attempts"] >= MAX_ATTEMPTS and not isinstance(error, refunds.UnderWay)
    wait = min(MINUTE * 2 ** (task["attempts"] - 1), 6 * HOUR)
    state: dict[str, Any] = {"state": "dead" if dead else "due", "dueAt": since + wait}
    state |= {"lastError": f"{error.error} {error.details.get('cause', '')}".strip(), "updatedAt": ctx.now}
    ctx.db.write(update("sync_tasks", _mine(task), {"$set": state}))
    log.emit("task", topic=task["topic"], refId=task["refId"], state=state["state"], error=error.error)
    return "dead" if dead else "retried"


def _mine(task: Document) -> Document:
    """Match the task only while this run's lease on it stands."""
    return {"_id": task["_id"], "state": "leased", "dueAt": task["dueAt"]}
