"""Where a registry's API is."""

from __future__ import annotations

import pytest

from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import Settings
from twinbuild.net.registry.endpoint import endpoints_of, own_endpoint


def test_docker_hub() -> None:
    """Docker Hub's API has a host of its own; credentials stand under its name."""
    endpoint = own_endpoint("docker.io", Settings(store="/x"))
    assert endpoint.url("https", "library/python", "manifests/3.12") == (
        "https://registry-1.docker.io/v2/library/python/manifests/3.12"
    )
    assert (endpoint.account, endpoint.scheme, endpoint.mirror) == ("docker.io", "https", False)


@pytest.mark.parametrize(
    ("registry", "scheme"),
    [("r.example", "https"), ("r.example:5000", "https"), ("10.0.0.7:5000", "https"), ("lan:5000", "http"),
     ("localhost:5000", ""), ("127.0.0.1:5000", ""), ("127.9.9.9", ""), ("[::1]:5000", ""), ("x.localhost", "")],
)  # fmt: skip
def test_scheme(registry: str, scheme: str) -> None:
    """RG-20: https, but for the loopback (which is asked) and for hosts that the settings name."""
    assert own_endpoint(registry, Settings(store="/x", plain_http=("lan:5000",))).scheme == scheme


def test_mirrors_come_first() -> None:
    """Mirrors in the settings' order, with prefix and scheme, and the registry itself at the end."""
    mirrors = (("docker.io", ("mirror.example/cache/hub", "http://127.0.0.1:5000")),)
    found = endpoints_of(ImageReference.parse("python:3"), Settings(store="/x", mirrors=mirrors))
    assert [(each.scheme, each.authority, each.prefix, each.account, each.mirror) for each in found] == [
        ("https", "mirror.example", "cache/hub/", "mirror.example", True),
        ("http", "127.0.0.1:5000", "", "127.0.0.1:5000", True),
        ("https", "registry-1.docker.io", "", "docker.io", False),
    ]
    assert found[0].url("https", "library/python", "tags/list", "n=1") == (
        "https://mirror.example/v2/cache/hub/library/python/tags/list?n=1"
    )
    assert len(endpoints_of(ImageReference.parse("ghcr.io/a/b"), Settings(store="/x", mirrors=mirrors))) == 1
