"""Instants are epoch milliseconds; days are those of fixed UTC+8, whatever the machine says."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.cloud import clock

instants = st.integers(0, 253_402_271_999_999)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (0, "1970-01-01"),
        (1_795_535_999_999, "2026-11-24"),
        (1_795_536_000_000, "2026-11-25"),
        (620_928_000_000, "1989-09-05"),
    ],
)
def test_a_day_begins_at_16_utc(instant: int, day: str) -> None:
    """Also in the summers of 1986 to 1991, when clocks in China were put forward."""
    assert clock.day_of(instant) == day


@given(instants)
def test_an_instant_lies_in_its_day(instant: int) -> None:
    start = clock.start_of(clock.day_of(instant))

    assert start <= instant < start + clock.DAY
    assert clock.day_of(start) == clock.day_of(instant)


@given(instants)
def test_wechat_pays_times_are_read_back(instant: int) -> None:
    text = clock.rfc3339(instant)

    assert text.endswith("+08:00")
    assert clock.parse_utc(text) == instant // 1000 * 1000


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001  # UTC is added.
def test_timer_times_are_utc(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    expected = (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1)  # noqa: DTZ001  # Both are UTC.

    assert clock.parse_utc(moment.isoformat() + "Z") == expected
    assert clock.parse_utc(moment.isoformat()) == expected
    assert clock.parse_utc(moment.replace(tzinfo=timezone.utc).isoformat()) == expected


def test_a_millisecond_is_not_lost() -> None:
    assert clock.parse_utc("1970-01-01T00:00:01.001Z") == 1001


@pytest.mark.parametrize("text", ["", "now", "2026-02-30T00:00:00Z", "2026-11-24T00:00:00ZZ"])
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # The standard library words it.
        clock.parse_utc(text)


def test_now_is_in_milliseconds() -> None:
    assert clock.day_of(clock.now_ms()) == datetime.now(clock.CHINA).strftime("%Y-%m-%d")
