"""Parameters of the actions: pydantic models whose refusals are the API's own."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from localcloud.cloudapi.errors import ApiError

_CODES = {"missing": "MissingParameter", "extra_forbidden": "UnknownParameter"}


class Parameters(BaseModel):
    """A request or a part of one; names are the API's, unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


P = TypeVar("P", bound=Parameters)


def parse(model: type[P], body: Any) -> P:
    """Return *body* as *model*; ApiError names the first parameter that is missing, unknown or wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "body"
    code = _CODES.get(first["type"], "InvalidParameterValue")
    raise ApiError(code, f"The parameter `{name}` is not accepted: {first['msg']}.")
