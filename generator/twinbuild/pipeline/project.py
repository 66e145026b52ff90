"""A project on disk: where a release's spec, lock and sources are, and what was read of them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twinbuild.codec.lock import decode_lock
from twinbuild.codec.spec import LoadedSpec, load_spec
from twinbuild.codec.yaml import SourceText
from twinbuild.errors import Location, LockError, SpecError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.net.files import open_beneath, open_directory
from twinbuild.pipeline.family.extending import extended_spec, refuse_changed_extends, refuse_forged_extends
from twinbuild.render.dockerfile import SiteTemplate

__all__ = ["Project", "open_project", "read_lock", "require_lock", "spec_file"]

_SPEC_NAME: Final = "release.yaml"
_LAYOUT: Final = "oci-layout:"  # how the spec names a base image in a directory
_SPECIAL: Final = re.compile(r"[*?\[\\ ]")  # in a pattern
_ESCAPED: Final = r"\\\g<0>"
_MANIFEST: Final = "manifest.json"
_RELEASED: Final = re.compile(rb"""^\{?["']?apiVersion["']?: ?["']?twinbuild/manifest/v""", re.MULTILINE)
_HEAD: Final = 4096  # bytes of a file in which its apiVersion is looked for: ours begin with it
_LIMIT: Final = 4 << 20  # bytes of a spec: the reader's own limit is lower and names the line


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A spec that was read, and the places beside it."""

    directory: Path
    spec_path: Path
    overlays: tuple[Path, ...]
    below: tuple[Path, ...]  # the spec of the family that it extends, if any: the lowest overlay
    digests: tuple[Digest, ...]  # of the bytes of what was read, in the order of ``sources``
    loaded: LoadedSpec
    variants: tuple[str, ...] = ()  # the only ones that this run is about, sorted; () all of them
    site: SiteTemplate | None = None  # of build.dockerfile

    @property
    def sources(self) -> tuple[Path, ...]:
        """All files that the spec was read from, the lowest first."""
        return (*self.below, self.spec_path, *self.overlays)

    @property
    def spec(self) -> ReleaseSpec:
        """The spec, overlays merged; of its variants, those that this run is about."""
        spec = self.loaded.spec
        if not self.variants:
            return spec
        chosen = tuple(variant for variant in spec.environment.variants if variant.name in self.variants)
        return spec.model_copy(update={"environment": spec.environment.model_copy(update={"variants": chosen})})

    @property
    def whole(self) -> Project:
        """The same project with all of its variants."""
        return replace(self, variants=())

    def only(self, variants: tuple[str, ...]) -> Project:
        """The same project with some of its variants alone. Raises UsageError TB2420 for one that it does not have."""
        environment = self.loaded.spec.environment
        known = sorted(variant.name for variant in environment.variants)
        stated = "variants" in environment.model_fields_set
        for name in variants:
            if name not in known:
                raise UsageError.of(
                    "TB2420",
                    f"got the variant {name[:80]!r}, expected one of {', '.join(known)}"
                    if stated
                    else f"got the variant {name[:80]!r}, and the spec has no variants: its only image is {known[0]!r}",
                    hint="name a variant of the spec" if stated else "leave --variant out, or add environment.variants",
                    where="--variant",
                )
        return replace(self, variants=() if set(variants) >= set(known) else tuple(sorted(set(variants))))

    @property
    def lock_path(self) -> Path:
        """``release.lock`` beside the spec, or ``NAME.lock`` for a spec of another name."""
        return self.spec_path.with_suffix(".lock")

    @property
    def lockfiles(self) -> Path:
        """The directory of the lock files that pip reads."""
        return self.directory / "lockfiles"

    @property
    def ignored(self) -> tuple[str, ...]:
        """Patterns of gitignore(5) for what is no part of the application: the spec's own.

        Where the application is all of the spec's directory, also the spec, what twinbuild writes beside it and a base
        image that lies there: a lock that lists itself is never fresh, and a release would hold the one before.
        """
        stated = tuple(self.spec.source.ignore)
        if self.directory / self.spec.source.directory != self.directory:
            return stated
        written = [self.spec_path.name, self.lock_path.name, f"{self.lockfiles.name}/", "dist/"]
        written += [str(path.relative_to(self.directory)) for path in self.below]
        environment = self.spec.environment
        bases = dict.fromkeys(environment.base_of(variant).image or "" for variant in environment.variants)
        written += [base.removeprefix(_LAYOUT).partition("@")[0] + "/" for base in bases if base.startswith(_LAYOUT)]
        return (*stated, *(f"/{_SPECIAL.sub(_ESCAPED, name)}" for name in written))


def open_project(where: Path, overlays: tuple[Path, ...] = ()) -> Project:
    """Read the spec at ``where`` (a file, or a directory that holds ``release.yaml``) with overlays in order.

    Raises UsageError TB8010 if there is none, SpecError with all findings if it is wrong.
    """
    path = spec_file(where)
    sources = tuple(SourceText(name=_shown(each), content=_read(each)) for each in (path, *overlays))
    if _RELEASED.search(sources[0].content[:_HEAD]):
        raise _a_release(where, "is a release manifest")
    base = extended_spec(path, sources[0], shown=_shown)
    loaded = load_spec((*base, *sources))
    refuse_changed_extends(loaded, overlays=frozenset(source.name for source in sources[1:]))
    refuse_forged_extends(loaded, below=frozenset(source.name for source in base))
    return Project(
        directory=path.parent.absolute(),
        spec_path=path.absolute(),
        overlays=tuple(each.absolute() for each in overlays),
        below=tuple(Path(each.name).absolute() for each in base),
        digests=tuple(Digest.of(source.content) for source in (*base, *sources)),
        loaded=loaded,
        site=_site(path.parent.absolute(), loaded.spec.build.dockerfile),
    )


def spec_file(where: Path) -> Path:
    """The spec at ``where``, a file or a directory that holds ``release.yaml``. Raises UsageError TB8010 for none."""
    path = where / _SPEC_NAME if where.is_dir() else where
    if not path.is_file():
        if (where / _MANIFEST).is_file() and (where / "release.digest").is_file():
            raise _a_release(where, "is the directory of a release")
        raise UsageError.of(
            "TB8010",
            f"there is no {_SPEC_NAME} in the current directory" if where == Path() else f"there is no spec at {where}",
            hint=f"name a directory with a {_SPEC_NAME} or a spec file; `twinbuild init` writes a first one",
            where=str(path),
        )
    return path


def _a_release(where: Path, what: str) -> UsageError:
    return UsageError.of(
        "TB8010",
        f"{where} {what}, expected a spec",
        hint="name the spec that it was made from; of a release, verbs such as `show`, `validate`, `parity` and "
        f"`check-config` take the directory or its {_MANIFEST}",
        where=str(where),
    )


def _site(directory: Path, path: str | None) -> SiteTemplate | None:
    """The template that a spec names. Raises SpecError TB2301 to TB2304 for the path, TB5230 for what is no text."""
    if path is None:
        return None
    root = open_directory(str(directory))
    try:
        with open_beneath(root, path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as stream:
            content = stream.read(_LIMIT)
    finally:
        os.close(root)
    try:
        return SiteTemplate(name=path, text=content.decode())
    except UnicodeDecodeError as error:
        raise SpecError.of(
            "TB5230",
            f"the template is no UTF-8: byte {error.start}",
            hint="write it as UTF-8",
            where=Location(file=path),
        ) from error


def _shown(path: Path) -> str:
    """The path as a person would write it: relative where it lies below the current directory."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(path)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_LIMIT)
    except OSError as error:
        raise UsageError.of(
            "TB8010", f"cannot read {path}: {error.strerror}", hint="name a file that can be read", where=str(path)
        ) from error


def read_lock(project: Project) -> Lock | None:
    """The lock beside the spec, or None if there is none. Raises LockError if it is damaged."""
    try:
        content = project.lock_path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LockError.of(
            "TB2251",
            f"cannot read {project.lock_path.name}: {error.strerror}",
            hint="make it a readable file, or remove it and run `twinbuild lock`",
        ) from error
    return decode_lock(content, name=_shown(project.lock_path))


def require_lock(lock: Lock | None, project: Project) -> Lock:
    """The lock, where there is one. Raises LockError TB2252."""
    if lock is None:
        raise LockError.of(
            "TB2252",
            f"there is no {project.lock_path.name} beside {_shown(project.spec_path)}",
            hint="run `twinbuild lock`",
            where=Location(file=_shown(project.spec_path)),
        )
    return lock
