"""The laws of learning: a lesson rewards its learner once, and is in her progress once."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

Document = dict[str, Any]
Read = Callable[[str], list[Document]]


def lessons_are_rewarded_once(read: Read) -> Iterator[str]:
    """A member has one reward for a lesson at most, and has completed what she was rewarded for."""
    rows = [row for row in read("points_ledger") if (row["kind"], row["state"]) == ("lesson", "final")]
    rewards = Counter((row["userId"], row["ref"]["id"].rpartition(":")[0]) for row in rows)
    done = Counter(
        (profile["_id"], lesson["lessonId"])
        for profile in read("user_profiles_extended")
        for lesson in (profile.get("learning") or {}).get("completed") or ()
    )
    yield from (f"lesson {place} is kept {count} times" for place, count in done.items() if count > 1)
    for place, count in rewards.items():
        if count > 1 or not done[place]:
            yield f"lesson {place} has {count} rewards and is kept {done[place]} times"


LEARNING_LAWS = (lessons_are_rewarded_once,)
