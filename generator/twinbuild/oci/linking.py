"""Whether every program and library of an image finds the libraries that it names (ld.so(8)).

A library is looked for where the loader looks: in the file's own RPATH or RUNPATH, LD_LIBRARY_PATH, the directories of
ld.so.conf, the default ones. Python's packages rely on one more rule: what is loaded already, under its SONAME, is not
looked for. So a library also counts where the same wheel has it, or one that this requires or that requires this, or a
wheel of NVIDIA's runtime libraries, which frameworks load by themselves.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.dynamic import MACHINES, Dynamic
from twinbuild.model.platform import Platform
from twinbuild.oci.libraries import LayerLibraries

__all__ = ["Missing", "loaded_on_demand", "missing_libraries"]

_HOPS: Final = 40  # links that the kernel follows in one path
_DEFAULT: Final = ("lib/{triplet}", "usr/lib/{triplet}", "lib64", "usr/lib64", "lib", "usr/lib")
# Files that are loaded on demand, with what they need or not at all: plug-ins of Qt and others; numba's threading
# layers, of which it takes the first that works; onnxruntime's TensorRT; what CUDA's libraries use where there is
# InfiniBand or a cluster; libraries for other accelerators than the one that is found.
_ON_DEMAND: Final = (
    "*/plugins/*",
    "*/qml/*",
    "*/libcufile_rdma.so*",
    "*/nvshmem_transport_*.so*",
    "*/nvshmem_bootstrap_*.so*",
    "*/bitsandbytes/libbitsandbytes_*.so",
    "*/cupy_backends/cuda/libs/cutensor.*",
    "*/cupy_backends/cuda/libs/nccl.*",
    "*/numba/np/ufunc/tbbpool.*",
    "*/numba/np/ufunc/omppool.*",
    "*/onnxruntime/capi/libonnxruntime_providers_tensorrt.so",
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Missing:
    """A library that a file names and does not find. ``elsewhere``: where one of that name lies, out of its reach."""

    library: str
    file: str
    project: str  # of the wheel that brought the file, or ""
    elsewhere: str


class _Tree:
    """The layers one over the other."""

    def __init__(self, layers: Iterable[LayerLibraries]) -> None:
        self.objects: dict[str, Dynamic] = {}
        self.links: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.configuration: dict[str, str] = {}
        for layer in layers:
            self._add(layer)

    def _add(self, layer: LayerLibraries) -> None:
        """Put a layer on top."""
        tables: tuple[dict[str, object], ...] = (self.objects, self.links, self.owners, self.configuration)  # type: ignore[assignment]
        for path in layer.removed:
            for table in tables:
                for known in [each for each in table if _hides(path, each)]:
                    del table[known]
        for path, elf in layer.objects:
            self.links.pop(path, None)
            self.owners.pop(path, None)
            self.objects[path] = elf
        for path, target in layer.links:
            self.objects.pop(path, None)
            self.links[path] = target
        self.owners.update(layer.owners)
        self.configuration.update(layer.configuration)

    def real(self, path: str) -> str:
        """The path without links; "" where there are too many."""
        done: list[str] = []
        parts = path.split("/")[::-1]
        hops = 0
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if part == "..":
                done = done[:-1]
                continue
            target = self.links.get("/".join((*done, part)))
            if target is None:
                done.append(part)
                continue
            hops += 1
            if hops > _HOPS:
                return ""
            done = [] if target.startswith("/") else done
            parts.extend(target.split("/")[::-1])
        return "/".join(done)


def missing_libraries(
    layers: Iterable[LayerLibraries],
    platform: Platform,
    *,
    search: Iterable[str] = (),
    requires: Mapping[str, Iterable[str]] = {},
) -> tuple[Missing, ...]:
    """What is missing in an image of these layers, lowest first; sorted.

    ``search`` are the directories of LD_LIBRARY_PATH, ``requires`` says which projects a project requires.
    Files for other machines, and those that are loaded on demand, or by such files alone, are left out.
    """
    tree = _Tree(layers)
    loader = _Loader(tree, platform, search=search, requires=requires)
    optional = _on_demand(loader.files)
    found = [
        Missing(library=name, file=path, project=tree.owners.get(path, ""), elsewhere=loader.elsewhere(name))
        for path, elf in loader.files.items()
        if path not in optional
        for name in elf.needed
        if not loader.finds(path, name)
    ]
    return tuple(sorted(found))


class _Loader:
    """What is found by which file."""

    def __init__(
        self, tree: _Tree, platform: Platform, *, search: Iterable[str], requires: Mapping[str, Iterable[str]]
    ) -> None:
        self._tree = tree
        self._library = f"lib/{platform.triplet}"  # what $LIB stands for
        self._related = _related(requires)
        machine = MACHINES[platform.machine]
        self.files = {path: elf for path, elf in tree.objects.items() if elf.machine == machine}
        self._names: dict[str, dict[str, str]] = {}  # of a library: where it is under that name → the file that it is
        for path, elf in self.files.items():
            for name in {posixpath.basename(path), elf.soname}:
                self._names.setdefault(name, {})[path] = path
        for path in tree.links:
            if (target := tree.real(path)) in self.files:
                self._names.setdefault(posixpath.basename(path), {})[path] = target
        directories = (*search, *_configured(tree), *(each.format(triplet=platform.triplet) for each in _DEFAULT))
        self._system = frozenset(tree.real(each) for each in directories)

    def finds(self, path: str, name: str) -> bool:
        """Whether a file finds a library."""
        if "/" in name:
            return self._tree.real(name) in self.files
        if any(self._tree.real(f"{directory}/{name}") in self.files for directory in self._own(path)):
            return True
        places = self._names.get(name, {})
        owner = self._tree.owners.get(path)
        projects = self._related.get(owner, {owner}) if owner is not None else set()
        return any(
            owner is None
            or self._tree.owners.get(file) in projects
            or self._tree.owners.get(file, "").startswith("nvidia-")
            or self._tree.real(posixpath.dirname(place)) in self._system
            for place, file in places.items()
        )

    def elsewhere(self, name: str) -> str:
        """Some place where a library of that name lies; "" where there is none."""
        return min(self._names.get(name, {}), default="")

    def _own(self, path: str) -> Iterator[str]:
        """The directories that a file itself names."""
        elf = self.files[path]
        for directory in elf.runpath or elf.rpath:
            for variable, value in (("ORIGIN", f"/{posixpath.dirname(path)}"), ("LIB", self._library)):
                directory = directory.replace(f"${{{variable}}}", value).replace(f"${variable}", value)  # noqa: PLW2901
            if directory.startswith("/"):
                yield directory


def loaded_on_demand(path: str) -> bool:
    """Whether a file, by its path in an image or a wheel, is known to be loaded only where what it needs is there."""
    return any(fnmatch.fnmatchcase(f"/{path}", pattern) for pattern in _ON_DEMAND)


def _on_demand(files: Mapping[str, Dynamic]) -> set[str]:
    """Files that are loaded on demand, and those that no other file needs."""
    users: dict[str, set[str]] = {}
    for path, elf in files.items():
        for name in elf.needed:
            users.setdefault(name, set()).add(path)
    found: set[str] = set()
    fresh = {path for path in files if loaded_on_demand(path)}
    while fresh:
        found |= fresh
        candidates = {name for path in fresh for name in files[path].needed}
        fresh = {
            path
            for path, elf in files.items()
            if path not in found
            and (names := {posixpath.basename(path), elf.soname}) & candidates
            and set().union(*(users.get(name, set()) for name in names)) <= found
        }
    return found


def _configured(tree: _Tree) -> Iterator[str]:
    """The directories of ld.so.conf and of the files that it includes, one deep as Debian has them."""
    for path in sorted(tree.configuration):
        for line in tree.configuration[path].splitlines():
            text = line.partition("#")[0].strip()
            if text.startswith("/"):
                yield text


def _related(requires: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """Of each project: itself, all that it requires in the end, and all that require it in the end."""
    below = {name: _reached(name, requires) for name in requires}
    related = {name: set(names) for name, names in below.items()}
    for name, names in below.items():
        for each in names:
            related.setdefault(each, {each}).add(name)
    return related


def _reached(start: str, requires: Mapping[str, Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(requires.get(name, ()))
    return seen


def _hides(removed: str, path: str) -> bool:
    """Whether a whiteout takes a path of a lower layer away."""
    return (
        path.startswith(removed)
        if removed.endswith("/") or not removed
        else path == removed or path.startswith(f"{removed}/")
    )
