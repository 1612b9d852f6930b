"""`onectl addon …`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from onectl.cli.duration import seconds
from onectl.cli.options import SETTINGS, Context, Kubeconfig, Name, Namespace, Set, Timeout, Yes

if TYPE_CHECKING:
    from onectl.addon.checks import Cloud
    from onectl.config import Config

_TIMEOUT = "5m"


def install(
    name: Name,
    sets: Set = None,
    namespace: Namespace = "",
    kubeconfig: Kubeconfig = "",
    context: Context = "",
    timeout: Timeout = _TIMEOUT,
) -> None:
    """Install an addon and wait until it works. What does not come to work is taken back."""
    from onectl.addon import catalogue, wanted
    from onectl.addon.install import install as run
    from onectl.cli import wiring

    manifest = catalogue.find(name, catalogue.home())
    settings = wiring.configuration()
    given, notes = wanted.typed(manifest, sets or [])
    values = wanted.for_install(manifest, settings.settings(name), given)
    with wiring.stage(settings, kubeconfig, context, seconds(timeout), tuple(notes)) as stage, _interruptible(name):
        run(stage, manifest, namespace, values, _cloud(settings))
    typer.echo(f"Addon {name}, version {manifest.version} installed.")


def upgrade(
    name: Name,
    sets: Set = None,
    namespace: Namespace = "",
    kubeconfig: Kubeconfig = "",
    context: Context = "",
    timeout: Timeout = _TIMEOUT,
) -> None:
    """Change an addon's values, or bring it to this version. What was set before stays; null takes a value back."""
    from onectl.addon import catalogue, wanted
    from onectl.addon.upgrade import upgrade as run
    from onectl.cli import wiring

    manifest = catalogue.find(name, catalogue.home())
    settings = wiring.configuration()
    given, notes = wanted.typed(manifest, sets or [])
    with wiring.stage(settings, kubeconfig, context, seconds(timeout), tuple(notes)) as stage, _interruptible(name):
        run(stage, manifest, namespace, given, _cloud(settings))
    typer.echo(f"Addon {name}, version {manifest.version} upgraded.")


def uninstall(
    name: Name,
    namespace: Namespace = "",
    kubeconfig: Kubeconfig = "",
    context: Context = "",
    timeout: Timeout = _TIMEOUT,
    yes: Yes = False,
) -> None:
    """Remove an addon, and say what is kept and why."""
    from onectl.addon import catalogue
    from onectl.addon.uninstall import uninstall as run
    from onectl.cli import wiring

    def confirm() -> None:
        if not yes and sys.stdin.isatty():
            typer.confirm(f"Remove {name}?", abort=True, err=True)

    manifest = catalogue.find(name, catalogue.home())
    with wiring.stage(wiring.configuration(), kubeconfig, context, seconds(timeout)) as stage, _interruptible(name):
        run(stage, manifest, namespace, confirm)
    typer.echo(f"Addon {name} uninstalled.")


def _cloud(settings: Config) -> Cloud:
    from onectl.cloud.registry import Registry

    return lambda key, region: Registry(key, region, settings.cr_endpoint, settings.ca_file)


@contextmanager
def _interruptible(name: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(
            f"Interrupted: {name} is as far as it got. The same command again goes on from there; "
            f"`onectl addon uninstall {name}` takes it away.",
            err=True,
        )
        raise


def group() -> typer.Typer:
    """The commands of this group."""
    app = typer.Typer(help="Install, change and remove addons.", no_args_is_help=True, context_settings=SETTINGS)
    for command in (install, upgrade, uninstall):
        app.command(context_settings=SETTINGS)(command)
    return app
