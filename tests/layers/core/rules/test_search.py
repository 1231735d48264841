"""Whatever words of a title are asked for, the title is found."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.search import MAX_KEYS, MAX_QUERY_KEYS, query_keys, search_keys

titles = st.text(st.sampled_from("豆腐竹有机黑米五谷杂粮㐀鿿aBｃ１2 ·-（）、"), max_size=30)


def found(query: str, *texts: str) -> bool:
    """Say what the database says to ``searchKeys: {$all: …}``."""
    return set(query_keys(query)) <= set(search_keys(*texts))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("豆腐", ["豆腐", "豆", "腐"]),
        ("腐竹 Tofu-2", ["腐竹", "tofu", "2", "腐", "竹"]),
        ("米", ["米"]),
        ("ＴＯＦＵ　豆", ["tofu", "豆"]),
        ("豆腐豆腐", ["豆腐", "腐豆", "豆", "腐"]),
        ("", []),
        ("·、（）🌱", []),
    ],
)
def test_keys_are_bigrams_words_and_single_characters(text: str, keys: list[str]) -> None:
    assert search_keys(text) == keys


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("腐竹", ["腐竹"]),
        ("有机黑米", ["有机", "机黑", "黑米"]),
        ("竹", ["竹"]),
        ("TOFU 竹", ["tofu", "竹"]),
        ("  ", []),
        ("$ne", ["ne"]),
        (".*", []),
    ],
)
def test_a_query_asks_for_all_of_its_keys(query: str, keys: list[str]) -> None:
    assert query_keys(query) == keys


@given(titles, st.data())
def test_every_query_drawn_from_a_title_finds_it(title: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(title)))
    end = data.draw(st.integers(start, len(title)))
    inside_a_word = re.compile(r"[a-zA-Z0-9ｃ１]{2}")
    if any(inside_a_word.fullmatch(title[cut - 1 : cut + 1]) for cut in (start, end) if cut > 0):
        return

    assert found(title[start:end], title)


@given(titles, titles)
def test_what_is_said_anywhere_is_found(title: str, category: str) -> None:
    assert found(f"{title} {category}", title, category)
    assert found(title.upper(), title.lower())


@given(st.text(max_size=400))
def test_keys_are_few_lower_case_and_each_once(text: str) -> None:
    for keys, most in ((search_keys(text), MAX_KEYS), (query_keys(text), MAX_QUERY_KEYS)):
        assert len(keys) == len(set(keys)) <= most
        assert all(key == key.lower() and key.strip() for key in keys)


def test_other_words_do_not_find_it() -> None:
    assert not found("竹腐", "腐竹")
    assert not found("豆干", "豆腐", "素食")
    assert not found("tof", "tofu")
