"""What budgets pay for, and how a proposal says that they do not."""

from gardenshop.rules.budget import USED_UP, Purse, marked
from gardenshop.rules.policies.restock import RestockPolicy, SupplierTerms


def purse(budget_fen: int | None = None, **suppliers: int | None) -> Purse:
    terms = {name: SupplierTerms(budget_fen=fen) for name, fen in suppliers.items()}
    return Purse(RestockPolicy(budget_fen=budget_fen, suppliers=terms))


def test_without_a_budget_everything_is_paid_for() -> None:
    assert purse(north=None).pays("north", 10**11)


def test_what_is_left_pays_for_what_is_small_enough() -> None:
    shared = purse(100)
    assert [shared.pays("north", fen) for fen in (60, 50, 40, 1)] == [True, False, True, False]


def test_both_budgets_must_allow_it_and_a_refusal_takes_of_neither() -> None:
    shared = purse(100, north=50)
    assert [shared.pays("north", 60), shared.pays("south", 90)] == [False, True]
    assert [shared.pays("north", 20), shared.pays("north", 10)] == [False, True]

    own = purse(100, north=50)
    assert [own.pays("north", 30), own.pays("north", 30), own.pays("north", 20)] == [True, False, True]


def test_the_reason_is_given_once_and_taken_away_again() -> None:
    held = marked(marked(["缺3件"], paid=False), paid=False)
    assert held == ["缺3件", USED_UP]
    assert marked(held, paid=True) == ["缺3件"]
