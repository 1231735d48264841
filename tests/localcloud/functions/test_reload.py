"""Edits take effect on the next call; layers are used with bytecode that never touches the repository."""

import sys
from pathlib import Path

from localcloud.functions import LayerMissing

from .conftest import Workshop

PID = "import os\ndef main(event, context): return os.getpid()"
SHARED = "import os, shared\ndef main(event, context): return [os.getpid(), shared.value, shared.__cached__]"
CORE = [{"name": "core_{{env.ENV_ID}}"}]


def test_an_edited_function_is_replaced_without_a_restart(workshop: Workshop) -> None:
    entry = workshop.function("pid", PID)
    host = workshop.host()
    first = host.invoke("pid", {}).reply
    assert host.invoke("pid", {}).reply == first
    entry.write_text(PID + " * 0", encoding="utf-8")
    assert host.invoke("pid", {}).reply == 0
    assert host.instances("pid") == 1


def test_an_edited_layer_replaces_the_instances_of_the_functions_bound_to_it(workshop: Workshop) -> None:
    module = workshop.layer("core/shared.py", "value = 1")
    workshop.function("bound", SHARED, layers=CORE)
    workshop.function("free", PID)
    host = workshop.host()
    bound, free = host.invoke("bound", {}).reply, host.invoke("free", {}).reply
    module.write_text("value = 22", encoding="utf-8")
    again = host.invoke("bound", {}).reply
    assert (bound[1], again[1]) == (1, 22)
    assert again[0] != bound[0]
    assert host.invoke("free", {}).reply == free


def test_a_layer_runs_from_bytecode_kept_outside_of_the_repository(workshop: Workshop) -> None:
    module = workshop.layer("core/shared.py", "value = 1")
    workshop.function("bound", SHARED, layers=CORE)
    cached = Path(workshop.host().invoke("bound", {}).reply[2])
    assert cached.is_relative_to(workshop.work_dir / "layers" / "core")
    assert cached.exists()
    assert [file.name for file in module.parent.iterdir()] == ["shared.py"]


def test_a_second_host_uses_what_the_first_one_compiled(workshop: Workshop) -> None:
    workshop.layer("core/shared.py", "value = 1")
    workshop.function("bound", SHARED, layers=CORE)
    first = Path(workshop.host().invoke("bound", {}).reply[2])
    made_at = first.stat().st_mtime_ns
    second = Path(workshop.host().invoke("bound", {}).reply[2])
    assert second == first
    assert second.stat().st_mtime_ns == made_at


def test_a_layer_that_cannot_be_copied_is_a_clear_failure(workshop: Workshop) -> None:
    workshop.layer("core/shared.py", "value = 1")
    workshop.function("bound", SHARED, layers=CORE)
    workshop.work_dir.mkdir()
    (workshop.work_dir / "layers").touch()
    assert "the layer core cannot be copied" in str(workshop.host().invoke("bound", {}).failure)


def test_a_traceback_names_the_file_that_ran(workshop: Workshop) -> None:
    workshop.layer("core/shared.py", "def fall(): raise RuntimeError")
    workshop.function("bound", "import shared\ndef main(e, c): shared.fall()", layers=CORE)
    text = str(workshop.host().invoke("bound", {}).failure)
    place = next((workshop.work_dir / "layers" / "core").glob("*/shared.py"))
    assert f'File "{place}", line 1' in text


def test_only_the_two_latest_generations_of_a_layer_are_kept(workshop: Workshop) -> None:
    module = workshop.layer("core/package/shared.py", "value = 0")
    code = "import package.shared as shared\ndef main(event, context): return shared.__file__"
    workshop.function("bound", code, layers=CORE)
    host = workshop.host()
    generations = []
    for length in range(1, 9):
        module.write_text("value = " + "1" * length, encoding="utf-8")
        generations.append(Path(host.invoke("bound", {}).reply).parents[1])
    assert sorted((workshop.work_dir / "layers" / "core").iterdir()) == sorted(generations[-2:])


def test_the_last_of_several_layers_wins(workshop: Workshop) -> None:
    workshop.layer("core/shared.py", "value = 'first'")
    workshop.layer("patch/shared.py", "value = 'last'")
    workshop.function("bound", SHARED, layers=[*CORE, {"name": "patch_x"}])
    assert workshop.host().invoke("bound", {}).reply[1] == "last"


def test_a_module_in_the_function_folder_shadows_the_layers(workshop: Workshop) -> None:
    workshop.layer("core/shared.py", "value = 'layer'")
    entry = workshop.function(
        "bound", "import shared\ndef main(event, context): return shared.value", layers=CORE
    )
    entry.with_name("shared.py").write_text("value = 'folder'", encoding="utf-8")
    assert workshop.host().invoke("bound", {}).reply == "folder"


def test_a_layer_that_was_not_installed_says_what_to_do(workshop: Workshop) -> None:
    workshop.function("needs", PID, layers=[{"name": "vendor_test"}])
    failure = workshop.host().invoke("needs", {}).failure
    folder = workshop.installed / f"vendor-cp{sys.version_info.major}{sys.version_info.minor}"
    assert isinstance(failure, LayerMissing)
    assert str(failure) == f"the layer vendor is not installed ({folder}): run scripts/dev.py once"


def test_a_changed_configuration_takes_effect_at_once(workshop: Workshop) -> None:
    environ = "import os\ndef main(event, context): return os.environ.get('COLOUR')"
    workshop.function("colour", environ)
    host = workshop.host()
    assert host.invoke("colour", {}).reply is None
    workshop.config["functions"][0]["envVariables"] = {"COLOUR": "green"}
    workshop.declare()
    assert host.invoke("colour", {}).reply == "green"
    workshop.function("late", PID)
    assert host.invoke("late", {}).failure is None
