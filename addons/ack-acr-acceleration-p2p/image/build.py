"""Build the addon's image with buildah; `nox -s image` runs this.

    python build.py [--base IMAGE] [--python 3.11] [--push REGISTRY] [--output DIR]

The Python packages are installed here, for the base's Python and platform, and copied in: the image needs no pip, no compiler
and no network. `--base` takes whatever buildah can pull, for example an `oci-archive:` of a company's own base.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEFAULT_BASE = "docker.io/library/python:3.11-slim-bookworm"
NAME = "ack-acr-acceleration-p2p"
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64")
# Neither needs more than root and a plain disk.
STORE = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}


def run(*argv: str | Path) -> str:
    """Run a program and return what it printed on stdout; ends this one with its error."""
    try:
        done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, text=True, env={**os.environ, **STORE})
    except FileNotFoundError:
        sys.exit(f"Error: {argv[0]} is not installed; on Debian and Ubuntu: apt-get install {argv[0]}")
    if done.returncode:
        sys.exit(f"Error: {' '.join(map(str, argv))} ended with {done.returncode}")
    return done.stdout.strip()


def version() -> str:
    """The chart's appVersion is the image's tag: what the chart asks for is what is built."""
    for line in (HERE.parent / "chart/Chart.yaml").read_text().splitlines():
        if line.startswith("appVersion:"):
            return line.split(":", 1)[1].strip().strip('"')
    sys.exit("Error: chart/Chart.yaml has no appVersion")


def install_packages(work: Path, python: str) -> None:
    """Fill work/site. Some packages come as source only: they are built first, into wheels that fit every platform."""
    requirements, wheels = HERE / "requirements.txt", work / "wheels"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "wheel", "--wheel-dir", wheels, "--requirement", requirements)
    target = [word for platform in PLATFORMS for word in ("--platform", platform)]
    run(*pip, "install", "--target", work / "site", "--only-binary=:all:", "--find-links", wheels, "--no-compile",
        "--implementation", "cp", "--python-version", python, *target, "--requirement", requirements)  # fmt: skip


def build(base: str, python: str) -> str:
    """Return the image's id in buildah's store."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        install_packages(work, python)
        shutil.copytree(HERE / "p2p", work / "p2p", ignore=shutil.ignore_patterns("__pycache__"))
        base_id = run("buildah", "pull", "--quiet", base).splitlines()[-1]
        container = ("--file", HERE / "Containerfile", "--build-arg", f"BASE={base_id}")
        return run("buildah", "build", "--quiet", "--pull=never", *container, work).splitlines()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the addon's image.")
    parser.add_argument("--base", default=DEFAULT_BASE, help="image with Python (default: %(default)s)")
    parser.add_argument("--python", default="3.11", help="the Python version of the base (default: %(default)s)")
    parser.add_argument("--push", metavar="REGISTRY", help=f"push as REGISTRY/{NAME}:VERSION (log in with `buildah login`)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write the image as an OCI layout")
    args = parser.parse_args()
    image = build(args.base, args.python)
    print(f"built {NAME}:{version()} as {image}")
    if args.output:
        run("buildah", "push", "--quiet", image, f"oci:{args.output}:{version()}")
        print(f"written to {args.output}")
    if args.push:
        target = f"{args.push}/{NAME}:{version()}"
        run("buildah", "push", image, f"docker://{target}")
        print(f"pushed {target}\ninstall with --set image.repository={args.push}/{NAME}")


if __name__ == "__main__":
    main()
