"""Families as values: what a chain of them has."""

from __future__ import annotations

from fakes.families import family_of


def test_a_chain() -> None:
    """What a family extends gives it variables and blocks, in their order; its own come in their place."""
    base = family_of(
        {},
        sheet="variables:\n  - {name: a, default: one}\n  - {name: b, default: two}\nblocks:\n  - {name: x}\n",
    )
    middle = family_of({}, sheet="extends: plain@1.0.0\n", name="middle", base=base)
    top = family_of(
        {},
        sheet="extends: middle@1.0.0\nvariables:\n  - {name: b, default: three}\n  - {name: c}\n"
        "blocks:\n  - {name: z}\n",
        name="top",
        base=middle,
    )
    assert [family.sheet.reference for family in top.chain] == ["plain@1.0.0", "middle@1.0.0", "top@1.0.0"]
    assert [(variable.name, variable.default) for variable in top.variables] == [
        ("a", "one"), ("b", "three"), ("c", None),
    ]  # fmt: skip
    assert [part.name for part in top.parts("blocks")] == ["x", "z"]
    assert top.parts("hooks") == ()
