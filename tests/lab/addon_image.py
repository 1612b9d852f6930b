"""The addon's image: built once for each state of its sources, published in the lab's public registry."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from tests.lab import cache, images, registry
from tests.lab.cluster import Lab
from tests.lab.shell import run

ADDON = Path(__file__).parents[2] / "addons/ack-acr-acceleration-p2p"
SOURCES = ("Containerfile", "build.py", "requirements.txt", "p2p")


def build() -> Path:
    """The image as an OCI layout, on the lab's base."""
    base = images.base()

    def make(folder: Path) -> None:
        run(sys.executable, ADDON / "image/build.py", "--base", f"oci-archive:{base}", "--output", folder / "layout")

    sources = [ADDON / "image" / name for name in SOURCES]
    return cache.product("addon-image", [*sources, ADDON / "chart/Chart.yaml", str(base)], make) / "layout"


def publish(lab: Lab) -> None:
    """Push it where the chart's default `image.repository` and `image.tag` say that it is."""
    values = yaml.safe_load((ADDON / "chart/values.yaml").read_text())
    chart = yaml.safe_load((ADDON / "chart/Chart.yaml").read_text())
    domain, name = values["image"]["repository"].split("/", 1)
    registry.push(lab, build(), domain, f"{name}:{values['image']['tag'] or chart['appVersion']}")
