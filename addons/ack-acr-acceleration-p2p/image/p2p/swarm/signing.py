"""Ed25519 keys as they are kept: private ones as PEM files, public ones as base64 of 32 bytes."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PublicKeys = Sequence[Ed25519PublicKey]


def private_key(pem: bytes) -> Ed25519PrivateKey:
    """Raises ValueError when that is no Ed25519 key in PEM."""
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return key


def public_keys(texts: Iterable[str]) -> list[Ed25519PublicKey]:
    """Raises ValueError when one is not the base64 of a raw key."""
    return [Ed25519PublicKey.from_public_bytes(b64decode(text, validate=True)) for text in texts]


def is_signed(signature: bytes, message: bytes, keys: PublicKeys) -> bool:
    """True when any of the keys made that signature: old and new ones overlap while they are rotated."""
    return any(_verifies(key, signature, message) for key in keys)


def _verifies(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
