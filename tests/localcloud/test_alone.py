"""Every function starts with nothing but its own files, its layers and the standard library."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import bootstrap
from harness import ROOT
from localcloud.functions.interpreters import OWN
from localcloud.functions.project import Function, load_project

FUNCTIONS = load_project(ROOT, {}).functions

IMPORT_EACH = """
import json, sys
from importlib.util import module_from_spec, spec_from_file_location
layers, *folders = json.loads(sys.argv[1])
started = []
standard = list(sys.path)
for folder in folders:
    sys.path[:] = [folder, *layers, *standard]
    spec = spec_from_file_location("", folder + "/index.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, known in list(sys.modules.items()):
        if str(getattr(known, "__file__", None)).startswith(folder):
            del sys.modules[name]
    started.append(callable(module.main))
print(json.dumps(started))
"""


def layers_of(function: Function) -> tuple[str, ...]:
    """Return the function's layers in the order of `sys.path`."""
    return tuple(layer.alias for layer in reversed(function.layers))


@pytest.mark.parametrize("layers", sorted({layers_of(function) for function in FUNCTIONS}), ids="+".join)
def test_a_function_starts_alone_with_its_layers(layers: tuple[str, ...], tmp_path: Path) -> None:
    paths = [bootstrap.layer_path(layer) for layer in layers]
    if not all(path.exists() for path in paths):
        pytest.skip("the layers are not built: scripts/dev.py does it")
    folders = [tmp_path / one.name for one in FUNCTIONS if layers_of(one) == layers]
    for folder in folders:
        shutil.copytree(
            ROOT / "functions" / folder.name, folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    given = json.dumps([list(map(str, paths)), *map(str, folders)])

    done = subprocess.run(
        [OWN, "-I", "-S", "-B", "-c", IMPORT_EACH, given],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [True] * len(folders)


def test_a_function_that_needs_more_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text("import pydantic\ndef main(event, context): ...\n", encoding="utf-8")

    done = subprocess.run(
        [OWN, "-I", "-S", "-B", "-c", IMPORT_EACH, json.dumps([[], str(tmp_path)])],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "No module named 'pydantic'" in done.stderr
