"""What the plan asks of a month: the rates that are to be reached by then, and what is to be sold in it."""

from gardenshop.rules.policies.plan import PlanPolicy

Targets = dict[str, int]


def targets_of(plan: PlanPolicy, month: str) -> Targets:
    """Return the targets of the calendar *month*; before the plan begins there are none."""
    gone = _number(month) - _number(plan.begins)
    if gone < 0:
        return {}
    step = min(gone, plan.months)
    targets = {
        "repurchaseBp": _between(plan.repurchase_from_bp, plan.repurchase_to_bp, step, plan.months),
        "retentionBp": _between(plan.retention_from_bp, plan.retention_to_bp, step, plan.months),
    }
    return targets | ({"gmvFen": plan.gmv_fen[month]} if month in plan.gmv_fen else {})


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:])


def _between(first: int, last: int, step: int, steps: int) -> int:
    return first + (last - first) * step // steps
