"""The repository's own laws: which way imports point, who may use which library, what every function has."""

import ast
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
LAYER = "layers/core/gardenshop"

TOP_LEVEL = {
    "README.md",
    "README.zh-CN.md",
    "CHANGELOG.md",
    "LICENSE",
    "pyproject.toml",
    "cloudbaserc.json",
    "collections",
    "functions",
    "layers",
    "scripts",
    "tests",
}

PACKAGE_MAY_IMPORT = {
    "models": {"models"},
    "rules": {"rules", "models"},
    "cloud": {"cloud", "models"},
    "flows": {"flows", "rules", "models", "cloud"},
    "board": {"board"},
}

DOORWAYS = {
    "boto3": [f"{LAYER}/cloud/"],
    "botocore": [f"{LAYER}/cloud/"],
    "cachetools": [f"{LAYER}/cloud/"],
    "croniter": ["scripts/localcloud/functions/cron.py"],
    "dotenv": ["scripts/deploying/settings.py", "scripts/localcloud/functions/project.py"],
    "lunar_python": ["scripts/solar_terms.py"],
    "mongomock": ["scripts/localcloud/engine/"],
    "moto": ["scripts/localcloud/"],
    "orjson": [f"{LAYER}/cloud/ejson.py", "scripts/localcloud/cloudapi/"],
    "psutil": ["scripts/localcloud/functions/instance.py"],
    "requests": [f"{LAYER}/cloud/wechatpay.py", f"{LAYER}/cloud/wechatpay_bill.py"],
    "tencentcloud": ["scripts/dataio/", "scripts/deploying/"],
    "uvicorn": ["scripts/localcloud/server.py"],
    "wechatpayv3": [f"{LAYER}/cloud/wechatpay.py", f"{LAYER}/cloud/wechatpay_bill.py"],
}

LONGEST_FUNCTION_FILE = 200
LONGEST_MODULE = 300


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that *path* imports anywhere in it, by its full dotted name."""
    tree = ast.parse(path.read_text("utf-8"), str(path))
    package = path.relative_to(ROOT).parts[:-1]
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            found += [f"{module}.{alias.name}" for alias in node.names]
    return tuple(name.removeprefix("layers.core.") for name in found)


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions() -> list[str]:
    return sorted(
        folder.name
        for folder in (ROOT / "functions").iterdir()
        if folder.is_dir() and (folder / "index.py").exists()
    )


def deployed() -> list[dict[str, Any]]:
    """The functions of cloudbaserc.json, with the defaults that the platform's tool merges under each."""
    config = json.loads((ROOT / "cloudbaserc.json").read_text("utf-8"))
    defaults = config.get("functionDefaultConfig", {})
    return [{**defaults, **entry} for entry in config["functions"]]


def rows_of(readme: str) -> set[str]:
    """The functions named in the first column of the table below the functions marker."""
    _, marker, below = (ROOT / readme).read_text("utf-8").partition("<!-- functions -->")
    assert marker, f"{readme} has no functions marker"
    table = re.match(r"\s*((?:\|.*\n?)+)", below)
    assert table, f"{readme} has no table below its functions marker"
    return set(re.findall(r"^\|\s*\[?`(\w+)`", table[1], re.MULTILINE))


@pytest.mark.parametrize("package", PACKAGE_MAY_IMPORT)
def test_imports_inside_the_layer_point_one_way(package: str) -> None:
    allowed = PACKAGE_MAY_IMPORT[package]

    wrong = [
        (where(path), name)
        for path in sources(f"{LAYER}/{package}")
        for name in imports(path)
        if name.startswith("gardenshop.") and name.split(".")[1] not in allowed
    ]

    assert wrong == []


def test_rules_and_models_import_only_the_standard_library_pydantic_and_each_other() -> None:
    allowed = sys.stdlib_module_names | {"pydantic", "pydantic_core", "gardenshop"}

    wrong = [
        (where(path), name)
        for path in sources(f"{LAYER}/rules", f"{LAYER}/models")
        for name in imports(path)
        if name.split(".")[0] not in allowed
    ]

    assert wrong == []


def test_functions_import_only_the_standard_library_pydantic_and_the_layer() -> None:
    allowed = sys.stdlib_module_names | {"pydantic", "pydantic_core", "gardenshop"}

    wrong = [
        (where(path), name)
        for path in sources("functions")
        for name in imports(path)
        if name.split(".")[0] not in allowed
    ]

    assert wrong == []


def test_the_layer_does_not_know_the_scripts_or_the_functions() -> None:
    outside = {"functions", "scripts", "tests"} | {path.stem for path in (ROOT / "scripts").iterdir()}

    wrong = [
        (where(path), name)
        for path in sources(LAYER)
        for name in imports(path)
        if name.split(".")[0] in outside - sys.stdlib_module_names
    ]

    assert wrong == []


@pytest.mark.parametrize("library", DOORWAYS)
def test_a_library_is_imported_only_in_its_doorway(library: str) -> None:
    users = [
        where(path)
        for path in sources("functions", "layers/core", "scripts")
        if any(name.split(".")[0] == library for name in imports(path))
    ]

    assert [user for user in users if not user.startswith(tuple(DOORWAYS[library]))] == []


def test_no_function_uses_the_environment_or_a_client_itself() -> None:
    banned = {"os", "http.client", "urllib.request", "socket", "ssl", "subprocess"}

    wrong = [
        (where(path), name)
        for path in sources("functions")
        for name in imports(path)
        if banned & {name, name.rpartition(".")[0], name.split(".")[0]}
    ]

    assert wrong == []


def test_a_function_folder_holds_one_index_py_and_nothing_else() -> None:
    contents = {
        folder.name: sorted(item.name for item in folder.iterdir() if item.name != "__pycache__")
        for folder in (ROOT / "functions").iterdir()
        if folder.is_dir()
        if folder.name != "__pycache__"
    }

    assert {name: files for name, files in contents.items() if files != ["index.py"]} == {}


def test_a_function_is_named_domain_verb() -> None:
    single_words = {"login", "checkout", "recommend", "dashboard"}

    wrong = [name for name in functions() if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name)]

    assert set(wrong) - single_words == set()


def test_a_function_file_says_what_it_does_under_its_own_name() -> None:
    first_lines = {
        name: (ROOT / "functions" / name / "index.py").read_text("utf-8").partition("\n")[0]
        for name in functions()
    }

    assert [line for name, line in first_lines.items() if not line.startswith(f'"""{name}: ')] == []


def test_a_function_file_can_be_read_in_one_go() -> None:
    lengths = {where(path): len(path.read_text("utf-8").splitlines()) for path in sources("functions")}

    assert {path: length for path, length in lengths.items() if length > LONGEST_FUNCTION_FILE} == {}


def test_a_module_that_grows_too_long_becomes_a_package() -> None:
    lengths = {
        where(path): len(path.read_text("utf-8").splitlines()) for path in sources("layers/core", "scripts")
    }

    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_every_function_is_deployed_and_everything_deployed_exists() -> None:
    assert sorted(entry["name"] for entry in deployed()) == functions()


def test_every_function_has_a_test_file() -> None:
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "functions").glob("test_*.py")}

    assert sorted(set(functions()) - tests) == []


def test_the_catalogue_lists_every_function_and_no_other() -> None:
    assert sorted(rows_of("functions/README.md")) == functions()


def test_the_platform_has_room_for_all_functions() -> None:
    assert len(functions()) <= 50
    assert [name for name in functions() if len(name) > 60] == []


def test_every_deployed_function_runs_index_main_on_python_3_10() -> None:
    wrong = [
        entry["name"]
        for entry in deployed()
        if (entry["runtime"], entry["handler"]) != ("Python3.10", "index.main")
    ]

    assert wrong == []


def test_environment_values_are_strings() -> None:
    wrong = [
        (entry["name"], key)
        for entry in deployed()
        for key, value in entry.get("envVariables", {}).items()
        if not isinstance(value, str)
    ]

    assert wrong == []


def test_a_timer_has_seven_fields_and_a_name_that_the_platform_takes() -> None:
    triggers = [(entry["name"], trigger) for entry in deployed() for trigger in entry.get("triggers", [])]

    wrong = [
        (function, trigger)
        for function, trigger in triggers
        if trigger["type"] != "timer"
        or len(trigger["config"].split()) != 7
        or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,59}", trigger["name"])
    ]

    assert wrong == []


def test_the_top_level_holds_only_what_the_design_names() -> None:
    visible = {item.name for item in ROOT.iterdir() if not item.name.startswith(".")}

    assert visible - TOP_LEVEL - {"__pycache__"} == set()


@pytest.mark.parametrize("name", ["bootstrap", "dev", "test", "data", "bench", "new_function"])
def test_a_script_that_may_meet_an_old_python_can_be_parsed_by_it(name: str) -> None:
    path = ROOT / "scripts" / f"{name}.py"

    ast.parse(path.read_text("utf-8"), str(path), feature_version=(3, 6))
