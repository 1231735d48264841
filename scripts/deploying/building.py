"""Layers as they are deployed: packages at the top of the zip, wheels of the platform's Python, bytecode.

What a layer is called is settled by its sources and its lock alone. Bytecode is made when it is published,
unchecked, because /opt is read-only there; it needs a Python of the platform's version on this machine.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.markers import Marker

from deploying.archives import Files, archive, digest, read_folder
from deploying.errors import NotDeployable

VERSION = "3.10"
RUNTIME = f"Python{VERSION}"
_TARGET = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": f"{VERSION}.0",
    "python_version": VERSION,
    "sys_platform": "linux",
}
_PLATFORM = ("--platform", "manylinux2014_x86_64", "--implementation", "cp", "--python-version", VERSION)
_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+==\S+)(?: ; (?P<marker>[^\\]+?))?(?P<rest> *\\?)$")
_METADATA = ("METADATA", "entry_points.txt")
_OTHER_SERVICES = re.compile(r"(?:boto3|botocore)/data/(?!s3/)[^/]+/")
"""Four hundred services that are not the storage: nine tenths of what boto3 weighs."""

_UNREAD = (".pyi", ".pyx", ".pxd", ".c", ".h")


@dataclass(frozen=True)
class Layer:
    """A layer of the repository. *digest* is of *files*, which hold a mark of it for `verify`."""

    alias: str
    files: Files
    digest: str


def build(root: Path, alias: str, cache: Path, *, here: bool = False) -> Layer:
    """Return the layer in ``layers/<alias>``; its wheels are fetched into *cache* once for each lock.

    They are those of the platform, or, for a cloud on this machine that lacks its Python, those for *here*.
    """
    source = root / "layers" / alias
    if not source.is_dir():
        raise NotDeployable(f"cloudbaserc.json names the layer {alias}, and layers/{alias} is not there.")
    lock = source / "requirements.txt"
    files = read_folder(_wheels(alias, lock, cache, here)) if lock.exists() else read_folder(source)
    kept = {name: content for name, content in files.items() if _is_kept(name)}
    told = digest(kept)
    return Layer(alias, {**kept, f"layer-{alias}.txt": told.encode()}, told)


def zipped(layer: Layer, python: str | None) -> bytes:
    """Return the zip of *layer*, with bytecode when there is a *python* of the platform's version."""
    return archive({**layer.files, **(_bytecode(layer.files, python) if python else {})})


@cache
def platform_python() -> str | None:
    """Return a command that starts the platform's version of Python; one may be there and start nothing."""
    here = "{}.{}".format(*sys.version_info)
    command = sys.executable if here == VERSION else shutil.which(f"python{VERSION}")
    if command is None:
        return None
    ask = "import sys; print('{}.{}'.format(*sys.version_info), end='')"
    done = subprocess.run([command, "-I", "-S", "-c", ask], capture_output=True, text=True, check=False)  # noqa: S603
    return command if done.stdout == VERSION else None


def requirements(lock: str) -> str:
    """Return *lock* without what the platform does not need.

    pip asks the markers of a file about the Python it runs on, not about the one it installs for.
    """
    lines, keep = [], True
    for line in lock.splitlines():
        if found := _REQUIREMENT.match(line):
            marker = found["marker"]
            keep = marker is None or Marker(marker).evaluate(_TARGET)
            line = found["name"] + found["rest"]  # noqa: PLW2901  # The line without its marker.
        if keep:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _wheels(alias: str, lock: Path, cache: Path, here: bool) -> Path:  # noqa: FBT001  # Passed on.
    """Return the folder of the unpacked wheels of *lock*; it has its name when it is complete."""
    text = lock.read_text("utf-8") if here else requirements(lock.read_text("utf-8"))
    mark = f"{sys.implementation.cache_tag}-" if here else ""
    folder = cache / f"{alias}-{mark}{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if folder.exists():
        return folder
    with tempfile.TemporaryDirectory(prefix="wheels-") as name:
        wanted, draft = Path(name, "requirements.txt"), Path(name, "unpacked")
        wanted.write_text(text, encoding="utf-8")
        _install(alias, wanted, draft, () if here else _PLATFORM)
        cache.mkdir(parents=True, exist_ok=True)
        shutil.copytree(draft, folder.with_suffix(".new"), dirs_exist_ok=True)
    folder.with_suffix(".new").rename(folder)
    return folder


def _install(alias: str, wanted: Path, folder: Path, platform: Sequence[str]) -> None:
    arguments = [
        "--require-hashes",
        "--no-deps",
        "--only-binary=:all:",
        "--no-compile",
        "--target",
        str(folder),
    ]
    done = subprocess.run(  # noqa: S603  # No shell, and no argument from outside.
        [sys.executable, "-m", "pip", "install", "--quiet", *arguments, *platform, "-r", str(wanted)],
        env={**os.environ, "PIP_USER": "0", "PIP_NO_INPUT": "1", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip() or "no output").splitlines()[-1]
        raise NotDeployable(f"The wheels of the layer {alias} cannot be fetched: {last}")


def _is_kept(name: str) -> bool:
    """Say whether anything reads the file *name* of a layer; licences stay."""
    parts = name.split("/")
    if parts[0] == "bin" or "tests" in parts[:-1] or name.endswith(_UNREAD) or _OTHER_SERVICES.match(name):
        return False
    if parts[0].endswith(".dist-info"):
        return parts[-1] in _METADATA or "LICEN" in name.upper()
    return True


def _bytecode(files: Files, python: str) -> dict[str, bytes]:
    """Return the bytecode of the modules among *files*, as it belongs beside them in /opt."""
    with tempfile.TemporaryDirectory(prefix="bytecode-") as name:
        folder = Path(name)
        for path, content in files.items():
            if path.endswith(".py"):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        arguments = ["-q", "-j", "1", "--invalidation-mode", "unchecked-hash", "-s", name, "-p", "/opt", name]
        subprocess.run(  # noqa: S603  # Modules that do not compile are shipped without, as the platform would.
            [python, "-S", "-m", "compileall", *arguments],
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": ""},
            capture_output=True,
            check=False,
        )
        return {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.pyc"))
        }
