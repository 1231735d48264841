"""The READMEs promise only what runs: every command of theirs is run, in a copy of the project.

The copy lies in a folder with a space and Chinese letters in its name, and uses the environment of these
tests.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import official_cli
from functions.events import MODELLED, schema_of
from harness import function

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh-CN.md")

DEMO = "python3 scripts/dev.py demo"
SHORTENED = {
    "python3 scripts/test.py": ["--fast", "--", "--collect-only", "-q", "tests/test_architecture.py"],
    "python3 scripts/bench.py": ["--help"],
}
"""What is added to a command so that it does not do here what takes minutes and other tests do."""

RULES_OF_FREIGHT = (
    "python3 scripts/deploy.py invoke admin_rules_publish "
    """--event '{"action": "view", "ruleId": "freight", "version": 2}'"""
)

TO_PASTE = "tcb login"
"""The last of the lines that bring the official tool to the local cloud."""

pytestmark = pytest.mark.xdist_group("port 8787")

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", "data", "tools", "localcloud.json"
)


def commands(readme: str) -> list[str]:
    """Return the commands of the shell blocks of *readme*."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / readme).read_text("utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module", name="project")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("docs") / "素食 商城"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    return copy


def argv(command: str) -> list[str]:
    first, *rest = shlex.split(command)
    return [sys.executable if first == "python3" else first, *rest, *SHORTENED.get(command, [])]


def environment() -> dict[str, str]:
    return {**os.environ, "GARDENSHOP_VENV": sys.prefix, "PYTHONUTF8": "1"}


def run(project: Path, arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        arguments,
        cwd=project,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


@pytest.fixture(name="served")
def _served(project: Path) -> Iterator[None]:
    with serving(project):
        yield


@contextmanager
def serving(project: Path, *options: str) -> Iterator[str]:
    """Serve the copy as `python3 scripts/dev.py` does, at the port that the READMEs name; what it prints."""
    arguments = [sys.executable, "scripts/dev.py", "--no-timers", *options]
    with subprocess.Popen(
        arguments, cwd=project, env=environment(), stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        last = TO_PASTE if "--tencent-hosts" in options else "Ctrl-C stops."
        told = ""
        while last not in told:
            line = process.stdout.readline()
            if not line:
                pytest.skip("port 8787 is in use on this machine")
            told += line
        assert "Local CloudBase   http://127.0.0.1:8787 " in told
        try:
            yield told
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def test_both_languages_name_the_same_commands() -> None:
    english, chinese = (commands(readme) for readme in READMES)

    assert english == chinese
    assert english[0] == DEMO


def test_the_catalogue_names_every_field_of_every_request() -> None:
    text = (ROOT / "functions/README.md").read_text("utf-8")
    asked = dict(re.findall(r"^\| \[`(\w+)`\]\S+ \| [^|]+ \| ([^|]+) \|", text, re.MULTILINE))
    lacking = {
        name: fields - set(re.findall(r"\w+", asked[name]))
        for name in MODELLED
        if (fields := set(schema_of(name)["properties"])) and function(name).main.caller != "timer"
    }

    assert {name: fields for name, fields in lacking.items() if fields} == {}


def test_the_demo_runs_and_every_law_holds(project: Path) -> None:
    done = run(project, [*argv(DEMO), "--json"])

    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)
    assert story["breaches"] == []
    for readme in READMES:
        assert f"{len(story['steps'])} 步走完" in (ROOT / readme).read_text("utf-8")
    called = {step["call"].split(" ")[0] for step in story["steps"]}
    assert called == {path.parent.name for path in (ROOT / "functions").glob("*/index.py")}


@pytest.mark.parametrize("command", [each for each in commands("README.md") if each != DEMO])
def test_a_command_of_the_readme_runs(project: Path, served: None, command: str) -> None:  # noqa: ARG001
    if shutil.which(argv(command)[0]) is None:
        pytest.skip(f"{argv(command)[0]} is not on this machine")

    done = run(project, argv(command))

    assert done.returncode == 0, done.stdout + done.stderr
    if command.startswith("curl"):
        assert json.loads(done.stdout)["code"] == 0


def test_the_season_of_the_guide_is_played_lost_and_brought_back(project: Path) -> None:
    played, brought_back = blocks("A season in ten minutes")
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")

    with serving(project, "--reset"):
        before = [said(project, command) for command in played.splitlines()]
    with serving(project, "--reset"):
        after = [said(project, command) for command in brought_back.splitlines()]
        rules = said(project, RULES_OF_FREIGHT)

    assert '"term:2026-dongzhi"' in before[4]
    assert '"term:2026-dongzhi"' in before[6]
    assert json.loads(before[8])["data"]["checked"] > 0
    assert "0 differences" in after[2]
    assert "Whole." in after[3]
    assert json.loads(after[4])["code"] == 0
    assert '"liveVersion": 2' in rules


def test_what_the_guide_deploys_on_this_machine_is_verified(project: Path) -> None:
    *_, rehearsed = blocks("First deploy in 15 minutes")

    with serving(project, "--reset", "--deployed"):
        planned, applied, verified, again, called, logged = [
            said(project, command) for command in rehearsed.splitlines()
        ]

    assert "changes to make" in planned
    assert "changes made" in applied
    assert "50 functions, 0 not as expected" in verified
    assert "Nothing to do" in again
    assert '"code": 0' in called
    assert "nightly_close" in logged


def test_the_official_tool_deploys_as_the_guide_says(project: Path) -> None:
    installing, layers, deploying = blocks("With the official command line")
    tool = official_cli.installed()
    assert installing.strip() == official_cli.INSTALLING

    with serving(project, "--reset", "--deployed", "--tencent-hosts") as told:
        published = said(project, layers)
        pasted = told.partition("from a shell in which you say:")[2]
        shell = f"set -e\nPATH={shlex.quote(str(tool))}:$PATH\n{pasted}\n{deploying}"
        deployed = run(project, ["bash", "-c", shell])

    assert "publish layer core" in published
    assert "Successfully deployed 50 function(s)" in deployed.stdout, deployed.stdout + deployed.stderr
    assert "[admin_rules_publish] call succeeded" in deployed.stdout
    assert '"ruleId": "freight"' in deployed.stdout


def test_the_guides_move_from_the_former_shop_is_made_and_taken_back(project: Path) -> None:
    (moved,) = blocks("Moving in from the former shop")

    with serving(project, "--reset"):
        dry, applied, *switched, planned, taken = [said(project, command) for command in moved.splitlines()]

    sums = "In all: priceFen 8370, onHand 103, points 520, paidFen 3800."
    assert sums in dry
    assert sums in applied
    assert "every document read back as it was stated" in applied
    assert '"liveVersion": 1' in switched[-1]
    assert planned.replace("Dry run, nothing was changed.", "Taken back.") == taken
    assert "users: 2 deleted" in taken


def blocks(title: str) -> list[str]:
    """Return the shell blocks of a chapter of the operating guide."""
    text = (ROOT / "scripts/README.md").read_text("utf-8").partition(f"## {title}\n")[2]
    return re.findall(r"```sh\n(.*?)```", text.partition("\n## ")[0], re.DOTALL)


def said(project: Path, command: str) -> str:
    """Run *command* and return what it printed."""
    done = run(project, argv(command))
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout
