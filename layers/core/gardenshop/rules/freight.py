"""Freight by region and weight, free above a threshold."""

from collections.abc import Sequence

from gardenshop.rules.goods import PriceLine, list_total
from gardenshop.rules.policies.freight import FreightPolicy, FreightRegion


def delivers_to(freight: FreightPolicy, province: str) -> bool:
    """Say whether the shop delivers to *province*; one not known yet is not refused."""
    return province not in freight.no_delivery


def freight_of(lines: Sequence[PriceLine], freight: FreightPolicy, province: str) -> int:
    """Return the freight of *lines* to *province*."""
    if list_total(lines) >= freight.free_from_fen or not lines:
        return 0
    tariff = _tariff(freight, province)
    weight = sum(line.weight_g * line.quantity for line in lines)
    steps = -(-max(weight - tariff.first_g, 0) // tariff.next_g)
    return tariff.first_fen + steps * tariff.next_fen


def _tariff(freight: FreightPolicy, province: str) -> FreightRegion:
    for each in freight.regions:
        if province in each.provinces:
            return each
    return freight.default
