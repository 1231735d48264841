"""One line of JSON per call: facts for machines, never personal data."""

import os
import sys
from typing import Any

from gardenshop.cloud import ejson


def emit(event: str, **fields: Any) -> None:
    """Write one log line about *event*. Field values must be JSON."""
    sys.stdout.write(ejson.encode({"event": event, **fields}) + "\n")
    sys.stdout.flush()


def place(error: BaseException) -> str:
    """Return file and line where *error* arose, which is all a log may say of it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"  # noqa: PTH119
