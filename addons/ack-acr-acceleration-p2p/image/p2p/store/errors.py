"""Why a blob can't be had from the store."""

from __future__ import annotations


class StoreError(Exception):
    """The message is one line and names the digest or the piece."""


class WrongBytes(StoreError):
    """Bytes that do not have the digest that was promised."""


class Stalled(StoreError):
    """Nothing of the blob arrived for longer than a reader may wait."""


class Unobtainable(StoreError):
    """The blob failed a short while ago and is not tried again yet, or can't be read back."""


class Full(StoreError):
    """The disk or the store's capacity has no room for the blob."""
