"""A restore does not bring back who was erased since the backup, nor a wish that was taken back."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dataio import access, keeping
from dataio.cli import run
from faults import Killed
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.cloud.database import Document, find
from gardenshop.rules.privacy import CONFIRMATION
from harness import ENV, PHONE_KEY, A, B, user_id
from small_shop import ADDRESS, SmallShop, open_small_shop

NAME, STREET, PHONE = "沈素心", "文三路 86 号", "13912345678"
TRACES = (A, user_id(A), NAME, STREET, PHONE)
"""What must be nowhere once she is erased."""


class Keeper:
    """The cloud as the commands of scripts/data.py see it, over a small shop."""

    def __init__(self, small: SmallShop, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.small = small
        self.place = ("--folder", str(folder))
        self.capsys = capsys

    def run(self, commands: Sequence[Document]) -> list[list[Document]]:
        """Run *commands* in the shop's database."""
        return self.small.fragile.run(commands)

    def create_collection(self, name: str, permission: str) -> None:
        """Create the collection *name* unless it is there."""
        assert permission == "ADMINONLY"
        if name not in self.small.shop.engine.list_collections(ENV):
            self.small.shop.engine.create_collection(ENV, name)

    def command(self, *arguments: str) -> tuple[int, Any]:
        """Run a command a minute later; return its exit code and what it printed."""
        self.small.now += MINUTE
        self.capsys.readouterr()
        code = run([*arguments, *self.place, "--json"], description="")
        captured = self.capsys.readouterr()
        return code, json.loads(captured.out) if captured.out else captured.err.strip()

    def backup(self) -> str:
        """Make a backup and return its id."""
        code, told = self.command("backup")
        assert code == 0, told
        return str(told["id"])

    def restore(self, backup_id: str = "latest") -> Document:
        """Bring a backup back and return what was said."""
        code, told = self.command("restore", backup_id, "--apply")
        assert code == 0, told
        found: Document = told
        return found

    def everything(self) -> str:
        """Return all that is stored, whatever its collection, but for her id where the trail has it."""
        stored = {}
        for name in self.small.shop.engine.list_collections(ENV):
            (stored[name],) = self.small.shop.adapter.inner.run([find(name, {})])
        trail = {name: found for name, found in stored.items() if name.startswith("audit_logs")}
        text = json.dumps({**stored, **dict.fromkeys(trail, "")}, ensure_ascii=False)
        return text + json.dumps(trail, ensure_ascii=False).replace(user_id(A), "")


@pytest.fixture(name="small")
def _small() -> Iterator[SmallShop]:
    with open_small_shop() as small:
        yield small


@pytest.fixture(name="keeper")
def _keeper(
    small: SmallShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Keeper:
    keeper = Keeper(small, tmp_path, capsys)
    monkeypatch.setattr(keeping, "now_ms", lambda: small.now)
    monkeypatch.setattr(keeping, "CloudApi", lambda _: keeper)
    monkeypatch.setattr(access, "access", lambda _: None)
    monkeypatch.delenv("BACKUP_KEY", raising=False)
    return keeper


def buy(small: SmallShop, openid: str = A, token: str = "order-of-hers") -> str:
    """Order something with a name and an address, and pay for it."""
    address = {**ADDRESS, "name": NAME, "phone": PHONE, "detail": STREET}
    small.call("profile_update", {"nickname": NAME, "saveAddress": address}, openid)
    order_no = str(small.checkout(openid, {"tofu": 1}, token)["data"]["orderNo"])
    attempt_no = small.open_payment(order_no, openid)
    assert small.till.pay(attempt_no)
    small.notify(attempt_no)
    small.rest()
    return order_no


def complete(small: SmallShop, order_no: str) -> None:
    """Ship and receive the order, and let its days pass."""
    parcel = {"carrier": "顺丰速运", "trackingNo": "SF1"}
    event = {"orderNo": order_no, "clientToken": f"parcel-{order_no}", "parcels": [parcel]}
    assert small.call("admin_order_ship", event)["code"] == 0
    assert small.call("order_confirm", {"orderNo": order_no}, A)["code"] == 0
    small.now += 9 * DAY
    small.call("order_timeout")
    small.rest()


def ask(small: SmallShop, action: str = "erase") -> None:
    event = {"action": action, **({"confirmation": CONFIRMATION} if action == "erase" else {})}
    reply = small.call("privacy_request", event, A)
    assert reply["code"] == 0, reply


def erase(small: SmallShop) -> None:
    ask(small)
    small.now += 7 * DAY + MINUTE
    small.rest()
    assert small.shop.documents("users", {"_id": user_id(A)}) == []


def traces(keeper: Keeper) -> list[str]:
    stored = keeper.everything()
    return [trace for trace in TRACES if trace in stored]


def assert_gone(keeper: Keeper) -> None:
    """Nothing tells of her any more, the books are right, and B is untouched."""
    assert traces(keeper) == []
    assert keeper.small.breaches() == []
    assert keeper.small.shop.one("users", user_id(B))["openid"] == B


@pytest.mark.parametrize("backup", ["before", "after"])
def test_who_was_erased_since_is_erased_again(small: SmallShop, keeper: Keeper, backup: str) -> None:
    """Also where the backup is from before her order was completed, which nobody could be erased with."""
    order_no = buy(small)
    if backup == "before":
        keeper.backup()
    complete(small, order_no)
    if backup == "after":
        keeper.backup()
    erase(small)
    (alias,) = (each["_id"] for each in small.shop.documents("users", {"status": "closed"}))
    assert traces(keeper) == []

    told = keeper.restore()

    assert (told["erased"], told["asked"]) == (1, 0)
    assert small.shop.one("users", user_id(A))["erasure"]["alias"] == alias
    small.call("outbox_pump")
    assert_gone(keeper)
    order = small.order(order_no)
    assert (order["userId"], "address" in order) == (alias, False)
    assert small.call("login", {}, A)["code"] == 0


def test_doing_it_again_changes_nothing_and_brings_nobody_back(small: SmallShop, keeper: Keeper) -> None:
    complete(small, buy(small))
    keeper.backup()
    erase(small)
    keeper.restore()
    again = keeper.restore()["restored"]
    assert {name: counts for name, counts in again.items() if counts} == {"sync_tasks": {"new": 1}}
    small.rest()

    assert keeper.restore()["erased"] == 1
    small.rest()

    assert_gone(keeper)


def test_an_older_backup_right_after_brings_nobody_back_either(small: SmallShop, keeper: Keeper) -> None:
    order_no = buy(small)
    older = keeper.backup()
    complete(small, order_no)
    keeper.backup()
    erase(small)

    assert keeper.restore()["erased"] == keeper.restore(older)["erased"] == 1
    small.rest()

    assert_gone(keeper)


def test_a_run_that_died_anywhere_is_started_again_and_knows_her_still(
    small: SmallShop, keeper: Keeper
) -> None:
    complete(small, buy(small))
    keeper.backup()
    erase(small)
    start = small.fragile.writes
    keeper.restore()
    writes = small.fragile.writes - start
    small.rest()
    assert writes > 20

    for lives in range(0, writes, 3):
        small.fragile.doom(lives)
        with pytest.raises(Killed):
            keeper.command("restore", "latest", "--apply")
        small.fragile.heal()

        assert keeper.restore()["erased"] == 1
        small.rest()
        assert_gone(keeper)


def test_a_wish_that_is_not_due_yet_stands(small: SmallShop, keeper: Keeper) -> None:
    complete(small, buy(small))
    keeper.backup()
    ask(small)
    wish = small.shop.one("users", user_id(A))["erasure"]

    told = keeper.restore()

    assert (told["erased"], told["asked"]) == (0, 1)
    small.rest()
    assert small.shop.one("users", user_id(A))["erasure"] == wish
    small.now = wish["dueAt"]
    small.rest()
    assert small.shop.documents("users", {"_id": user_id(A)}) == []
    assert small.breaches() == []


def test_a_wish_that_was_taken_back_since_does_not_come_back(small: SmallShop, keeper: Keeper) -> None:
    complete(small, buy(small))
    ask(small)
    keeper.backup()
    ask(small, "revoke")
    small.now += 8 * DAY

    told = keeper.restore()
    small.rest()

    assert (told["erased"], told["asked"]) == (0, 0)
    account = small.shop.one("users", user_id(A))
    assert (account["nickname"], "erasure" in account) == (NAME, False)


def test_what_was_before_she_came_back_is_erased_again(small: SmallShop, keeper: Keeper) -> None:
    complete(small, buy(small))
    keeper.backup()
    erase(small)
    small.call("login", {}, A)

    assert keeper.restore()["erased"] == 1
    small.rest()

    assert small.shop.documents("users", {"_id": user_id(A)}) == []
    assert small.breaches() == []


@pytest.mark.parametrize(
    ("key", "says"), [("", "is needed"), ("b" * 32, "another PHONE_HASH_KEY")], ids=["none", "another"]
)
def test_without_the_key_of_the_functions_nothing_is_restored(
    small: SmallShop, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, key: str, says: str
) -> None:
    complete(small, buy(small))
    keeper.backup()
    erase(small)
    before = keeper.everything()
    monkeypatch.setenv("PHONE_HASH_KEY", key)
    monkeypatch.setattr(access, "LOCAL", Path("nowhere"))

    for arguments in (("latest",), ("latest", "--apply")):
        code, said = keeper.command("restore", *arguments)
        assert (code, says in said) == (2, True)
    assert keeper.everything() == before
    assert keeper.command("restore", "latest", "--collection", "products", "--apply")[0] == 0
    assert key != PHONE_KEY


def test_what_is_hers_does_not_come_back_without_her_account(small: SmallShop, keeper: Keeper) -> None:
    complete(small, buy(small))
    keeper.backup()
    erase(small)
    before = keeper.everything()

    code, said = keeper.command("restore", "latest", "--collection", "orders", "--apply")

    assert (code, "restore users, too" in said) == (2, True)
    assert keeper.everything() == before
    orders = ("--collection", "orders", "--collection", "users")
    assert keeper.command("restore", "latest", *orders, "--apply")[1]["erased"] == 1
    small.rest()
    assert traces(keeper) == []
