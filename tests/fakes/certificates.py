"""A certificate authority of our own, and a server's certificate by it, made with the openssl command."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

__all__ = ["authority"]


def authority(directory: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """The authority's certificate (PEM), and a server's TLS context for the given host names and addresses."""
    alternatives = ",".join(f"IP:{name}" if name[0].isdigit() else f"DNS:{name}" for name in names)
    (directory / "names").write_text(f"subjectAltName={alternatives}\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for command in (
        ["req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority", "-days", "2"],
        ["req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server"],
        ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
         "-out", "server.pem", "-days", "2", "-extfile", "names"],
    ):  # fmt: skip
        subprocess.run(["openssl", *command], cwd=directory, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem", directory / "server.key")
    return directory / "ca.pem", context
