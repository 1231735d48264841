"""Flags open to the staff, then to a share of the members that only grows, then to all."""

from itertools import pairwise
from typing import Any

import pytest

from gardenshop.rules.flags import SHOP_MIGRATED, enabled, flags_of, open_to
from gardenshop.rules.policy import policy_of

MEMBERS = [{"_id": f"u{number:024x}"} for number in range(10_000)]
STAFF = {"_id": "u1", "roles": ["staff"]}


def flag(name: str = SHOP_MIGRATED, version: int = 1, **body: Any) -> dict[str, Any]:
    return {"ruleId": f"flag:{name}", "version": version, "body": body}


def inside(share_bp: int, name: str = SHOP_MIGRATED) -> set[str]:
    flags = flags_of([flag(name, shareBp=share_bp)])
    return {member["_id"] for member in MEMBERS if enabled(flags, name, member)}


def test_a_flag_that_nobody_published_is_closed_even_to_the_staff() -> None:
    assert not enabled({}, SHOP_MIGRATED, STAFF)


def test_the_staff_is_in_before_any_member() -> None:
    flags = flags_of([flag(staff=True)])

    assert enabled(flags, SHOP_MIGRATED, STAFF)
    assert not any(enabled(flags, SHOP_MIGRATED, member) for member in MEMBERS[:100])
    assert not enabled(flags, SHOP_MIGRATED, {"_id": "u1", "roles": []})


def test_the_staff_alone_is_not_let_in_by_a_flag_that_does_not_say_so() -> None:
    assert not enabled(flags_of([flag(shareBp=0)]), SHOP_MIGRATED, STAFF)


def test_who_is_in_at_one_percent_stays_in_until_all_are() -> None:
    steps = [inside(share) for share in (0, 100, 1000, 5000, 10_000)]

    assert all(small < large for small, large in pairwise(steps))
    assert (steps[0], len(steps[-1])) == (set(), len(MEMBERS))
    assert [len(step) for step in steps[1:3]] == pytest.approx([100, 1000], rel=0.35)


def test_two_flags_open_to_different_members() -> None:
    one, two = inside(5000, "one"), inside(5000, "two")

    assert len(one & two) / len(MEMBERS) == pytest.approx(0.25, abs=0.02)


def test_a_function_finds_them_among_the_rules_it_reads_anyway() -> None:
    policy = policy_of([flag("a", staff=True), flag("b", shareBp=10_000), flag("c")])

    assert open_to(policy.flags, STAFF) == ["a", "b"]
    assert policy.version == ""
