"""The cloud's API as the database port has it."""

from collections.abc import Sequence
from typing import Protocol

from dataio.cloudapi import CloudError, Command, Items
from gardenshop.cloud.errors import DuplicateKey


class Commands(Protocol):
    """The part of the cloud's API that documents need."""

    def run(self, commands: Sequence[Command]) -> list[Items]: ...


class Port:
    """An adapter of the database over *cloud*."""

    def __init__(self, cloud: Commands) -> None:
        self._cloud = cloud

    def run(self, commands: Sequence[Command]) -> list[Items]:
        """Run *commands* in one round trip."""
        try:
            return self._cloud.run(commands)
        except CloudError as error:
            if error.is_duplicate:
                raise DuplicateKey from error
            raise
