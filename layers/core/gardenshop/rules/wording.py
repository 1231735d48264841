"""Words that a text about food must not use, or that a person should look at first.

Level "block": words that the articles name or that plainly say what they forbid: absolutes (广告法 art.
9(3)), medical terms (art. 17), prevention and treatment of disease (食品安全法 art. 71, 73) and health
functions of ordinary food (实施条例 art. 38). Level "review": our own cautious reading, words with an honest
use as well. A word that its clause denies, as disclaimers do (不能代替治疗), is no claim.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["disease", "medical", "function", "absolute"]
Level = Literal["block", "review"]

_BLOCK: dict[Kind, str] = {
    "disease": (
        "治疗 治愈 根治 治病 治好 疗效 药效 处方 抗癌 防癌 抗肿瘤 降血压 降血糖 降血脂 降三高 "
        "消炎 止痛 止咳 祛病 防治 预防疾病 改善睡眠障碍"
    ),
    "medical": "辨证 诊断 患者 疗程 主治 适应症 副作用 药到病除",
    "function": (
        "增强免疫力 提高免疫力 提升免疫力 辅助降血糖 保健功能 保健功效 保肝 护肝 补肾 壮阳 补肾壮阳 "
        "延缓衰老 抗衰老 减肥 瘦身 排毒 清热解毒"
    ),
    "absolute": "国家级 最高级 最佳 顶级 100%有效",
}
_REVIEW: dict[Kind, str] = {
    "disease": "临床 三高 控糖 糖尿病 高血压 失眠 便秘",
    "medical": "症状 病人 药用",
    "function": (
        "祛湿 补血 养血 活血 补气 益气 健脾 养胃 润肺 清热 降火 去火 滋阴 壮骨 安神 助眠 美容 养颜 "
        "抗氧化 免疫力 功效 滋补"
    ),
    "absolute": "第一 唯一 最好 绝对 纯天然",
}
_TABLES: dict[Level, dict[Kind, str]] = {"review": _REVIEW, "block": _BLOCK}
_WORDS: dict[str, tuple[Kind, Level]] = {
    word: (kind, level)
    for level, table in _TABLES.items()
    for kind, words in table.items()
    for word in words.split()
}
_DENIED = re.compile(
    r"(?:不构成|不作为|不是|并非|不能?可?(?:代替|替代)|不用于|不涉及|不具有|不具备)[^。；;！？!?，,\n]{0,12}$"
)
_ANY = re.compile("|".join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True)))


class Claim(NamedTuple):
    """A word at an offset of the text, what kind of claim it makes, and whether it blocks the text."""

    word: str
    offset: int
    kind: Kind
    level: Level


def find_claims(text: str) -> list[Claim]:
    """Return the claims in *text*, in their order; of overlapping words the longest."""
    return list(_claims(text))


def blocking(text: str) -> list[str]:
    """Return the words for which *text* may not be shown."""
    return [claim.word for claim in _claims(text) if claim.level == "block"]


def _claims(text: str) -> Iterator[Claim]:
    for match in _ANY.finditer(text):
        if not _DENIED.search(text, 0, match.start()):
            yield Claim(match.group(), match.start(), *_WORDS[match.group()])
