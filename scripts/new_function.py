"""Lay out a new function under one name: its file, its test, its deploy entry and its row in the catalogue.

    python3 scripts/new_function.py garden_share --caller member

What is there already is left as it is, so an interrupted run is finished by starting it again.
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import argparse
import json
import re
import sys
from pathlib import Path
from string import Template
from typing import NamedTuple

MOST_FUNCTIONS = 50
LONGEST_NAME = 60
CATALOGUE = "functions/README.md"
MARKER = "<!-- functions -->"

TEMPLATES = Path(__file__).parent / "templates"
DEPLOYED = {
    "runtime": "Python3.10",
    "handler": "index.main",
    "timeout": 10,
    "memorySize": 256,
    "installDependency": False,
    "layers": [{"name": f"{layer}_{{{{env.ENV_ID}}}}", "version": 1} for layer in ("core", "vendor")],
    "envVariables": {"TZ": "Asia/Shanghai"},
}


class Kind(NamedTuple):
    """What differs between the kinds of caller: the templates, and the words in the catalogue."""

    template: str
    caller: str
    request: str = "`{text}`"
    reply: str = "`{text, day}`"


KINDS = {
    "member": Kind("asked", "member"),
    "operator": Kind("asked", "operator"),
    "timer": Kind("timer", "timer", "—", "`{trigger, day}`"),
    "http": Kind("http", "HTTP", "POST", "text"),
}


class Refused(Exception):
    """The function cannot be laid out; the message says why, and nothing was written."""


def main() -> int:
    """Lay the function out, and say what was written."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="<domain>_<verb>, in small letters")
    parser.add_argument("--caller", required=True, choices=sorted(KINDS), help="whom it serves")
    options = parser.parse_args()
    try:
        written = lay_out(bootstrap.ROOT, options.name, options.caller)
    except Refused as refused:
        sys.exit(f"{options.name}: {refused}")
    print("\n".join(f"wrote {path.relative_to(bootstrap.ROOT).as_posix()}" for path in written))
    return 0


def lay_out(root: Path, name: str, caller: str) -> list[Path]:
    """Write what the function *name* still lacks in the project at *root*; return the files written.

    Raises Refused, and then has written nothing.
    """
    _check_name(root, name)
    kind = KINDS[caller]
    planned = {
        root / "functions" / name / "index.py": _fill(f"{kind.template}.py.txt", name, caller),
        root / "tests" / "functions" / f"test_{name}.py": _fill(f"test_{kind.template}.py.txt", name, caller),
    }
    planned = {path: text for path, text in planned.items() if not path.exists()}
    planned |= _with_deploy_entry(root / "cloudbaserc.json", name, caller)
    planned |= _with_row(root / CATALOGUE, name, (kind.caller, kind.request, kind.reply, kind.reply))
    if not planned:
        raise Refused("it exists already, with test, deploy entry and row in the catalogue.")
    for path, text in planned.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(planned)


def _check_name(root: Path, name: str) -> None:
    if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name) or len(name) > LONGEST_NAME:
        raise Refused(f"a name is <domain>_<verb> in small letters, {LONGEST_NAME} of them at most.")
    others = {path.parent.name for path in (root / "functions").glob("*/index.py")} - {name}
    if len(others) >= MOST_FUNCTIONS:
        raise Refused(
            f"there are {len(others)} functions; the platform has room for no more in one environment."
        )


def _fill(template: str, name: str, caller: str) -> str:
    return Template((TEMPLATES / template).read_text("utf-8")).substitute(
        name=name,
        Type="".join(part.capitalize() for part in name.split("_")),
        caller=caller,
        CALLER=caller.upper(),
        served="A" if caller == "member" else '""',
        stranger='""' if caller == "member" else "A",
    )


def _with_deploy_entry(path: Path, name: str, caller: str) -> dict[Path, str]:
    config = json.loads(path.read_text("utf-8"))
    if name in [entry["name"] for entry in config["functions"]]:
        return {}
    entry: dict[str, object] = {"name": name, **DEPLOYED}
    if caller == "timer":
        entry["triggers"] = [{"name": "every_5_minutes", "type": "timer", "config": "30 */5 * * * * *"}]
    if caller == "http":
        entry["path"] = f"/{name}"
    config["functions"].append(entry)
    return {path: json.dumps(config, ensure_ascii=False, indent=2) + "\n"}


def _with_row(catalogue: Path, name: str, cells: tuple[str, ...]) -> dict[Path, str]:
    before, marker, after = catalogue.read_text("utf-8").partition(MARKER)
    table = re.match(r"\s*(\|.*\n)+", after)
    if not marker or not table:
        raise Refused(f"{CATALOGUE} has no table below {MARKER}.")
    if f"`{name}`" in table[0]:
        return {}
    row = f"| {' | '.join((f'[`{name}`]({name}/index.py)', *cells))} |\n"
    return {catalogue: before + marker + table[0] + row + after[table.end() :]}


if __name__ == "__main__":
    sys.exit(main())
