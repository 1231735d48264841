"""How long what is personal is kept."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Model

Months = Annotated[int, Field(strict=True, ge=1, le=120)]


class PrivacyPolicy(Model):
    """For how many months what is personal is kept, and how long a wish to be erased may be taken back.

    Nothing is kept longer than its purpose needs (PIPL art. 19). GB/T 35273—2020 (8.5) wants an erasure
    within 15 working days: a week to think leaves as long for what must be settled first.
    """

    health_months: Months = 24
    """Former results of the questionnaire; the present one stays while its consent does."""
    draft_months: Months = 1
    """Answers of a questionnaire that was never ended."""
    address_months: Annotated[int, Field(strict=True, ge=36, le=120)] = 37
    """Names and addresses of orders; the E-Commerce Law, art. 31, wants orders kept for three years."""
    task_months: Annotated[int, Field(strict=True, ge=6, le=120)] = 13
    """Tasks that are done; an order may ask for them again as long as it can be given back."""
    event_months: Annotated[int, Field(strict=True, ge=1, le=36)] = 13
    """A year and a month, so that a season can be compared with the last."""
    erase_wait_days: Annotated[int, Field(strict=True, ge=1, le=14)] = 7
