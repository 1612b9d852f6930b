"""The program. Command bodies import what they need, so that help and completion answer at once."""

from __future__ import annotations

import logging
import os
import signal
import sys

import typer

from onectl.cli import addon, ram_user
from onectl.cli.options import SETTINGS
from onectl.cli.version import version
from onectl.errors import OnectlError

HELP = """Addons for registered Kubernetes clusters.

Exit codes: 0 done or unchanged, 1 failed, 2 wrong usage or values, 3 cluster or cloud can't be reached or does not allow
it, 4 timed out, 130 interrupted."""


def build(terminal: bool) -> typer.Typer:
    """All commands. Rich draws the help on a terminal only; it takes as long to load as all the rest."""
    app = typer.Typer(
        help=HELP,
        context_settings=SETTINGS,
        rich_markup_mode="rich" if terminal else None,
        pretty_exceptions_enable=False,
    )
    app.add_typer(addon.group(), name="addon")
    app.add_typer(ram_user.group(), name="ram-user")
    app.command(context_settings=SETTINGS)(version)
    return app


def main() -> None:
    """Run the command line and exit with its code."""
    # Libraries log failures that are told as errors anyway; without a handler Python prints them.
    logging.getLogger().addHandler(logging.NullHandler())
    # As Ctrl-C: helm is ended too, and what was reached is said.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        build(sys.stdout.isatty())(sys.argv[1:] or ["--help"], prog_name="onectl")
    except OnectlError as error:
        fail(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, a user is told in one line
        fail(OnectlError(f"unexpected {type(error).__name__}: {error}", "ONECTL_DEBUG=1 shows where; please report it"))


def fail(error: OnectlError) -> None:
    """Print an error on standard error and exit. ONECTL_DEBUG shows where it came from."""
    if os.environ.get("ONECTL_DEBUG"):
        sys.excepthook(*sys.exc_info())
    print(f"Error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"Hint: {error.hint}", file=sys.stderr)
    sys.exit(error.exit_code)
