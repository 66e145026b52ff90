"""``pipeline.leaks.refusing``: secrets in the documents of a release; ``test_sources`` has those of images."""

from __future__ import annotations

import pytest

from fakes.leaks import leaks
from fakes.tool import EXAMPLES
from twinbuild.codec.leaks import scan
from twinbuild.codec.leaks.scan import MOST
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import PolicyRefused
from twinbuild.model.spec.publication import AcceptedFinding
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


def test_what_is_accepted_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file the first findings are told; where all of those are accepted, others may stand behind them."""
    monkeypatch.setattr(scan, "_fingerprint", lambda *_: "0" * 32)
    spec = load_spec(
        (SourceText(name="release.yaml", content=(EXAMPLES / "fraud-scorer" / "release.yaml").read_bytes()),)
    ).spec
    rule = AcceptedFinding(path="a", fingerprint="0" * 32, reason="fixtures")
    governance = spec.governance.model_copy(update={"accepted_findings": (rule,)})
    spec = spec.model_copy(update={"governance": governance})
    texts = [leaks(seed)["GitHub"][2] for seed in range(MOST + 5)]
    refuse_leaking_documents(spec, {"a": "\n".join(texts[:20]).encode()})
    with pytest.raises(PolicyRefused, match=r"TB8665.*50 findings"):
        refuse_leaking_documents(spec, {"a": "\n".join(texts).encode()})
