"""A log line is one line of JSON."""

import json

import pytest

from gardenshop.cloud import log


def test_an_event_is_one_line_whatever_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    log.emit("call", text='two\nlines "quoted" 豆腐', number=1, nothing=None)
    log.emit("next")

    first, second = capsys.readouterr().out.splitlines()
    assert json.loads(first) == {
        "event": "call",
        "text": 'two\nlines "quoted" 豆腐',
        "number": 1,
        "nothing": None,
    }
    assert json.loads(second) == {"event": "next"}
