"""The pages in Debian's Chromium: search, sort, keyboard, narrow screens, dark mode, accessibility by axe-core.

One browser looks at everything, driven by ``tools/browser/look.mjs``; each test here is one thing that it found right.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from fakes.published import example, hostile, shipped_pages
from twinbuild.describe.site.catalogue import entry
from twinbuild.describe.site.published import Published
from twinbuild.pipeline.site.writing import write_site

ROOT: Final = Path(__file__).resolve().parents[2]
FETCHED: Final = ROOT / "build" / "browser"
CHROMIUM: Final = shutil.which("chromium")
CHECKS: Final = (
    "search",
    "sort",
    "graph",
    "treemap",
    "network",
    "links",
    "keyboard",
    "narrow",
    "dark",
    "accessible",
    "withoutScript",
    "print",
    "hostile",
    "many",
    "anyTwo",
    "thousand",
    "quiet",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)"),
    pytest.mark.skipif(not (FETCHED / ".fetched").is_file(), reason="run `make validators`"),
]


def _versions() -> Iterator[Published]:
    """Releases of three names; of one there are four versions, of which 1.10 is after 1.9."""

    def bumped(version: str, document: dict[str, Any]) -> None:
        wheels = document["environment"]["targets"][0]["wheels"]
        wheels[3]["version"] = version
        if version != "1.9.0":
            del wheels[5]
            document["environment"]["targets"][0]["os_packages"][2]["sha256"] = "0" * 64  # its version stays
        document["configuration"]["stages"]["production"]["batch_limit"] = len(version) * 16
        document["rollout"]["steps"][0]["weight"] = 5

    yield example("1.0.0")
    for day, version in enumerate(("1.9.0", "1.10.0", "2.0.0"), 1):
        yield example(version, day=day, change=partial(bumped, version))
    yield example("1.0.0", name="churn", day=2)
    yield example("0.1.0-rc.1+a", name="embedder", day=9)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the browser found wrong, by check."""
    place = tmp_path_factory.mktemp("pages") / "site"
    write_site([partial(lambda one: one, each) for each in _versions()], place)
    pages = shipped_pages()
    (place / "hostile.html").write_bytes(pages.report(hostile()))
    (place / "bare.html").write_bytes(pages.report(replace(example(), bom=None, builders=())))
    base = example()
    assert base.bom is not None
    (package, *_) = (each for each in base.bom.components if each.purl.startswith("pkg:deb/"))
    parts = tuple(replace(package, name=f"part-{number}", reference=f"part-{number}") for number in range(2500))
    (place / "many.html").write_bytes(pages.report(replace(base, bom=replace(base.bom, components=parts))))
    one = entry(base)
    many = [
        replace(
            one,
            slug=f"model-{number}",
            name=f"model-{number % 20}",
            version=f"{number // 300}.{number % 7}.{number}",
            time=one.time + number * 3600,
            digest=f"sha256:{number:064x}",
            size=one.size + number * 7919 % 1000,
        )
        for number in range(1000)
    ]
    (place / "thousand.html").write_bytes(pages.index(many, {}))
    command = ("node", str(ROOT / "tools" / "browser" / "look.mjs"), str(FETCHED), str(CHROMIUM), str(place))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found["result"]


@pytest.mark.parametrize("check", CHECKS)
def test_in_chromium(check: str, seen: dict[str, Any]) -> None:
    """The check finds nothing wrong; ``quiet``: nothing was requested, no error was logged, by any page."""
    assert seen[check] == []


def test_every_check_is_asked_for(seen: dict[str, Any]) -> None:
    """None is run without a test that looks at it."""
    assert sorted(seen) == sorted(CHECKS)
