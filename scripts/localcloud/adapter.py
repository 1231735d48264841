"""The layer's database adapter straight into the engine: for tests that need storage but no server."""

from collections.abc import Sequence

from gardenshop.cloud import ejson as layer_ejson
from gardenshop.cloud.database import Command, Document
from gardenshop.cloud.errors import DatabaseRejected, DuplicateKey
from gardenshop.cloud.runcommands import DUPLICATE_KEY, target_of
from localcloud.cloudapi import ejson
from localcloud.cloudapi.errors import from_engine
from localcloud.engine import Engine, EngineError


class EngineAdapter:
    """Runs commands on *env* of *engine*, raising what the RunCommands adapter would raise.

    Commands and replies pass through the texts that the wire would carry, so types come out the same.
    """

    def __init__(self, engine: Engine, env: str) -> None:
        self._engine = engine
        self._env = env

    def run(self, commands: Sequence[Command]) -> list[list[Document]]:
        """Run *commands* in order; when one fails as a whole, those before it have been applied."""
        replies = [self._run(command) for command in commands]
        for item in (item for reply in replies for item in reply):
            for failed in item.get("writeErrors", ()):
                raise _rejected(failed["code"], reason=failed["errmsg"])
        return replies

    def _run(self, command: Command) -> list[Document]:
        target_of(command)  # Refuses what the layer's RunCommands adapter does not know.
        try:
            items = self._engine.run(self._env, ejson.loads(layer_ejson.encode(command)))
        except EngineError as error:
            refusal = from_engine(error)
            raise _rejected(error.code, apiCode=refusal.code, reason=refusal.message) from error
        decoded: list[Document] = layer_ejson.decode_items(ejson.dumps_items(items))
        return decoded


def _rejected(code: int, **details: str) -> DatabaseRejected:
    return DuplicateKey() if code == DUPLICATE_KEY else DatabaseRejected(**details)
