"""Aggregation expressions. Importing the package fills the tables of operators."""

from localcloud.engine.expressions import arrays, control, conversions, dates, numbers, texts
from localcloud.engine.expressions.control import check_names
from localcloud.engine.expressions.core import (
    Expression,
    Scope,
    compile_expression,
    nullish,
    truthy,
    variables,
    walk,
)

TABLES = (arrays, control, conversions, dates, numbers, texts)

__all__ = [
    "TABLES",
    "Expression",
    "Scope",
    "check_names",
    "compile_expression",
    "nullish",
    "truthy",
    "variables",
    "walk",
]
