"""Why an origin did not give what it was asked for."""

from __future__ import annotations

from collections.abc import Mapping


class RegistryError(Exception):
    """The message is one line: which origin, what it did. Never a credential or a signed address."""


class Refused(RegistryError):
    """The origin does not let this caller have that: 401, 403 or 404. `challenge` is its WWW-Authenticate of a 401."""

    def __init__(self, message: str, status: int, challenge: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.challenge = challenge


class Unavailable(RegistryError):
    """The origin gave no answer that could be used: unreachable, too slow, overloaded, or against the specification."""


class BadReference(RegistryError):
    """A path or a digest that the OCI distribution specification does not allow."""


def error_body(code: str, message: str) -> Mapping[str, object]:
    """The JSON that a registry's error answers carry (OCI distribution specification, "Error codes")."""
    return {"errors": [{"code": code, "message": message}]}
