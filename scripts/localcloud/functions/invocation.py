"""What came of one invocation."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from .failures import Failure


def new_request_id() -> str:
    """Return a fresh id of one request."""
    return str(uuid.uuid4())


@dataclass
class Invocation:
    """What came of one invocation: the reply's JSON in `payload`, or a `failure`."""

    function: str
    request_id: str
    payload: bytes = b""
    failure: Failure | None = None
    cold: bool = False
    duration_ms: float = 0.0
    memory_mb: float = 0.0

    @property
    def reply(self) -> Any:
        """What the function returned. Raises the failure when there is one."""
        if self.failure is not None:
            raise self.failure
        return json.loads(self.payload)
