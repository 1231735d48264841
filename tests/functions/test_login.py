"""login: one account a member, and her former shop account merged into it exactly once."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import HOME, NOW, assert_lawful, die_everywhere, document, former, lot, rule, user
from functions.conftest import Clock, WeChat
from gardenshop.cloud.clock import MINUTE
from gardenshop.flows.accounts import device_hash, phone_hash
from harness import PHONE_KEY, A, B, Shop, user_id

PHONE = "13800010086"
HASH = phone_hash(PHONE, PHONE_KEY)
LOGIN = {"phoneCode": "code-a"}


@pytest.fixture(name="phone")
def _phone(wechat: WeChat) -> Callable[[str], None]:
    """Hand out a code for the phone."""

    def hand_out(code: str = "code-a", phone: str = PHONE) -> None:
        wechat.standin.set_phone(code, phone)

    hand_out()
    return hand_out


def legacy(shop: Shop) -> None:
    shop.add("users", former(phone_hash=HASH, addresses=[HOME]))
    shop.add(
        "points_ledger", {**lot("opening:10086", 860, book="shop", kind="opening"), "userId": "legacy:10086"}
    )
    shop.add("user_profiles_extended", document("user_profiles_extended", id="legacy:10086", goals=["少油"]))


def test_the_first_login_opens_an_account(shop: Shop, clock: Clock) -> None:
    del clock
    account = {
        "userId": user_id(A),
        "isNew": True,
        "nickname": "",
        "tier": "bronze",
        "roles": [],
        "gardenPoints": 0,
        "shopPoints": 0,
        "merged": [],
        "flags": [],
        "variants": {},
    }

    assert shop.ok("login", openid=A) == account
    assert shop.ok("login", openid=A) == {**account, "isNew": False}
    stored = shop.one("users", user_id(A))
    assert (stored["openid"], stored["createdAt"], stored["status"]) == (A, NOW, "active")


def test_a_flag_and_a_variant_of_hers_are_told(shop: Shop, clock: Clock) -> None:
    del clock
    halves = [{"name": "big", "shareBp": 10_000}, {"name": "small", "shareBp": 0}]
    for name, category, body in (
        ("flag:shop_migrated", "flag", {"shareBp": 10_000}),
        ("flag:staff_only", "flag", {"staff": True}),
        ("experiment:home", "experiment", {"on": "client", "variants": halves}),
        ("experiment:lists", "experiment", {"variants": halves}),
    ):
        shop.add("business_rules", rule(name, body, category=category))

    told = shop.ok("login", openid=A)
    assert (told["flags"], told["variants"]) == (["shop_migrated"], {"home": "big"})
    shop.add("users", user(B, roles=["warehouse"]))
    assert shop.ok("login", openid=B)["flags"] == ["shop_migrated", "staff_only"]


def test_logins_at_once_open_one_account(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    replies = at_once(*[("login", {}, A)] * 6)

    assert sorted(reply["data"]["isNew"] for reply in replies) == [False] * 5 + [True]
    assert len(shop.documents("users")) == 1


@pytest.mark.usefixtures("phone")
def test_the_former_account_is_merged_by_its_phone(shop: Shop, clock: Clock) -> None:
    legacy(shop)

    merged = shop.ok("login", LOGIN, openid=A)

    assert merged == {
        "userId": user_id(A),
        "isNew": True,
        "nickname": "素心",
        "tier": "silver",
        "phoneMasked": "138****0086",
        "roles": [],
        "gardenPoints": 0,
        "shopPoints": 860,
        "merged": ["legacy:10086"],
        "flags": [],
        "variants": {},
    }
    account, left = shop.one("users", user_id(A)), shop.one("users", "legacy:10086")
    assert (account["phoneHash"], account["addresses"]) == (HASH, [HOME])
    assert account["legacy"] == {"shopUid": "10086", "mergedAt": clock.now}
    assert (left["mergedInto"], left["legacy"]) == (user_id(A), {"mergedAt": clock.now})
    assert {"phoneHash", "points"}.isdisjoint(left)
    assert [row["userId"] for row in shop.documents("points_ledger")] == [user_id(A)]
    assert shop.one("user_profiles_extended", user_id(A))["goals"] == ["少油"]
    assert_lawful(shop)


@pytest.mark.usefixtures("phone")
def test_two_logins_at_once_merge_once(
    shop: Shop, phone: Callable[..., None], at_once: Callable[..., list[Any]]
) -> None:
    legacy(shop)
    codes = [f"code-{i}" for i in range(4)]
    for code in codes:
        phone(code)

    replies = at_once(*(("login", {"phoneCode": code}, A) for code in codes))

    assert {reply["code"] for reply in replies} == {0}
    assert shop.one("users", user_id(A))["points"]["shop"]["available"] == 860
    assert_lawful(shop)


def test_a_merge_broken_off_anywhere_is_finished_by_the_next_login(
    phone: Callable[..., None], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHONE_HASH_KEY", PHONE_KEY)
    codes = iter(f"again-{i}" for i in range(1000))

    def act(shop: Shop) -> None:
        code = next(codes)
        phone(code)
        shop.call("login", {"phoneCode": code}, openid=A)

    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        account = shop.one("users", user_id(A))
        assert (account["points"]["shop"]["available"], account["legacy"]["shopUid"]) == (860, "10086")
        assert_lawful(shop)

    assert die_everywhere(legacy, act, verify) > 8


@pytest.mark.usefixtures("phone")
def test_what_she_said_herself_stays(shop: Shop) -> None:
    legacy(shop)
    shop.add("users", user(nickname="小满", tier="gold", addresses=[{**HOME, "addressId": "new"}]))

    account = shop.ok("login", LOGIN, openid=A)

    assert (account["nickname"], account["tier"], account["shopPoints"]) == ("小满", "gold", 860)
    assert [each["addressId"] for each in shop.one("users", user_id(A))["addresses"]] == ["new"]


@pytest.mark.usefixtures("phone")
def test_a_phone_of_another_account_is_refused(shop: Shop) -> None:
    shop.add("users", user(A))
    shop.add("users", user(B, phoneHash=HASH))

    reply = shop.refused("login", LOGIN, openid=A)

    assert (reply["code"], reply["error"], reply["details"]) == (40908, "PHONE_TAKEN", {})


@pytest.mark.usefixtures("phone")
def test_a_former_account_merged_by_one_is_not_merged_by_another(
    shop: Shop, phone: Callable[..., None]
) -> None:
    legacy(shop)
    shop.ok("login", LOGIN, openid=A)
    shop.ok("login", openid=B)
    phone("code-b")

    assert shop.refused("login", {"phoneCode": "code-b"}, openid=B)["error"] == "PHONE_TAKEN"


@pytest.mark.usefixtures("phone")
def test_a_used_code_is_refused_but_not_to_who_has_a_phone(shop: Shop) -> None:
    shop.ok("login", LOGIN, openid=A)

    assert shop.ok("login", LOGIN, openid=A)["phoneMasked"] == "138****0086"
    reply = shop.refused("login", LOGIN, openid=B)
    assert (reply["code"], reply["error"]) == (40020, "PHONE_CODE_INVALID")


def test_when_wechat_does_not_answer_nothing_is_opened(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WECHAT_API_ENDPOINT", "http://127.0.0.1:9")

    reply = shop.refused("login", LOGIN, openid=A)

    assert (reply["code"], reply["error"]) == (50302, "UPSTREAM_UNAVAILABLE")


@pytest.mark.usefixtures("phone")
def test_without_the_hash_key_no_phone_is_stored(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PHONE_HASH_KEY")

    assert shop.refused("login", LOGIN, openid=A)["error"] == "INTERNAL"


def test_the_last_ten_devices_are_remembered_once_each_and_hashed(shop: Shop) -> None:
    devices = [f"device-{number:04}" for number in range(12)]
    for device in [*devices, devices[-1]]:
        shop.ok("login", {"deviceId": device}, openid=A)

    kept = shop.one("users", user_id(A))["deviceHashes"]
    assert kept == [device_hash(device, PHONE_KEY) for device in devices[2:]]
    assert device_hash("13800010086", PHONE_KEY) != phone_hash("13800010086", PHONE_KEY)
    assert "device-" not in repr(shop.dump())


@pytest.mark.parametrize("device", ["short", "x" * 65, "with space"])
def test_a_device_that_no_client_of_ours_makes_is_refused(shop: Shop, device: str) -> None:
    assert shop.refused("login", {"deviceId": device}, openid=A)["error"] == "INVALID_REQUEST"


def test_the_phone_itself_is_nowhere(
    shop: Shop, phone: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    del phone
    shop.ok("login", LOGIN, openid=A)

    assert PHONE not in repr(shop.dump())
    assert PHONE not in capsys.readouterr().out


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("login")["error"] == "FORBIDDEN"
