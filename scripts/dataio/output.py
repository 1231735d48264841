"""What the commands print: tables for people, one JSON object for programs."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from rich.table import Column, Table

from dataio import auditing
from dataio.auditing import Audit
from dataio.carbon import Shift, Tally
from dataio.documents import Fate, Written
from dataio.points import Difference
from dataio.printing import Printer
from dataio.report import Lines, Report, Taken
from dataio.sample import Invalid
from dataio.tables import Change, Plan
from gardenshop.cloud.clock import rfc3339
from gardenshop.flows.revisions import SUMS
from gardenshop.flows.supplying import SupplierOrder
from gardenshop.rules.money import yuan


class Output(Printer):
    """Prints what was done to data."""

    def plan(self, plan: Plan) -> None:
        """Show what `apply` would do."""
        if self.as_json:
            self.json({"changes": [change.text for change in plan.changes], **_differences(plan)})
            return
        self._lines("would", plan.changes)
        self._differences(plan)
        if not plan.changes:
            self.console.print("Nothing to do: every collection and index is there.")

    def applied(self, done: Sequence[Change], plan: Plan) -> None:
        """Show what `apply` did."""
        if self.as_json:
            self.json({"applied": [change.text for change in done], **_differences(plan)})
            return
        self._lines("done:", done)
        self._differences(plan)
        self.console.print(f"{len(done)} changes made.")

    def loaded(self, written: Sequence[Written], invalid: Sequence[Invalid], *, round_trips: int) -> None:
        """Show what became of each document, by collection."""
        fates: dict[str, Counter[Fate]] = defaultdict(Counter)
        for one in written:
            fates[one.record.collection][one.fate] += 1
        refused = [f"{one.record.collection} {one.record.key}: {one.reason}" for one in written if one.reason]
        refused += [f"{place}: {reason}" for place, reason in invalid]
        if self.as_json:
            self.json({"collections": fates, "refused": refused, "roundTrips": round_trips})
            return
        self.console.print(_fates(dict(sorted(fates.items()))))
        for line in refused:
            self.console.print(f"refused {line}", markup=False)
        self.console.print(f"{len(written)} documents in {round_trips} round trips.")

    def imported(self, report: Report, facts: Mapping[str, Any]) -> None:
        """Show what became of every old record; *facts* are of the import as a whole."""
        if self.as_json:
            self.json({**facts, **report.plain()})
            return
        for file, counts in report.files.items():
            self._say(f"\n{file}: {', '.join(f'{number} {status}' for status, number in counts.items())}")
            self._lines_of(report.lines, file)
            if left := report.left[file]:
                fields = ", ".join(f"{field} ({number})" for field, number in left.items())
                self._say(f"  left behind, no place here: {fields}")
        for name in report.fates:
            if name not in report.files:
                self._lines_of(report.lines, name)
        if report.fates:
            self.console.print(_fates(report.fates))
        sums = ", ".join(f"{name} {number}" for name, number in report.sums.items())
        self._say(f"In all: {sums or 'nothing'}. {_verdict(report, facts)}")

    def rolled_back(self, import_id: str, taken: Taken, *, applied: bool) -> None:
        """Show what taking an import back came to, or would come to."""
        if self.as_json:
            self.json({"import": import_id, "applied": applied, **taken.plain()})
            return
        for name, counts in taken.counts.items():
            self._say(f"{name}: {', '.join(f'{number} {outcome}' for outcome, number in counts.items())}")
            self._lines_of(taken.lines, name)
        self._say(f"Import {import_id}. {'Taken back.' if applied else 'Dry run, nothing was changed.'}")

    def points(self, count: int, wrong: Sequence[Difference], repaired: Sequence[Difference]) -> None:
        """Show counters that are not what the ledger says, and those that were set to it."""
        if self.as_json:
            told = {"wrong": wrong, "set": repaired}
            facts = {name: [_difference(each) for each in found] for name, found in told.items()}
            self.json({"members": count, **facts})
            return
        for verb, differences in (("differs", wrong), ("set", repaired)):
            for each in differences:
                place = f"{each.user_id} {each.book}.{each.counter}"
                self._say(f"{verb}: {place} is {each.found}, the ledger says {each.due}")
        self._say(f"{count} members, {len(wrong)} differences, {len(repaired)} counters set.")

    def carbon(self, tally: Tally, purchases: int, *, applied: bool, unbooked: int) -> None:
        """Show how many meals rest on which factors, what revising them changes, and whether it was done."""
        facts = {"unknown": tally.unknown, "purchasesLeft": purchases}
        facts |= {"applied": applied, "unbooked": unbooked}
        if self.as_json:
            shifts = [_shift(versions, shift) for versions, shift in tally.shifts.items()]
            self.json({"meals": tally.states, "shifts": shifts, **facts})
            return
        for (old, new), shift in sorted(tally.shifts.items()):
            carbon_g, baseline_g, saved_g = (f"{shift.sums[name]:+d} g" for name in SUMS)
            self._say(f"{old} -> {new}: {shift.meals} meals of {shift.members} members, for instance")
            self._say(f"  {', '.join(shift.examples)}")
            self._say(f"  carbon {carbon_g}, baseline {baseline_g}, saved {saved_g}")
        if tally.unknown:
            self._say(f"a food, a meat or a rule is gone: {', '.join(tally.unknown)}")
        states = ", ".join(f"{number} {state}" for state, number in sorted(tally.states.items()))
        self._say(f"Meals: {states or 'none'}. Purchases by other factors, which stay: {purchases}.")
        self._say(f"Revised, {unbooked} left to outbox_pump." if applied else "Nothing was changed.")

    def signin(self, code: str | None) -> None:
        """Show a new code to sign in with, or that there is none for this member."""
        if self.as_json:
            self.json({"code": code})
        elif code is None:
            self.console.print("There is no such operator: the member needs the role operator or admin.")
        else:
            self.console.print(f"{code}   (on the page /dashboard, once, within ten minutes)")

    def orders(self, orders: Sequence[SupplierOrder]) -> None:
        """Show what to order from each supplier."""
        if self.as_json:
            self.json({"orders": [order.plain() for order in orders]})
            return
        for order in orders:
            self.console.print(_order(order))
            if order.missing_fen:
                self._say(f"  ¥{yuan(order.missing_fen)} short of the minimum, ¥{yuan(order.min_order_fen)}")
            if order.held_back:
                self._say(f"  beyond the budget: {', '.join(order.held_back)}")
        total = sum(order.cost_fen for order in orders)
        self._say(f"{len(orders)} suppliers, ¥{yuan(total)}.")

    def audit(self, audit: Audit) -> None:
        """Show the trail of operators, its head, and what is wrong with it where that was asked."""
        if self.as_json:
            self.json(auditing.plain(audit))
            return
        self.console.print(_trail(audit.rows))
        for flaw in audit.flaws or ():
            self._say(f"row {flaw.seq} {flaw.key} {flaw.problem}")
        verdict = "" if audit.flaws is None else f" {'BROKEN' if audit.flaws else 'Whole'}."
        head = f" Head {audit.head.seq}:{audit.head.hash}." if audit.head.seq else ""
        self._say(f"{len(audit.rows)} of {audit.total} rows.{head}{verdict}")

    def schemas(self, names: Sequence[str], *, wrote: bool) -> None:
        """Show which files were out of date."""
        if self.as_json:
            self.json({"written" if wrote else "stale": list(names)})
            return
        for name in names:
            self.console.print(f"{'written' if wrote else 'out of date'}: collections/{name}")
        if not names:
            self.console.print("Every definition, and the README, agrees with the models.")

    def told(self, facts: Mapping[str, Any], lines: Sequence[str]) -> None:
        """Show *facts* to programs, *lines* to people."""
        if self.as_json:
            self.json(facts)
            return
        for line in lines:
            self._say(line)

    def _lines_of(self, lines: Lines, file: str) -> None:
        for line in lines.shown:
            if line.file == file:
                self._say(f"  {line.what}: {line.name}: {line.why}")
        if lines.unshown[file]:
            self._say(f"  and {lines.unshown[file]} more: --errors FILE writes them all")

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    def _lines(self, verb: str, changes: Sequence[Change]) -> None:
        for change in changes:
            self.console.print(f"{verb} {change.text}", markup=False)

    def _differences(self, plan: Plan) -> None:
        for line in plan.drift:
            self.console.print(f"differs, left as it is: {line}", markup=False)
        if plan.unknown:
            self.console.print(f"not defined here, left untouched: {', '.join(plan.unknown)}", markup=False)


def _order(order: SupplierOrder) -> Table:
    table = Table(
        Column("SKU", no_wrap=True),
        Column("units", justify="right"),
        Column("¥", justify="right"),
        "arrives",
        "why",
        title=f"{order.name or 'no supplier'} {order.supplier_id}".rstrip(),
        title_justify="left",
        show_footer=True,
    )
    table.columns[1].footer, table.columns[2].footer = str(order.units), yuan(order.cost_fen)
    for line in order.lines:
        why = "；".join(line.reasons)
        table.add_row(line.sku_id, str(line.quantity), yuan(line.cost_fen), line.arrives_on, why)
    return table


def _trail(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(Column("seq", justify="right"), "at", "actor", "role", "action", "target", "what")
    for row in rows:
        told = (str(row.get(name, "")) for name in ("actor", "role", "action", "target"))
        what = json.dumps(row.get("diff"), ensure_ascii=False)
        table.add_row(str(row.get("seq", "")), rfc3339(row.get("at", 0)), *told, what)
    return table


def _fates(fates: Mapping[str, Counter[Fate]]) -> Table:
    columns = get_args(Fate)
    table = Table(Column("collection", no_wrap=True), *(Column(name, justify="right") for name in columns))
    for name, counts in fates.items():
        table.add_row(name, *(str(counts[fate] or "") for fate in columns))
    return table


def _verdict(report: Report, facts: Mapping[str, Any]) -> str:
    if report.verified is None:
        return f"Import {facts['import']}. Dry run, nothing was changed."
    verdict = "every document read back as it was stated" if report.verified else "WRONG, see above"
    return f"Import {facts['import']}: {verdict}; backup {facts['backup']} was made before."


def _difference(points: Difference) -> dict[str, Any]:
    return {"userId": points.user_id, **{name: getattr(points, name) for name in points._fields[1:]}}


def _shift(versions: tuple[str, str], shift: Shift) -> dict[str, Any]:
    return {
        "from": versions[0],
        "to": versions[1],
        "meals": shift.meals,
        "members": shift.members,
        **{name: shift.sums[name] for name in SUMS},
        "examples": shift.examples,
    }


def _differences(plan: Plan) -> dict[str, Any]:
    return {"drift": list(plan.drift), "unknown": list(plan.unknown)}
