"""One line of JSON per call: facts for machines, never personal data."""

import sys
from typing import Any

from gardenshop.cloud import ejson


def emit(event: str, **fields: Any) -> None:
    """Write one log line about *event*. Field values must be JSON."""
    sys.stdout.write(ejson.encode({"event": event, **fields}) + "\n")
    sys.stdout.flush()
