"""Events in order, and functions that run one at a time."""

import pytest

from simulation.loop import Fiber, Killed, Loop


def test_events_happen_in_the_order_of_their_instants_and_then_of_their_owners() -> None:
    loop, seen = Loop(100), list[str]()
    loop.at(105, "b", lambda: seen.append("late b"))
    loop.at(102, "z", lambda: seen.append("early z"))
    loop.at(105, "a", lambda: loop.at(104, "c", lambda: seen.append(f"c at {loop.now}")))

    loop.run()

    assert seen == ["early z", "late b", "c at 105"]


def test_a_fiber_runs_only_between_resume_and_wait() -> None:
    seen = list[object]()

    def body() -> None:
        seen.append("begun")
        seen.append(fiber.wait())

    fiber = Fiber(body)
    assert seen == []

    fiber.resume()
    assert (seen, fiber.ended) == (["begun"], False)

    fiber.resume("a reply")
    assert (seen, fiber.ended) == (["begun", "a reply"], True)


def test_a_killed_fiber_ends_where_it_waits_whatever_it_catches() -> None:
    seen = list[str]()

    def body() -> None:
        try:
            fiber.wait()
        except Exception:  # noqa: BLE001
            seen.append("survived")

    fiber = Fiber(body)
    fiber.resume()
    fiber.resume(error=Killed())

    assert (seen, fiber.ended) == ([], True)


def test_what_a_fiber_raises_is_raised_where_the_baton_goes() -> None:
    def body() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Fiber(body).resume()
