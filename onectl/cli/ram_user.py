"""`onectl ram-user …`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from onectl.cli.options import SETTINGS, Context, Kubeconfig

Addon = Annotated[str, typer.Option("--addon", metavar="NAME", help="The addon to grant for.", show_default=False)]


def grant(addon: Addon, kubeconfig: Kubeconfig = "", context: Context = "") -> None:
    """Allow the cluster's RAM user what an addon needs. Makes the user and its AccessKey if there is none."""
    from onectl.addon import catalogue, grant
    from onectl.cli import wiring
    from onectl.cloud import session
    from onectl.cloud.ram import Ram
    from onectl.cluster.objects import SYSTEM
    from onectl.output.choose import choose

    manifest = catalogue.find(addon, catalogue.home())
    settings = wiring.configuration()
    with wiring.cluster(settings, kubeconfig, context) as client:
        key, voice = session.operator(), choose(sys.stderr)
        voice.say(f"Context {client.context}, cluster {client.server}, namespace {SYSTEM}, {key.hint}")
        made = grant.grant(manifest, client, Ram(key, settings.ram_endpoint, settings.ca_file), voice)
    typer.echo(f"Ram policy {made.policy} granted to ram user {made.user} successfully.")


def group() -> typer.Typer:
    """The commands of this group."""
    app = typer.Typer(help="Permissions in Alibaba Cloud.", no_args_is_help=True, context_settings=SETTINGS)
    # Alone in its group, a command would become the group itself.
    app.callback()(lambda: None)
    app.command(context_settings=SETTINGS)(grant)
    return app
