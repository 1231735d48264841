"""What restocking may cost: a purse for all orders of a run, and one for those of each supplier."""

from collections.abc import Sequence

from gardenshop.rules.policies.restock import RestockPolicy

USED_UP = "预算已用完"
"""The reason why a proposal has to wait."""


class Purse:
    """What is left to spend by the budgets of *policy*; without one there is no limit."""

    def __init__(self, policy: RestockPolicy) -> None:
        self._left = policy.budget_fen
        self._of_supplier = {
            supplier_id: terms.budget_fen
            for supplier_id, terms in policy.suppliers.items()
            if terms.budget_fen is not None
        }

    def pays(self, supplier_id: str, cost_fen: int) -> bool:
        """Pay *cost_fen* to a supplier if both budgets allow, and say whether they did."""
        own = self._of_supplier.get(supplier_id)
        if any(left is not None and left < cost_fen for left in (self._left, own)):
            return False
        if self._left is not None:
            self._left -= cost_fen
        if own is not None:
            self._of_supplier[supplier_id] = own - cost_fen
        return True


def marked(reasons: Sequence[str], *, paid: bool) -> list[str]:
    """Return *reasons*, the last of which says that the budget is used up unless the order is *paid*."""
    others = [reason for reason in reasons if reason != USED_UP]
    return others if paid else [*others, USED_UP]
