"""``pipeline.governing.schemas``: what counts of a schema, and that it is the release's own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fakes.case import Staged
from twinbuild.codec.canonical import canonical
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.governing.schemas import schemas_of
from twinbuild.pipeline.reading.released import Released


def test_what_a_schema_says(staged: Staged) -> None:
    """What explains it does not count, and a property may be called like it."""
    release = staged.first.release
    documents: Any = release.document["documents"]
    model = {"schemas": {"input": "contract/of/requests.json"}}  # where the project has it, which is not at hand
    file = release.path.parent / "schemas" / "input.json"
    file.parent.mkdir(exist_ok=True)

    def stating(text: str) -> Released:
        file.write_text(text)
        entry = {"path": "schemas/input.json", "sha256": Digest.of(text.encode()).hex}
        document = {**release.document, "model": model, "documents": [*documents, entry]}
        return replace(release, content=canonical(document))

    def digest(schema: object) -> str:
        return schemas_of(stating(json.dumps(schema)))[0]

    plain = digest({"type": "object", "properties": {"title": {"type": "string"}}})
    assert plain == digest(
        {"title": "T", "type": "object", "properties": {"title": {"description": "d", "type": "string"}}}
    )
    assert plain != digest({"type": "object", "properties": {}})
    assert digest({"enum": [{"title": 1}]}) != digest({"enum": [{}]})
    for named in ("dependentSchemas", "dependentRequired", "dependencies"):  # by a property called so
        assert digest({named: {"title": ["x"]}}) != digest({named: {}})
    changed = stating("{")
    assert (schemas_of(changed), schemas_of(release)) == ((Digest.of(b"{").hex, ""), ("", ""))
    for swap in (lambda: file.write_text("{}"), file.unlink):  # after the release was looked at
        swap()
        with pytest.raises(IntegrityError, match="TB8619"):
            schemas_of(changed)
