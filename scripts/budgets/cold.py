"""Cold starts of the member functions against a bare `from pydantic import BaseModel`, and their memory.

A cold start is timed from before the host starts the process to the reply, which has read the database. The
bare import is a process too, timed from its start to its end, with the interpreter, the flags and the
`sys.path` of the function. Both run by turns, and the ratios of the pairs have the median that counts.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from budgets.rows import Row
from budgets.stage import GOODS, Stage, Surprise
from gardenshop.cloud.database import Document
from localcloud.functions import Invocation

TIME_BUDGET = 1.9
MEMORY_BUDGET_MB = 64

_PYTHON = getattr(sys, "_base_executable", sys.executable)
_FLAGS = ("-I", "-S", "-B", "-X", "utf8")

Event = Callable[[Stage], Document]


def _fixed(**event: object) -> Event:
    return lambda _: event


class Case(NamedTuple):
    """What a member function is asked; *error* names the refusal it is to answer with."""

    function: str
    event: Event = _fixed()
    error: str | None = None
    note: str = ""
    budget: float | None = TIME_BUDGET


_STEP = {"eventId": "bench-0001", "type": "view", "at": 0}
CASES = (
    Case("login"),
    Case("profile_update", _fixed(nickname="小满")),
    Case("privacy_request"),
    Case("constitution_assess", _fixed(sex="female")),
    Case("recommend"),
    Case("knowledge_feed"),
    Case("lesson_complete", _fixed(lessonId="lesson:unknown"), error="NOT_FOUND"),
    Case("events_track", _fixed(sentAt=0, events=[{**_STEP, "productId": "jujube"}])),
    Case("practitioner_view"),
    Case("product_search", _fixed(keyword="豆腐")),
    Case("product_detail", _fixed(productId="jujube")),
    Case("cart_add", _fixed(skuId=GOODS[0])),
    Case("cart_update", _fixed(changes=[{"skuId": GOODS[0], "quantity": 1}])),
    Case("cart_view"),
    Case("checkout_preview"),
    # It prices, holds and books, in four round trips, and builds the validator of a whole order.
    Case("checkout", lambda stage: stage.wish(GOODS[1]), budget=2.1),
    Case("order_view"),
    Case("order_cancel", lambda stage: {"orderNo": stage.unpaid(GOODS[1])}),
    Case("points_statement"),
    Case("garden_tend"),
    Case("coupon_center"),
    Case(
        "coupon_claim", lambda stage: {"code": "NOSUCHCODE", "clientToken": stage.token()}, error="NOT_FOUND"
    ),
    Case(
        "points_exchange",
        lambda stage: {"points": 100, "clientToken": stage.token()},
        error="NOT_ENOUGH_POINTS",
    ),
    Case("commission_account", error="FORBIDDEN"),
    Case("meal_record", _fixed(text="番茄炒蛋一盘、米饭一碗")),
    Case("carbon_report"),
    Case("recipe_buy", _fixed(recipeId="mapo-tofu")),
    Case("review_list"),
    Case("review_add", _fixed(orderNo="20261123-unknown", lineId="L1", score=5), error="NOT_FOUND"),
    Case("order_confirm", _fixed(orderNo="20261123-unknown"), error="NOT_FOUND"),
    Case("refund_apply", _fixed(orderNo="20261123-unknown", action="preview"), error="NOT_FOUND"),
    Case("product_certify", _fixed(productId="jujube", testimony="一直在吃"), error="FORBIDDEN"),
    Case("order_pay", _fixed(orderNo="20261123-unknown"), error="NOT_FOUND"),
    # It loads WeChat Pay's package, which costs more than all else together, and asks WeChat.
    Case(
        "order_pay",
        lambda stage: {"orderNo": stage.unpaid(GOODS[1])},
        note=", opening a payment",
        budget=None,
    ),
)
"""Where a function can be asked something only once, it is something new every time."""


class Start(NamedTuple):
    """The cold starts of one case: how many bare imports one takes, and the most memory one needed."""

    case: Case
    ratio: float
    memory_mb: float


def starts(stage: Stage, runs: int) -> list[Start]:
    """Start every case *runs* times."""
    return [_start(case, stage, runs) for case in CASES]


def time_rows(found: list[Start]) -> list[Row]:
    """Return how long the cold starts took."""
    return [
        Row(f"cold start: {case.function}{case.note}", ratio, case.budget, "×") for case, ratio, _ in found
    ]


def memory_rows(found: list[Start]) -> list[Row]:
    """Return the memory of the function that needed the most."""
    case, _, memory_mb = max(found, key=lambda start: start.memory_mb)
    return [Row(f"memory: {case.function}, the largest", memory_mb, MEMORY_BUDGET_MB, "MB")]


def paired_ratio(measured: list[float], beside: list[float]) -> float:
    """Return the median of what was *measured* over what was measured *beside* it."""
    return median(one / other for one, other in zip(measured, beside, strict=True))


def _start(case: Case, stage: Stage, runs: int) -> Start:
    pairs = [_pair(case, stage) for _ in range(runs)]
    cold, bare = [one.duration_ms for one, _ in pairs], [milliseconds for _, milliseconds in pairs]
    return Start(case, paired_ratio(cold, bare), max(one.memory_mb for one, _ in pairs))


def _pair(case: Case, stage: Stage) -> tuple[Invocation, float]:
    """Return one cold start, and how many milliseconds the bare import took just before."""
    event = case.event(stage)
    stage.host.retire(case.function)
    bare = _bare_import(case.function, stage)
    invocation = stage.invoke(case.function, event, error=case.error)
    if not invocation.cold:
        raise Surprise(f"{case.function} did not start cold")
    return invocation, bare


def _bare_import(name: str, stage: Stage) -> float:
    """Return how many milliseconds the bare import took where the function *name* runs."""
    launcher = stage.host.launcher
    function = launcher.project().function(name)
    if function is None:
        raise Surprise(f"cloudbaserc.json has no function {name}")
    launch = launcher.launch(function)
    code = f"import sys; sys.path[:0] = {list(launch.path)!r}; from pydantic import BaseModel"
    command = [_PYTHON, *_FLAGS, "-c", code]
    started = time.perf_counter()
    subprocess.run(command, cwd=launch.folder, env=dict(launch.environ), check=True)  # noqa: S603  # Our own code.
    return (time.perf_counter() - started) * 1000
