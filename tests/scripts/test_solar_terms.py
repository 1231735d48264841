"""The generator of the solar-term table."""

from datetime import datetime
from pathlib import Path

import pytest

import solar_terms


def test_a_field_is_the_day_and_the_nearest_minute() -> None:
    assert solar_terms.field(2024, "立春", datetime.fromisoformat("2024-02-04T16:27:07")) == "041627"
    assert solar_terms.field(1979, "大寒", datetime.fromisoformat("1979-01-20T23:59:56")) == "210000"


def test_a_field_marks_the_almanacs_other_day_and_an_uncertain_one() -> None:
    assert solar_terms.field(1912, "小雪", datetime.fromisoformat("1912-11-22T23:48:08")) == "222348+"
    assert solar_terms.field(1923, "雨水", datetime.fromisoformat("1923-02-19T23:59:43")) == "200000-"
    assert solar_terms.field(1917, "大雪", datetime.fromisoformat("1917-12-08T00:00:59")) == "080001-"
    assert solar_terms.field(2051, "春分", datetime.fromisoformat("2051-03-20T23:59:19")) == "202359?"


def test_the_shipped_table_is_what_the_engine_calculates(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("lunar_python", reason="only who changes the table needs the engine")
    assert solar_terms.main([]) == 0
    assert capsys.readouterr().out == "solar_terms.txt equals the calculation\n"


def test_a_changed_table_is_noticed_and_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lunar_python", reason="only who changes the table needs the engine")
    shipped = solar_terms.TABLE.read_bytes()
    changed = tmp_path / "solar_terms.txt"
    changed.write_bytes(shipped.replace(b"041627", b"041626"))
    monkeypatch.setattr(solar_terms, "TABLE", changed)
    assert solar_terms.main([]) == 1
    assert solar_terms.main(["--write"]) == 0
    assert changed.read_bytes() == shipped


def test_the_table_stays_small() -> None:
    assert solar_terms.TABLE.stat().st_size <= 40 * 1024
