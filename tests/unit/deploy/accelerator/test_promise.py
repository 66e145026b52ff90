"""What a variant promises that its CUDA cannot keep, from the spec alone."""

from __future__ import annotations

import pytest

from twinbuild.deploy.accelerator.promise import requirement_findings
from twinbuild.deploy.accelerator.table import CUDA
from twinbuild.model.spec.environment import Variant


def _variant(cuda: str, *capabilities: str) -> Variant:
    return Variant(name="c", accelerator="cuda", cuda=cuda, compute_capabilities=capabilities)


REQUIREMENTS = {
    "old driver": (_variant("12.8"), "510.47.03", "TB2413", "525.60.13"),
    "driver one patch too old": (_variant("12.8"), "525.60.12", "TB2413", "525.60.13"),
    "driver of the older major": (_variant("13.0"), "570.26", "TB2413", "580.65.06"),
    "device that CUDA 13 dropped": (_variant("13.0", "7.0", "8.0"), "", "TB2414", "11.7 to 12.9"),
    "device that is not yet": (_variant("11.8", "10.0+PTX"), "", "TB2414", "12.8 to 13.5"),
    "device of a later minor version": (_variant("12.4", "9.0", "12.0"), "", "TB2414", "12.8 to 13.5"),
    "device that was renamed": (_variant("13.0", "10.1"), "", "TB2414", "12.8 to 12.9"),
    "device that never was": (_variant("12.8", "9.1"), "", "TB2414", "no CUDA that is known"),
    "device that a CUDA newer than the table dropped": (_variant("13.99", "5.0"), "", "TB2414", "11.7 to 12.9"),
    "unknown major": (_variant("99.0"), "", "TB2415", "11.0 to 11.8, 12.0 to 12.9"),
    "minor version that never was": (_variant("12.7"), "", "TB2415", "12.6, 12.8"),
}


@pytest.mark.parametrize("case", REQUIREMENTS)
def test_requirements(case: str) -> None:
    """A driver, device or version that the CUDA does not go with is refused, with what does."""
    variant, driver, code, named = REQUIREMENTS[case]
    (finding,) = requirement_findings(variant, driver=driver)
    assert finding.code == code
    assert named in f"{finding.message} {finding.hint}"


@pytest.mark.parametrize("driver", ["525.60.13", "580.65.06", "600", ""])
def test_drivers_that_do(driver: str) -> None:
    """The oldest driver of a CUDA and every later one will do."""
    assert requirement_findings(_variant("12.8"), driver=driver) == ()


@pytest.mark.parametrize(
    ("cuda", "device"),
    [
        *((each.version, device) for family in CUDA for each in family.toolkits for device in each.devices),
        ("12.8", "9.0+PTX"),
        ("13.99", "13.0"),  # newer than the table: it may have new devices
        ("11.2", "8.0"),  # whose devices no source says: those of its major
    ],
)
def test_devices_that_do(cuda: str, device: str) -> None:
    """Every device of the table, and whatever the table cannot know."""
    assert requirement_findings(_variant(cuda, device), driver="") == ()


def test_no_cuda_promises_nothing() -> None:
    """A variant without CUDA is not asked."""
    assert requirement_findings(Variant(name="cpu"), driver="1") == ()
