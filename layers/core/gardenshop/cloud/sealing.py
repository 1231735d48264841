"""Sealing files by AES-256-GCM in frames, so that a wrong key, a cut, a swap or a changed byte is found.

A sealed file is `MAGIC`, a random salt, and frames. Its own key is derived from the owner's and the salt, so
no nonce ever meets a key twice, whatever is written again. The nonce of a frame is its number and whether
it is the last; *context* says which file it is and is proved by every frame.

`cryptography` is imported where it is used: most starts never seal.
"""

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
MAGIC = b"GSB1"

_SALT = 16
_TAG = 16
_FRAME = 1 << 20


class Unsealable(Exception):
    """The file was not sealed with this key as this file, or is not as it was sealed."""


def key_of(text: str) -> bytes:
    """Return the key that 64 hex digits spell.

    Raises:
        Unsealable: they do not.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Unsealable("the key must be 64 hex digits, as `openssl rand -hex 32` prints")
    return key


def seal(data: bytes, key: bytes, *, context: str) -> bytes:
    """Return *data* sealed as the file *context*."""
    salt = secrets.token_bytes(_SALT)
    cipher, proved = _cipher(key, salt), context.encode()
    frames = (
        cipher.encrypt(nonce, data[start : start + _FRAME], proved)
        for start, nonce in _frames(len(data), _FRAME)
    )
    return b"".join((MAGIC, salt, *frames))


def unseal(data: bytes, key: bytes, *, context: str) -> bytes:
    """Return what was sealed as the file *context*.

    Raises:
        Unsealable: it was not, or not with *key*, or it has changed since.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # See the module.

    head = len(MAGIC) + _SALT
    if not data.startswith(MAGIC) or len(data) < head + _TAG:
        raise Unsealable(f"{context} is not sealed")
    cipher, proved, body = _cipher(key, data[len(MAGIC) : head]), context.encode(), memoryview(data)[head:]
    try:
        return b"".join(
            cipher.decrypt(nonce, body[start : start + _FRAME + _TAG], proved)
            for start, nonce in _frames(len(body), _FRAME + _TAG)
        )
    except InvalidTag:
        raise Unsealable(f"{context}: wrong key, or changed since it was written") from None


def _frames(length: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield where each frame starts, and its nonce; nothing at all is one frame, too."""
    count = max(1, -(-length // size))
    for number in range(count):
        yield number * size, number.to_bytes(11, "big") + bytes([number == count - 1])


def _cipher(key: bytes, salt: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"gardenshop backup").derive(key))
