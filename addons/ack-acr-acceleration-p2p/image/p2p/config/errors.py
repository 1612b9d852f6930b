"""What can be wrong with the settings that a role is started with."""

from __future__ import annotations


class ConfigError(Exception):
    """One line: what is wrong, where, and what would be right."""
