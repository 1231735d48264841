"""events_track: with consent each step is kept once, at a time that can be; without it nothing is."""

from typing import Any

import pytest

from functions.builders import NOW, document, edit, user
from gardenshop.cloud.clock import DAY, HOUR, MINUTE
from harness import A, B, Shop, user_id

CONSENT = {"purpose": "events", "version": "1", "grantedAt": NOW - DAY}
SHOWN = {"productId": "tofu", "exposureId": "e123-1"}


def step(event_id: str = "event-0001", kind: str = "view", **said: Any) -> dict[str, Any]:
    return {"eventId": event_id, "type": kind, "at": NOW, **(said or {"productId": "tofu"})}


def batch(*steps: dict[str, Any], sent_at: int = NOW) -> dict[str, Any]:
    return {"sentAt": sent_at, "events": list(steps or [step()])}


@pytest.fixture(autouse=True)
def _members(shop: Shop, clock: object) -> None:
    del clock
    shop.add("users", user(A, consents=[CONSENT]))
    shop.add("users", user(B))


def kept(shop: Shop) -> list[dict[str, Any]]:
    return sorted(shop.documents("user_events"), key=lambda each: str(each["_id"]))


def test_a_step_is_kept_as_it_was_told(shop: Shop) -> None:
    told = step(kind="click", position=3, scene="home", **SHOWN)

    assert shop.ok("events_track", batch(told), openid=A) == {"stored": 1, "repeated": 0}

    expected = {"type": "click", "position": 3, "scene": "home", **SHOWN, "at": NOW, "day": "2026-11-23"}
    assert kept(shop) == [
        document(
            "user_events",
            id=f"{user_id(A)}:event-0001",
            userId=user_id(A),
            **expected,
            createdAt=NOW,
            updatedAt=NOW,
        )
    ]


def test_a_variant_of_the_mini_program_is_kept_with_consent_and_only_with_it(shop: Shop) -> None:
    seen = step(kind="variant", variant="home:big")

    assert shop.ok("events_track", batch(seen), openid=A)["stored"] == 1
    assert shop.ok("events_track", batch(seen), openid=B)["stored"] == 0
    assert [(each["type"], each["variant"], each["userId"]) for each in kept(shop)] == [
        ("variant", "home:big", user_id(A))
    ]
    assert shop.refused("events_track", batch(step(kind="variant", scene="home")), openid=A)["code"] == 40000


def test_fifty_steps_take_one_read_and_one_write(shop: Shop) -> None:
    steps = [step(f"event-{number:04}") for number in range(50)]

    assert shop.ok("events_track", batch(*steps), openid=A)["stored"] == 50
    assert (shop.adapter.trips, len(kept(shop))) == (2, 50)
    assert shop.refused("events_track", batch(*steps, step("event-0050")), openid=A)["code"] == 40000


def test_what_is_told_again_is_kept_once_and_as_it_was_first(shop: Shop) -> None:
    first = batch(step("event-0001"), step("event-0002"), step("event-0002"))
    assert shop.ok("events_track", first, openid=A) == {"stored": 2, "repeated": 1}
    before = shop.dump()

    later = {**step("event-0001"), "productId": "tea", "at": NOW - HOUR}
    assert shop.ok("events_track", batch(later, step("event-0002")), openid=A) == {"stored": 0, "repeated": 2}
    assert shop.dump() == before


def test_two_members_may_use_one_event_id(shop: Shop) -> None:
    edit(shop, "users", user_id(B), {"consents": [CONSENT]})

    for openid in (A, B):
        assert shop.ok("events_track", batch(), openid=openid)["stored"] == 1
    assert {each["userId"] for each in kept(shop)} == {user_id(A), user_id(B)}


@pytest.mark.parametrize(
    "consents", [[], [{**CONSENT, "withdrawnAt": NOW}], [{**CONSENT, "purpose": "personalisation"}]], ids=len
)
def test_without_consent_nothing_is_kept_and_nobody_is_bothered(
    shop: Shop, consents: list[dict[str, Any]]
) -> None:
    edit(shop, "users", user_id(A), {"consents": consents})
    before = shop.dump()

    assert shop.ok("events_track", batch(), openid=A) == {"stored": 0, "repeated": 0}
    assert (shop.dump(), shop.adapter.trips) == (before, 1)


def test_who_has_no_account_has_not_agreed(shop: Shop) -> None:
    assert shop.ok("events_track", batch(), openid="a-stranger")["stored"] == 0


@pytest.mark.parametrize(
    ("at", "sent_at", "stored_at"),
    [
        (NOW - HOUR, NOW, NOW - HOUR),
        (NOW - 2 * HOUR, NOW - HOUR, NOW - HOUR),
        (NOW + DAY, NOW + DAY + MINUTE, NOW - MINUTE),
        (NOW + HOUR, NOW, NOW),
        (NOW - 30 * DAY, NOW, NOW - 7 * DAY),
        (0, NOW, NOW - 7 * DAY),
    ],
    ids=["right", "clock is slow", "clock is fast", "to come", "long ago", "no clock"],
)
def test_a_wrong_clock_is_set_right(shop: Shop, at: int, sent_at: int, stored_at: int) -> None:
    shop.ok("events_track", batch({**step(), "at": at}, sent_at=sent_at), openid=A)

    assert [each["at"] for each in kept(shop)] == [stored_at]


def test_a_step_before_eight_in_the_morning_is_on_its_own_day_in_china(shop: Shop) -> None:
    shop.ok("events_track", batch({**step(), "at": NOW - 11 * HOUR}), openid=A)
    shop.ok("events_track", batch({**step("event-0002"), "at": NOW - 13 * HOUR}), openid=A)

    assert [each["day"] for each in kept(shop)] == ["2026-11-23", "2026-11-22"]


@pytest.mark.parametrize(
    "told",
    [
        step(kind="exposure", **SHOWN, position=1, variant="b"),
        step(kind="click", **SHOWN),
        step(kind="search", keyword="豆腐"),
        step(kind="cart", skuId="tofu-500g", exposureId="e123-1"),
        step(kind="share", productId="tofu"),
        step(kind="favorite", productId="tofu"),
    ],
    ids=lambda told: str(told["type"]),
)
def test_each_type_says_its_own(shop: Shop, told: dict[str, Any]) -> None:
    assert shop.ok("events_track", batch(told), openid=A)["stored"] == 1


@pytest.mark.parametrize(
    "told",
    [
        step(kind="pay", productId="tofu"),
        step(kind="exposure", productId="tofu"),
        step(kind="search", keyword="豆腐", productId="tofu"),
        step(kind="search", productId="tofu"),
        step(kind="view", productId="tofu", keyword="豆腐"),
        step(kind="cart", productId="tofu"),
        step(event_id="short"),
    ],
    ids=str,
)
def test_what_a_type_does_not_say_is_refused_and_nothing_kept(shop: Shop, told: dict[str, Any]) -> None:
    reply = shop.refused("events_track", batch(step("event-0009"), told), openid=A)

    assert reply["code"] == 40000
    assert reply["details"]["fields"][0]["field"].startswith("events.1")


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("events_track", batch())["error"] == "FORBIDDEN"
