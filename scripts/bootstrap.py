"""Make what the scripts run in: a virtual environment from hash-locked requirements, and the built layers.

A script calls enter() before it imports anything outside the standard library. Only that is used here, in
the syntax of Python 3.6, so that an old Python gets a sentence instead of a traceback.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036  # The Python that needs this answer is an older one.
    found = ".".join(str(number) for number in sys.version_info[:2])
    sys.exit(
        f"This needs Python 3.10 or newer, and {sys.executable} is {found}: install a newer one "
        "(from python.org or your system's packages) and start this with it."
    )

import hashlib
import os
import shutil
import signal
import subprocess
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = Path(os.environ.get("GARDENSHOP_VENV") or ROOT / ".venv").absolute()
REQUIREMENTS = ROOT / "scripts" / "requirements.txt"
THIRD_PARTY_LAYERS = ("vendor", "pay", "cos")

LINE = 78

UNREACHABLE_SIGNS = (
    "connection broken by",
    "connection error",
    "connectionerror",
    "could not fetch url",
    "from versions: none",
)


class SetupError(Exception):
    """Setting up failed; the message is one sentence that says what to do."""


def enter() -> None:
    """Go on inside the project's environment, made or refreshed first: returns only there.

    Elsewhere it starts the running script again with the environment's Python and leaves with its exit code.
    """
    try:
        prepare()
    except SetupError as error:
        sys.exit(f"Set-up failed: {error}")
    except KeyboardInterrupt:
        sys.exit("Set-up was interrupted: start again, and it goes on.")
    if not _is_inside():
        _restart()
    sys.path.insert(0, str(ROOT / "layers" / "core"))


def prepare() -> None:
    """Bring the environment and the built layers up to date with their locks."""
    if not _is_stamped(ENVIRONMENT, REQUIREMENTS) or not environment_python().exists():
        _make_environment()
    for name in THIRD_PARTY_LAYERS:
        if not _is_stamped(layer_path(name), _layer_lock(name)):
            _build_layer(name)


def environment_python() -> Path:
    """Where the environment keeps its interpreter."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def layer_path(name: str) -> Path:
    """Where the unpacked layer *name* is for this Python; the core layer is used where it is written."""
    if name not in THIRD_PARTY_LAYERS:
        return ROOT / "layers" / name
    return ROOT / ".local" / "layers" / "{}-cp{}{}".format(name, *sys.version_info[:2])


def _layer_lock(name: str) -> Path:
    return ROOT / "layers" / name / "requirements.txt"


def _is_inside() -> bool:
    return ENVIRONMENT.exists() and ENVIRONMENT.samefile(sys.prefix)


def _restart() -> None:
    command = [str(environment_python()), *sys.orig_argv[1:]]
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606  # The same script, in another interpreter.
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches the child too, which ends in its own way.
    sys.exit(subprocess.call(command))  # noqa: S603  # As above; an exec on Windows would leave the console.


def _fingerprint(lock: Path) -> str:
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return f"{sys.implementation.cache_tag} {sysconfig.get_platform()} {digest}\n"


def _is_stamped(folder: Path, lock: Path) -> bool:
    """Say whether *folder* was completely made from *lock*, for this Python."""
    stamp = folder / "gardenshop-stamp"
    return stamp.exists() and stamp.read_text("utf-8") == _fingerprint(lock)


def _stamp(folder: Path, lock: Path) -> None:
    (folder / "gardenshop-stamp").write_text(_fingerprint(lock), "utf-8")


def _make_environment() -> None:
    (ENVIRONMENT / "gardenshop-stamp").unlink(missing_ok=True)
    if not _is_inside() and not _is_usable():
        _create_environment()
    _pip_install("the requirements", REQUIREMENTS)
    _stamp(ENVIRONMENT, REQUIREMENTS)


def _is_usable() -> bool:
    """Say whether the environment that is there has this version of Python and a pip that starts."""
    check = "import pip, sys; sys.exit(sys.implementation.cache_tag != sys.argv[1])"
    tag = str(sys.implementation.cache_tag)
    try:
        return _run(environment_python(), "-c", check, tag)[0] == 0
    except OSError:  # It is not there, or cannot be started.
        return False


def _create_environment() -> None:
    _say(f"Making a virtual environment in {ENVIRONMENT}")
    code, output = _run(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT))
    if code != 0:
        raise SetupError(
            f"this Python cannot make a virtual environment in {ENVIRONMENT} ({_last_line(output)}): "
            "install its venv module (Debian and Ubuntu: apt install python3-venv) or make room there."
        )


def _build_layer(name: str) -> None:
    """Install the layer's packages as the deployed layer has them: bytecode included, no commands."""
    folder, new = layer_path(name), layer_path(name).with_suffix(".new")
    for old in (folder, new):
        shutil.rmtree(old, ignore_errors=True)
    _pip_install(f"the {name} layer", _layer_lock(name), "--no-compile", "--target", str(new))
    shutil.rmtree(new / "bin", ignore_errors=True)
    _run(environment_python(), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(new))
    _stamp(new, _layer_lock(name))
    new.rename(folder)


def _pip_install(what: str, lock: Path, *options: str) -> None:
    """Install exactly what *lock* lists, naming on a terminal each package as it comes."""
    arguments = ["install", "--require-hashes", "--use-pep517", "--progress-bar", "off", *options]
    started = time.monotonic()
    with _start(environment_python(), "-m", "pip", *arguments, "-r", str(lock)) as pip:
        output = _follow(pip, f"Installing {what}")
    if pip.returncode != 0:
        raise SetupError(_explain(what, output))
    _say(f"Installing {what}: done in {time.monotonic() - started:.0f} s")


def _follow(pip: "subprocess.Popen[str]", title: str) -> str:
    is_terminal = sys.stderr.isatty()
    _say(f"{title} ...", end="\r" if is_terminal else "\n")
    lines, packages = [], 0
    for line in pip.stdout or ():
        lines.append(line)
        if is_terminal and line.startswith("Collecting "):
            packages += 1
            _say(f"{title}: {packages}. {line.split()[1]}", end="\r")
        elif is_terminal and line.startswith("Installing collected "):
            _say(f"{title}: unpacking {packages} packages", end="\r")
    return "".join(lines)


def _explain(what: str, output: str) -> str:
    if any(sign in output.lower() for sign in UNREACHABLE_SIGNS):
        return (
            f"the package registry cannot be reached for {what}: check the network, "
            "or name a mirror that you can reach in PIP_INDEX_URL, and start again."
        )
    return f"pip could not install {what}: {_last_line(output)}"


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["no output"])[-1]


def _run(program: "str | Path", *arguments: str) -> "tuple[int, str]":
    """The exit code and the output of a program."""
    with _start(program, *arguments) as process:
        output = process.communicate()[0]
    return process.returncode, output


def _start(program: "str | Path", *arguments: str) -> "subprocess.Popen[str]":
    """Start one of our Pythons under the user's own pip settings.

    PIP_USER is the one setting that cannot apply: it contradicts an environment and --target.
    """
    return subprocess.Popen(  # noqa: S603  # No shell, and no argument from outside.
        [str(program), *arguments],
        env={**os.environ, "PIP_USER": "0", "PIP_NO_INPUT": "1", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def _say(text: str, end: str = "\n") -> None:
    """Print a line for the person who waits; what ends with a return is covered by the next."""
    shown = text[:LINE] if end == "\r" else text
    print(shown.ljust(LINE) if sys.stderr.isatty() else shown, end=end, file=sys.stderr, flush=True)
