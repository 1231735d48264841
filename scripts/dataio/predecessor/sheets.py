"""Old records as they were exported: a JSON list, an object a line, or a table as CSV or XLSX.

In a table a record is a row, or several that follow each other. A layout says which column is which field of
the record; it is data (``layouts/<file>.json``), and another folder of them may be given instead.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

from openpyxl import load_workbook
from pydantic import BaseModel, ConfigDict, Field, ValidationError

LAYOUTS = Path(__file__).with_name("layouts")
SUFFIXES = (".json", ".jsonl", ".csv", ".xlsx")

_ENCODINGS = ("utf-8-sig", "gb18030")
"""What spreadsheets write: Unicode with a mark, or what Windows has in China."""

_SEPARATORS = str.maketrans(dict.fromkeys("，,；;|", "、"))
_ITEM = "[]."

Row = Mapping[str, Any]


class Unreadable(Exception):
    """A file is not what an export looks like; the message names it."""


class Column(BaseModel):
    """Where a cell goes: ``a.b`` is in a part of the record, ``a[].b`` in the item that a row adds to a list.

    *codes* are words of the table with what they are called in the record; other words stay as they are.
    """

    model_config = ConfigDict(extra="forbid")

    to: str
    kind: Literal["text", "number", "list"] = Field(default="text", alias="as")
    codes: dict[str, str] = {}


class Layout(BaseModel):
    """The columns of a table by their headings; rows with the same *key* are one record."""

    model_config = ConfigDict(extra="forbid")

    about: str
    key: str
    columns: dict[str, Column]


def path_of(folder: Path, name: str) -> Path | None:
    """Return the file *name* of *folder*, in whichever form it is there, or None.

    Raises:
        Unreadable: it is there in two forms.
    """
    found = [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").exists()]
    if len(found) > 1:
        raise Unreadable(f"{found[0]} and {found[1].name}: which of the two is meant?")
    return found[0] if found else None


def read(path: Path, layouts: Path = LAYOUTS) -> Iterator[Any]:
    """Yield the records of *path*; a number is what was written, to the last digit.

    Raises:
        Unreadable: the file is not what an export looks like, or has no layout.
    """
    if path.suffix in {".json", ".jsonl"}:
        return _objects(path)
    layout = _layout(layouts / f"{path.stem}.json")
    rows = _csv(path) if path.suffix == ".csv" else _xlsx(path)
    return _records(path, rows, layout)


def _objects(path: Path) -> Iterator[Any]:
    """Yield the objects of a list, or of an object a line, as the console exports them."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline()
            if first.lstrip().startswith("{"):
                yield from (_parsed(line) for line in (first, *file) if line.strip())
                return
            found = _parsed(first + file.read())
    except ValueError as error:
        raise Unreadable(f"{path}: {error}") from error
    if not isinstance(found, list):
        raise Unreadable(f"{path} is not a list of records")
    yield from found


def _parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_constant=Decimal)


def _layout(path: Path) -> Layout:
    try:
        return Layout.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError:
        raise Unreadable(f"No layout {path.name} says what the columns of this table are.") from None
    except ValidationError as error:
        raise Unreadable(f"{path}: {error}") from error


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding=_encoding(path), newline="") as file:
        try:
            yield from csv.DictReader(file, strict=True, restkey="")
        except csv.Error as error:
            raise Unreadable(f"{path}: {error}") from error


def _encoding(path: Path) -> str:
    for encoding in _ENCODINGS:
        try:
            with path.open(encoding=encoding) as file:
                while file.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise Unreadable(f"{path} is neither UTF-8 nor GB 18030")


def _xlsx(path: Path) -> Iterator[Row]:
    """Yield the rows of the first sheet."""
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from error
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        heads = [_text(cell) for cell in next(rows, ())]
        yield from (dict(zip(heads, row, strict=False)) for row in rows if any(row))
    finally:
        book.close()


def _records(path: Path, rows: Iterator[Row], layout: Layout) -> Iterator[dict[str, Any]]:
    for _, group in groupby(rows, lambda row: _key(path, row, layout.key)):
        yield _record(list(group), layout)


def _key(path: Path, row: Row, name: str) -> str:
    if name not in row:
        raise Unreadable(f"{path} has no column {name}")
    return _text(row[name])


def _record(rows: list[Row], layout: Layout) -> dict[str, Any]:
    """Lay out *rows*: of what is said once the first row counts, each row adds its items."""
    record: dict[str, Any] = {}
    for row in rows:
        items: dict[str, dict[str, Any]] = {}
        for head, cell in row.items():
            column = layout.columns.get(head, Column(to=head))
            value = _value(cell, column)
            if value in (None, "", []):
                continue
            if _ITEM in column.to:
                name, _, field = column.to.partition(_ITEM)
                items.setdefault(name, {})[field] = value
            else:
                _put(record, column.to, value)
        for name, item in items.items():
            record.setdefault(name, []).append(item)
    return record


def _put(record: dict[str, Any], place: str, value: Any) -> None:
    *parts, field = place.split(".")
    for part in parts:
        record = record.setdefault(part, {})
    record.setdefault(field, value)


def _value(cell: Any, column: Column) -> Any:
    text = _text(cell)
    if column.kind == "list":
        return [part for part in text.translate(_SEPARATORS).split("、") if part]
    if column.kind == "number" and text:
        try:
            return Decimal(text.replace(",", ""))
        except InvalidOperation:
            return text  # Its mapper refuses it by name.
    return column.codes.get(text, text)


def _text(cell: Any) -> str:
    """Return a cell as it reads: a date without a time of midnight, a whole number without a point."""
    if cell is None:
        return ""
    if isinstance(cell, list):
        return "、".join(map(str, cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes").removesuffix(" 00:00")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
