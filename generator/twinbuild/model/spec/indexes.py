"""Which index serves which variant: one that variants name serves those alone, any other serves all."""

from collections.abc import Iterable

from twinbuild.model.spec.base import Objections
from twinbuild.model.spec.dependencies import Index
from twinbuild.model.spec.environment import Variant

__all__ = ["check_indexes", "indexes_of"]


def indexes_of(variant: Variant, variants: Iterable[Variant], indexes: Iterable[Index]) -> tuple[Index, ...]:
    """The indexes that serve a variant, in the spec's order."""
    bound = {name for each in variants for name in each.indexes}
    return tuple(index for index in indexes if index.name in variant.indexes or index.name not in bound)


def check_indexes(variants: tuple[Variant, ...], indexes: tuple[Index, ...], objections: Objections) -> None:
    """Object to an index that is not there, and to a project that comes from two indexes in one variant."""
    known = {index.name for index in indexes}
    for number, variant in enumerate(variants):
        for place, name in enumerate(variant.indexes):
            if name not in known or name == "default":
                objections.add(
                    "TB1117",
                    f"variant {variant.name!r} names the index {name!r}, which dependencies.indexes lacks",
                    "add it there with the projects that come from it, or take it out here"
                    if name != "default"
                    else "take it out: the default index serves every variant",
                    *("environment", "variants", number, "indexes", place),
                )
    objected: set[tuple[int, int]] = set()
    for variant in variants:
        owners: dict[str, str] = {}
        served = {index.name for index in indexes_of(variant, variants, indexes)}
        for number, index in enumerate(indexes):
            for place, pattern in enumerate(index.packages if index.name in served else ()):
                other = owners.setdefault(pattern, index.name)
                if other != index.name and (number, place) not in objected:
                    objected.add((number, place))
                    objections.add(
                        "TB1115",
                        f"projects {pattern!r} come from the index {other!r} and from {index.name!r}",
                        "let each project come from one index",
                        *("dependencies", "indexes", number, "packages", place),
                    )
