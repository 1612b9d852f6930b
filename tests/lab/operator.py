"""Whoever types the document's commands: a home with onectl's configuration, a key in the environment, programs on PATH."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Typed:
    """A command that ran to its end."""

    command: str
    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Operator:
    """An operator's machine. `programs` are put before PATH; `environment` holds the cloud's key."""

    home: Path
    programs: tuple[Path, ...]
    environment: Mapping[str, str]

    def configure(self, kubeconfig: Path, endpoints: Mapping[str, str], ca: Path) -> None:
        """Write `~/.onectl/config.json`: the endpoints are the only thing that tells the lab's cloud from the real one."""
        folder, kube = self.home / ".onectl", self.home / ".kube"
        for place in (folder, kube):
            place.mkdir(parents=True, exist_ok=True)
        (kube / "config").symlink_to(kubeconfig)  # for kubectl and helm
        config = {"Kubeconfig Path": str(kubeconfig), "endpoints": dict(endpoints), "caFile": str(ca)}
        (folder / "config.json").write_text(json.dumps(config, indent=2))

    def type(self, command: str, timeout: float = 600, **environment: str) -> Typed:
        """Run one line of the document, as a shell would split it, with no terminal."""
        done = subprocess.run(
            shlex.split(command.replace("\\\n", " ")),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=self.env(**environment),
        )
        return Typed(command, done.returncode, done.stdout, done.stderr)

    def env(self, **more: str) -> dict[str, str]:
        """The environment that a command of the operator sees."""
        path = os.pathsep.join([*map(str, self.programs), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
        return {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8", **self.environment, **more}


def install_onectl(folder: Path) -> Path:
    """Build the wheel and install it into a folder, as a user would get it. Returns the directory of its program."""
    wheels, site = folder / "wheel", folder / "site"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(CHECKOUT))
    subprocess.run([*pip, *build], check=True)
    (wheel,) = wheels.glob("onectl-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--upgrade", "--target", str(site), str(wheel)], check=True)
    program = folder / "bin/onectl"
    program.parent.mkdir(exist_ok=True)
    # The installed script knows only the environment's own site-packages: this one adds the folder.
    text = f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(site))} exec {shlex.quote(sys.executable)} -P -m onectl "$@"\n'
    program.write_text(text)
    program.chmod(0o755)
    return program.parent
