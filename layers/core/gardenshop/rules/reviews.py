"""Which words of members are shown at once, and which a person should look at first."""

import re
import unicodedata
from typing import Literal

from gardenshop.rules.wording import find_claims

Shown = Literal["pending", "shown"]
Band = Literal["good", "middle", "bad"]

BANDS: dict[Band, tuple[int, ...]] = {"good": (4, 5), "middle": (3,), "bad": (1, 2)}
"""The scores that members call good, middling and bad."""

_LINK = re.compile(
    r"https?:|www\.|[a-z0-9-]\.(?:com|cn|net|org|top|shop|vip|xyz|cc|link|site)\b", re.IGNORECASE | re.ASCII
)
_NUMBER = re.compile(r"\d(?:[^\w\n]{0,2}\d){8,}")
_CONTACT = re.compile(r"微信|薇信|威信|加[vw薇]|(?<![a-z])(?:vx|wx|qq)(?![a-z])", re.IGNORECASE)


def state_of(text: str) -> Shown:
    """Return ``pending`` for a *text* that claims something of food, or leads to somebody outside the shop.

    Digits and letters of any width count, and a number stays one when it is broken up.
    """
    plain = unicodedata.normalize("NFKC", text)
    leads_away = any(pattern.search(plain) for pattern in (_LINK, _NUMBER, _CONTACT))
    return "pending" if leads_away or find_claims(plain) else "shown"
