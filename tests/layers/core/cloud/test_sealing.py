"""Sealing: what was sealed comes back to the same key and place, and nothing else does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gardenshop.cloud import sealing
from gardenshop.cloud.sealing import Unsealable, key_of, seal, unseal

KEY = bytes(range(32))
HEAD, TAG = 20, 16


@pytest.fixture(autouse=True)
def _small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_FRAME", 8)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 16, 17, 1000])
def test_what_was_sealed_comes_back(length: int) -> None:
    data = bytes(number % 251 for number in range(length))

    assert unseal(seal(data, KEY, context="a"), KEY, context="a") == data


def test_the_same_data_is_sealed_otherwise_every_time() -> None:
    assert seal(b"abc", KEY, context="a") != seal(b"abc", KEY, context="a")


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_whole_frames_that_are_cut_off_are_missed(frames: int) -> None:
    sealed = seal(bytes(24), KEY, context="a")

    with pytest.raises(Unsealable):
        unseal(sealed[: HEAD + frames * (8 + TAG)], KEY, context="a")


def test_frames_that_change_places_are_found() -> None:
    sealed = seal(bytes(24), KEY, context="a")
    head, one, two, rest = sealed[:HEAD], sealed[HEAD:44], sealed[44:68], sealed[68:]

    with pytest.raises(Unsealable):
        unseal(head + two + one + rest, KEY, context="a")


def test_frames_of_another_file_do_not_fit() -> None:
    one, other = (seal(bytes(24), KEY, context="a") for _ in range(2))

    with pytest.raises(Unsealable):
        unseal(one[:44] + other[44:], KEY, context="a")


@pytest.mark.parametrize(("key", "context"), [(bytes(32), "a"), (KEY, "b")], ids=["key", "place"])
def test_another_key_or_another_place_opens_nothing(key: bytes, context: str) -> None:
    with pytest.raises(Unsealable):
        unseal(seal(b"abc", KEY, context="a"), key, context=context)


@settings(max_examples=60)
@given(st.data())
def test_any_bit_that_changes_is_found(data: st.DataObject) -> None:
    sealed = bytearray(seal(b"0123456789" * 3, KEY, context="a"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(Unsealable):
        unseal(bytes(sealed), KEY, context="a")


@pytest.mark.parametrize("text", ["", "ab", "z" * 64, "0" * 62], ids=["none", "short", "letters", "31 bytes"])
def test_a_key_is_64_hex_digits(text: str) -> None:
    with pytest.raises(Unsealable):
        key_of(text)


def test_a_key_is_read() -> None:
    assert key_of(KEY.hex()) == KEY
