"""Signed links: what was made is read again while it lasts, and nothing else is."""

import pytest

from gardenshop.cloud.clock import DAY
from gardenshop.cloud.errors import Internal
from gardenshop.flows.share_links import ShareLink, make, read

NOW = 1_795_406_400_000
KEYS = {"SHARE_LINK_KEYS": "k2:the key that signs,k1:the key before it"}
TOKEN = make("lin-qinghe", "recipe", "mapo-tofu", environ=KEYS, now=NOW)
LINK = ShareLink("lin-qinghe", "recipe", "mapo-tofu", NOW, NOW + 7 * DAY)


def test_a_link_is_read_as_it_was_made() -> None:
    assert read(TOKEN, environ=KEYS, now=NOW) == LINK
    assert TOKEN.startswith("k2~lin-qinghe~recipe~mapo-tofu~")


@pytest.mark.parametrize(
    ("now", "counts"), [(NOW - 1, False), (NOW + 7 * DAY - 1, True), (NOW + 7 * DAY, False)]
)
def test_a_link_counts_for_a_week(now: int, *, counts: bool) -> None:
    assert (read(TOKEN, environ=KEYS, now=now) is not None) == counts


@pytest.mark.parametrize(
    "token",
    [
        TOKEN.replace("lin-qinghe", "zhou"),
        TOKEN.replace("recipe", "product"),
        TOKEN.replace(str(NOW), str(NOW + DAY)),
        TOKEN.replace(str(NOW + 7 * DAY), str(NOW + 70 * DAY)),
        TOKEN.replace("k2~", "k1~"),
        TOKEN.replace("k2~", "k9~"),
        TOKEN[:-1],
        TOKEN + "~",
        TOKEN.rpartition("~")[0] + "~",
        "not a token",
        "",
    ],
)
def test_a_forged_link_says_nothing(token: str) -> None:
    assert read(token, environ=KEYS, now=NOW + DAY) is None


def test_a_key_is_replaced_by_one_in_front_of_it_and_ends_when_it_is_taken_away() -> None:
    rotated = {"SHARE_LINK_KEYS": f"k3:quite another key,{KEYS['SHARE_LINK_KEYS']}"}

    assert read(TOKEN, environ=rotated, now=NOW) == LINK
    assert make("lin", "product", "tofu", environ=rotated, now=NOW).startswith("k3~")
    assert read(TOKEN, environ={"SHARE_LINK_KEYS": "k3:quite another key"}, now=NOW) is None


@pytest.mark.parametrize(
    "setting", ["", "k1", "k1:short", "k1:the key that signs,", "k~1:the key that signs"]
)
def test_without_a_proper_key_nothing_is_signed_or_believed(setting: str) -> None:
    environ = {"SHARE_LINK_KEYS": setting}

    with pytest.raises(Internal):
        make("lin", "product", "tofu", environ=environ, now=NOW)
    with pytest.raises(Internal):
        read(TOKEN, environ=environ, now=NOW)
