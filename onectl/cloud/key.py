"""What a call to Alibaba Cloud is signed with."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AccessKey:
    """An AccessKey pair; `token` only for temporary ones. The secret half is never shown."""

    id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)

    @property
    def hint(self) -> str:
        """As much of it as may be shown."""
        return f"AccessKey …{self.id[-4:]}"
