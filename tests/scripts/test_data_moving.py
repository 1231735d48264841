"""The sample's past, seen from another day."""

from dataio.moving import moved

STOCK = {
    "_id": "tofu",
    "dailySales": {"2026-10-30": 3, "2026-10-31": 5},
    "termSales": {"2025-xiaoxue": 40},
    "updatedAt": 1_793_462_400_000,
    "available": 7,
}


def test_sales_that_ended_the_day_before_end_yesterday() -> None:
    assert moved("inventory", STOCK, "2026-11-24") == {
        "_id": "tofu",
        "dailySales": {"2026-11-22": 3, "2026-11-23": 5},
        "termSales": {"2025-xiaoxue": 40},
        "updatedAt": 1_793_462_400_000 + 23 * 86_400_000,
        "available": 7,
    }


def test_in_another_year_last_years_terms_are_still_last_years() -> None:
    assert moved("inventory", STOCK, "2028-01-05")["termSales"] == {"2027-xiaoxue": 40}


def test_on_the_day_it_was_written_nothing_moves() -> None:
    assert moved("inventory", STOCK, "2026-11-01") == STOCK


def test_instants_inside_lists_move_and_other_numbers_stay() -> None:
    order = {"_id": "JY20260512", "history": [{"at": 0, "to": "paid"}], "totals": {"paidFen": 9820}}

    assert moved("orders", order, "2026-11-02") == {
        "_id": "JY20260512",
        "history": [{"at": 86_400_000, "to": "paid"}],
        "totals": {"paidFen": 9820},
    }


def test_the_catalogue_does_not_move() -> None:
    assert moved("products", {"_id": "tofu", "onAt": 5}, "2026-12-01") == {"_id": "tofu", "onAt": 5}
