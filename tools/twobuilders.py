"""Builds each example four times, twice with the assembler and twice with BuildKit, and prints the four digests.

Variants for CUDA, which need their base in a registry and 40 GB of the engine's disk, are built where they are named:
`tools/twobuilders.py cuda13`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Status 0 if the four digests of each example are one and its release digest is the committed one."""
    failed = False
    for digest in sorted(ROOT.glob("examples/*/release*.digest")):  # release.digest, or release.VARIANT.digest
        variant = digest.name.removeprefix("release").removesuffix("digest").strip(".")
        if variant not in (sys.argv[1:] or ("", "cpu")):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            output = Path(scratch, "release")
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "twinbuild.cli", "release", str(digest.parent), "--locked", "--quiet"),
                    *(("--variant", variant) if variant else ()),
                    *("--builders", "embedded,docker", "--reverify", "--output", str(output)),
                ],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                print(done.stderr, file=sys.stderr)
                failed = True
                continue
            failed |= not _show(digest, output)
    return int(failed)


def _show(digest: Path, output: Path) -> bool:
    """Print what each build of a release gave; whether all is as committed."""
    release = (output / "release.digest").read_text().strip()
    same = release == digest.read_text().strip()
    print(f"{digest.parent.name}  {release}{'' if same else '  (not the committed one)'}")
    found = set()
    for statement in json.loads((output / "run.json").read_text())["verification"]["builders"]:
        builder = statement["predicate"]["builder"]["id"].rpartition("/")[2]
        for number, build in enumerate(statement["predicate"]["builds"], start=1):
            for image in build:
                found.add((image["name"], image["digest"]["sha256"]))
                print(f"  {image['name']}  {builder:8} {number}  sha256:{image['digest']['sha256']}")
    return same and len(found) == len({name for name, _ in found})


if __name__ == "__main__":
    sys.exit(main())
