"""``describe.page``: the page of a release answers what a reviewer asks, and no value becomes structure."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.describe.conftest import EXAMPLE, Case, image, load
from tests.unit.describe.test_manifest import manifest_of

from twinbuild.codec.lock import decode_lock
from twinbuild.describe.page import release_page

_TEXT = (EXAMPLE / "release.yaml").read_text("utf-8")
_LOCK = decode_lock((EXAMPLE / "release.lock").read_bytes())
MANIFEST: dict[str, Any] = json.loads(
    manifest_of(Case(text=_TEXT, spec=load(_TEXT).spec, lock=_LOCK, images=(image(_LOCK, 0),)))
)


def _headings(page: bytes) -> list[str]:
    return [line for line in page.decode().split("\n") if line.startswith("#")]


def test_what_a_reviewer_asks() -> None:
    """What runs, from where, how set up, tried, rolled out and back, who may change it, how to make it again."""
    page = release_page(MANIFEST).decode()
    (image,) = MANIFEST["environment"]["images"]
    for said in (
        image["digest"],
        "registry.example/production/fraud-scorer",
        MANIFEST["source"]["digest"],
        MANIFEST["dependencies"]["lock"],
        MANIFEST["model"]["artifacts"][0]["sha256"],
        "| batch\\_limit | int | from 1 to 1024 transactions | `64` |",
        "`log_level != 'debug' or batch_limit <= 256`",
        "- strategy: canary",
        "| many-errors | rollback |",
        "- approvers: model-review",
        "`twinbuild verify --locked --offline --reverify --json`",
    ):
        assert said in page, said
    assert len(_headings(page.encode())) == 9


def _replaced(value: Any, text: str) -> Any:
    """Every free text of a manifest replaced."""
    if isinstance(value, dict):
        free = ("description", "summary", "message", "purpose", "team", "licence", "guidance")
        return {
            key: text if key in free and isinstance(item, str) else _replaced(item, text) for key, item in value.items()
        }
    return [_replaced(item, text) for item in value] if isinstance(value, list) else value


@settings(max_examples=50, deadline=None)
@given(
    st.text(max_size=40)
    | st.sampled_from(["# x", "a|b", "|", "| a | b |", "\n## x\n", "`" * 3, "<script>", "[a](b)", "- x", "\u2028# x"])
)
def test_no_value_becomes_structure(text: str) -> None:
    """Whatever people write, headings and the cells of tables are those of the page."""
    plain, nasty = release_page(_replaced(MANIFEST, "x")), release_page(_replaced(MANIFEST, text))

    def shape(page: bytes) -> list[int]:
        lines = page.decode().split("\n")
        return [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines if line.startswith("|")]

    assert _headings(plain) == _headings(nasty)
    assert shape(plain) == shape(nasty)
    assert not re.search(rb"(?<!\\)<script", nasty)


def test_a_bare_manifest() -> None:
    """Sections that say nothing leave nothing behind but their heading."""
    bare = json.loads(json.dumps(MANIFEST))
    bare["configuration"] = {"parameters": [], "rules": [], "stages": {}}
    bare["publish"] = {"repositories": {}}
    bare["observability"] = {"metrics": [], "alerts": []}
    bare["tests"] = {"golden": []}
    bare["model"]["artifacts"] = []
    assert len(_headings(release_page(bare))) == 9


def test_gates_pods_and_dates() -> None:
    """Who must agree and when, how many pods there are, and when it was made where the commit says it."""
    document = json.loads(json.dumps(MANIFEST))
    rollout = document["rollout"]
    rollout["gates"] = [
        {"name": "look", "before": 50, "approvers": ["model-review"], "description": "Look at the board."},
        {"name": "last", "before": 100, "approvers": []},
    ]
    rollout["replicas"] = {"minimum": 2, "maximum": 6, "cpu": 70, "memory": None}
    document["metadata"] |= {"date": "commit", "source_date_epoch": 1_793_491_200}
    document["source"] |= {"commit": "c" * 40, "modified": True}
    page = release_page(document).decode()
    for said in (
        "- gate look before 50 % of the traffic, agreed by model-review: Look at the board.",
        "- gate last before all of the traffic",
        "- pods: 2 to 6, so that they use 70 % of the requested cpu",
        "- date: 2026-11-01T00:00:00Z, of the source commit, the time stamp of every file",
        "with changes that are in no commit",
    ):
        assert said in page, said
    rollout["replicas"] = {"minimum": 3, "maximum": None}
    assert "- pods: 3\n" in release_page(document).decode()
    del rollout["replicas"]
    assert "pods:" not in release_page(document).decode()
    assert "made by payments-risk; owners" in page
