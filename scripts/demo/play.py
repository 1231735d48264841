"""Play the journey, show every step, check the laws."""

import json
import sys
from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from demo.journey import walk
from demo.laws import check
from demo.stage import Cloud, Stage, Step, Surprise, as_json


def play(cloud: Cloud, *, as_json: bool) -> int:
    """Walk the journey on *cloud*; return the exit code: 0 when all went as it must and every law holds."""
    console = Console(highlight=False)
    stage = Stage(cloud, _silent if as_json else _teller(console))
    try:
        walk(stage)
        breaches = check(stage.documents)
    except Surprise as surprise:
        print(f"The journey went wrong: {surprise}", file=sys.stderr)
        return 1
    finally:
        stage.close()
    if as_json:
        _print_json(stage.steps, breaches)
    else:
        _sum_up(console, len(stage.steps), breaches)
    return 1 if breaches else 0


def _silent(_: Step) -> None:
    """Tell nothing: the programs get everything at the end."""


def _teller(console: Console) -> Callable[[Step], None]:
    def tell(step: Step) -> None:
        console.print(Text.assemble((f"\n{step.number:>2}  ", "dim"), (step.title, "bold")))
        console.print(
            Text.assemble("    ", (step.actor, "cyan"), " → ", (step.call, "green"), f"  {_short(step)}")
        )
        for line in step.note.splitlines():
            console.print(Text(f"    {line}"))
        if step.changes:
            changed = " · ".join(f"{name} {text}" for name, text in step.changes.items())
            console.print(Text(f"    ⟶ {changed}", style="yellow"))

    return tell


def _short(step: Step) -> str:
    text = json.dumps(step.event, ensure_ascii=False)
    return "" if text == "{}" else text if len(text) <= 90 else text[:90] + "…"  # noqa: PLR2004


def _sum_up(console: Console, steps: int, breaches: list[str]) -> None:
    if breaches:
        console.print(Text("\n守恒检查未通过 · Laws broken:", style="bold red"))
        for breach in breaches:
            console.print(Text(f"    {breach}", style="red"))
        return
    text = f"\n{steps} 步走完，库存、积分、订单、花园的账全部相符 · {steps} steps, every law holds."
    console.print(Text(text, style="bold green"))


def _print_json(steps: list[Step], breaches: list[str]) -> None:
    print(json.dumps({"steps": as_json(steps), "breaches": breaches}, ensure_ascii=False, indent=2))
