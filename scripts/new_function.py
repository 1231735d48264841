"""Lay out a new function under one name: its file, its test, its deploy entry and its row in both READMEs.

    python3 scripts/new_function.py garden_share --caller member

What is there already is left as it is, so an interrupted run is finished by starting it again.
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import argparse
import json
import re
import sys
from pathlib import Path
from string import Template

MOST_FUNCTIONS = 48
LONGEST_NAME = 60
MARKER = "<!-- functions -->"

FUNCTION = {
    "member": '''"""$name: say here, in one sentence, what the member gets."""

from typing import Annotated

from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from pydantic import Field


class $type(Request):
    """What is asked."""

    text: Annotated[str, Field(min_length=1, max_length=100)]


class ${type}Reply(Response):
    """What is answered."""

    text: str
    day: str


@cloud_function(caller=MEMBER)
def main(request: $type, ctx: Context) -> ${type}Reply:
    """Read, decide, write; until then it answers what was asked, and on which day."""
    return ${type}Reply(text=request.text, day=ctx.day)
''',
    "timer": '''"""$name: say here, in one sentence, what is done each time."""

from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function


class ${type}Reply(Response):
    """What was done."""

    trigger: str
    day: str


@cloud_function(caller=TIMER)
def main(request: TimerEvent, ctx: Context) -> ${type}Reply:
    """Read, decide, write; until then it tells which timer fired, and for which day."""
    return ${type}Reply(trigger=request.TriggerName, day=ctx.day)
''',
    "http": '''"""$name: say here, in one sentence, what the other side is told."""

from gardenshop.cloud.entry import HTTP, Context, HttpRequest, HttpResponse, cloud_function


@cloud_function(caller=HTTP)
def main(request: HttpRequest, ctx: Context) -> HttpResponse:
    """Read, decide, write; until then it answers the method, and the day."""
    return HttpResponse(200, f"{request.method} {ctx.day}", "text/plain; charset=utf-8")
''',
}
FUNCTION["operator"] = (
    FUNCTION["member"]
    .replace("MEMBER", "OPERATOR")
    .replace("what the member gets", "what the operator gets done")
)

TEST = '''"""$name: what it promises each kind of caller."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time

INDEX = Path(__file__).parents[2] / "functions" / "$name" / "index.py"


def call(event: Any, **environment: str) -> Any:
    return runpy.run_path(str(INDEX))["main"](event, {"environment": json.dumps(environment)})


$cases

def test_nobody_else_is_served() -> None:
    reply = call($event, TCB_UUID="somebody")

    assert $refusal
'''

ASKED = """@freeze_time("2026-02-03T20:00:00Z")
def test_it_answers_what_was_asked_and_the_day_in_china() -> None:
    reply = call({"text": "薄荷"}$environment)

    assert reply["data"] == {"text": "薄荷", "day": "2026-02-04"}


@pytest.mark.parametrize("text", ["", "长" * 101, 5, None, {"$$ne": None}])
def test_a_wrong_text_is_refused_by_its_name(text: Any) -> None:
    reply = call({"text": text}$environment)

    assert (reply["code"], reply["details"]["fields"][0]["field"]) == (40000, "text")
"""

CASES = {
    "member": ASKED.replace("$environment", ', WX_OPENID="o-mint", TCB_SOURCE="wx_client"'),
    "operator": ASKED.replace("$environment", ""),
    "timer": """def test_the_day_is_that_of_the_timer_in_china() -> None:
    reply = call({"Type": "Timer", "TriggerName": "$name", "Time": "2026-02-03T20:00:00Z", "Message": ""})

    assert reply["data"] == {"trigger": "$name", "day": "2026-02-04"}
""",
    "http": """@freeze_time("2026-02-03T20:00:00Z")
def test_it_answers_the_method_and_the_day_in_china() -> None:
    reply = call({"httpMethod": "POST", "path": "/$path", "headers": {}})

    assert (reply["statusCode"], reply["body"]) == (200, "POST 2026-02-04")
""",
}
EVENT = {
    "member": '{"text": "薄荷"}',
    "operator": '{"text": "薄荷"}',
    "timer": "{}",
    "http": '{"httpMethod": "GET"}',
}

ROW_TEXT = {
    "member": ("member", "会员", "`{text}`", "`{text, day}`"),
    "operator": ("operator", "运营", "`{text}`", "`{text, day}`"),
    "timer": ("timer", "定时", "`{}`", "`{trigger, day}`"),
    "http": ("HTTP", "HTTP", "—", "—"),
}


class Refused(Exception):
    """The function cannot be laid out; the message says why, and nothing was written."""


def main() -> int:
    """Lay the function out, and say what was written."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="<domain>_<verb>, in small letters")
    parser.add_argument("--caller", required=True, choices=sorted(FUNCTION), help="whom it serves")
    options = parser.parse_args()
    try:
        written = lay_out(bootstrap.ROOT, options.name, options.caller)
    except Refused as refused:
        sys.exit(f"{options.name}: {refused}")
    print("\n".join(f"wrote {path.relative_to(bootstrap.ROOT).as_posix()}" for path in written))
    return 0


def lay_out(root: Path, name: str, caller: str) -> list[Path]:
    """Write what the function *name* still lacks in the project at *root*; return the files written.

    Raises Refused, and then has written nothing.
    """
    _check_name(root, name)
    planned = {
        root / "functions" / name / "index.py": _fill(FUNCTION[caller], name),
        root / "tests" / "functions" / f"test_{name}.py": _fill(_test(caller), name),
    }
    planned = {path: text for path, text in planned.items() if not path.exists()}
    planned |= _with_deploy_entry(root / "cloudbaserc.json", name, caller)
    for readme, language in ((root / "README.md", 0), (root / "README.zh-CN.md", 1)):
        planned |= _with_row(readme, name, caller, language)
    if not planned:
        raise Refused("it exists already, with test, deploy entry and README rows.")
    for path, text in planned.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(planned)


def _check_name(root: Path, name: str) -> None:
    if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name) or len(name) > LONGEST_NAME:
        raise Refused(f"a name is <domain>_<verb> in small letters, {LONGEST_NAME} of them at most.")
    others = {path.parent.name for path in (root / "functions").glob("*/index.py")} - {name}
    if len(others) >= MOST_FUNCTIONS:
        raise Refused(
            f"there are {len(others)} functions; the platform's limit of 50 leaves room for no more."
        )


def _test(caller: str) -> str:
    refusal = 'reply["statusCode"] == 403' if caller == "http" else 'reply["error"] == "FORBIDDEN"'
    return TEST.replace("$cases", CASES[caller]).replace("$event", EVENT[caller]).replace("$refusal", refusal)


def _fill(template: str, name: str) -> str:
    return Template(template).substitute(name=name, path=name.replace("_", "-"), type=_camel(name))


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _with_deploy_entry(path: Path, name: str, caller: str) -> dict[Path, str]:
    config = json.loads(path.read_text("utf-8"))
    if name in [entry["name"] for entry in config["functions"]]:
        return {}
    entry: dict[str, object] = {"name": name}
    if caller == "timer":
        entry["triggers"] = [{"name": name, "type": "timer", "config": "0 */5 * * * * *"}]
    if caller == "http":
        entry["path"] = "/" + name.replace("_", "-")
    config["functions"].append(entry)
    return {path: json.dumps(config, ensure_ascii=False, indent=2) + "\n"}


def _with_row(readme: Path, name: str, caller: str, language: int) -> dict[Path, str]:
    before, marker, after = readme.read_text("utf-8").partition(MARKER)
    table = re.match(r"\s*(\|.*\n)+", after)
    if not marker or not table:
        raise Refused(f"{readme.name} has no table below {MARKER}.")
    if f"`{name}`" in table[0]:
        return {}
    columns = (f"[`{name}`](functions/{name}/index.py)", ROW_TEXT[caller][language], *ROW_TEXT[caller][2:])
    row = f"| {' | '.join(columns)} |\n"
    return {readme: before + marker + table[0] + row + after[table.end() :]}


if __name__ == "__main__":
    sys.exit(main())
