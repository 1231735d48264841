"""Breaking the shop on purpose: a defect is a change of the layer's or a function's source text."""

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple

from simulation.world import functions


class Edit(NamedTuple):
    """In *module* (of the layer's flows or rules, or a function's name) *old* becomes *new*."""

    module: str
    old: str
    new: str


class Defect(NamedTuple):
    """What is broken, in words, and how; the plays that show it are *about* these subjects beside orders."""

    name: str
    edits: tuple[Edit, ...]
    about: tuple[str, ...] = ()


def defect(name: str, *edits: tuple[str, str, str], about: str = "") -> Defect:
    return Defect(name, tuple(Edit(*edit) for edit in edits), tuple(about.split()))


@contextmanager
def planted(broken: Defect) -> Iterator[None]:
    """Let the running code have the defect: the changed functions get other code, wherever they are known."""
    former: list[tuple[FunctionType, CodeType]] = []
    try:
        for name in dict.fromkeys(edit.module for edit in broken.edits):
            module = _module(name)
            bodies = _bodies(compile(_edited(module, name, broken), module.__file__ or "", "exec"))
            changed = [each for each in _functions(module) if _is_changed(each, bodies)]
            assert changed, f"{name}: no function has become another"
            for each in changed:
                former.append((each, each.__code__))
                each.__code__ = bodies[each.__qualname__]
        yield
    finally:
        for each, code in reversed(former):
            each.__code__ = code


def _edited(module: ModuleType, name: str, broken: Defect) -> str:
    source = inspect.getsource(module)
    for edit in broken.edits:
        if edit.module == name:
            assert source.count(edit.old) == 1, f"{name} has {source.count(edit.old)} times: {edit.old}"
            source = source.replace(edit.old, edit.new)
    return source


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"gardenshop.{name}") if "." in name else functions()[name]


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions and methods that *module* itself defines."""
    for owner in (module, *(each for each in list(vars(module).values()) if isinstance(each, type))):
        for value in list(vars(owner).values()):
            action = getattr(value, "action", value)  # What `cloud_function` wraps.
            if isinstance(action, FunctionType) and action.__module__ == module.__name__:
                yield action


def _bodies(code: CodeType, prefix: str = "") -> dict[str, CodeType]:
    """Return the code of the functions in *code*, by qualified name."""
    bodies = {}
    for each in code.co_consts:
        if isinstance(each, CodeType):
            name = prefix + each.co_name
            bodies[name] = each
            bodies |= _bodies(each, f"{name}.")
    return bodies


def _is_changed(function: FunctionType, bodies: dict[str, CodeType]) -> bool:
    new = bodies.get(function.__qualname__)
    return new is not None and _marks(new) != _marks(function.__code__)


def _marks(code: CodeType) -> tuple[object, ...]:
    """What two compilations of one text have in common."""
    nested = [_marks(each) if isinstance(each, CodeType) else each for each in code.co_consts]
    return code.co_code, code.co_names, code.co_varnames, repr(nested)
