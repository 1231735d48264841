"""The orders to suppliers, in a file for spreadsheets."""

import csv
from collections.abc import Sequence
from pathlib import Path

from gardenshop.flows.supplying import Line, SupplierOrder


def write_csv(path: Path, orders: Sequence[SupplierOrder]) -> None:
    """Write a row a line to *path*, marked as UTF-8 for spreadsheets."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["supplierId", "supplier", *Line._fields])
        for order in orders:
            for line in order.lines:
                rows.writerow([order.supplier_id, order.name, *line[:-1], "；".join(line.reasons)])
