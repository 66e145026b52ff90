"""Which index serves which variant."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import SpecError
from twinbuild.model.spec.dependencies import Index
from twinbuild.model.spec.environment import Variant
from twinbuild.model.spec.indexes import indexes_of

TEXT = (Path(__file__).resolve().parents[4] / "examples" / "fraud-scorer" / "release.yaml").read_text("utf-8")
CPU = Index(name="torch-cpu", packages=("torch",))
CUDA = Index(name="torch-cuda", packages=("torch",))
SHARED = Index(name="house", packages=("acme-*",))


def test_bound_to_variants_or_to_all() -> None:
    """An index that variants name serves them alone; any other serves all."""
    variants = (
        Variant(name="cpu", indexes=("torch-cpu",)),
        Variant(name="cuda12", accelerator="cuda", cuda="12.8", indexes=("torch-cuda",)),
        Variant(name="cuda13", accelerator="cuda", cuda="13.0"),
    )
    served = [[index.name for index in indexes_of(each, variants, (CPU, CUDA, SHARED))] for each in variants]
    assert served == [["torch-cpu", "house"], ["torch-cuda", "house"], ["house"]]


def _refused(variants: str, indexes: str) -> list[tuple[str, str]]:
    text = TEXT.replace("    - {name: cpu, accelerator: none}\n", variants)
    text = text.replace("dependencies:\n", f"dependencies:\n  indexes:\n{indexes}", 1)
    with pytest.raises(SpecError) as caught:
        load_spec((SourceText(name="release.yaml", content=text.encode()),))
    return [(finding.code, finding.where.pointer if finding.where else "") for finding in caught.value.findings]


def test_unknown_index() -> None:
    """A variant names an index that is there, and not the default one."""
    variants = "    - {name: cpu, indexes: [other]}\n    - {name: second, indexes: [default]}\n"
    assert _refused(variants, "    - {name: house, packages: ['acme-*']}\n") == [
        ("TB1117", "/environment/variants/0/indexes/0"),
        ("TB1117", "/environment/variants/1/indexes/0"),
    ]


def test_one_project_from_two_indexes() -> None:
    """Within a variant a project comes from one index, and it is said once."""
    indexes = "    - {name: a, packages: [torch]}\n    - {name: b, packages: [torch]}\n"
    both = "    - {name: cpu, indexes: [a, b]}\n    - {name: second, indexes: [a, b]}\n"
    assert _refused(both, indexes) == [("TB1115", "/dependencies/indexes/1/packages/0")]


def test_one_project_from_an_index_for_each_variant() -> None:
    """That is what they are for."""
    variants = "    - {name: cpu, indexes: [a]}\n    - {name: second, indexes: [b]}\n"
    indexes = "    - {name: a, packages: [torch]}\n    - {name: b, packages: [torch]}\n"
    text = TEXT.replace("    - {name: cpu, accelerator: none}\n", variants)
    text = text.replace("dependencies:\n", f"dependencies:\n  indexes:\n{indexes}", 1)
    assert load_spec((SourceText(name="release.yaml", content=text.encode()),)).spec.dependencies.indexes


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        ("{name: cpu, driver: '525.60.13'}", "TB1116"),
        ("{name: cpu, compute_capabilities: ['8.0']}", "TB1116"),
        ("{name: c, accelerator: cuda, cuda: '12.8', compute_capabilities: [gfx90a]}", "TB1116"),
        ("{name: r, accelerator: rocm, compute_capabilities: ['8.0']}", "TB1116"),
        ("{name: c, accelerator: cuda, cuda: '12.8', compute_capabilities: ['8']}", "TB1104"),
        ("{name: c, accelerator: cuda, cuda: '12.8', compute_capabilities: ['8.0', '8.0']}", "TB1115"),
        ("{name: c, accelerator: cuda, cuda: '12.8', driver: newest}", "TB1104"),
        ("{name: c, accelerator: cuda}", "TB1116"),
        ("{name: c, accelerator: cuda, cuda: '12.8', base: {image: 'registry.example/cuda:12.8'}}", "TB1116"),
    ],
)
def test_variants_that_are_refused(variant: str, code: str) -> None:
    """Fields that contradict each other; the last one: Debian packages for a variant that stands on an image."""
    text = TEXT.replace("    - {name: cpu, accelerator: none}\n", f"    - {variant}\n")
    with pytest.raises(SpecError) as caught:
        load_spec((SourceText(name="release.yaml", content=text.encode()),))
    assert {finding.code for finding in caught.value.findings} == {code}
