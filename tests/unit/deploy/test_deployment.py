from __future__ import annotations

from tests.unit.deploy.test_configuration import deployment_of_text


def test_reference_is_by_digest() -> None:
    """A stage's own repository, or the first one; never a tag."""
    deployment = deployment_of_text()
    (image,) = deployment.images
    assert deployment.reference(image) == f"registry.example/staging/fraud-scorer@{image.digest}"
    assert deployment.reference(image, "production") == f"registry.example/production/fraud-scorer@{image.digest}"
    assert deployment.stages == ("staging", "production")
