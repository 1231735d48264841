"""What must hold of commission beside its ledger: who earns, at which rate, and that all of it is settled.

They know the numbers of the stage, and of the rules only what the design says.
"""

from collections.abc import Iterator

from gardenshop.cloud.clock import DAY
from gardenshop.cloud.identity import user_id
from simulation import stage
from simulation.evidence import Evidence

Document = stage.Document

_WEEK = 7 * DAY
_FULL_BP = 10_000


def sales_are_credited_right(seen: Evidence) -> Iterator[str]:
    """A link of the last week earns its rate, else a badge its own; nobody earns from her own purchase."""
    for order in seen.read("orders"):
        for line in order["lines"]:
            via = _cause(order, line)
            due = (stage.PRACTITIONER, via, stage.RATES[via]) if via else (None, None, 0)
            found = line.get("practitionerId"), line.get("via"), line.get("commissionBp", 0)
            if found != due:
                yield f"order {order['_id']} line {line['lineId']} is credited to {found}, not {due}"


def _cause(order: Document, line: Document) -> str:
    """Say how the practitioner caused the sale of *line*; nothing when she did not, or is the buyer."""
    if order["userId"] == user_id(stage.EARNER):
        return ""
    link = line.get("from") or {}
    if "sharedAt" in link and 0 <= order["createdAt"] - link["sharedAt"] <= _WEEK:
        return "share"
    return "certification" if line["skuId"] in stage.VOUCHED else ""


def all_that_was_earned_is_settled(seen: Evidence) -> Iterator[str]:
    """After the month what was kept of completed orders is hers to withdraw, or paid, less what she owed."""
    earned = 0
    for order in seen.read("orders"):
        if order["status"] != "completed":
            continue
        for line in order["lines"]:
            fen = line["paidFen"] * line.get("commissionBp", 0) // _FULL_BP
            earned += fen - fen * line.get("refundedQuantity", 0) // line["quantity"]
    start = stage.COMMISSION
    due = start["settledFen"] + start["confirmedFen"] - start["debtFen"] + earned
    (practitioner,) = seen.read("practitioners")
    counters = practitioner["commission"]
    found = counters["settledFen"] + counters["paidFen"]
    rest = counters["confirmedFen"], counters["debtFen"]
    if (found, rest) != (due, (0, 0)):
        yield f"commission: {found} settled or paid of {due}, {rest} confirmed and owed"


EARNING_LAWS = (sales_are_credited_right, all_that_was_earned_is_settled)
