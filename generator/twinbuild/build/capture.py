"""What is really there in an environment, as one JSON document: ``twinbuild parity`` compares it with a release.

    python -I -S capture.py              in a container or a virtual environment
    … capture --program | docker exec -i NAME python -I -S -

One file, the standard library of Python 3.9 and later alone, and nothing of the environment is imported or executed.
``ASK`` is what to look at: `twinbuild capture` writes it from a release manifest. Of environment variables it gives the
values of those that the release declares (knobs, serving.environment) and of all others the names alone; no file is
shown, only digests.
"""

from __future__ import annotations

# ruff: noqa: PTH100, PTH112, PTH113, PTH114, PTH115, PTH116, PTH118, PTH119, PTH120, PTH123, PTH208, T201
import base64
import csv
import hashlib
import json
import os
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

ASK: dict[str, Any] = {"files": [], "variables": []}
FORMAT = "twinbuild/capture/v1"
ROOT = "/"
MOST = 200  # paths that are listed of one kind


def main(argv: list[str]) -> int:
    """Print the document; ``--image DIGEST`` says which image this is, which cannot be seen from inside."""
    image = argv[argv.index("--image") + 1] if "--image" in argv[:-1] else os.environ.get("TWINBUILD_IMAGE", "")
    json.dump(captured(image), sys.stdout, sort_keys=True, indent=1, ensure_ascii=True)
    print()
    return 0


def captured(image: str) -> dict[str, Any]:
    """The document."""
    owned: set[str] = set()
    directories = site_directories()
    packages = [package(where, name, owned) for where in directories for name in distributions(where)]
    return {
        "apiVersion": FORMAT,
        "kind": "Capture",
        "image": image,
        "release": release(),
        "python": {
            "version": ".".join(map(str, sys.version_info[:3])),
            "implementation": sys.implementation.name,
        },
        "packages": sorted(packages, key=lambda item: (item["name"], item["version"])),
        "unowned": sorted(path for where in directories for path in unowned(where, owned))[:MOST],
        "os_packages": os_packages(),
        "variables": {name: os.environ[name] for name in sorted(ASK["variables"]) if name in os.environ},
        "environment": sorted(os.environ),
        "files": {path: entry for asked in ASK["files"] for path, entry in files(asked)},
    }


def site_directories() -> list[str]:
    """Where distributions are installed: of the virtual environment whose Python this is, else of Python itself.

    Of both, where the virtual environment says that it has the packages of Python itself, too.
    """
    above = os.path.dirname(os.path.dirname(os.path.abspath(sys.executable)))
    own = [sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix]
    configuration = os.path.join(above, "pyvenv.cfg")
    shared = rb"(?im)^include-system-site-packages\s*=\s*true\s*$"
    prefixes = [above] if os.path.isfile(configuration) else own
    prefixes += own if re.search(shared, read(configuration)) else []
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    found = [
        os.path.join(prefix, lib, each, kind)
        for prefix in prefixes
        for lib in ("lib", "lib64", "local/lib")
        for each in (version, f"python{sys.version_info[0]}")
        for kind in ("site-packages", "dist-packages")
    ]
    real = dict.fromkeys(os.path.realpath(path) for path in found if os.path.isdir(path))
    return list(real)


def distributions(where: str) -> list[str]:
    """Names of the ``.dist-info`` directories of a site directory, sorted."""
    return sorted(name for name in os.listdir(where) if name.endswith(".dist-info"))


def package(where: str, name: str, owned: set[str]) -> dict[str, Any]:
    """An installed distribution: what its METADATA says, the digest of its RECORD, and files that are not as it says.

    ``owned`` gets the path of each file that it names.
    """
    folder = os.path.join(where, name)
    stem = name[: -len(".dist-info")].rpartition("-")
    project, version = stem[0], stem[2]
    for line in read(os.path.join(folder, "METADATA")).decode("utf-8", "replace").split("\n"):
        if not line.strip():
            break
        key, _, value = line.partition(":")
        if key.lower() == "name":
            project = value.strip()
        elif key.lower() == "version":
            version = value.strip()
    record = read(os.path.join(folder, "RECORD"))
    altered, missing = [], []
    for row in csv.reader(record.decode("utf-8", "replace").splitlines()):
        if len(row) != 3:
            continue
        path = os.path.normpath(os.path.join(where, row[0]))
        owned.add(path)
        if not row[1]:
            continue
        algorithm, _, wanted = row[1].partition("=")
        got = digest_of(path, algorithm)
        if got is None:
            missing.append(row[0])
        elif base64.urlsafe_b64encode(got).decode().rstrip("=") != wanted:
            altered.append(row[0])
    return {
        "name": re.sub(r"[-_.]+", "-", project).lower(),
        "version": version,
        "record": "sha256:" + hashlib.sha256(record).hexdigest() if record else "",
        "altered": sorted(altered)[:MOST],
        "missing": sorted(missing)[:MOST],
    }


def unowned(where: str, owned: set[str]) -> Iterator[str]:
    """Files of a site directory that no RECORD names, but for byte code; relative to it."""
    for path in walked(where):
        if path not in owned:
            yield os.path.relpath(path, where)


def walked(where: str) -> Iterator[str]:
    """Everything below a directory but directories and byte code, and each directory that can't be looked into.

    A link to a directory is not followed, and so is one of those.
    """
    unread: list[OSError] = []
    for top, directories, names in os.walk(where, onerror=unread.append):
        links = [name for name in directories if os.path.islink(os.path.join(top, name))]
        directories[:] = sorted(name for name in directories if name not in links)
        inside = os.path.basename(top) == "__pycache__"
        for name in sorted(names + links):
            if not (inside and name.endswith(".pyc")):
                yield os.path.join(top, name)
    yield from (str(error.filename) for error in unread)


def os_packages() -> list[dict[str, str]]:
    """What dpkg has installed, sorted by name and architecture; also in images without dpkg itself."""
    places = [os.path.join(ROOT, "var/lib/dpkg/status")]
    single = os.path.join(ROOT, "var/lib/dpkg/status.d")
    if os.path.isdir(single):
        places += [os.path.join(single, name) for name in sorted(os.listdir(single)) if not name.endswith(".md5sums")]
    found = []
    for place in places:
        for stanza in read(place).decode("utf-8", "replace").split("\n\n"):
            fields = dict(line.split(": ", 1) for line in stanza.split("\n") if ": " in line and line[0] not in " \t")
            if "Package" in fields and fields.get("Status", "install ok installed").endswith(" installed"):
                found.append(
                    {
                        "name": fields["Package"],
                        "version": fields.get("Version", ""),
                        "architecture": fields.get("Architecture", ""),
                    }
                )
    return sorted(found, key=lambda item: (item["name"], item["architecture"]))


def files(asked: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A file, or everything below a directory but for byte code: digest and whether it may be executed, or what it is.

    A link to a file is the file; one to a directory says where it leads, for what is there was not looked at.
    """
    start = os.path.join(ROOT, asked.lstrip("/"))
    for path in walked(start) if os.path.isdir(start) else [start]:
        name, got = "/" + os.path.relpath(path, ROOT), digest_of(path, "sha256")
        if got is not None:
            yield name, {"sha256": got.hex(), "executable": bool(os.stat(path).st_mode & 0o100)}
        elif os.path.islink(path):
            yield name, {"link": os.readlink(path)}
        elif os.path.lexists(path):
            yield name, {"sha256": "of what is no file, or can't be read"}


def release() -> dict[str, str]:
    """What the image says that it is; nothing where this is none of twinbuild's."""
    try:
        document = json.loads(read(os.path.join(ROOT, "etc/twinbuild/release.json")))
        return {key: str(document[key]) for key in ("name", "version", "variant", "platform")}
    except (ValueError, KeyError, TypeError):
        return {}


def read(path: str) -> bytes:
    """The bytes of a file; none where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read(64 << 20)
    except OSError:
        return b""


def digest_of(path: str, algorithm: str) -> bytes | None:
    """The digest of a file; None where it is not there, or is hashed by something else."""
    if algorithm not in ("sha256", "sha384", "sha512") or not os.path.isfile(path):
        return None
    state = hashlib.new(algorithm)
    try:
        with open(path, "rb") as stream:
            while chunk := stream.read(1 << 20):
                state.update(chunk)
    except OSError:
        return None
    return state.digest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
