"""Look through every text that the program can show for claims that food must not make.

    python3 scripts/wording.py          list what is wrong, or in doubt and not answered for
    python3 scripts/wording.py --json   the same for programs

Texts are the Chinese strings of the functions and the layer, its data, and the sample documents. What blocks
a text (`gardenshop.rules.wording`) must be said otherwise. A doubtful word may stay where
``wording_allowed.json`` says why: each entry is one occurrence, and one that is no more must go.
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import argparse
import ast
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ALLOWED = Path(__file__).with_name("wording_allowed.json")
CODE = ("functions", "layers/core/gardenshop")
SAMPLE = "collections/sample"
_LISTS = "wording.json"
"""The words themselves."""


class Text(NamedTuple):
    """A string and where it stands: a file, and in it a function or the path of a field."""

    place: str
    text: str


class Finding(NamedTuple):
    """A word that must go, or that somebody must answer for."""

    place: str
    word: str
    problem: str
    text: str


def main(arguments: list[str] | None = None) -> int:
    """List the findings; return 1 when there are any."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    options = parser.parse_args(arguments)
    texts = list(shown(bootstrap.ROOT))
    findings = judge(texts, json.loads(ALLOWED.read_text("utf-8")))
    if options.json:
        told = {"texts": len(texts), "findings": [finding._asdict() for finding in findings]}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            print(f"{finding.place}: {finding.word}: {finding.problem}\n    {finding.text}")
        print(f"{len(texts)} texts, {len(findings)} findings")
    return 1 if findings else 0


def shown(root: Path) -> Iterator[Text]:
    """Yield every text with Chinese in it that the project at *root* can show."""
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.py")):
            yield from _literals(path, path.relative_to(root).as_posix())
        for path in sorted((root / folder).rglob("*.json")):
            if path.name != _LISTS:
                yield from _strings(json.loads(path.read_text("utf-8")), path.relative_to(root).as_posix())
    for path in sorted((root / SAMPLE).glob("*.json")):
        for document in json.loads(path.read_text("utf-8"))["documents"]:
            yield from _strings(document, f"{path.relative_to(root).as_posix()} {document['_id']}")


def judge(texts: list[Text], allowed: list[dict[str, str]]) -> list[Finding]:
    """Return what is wrong with *texts*, of which the doubtful words in *allowed* are answered for."""
    from gardenshop.rules.wording import find_claims  # noqa: PLC0415  # `bootstrap` shows the way to it.

    left = Counter((entry["place"], entry["word"]) for entry in allowed if entry["why"].strip())
    findings = []
    for text in texts:
        for claim in find_claims(text.text):
            place = (text.place, claim.word)
            if claim.level == "block":
                findings.append(Finding(*place, f"must not be said ({claim.kind})", text.text))
            elif left[place]:
                left[place] -= 1
            else:
                findings.append(Finding(*place, f"is not answered for ({claim.kind})", text.text))
    gone = (place for place, count in left.items() for _ in range(count))
    return findings + [Finding(*place, "is allowed, but not there", "") for place in gone]


def _literals(path: Path, name: str) -> Iterator[Text]:
    """Yield the Chinese strings of a module, but not its docstrings, by the function or class they are in."""
    tree = ast.parse(path.read_text("utf-8"))
    for owner in [tree, *(each for each in tree.body if isinstance(each, _OWNERS))]:
        place = name if isinstance(owner, ast.Module) else f"{name} {owner.name}"
        for node in _own_nodes(owner):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_chinese(node.value):
                yield Text(place, node.value)


_OWNERS = (ast.FunctionDef, ast.ClassDef)


def _own_nodes(owner: ast.AST) -> Iterator[ast.AST]:
    """Yield what is in *owner* and in no function or class of a module, without bare strings."""
    for child in ast.iter_child_nodes(owner):
        is_text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        if is_text or (isinstance(owner, ast.Module) and isinstance(child, _OWNERS)):
            continue
        yield child
        yield from _own_nodes(child)


def _strings(value: Any, place: str) -> Iterator[Text]:
    if isinstance(value, str) and _is_chinese(value):
        yield Text(place, value)
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from _strings(part, f"{place}.{name}")


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


if __name__ == "__main__":
    bootstrap.enter()
    sys.exit(main())
