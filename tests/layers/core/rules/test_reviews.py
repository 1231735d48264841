"""Which words of members wait for a person."""

import pytest

from gardenshop.rules.reviews import state_of


@pytest.mark.parametrize(
    "text",
    ["", "豆香很浓，煎起来不碎", "2026-11-23 到货，500 克装", "第 3 次买了，3.5 斤", "not a .combination"],
)
def test_plain_words_are_shown(text: str) -> None:
    assert state_of(text) == "shown"


@pytest.mark.parametrize(
    "text",
    [
        "吃了降血压",
        "排毒",
        "http://x.cn",
        "店在 example.com",
        "１３８０００１００８６",
        "138-0001-0086",
        "加V聊",
        "QQ群",
    ],
)
def test_claims_links_and_numbers_wait(text: str) -> None:
    assert state_of(text) == "pending"
