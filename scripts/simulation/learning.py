"""Learning in a play: quizzes answered well and badly, again and at once."""

from collections import Counter
from collections.abc import Iterator

from simulation import stage
from simulation.acting import Play
from simulation.evidence import Evidence
from simulation.world import Script


def learn(play: Play) -> Script:
    """Answer the quiz of a lesson, perhaps badly, perhaps on two phones."""
    lesson_id = play.dice.choice(list(stage.LESSONS))
    if play.happens(0.3):
        other = play.another(f"{play.name}l", play.openid)
        play.world.play(other.name, _answer(other, lesson_id), play.world.loop.now)
    yield from _answer(play, lesson_id)


def _answer(play: Play, lesson_id: str) -> Script:
    answers = [play.dice.choice((*stage.ANSWERS, 0)) for _ in stage.ANSWERS]
    event = {"lessonId": lesson_id, "answers": list(stage.ANSWERS) if play.happens(0.7) else answers}
    reply = yield from play.ask("lesson_complete", event)
    if reply is not None and not reply["code"] and reply["data"]["passed"]:
        play.told("learned", lesson=lesson_id, points=reply["data"]["points"])


def lessons_pay_once(seen: Evidence) -> Iterator[str]:
    """A lesson pays what the stage says, or nothing yet, however often it was passed; what was told is true.

    Who was told that she passed has the lesson in her progress.
    """
    paid: Counter[tuple[str, str]] = Counter()
    for row in seen.read("points_ledger"):
        if (row["kind"], row["state"]) == ("lesson", "final"):
            paid[row["userId"], row["ref"]["id"].rpartition(":")[0]] += row["delta"]
    for (user, lesson), points in paid.items():
        if points != stage.LESSONS[lesson]:
            yield f"lesson {lesson} paid {user} {points} points, not {stage.LESSONS[lesson]}"
    kept = {
        (profile["_id"], lesson["lessonId"])
        for profile in seen.read("user_profiles_extended")
        for lesson in profile.get("learning", {}).get("completed", ())
    }
    for kind, user, facts in seen.told:
        if kind == "learned":
            place = user, facts["lesson"]
            if place not in kept or facts["points"] > paid[place]:
                yield f"told {place} of {facts['points']} points, paid {paid[place]}, kept {place in kept}"


LEARNING_LAWS = (lessons_pay_once,)
