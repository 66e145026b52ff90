"""Which tests go to one process, in order: those of a module, and those that share what is costly to set up.

pytest-xdist's own groups change the names of tests, which pytest 9.2 does not let it: here they follow from the
names that there are.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

from xdist.scheduler import LoadScopeScheduling

__all__ = ["Grouped", "group_of", "rank"]

# Nothing costly is shared between their tests, which take long.
_INDEPENDENT: Final = {"test_memory", "test_pip_parity", "test_python_uv", "test_two_builders"}
_LONG: Final = PurePosixPath("tests/pipeline")
_SHARING: Final = {"test_impurities"}  # but for these there
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
    """The group of a test: its module, unless tests of several share something, or those of one share nothing."""
    if any(each in nodeid for each in _TORCH):
        return "families"
    path, _, rest = nodeid.partition("::")
    name = rest.partition("[")[0]
    module = PurePosixPath(path)
    if module.name in _EXAMPLES or f"{module.name}::{name}" in _EXAMPLES:
        return "examples"
    if module.name == "test_families.py":
        return "families"
    long = module.parent == _LONG and module.stem not in _SHARING
    return nodeid if long or module.stem in _INDEPENDENT else path


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

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Forget a group that is done: what is pending is counted with each test, over all that a process was given."""
        super().mark_test_complete(node, item_index, duration)
        given, group = self.assigned_work[node], group_of(self.registered_collections[node][item_index])
        if all(given[group].values()):
            del given[group]
