"""How long an order may wait for what."""

from gardenshop.models.base import Count, Model


class OrderPolicy(Model):
    """How long things may take, in the unit each name says."""

    pay_minutes: Count = 30
    auto_confirm_days: Count = 10
    after_sale_days: Count = 7
    fresh_after_sale_hours: Count = 48
