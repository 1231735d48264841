"""The budgets of scripts/bench.py: what is measured, how, and what it may cost.

    rows        a measured value beside its budget; the table and the JSON
    stage       a local cloud in use, and functions that can be started cold
    cold        cold starts and memory of the member functions
    trips       round trips to the database
    serving     calls per second over HTTP
    weight      the size of the layers
    lookup      point reads of the engine among few and many documents
    pricing     the price pipeline alone
    restocking  the restock check over few SKUs and over ten times as many
    night       what a night learns alone: its time, and how that grows, and its memory
    rush        many members and too few units, at once, with few and with many orders in the past

Everything that is compared is measured in the same run, by turns, and what is shown is the median.
"""

from budgets.measure import measure
from budgets.rows import Row, show
from budgets.stage import Surprise

__all__ = ["Row", "Surprise", "measure", "show"]
