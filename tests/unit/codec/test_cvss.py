"""Scores of CVSS vectors, against what the reference library cvss 3.6 gives for a sample of all vectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.codec.cvss import level_of, score_of

_THREE = """
CVSS:3.0/AV:P/AC:H/PR:H/UI:R/S:C/C:H/I:L/A:H 6.7
CVSS:3.0/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L 4.2
CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:C/C:H/I:L/A:L 8.1
CVSS:3.1/AV:P/AC:H/PR:L/UI:R/S:C/C:N/I:N/A:H 4.7
CVSS:3.0/AV:L/AC:L/PR:N/UI:R/S:C/C:H/I:L/A:N 7.1
CVSS:3.1/AV:L/AC:L/PR:H/UI:R/S:U/C:N/I:L/A:L 3.1
CVSS:3.0/AV:P/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N 4.3
CVSS:3.0/AV:A/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N 6.1
CVSS:3.0/AV:A/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:N 0.0
CVSS:3.0/AV:A/AC:H/PR:N/UI:N/S:C/C:L/I:L/A:N 4.7
CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:C/C:N/I:L/A:L 3.7
CVSS:3.1/AV:A/AC:H/PR:L/UI:R/S:U/C:L/I:L/A:H 5.6
CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:L/I:L/A:N 5.4
CVSS:3.0/AV:P/AC:L/PR:H/UI:R/S:C/C:H/I:H/A:N 6.7
CVSS:3.1/AV:A/AC:H/PR:H/UI:N/S:C/C:L/I:L/A:N 4.0
CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:N 10.0
CVSS:3.1/AV:A/AC:H/PR:H/UI:N/S:U/C:H/I:N/A:L 4.8
CVSS:3.0/AV:P/AC:H/PR:N/UI:R/S:U/C:N/I:L/A:L 2.9
CVSS:3.1/AV:A/AC:H/PR:H/UI:R/S:C/C:H/I:N/A:L 5.9
CVSS:3.0/AV:P/AC:L/PR:L/UI:N/S:C/C:H/I:L/A:H 7.3
CVSS:3.0/AV:A/AC:L/PR:L/UI:N/S:C/C:L/I:N/A:L 5.4
CVSS:3.1/AV:L/AC:H/PR:N/UI:R/S:U/C:N/I:L/A:H 5.3
CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:L 5.3
CVSS:3.0/AV:P/AC:H/PR:L/UI:R/S:U/C:N/I:L/A:N 1.7
CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H 10.0
CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N 0.0
CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O 9.8
"""


@pytest.mark.parametrize("line", _THREE.strip().splitlines())
def test_version_3(line: str) -> None:
    """The base score alone counts."""
    vector, _, score = line.partition(" ")
    assert score_of(vector) == float(score)


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "CVSS:3.1",
        "CVSS:3.1/AV:N",
        "CVSS:3.1/AV:N/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "AV:N/AC:L/Au:N/C:P/I:P/A:P",
        "CVSS:4.0/AV:N",
        "CVSS:4.0/AV:NA/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        "CVSS:3.1/" + "/".join(["AV:N"] * 1000),
    ],
)
def test_what_is_no_vector(vector: str) -> None:
    """No score, and no crash."""
    assert score_of(vector) is None


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    """Whatever a database says."""
    for head in ("", "CVSS:3.1/", "CVSS:4.0/"):
        assert score_of(head + text) is None


@pytest.mark.parametrize(
    ("score", "level"), [(0.0, "none"), (0.1, "low"), (3.9, "low"), (4.0, "medium"), (7.0, "high"), (9.0, "critical")]
)
def test_levels(score: float, level: str) -> None:
    """Where one rating ends and the next begins."""
    assert level_of(score) == level
