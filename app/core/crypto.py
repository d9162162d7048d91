"""Keys and what is done with them: sealing codes, finding them by keyed hash, single-use tokens (DESIGN §7).

A key folder holds one file per key, one `id:base64` line per generation, newest first. Every stored value carries
the id of the key that made it, so a key can be replaced without losing what the old one protects. The portal has a
folder of its own, without `seal` and `audit`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ADMIN_KEYS = ("session", "lookup", "seal", "audit")
PORTAL_KEYS = ("session", "lookup")


class KeyMissing(RuntimeError):
    """A key file is missing or unreadable; names it."""


class KeyRing:
    """The keys of one process."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self._keys = {name: _read(folder / f"{name}.key") for name in names}

    def current(self, name: str) -> tuple[str, bytes]:
        """The id and the bytes of the newest key called `name`."""
        key_id = next(iter(self._named(name)))
        return key_id, self._named(name)[key_id]

    def get(self, name: str, key_id: str) -> bytes:
        """The key that made a stored value. Raises `KeyMissing` when this process does not hold it."""
        try:
            return self._named(name)[key_id]
        except KeyError:
            raise KeyMissing(f"key {name}/{key_id} is not held here") from None

    def ids(self, name: str) -> list[str]:
        """Every generation of a key, newest first."""
        return list(self._named(name))

    def _named(self, name: str) -> dict[str, bytes]:
        try:
            return self._keys[name]
        except KeyError:
            raise KeyMissing(f"this process does not hold the key « {name} »") from None


def _read(path: Path) -> dict[str, bytes]:
    try:
        lines = path.read_text().split()
    except OSError as error:
        raise KeyMissing(f"{path}: {error.strerror}") from error
    keys = {}
    for line in lines:
        key_id, _, value = line.partition(":")
        keys[key_id] = base64.b64decode(value)
    if not keys or any(len(value) != 32 for value in keys.values()):
        raise KeyMissing(f"{path}: expected lines « id:base64 of 32 bytes »")
    return keys


def make_keys(folder: Path) -> None:
    """Write fresh keys under `folder/admin` and `folder/portal` where they are missing; the lookup key is shared."""
    lookup = _line()
    for side, names in (("admin", ADMIN_KEYS), ("portal", PORTAL_KEYS)):
        (folder / side).mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in names:
            path = folder / side / f"{name}.key"
            if not path.exists():
                path.write_text(lookup if name == "lookup" else _line())
                path.chmod(0o600)
            if name == "lookup":
                lookup = path.read_text()


def _line() -> str:
    return f"{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"


_ring: KeyRing | None = None


def use_keys(ring: KeyRing) -> None:
    """Give this process its keys."""
    global _ring
    _ring = ring


def keyring() -> KeyRing:
    """The keys of this process."""
    if _ring is None:
        raise KeyMissing("no key folder was loaded")
    return _ring


def lookup_hash(code: str) -> tuple[str, str]:
    """The id of the lookup key and HMAC-SHA-256 of a code (compact form) under it. 64 bits of code need a key."""
    key_id, key = keyring().current("lookup")
    return key_id, _hmac(key, code)


def lookup_hashes(code: str) -> list[str]:
    """The hash of a code under every generation of the lookup key, to find codes made before a key change."""
    ring = keyring()
    return [_hmac(ring.get("lookup", key_id), code) for key_id in ring.ids("lookup")]


def _hmac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def seal(text: str, *, context: str = "") -> bytes:
    """Encrypt under the seal key (AES-256-GCM). `context` must be given again to open it. Admin side only."""
    key_id, key = keyring().current("seal")
    nonce = os.urandom(12)
    return key_id.encode() + b":" + nonce + AESGCM(key).encrypt(nonce, text.encode(), context.encode())


def unseal(blob: bytes, *, context: str = "") -> str:
    """Open what `seal` closed. Raises `KeyMissing` without the key, `InvalidTag` when it was altered."""
    key_id, _, rest = blob.partition(b":")
    key = keyring().get("seal", key_id.decode())
    return AESGCM(key).decrypt(rest[:12], rest[12:], context.encode()).decode()


def new_token() -> str:
    """A single-use token for a link: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token; 256 random bits need no key."""
    return hashlib.sha256(token.encode()).hexdigest()


def random_text(signs: str, length: int) -> str:
    """So many signs of an alphabet, drawn for a secret."""
    return "".join(secrets.choice(signs) for _ in range(length))
