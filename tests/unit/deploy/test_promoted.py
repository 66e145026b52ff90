"""``deploy.promoted``: the release digest beside the image's, and nothing else is changed."""

from __future__ import annotations

import pytest

from twinbuild.deploy.promoted import annotated, place_of
from twinbuild.model.digest import Digest

DIGEST = Digest.of(b"release")


def test_annotated() -> None:
    """At each annotation, as deep as it is; other lines stay, those that only look like it as well."""
    key = "dev.twinbuild/image-digest"
    text = f"a:\n  {key}: sha256:1\n    {key}: 'x'\nb: {key}: y\n"
    found = annotated(text.encode(), DIGEST).decode().splitlines()
    assert found[2] == f"  dev.twinbuild/release-digest: {DIGEST}"
    assert found[4] == f"    dev.twinbuild/release-digest: {DIGEST}"
    assert [line for line in found if "release-digest" not in line] == text.splitlines()


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("deploy/production/values.yaml", "production/values.yaml"),
        ("deploy/kubernetes/production/service.yaml", "kubernetes/service.yaml"),
        ("deploy/kubernetes/production/cpu/service.yaml", "kubernetes/cpu/service.yaml"),
        ("deploy/kubernetes/staging/service.yaml", ""),
        ("deploy/staging/values.yaml", ""),
        ("deploy/rollout.md", ""),
        ("deploy/grafana/dashboard.json", ""),
        ("production/values.yaml", ""),
    ],
)
def test_places(path: str, place: str) -> None:
    """Those of the stage."""
    assert place_of(path, "production") == place
