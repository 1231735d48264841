"""Tables are read as records: whatever spreadsheet wrote them, and whatever their columns are called."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from dataio.predecessor.files import FILES, Names, convert
from dataio.predecessor.sheets import LAYOUTS, Unreadable, path_of, read

HEADS = ("会员编号", "手机号", "昵称", "等级", "可用积分", "积分到期日", "注册时间", "微信号")
MINT = ("20001", "13900020001", "青禾", "银", "1,860", "2027-03-31", "2024-09-02 10:00", "wx1")
RECORD = {
    "memberId": "20001",
    "phone": "13900020001",
    "nickname": "青禾",
    "level": "silver",
    "points": Decimal(1860),
    "pointsExpireOn": "2027-03-31",
    "registeredAt": "2024-09-02 10:00",
    "微信号": "wx1",
}
ITEM_HEADS = ("订单编号", "会员编号", "状态", "商品编号", "数量", "单价（元）", "实付（元）")


def csv_file(folder: Path, name: str, *rows: Sequence[str], encoding: str = "utf-8-sig") -> Path:
    path = folder / f"{name}.csv"
    lines = (",".join(f'"{cell}"' for cell in row) for row in rows)
    path.write_text("\r\n".join(lines), encoding=encoding, newline="")
    return path


def xlsx_file(folder: Path, name: str, *rows: Sequence[Any]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    book.save(folder / f"{name}.xlsx")
    return folder / f"{name}.xlsx"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_row_is_a_record_in_the_words_of_the_shop(tmp_path: Path, encoding: str) -> None:
    path = csv_file(tmp_path, "members", HEADS, MINT, encoding=encoding)

    assert list(read(path)) == [RECORD]


def test_cells_of_a_workbook_read_as_they_look(tmp_path: Path) -> None:
    row = (
        20001,
        13900020001.0,
        "青禾",
        "银",
        1860,
        date(2027, 3, 31),
        datetime.fromisoformat("2024-09-02T10:00"),
        "wx1",
    )
    path = xlsx_file(tmp_path, "members", HEADS, row, (None,) * 8)

    assert list(read(path)) == [RECORD]


def test_money_in_a_workbook_is_what_the_cell_says(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, "orders", ("订单编号", "实付（元）"), ("JY1", 12.8), ("JY2", 38))

    assert [record["paid"] for record in read(path)] == [Decimal("12.8"), Decimal(38)]


def test_rows_that_follow_each_other_with_one_key_are_one_record(tmp_path: Path) -> None:
    rows = [
        ("JY1", "20001", "已完成", "JY-001", "2", "12.80", "38.40"),
        ("JY1", "", "", "JY-002", "1", "12.80", ""),
        ("JY2", "20002", "换货中", "JY-001", "1", "12.80", "12.80"),
    ]

    first, second = read(csv_file(tmp_path, "orders", ITEM_HEADS, *rows))

    assert first == {
        "orderNo": "JY1",
        "memberId": "20001",
        "status": "completed",
        "paid": Decimal("38.40"),
        "items": [
            {"productId": "JY-001", "quantity": Decimal(2), "price": Decimal("12.80")},
            {"productId": "JY-002", "quantity": Decimal(1), "price": Decimal("12.80")},
        ],
    }
    assert (second["orderNo"], second["status"]) == ("JY2", "换货中")


def test_lists_and_parts_are_laid_out(tmp_path: Path) -> None:
    heads = ("商品编号", "推荐节气", "四性", "售价（元）", "规格编号")
    (record,) = read(csv_file(tmp_path, "products", heads, ("JY-1", "谷雨、小满;立夏", "平", "免费", "s")))

    assert record == {
        "productId": "JY-1",
        "recommendTags": {"solarTerms": ["谷雨", "小满", "立夏"]},
        "linkedData": {"tcmProperties": {"nature": "平"}},
        "specs": [{"price": "免费", "specId": "s"}],
    }


def test_another_layout_may_be_given(tmp_path: Path) -> None:
    layouts = tmp_path / "layouts"
    layouts.mkdir()
    layout = {"about": "another shop's", "key": "id", "columns": {"id": {"to": "memberId"}}}
    (layouts / "members.json").write_text(json.dumps(layout), "utf-8")
    path = csv_file(tmp_path, "members", ("id", "x"), ("7", "y"))

    assert list(read(path, layouts)) == [{"memberId": "7", "x": "y"}]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("members.csv", b"\xff\xff\xff", "neither UTF-8 nor GB 18030"),
        ("members.csv", "昵称\n青禾".encode(), "has no column 会员编号"),
        ("members.csv", '会员编号\n"1'.encode(), "unexpected end"),
        ("others.csv", b"a\n1", "No layout others.json"),
        ("members.xlsx", b"PK no workbook", "members.xlsx"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(Unreadable, match=problem):
        list(read(tmp_path / name))


def test_a_file_in_two_forms_is_in_doubt(tmp_path: Path) -> None:
    for suffix in ("csv", "json"):
        (tmp_path / f"members.{suffix}").write_text("[]", "utf-8")

    with pytest.raises(Unreadable, match="which of the two is meant"):
        path_of(tmp_path, "members")


@pytest.mark.parametrize("path", sorted(LAYOUTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_layout_is_of_a_file_that_is_read_and_its_key_is_a_column(path: Path) -> None:
    layout = json.loads(path.read_text("utf-8"))

    assert path.stem in FILES
    assert layout["key"] in layout["columns"]


def test_what_a_table_lacks_is_refused_record_by_record(tmp_path: Path) -> None:
    csv_file(tmp_path, "members", HEADS, MINT, ("20002", "12345", *MINT[2:]), ("", *MINT[1:]))
    names = Names({}, {}, {}, {})

    refusals = [one.refusal for one in convert(tmp_path, names, phone_hash_key="k" * 32)]

    assert refusals == ["", "phone is not a mobile number of the mainland", "memberId is not a text"]
    assert [one.refusal for one in convert(tmp_path, names)] == [
        "the phone cannot be hashed: PHONE_HASH_KEY is not set"
    ] * 3
