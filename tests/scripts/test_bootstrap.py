"""Setting up, on a small project of its own whose packages come from a folder: no registry is asked."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import pytest

BOOTSTRAP = Path(__file__).parents[2] / "scripts" / "bootstrap.py"

SCRIPT = """
import bootstrap

bootstrap.enter()

import json, sys, seed

print(json.dumps({"prefix": sys.prefix, "arguments": sys.argv[1:], "seed": seed.VERSION, "path": sys.path}))
"""


class Project(NamedTuple):
    """A checkout with one script, and a folder of wheels that stands for the registry."""

    root: Path
    wheels: Path

    @property
    def environment(self) -> Path:
        return self.root / ".venv"

    def layer(self, name: str) -> Path:
        return self.root / ".local" / "layers" / "{}-cp{}{}".format(name, *sys.version_info[:2])

    def lock(self, folder: str, name: str, version: str) -> None:
        """Require *name* at *version*, and provide it."""
        digest = hashlib.sha256(wheel(self.wheels, name, version).read_bytes()).hexdigest()
        path = self.root / folder / "requirements.txt"
        path.write_text(f"{name}=={version} --hash=sha256:{digest}\n", encoding="utf-8")

    def run(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Start the script as a person with these pip settings would."""
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "GARDENSHOP_"))
        }
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri()}
        return subprocess.run(
            [sys.executable, "scripts/app.py", *arguments],
            cwd=self.root,
            env={**kept, **pip, "PIP_USER": "1", "PYTHONUTF8": "1", **settings},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


def wheel(folder: Path, name: str, version: str) -> Path:
    """Build a package that has one module and one command."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {name}:VERSION\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, "subprocess.CompletedProcess[str]"]:
    """A project whose path has a space and Chinese letters, and its first run."""
    project = Project(tmp_path_factory.mktemp("Mein Garten 花园"), tmp_path_factory.mktemp("wheels"))
    for folder in ("scripts", "layers/vendor", "layers/pay", "layers/cos"):
        (project.root / folder).mkdir(parents=True)
    shutil.copy(BOOTSTRAP, project.root / "scripts")
    (project.root / "scripts" / "app.py").write_text(SCRIPT, encoding="utf-8")
    project.lock("scripts", "seed", "1.0")
    for layer in ("vendor", "pay", "cos"):
        project.lock(f"layers/{layer}", "leaf", "1.0")
    return project, project.run("--name", "小满 1")


@pytest.fixture(name="project")
def _project(made: tuple[Project, Any]) -> Project:
    return made[0]


def test_the_first_run_goes_on_inside_the_environment_with_its_arguments(
    made: tuple[Project, "subprocess.CompletedProcess[str]"],
) -> None:
    project, first = made

    told = json.loads(first.stdout)

    assert Path(told["prefix"]) == project.environment
    assert (told["arguments"], told["seed"]) == (["--name", "小满 1"], "1.0")
    assert str(project.root / "layers" / "core") in told["path"]


def test_the_layers_are_built_with_bytecode_and_without_commands(project: Project) -> None:
    for name in ("vendor", "pay", "cos"):
        contents = {path.name for path in project.layer(name).iterdir()}

        assert contents == {"leaf.py", "leaf-1.0.dist-info", "__pycache__", "gardenshop-stamp"}
        assert [path.name for path in (project.layer(name) / "__pycache__").iterdir()] == [
            f"leaf.{sys.implementation.cache_tag}.pyc"
        ]


def test_a_second_run_installs_nothing(project: Project) -> None:
    again = project.run(PIP_FIND_LINKS="file:///nowhere")

    assert (again.returncode, again.stderr) == (0, "")
    assert json.loads(again.stdout)["seed"] == "1.0"


def test_an_install_that_did_not_reach_its_end_is_done_again(project: Project) -> None:
    (project.environment / "gardenshop-stamp").unlink()
    (project.layer("pay") / "gardenshop-stamp").unlink()
    (project.layer("pay") / "leaf.py").write_text("half a file")

    again = project.run()

    titles = [line.split(":")[0] for line in again.stderr.splitlines() if "done in" in line]
    assert titles == ["Installing the requirements", "Installing the pay layer"]
    assert (project.layer("pay") / "leaf.py").read_text() == "VERSION = '1.0'\n"


def test_a_changed_lock_is_followed(project: Project) -> None:
    project.lock("scripts", "seed", "1.1")

    assert json.loads(project.run().stdout)["seed"] == "1.1"


def without_pip(project: Project) -> None:
    shutil.rmtree(next(project.environment.rglob("site-packages")) / "pip")


def without_its_python(project: Project) -> None:
    python = project.environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    python.unlink()
    python.write_bytes(b"")


@pytest.mark.parametrize("damage", [without_pip, without_its_python])
def test_a_broken_environment_is_made_anew(project: Project, damage: Callable[[Project], None]) -> None:
    damage(project)
    (project.environment / "gardenshop-stamp").unlink()

    again = project.run()

    assert again.stderr.startswith("Making a virtual environment in ")
    assert again.returncode == 0


def test_a_file_that_does_not_match_its_hash_is_not_installed(project: Project) -> None:
    project.lock("scripts", "seed", "1.2")
    wheel(project.wheels, "seed", "1.2").write_bytes(wheel(project.wheels, "leaf", "9.9").read_bytes())

    refused = project.run()

    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(
        "Set-up failed: pip could not install the requirements: ERROR: "
    )
    assert refused.stdout == ""
    project.lock("scripts", "seed", "1.3")
    assert json.loads(project.run().stdout)["seed"] == "1.3"


def test_an_unreachable_registry_is_told_in_one_line(project: Project) -> None:
    project.lock("scripts", "seed", "1.4")
    (project.wheels / "seed-1.4-py3-none-any.whl").unlink()
    nobody = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}

    refused = project.run(**nobody)

    assert refused.returncode == 1
    assert refused.stderr == (
        "Installing the requirements ...\n"
        "Set-up failed: the package registry cannot be reached for the requirements: check the network, "
        "or name a mirror that you can reach in PIP_INDEX_URL, and start again.\n"
    )


def test_an_environment_elsewhere_can_be_named(project: Project, tmp_path: Path) -> None:
    project.lock("scripts", "seed", "1.5")

    told = json.loads(project.run(GARDENSHOP_VENV=str(tmp_path / "other")).stdout)

    assert Path(told["prefix"]) == tmp_path / "other"


def test_a_python_that_is_too_old_is_told_in_one_sentence(tmp_path: Path) -> None:
    shutil.copy(BOOTSTRAP, tmp_path)
    code = "import sys; sys.version_info = (3, 9, 18); import bootstrap"

    refused = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )

    assert refused.returncode == 1
    assert refused.stderr == (
        f"This needs Python 3.10 or newer, and {sys.executable} is 3.9: install a newer one "
        "(from python.org or your system's packages) and start this with it.\n"
    )
