"""The temporary bucket: clients upload a zip before they name it to the API. A restart empties it."""

import hashlib
import shutil
import threading
import uuid
from pathlib import Path


class Uploads:
    """The objects of the bucket, in files of *folder*; parts of those that are under way are in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: dict[str, dict[int, bytes]] = {}
        self._lock = threading.Lock()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""
        file = self._file(key)
        draft = file.with_name(f"{file.name}-{uuid.uuid4().hex}")
        draft.write_bytes(content)
        draft.replace(file)

    def get(self, key: str) -> bytes | None:
        """Return an object, None when there is none."""
        try:
            return self._file(key).read_bytes()
        except FileNotFoundError:
            return None

    def begin(self) -> str:
        """Begin an object that comes in parts; return the id of its upload."""
        upload = uuid.uuid4().hex
        with self._lock:
            self._parts[upload] = {}
        return upload

    def add_part(self, upload: str, number: int, content: bytes) -> bool:
        """Take one part, again if it came before; False when there is no such upload."""
        with self._lock:
            if upload not in self._parts:
                return False
            self._parts[upload][number] = content
        return True

    def finish(self, upload: str, key: str) -> bool:
        """Store the object that the parts make; False when there is no such upload."""
        with self._lock:
            parts = self._parts.pop(upload, None)
        if parts is None:
            return False
        self.put(key, b"".join(parts[number] for number in sorted(parts)))
        return True

    def _file(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()
