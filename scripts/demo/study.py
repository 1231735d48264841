"""Learning: what today teaches, a quiz passed at the second try, what is kept of it."""

import time

from demo import notes
from demo.cast import MINT
from demo.stage import Stage
from gardenshop.cloud.identity import user_id

LESSON = "lesson:five-pungent"
RIGHT = {"lessonId": LESSON, "answers": [1, 1, 1]}


def study(stage: Stage) -> None:
    """A reads, answers badly, answers well, and again for nothing."""
    stage.call("今日一课 · What today teaches", MINT, "knowledge_feed", {"limit": 2}, note=notes.knowledge)
    wrong = {"lessonId": LESSON, "answers": [0, 0, 0]}
    stage.call("答错了 · A quiz answered badly", MINT, "lesson_complete", wrong, note=notes.marks)
    passed = stage.call("再答一次 · And well", MINT, "lesson_complete", RIGHT, note=notes.marks)
    before = stage.one("users", user_id(MINT.openid))["points"]
    stage.call("同一课再答 · The same lesson again", MINT, "lesson_complete", RIGHT, note=notes.marks)
    after = stage.one("users", user_id(MINT.openid))["points"]
    stage.expect("a lesson pays once", holds=before == after and passed["points"] > 0)
    be_seen(stage)
    meet(stage)
    take_along(stage)


def be_seen(stage: Stage) -> None:
    """Nothing is kept of what A does until she agrees to it."""
    now = int(time.time() * 1000)
    step = {"eventId": "demo-event-1", "type": "view", "at": now, "productId": "jujube"}
    told = {"sentAt": now, "events": [step]}
    refused = stage.post("/functions/events_track", told, MINT)["data"]
    stage.expect("nothing is kept without consent", holds=refused["stored"] == 0)
    consent = {"purpose": "events", "version": "2026-11", "granted": True}
    stage.call("同意记录浏览 · A agrees to be seen", MINT, "profile_update", {"consent": consent})
    stage.call("浏览记录 · What she looked at", MINT, "events_track", told, note=notes.tracked)


def meet(stage: Stage) -> None:
    """A looks at a practitioner's profile."""
    look = {"action": "show", "practitionerId": "lin-qinghe"}
    stage.call("认识践行者 · A practitioner", MINT, "practitioner_view", look, note=notes.practitioner)


def take_along(stage: Stage) -> None:
    """A asks what the shop holds of her; the first page is her account."""
    wish = {"action": "export"}
    stage.call("导出我的数据 · What is held of her", MINT, "privacy_request", wish, note=notes.exported)
