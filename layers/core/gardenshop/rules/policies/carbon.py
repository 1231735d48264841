"""What counts as carbon saved."""

from gardenshop.models.base import Count, Grams, Key, Model


class CarbonPolicy(Model):
    """What plants replace: the baseline protein and its portion, and how many of them in a meal at most.

    `meals_a_day`: how many meals of one day a member may record, whatever she takes back.
    """

    baseline_code: Key = "pork"
    baseline_g: Grams = 75
    meal_portions: Count = 2
    meals_a_day: Count = 12
