"""When a lesson counts."""

from gardenshop.models.base import Bp, Model


class LearningPolicy(Model):
    """The share of a quiz that must be right for its lesson to count."""

    pass_bp: Bp = 6000
