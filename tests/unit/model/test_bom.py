"""Values of a bill of materials."""

from __future__ import annotations

from twinbuild.model.bom import BomComponent


def test_title() -> None:
    """Group, name and version as far as they are stated; never nothing."""
    assert BomComponent(reference="r", type="library", group="g", name="n", version="1", properties={}).title == "g/n 1"
    assert BomComponent(reference="r", type="library", name="n", properties={}).title == "n"
    assert BomComponent(reference="r", type="library", name="", properties={}).title == "r"
    assert BomComponent(reference="", type="library", name="", properties={}).title == "a component without a name"
