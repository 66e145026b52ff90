"""Reasons of the resolver that need a hostile or broken index, as errors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from twinbuild.errors import InternalError, LockError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import PythonEnvironment
from twinbuild.model.platform import Platform
from twinbuild.resolve.python import _agree, _wheel
from twinbuild.resolve.python_findings import Asked, failure

ASKED = Asked(
    python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
    platform=Platform.parse("linux/amd64"),
    cutoff="",
    kept=(),
    constraints=(),
)
ENTRY: dict[str, Any] = {
    "index": "default", "name": "demo", "version": "1.0", "filename": "demo-1.0-py3-none-any.whl", "size": 1,
    "sha256": Digest.of(b"").hex, "requires": [], "extras": [],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "code"), [("size", "TB2021"), ("deep", "TB2018")])
def test_reasons(kind: str, code: str) -> None:
    """Neither index nor server states a size; too many combinations."""
    from twinbuild.resolve import python_findings

    function = {"size": python_findings._no_size, "deep": python_findings._too_deep}[kind]
    assert function({"file": "demo-1.0-py3-none-any.whl"}).findings[0].code == code
    assert function in python_findings._FAILURES.values()
    assert failure({"kind": "never heard of"}, ASKED).findings[0].code == "TB2043"


def test_where_the_spec_asks_for_it() -> None:
    """A requirement of the spec is named by its place there; one of a package has none."""
    asked = replace(ASKED, requirements=("other==2", "Demo>=3"), pointer="/dependencies/runtime")
    page = {"index": "default", "files": {"demo-1.0-py3-none-any.whl": "candidate"}, "missing": False}
    cause = {"parent": None, "project": "demo", "requirement": "Demo>=3", "python": False}
    parent = {"name": "other", "version": "2"}
    for causes, places in (
        ([cause], ["/dependencies/runtime/1"]),
        ([cause | {"parent": parent}], [""]),
        ([cause | {"parent": parent}, cause], ["", "/dependencies/runtime/1"]),
    ):
        error = failure({"kind": "impossible", "causes": causes, "pages": {"demo": page}}, asked)
        assert [(each.code, each.where.pointer) for each in error.findings] == [("TB2011", place) for place in places]
    page["files"] = {"demo-1.0-py3-none-any.whl": "candidate", "demo-3.0-py3-none-any.whl": "candidate"}
    causes = [cause, cause | {"parent": parent, "requirement": "demo<3"}]
    (finding,) = failure({"kind": "impossible", "causes": causes, "pages": {"demo": page}}, asked).findings
    assert (finding.code, finding.where.pointer) == ("TB2016", "/dependencies/runtime/1")


@pytest.mark.parametrize(
    "change", [{"filename": "demo.whl"}, {"filename": "other-1.0-py3-none-any.whl"}, {"version": "1.1"}]
)
def test_a_file_that_is_not_the_wheel_it_is_offered_as(change: dict[str, str]) -> None:
    """TB2024: no wheel's name, another project's, another version's."""
    assert _wheel(ENTRY, {"demo"}).requested
    with pytest.raises(LockError) as caught:
        _wheel(ENTRY | change, set())
    assert caught.value.findings[0].code == "TB2024"


def test_two_accounts_of_one_resolution() -> None:
    """TB2046 if pip-compile's text and its resolver's answer do not say the same."""
    wheel = _wheel(ENTRY, set())
    _agree(f"demo==1.0 \\\n    --hash={wheel.sha256}\n", (wheel,))
    for text in ("", f"demo==1.1 \\\n    --hash={wheel.sha256}\n", "demo==1.0 \\\n    --hash=sha256:0\n"):
        with pytest.raises(InternalError) as caught:
            _agree(text, (wheel,))
        assert caught.value.findings[0].code == "TB2046"
