from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from twinbuild.build.docker.configuration import require_planned
from twinbuild.errors import NotReproducible

PLANNED: dict[str, Any] = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2026-11-01T00:00:00Z",
    "config": {"Env": ["A=1"], "Cmd": ["serve"], "User": "1:1", "WorkingDir": "/app", "Labels": {"a": "b"}},
    "history": [{"created_by": "us"}],
    "rootfs": {"diff_ids": ["sha256:1"], "type": "layers"},
}

BASE = b'{"created": "2026-01-01T00:00:00Z"}'


def exported(**changes: object) -> dict[str, Any]:
    """As BuildKit writes it: with its own history, and a flag that it always sets."""
    document = copy.deepcopy(PLANNED) | {"history": [{"created_by": "RUN x"}]}
    document["config"] |= {"ArgsEscaped": True, "Entrypoint": None, "Volumes": {}}
    document["config"] |= changes
    return document


def refused(document: dict[str, Any]) -> list[str]:
    """The fields that are refused."""
    with pytest.raises(NotReproducible) as caught:
        require_planned(json.dumps(PLANNED).encode(), document, base=BASE)
    assert {finding.code for finding in caught.value.findings} == {"TB5226"}
    return [finding.where.subject.removeprefix("config#/") for finding in caught.value.findings]


def test_the_planned_configuration() -> None:
    """History and layers have checks of their own; absent and empty are one."""
    require_planned(json.dumps(PLANNED).encode(), exported(), base=BASE)
    require_planned(json.dumps(PLANNED).encode(), exported() | {"created": "2026-01-01T00:00:00Z"}, base=BASE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Env", ["A=1", "B=2"]),
        ("Env", None),
        ("Cmd", ["serve", "--debug"]),
        ("User", "0:0"),
        ("WorkingDir", "/"),
        ("Labels", {"a": "c"}),
        ("Entrypoint", ["/bin/sh"]),
        ("Volumes", {"/data": {}}),
        ("OnBuild", ["RUN x"]),
        ("Healthcheck", {"Test": ["NONE"]}),
        ("Shell", ["/bin/bash"]),
        ("StopSignal", "SIGKILL"),
        ("ArgsEscaped", False),
        ("Unknown", 1),
    ],
)
def test_every_other_field(field: str, value: object) -> None:
    """Whatever differs is named, fields that nobody knows included."""
    assert refused(exported(**{field: value})) == [f"config/{field}"]


@pytest.mark.parametrize(("field", "value"), [("os", "windows"), ("architecture", "arm64"), ("author", "x")])
def test_outer_fields(field: str, value: str) -> None:
    """Platform, time and author, too."""
    assert refused(exported() | {field: value}) == [field]


def test_a_time_of_its_own() -> None:
    """A builder that does not know SOURCE_DATE_EPOCH is caught."""
    assert refused(exported() | {"created": "2027-01-01T00:00:00Z"}) == ["created"]
