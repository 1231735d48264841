"""How much lists of documents hold, for those that write to them: the models themselves start slower."""

MOST_DEVICES = 10
"""Devices remembered of a member; the last ones."""

MOST_LESSONS = 300
"""Lessons remembered as completed; the last ones."""

MAX_TAKERS = 200
"""Operations remembered that took points of one lot; the last ones."""
