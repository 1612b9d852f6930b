"""How the cloud says no."""

from __future__ import annotations


class ApiError(Exception):
    """An answer with an HTTP status and a JSON body {Code, Message, RequestId}."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
