import subprocess
from pathlib import Path

import pytest

from twinbuild.debian.certificates import install_certificates, name_hash
from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError
from twinbuild.model.tree import Symlink

SUBJECTS = (
    "/C=EE/O=AS Sertifitseerimiskeskus/CN=EE Certification Centre",
    "/O=  Many   Blanks  and\tTabs /CN=UPPER lower ÄÖ",
    "/CN=x/emailAddress=Someone@Example.Example",
    "/C=DE/OU=one/OU=two/CN=" + "long " * 12,
)


def made(directory: Path, subject: str) -> bytes:
    """A self-signed certificate for a subject."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key"]
    argv = ["openssl", "req", "-x509", *key, "-utf8", "-out", "pem", "-subj", subject, "-days", "2"]
    subprocess.run(argv, cwd=directory, check=True, capture_output=True)
    return (directory / "pem").read_bytes()


@pytest.mark.parametrize("subject", SUBJECTS)
def test_name_hashes_are_those_of_openssl(tmp_path: Path, subject: str) -> None:
    """Programs look an authority up by this name, so it must be OpenSSL's to the bit."""
    pem = made(tmp_path, subject)
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-subject_hash", "-in", "pem"], cwd=tmp_path, check=True, capture_output=True
    )
    assert name_hash(pem, "x") == said.stdout.decode().strip()


def test_bundle_links_and_list_hold_every_certificate(tmp_path: Path) -> None:
    """Certificates are sorted, get a final line end, and equal names get numbers."""
    root = Root()
    same = made(tmp_path, SUBJECTS[0])
    root.write("usr/share/ca-certificates/mozilla/B (x), y.crt", same.rstrip())
    root.write("usr/share/ca-certificates/mozilla/A.crt", same)
    root.write("usr/share/ca-certificates/README", b"")
    install_certificates(root)
    assert root.read("etc/ssl/certs/ca-certificates.crt") == same + same
    assert root.read("etc/ca-certificates.conf").endswith(b"#\nmozilla/A.crt\nmozilla/B (x), y.crt\n")
    stem = name_hash(same, "x")
    assert root.names("etc/ssl/certs") == tuple(
        sorted(["A.pem", "B_=x=__y.pem", "ca-certificates.crt", f"{stem}.0", f"{stem}.1"])
    )
    assert root.get(f"etc/ssl/certs/{stem}.1") == Symlink(path=f"etc/ssl/certs/{stem}.1", target="B_=x=__y.pem")
    assert root.read("etc/ssl/certs/A.pem") == same


def test_certificates_of_the_base(tmp_path: Path) -> None:
    """Those in /usr/local are in the bundle, behind the others, and not in the list; links lead nowhere in circles."""
    root = Root()
    own, shipped = made(tmp_path, SUBJECTS[2]), made(tmp_path, SUBJECTS[0])
    root.write("usr/share/ca-certificates/mozilla/Z.crt", shipped)
    root.write("usr/local/share/ca-certificates/team/own.crt", own)
    for top in ("usr/share", "usr/local/share"):
        for name in ("here", "there", "x.crt"):
            root.link(f"{top}/ca-certificates/{name}", ".")
    install_certificates(root)
    assert root.read("etc/ssl/certs/ca-certificates.crt") == shipped + own
    assert root.read("etc/ssl/certs/own.pem") == own
    assert b"own" not in root.read("etc/ca-certificates.conf")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nMAIwAA==\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nMA4wDAIAAgACAAIAAgAwAA==\n-----END CERTIFICATE-----"[:60],
    ],
)
def test_what_is_no_certificate_is_refused(text: bytes) -> None:
    """Not PEM, not base64, or DER that ends early: TB4216, never another exception."""
    with pytest.raises(BuildError, match="TB4216"):
        name_hash(text, "x.crt")
