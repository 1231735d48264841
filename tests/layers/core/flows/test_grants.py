"""Coupons for an occasion: for who is new, for a harvest; each once, whoever dies on the way."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from faults import Killed
from functions.builders import NOW, coupon, remove
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.errors import DatabaseUnavailable
from harness import A, user_id
from small_shop import SmallShop, open_small_shop

NEW = "openid-member-new"
OPEN = {"startAt": NOW - DAY, "endAt": NOW + 30 * DAY, "channel": "trigger"}
HARVEST = {"action": "harvest", "plantId": "p1"}


def furnish(small: SmallShop, **changes: Any) -> None:
    """Greet who is there, then offer a coupon to the new, and one for any harvest; A has a ripe plant."""
    small.call("outbox_pump")
    small.shop.add("coupons", coupon("welcome", trigger="new_member", **OPEN))
    small.shop.add("coupons", coupon("reaped", **{"trigger": "garden_milestone", **OPEN, **changes}))
    stamps = {"schemaVersion": 1, "createdAt": small.now, "updatedAt": small.now}
    ripe = {"plantId": "p1", "code": "mint", "name": "薄荷", "plantedAt": small.now, "growth": 600}
    garden = {"plants": [{**ripe, "stage": 4, "waterCount": 1}], "version": 0, "xp": 0}
    small.shop.add("gardens", {"_id": user_id(A), **garden, "scenes": [], "recentOps": [], **stamps})


def log_in(small: SmallShop) -> None:
    small.call("login", {}, NEW)


def harvest(small: SmallShop) -> None:
    small.call("garden_tend", HARVEST, A)


def copies(small: SmallShop) -> list[tuple[str, str, str]]:
    found = small.shop.documents("user_coupons", {"userId": {"$in": [user_id(A), user_id(NEW)]}})
    return sorted((copy["couponId"], copy["source"], copy["state"]) for copy in found)


WELCOME = ("welcome", "new_member", "available")
REAPED = ("reaped", "harvest:p1", "available")


def test_who_is_new_is_welcomed_once_and_who_is_not_is_not() -> None:
    with open_small_shop() as small:
        small.shop.add("users", {**small.shop.one("users", user_id(A)), "_id": user_id(NEW), "openid": NEW})
        furnish(small)
        log_in(small)
        small.rest()
        assert copies(small) == []

    with open_small_shop() as small:
        furnish(small)
        for _ in range(2):
            log_in(small)
            small.rest()
        assert copies(small) == [WELCOME]
        assert "greetAt" not in small.shop.one("users", user_id(NEW))
        assert small.breaches() == []


def test_a_template_that_is_malformed_is_told_of_and_the_others_are_given() -> None:
    with open_small_shop() as small:
        furnish(small)
        small.shop.add("coupons", {"_id": "a-malformed", "state": "live", "trigger": "new_member", **OPEN})
        log_in(small)
        small.rest()

        assert copies(small) == [WELCOME]
        (breach,) = small.shop.documents("sync_tasks", {"topic": "reconcile.breach"})
        assert (breach["state"], breach["payload"]["id"]) == ("dead", "a-malformed")
        remove(small.shop, "coupons", "a-malformed")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [REAPED]),
        ({"milestone": "mint"}, [REAPED]),
        ({"milestone": "rose"}, []),
        ({"target": {"tiers": ["gold"]}}, []),
        ({"state": "paused"}, []),
        ({"startAt": NOW + 20 * DAY}, []),
        ({"total": 0}, []),
    ],
    ids=str,
)
def test_a_harvest_earns_what_waits_for_its_plant(
    changes: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    with open_small_shop() as small:
        furnish(small, **changes)
        harvest(small)
        harvest(small)
        small.rest()

        assert copies(small) == expected
        assert small.breaches() == []


@pytest.mark.parametrize("again", [True, False], ids=["done again", "left alone"])
@pytest.mark.parametrize("death", [Killed, DatabaseUnavailable], ids=["killed", "reply lost"])
@pytest.mark.parametrize("act", [log_in, harvest])
def test_an_occasion_earns_one_copy_wherever_it_stopped(
    act: Callable[[SmallShop], None], death: Callable[[], BaseException], *, again: bool
) -> None:
    for lives in count():
        with open_small_shop() as small:
            furnish(small)
            small.fragile.doom(lives, death)
            with suppress(Killed, DatabaseUnavailable):
                act(small)
            small.fragile.heal()
            if again:
                act(small)
            log_in(small)
            small.rest()

            reaped = [REAPED] if small.shop.documents("points_ledger", {"kind": "harvest"}) else []
            assert (lives, copies(small)) == (lives, [*reaped, WELCOME])
            assert bool(reaped) or act is log_in or not again
            assert small.breaches() == []
            if not small.fragile.deaths:
                return


@pytest.mark.parametrize("death", [Killed, DatabaseUnavailable], ids=["killed", "reply lost"])
def test_a_grant_broken_off_anywhere_is_finished(death: Callable[[], BaseException]) -> None:
    for lives in count():
        with open_small_shop() as small:
            furnish(small)
            harvest(small)
            small.fragile.doom(lives, death)
            with suppress(Killed, DatabaseUnavailable):
                small.call("outbox_pump")
            small.fragile.heal()
            small.rest()

            assert (lives, copies(small), small.breaches()) == (lives, [REAPED], [])
            if not small.fragile.deaths:
                return
