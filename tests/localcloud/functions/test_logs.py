"""The log remembers, filters and keeps a file."""

import json
import time
from pathlib import Path

import pytest

from localcloud.functions.logs import Log

from .conftest import Workshop


def texts(log: Log, **filters: object) -> list[str]:
    return [line.text for line in log.lines(**filters)]  # type: ignore[arg-type]


def test_lines_are_filtered_and_numbered(tmp_path: Path) -> None:
    log = Log(tmp_path / "functions.log")
    for function, request, text in [("a", "1", "x"), ("b", "2", "y"), ("a", "3", "z")]:
        log.write(function, request, text)
    log.close()
    assert texts(log) == ["x", "y", "z"]
    assert texts(log, function="a") == ["x", "z"]
    assert texts(log, request_id="2") == ["y"]
    assert texts(log, after=2) == ["z"]


def test_every_line_is_in_the_file(tmp_path: Path) -> None:
    log = Log(tmp_path / "logs" / "functions.log")
    log.write("a", "1", "你好\nthere")
    log.close()
    line = json.loads((tmp_path / "logs" / "functions.log").read_text(encoding="utf-8"))
    assert (line["function"], line["requestId"], line["text"]) == ("a", "1", "你好\nthere")


def test_all_that_a_function_prints_before_its_reply_belongs_to_its_request(workshop: Workshop) -> None:
    workshop.function(
        "talk",
        """
        import os, sys
        def main(event, context):
            print(event["say"])
            sys.stderr.write("warned\\n")
            os.write(1, b"raw\\xff\\n\\n")
            sys.stdout.write("unfinished")
        """,
    )
    host = workshop.host()
    for say in ("one", "two"):
        request_id = host.invoke("talk", {"say": say}).request_id
        lines = host.log.lines(request_id=request_id)
        assert [line.text for line in lines[:-1]] == [say, "warned", "raw\ufffd", "", "unfinished"]
        assert lines[-1].kind == "report"


def test_a_reply_waits_for_the_lines_printed_before_it(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.function("talk", "def main(event, context): print('slowly')")
    host = workshop.host()
    write = host.log.write

    def write_slowly(function: str, request_id: str, text: str, *, kind: str = "output") -> None:
        if kind == "output":
            time.sleep(0.05)
        write(function, request_id, text, kind=kind)

    monkeypatch.setattr(host.log, "write", write_slowly)
    request_id = host.invoke("talk", {}).request_id
    assert [line.kind for line in host.log.lines(request_id=request_id)] == ["output", "report"]


def test_the_last_words_of_a_crash_are_kept(workshop: Workshop) -> None:
    workshop.function("crash", "import os\ndef main(e, c):\n  print('goodbye')\n  os._exit(1)")
    host = workshop.host()
    request_id = host.invoke("crash", {}).request_id
    assert texts(host.log, request_id=request_id)[0] == "goodbye"


def test_a_traceback_is_in_the_log(workshop: Workshop) -> None:
    workshop.function("fail", "def main(e, c): raise ValueError('why')")
    host = workshop.host()
    assert "ValueError: why" in texts(host.log, request_id=host.invoke("fail", {}).request_id)


def test_more_output_than_a_pipe_holds_does_not_block_the_function(workshop: Workshop) -> None:
    workshop.function("chatty", "def main(e, c):\n  for i in range(3): print('x' * 200_000)")
    host = workshop.host()
    invocation = host.invoke("chatty", {})
    lines = texts(host.log, request_id=invocation.request_id)[:-1]
    assert invocation.failure is None
    assert sum(map(len, lines)) == 600_000
