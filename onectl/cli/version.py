"""`onectl version`."""

from __future__ import annotations

import platform

import typer

from onectl import __version__


def version() -> None:
    """Print the version of onectl."""
    where = f"{platform.system().lower()}/{platform.machine()}"
    typer.echo(f"onectl: v{__version__} Python: {platform.python_version()} Platform: {where}")
