"""The whole way there and back: what was imported is traded with, taken back, and the books still hold."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dataio import compensation, documents, undoing
from dataio.journal import Journal, of_files, sha256
from dataio.predecessor import files
from dataio.report import Report
from faults import Killed
from gardenshop.cloud.clock import HOUR
from gardenshop.cloud.database import Document, update
from gardenshop.flows.accounts import claim, phone_hash
from harness import PHONE_KEY, A, user_id
from small_shop import SmallShop, open_small_shop

from .test_data_predecessor import INGREDIENT, PRODUCT, RECIPE
from .test_data_sheets import csv_file

PHONE, OTHER_PHONE = "13900020001", "13900020002"
RICE = "JY-009-2kg"
MEMBERS = (
    ("会员编号", "手机号", "昵称", "等级", "可用积分", "积分到期日"),
    ("20001", PHONE, "青禾", "银", "860", "2027-03-31"),
    ("20002", OTHER_PHONE, "小满", "铜", "40", "2027-03-31"),
)
ORDER = ("订单编号", "会员编号", "状态", "下单时间", "付款时间", "完成时间")
SUMS = ("优惠（元）", "运费（元）", "实付（元）")
ITEM = ("商品编号", "规格编号", "商品名称", "规格名称", "数量", "单价（元）")
MAY = ("2026-05-12 20:14", "2026-05-12 20:16", "2026-05-20 09:00")
JUNE = ("2026-06-12", "2026-06-12", "2026-06-20")
RICE_BAG = ("JY-009", "spec-2kg", "糙米", "2kg装")
ORDERS = (
    (*ORDER, *SUMS, *ITEM),
    ("JY1", "20001", "已完成", *MAY, "1.01", "10.00", "86.59", *RICE_BAG, "2", "38.80"),
    ("JY1", *[""] * 8, "JY-010", "spec-1", "赠品", "100g", "1", "0"),
    ("JY2", "20002", "已完成", *JUNE, "0", "10", "48.80", *RICE_BAG, "1", "38.80"),
    ("JY3", "20001", "待发货", *JUNE, "0", "10", "48.80", *RICE_BAG, "1", "38.80"),
)


class Migration:
    """The old shop's files, a shop that takes them in, and the way back."""

    def __init__(self, small: SmallShop, source: Path) -> None:
        self.small = small
        self.source = source
        source.mkdir()
        other = {**PRODUCT, "productId": "JY-010", "name": "九悦有机小米"}
        for name, records in (
            ("products", [PRODUCT, other]),
            ("ingredients", [{**INGREDIENT, "name": "莲藕"}]),
        ):
            (source / f"{name}.json").write_text(json.dumps(records, ensure_ascii=False), "utf-8")
        csv_file(source, "members", *MEMBERS)
        csv_file(source, "orders", *ORDERS)
        self.before = small.shop.dump()

    def take_in(self) -> Report:
        """Import the files; again is the same."""
        adapter, report = self.small.shop.adapter, Report()
        stored = files.stored_names(adapter)
        outcomes = files.convert(self.source, stored, phone_hash_key=PHONE_KEY)
        journal = self.journal
        journal.note(startedAt=1)
        for one in documents.store(adapter, report.records(outcomes), announce=journal.announce):
            report.written(one)
        return report

    @property
    def journal(self) -> Journal:
        return of_files("small", sha256(files.files(self.source)))

    def take_back(self) -> dict[str, dict[str, int]]:
        """Take the import back; return what became of how many, by collection."""
        counts: dict[str, Counter[str]] = {}
        for step in self.steps():
            counts.setdefault(step.collection, Counter())[undoing.take(step).outcome] += 1
        return {name: dict(found) for name, found in counts.items()}

    def steps(self, *, dry: bool = False) -> Iterator[undoing.Step]:
        return undoing.steps(self.small.db, self.journal, dry=dry)

    def claim(self, phone: str = PHONE) -> None:
        """Let A log in as who she was at the old shop."""
        self.small.db.write(claim(user_id(A), phone_hash(phone, PHONE_KEY), self.small.now))
        reply = self.small.call("login", {}, A)
        assert reply["data"]["merged"], reply

    def buy(self, units: int, *, points: int = 0, paid: bool = True) -> str:
        """Let A order rice and, if she is to have *paid*, pay for it."""
        wish: Document = {
            "lines": [{"skuId": RICE, "quantity": units}],
            **({"points": points} if points else {}),
        }
        preview = self.small.call("checkout_preview", wish, A)
        total = preview["data"]["totals"]["payableFen"]
        token = f"rice-{units}-{points}"
        reply = self.small.call("checkout", {**wish, "clientToken": token, "expectedTotalFen": total}, A)
        assert reply["code"] == 0, reply
        order_no = str(reply["data"]["orderNo"])
        if paid:
            attempt = self.small.open_payment(order_no)
            self.small.till.pay(attempt)
            self.small.notify(attempt)
            self.small.rest()
        return order_no

    def breaches(self) -> list[str]:
        """Return the laws that are broken when the outbox has nothing left to do."""
        self.small.rest()
        return self.small.breaches()

    def stock(self) -> dict[str, int]:
        found = self.small.shop.one("inventory", RICE)
        return {name: found.get(name) or 0 for name in ("onHand", "available", "reserved")}


@pytest.fixture
def migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Migration]:
    monkeypatch.setattr("dataio.journal.TOP", tmp_path / "imports")
    with open_small_shop() as small:
        for module in (compensation, undoing):
            monkeypatch.setattr(module, "now_ms", lambda: small.now)
        yield Migration(small, tmp_path / "source")


def test_everything_is_taken_in_and_the_books_hold(migration: Migration) -> None:
    report = migration.take_in()

    assert report.sums == {"priceFen": 7760, "onHand": 600, "points": 900, "paidFen": 13_539}
    assert report.files["orders"] == {"accepted": 2, "repaired": 1}
    order = migration.small.shop.one("orders", "JY1")
    assert [(line["paidFen"], line["freightFen"]) for line in order["lines"]] == [(7659, 1000), (0, 0)]
    assert migration.small.shop.one("users", "legacy:20001")["phoneHash"] == phone_hash(PHONE, PHONE_KEY)
    assert "phone" not in json.dumps(migration.small.shop.one("users", "legacy:20001")["addresses"])
    assert migration.breaches() == []


def test_nothing_is_left_of_an_import_that_nobody_used(migration: Migration) -> None:
    migration.take_in()

    migration.take_back()

    assert migration.small.shop.dump() == migration.before


def test_the_dry_run_tells_what_the_real_one_does(migration: Migration) -> None:
    """A food that only imported recipes use goes with them; that of a recipe that stays, stays."""
    foods = [{**INGREDIENT, "name": name} for name in ("莲藕", "香菇")]
    recipes = [_recipe("r_1", "莲藕"), _recipe("r_2", "香菇")]
    for file, records in (("ingredients", foods), ("recipes", recipes)):
        (migration.source / f"{file}.json").write_text(json.dumps(records, ensure_ascii=False), "utf-8")
    migration.take_in()
    changed = {"$set": {"title": "新名", "updatedAt": migration.small.now}}
    migration.small.db.write(update("recipes", {"_id": "r_2"}, changed))

    planned = [step[:4] for step in migration.steps(dry=True)]
    done = [undoing.take(step)[:4] for step in migration.steps()]

    assert planned == done
    assert [step[2:] for step in done if step[0] == "ingredients"] == [
        ("deleted", ""),
        ("kept", "used by recipes"),
    ]


def _recipe(key: str, food: str) -> Document:
    return {**RECIPE, "recipeId": key, "ingredients": [{"name": food, "amount": 100, "unit": "g"}]}


def test_what_was_sold_and_spent_since_stays_sold_and_spent(migration: Migration) -> None:
    migration.take_in()
    migration.claim()
    migration.buy(3, points=300)
    migration.buy(2, paid=False)
    earned = account(migration)["points"]["shop"]["pending"]

    counts = migration.take_back()

    assert migration.stock() == {"onHand": 2, "available": 0, "reserved": 2}
    assert account(migration)["points"]["shop"] == {
        "available": 0,
        "pending": earned,
        "reserved": 0,
        "debt": 0,
    }
    assert earned > 0
    assert counts == {
        "orders": {"deleted": 2},
        "users": {"kept": 1, "deleted": 1},
        "points_ledger": {"taken back": 1, "deleted": 1},
        "inventory": {"taken back": 1, "deleted": 1},
        "stock_ledger": {"kept": 1, "deleted": 1},
        "products": {"off the shelf": 1, "deleted": 1},
        "ingredients": {"deleted": 1},
    }
    assert migration.small.shop.one("products", "JY-009")["status"] == "off_sale"
    assert migration.breaches() == []


def test_taking_back_twice_takes_once_whatever_arrives_meanwhile(migration: Migration) -> None:
    migration.take_in()
    migration.claim()
    migration.buy(3)
    migration.take_back()
    stock = migration.small.shop.one("inventory", RICE)
    more = {"onHand": 50, "available": 50}
    row = {"_id": f"{RICE}:receive:x", "skuId": RICE, "reason": "receive", "ref": "x", "deltas": more}
    stamps = {
        "schemaVersion": 1,
        "createdAt": 1,
        "updatedAt": 1,
        "day": "2026-11-29",
        "actor": "x",
        "state": "final",
    }
    migration.small.shop.add("stock_ledger", {**row, **stamps})
    migration.small.db.write(update("inventory", {"_id": stock["_id"]}, {"$inc": more}))
    assert migration.small.award(A, 70, "award-later", book="shop")["code"] == 0

    counts = migration.take_back()

    assert (counts["inventory"], counts["points_ledger"]) == ({"gone": 2}, {"gone": 2})
    assert migration.stock() == {"onHand": 50, "available": 50, "reserved": 0}
    assert account(migration)["points"]["shop"]["available"] == 70
    assert migration.breaches() == []


def test_what_members_and_operators_made_of_it_stays(migration: Migration) -> None:
    migration.take_in()
    migration.claim()
    review: Document = {"orderNo": "JY1", "lineId": "1", "score": 5, "text": "米香浓"}
    assert migration.small.call("review_add", review, A)["code"] == 0
    migration.small.db.write(
        update("products", {"_id": "JY-010"}, {"$set": {"title": "新名", "updatedAt": migration.small.now}})
    )

    counts = migration.take_back()

    assert counts["orders"] == {"kept": 1, "deleted": 1}
    assert migration.small.shop.one("products", "JY-010")["title"] == "新名"
    assert counts["products"] == {"off the shelf": 2}
    assert migration.breaches() == []


def test_what_others_use_and_what_was_edited_stays(migration: Migration) -> None:
    migration.take_in()
    (root,) = migration.small.shop.documents("ingredients", {"name": "莲藕"})
    eaten = {"items": [{"ingredientId": root["_id"], "grams": 200}], "clientToken": "lotus-root"}
    edited = {"_id": "legacy:20002"}
    assert migration.small.call("meal_record", {"action": "record", **eaten}, A)["code"] == 0
    migration.small.db.write(update("users", edited, {"$set": {"nickname": "新名", "updatedAt": 2}}))

    reasons = {step.key: step.reason for step in migration.steps() if step.outcome == "kept"}
    migration.take_back()

    assert reasons == {
        root["_id"]: "used by meals",
        "legacy:20002": "changed since",
        "opening:legacy:20002:import": "its account has changed since",
    }
    assert migration.small.shop.one("users", "legacy:20002")["nickname"] == "新名"
    assert migration.small.shop.one("ingredients", root["_id"]) == root
    assert migration.breaches() == []


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({8: "86.58"}, "the sums of JY1 do not agree: 7760 - 101 + 1000 is not 8658 fen"),
        ({6: "100.00", 8: "-12.40"}, "paid is negative"),
        ({3: "昨天"}, "昨天 is not a time"),
        ({9: ""}, "items.productId is not a text"),
        ({12: "一袋", 14: "贵"}, "items.price is not a number"),
    ],
)
def test_an_order_that_does_not_add_up_is_refused(
    migration: Migration, change: dict[int, str], refusal: str
) -> None:
    row = [change.get(place, cell) for place, cell in enumerate(ORDERS[1])]
    csv_file(migration.source, "orders", ORDERS[0], row)

    report = migration.take_in()

    assert [line.why for line in report.lines.shown if line.file == "orders"] == [refusal]
    assert migration.small.shop.documents("orders") == []


def test_a_field_that_was_refreshed_is_again_what_it_was_unless_somebody_changed_it(
    migration: Migration,
) -> None:
    migration.take_in()
    (found,) = migration.small.shop.documents("ingredients", {"name": "莲藕"})
    older = {"factorG": 1, "category": "旧类", "updatedAt": 1}
    migration.small.db.write(
        update("ingredients", {"_id": found["_id"]}, {"$set": older, "$unset": {"nameEn": ""}})
    )
    before = migration.small.shop.one("ingredients", found["_id"])

    assert migration.take_in().fates["ingredients"] == {"refreshed": 1}
    migration.small.db.write(update("ingredients", {"_id": found["_id"]}, {"$set": {"category": "新类"}}))
    counts = migration.take_back()

    assert counts["ingredients"] == {"put back": 1}
    assert migration.small.shop.one("ingredients", found["_id"]) == {**before, "category": "新类"}


@pytest.mark.parametrize("lives", range(0, 40, 3))
def test_whoever_dies_on_the_way_starts_again(migration: Migration, lives: int) -> None:
    dying(migration, lives, migration.take_in)
    migration.claim()
    migration.buy(3, points=300)
    dying(migration, lives, migration.take_back)
    migration.small.now += HOUR
    migration.small.rest()
    migration.take_back()

    assert migration.stock() == {"onHand": 0, "available": 0, "reserved": 0}
    assert account(migration)["points"]["shop"]["available"] == 0
    assert {entry["_id"] for entry in migration.small.shop.documents("users")} == {
        *(user["_id"] for user in migration.before["users"]),
        "legacy:20001",
    }
    assert migration.breaches() == []


def dying(migration: Migration, lives: int, act: Any) -> None:
    """Let *act* die after some writes, and start it again."""
    migration.small.fragile.doom(lives)
    try:
        act()
    except Killed:
        migration.small.fragile.heal()
        act()
    migration.small.fragile.heal()


def account(migration: Migration) -> Document:
    return migration.small.shop.one("users", user_id(A))
