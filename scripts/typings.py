"""Write what the mini-program's developers need: types of every function, a typed call, OpenAPI.

python3 scripts/typings.py             into .local/typings/
python3 scripts/typings.py --out DIR   into DIR, such as miniprogram/typings of the mini-program
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import argparse
import json
import sys
from pathlib import Path

OUT = bootstrap.ROOT / ".local" / "typings"


def main() -> int:
    """Write the three files and say where."""
    options = _parse()
    bootstrap.enter()
    from clients import catalogue, openapi, typescript  # noqa: PLC0415  # Importable only from here on.

    entries = catalogue.read(bootstrap.ROOT)
    texts = {
        "cloud-functions.d.ts": typescript.declarations(entries),
        "call.ts": typescript.call_source(),
        "openapi.json": json.dumps(openapi.document(entries), ensure_ascii=False, indent=2) + "\n",
    }
    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (options.out / name).write_text(text, encoding="utf-8", newline="\n")
    if options.json:
        print(json.dumps({"functions": len(entries), "files": [str(options.out / name) for name in texts]}))
    else:
        print(f"{len(entries)} functions: {', '.join(texts)} in {options.out}")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    where = f"default: {OUT.relative_to(bootstrap.ROOT)}"
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help=where)
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
