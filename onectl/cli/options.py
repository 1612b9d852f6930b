"""Options that several commands have, each written once."""

from __future__ import annotations

from typing import Annotated

import typer

SETTINGS = {"help_option_names": ["-h", "--help"]}

Name = Annotated[str, typer.Argument(metavar="NAME", help="The addon.", show_default=False)]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE,…",
        help="Set values by Helm's grammar. May be repeated; later ones win.",
        show_default=False,
    ),
]
Namespace = Annotated[
    str,
    typer.Option("--namespace", "-n", help="Where the addon is, or is to be.", show_default="the addon's own, or where it is"),
]
Kubeconfig = Annotated[
    str,
    typer.Option(
        "--kubeconfig",
        metavar="FILE",
        help="The kubeconfig.",
        show_default="KUBECONFIG, else ~/.onectl/config.json's, else ~/.kube/config",
    ),
]
Context = Annotated[str, typer.Option("--context", help="Its context.", show_default="the current one")]
Timeout = Annotated[str, typer.Option("--timeout", metavar="DURATION", help="How long to wait in all, e.g. 90s or 1h30m.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. Without a terminal nothing is asked anyway.")]
