"""The look through all texts: it finds what it must, and in this project nothing is left to be found."""

import json
from pathlib import Path
from typing import Any

import pytest

import bootstrap
import wording
from wording import Finding, Text, judge, shown


@pytest.fixture(name="project")
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a function, a rule with data, and a sample document."""
    for folder in (*wording.CODE, wording.SAMPLE):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(wording, "ALLOWED", tmp_path / "allowed.json")
    allow(tmp_path)
    return tmp_path


def allow(project: Path, *entries: dict[str, str]) -> None:
    (project / "allowed.json").write_text(json.dumps(entries), encoding="utf-8")


def write(project: Path, name: str, text: str) -> None:
    (project / name).write_text(text, encoding="utf-8")


def test_nothing_that_this_project_shows_claims_what_it_must_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert wording.main([]) == 0
    assert capsys.readouterr().out.endswith(" texts, 0 findings\n")


def test_every_doubtful_word_that_stays_has_a_reason() -> None:
    assert [each for each in json.loads(wording.ALLOWED.read_text("utf-8")) if len(each["why"]) < 10] == []


def test_messages_are_looked_through_and_docstrings_are_not(project: Path) -> None:
    source = '"""排毒 is a word."""\nTEXT = "好豆腐"\n\ndef f(x):\n    """治疗"""\n    return f"素{x}食"\n'
    write(project, "functions/index.py", source)

    assert list(shown(project)) == [
        Text("functions/index.py", "好豆腐"),
        Text("functions/index.py f", "素"),
        Text("functions/index.py f", "食"),
    ]


def test_data_and_samples_are_looked_through_and_the_lists_themselves_are_not(project: Path) -> None:
    layer = "layers/core/gardenshop"
    write(project, f"{layer}/items.json", json.dumps({"items": [{"text": "您会怕冷吗？", "id": "g01"}]}))
    write(project, f"{layer}/wording.json", json.dumps({"block": "治疗"}))
    write(project, f"{wording.SAMPLE}/p.json", json.dumps({"documents": [{"_id": "tofu", "title": "豆腐"}]}))

    assert list(shown(project)) == [
        Text(f"{layer}/items.json.items.0.text", "您会怕冷吗？"),
        Text(f"{wording.SAMPLE}/p.json tofu.title", "豆腐"),
    ]


def test_a_claim_in_a_message_fails_the_command(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, "functions/index.py", 'TEXT = "喝了排毒"\n')

    assert wording.main(["--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "texts": 1,
        "findings": [
            {
                "place": "functions/index.py",
                "word": "排毒",
                "problem": "must not be said (function)",
                "text": "喝了排毒",
            }
        ],
    }
    assert wording.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 texts, 1 findings"


def entry(word: str, why: str = "引用的书名里有这个词", place: str = "x") -> dict[str, str]:
    return {"place": place, "word": word, "why": why}


@pytest.mark.parametrize(
    ("allowed", "problems"),
    [
        ([entry("清热")], []),
        ([], ["is not answered for (function)"]),
        ([entry("清热", why=" ")], ["is not answered for (function)"]),
        ([entry("清热", place="y")], ["is not answered for (function)", "is allowed, but not there"]),
        ([entry("清热"), entry("清热")], ["is allowed, but not there"]),
    ],
)
def test_a_doubtful_word_stays_where_somebody_answers_for_it(allowed: Any, problems: list[str]) -> None:
    assert [each.problem for each in judge([Text("x", "旧说清热")], allowed)] == problems


def test_each_occurrence_is_answered_for_by_itself() -> None:
    texts = [Text("x", "旧说清热，又说清热")]

    assert [each.word for each in judge(texts, [entry("清热")])] == ["清热"]
    assert judge(texts, [entry("清热"), entry("清热")]) == []


def test_what_blocks_cannot_be_allowed() -> None:
    findings = judge([Text("x", "治疗失眠")], [entry("治疗"), entry("失眠")])

    assert findings == [
        Finding("x", "治疗", "must not be said (disease)", "治疗失眠"),
        Finding("x", "治疗", "is allowed, but not there", ""),
    ]
