"""The one tree of errors. Each knows its exit code; only the command line prints them."""

from __future__ import annotations


class OnectlError(Exception):
    """Something failed. `message` says what and where, `hint` the next step of whoever typed the command."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def add_hint(self, hint: str) -> None:
        """Say what else there is to know, as it becomes known on the error's way up."""
        self.hint = f"{self.hint}; {hint}" if self.hint else hint


class UsageError(OnectlError):
    """The command, a key, a value or a file that the user wrote is wrong. Nothing was changed."""

    exit_code = 2


class AccessError(OnectlError):
    """The cluster or the cloud can't be reached, or does not accept or allow the caller."""

    exit_code = 3


class ForbiddenError(AccessError):
    """The caller is known, and not allowed to do that."""


class TimedOutError(OnectlError):
    """What was waited for did not come about in the time given."""

    exit_code = 4


class UnavailableError(OnectlError):
    """A part of the Kubernetes API has no server at the moment."""


class NotFoundError(OnectlError):
    """An object that was asked for by its name does not exist."""


class ConflictError(OnectlError):
    """An object of that name exists already."""
