"""Which tests go to one process, in order: those that share what is costly to set up.

pytest-xdist's own groups change the names of tests, which pytest 9.2 does not let it: here they follow from the
names that there are.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from xdist.scheduler import LoadScopeScheduling

__all__ = ["Grouped", "group_of", "rank"]

_INDEPENDENT: Final = {"test_python_uv", "test_two_builders"}  # nothing costly is shared between their tests
_TOGETHER: Final = {"test_pruning"}  # elsewhere: what several tests of a module share takes seconds to make
_EXAMPLES: Final = {
    "test_effects.py::test_a_build_needs_no_network",
    "test_examples.py",
    "test_first_project.py",
    "test_measure.py",
    "test_pages.py",
    "test_parity.py",
    "test_shadow.py",
}
# The layer of torch for a processor, which some families have, too: built twice by the first that comes.
_TORCH: Final = ("test_two_builders.py::test_built_by_two_moved_and_run[llm-server]", "test_llm_server.py")


def group_of(nodeid: str) -> str:
    """The group of a test; its own name where it has none."""
    if any(each in nodeid for each in _TORCH):
        return "families"
    path, _, rest = nodeid.partition("::")
    name = rest.partition("[")[0]
    module = PurePosixPath(path)
    if ("oracle" in module.parts and module.stem not in _INDEPENDENT) or module.stem in _TOGETHER:
        return module.stem
    if module.name in _EXAMPLES or f"{module.name}::{name}" in _EXAMPLES:
        return "examples"
    return "families" if module.name == "test_families.py" else nodeid


_LONGEST: Final = (
    "test_two_builders",
    "families",
    "test_docker_builder",
    "test_debian_system",
    "test_cuda_images",
    "test_base_image",
    "test_added_packages",
    "test_ubuntu_packages",
    "examples",
)


def rank(nodeid: str) -> int:
    """The place of a test in its suite: what takes longest begins first, so that nothing is left to be waited for."""
    named = (group_of(nodeid), PurePosixPath(nodeid.partition("::")[0]).stem)
    return next((place for place, each in enumerate(_LONGEST) if each in named), len(_LONGEST))


class Grouped(LoadScopeScheduling):  # type: ignore[misc, unused-ignore]
    """xdist's scheduling by scope, with these groups as scopes."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
