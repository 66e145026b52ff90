"""An archive of packages as a distribution publishes it: made by apt-ftparchive, signed by gpg, served over HTTP."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["TOOLS", "AptArchive", "Signer", "served", "signer"]

TOOLS = ("apt-ftparchive", "gpg", "gpg-agent", "gpgconf", "dpkg-deb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key pair in a home of gpg's own."""

    home: Path
    name: str

    def gpg(self, *arguments: str | Path) -> bytes:
        """What gpg prints."""
        command = ("gpg", "--batch", "--yes", "--quiet", "--homedir", self.home, "--pinentry-mode", "loopback")
        return subprocess.run(
            [*command, "--passphrase", "", *arguments], check=True, capture_output=True, timeout=120
        ).stdout

    @property
    def keyring(self) -> bytes:
        """The public key, as a binary keyring."""
        return self.gpg("--export", self.name)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the primary key, in upper-case hex."""
        lines = self.gpg("--list-keys", "--with-colons", self.name).decode().splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr:"))


@contextmanager
def signer(name: str = "Archive <archive@mirror.example>") -> Iterator[Signer]:
    """A new key, in a directory with a short name: an agent's socket lies in it."""
    home = Path(tempfile.mkdtemp(prefix="gpg"))
    made = Signer(home=home, name=name)
    try:
        made.gpg("--quick-generate-key", name, "rsa3072", "sign", "never")
        yield made
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AptArchive:
    """An archive below a directory: ``pool/COMPONENT/``, and suites in ``dists/``."""

    root: Path
    components: tuple[str, ...] = ("main", "universe")

    def add(self, deb: Path, component: str = "main") -> None:
        """Put a package into the pool."""
        (self.root / "pool" / component).mkdir(parents=True, exist_ok=True)
        shutil.copy(deb, self.root / "pool" / component / deb.name)

    def publish(self, suite: str, *, codename: str, pool: str, key: Signer) -> None:
        """A signed suite of the packages that lie in ``pool/``, or in a directory of the same form beside it."""
        directory = self.root / "dists" / suite
        for component in self.components:
            place = directory / component / "binary-amd64"
            place.mkdir(parents=True, exist_ok=True)
            (self.root / pool / component).mkdir(parents=True, exist_ok=True)
            listed = self._ftparchive("packages", f"{pool}/{component}")
            (place / "Packages").write_bytes(listed)
            subprocess.run(["xz", "--force", "--keep", place / "Packages"], check=True)
        fields = {"Origin": "Ubuntu", "Label": "Ubuntu", "Suite": suite, "Codename": codename}
        fields |= {"Architectures": "amd64", "Components": " ".join(self.components)}
        stated = [f"-oAPT::FTPArchive::Release::{field}={value}" for field, value in fields.items()]
        (directory / "Release").unlink(missing_ok=True)
        (directory / "InRelease").unlink(missing_ok=True)
        (directory / "Release").write_bytes(self._ftparchive(*stated, "release", f"dists/{suite}"))
        self.sign(suite, key)

    def sign(self, suite: str, key: Signer) -> None:
        """Sign a suite's Release file."""
        directory = self.root / "dists" / suite
        key.gpg("--clearsign", "--output", directory / "InRelease", directory / "Release")

    def _ftparchive(self, *arguments: str) -> bytes:
        return subprocess.run(
            ["apt-ftparchive", *arguments], cwd=self.root, check=True, capture_output=True, timeout=120
        ).stdout


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  as the library has it
        """Say nothing."""


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The address of a directory that a web server serves."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
