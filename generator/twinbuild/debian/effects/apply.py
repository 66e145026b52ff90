"""Effects applied to a tree, in the order of the packages; alternatives and the library cache come last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from twinbuild.debian.accounts import Accounts
from twinbuild.debian.alternatives import install_alternatives
from twinbuild.debian.certificates import install_certificates
from twinbuild.debian.effects import (
    AddGroup,
    AddUser,
    Alternative,
    Copy,
    Divert,
    Effect,
    Follower,
    Link,
    MakeDirectory,
    Migrate,
    Omitted,
    Perform,
    SetOwner,
    Step,
    Write,
)
from twinbuild.debian.ldcache import install_library_cache
from twinbuild.debian.pam import install_pam
from twinbuild.debian.shells import install_shells
from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Directory, File, Symlink

__all__ = ["apply_effects", "placed"]

_LAST = (Step.SHELLS, Step.CERTIFICATES, Step.PAM, Step.LIBRARIES)  # what triggers would do: once, in this order


def apply_effects(root: Root, effects: Iterable[Effect], platform: Platform) -> None:
    """Apply effects in order; steps that look at the whole tree are done once, at the end.

    Diversions are not applied here: they decide where files are unpacked. Raises BuildError TB4211 to TB4216.
    """
    pending: set[Step] = set()
    alternatives: list[Alternative] = []
    for effect in effects:
        match effect:
            case Perform(step=Step.SHADOW):
                accounts = Accounts(root)
                accounts.shadow()
                accounts.save()
            case Perform():
                pending.add(effect.step)
            case Alternative():
                alternatives.append(_placed(effect, platform))
            case AddGroup() | AddUser():
                _enroll(root, effect)
            case Divert() | Omitted():
                pass
            case _:
                _apply(root, effect, platform)
    install_alternatives(root, alternatives)
    for step in _LAST:
        if step in pending:
            _perform(root, step, platform)


def _placeholders(platform: Platform) -> tuple[tuple[str, str], ...]:
    return ("{triplet}", platform.triplet), ("{machine}", platform.machine), ("{architecture}", platform.debian)


def placed(text: str, platform: Platform) -> str:
    """A text of an effect with the platform's names in it."""
    for mark, name in _placeholders(platform):
        text = text.replace(mark, name)
    return text


def _placed(choice: Alternative, platform: Platform) -> Alternative:
    return Alternative(
        name=placed(choice.name, platform),
        link=placed(choice.link, platform),
        path=placed(choice.path, platform),
        priority=choice.priority,
        followers=tuple(
            Follower(
                name=placed(item.name, platform),
                link=placed(item.link, platform),
                path=placed(item.path, platform),
            )
            for item in choice.followers
        ),
    )


def _apply(root: Root, effect: Write | Copy | MakeDirectory | SetOwner | Link | Migrate, platform: Platform) -> None:
    match effect:
        case Write():
            _write(root, effect, placed(effect.path, platform), placed(effect.content, platform))
        case Copy():
            _copy(root, placed(effect.source, platform), placed(effect.path, platform))
        case MakeDirectory():
            path = placed(effect.path, platform)
            if not root.exists(path):
                root.put(Directory(path=path.strip("/"), mode=effect.mode, gid=_gid(root, effect.group)))
        case SetOwner():
            _own(root, effect)
        case Link():
            if root.get(effect.path) is None and (not effect.needs or root.exists(effect.needs)):
                root.link(placed(effect.path, platform), placed(effect.target, platform))
        case Migrate():
            if not isinstance(root.get(effect.path), Symlink):
                root.remove(effect.path)
                root.link(effect.path, effect.target)
        case _:
            assert_never(effect)


def _enroll(root: Root, effect: AddGroup | AddUser) -> None:
    accounts = Accounts(root)
    if isinstance(effect, AddUser):
        accounts.add_user(effect)
    else:
        accounts.add_group(effect)
    accounts.save()


def _gid(root: Root, group: str) -> int:
    return 0 if group == "root" else Accounts(root).gid(group)


def _uid(root: Root, user: str) -> int:
    return 0 if user == "root" else Accounts(root).uid(user)


def _write(root: Root, effect: Write, path: str, content: str) -> None:
    if root.exists(path):
        return
    root.write(path, content.encode(), mode=effect.mode)
    file = root.get(path)
    if isinstance(file, File):
        root.put(replace(file, uid=_uid(root, effect.user), gid=_gid(root, effect.group)))


def _copy(root: Root, source: str, path: str) -> None:
    file = root.file(source)
    if file is None:
        raise BuildError.of(
            "TB4211",
            f"{source} is missing, but an effect copies it to {path}",
            hint="report this as a gap in the catalogue of effects",
        )
    if not root.exists(path):
        root.put(replace(file, path=path.strip("/")))


def _own(root: Root, effect: SetOwner) -> None:
    entry = root.get(effect.path)
    if isinstance(entry, (File, Directory)):
        root.put(replace(entry, mode=effect.mode, uid=_uid(root, effect.user), gid=_gid(root, effect.group)))


def _perform(root: Root, step: Step, platform: Platform) -> None:
    match step:
        case Step.SHELLS:
            install_shells(root)
        case Step.CERTIFICATES:
            install_certificates(root)
        case Step.PAM:
            install_pam(root)
        case Step.LIBRARIES:
            install_library_cache(root, platform)
        case Step.SHADOW:
            pass  # was done in its place, for later accounts need it
        case _:
            assert_never(step)
