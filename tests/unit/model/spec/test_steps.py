"""``environment.steps``: what a step may say, and what is refused at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import SpecError
from twinbuild.model.spec.release import ReleaseSpec

ROOT = Path(__file__).resolve().parents[4]
TEXT = (ROOT / "examples" / "fraud-scorer" / "release.yaml").read_text("utf-8")
GOOD = "name: one, command: [x], outputs: [{path: /models/one}]"


def load(*steps: str, text: str = TEXT) -> ReleaseSpec:
    """The first example with these steps, each in YAML's flow style."""
    lines = "".join(f"    - {{{step}}}\n" for step in steps)
    text = text.replace("environment:\n", f"environment:\n  steps:\n{lines}", 1)
    return load_spec((SourceText(name="release.yaml", content=text.encode()),)).spec


def test_defaults() -> None:
    """A step with a command and an output is enough."""
    (step,) = load(GOOD).environment.steps
    assert (step.directory, step.image, step.fixed_clock, step.timeout, step.processes) == (
        *("/work", True, False, "10m"),
        256,
    )


def test_everything() -> None:
    """All that can be said."""
    one, two = load(
        "name: one, command: [x], outputs: [{path: /models/one, kind: directory}], image: false",
        "name: two, command: [z, '-O2'], directory: /inputs/steps/one, environment: {CFLAGS: -O2}, timeout: 1h, "
        "memory: 8Gi, space: 1Gi, processes: 9, fixed_clock: true, packages: [gcc], wheels: [pip==26.3], "
        "inputs: {steps: [one], application: [tools], artifacts: [classifier], directory: native, sdists: [a==1]}, "
        "outputs: [{path: /opt/venv/lib/python3.11/site-packages/a, kind: directory}]",
    ).environment.steps
    assert one.outputs[0].kind == "directory"
    assert dict(two.environment) == {"CFLAGS": "-O2"}
    assert two.inputs.sdists == ("a==1",)


@pytest.mark.parametrize(
    ("code", "steps"),
    [
        ("TB1126", ("name: one, command: [' '], outputs: [{path: /models/one}]",)),
        ("TB1103", ("name: one, command: x, outputs: [{path: /models/one}]",)),
        ("TB1108", ("name: one, command: [x], outputs: [{path: /usr/bin/x}]",)),
        ("TB1108", ("name: one, command: [x], outputs: [{path: /opt/venv/bin/x}]",)),
        ("TB1108", ("name: one, command: [x], outputs: [{path: /models}]",)),
        ("TB1108", ("name: one, command: [x], outputs: [{path: models/x}]",)),
        ("TB1108", ("name: one, command: [x], outputs: [{path: /models/../etc/x}]",)),
        ("TB1108", ("name: one, command: [x], outputs: [{path: /opt/venv/lib/python3.12/site-packages/x}]",)),
        ("TB1108", (f"{GOOD}, directory: /etc",)),
        ("TB1108", (f"{GOOD}, directory: /work/sub",)),
        ("TB1108", (f"{GOOD}, inputs: {{directory: ../elsewhere}}",)),
        ("TB1108", (f"{GOOD}, inputs: {{application: [/etc]}}",)),
        ("TB1115", (f"{GOOD}, environment: {{TZ: UTC}}",)),
        ("TB1112", (f"{GOOD}, environment: {{LD_PRELOAD: x}}",)),
        ("TB1115", (f"{GOOD}, packages: [gcc, gcc]",)),
        ("TB1104", (f"{GOOD}, packages: ['gcc=12']",)),
        ("TB1104", (f"{GOOD}, inputs: {{sdists: ['a>=1']}}",)),
        ("TB1105", (f"{GOOD}, timeout: 30d",)),
        ("TB1105", (f"{GOOD}, memory: 1k",)),
        ("TB1115", (GOOD, GOOD.replace("/one", "/two"))),
        ("TB1115", (GOOD, "name: two, command: [x], outputs: [{path: /models/one/x}]")),
        ("TB1117", (f"{GOOD}, inputs: {{steps: [two]}}", "name: two, command: [x], outputs: [{path: /models/two}]")),
        ("TB1117", (f"{GOOD}, inputs: {{steps: [one]}}",)),
        ("TB1116", (f"{GOOD}, image: false",)),
    ],
)
def test_refused(code: str, steps: tuple[str, ...]) -> None:
    """Each at its own line, with a remedy."""
    with pytest.raises(SpecError) as caught:
        load(*steps)
    found = [finding for finding in caught.value.findings if finding.code == code]
    assert found, caught.value.findings
    assert found[0].where.line
    assert found[0].hint


def test_packages_on_a_base_image() -> None:
    """Debian packages can be added to packages alone."""
    text = TEXT.replace("debian: {suite: bookworm, components: [main]}", "image: python:3.11-slim")
    text = text.replace("  packages: [ca-certificates, libgomp1, tzdata]\n", "")
    assert load(GOOD, text=text)
    with pytest.raises(SpecError) as caught:
        load(f"{GOOD}, packages: [gcc]", text=text)
    assert [finding.code for finding in caught.value.findings] == ["TB1116"]
