"""OpenAPI 3.1 of the functions, at the paths of the local cloud."""

from typing import Any

from clients.catalogue import Entry, Schema, errors

_REF = "#/components/schemas/"


def document(entries: list[Entry]) -> dict[str, Any]:
    """Return the OpenAPI document of *entries*; each function has its schemas under its own name."""
    schemas: dict[str, Schema] = {"Refused": _refused()}
    paths = {}
    for entry in entries:
        asked, answered = f"{entry.name}.Request", f"{entry.name}.Reply"
        schemas |= _placed(entry.request, asked) | _placed(entry.reply, answered)
        paths[f"/functions/{entry.name}"] = {"post": _operation(entry, asked, answered)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "我的花园 × 九悦素供", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(entry: Entry, asked: str, answered: str) -> dict[str, Any]:
    done = {
        "type": "object",
        "properties": {
            "code": {"const": 0},
            "message": {"type": "string"},
            "data": {"$ref": _REF + answered},
            "requestId": {"type": "string"},
        },
        "required": ["code", "message", "data", "requestId"],
    }
    reply = {"anyOf": [done, {"$ref": f"{_REF}Refused"}]}
    return {
        "operationId": entry.name,
        "summary": entry.about,
        "tags": [entry.caller],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": _REF + asked}}}},
        "responses": {
            "200": {"description": entry.about, "content": {"application/json": {"schema": reply}}}
        },
    }


def _refused() -> Schema:
    """Return the schema of a refusal; `code` and `error` belong together."""
    return {
        "type": "object",
        "properties": {
            "code": {"enum": [error.code for error in errors()]},
            "error": {"enum": [error.name for error in errors()]},
            "message": {"type": "string"},
            "details": {"type": "object"},
            "requestId": {"type": "string"},
        },
        "required": ["code", "error", "message", "details", "requestId"],
    }


def _placed(schema: Schema, name: str) -> dict[str, Schema]:
    """Return *schema* and its definitions as components, with references that lead there."""
    own = {key: value for key, value in schema.items() if key != "$defs"}
    found = {name: _moved(own, name)}
    found |= {f"{name}.{key}": _moved(value, name) for key, value in schema.get("$defs", {}).items()}
    return found


def _moved(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {
            key: f"{_REF}{name}.{of.rpartition('/')[2]}" if key == "$ref" else _moved(of, name)
            for key, of in value.items()
        }
    return [_moved(each, name) for each in value] if isinstance(value, list) else value
