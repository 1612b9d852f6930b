"""What a developer runs. `sh tests/run SESSION` sets everything up first; plain `nox -s SESSION` expects it done."""

from __future__ import annotations

import os
from pathlib import Path

import nox

HERE = Path(__file__).parent
IMAGE = HERE / "addons/ack-acr-acceleration-p2p/image"
CHART = HERE / "addons/ack-acr-acceleration-p2p/chart"

REQUIRED = "region=cn-hangzhou,acrInstances=cri-a"

# One environment, made by tests/run and kept outside the checkout, serves all sessions.
nox.options.default_venv_backend = "none"
nox.options.sessions = ["check", "unit"]


def _python(session: nox.Session, *words: str) -> None:
    session.run("python", *words, env={"PYTHONPATH": os.pathsep.join((str(HERE), str(IMAGE)))})


def _pytest(session: nox.Session, *words: str) -> None:
    _python(session, "-m", "pytest", *words, *session.posargs)


@nox.session
def check(session: nox.Session) -> None:
    """Format, lint, types, layers, chart."""
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("lint-imports", env={"PYTHONPATH": os.pathsep.join((str(HERE), str(IMAGE)))})
    _python(session, "-m", "tests.lab", "helm", "lint", "--strict", "--quiet", str(CHART), "--set", REQUIRED)


@nox.session
def unit(session: nox.Session) -> None:
    """Fast tests, no network."""
    _pytest(session, "tests/unit")


@nox.session
def integration(session: nox.Session) -> None:
    """Tests against real servers on this machine, without the cluster."""
    _pytest(session, "tests/integration")


@nox.session
def e2e(session: nox.Session) -> None:
    """Tests on the whole lab: Kubernetes, containerd, registry, cloud."""
    _pytest(session, "tests/e2e")


@nox.session
def tests(session: nox.Session) -> None:
    """All of the above in one run, the fast ones first."""
    check(session)
    _pytest(session, "tests/unit", "tests/integration", "tests/e2e")


@nox.session
def demo(session: nox.Session) -> None:
    """The document's five steps on a cluster of this machine. `-- --json FILE` writes the figures."""
    _python(session, "-m", "tests.demo", *session.posargs)


@nox.session
def image(session: nox.Session) -> None:
    """Build the addon's image. `-- --base IMAGE`, `-- --push REGISTRY`."""
    _python(session, str(IMAGE / "build.py"), *session.posargs)


@nox.session
def lab(session: nox.Session) -> None:
    """The cluster by hand: `-- up [--nodes N]`, `-- down`, `-- status`, `-- shell NODE`."""
    _python(session, "-m", "tests.lab", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Figures: `-- swarm_loopback`, …: the modules of tests/bench."""
    name, *words = session.posargs or ["--help"]
    if name.startswith("-"):
        session.log("benches: " + ", ".join(sorted(p.stem for p in (HERE / "tests/bench").glob("[a-z]*.py"))))
        return
    _python(session, "-m", f"tests.bench.{name}", *words)


@nox.session
def nightly(session: nox.Session) -> None:
    """What does not fit into CI; run by hand."""
    _pytest(session, "tests/e2e", "-m", "nightly")
