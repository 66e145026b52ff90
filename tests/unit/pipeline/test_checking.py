"""``pipeline.checking``: where each finding points. What is found is in ``unit/cli/test_check_config.py``."""

from __future__ import annotations

from pathlib import Path

from twinbuild.codec.envfile import parse_env_file
from twinbuild.pipeline.checking import Given, check_configuration

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "fraud-scorer"


def test_a_broken_rule_points_at_what_was_set() -> None:
    """At the first of its knobs that somebody set, not at a default."""
    assignments = parse_env_file("prod.env", b"# levels\nLOG_LEVEL=debug\n")
    given = Given(files=(("prod.env", assignments),), values=(("batch_limit", "1000"),))
    (found,) = check_configuration(EXAMPLE, given).findings
    assert (found.code, str(found.where)) == ("TB5414", "--set batch_limit")
    (found,) = check_configuration(EXAMPLE, Given(files=given.files, stage="production")).findings or (None,)
    assert found is None


def test_variables_of_the_image_are_no_unknown_knobs() -> None:
    """What the spec's own environment sets may stand in a file."""
    assignments = parse_env_file("prod.env", b"OMP_NUM_THREADS=2\nOMP_NUM_THREAD=2\n")
    (found,) = check_configuration(EXAMPLE, Given(files=(("prod.env", assignments),))).findings
    assert (found.code, found.where.line) == ("TB5419", 2)
