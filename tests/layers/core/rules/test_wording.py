"""The guard on what a text about food may say."""

import json
from pathlib import Path

import pytest

from gardenshop.rules.wording import Claim, blocking, find_claims

LEGAL = Path(__file__).parents[5] / "shared/domain-data/legal_rules.json"


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("薏米粥，有助于降血压", Claim("降血压", 7, "disease", "block")),
        ("国家级好米", Claim("国家级", 0, "absolute", "block")),
        ("每天一杯增强免疫力", Claim("增强免疫力", 4, "function", "block")),
        ("适合患者食用", Claim("患者", 2, "medical", "block")),
        ("冬瓜祛湿", Claim("祛湿", 2, "function", "review")),
    ],
)
def test_a_claim_is_found_where_it_stands(text: str, claim: Claim) -> None:
    assert find_claims(text) == [claim]


def test_of_overlapping_words_the_longest_counts() -> None:
    assert [claim.word for claim in find_claims("补肾壮阳，降三高")] == ["补肾壮阳", "降三高"]


@pytest.mark.parametrize(
    "text",
    [
        "仅为饮食文化与生活方式参考，不构成医学诊断或治疗建议",
        "本品不能代替药物治疗",
        "这不是诊断",
        "《本草纲目》载：甘，寒，无毒",
        "民间多在大暑食用",
    ],
)
def test_disclaimers_and_quoted_tradition_claim_nothing(text: str) -> None:
    assert blocking(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "非常有疗效",
        "不能错过的降血压茶",
        "不是吹牛，能治疗失眠",
        "不构成负担。排毒",
        "不是我们自己说出来的而是人人都讲能降血脂",
        "没有副作用",
    ],
)
def test_a_denial_elsewhere_excuses_nothing(text: str) -> None:
    assert blocking(text)


def test_only_blocking_words_block() -> None:
    assert blocking("清热又养颜，绝对好吃") == []
    assert len(find_claims("清热又养颜，绝对好吃")) == 3


def test_every_banned_word_of_the_legal_notes_is_known() -> None:
    if not LEGAL.exists():
        pytest.skip("the legal notes of the workplace are absent")
    banned = json.loads(LEGAL.read_text(encoding="utf-8"))["banned_terms"]
    words = {word.split("(")[0] for kind, listed in banned.items() if kind != "note" for word in listed}
    words = {word.split("（")[0] for word in words}
    assert not [word for word in words if not find_claims(word)]
