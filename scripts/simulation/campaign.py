"""Playing many seeds, on several processes, and reporting what they found."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from simulation.plan import Plan, draw
from simulation.play import Result, play
from simulation.shrink import shrink
from simulation.stage import OPENING
from simulation.world import clock_text

_CHUNK = 10


@dataclass(frozen=True)
class Failure:
    """A seed that broke laws, and the shortest history found that breaks one of them."""

    seed: int
    breaches: list[str]
    history: list[str]


@dataclass
class Report:
    """What some seeds came to."""

    seeds: int = 0
    calls: int = 0
    commands: int = 0
    faults: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    def add(self, other: "Report") -> None:
        """Take in what others found; their seconds ran beside these."""
        self.seeds += other.seeds
        self.calls += other.calls
        self.commands += other.commands
        self.faults += other.faults
        self.failures += other.failures


def one(seed: int, *, trace: bool, plays: int) -> Report:
    """Play *seed* alone. With *trace* every step is printed, of the shortest failing history if it fails."""
    started, report = time.monotonic(), Report()
    plan, _ = _judge(seed, report, plays)
    if trace:
        play(plan, print)
    report.seconds = time.monotonic() - started
    return report


def many(seeds: Sequence[int], *, jobs: int, plays: int, quiet: bool) -> Report:
    """Play *seeds* on *jobs* processes."""
    started, report = time.monotonic(), Report()
    chunks = [list(seeds[place : place + _CHUNK]) for place in range(0, len(seeds), _CHUNK)]
    spawn = multiprocessing.get_context("spawn")
    with _progress(len(seeds), quiet=quiet) as advance, ProcessPoolExecutor(jobs, mp_context=spawn) as pool:
        for done in as_completed([pool.submit(_some, chunk, plays) for chunk in chunks]):
            report.add(done.result())
            advance(report)
    report.failures.sort(key=lambda failure: failure.seed)
    report.seconds = time.monotonic() - started
    return report


def _some(seeds: Sequence[int], plays: int) -> Report:
    report = Report()
    for seed in seeds:
        _judge(seed, report, plays)
    return report


def _judge(seed: int, report: Report, plays: int) -> tuple[Plan, Result]:
    """Play *seed*, count it in *report*, and shorten it if it fails."""
    plan = draw(seed)
    result = play(plan)
    report.seeds += 1
    report.calls += result.calls
    report.commands += result.commands
    report.faults += len(result.faults)
    if result.breaches:
        plan, shortest = shrink(plan, result, plays=plays)
        report.failures.append(Failure(seed, list(result.breaches), history_of(plan, shortest)))
        return plan, shortest
    return plan, result


def history_of(plan: Plan, result: Result) -> list[str]:
    """Return the steps of *plan* and the faults it met, a line each."""
    steps = [
        f"{clock_text(OPENING + step.at)}  {step.name}  {step.action} {step.openid}".rstrip()
        for step in plan.steps
    ]
    return steps + [f"fault  {name}" for name in result.faults]


@contextmanager
def _progress(seeds: int, *, quiet: bool) -> Iterator[Callable[[Report], None]]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task("Playing", total=seeds)

        def advance(report: Report) -> None:
            broken = f", {len(report.failures)} broken" if report.failures else ""
            progress.update(task, completed=report.seeds, description=f"Playing{broken}")

        yield advance


__all__ = ["Failure", "Report", "history_of", "many", "one"]
