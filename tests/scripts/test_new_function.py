"""Scaffolding, on a copy of what it touches: what it writes works at once, and a refusal writes nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import new_function
from new_function import CATALOGUE

ROOT = Path(__file__).parents[2]
CALLERS = ["http", "member", "operator", "timer"]

README = """# Functions

<!-- functions -->
| function | caller | request | reply | 回复 |
|---|---|---|---|---|
| [`cart_view`](cart_view/index.py) | member | `{}` | `{lines}` | `{lines}` |

Below.
"""


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    tests_and_bytecode = shutil.ignore_patterns("test_*.py", "__pycache__")
    for folder in ("layers/core", "scripts", "collections", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=tests_and_bytecode)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    config = {"envId": "test", "functions": [{"name": "cart_view"}]}
    (tmp_path / "cloudbaserc.json").write_text(json.dumps(config), encoding="utf-8")
    (tmp_path / "functions").mkdir()
    (tmp_path / CATALOGUE).write_text(README, encoding="utf-8")
    return tmp_path


def files(project: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


def run_tests(project: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_every_kind_of_function_passes_its_own_test_at_once(project: Path) -> None:
    for caller in CALLERS:
        new_function.lay_out(project, f"garden_{caller}", caller)

    result = run_tests(project)

    assert (result.returncode, "passed" in result.stdout) == (0, True), result.stdout
    assert result.stdout.count(".") >= 2 * len(CALLERS)


@pytest.mark.parametrize("caller", CALLERS)
def test_the_test_fails_when_the_action_answers_something_else(project: Path, caller: str) -> None:
    new_function.lay_out(project, "garden_share", caller)
    index = project / "functions" / "garden_share" / "index.py"
    index.write_text(index.read_text("utf-8").replace("ctx.day", "'today'"), encoding="utf-8")

    assert run_tests(project).returncode == 1


def test_the_code_is_clean_in_the_eyes_of_the_checks(project: Path) -> None:
    written = {
        str(path)
        for caller in CALLERS
        for path in new_function.lay_out(project, f"garden_{caller}", caller)
        if path.suffix == ".py"
    }

    for tool in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "--follow-imports=silent"]):
        command = [sys.executable, "-m", *tool, *sorted(written)]
        done = subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_deploy_entry_says_how_it_is_called(project: Path) -> None:
    for caller in CALLERS:
        new_function.lay_out(project, f"garden_{caller}", caller)

    shared = {
        "runtime": "Python3.10",
        "handler": "index.main",
        "timeout": 10,
        "memorySize": 256,
        "installDependency": False,
        "layers": [
            {"name": "core_{{env.ENV_ID}}", "version": 1},
            {"name": "vendor_{{env.ENV_ID}}", "version": 1},
        ],
        "envVariables": {"TZ": "Asia/Shanghai"},
    }
    every_5_minutes = {"name": "every_5_minutes", "type": "timer", "config": "30 */5 * * * * *"}
    assert json.loads((project / "cloudbaserc.json").read_text("utf-8"))["functions"] == [
        {"name": "cart_view"},
        {"name": "garden_http", **shared, "path": "/garden_http"},
        {"name": "garden_member", **shared},
        {"name": "garden_operator", **shared},
        {"name": "garden_timer", **shared, "triggers": [every_5_minutes]},
    ]


def test_the_row_comes_last_in_the_table(project: Path) -> None:
    new_function.lay_out(project, "garden_share", "member")

    cells = "member | `{text}` | `{text, day}` | `{text, day}`"
    row = f"| [`garden_share`](garden_share/index.py) | {cells} |"
    assert (project / CATALOGUE).read_text("utf-8") == README.replace("\n\nBelow", f"\n{row}\n\nBelow")


@pytest.mark.parametrize(
    "name",
    [
        "share",
        "Garden_share",
        "garden-share",
        "garden_",
        "_share",
        "garden_share2",
        "a_" + "b" * 60,
        "../a_b",
    ],
)
def test_a_bad_name_is_refused(project: Path, name: str) -> None:
    before = files(project)

    with pytest.raises(new_function.Refused, match="small letters"):
        new_function.lay_out(project, name, "member")

    assert files(project) == before


def test_a_function_that_exists_is_refused(project: Path) -> None:
    new_function.lay_out(project, "garden_share", "member")
    before = files(project)

    with pytest.raises(new_function.Refused, match="exists already"):
        new_function.lay_out(project, "garden_share", "timer")

    assert files(project) == before


def test_a_catalogue_without_the_table_is_refused_before_anything_is_written(project: Path) -> None:
    (project / CATALOGUE).write_text("# 函数\n", encoding="utf-8")
    before = files(project)

    with pytest.raises(new_function.Refused, match=r"functions/README\.md has no table"):
        new_function.lay_out(project, "garden_share", "member")

    assert files(project) == before


def test_the_limit_of_the_platform_is_kept(project: Path) -> None:
    for number in range(new_function.MOST_FUNCTIONS):
        folder = project / "functions" / f"f_{number}"
        folder.mkdir(parents=True)
        (folder / "index.py").touch()

    with pytest.raises(new_function.Refused, match="no more"):
        new_function.lay_out(project, "garden_share", "member")


def test_an_interrupted_run_is_finished_and_nothing_written_is_touched(project: Path) -> None:
    new_function.lay_out(project, "garden_share", "member")
    index = project / "functions" / "garden_share" / "index.py"
    index.write_text("mine", encoding="utf-8")
    (project / CATALOGUE).write_text(README, encoding="utf-8")

    written = new_function.lay_out(project, "garden_share", "member")

    assert written == [project / CATALOGUE]
    assert index.read_text("utf-8") == "mine"


def test_a_refusal_is_one_line_and_an_exit_code(project: Path) -> None:
    command = [sys.executable, "scripts/new_function.py", "garden_share", "--caller", "member"]

    first, second = (
        subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8", check=False)
        for _ in range(2)
    )

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines() == [
        "wrote functions/garden_share/index.py",
        "wrote tests/functions/test_garden_share.py",
        "wrote cloudbaserc.json",
        "wrote functions/README.md",
    ]
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        "garden_share: it exists already, with test, deploy entry and row in the catalogue.\n"
    )
