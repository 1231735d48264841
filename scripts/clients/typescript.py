"""TypeScript for the mini-program: one namespace a function, and a `call` that knows them all.

The subset of JSON Schema that our models come to is written out by hand: the libraries that do it are Node's.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from clients.catalogue import Entry, Schema, errors

_CALL = Path(__file__).parents[1] / "templates/call.ts.txt"
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")


def call_source() -> str:
    """Return ``call.ts``: a call that narrows what comes back, and tries again only what may succeed."""
    transient = json.dumps([error.name for error in errors() if error.transient])
    return _CALL.read_text("utf-8").replace("__TRANSIENT__", transient)


def declarations(entries: Sequence[Entry]) -> str:
    """Return the ``.d.ts`` of all *entries*."""
    names = [json.dumps(error.name) for error in errors()]
    transient = [json.dumps(error.name) for error in errors() if error.transient]
    codes = dict.fromkeys(str(error.code) for error in errors())
    texts = "\n".join(f"   * - `{error.name}`（{error.code}）：{error.text}" for error in errors())
    functions = "\n".join(
        f"    {each.name}: {{ request: {each.name}.Request; reply: {each.name}.Reply }};" for each in entries
    )
    spaces = "\n".join(_namespace(each) for each in entries)
    return f"""\
/** 全部云函数的请求、回复与错误；由 scripts/typings.py 生成，请勿修改。 */
declare namespace CloudFunctions {{
  /** 每个云函数的请求与回复数据。 */
  interface Functions {{
{functions}
  }}

  type Name = keyof Functions;

  /**
   * 回复中可能出现的错误：
{texts}
   */
  type ErrorName = {" | ".join(names)};

  type ErrorCode = {" | ".join(codes)};

  /** 值得稍后重试的错误。 */
  type TransientErrorName = {" | ".join(transient)};

  interface Done<N extends Name> {{
    code: 0;
    message: string;
    data: Functions[N]["reply"];
    requestId: string;
  }}

  interface Refused {{
    code: ErrorCode;
    error: ErrorName;
    message: string;
    details: Record<string, unknown>;
    requestId: string;
  }}

  type Reply<N extends Name> = Done<N> | Refused;

{spaces}}}
"""


def _namespace(entry: Entry) -> str:
    parts = [
        *_interfaces(entry.request, "Request"),
        *_interfaces(entry.reply, "Reply"),
    ]
    body = "\n".join(f"    {line}" if line else "" for part in parts for line in part.splitlines())
    return f"  /** {entry.about} */\n  namespace {entry.name} {{\n{body}\n  }}\n"


def _interfaces(schema: Schema, name: str) -> Iterator[str]:
    """Yield *schema* as the type *name*, then each of its definitions."""
    yield _declared(name, schema, name)
    for each, definition in schema.get("$defs", {}).items():
        yield _declared(f"{name}{each}", definition, name)


def _declared(name: str, schema: Schema, prefix: str) -> str:
    if "properties" not in schema:
        return f"type {name} = {_type(schema, prefix)};"
    required = schema.get("required", ())
    lines = (
        f"  {_key(field)}{'' if field in required else '?'}: {_type(of, prefix)};"
        for field, of in schema["properties"].items()
    )
    return "\n".join([f"interface {name} {{", *lines, "}"])


def _type(schema: Schema, prefix: str) -> str:
    if "$ref" in schema:
        return f"{prefix}{schema['$ref'].rpartition('/')[2]}"
    if "anyOf" in schema:
        return _union(_type(each, prefix) for each in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return _union(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return _array(schema, prefix)
    if schema.get("type") == "object":
        values = schema.get("additionalProperties", True)
        return f"Record<string, {_type(values, prefix) if isinstance(values, dict) else 'unknown'}>"
    return _PLAIN.get(schema.get("type", ""), "unknown")


def _array(schema: Schema, prefix: str) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(each, prefix) for each in schema['prefixItems'])}]"
    item = _type(schema.get("items", {}), prefix)
    return f"({item})[]" if "|" in item else f"{item}[]"


def _union(types: Iterable[str]) -> str:
    """Join *types*, each once, null last."""
    found = dict.fromkeys(types)
    return " | ".join(sorted(found, key=lambda each: each == "null"))


def _key(field: str) -> str:
    return field if _IDENTIFIER.fullmatch(field) else json.dumps(field)
