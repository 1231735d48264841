"""What each role of operators may do: whole functions, or single actions of them.

Nobody has more than her work takes. A call without a client identity (the console, the command line) is not
asked: whoever can make one holds the keys of the environment.
"""

from collections.abc import Iterable, Mapping

ADMIN = "admin"
"""May do whatever any operator may."""

MAY: Mapping[str, frozenset[str]] = {
    "operator": frozenset(
        {
            "admin_campaign_save",
            "admin_data:signin",
            "admin_order_ship",
            "admin_product_save",
            "admin_refund_decide",
            "admin_rules_publish",
            "admin_stock_adjust",
            "points_award",
            "product_certify",
        }
    ),
    "warehouse": frozenset(
        {
            "admin_order_ship:ship",
            "admin_refund_decide:receive",
            "admin_stock_adjust:receive",
            "admin_stock_adjust:count",
            "admin_stock_adjust:adjust",
        }
    ),
    "service": frozenset(
        {
            "admin_refund_decide:approve",
            "admin_refund_decide:refuse",
            "admin_refund_decide:receive",
            "admin_review_decide",
        }
    ),
    "finance": frozenset({"admin_commission_pay", "admin_refund_decide:refund_again"}),
    "editor": frozenset(
        {
            "admin_product_save:save",
            "admin_product_save:shelf",
            "admin_product_save:unshelf",
        }
    ),
    "staff": frozenset(),
}
"""By role: ``function`` for all its actions, ``function:action`` for one. A price is the operator's alone."""


def roles_for(function: str, action: str = "") -> tuple[str, ...]:
    """Return the roles that may do *action* of *function*, in the order of `MAY`, and `ADMIN`."""
    deeds = {function, f"{function}:{action}"}
    return (*(role for role, may in MAY.items() if may & deeds), ADMIN)


def role_among(held: Iterable[str], function: str, action: str = "") -> str | None:
    """Return by which of the roles *held* that may be done, the first in that order; None where by none."""
    mine = set(held)
    return next((role for role in roles_for(function, action) if role in mine), None)
