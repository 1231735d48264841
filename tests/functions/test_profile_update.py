"""profile_update: what is sent changes, what is left out stays."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import HOME, NOW, die_everywhere, document, user
from functions.conftest import Clock
from gardenshop.cloud.clock import HOUR
from harness import A, B, Shop, user_id

SHOWN = {
    "nickname": "",
    "addresses": [HOME],
    "avoid": [],
    "allergens": [],
    "personalised": True,
    "consents": {},
}
CONSENT = {"purpose": "health_data", "version": "2026-11", "granted": True}


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    shop.add("users", user())


def test_without_changes_it_shows_and_writes_nothing(shop: Shop) -> None:
    before = shop.dump()

    assert shop.ok("profile_update", openid=A) == SHOWN
    assert (shop.adapter.trips, shop.dump() == before) == (1, True)


def test_every_field_is_kept(shop: Shop) -> None:
    changes = {
        "nickname": "小满👩‍🌾",
        "sex": "female",
        "birthYear": 1958,
        "avoid": ["fivePungent"],
        "allergens": ["peanut"],
        "personalised": False,
    }

    assert shop.ok("profile_update", changes, openid=A) == {**SHOWN, **changes}
    assert shop.ok("profile_update", changes, openid=A) == {**SHOWN, **changes}
    assert shop.ok("profile_update", {"nickname": "立冬"}, openid=A) == {
        **SHOWN,
        **changes,
        "nickname": "立冬",
    }


def test_a_saved_address_joins_or_replaces_and_only_one_is_default(shop: Shop) -> None:
    office = {**HOME, "addressId": "office", "detail": "文三路 2 号"}
    shop.ok("profile_update", {"saveAddress": office}, openid=A)

    moved = {**office, "detail": "文三路 3 号", "isDefault": False}
    addresses = shop.ok("profile_update", {"saveAddress": moved}, openid=A)["addresses"]

    assert addresses == [{**HOME, "isDefault": False}, moved]


def test_an_address_is_removed_and_another_saved_at_once(shop: Shop) -> None:
    office = {**HOME, "addressId": "office"}
    event = {"saveAddress": office, "removeAddressId": "home"}

    assert shop.ok("profile_update", event, openid=A)["addresses"] == [office]
    assert shop.ok("profile_update", {"removeAddressId": "gone"}, openid=A)["addresses"] == [office]


def test_twenty_addresses_are_enough(shop: Shop) -> None:
    many = [{**HOME, "addressId": f"a{i}", "isDefault": False} for i in range(20)]
    shop.add("users", user(B, addresses=many))

    reply = shop.refused("profile_update", {"saveAddress": HOME}, openid=B)

    assert (reply["error"], reply["message"]) == ("CONFLICT", "最多保存 20 个地址")
    assert len(shop.ok("profile_update", {"saveAddress": many[3]}, openid=B)["addresses"]) == 20


def test_a_consent_is_granted_withdrawn_and_stays_on_record(shop: Shop, clock: Clock) -> None:
    assert shop.ok("profile_update", {"consent": CONSENT}, openid=A)["consents"] == {"health_data": True}
    clock.now += HOUR
    shop.ok("profile_update", {"consent": CONSENT}, openid=A)
    withdrawn = shop.ok("profile_update", {"consent": {**CONSENT, "granted": False}}, openid=A)

    assert withdrawn["consents"] == {"health_data": False}
    assert shop.one("users", user_id(A))["consents"] == [
        {"purpose": "health_data", "version": "2026-11", "grantedAt": NOW, "withdrawnAt": NOW + HOUR}
    ]


ASSESSED = {"primary": "balanced", "results": [], "standard": "GB/T 46939—2025", "at": NOW}
HEALTH: dict[str, Any] = {
    "constitution": ASSESSED,
    "history": [ASSESSED],
    "draft": {"standard": "GB/T 46939—2025", "answers": {"g01": 3}, "savedAt": NOW},
}


def consented(shop: Shop) -> None:
    granted = {"purpose": "health_data", "version": "2026-11", "grantedAt": NOW - HOUR}
    shop.add("users", user(B, consents=[granted]))
    shop.add(
        "user_profiles_extended", document("user_profiles_extended", id=user_id(B), goals=["少油"], **HEALTH)
    )


def test_who_withdraws_the_consent_to_health_data_has_them_erased(shop: Shop) -> None:
    consented(shop)
    withdrawal = {"consent": {**CONSENT, "granted": False}}

    assert shop.ok("profile_update", withdrawal, openid=B)["consents"] == {"health_data": False}

    left = shop.one("user_profiles_extended", user_id(B))
    assert (left.keys() & HEALTH.keys(), left["goals"], left["erasures"]) == (set(), ["少油"], 2)


def test_other_consents_leave_health_data_alone(shop: Shop) -> None:
    consented(shop)
    shop.ok("profile_update", {"consent": {**CONSENT, "purpose": "events"}}, openid=B)
    shop.ok("profile_update", {"consent": {**CONSENT, "purpose": "events", "granted": False}}, openid=B)

    assert HEALTH.items() <= shop.one("user_profiles_extended", user_id(B)).items()


def test_a_withdrawal_broken_off_anywhere_leaves_no_health_data_without_consent(clock: Clock) -> None:
    del clock

    def verify(shop: Shop) -> None:
        consents = shop.one("users", user_id(B))["consents"]
        left = shop.one("user_profiles_extended", user_id(B)).keys() & HEALTH.keys()
        assert not left or "withdrawnAt" not in consents[0]

    withdrawal = {"consent": {**CONSENT, "granted": False}}
    writes = die_everywhere(
        consented, lambda shop: shop.call("profile_update", withdrawal, openid=B), verify, again=False
    )
    assert writes == 5


def test_a_new_version_of_a_consent_takes_the_place_of_the_old(shop: Shop) -> None:
    shop.ok("profile_update", {"consent": CONSENT}, openid=A)
    shop.ok("profile_update", {"consent": {**CONSENT, "version": "2026-12"}}, openid=A)

    old, new = shop.one("users", user_id(A))["consents"]
    assert (old["withdrawnAt"], new["version"], "withdrawnAt" in new) == (NOW, "2026-12", False)


def test_consents_given_and_taken_back_for_ever_stay_within_bounds(shop: Shop, clock: Clock) -> None:
    terms = {**CONSENT, "purpose": "terms"}
    shop.ok("profile_update", {"consent": terms}, openid=A)
    for _ in range(60):
        clock.now += HOUR
        for granted in (True, False):
            shop.ok("profile_update", {"consent": {**CONSENT, "granted": granted}}, openid=A)

    stored = shop.one("users", user_id(A))["consents"]
    assert (len(stored), stored[0]["purpose"]) == (50, "terms")
    assert stored[-1]["grantedAt"] == clock.now


def test_changes_at_once_are_kept_or_said_not_to_be(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    calls = [
        ("profile_update", {"saveAddress": {**HOME, "addressId": f"a{i}", "isDefault": False}}, A)
        for i in range(5)
    ]

    replies = at_once(*calls)

    assert {reply["code"] for reply in replies} <= {0, 50301}
    kept = {each["addressId"] for each in shop.one("users", user_id(A))["addresses"]}
    assert kept == {"home", *(f"a{i}" for i, reply in enumerate(replies) if reply["code"] == 0)}


def test_the_profile_beside_is_left_alone(shop: Shop) -> None:
    shop.add("user_profiles_extended", document("user_profiles_extended", id=user_id(A), goals=["少油"]))

    shop.ok("profile_update", {"sex": "male"}, openid=A)

    stored = shop.one("user_profiles_extended", user_id(A))
    assert (stored["goals"], stored["sex"]) == (["少油"], "male")


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"nickname": " "}, "nickname"),
        ({"nickname": "\u200b"}, "nickname"),
        ({"nickname": "小\u202e满"}, "nickname"),
        ({"nickname": "小\n满"}, "nickname"),
        ({"nickname": "满" * 41}, "nickname"),
        ({"saveAddress": {**HOME, "detail": "\x1b[2J"}}, "saveAddress.detail"),
        ({"saveAddress": {**HOME, "isDefault": "yes"}}, "saveAddress.isDefault"),
        ({"saveAddress": {**HOME, "phone": "１３８"}}, "saveAddress.phone"),
        ({"birthYear": 1899}, "birthYear"),
        ({"birthYear": 2027}, "birthYear"),
        ({"birthYear": "1958"}, "birthYear"),
        ({"avoid": ["meat"]}, "avoid.0"),
        ({"consent": {**CONSENT, "granted": 1}}, "consent.granted"),
        ({"roles": ["admin"]}, "roles"),
        ({"points": {"garden": {"available": 9}}}, "points"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(shop: Shop, event: dict[str, Any], field: str) -> None:
    reply = shop.refused("profile_update", event, openid=A)

    assert [each["field"] for each in reply["details"]["fields"]] == [field]


def test_without_an_account_there_is_nothing_to_change(shop: Shop) -> None:
    assert shop.refused("profile_update", {"nickname": "小满"}, openid=B)["code"] == 40400


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("profile_update")["error"] == "FORBIDDEN"
