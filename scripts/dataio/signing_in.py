"""A code for an operator to sign in to the dashboard with."""

from dataio.port import Commands
from gardenshop.cloud.clock import now_ms
from gardenshop.cloud.database import get
from gardenshop.flows import board_access


def code_for(cloud: Commands, user_id: str) -> str | None:
    """Return a new code for *user_id*, valid from now on; None where she may not look at the dashboard."""
    (users,) = cloud.run([get("users", user_id, fields=("roles", "status"))])
    if not users or not board_access.may_look(users[0]):
        return None
    code, write = board_access.issue(user_id, now_ms())
    cloud.run([write])
    return code
