"""One invocation as its action sees it."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from gardenshop.cloud import clock
from gardenshop.cloud.database import Database
from gardenshop.cloud.identity import Caller
from gardenshop.cloud.settings import Settings
from gardenshop.cloud.tc3 import Credentials


class Context(NamedTuple):
    """One invocation: its caller, its database, its time."""

    caller: Caller
    db: Database
    now: int
    request_id: str
    settings: Settings
    environment: Mapping[str, str]
    deadline: float
    credentials: Credentials
    role: str = ""
    """By which role an operator was let in."""

    @property
    def user_id(self) -> str:
        """The calling member's id."""
        return self.caller.user_id

    @property
    def day(self) -> str:
        """The UTC+8 day of `now`."""
        return clock.day_of(self.now)

    @property
    def actor(self) -> str:
        """Whom the audit log names: the member, or the platform itself."""
        return self.caller.user_id or "platform"

    def seconds_left(self) -> float:
        """How long this invocation may still work."""
        return self.deadline - time.monotonic()
