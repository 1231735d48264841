"""Advice for each constitution on one day, and for one member on both sides of a solar term's instant."""

import time
from datetime import datetime

from demo import notes
from demo.cast import MINT, OPERATOR, TIMER
from demo.stage import Actor, Stage
from gardenshop.cloud.clock import CHINA, DAY, MINUTE, rfc3339
from gardenshop.cloud.database import Document
from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.constitution import NAMES
from gardenshop.rules.solar_terms import Occurrence, position

_OFTEN: dict[Constitution, set[str]] = {
    "balanced": {"g01"},
    "qi_deficiency": {"g02", "g05", "g06"},
    "yang_deficiency": {"g04", "g07", "g08"},
    "yin_deficiency": {"g09", "g10", "g11"},
    "phlegm_damp": {"g12", "g13", "g14"},
    "damp_heat": {"g15", "g16", "g17m"},
    "blood_stasis": {"g18", "g19", "g20"},
    "qi_stagnation": {"g03", "g21", "g22"},
    "special_diathesis": {"g23", "g24", "g25", "g26"},
}
"""The items that a member of each type answers with "always"; to all others she answers "never"."""


def advise(stage: Stage) -> None:
    """Nine members are advised differently today; one member is, before and after the next solar term."""
    lists = [_advice(stage, code) for code in NAMES]
    stage.post("/functions/outbox_pump", {}, TIMER)
    stage.expect("each constitution gets advice of its own", holds=len(set(map(str, lists))) == len(lists))
    before, after = _around(stage, position(int(time.time() * 1000)).next.at)
    stage.expect("advice turns with the solar term", holds=before["term"] != after["term"])
    stage.expect("and so do its reasons", holds=_shown(before) != _shown(after))
    _campaign(stage, position(int(time.time() * 1000)).next)


def _campaign(stage: Stage, coming: Occurrence) -> None:
    """Let the timer fire on the day before the term of *coming* begins, twice, as timers may."""
    event = {"Type": "Timer", "Time": rfc3339(coming.at - DAY)}
    title = "备好下个节气的活动 · The coming term's campaign"
    told = stage.call(title, TIMER, "solar_term_campaign", event, note=notes.campaigns)
    before = stage.documents("promotions")
    stage.post("/functions/solar_term_campaign", event, TIMER)
    stage.expect("a campaign is prepared once", holds=stage.documents("promotions") == before)
    opens = stage.one("promotions", told["campaigns"][-1])["startAt"]
    stage.expect("and opens with its term", holds=opens == coming.at)
    stage.post("/functions/outbox_pump", {}, TIMER)


def _advice(stage: Stage, code: Constitution) -> list[Document]:
    """Let a new member fill in the questionnaire as one of type *code* would; return what she is advised."""
    member = Actor(f"{NAMES[code]}会员", f"o-demo-{code}")
    consent = {"purpose": "health_data", "version": "2026-11", "granted": True}
    stage.post("/functions/login", {}, member)
    stage.post("/functions/profile_update", {"sex": "male", "consent": consent}, member)
    form = stage.post("/functions/constitution_assess", {"sex": "male"}, member)["data"]
    answers = {each["id"]: 5 if each["id"] in _OFTEN[code] else 1 for each in form["questions"]}
    told = stage.post("/functions/constitution_assess", {"sex": "male", "answers": answers}, member)["data"]
    stage.expect(f"the questionnaire finds {code}", holds=told["primary"] == code)
    title = f"{NAMES[code]}今天吃什么 · Advice for this constitution"
    advice = stage.call(title, member, "recommend", {"limit": 4}, note=notes.reasons)
    features = {reason["feature"] for item in advice["items"] for reason in item["reasons"]}
    stage.expect("a biased constitution is a reason", holds=code == "balanced" or "constitution" in features)
    return _shown(advice)


def _around(stage: Stage, instant: int) -> tuple[Document, Document]:
    """Ask for A just before and at the *instant* of a solar term; afterwards it is today again."""
    found = []
    for when, at in (
        ("交节前五分钟 · Five minutes before", instant - 5 * MINUTE),
        ("交节之后 · After", instant),
    ):
        stage.post("/_clock", {"at": datetime.fromtimestamp(at / 1000, CHINA).isoformat()}, OPERATOR)
        advice = stage.call(f"{when} the solar term", MINT, "recommend", {"limit": 4}, note=notes.reasons)
        stage.call("此刻的节气 · What it teaches", MINT, "knowledge_feed", {"limit": 1}, note=notes.knowledge)
        found.append(advice)
    stage.post("/_clock", {}, OPERATOR)
    return found[0], found[1]


def _shown(advice: Document) -> list[Document]:
    return [{"product": item["productId"], "reasons": item["reasons"]} for item in advice["items"]]
