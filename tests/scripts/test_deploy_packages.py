"""What is deployed: zips that come out the same everywhere, the platform's wheels, values from outside."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from deploying import building, settings, wanted
from deploying.archives import archive, digest, read_folder
from deploying.building import Layer
from deploying.environment import LARGEST_LAYER, LAYER_LIMIT, Environment
from deploying.errors import NotDeployable
from scripts.deployable import CALLERS, Project

ROOT = Path(__file__).resolve().parents[2]
GIVEN = {"THE_KEY": "given"}


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.lay_out()
    return project


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def test_the_same_files_make_the_same_zip_whatever_their_times_and_modes(tmp_path: Path) -> None:
    zips = []
    for number, name in enumerate(("one", "two")):
        folder = tmp_path / name
        folder.mkdir()
        for file in ("b.py", "a.py")[:: 1 - 2 * number]:
            (folder / file).write_text(file, encoding="utf-8")
            (folder / file).chmod(0o600 + number * 0o44)
            os.utime(folder / file, (1_000_000_000 + number,) * 2)
        zips.append(archive(read_folder(folder)))

    assert zips[0] == zips[1]
    infos = opened(zips[0]).infolist()
    assert [(info.filename, info.date_time, info.external_attr >> 16) for info in infos] == [
        ("a.py", (1980, 1, 1, 0, 0, 0), 0o100644),
        ("b.py", (1980, 1, 1, 0, 0, 0), 0o100644),
    ]


def test_hidden_files_and_bytecode_stay_at_home(tmp_path: Path) -> None:
    for name in ("index.py", ".env", "__pycache__/index.cpython-310.pyc", ".git/config", "old.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")

    assert list(read_folder(tmp_path)) == ["index.py"]


def test_a_digest_tells_names_and_contents_apart() -> None:
    digests = {
        digest({"a": b"1", "b": b"2"}),
        digest({"a": b"2", "b": b"1"}),
        digest({"a": b"1"}),
        digest({"b": b"1"}),
        digest({"a": b"", "b": b""}),
    }

    assert len(digests) == 5
    assert digest({"a": b"1", "b": b"2"}) == digest({"b": b"2", "a": b"1"})
    assert archive({"a": b"1", "b": b"2"}) == archive({"b": b"2", "a": b"1"})


def test_a_layer_of_wheels_has_its_packages_at_the_top_and_nothing_that_is_not_read(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in project.pip().items():
        monkeypatch.setenv(name, value)

    layer = building.build(project.root, "kit", project.root / "cache")

    assert sorted(layer.files) == [
        "kit-1.0.dist-info/METADATA",
        "kit-1.0.dist-info/licenses/LICENSE",
        "kit/__init__.py",
        "layer-kit.txt",
    ]
    assert layer.files["layer-kit.txt"] == layer.digest.encode()
    monkeypatch.setenv("PIP_FIND_LINKS", "nowhere")
    assert building.build(project.root, "kit", project.root / "cache") == layer


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("botocore/data/s3/2006-03-01/service-2.json.gz", True),
        ("botocore/data/endpoints.json", True),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("boto3/data/ec2/2016-11-15/resources-1.json", False),
        ("bin/jp.py", False),
        ("boto3-1.0.dist-info/RECORD", False),
        ("boto3-1.0.dist-info/entry_points.txt", True),
    ],
)
def test_of_the_sdk_of_the_storage_its_own_service_is_kept(name: str, *, kept: bool) -> None:
    assert building._is_kept(name) is kept


def test_a_wheel_that_is_not_the_one_of_the_lock_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in project.pip().items():
        monkeypatch.setenv(name, value)
    lock = project.root / "layers" / "kit" / "requirements.txt"
    lock.write_text(f"kit==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")

    with pytest.raises(NotDeployable, match="wheels of the layer kit"):
        building.build(project.root, "kit", project.root / "cache")

    assert not list((project.root / "cache").glob("kit-*"))


def test_a_lock_is_read_for_the_platforms_python_and_not_for_ours() -> None:
    lock = (
        "old==1.0 ; python_full_version < '3.11' \\\n    --hash=sha256:1\n    # via this\n"
        "new==2.0 ; python_full_version >= '3.11' \\\n    --hash=sha256:2 \\\n    --hash=sha256:3\n"
        "windows==3.0 ; sys_platform == 'win32' \\\n    --hash=sha256:4\n"
        "plain==4.0 \\\n    --hash=sha256:5\n"
    )

    assert building.requirements(lock) == (
        "old==1.0 \\\n    --hash=sha256:1\n    # via this\nplain==4.0 \\\n    --hash=sha256:5\n"
    )


@pytest.mark.parametrize("alias", ["vendor", "pay", "cos"])
def test_every_requirement_of_our_locks_is_understood(alias: str) -> None:
    lock = (ROOT / "layers" / alias / "requirements.txt").read_text("utf-8")
    pinned = [line for line in lock.splitlines() if "==" in line and not line.lstrip().startswith("#")]
    kept = [line for line in building.requirements(lock).splitlines() if "==" in line and "#" not in line]

    assert not any(";" in line for line in kept)
    assert [line.partition(" ")[0] for line in kept] == [line.partition(" ")[0] for line in pinned]


def test_bytecode_is_never_checked_says_where_it_lies_in_opt_and_comes_out_the_same() -> None:
    text = b"NAMES = {'a', 'b', 'c'}\ndef known(name):\n    return name in {'tofu', 'kale', 'oats'}\n"
    layer = Layer("core", {"shop/words.py": text, "shop/broken.py": b"def"}, "digest")

    first, again = (building.zipped(layer, sys.executable) for _ in range(2))

    assert first == again
    (compiled,) = [name for name in opened(first).namelist() if name.endswith(".pyc")]
    assert compiled == f"shop/__pycache__/words.{sys.implementation.cache_tag}.pyc"
    code = opened(first).read(compiled)
    assert code[4] == 0b01  # Hash-based, unchecked: PEP 552.
    assert b"/opt/shop/words.py" in code
    assert not any(name.endswith(".pyc") for name in opened(building.zipped(layer, None)).namelist())


def test_a_command_that_starts_no_python_3_10_is_not_taken_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.10"
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 12, 0, "final", 0))

    assert building.platform_python.__wrapped__() is None


def test_the_core_layer_fits_into_one_request_by_far() -> None:
    layer = building.build(ROOT, "core", ROOT / "absent")

    assert "gardenshop/cloud/entry.py" in layer.files
    assert len(building.zipped(layer, sys.executable)) < LAYER_LIMIT / 4


def test_a_layer_larger_than_any_may_be_is_refused() -> None:
    environment = Environment.__new__(Environment)

    with pytest.raises(NotDeployable, match=r"50\.0 MB.*“layer abc”"):
        environment.publish_layer("core_env", b"x" * (LARGEST_LAYER + 1), "layer abc")


def test_a_key_in_pem_is_reduced_to_what_the_functions_read(tmp_path: Path) -> None:
    file = tmp_path / "production.env"
    file.write_text(
        'KEY="-----BEGIN PRIVATE KEY-----\nTUlJ\nRXZR\n-----END PRIVATE KEY-----\n"\nPLAIN=$HOME #1\n',
        encoding="utf-8",
    )

    given = settings.values({"KEY": "of the process", "OTHER": "stays"}, file)

    assert given == {"KEY": "TUlJRXZR", "OTHER": "stays", "PLAIN": "$HOME"}
    with pytest.raises(NotDeployable, match="not there"):
        settings.values({}, tmp_path / "absent.env")


def test_templates_are_filled_with_values_that_would_break_a_json_file() -> None:
    filled = settings.filled({"a": ["{{env.X}} and {{ env.Y }}", 1, None]}, {"X": '"\n{'})

    assert filled == {"a": ['"\n{ and ', 1, None]}


def test_functions_are_read_with_their_callers_timers_and_the_variables_that_lack_a_value(
    project: Project,
) -> None:
    functions = {one.name: one for one in wanted.read(project.root, "env-1", {})}

    assert {name: (one.caller, one.is_for_clients) for name, one in functions.items()} == {
        "wish_add": ("member", True),
        "shop_tick": ("timer", False),
        "shop_hook": ("http", False),
    }
    assert functions["shop_tick"].timers == {"every_minute": "15 * * * * * *"}
    assert functions["shop_hook"].path == "/hook"
    wish = functions["wish_add"]
    assert (dict(wish.variables), wish.unset, wish.layers) == (
        {"TZ": "Asia/Shanghai"},
        ("KEY",),
        ("core", "kit"),
    )


def test_an_empty_value_leaves_its_variable_out(project: Project) -> None:
    wish, *_ = wanted.read(project.root, "env-1", {"THE_KEY": ""})

    assert (dict(wish.variables), wish.unset) == ({"TZ": "Asia/Shanghai"}, ())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"envVariables": {"SCF_KEY": "x"}}, "cannot be called SCF_KEY"),
        ({"envVariables": {"a-b": "x"}}, "cannot be called a-b"),
        ({"envVariables": {"KEY": "x" * 4094}}, "come to 4097 bytes, more than 4096: KEY"),
        ({"memorySize": 200}, "memorySize is 200"),
        ({"timeout": 901}, "timeout"),
        ({"layers": [{"name": f"l{number}_x", "version": 1} for number in range(6)]}, "6 layers"),
        ({"triggers": [{"name": "t", "type": "timer", "config": "0 2 * * *"}]}, "seven fields"),
    ],
    ids=["reserved", "malformed", "4 KB", "memory", "timeout", "layers", "cron"],
)
def test_what_the_platform_would_refuse_is_refused_before_it_is_asked(
    project: Project, changes: dict[str, Any], said: str
) -> None:
    project.configure(**changes)

    with pytest.raises(NotDeployable, match=said):
        wanted.read(project.root, "env-1", GIVEN)


def test_variables_of_4_kb_are_just_not_too_many(project: Project) -> None:
    project.configure(envVariables={"KEY": "x" * 4093})

    assert len(wanted.read(project.root, "env-1", GIVEN)) == len(CALLERS)


def test_a_message_about_the_file_never_holds_a_value(project: Project) -> None:
    project.configure(envVariables={"KEY": ["{{env.THE_KEY}}"]})

    with pytest.raises(NotDeployable, match="envVariables") as refused:
        wanted.read(project.root, "env-1", {"THE_KEY": "a secret"})

    assert "a secret" not in str(refused.value)


def test_a_function_without_files_or_a_layer_without_a_folder_is_named(project: Project) -> None:
    with pytest.raises(NotDeployable, match="layers/absent is not there"):
        building.build(project.root, "absent", project.root / "cache")
    (project.root / "functions" / "wish_add" / "index.py").unlink()
    with pytest.raises(NotDeployable, match=r"wish_add: .* has no files"):
        wanted.read(project.root, "env-1", GIVEN)


def test_every_function_of_the_repository_says_whom_it_serves_and_can_be_deployed() -> None:
    asked = json.loads((ROOT / "cloudbaserc.json").read_text("utf-8"))
    given = dict.fromkeys(settings.names(json.dumps(asked)), "a value of some length, as an identifier has")
    functions = wanted.read(ROOT, "an-environment-0gabcdef12345678", given)

    assert {one.caller for one in functions} == {"member", "operator", "timer", "http"}
    assert not any(one.unset for one in functions)


@pytest.mark.parametrize("here", [False, True])
def test_wheels_are_the_platforms_or_for_a_cloud_on_this_machine_our_own(
    project: Project, monkeypatch: pytest.MonkeyPatch, *, here: bool
) -> None:
    asked: list[str] = []

    def install(arguments: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        asked.extend(arguments)
        Path(arguments[arguments.index("--target") + 1]).mkdir()
        return subprocess.CompletedProcess(arguments, 0, "", "")

    monkeypatch.setattr("deploying.building.subprocess.run", install)

    building.build(project.root, "kit", project.root / "cache", here=here)

    assert ("--python-version" in asked) is not here
    (folder,) = (project.root / "cache").glob("kit-*")
    assert (sys.implementation.cache_tag in folder.name) is here
