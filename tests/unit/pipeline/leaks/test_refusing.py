"""``pipeline.leaks.refusing``: secrets in the documents of a release; ``test_sources`` has those of images."""

from __future__ import annotations

import pytest

from fakes.leaks import leaks
from fakes.tool import EXAMPLES
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import PolicyRefused
from twinbuild.pipeline.leaks.refusing import refuse_leaking_documents

VALUE, PEM = (leaks(20261126)[name][2] for name in ("GitHub", "PKCS 8"))


def test_documents() -> None:
    """In a document of the release."""
    spec = load_spec(
        (SourceText(name="release.yaml", content=(EXAMPLES / "fraud-scorer" / "release.yaml").read_bytes()),)
    ).spec
    refuse_leaking_documents(spec, {"deploy/a.yaml": b"a: 1"})
    with pytest.raises(PolicyRefused) as caught:
        refuse_leaking_documents(spec, {"deploy/a.yaml": f"a: 1\nb: {VALUE}".encode(), "b": PEM.encode()})
    assert [str(each.where) for each in caught.value.findings] == ["b:1", "deploy/a.yaml:2"]
