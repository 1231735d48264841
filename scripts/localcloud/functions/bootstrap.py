"""Runs one function instance inside its own process, as the platform's Python runtime does.

The host starts it as ``python -I -S -B -X utf8 bootstrap.py`` and speaks one line per message: JSON to stdin,
JSON from stdout behind one letter (``R`` ready, ``+`` the reply, ``-`` an error). What the function prints
goes to stderr, where a record separator and the request id close each invocation. Every import here is paid
at each cold start, hence so few: the two loader functions are those that `importlib.util` re-exports.
"""

import json
import os
import sys
from _frozen_importlib import module_from_spec
from _frozen_importlib_external import spec_from_file_location
from collections.abc import Callable
from io import BufferedReader, BufferedWriter

Handler = Callable[[object, object], object]


def main() -> None:
    """Load the handler, then serve one event at a time until the host closes the pipe."""
    requests, replies = take_pipes()
    start = json.loads(requests.readline())
    sys.path[:0] = start["path"]
    if start["ahead"]:
        set_clock(start["ahead"])
    try:
        handler = load(start["file"], start["function"])
    except Exception as error:  # noqa: BLE001  # The host reports what the function's own import raised.
        send(replies, b"-", describe(error))
        return
    send(replies, b"R", None)
    for line in requests:
        serve(handler, line, replies)


def set_clock(ahead: float) -> None:
    """Let `time.time`, which the layers read, be *ahead* seconds later than it is."""
    import time  # noqa: PLC0415  # Only who asks for another time pays for it.

    real = time.time
    time.time = lambda: real() + ahead


def take_pipes() -> tuple[BufferedReader, BufferedWriter]:
    """Take stdin and stdout for the host; the function finds an empty stdin and prints into the log."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # A real TextIOWrapper here.
    return requests, replies


def load(file: str, function: str) -> Handler:
    """Import the entry file under the empty name, outside `sys.modules`, as the platform's loader does."""
    spec = spec_from_file_location("", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {file}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = getattr(module, function)
    return handler


def serve(handler: Handler, line: bytes, replies: BufferedWriter) -> None:
    """Run one invocation. Values of former invocations stay in `os.environ`, as on the platform."""
    call = json.loads(line)
    os.environ.update(call["environ"])
    kind = b"+"
    try:
        result = handler(call["event"], call["context"])
        text = json.dumps(result, ensure_ascii=False, allow_nan=False).encode()
    except Exception as error:  # noqa: BLE001  # Any exception is a failed invocation.
        kind, text = b"-", json.dumps(describe(error)).encode()
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(2, b"\x1e" + call["id"].encode() + b"\n")
    replies.write(kind + text + b"\n")
    replies.flush()


def describe(error: Exception) -> dict[str, str]:
    """Say what was raised; the traceback goes into the log too."""
    import traceback  # noqa: PLC0415  # Only failures pay for it.

    trace = traceback.format_exc()
    sys.stderr.write(trace)
    return {"type": type(error).__name__, "message": str(error), "trace": trace}


def send(replies: BufferedWriter, kind: bytes, value: object) -> None:
    replies.write(kind + json.dumps(value).encode() + b"\n")
    replies.flush()


if __name__ == "__main__":
    main()
