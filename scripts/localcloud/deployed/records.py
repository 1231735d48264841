"""What is remembered of everything deployed. Instants are epoch seconds of the cloud's clock."""

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LayerRef(_Record):
    """A layer's version that a function is bound to."""

    name: str
    version: int


class Timer(_Record):
    """A timer trigger; `cron` has seven fields."""

    name: str
    cron: str
    enabled: bool
    argument: str
    added_at: float
    modified_at: float


class DeployedFunction(_Record):
    """The configuration of a function and the digest of its zip; `latest` counts its published versions."""

    name: str
    runtime: str
    handler: str
    timeout: int
    memory_size: int
    description: str
    environment: dict[str, str]
    layers: tuple[LayerRef, ...]
    role: str
    code: str
    code_size: int
    added_at: float
    modified_at: float
    timers: tuple[Timer, ...] = ()
    latest: int = 0

    def timer(self, name: str) -> Timer | None:
        """Return the timer called *name*, if there is one."""
        return next((one for one in self.timers if one.name == name), None)


class Published(_Record):
    """A function as it was when *version* of it was published."""

    version: int
    description: str
    function: DeployedFunction
    at: float


class LayerVersion(_Record):
    """One version of a layer; one that was deleted serves the functions that are bound to it."""

    name: str
    version: int
    runtimes: tuple[str, ...]
    description: str
    license: str
    code: str
    size: int
    added_at: float
    deleted: bool = False


class Route(_Record):
    """An HTTP access route of a function."""

    id: str
    path: str
    function: str
    needs_login: bool
    passes_path: bool
    enabled: bool
    added_at: float
    modified_at: float


class Rule(_Record):
    """The security rule of a kind of resource, as JSON text."""

    text: str
