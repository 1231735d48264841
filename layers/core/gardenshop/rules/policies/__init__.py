"""What each rule that there is one of may hold: a module for each, since a function asks for few of them."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Line

Name = Annotated[Line, Field(min_length=1, max_length=40, pattern=r"^[^.$]+$")]
"""A name that may be a stored field's."""
