"""The images of the lab: what holds a Pod's namespaces, the base of the addon's image, and images of random bytes."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab import cache, pki
from tests.lab.shell import run

HERE = Path(__file__).parent
PAUSE = "lab.local/pause:1"
BASE = "lab.local/base:1"
PACKAGES = "python3,ca-certificates"
UNNEEDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
# No storage driver but vfs and no isolation but chroot needs more than root and a plain disk.
STORE = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
BUNDLE = Path("etc/ssl/certs/ca-certificates.crt")
INDEX, MANIFEST, CONFIG, LAYER = (f"application/vnd.oci.image.{kind}" for kind in (
    "index.v1+json", "manifest.v1+json", "config.v1+json", "layer.v1.tar"))  # fmt: skip


def sleeper() -> Path:
    """A static program that sleeps, reaps orphans, and ends when told to."""

    def make(folder: Path) -> None:
        run("gcc", "-static", "-Os", "-s", "-o", folder / "pause", HERE / "pause/pause.c")

    return cache.product("pause", [HERE / "pause/pause.c"], make) / "pause"


def pause() -> Path:
    """The archive that every node loads when it starts."""

    def make(folder: Path) -> None:
        with container("scratch") as box:
            run("buildah", "copy", "-q", box, sleeper(), "/pause", env=STORE)
            run("buildah", "config", "--entrypoint", '["/pause"]', box, env=STORE)
            archive(box, PAUSE, folder / "image.tar")

    return cache.product("pause-image", [HERE / "pause/pause.c", "1"], make) / "image.tar"


def base() -> Path:
    """A minimal Debian of this machine's release with Python, trusting the lab's CA as a company's base trusts its own."""
    authority = pki.authority(cache.directory() / "pki")
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    suite = release["VERSION_CODENAME"]

    def make(folder: Path) -> None:
        tree = folder / "base.tar"
        leave_out = [f"--dpkgopt=path-exclude={path}" for path in UNNEEDED]
        trusted = '"$1"/usr/local/share/ca-certificates/lab.crt'
        hooks = [f"install -Dm644 {authority.certificate} {trusted}", 'chroot "$1" update-ca-certificates']
        words = [*leave_out, *(f"--customize-hook={hook}" for hook in hooks)]
        run("mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", *words, suite, tree)
        with container("scratch") as box:
            run("buildah", "add", "-q", box, tree, "/", env=STORE)
            archive(box, BASE, folder / "image.tar")
        tree.unlink()

    return cache.product("base-image", [PACKAGES, suite, authority.certificate, "2"], make) / "image.tar"


@contextmanager
def container(image: str) -> Iterator[str]:
    """A working container of buildah's, removed at the end."""
    box = run("buildah", "from", image, env=STORE).strip()
    try:
        yield box
    finally:
        run("buildah", "rm", box, env=STORE)


def archive(box: str, name: str, out: Path) -> None:
    """Commit a working container and write it as an OCI archive."""
    image = run("buildah", "commit", "-q", box, env=STORE).strip()
    run("buildah", "push", "-q", image, f"oci-archive:{out}:{name}", env=STORE)
    run("buildah", "rmi", image, env=STORE)


def random_image(layout: Path, layers: int, layer_bytes: int, seed: int) -> Path:
    """Write an OCI layout of an image that sleeps, with incompressible layers whose sum is layers × layer_bytes.

    The sleeping program is in the first layer, as /pause and as /bin/sleep, so that any command line of a test finds it.
    """
    blobs = layout / "blobs/sha256"
    blobs.mkdir(parents=True)
    source = random.Random(seed)
    written = [_blob(blobs, _layer(source, number, layer_bytes), LAYER) for number in range(layers)]
    diffs = [layer["digest"] for layer in written]
    config = {"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/pause"]},
              "rootfs": {"type": "layers", "diff_ids": diffs}}  # fmt: skip
    body = {"schemaVersion": 2, "mediaType": MANIFEST, "config": _blob(blobs, _json(config), CONFIG), "layers": written}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [_blob(blobs, _json(body), MANIFEST)]}
    (layout / "index.json").write_bytes(_json(index))
    (layout / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    return layout


def _layer(source: random.Random, number: int, size: int) -> bytes:
    """An uncompressed tar archive of exactly `size` bytes (a multiple of 512)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        if number == 0:
            _add(tar, tarfile.TarInfo("pause"), sleeper().read_bytes())
            link = tarfile.TarInfo("bin/sleep")
            link.type, link.linkname, link.mode = tarfile.LNKTYPE, "pause", 0o755  # of the one file that both are
            tar.addfile(link)
        _add(tar, tarfile.TarInfo(f"data-{number}"), source.randbytes(size - out.tell() - 512 - 1024))
        tar.offset = size  # the end is two empty blocks, not the filling up to 10 KiB that follows
    return out.getvalue()[:size]


def _add(tar: tarfile.TarFile, entry: tarfile.TarInfo, content: bytes) -> None:
    entry.size, entry.mode = len(content), 0o755
    tar.addfile(entry, io.BytesIO(content))


def _blob(folder: Path, content: bytes, media_type: str) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    (folder / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _json(body: object) -> bytes:
    return json.dumps(body).encode()
