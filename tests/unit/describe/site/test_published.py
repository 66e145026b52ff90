"""``describe.site.published``: a release is called by a name that is safe in a path and an address."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fakes.published import example
from twinbuild.describe.site.published import Published
from twinbuild.model.digest import Digest


@given(st.text(max_size=40))
def test_a_slug_is_a_file_name(version: str) -> None:
    """Whatever the version is, no character of it means anything in a path or an address."""
    one = Published(
        digest=Digest.of(version.encode("utf-8", "replace")), name="a", version=version, time=0, manifest=b"{}"
    )
    assert re.fullmatch(r"a-[A-Za-z0-9.-]*-[0-9a-f]{16}", one.slug)


def test_the_document_is_the_manifest() -> None:
    """It is read anew each time, so that nobody changes it for others."""
    one = example()
    one.document["metadata"]["name"] = "other"
    assert one.document["metadata"]["name"] == one.name


def test_a_slug_is_no_path() -> None:
    """Whatever a name is."""
    assert "/" not in replace(example(), name="../../evil", version="1/2").slug
