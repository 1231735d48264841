"""What the commands print: tables for people, one JSON object for programs; never a value of a variable."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.table import Column, Table

from dataio import tables
from dataio.printing import Printer
from deploying.doctor import Fact
from deploying.environment import Invoked
from deploying.plan import Change, Plan
from deploying.rollback import Step
from deploying.verify import Verdict


class Output(Printer):
    """Prints what deployments came to."""

    def plan(self, collections: tables.Plan, plan: Plan, notes: Sequence[str]) -> None:
        """Show what `apply` would do."""
        changes = [*(one.text for one in collections.changes), *(one.text for one in plan.changes)]
        if self.as_json:
            self.json({"changes": changes, **_rest(collections, plan, notes)})
            return
        for text in changes:
            self.say(f"would {text}")
        self._rest(collections, plan, notes)
        self.say(
            f"{len(changes)} changes to make." if changes else "Nothing to do: all is deployed as it is here."
        )

    def applied(
        self, done: Sequence[str], collections: tables.Plan, plan: Plan, notes: Sequence[str]
    ) -> None:
        """Show what `apply` did."""
        if self.as_json:
            self.json({"applied": done, **_rest(collections, plan, notes)})
            return
        self._rest(collections, plan, notes)
        self.say(f"{len(done)} changes made.")

    def verified(self, verdicts: Sequence[Verdict]) -> None:
        """Show what every function answered."""
        if self.as_json:
            rows = [{"function": each.function, "wrong": each.wrong} for each in verdicts]
            self.json({"functions": rows, "well": not any(each.wrong for each in verdicts)})
            return
        table = Table(Column("function", no_wrap=True), Column("ms", justify="right"), "verdict")
        for each in verdicts:
            table.add_row(each.function, f"{each.milliseconds:.0f}", "\n".join(each.wrong) or "as expected")
        self.console.print(table)
        wrong = sum(bool(each.wrong) for each in verdicts)
        self.say(f"{len(verdicts)} functions, {wrong} not as expected.")

    def rolled_back(self, at: str, steps: Sequence[Step], *, applied: bool) -> None:
        """Show what going back to the deployment of *at* changes, or changed."""
        if self.as_json:
            self.json({"to": at, "changes": [step.text for step in steps], "applied": applied})
            return
        for step in steps:
            self.say(f"{'done:' if applied else 'would'} {step.text}")
        what = "is restored" if applied else "would be restored: do it with --apply"
        self.say(f"The deployment of {at} {what}. Timers, routes, rules and collections stay as they are.")

    def logs(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Print invocations as they come; as JSON, one a line."""
        for row in rows:
            if self.as_json:
                print(json.dumps(row, ensure_ascii=False), flush=True)
                continue
            outcome = "ok" if row.get("RetCode") == 0 else f"failed: {row.get('RetMsg')}"
            self.say(
                f"{row.get('StartTime')} {row.get('FunctionName')} {row.get('RequestId')} "
                f"{row.get('Duration')} ms {outcome}"
            )
            for line in str(row.get("Log") or "").splitlines():
                self.say(f"  {line}")

    def invoked(self, invoked: Invoked) -> None:
        """Show what a function answered."""
        if self.as_json:
            self.json({**invoked._asdict()})
            return
        for line in invoked.log.splitlines():
            self.say(f"  {line}")
        self.say(invoked.failure or json.dumps(invoked.result, ensure_ascii=False, indent=2))
        self.say(f"{invoked.request_id}: {invoked.milliseconds:.0f} ms")

    def facts(self, facts: Sequence[Fact]) -> None:
        """Show what was found out of each fact."""
        if self.as_json:
            self.json({"facts": [fact._asdict() for fact in facts]})
            return
        table = Table(
            Column("fact", ratio=2), Column("found", no_wrap=True), Column("what was seen", ratio=3)
        )
        for fact in facts:
            table.add_row(fact.question, fact.found, fact.seen)
        self.console.print(table)

    def say(self, text: str) -> None:
        """Print one line as it is."""
        self.console.print(text, markup=False, soft_wrap=True)

    def done(self, changes: Iterable[Change | tables.Change]) -> Iterator[str]:
        """Pass the words of changes on as they are made, each shown at once."""
        for change in changes:
            if not self.as_json:
                self.say(f"done: {change.text}")
            yield change.text

    def _rest(self, collections: tables.Plan, plan: Plan, notes: Sequence[str]) -> None:
        for line in collections.drift:
            self.say(f"differs, left as it is: {line}")
        unknown = [
            *(f"collection {name}" for name in collections.unknown),
            *(one.text for one in plan.unknown),
        ]
        if unknown:
            self.say(f"not known here, left untouched: {', '.join(unknown)}")
        for line in (*notes, *(f"in the way: {problem}" for problem in plan.problems)):
            self.say(line)


def _rest(collections: tables.Plan, plan: Plan, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "problems": list(plan.problems),
        "drift": list(collections.drift),
        "unknown": [
            *(f"collection {name}" for name in collections.unknown),
            *(one.text for one in plan.unknown),
        ],
        "notes": list(notes),
    }
