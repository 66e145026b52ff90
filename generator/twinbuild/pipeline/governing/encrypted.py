"""What a release and this machine reach, and where the release is kept: each encrypted, plain, or nobody can tell.

Nothing is connected to, but for a registry that is named as the archive, which is asked whether it has the release.
What is looked at are addresses as the release manifest and the settings have them, and, for the archive, what the
kernel of this machine says of the file system.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from twinbuild.archive.directory import Archive
from twinbuild.archive.volume import Volume, volume_of
from twinbuild.govern.judging.addresses import Reach, reach_of, schemed, stated_in
from twinbuild.govern.judging.keywords import keywords_of
from twinbuild.govern.judging.variables import host_reach, variable_reach
from twinbuild.model.digest import Digest
from twinbuild.model.knobs import written
from twinbuild.model.settings import OCI_SCHEME, Settings

__all__ = ["Encryption", "Holds", "encryption_of"]

Holds = Callable[[str, Digest], bool]
"""Whether an archive in a registry has a release."""

_OPTIONS: Final = re.compile(r"[?;#]")
_PARTS: Final = re.compile(r"([^:/?#]*://|)([^/?#]*)(.*)", re.DOTALL)
_OPTION: Final = re.compile(r"--?[A-Za-z][\w.-]*=", re.ASCII)
_NAME: Final = re.compile(r"--?[A-Za-z][\w.-]*", re.ASCII)
_DRIVER: Final = re.compile(r"^(jdbc:[^:]*:).*@", re.IGNORECASE)
_NOWHERE: Final = "the archive"
_HOST: Final = re.compile(r"\[[0-9a-fA-F:.]+\]|[^:/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """Pairs of a kind and an address without encryption, triples with why nobody can tell, pairs with what is seen."""

    plain: tuple[tuple[str, str], ...]
    unclear: tuple[tuple[str, str, str], ...]
    encrypted: tuple[tuple[str, str], ...]


def encryption_of(
    document: Any,
    digest: Digest,
    *,
    stage: str,
    settings: Settings,
    archive: str | None,
    asked: frozenset[str],
    holds: Holds | None = None,
) -> Encryption:
    """Of a release and a stage. ``asked`` are the kinds that rules ask for: the archive is looked at for them alone.

    ``holds`` asks a registry; without it nobody knows whether the release is there.

    Raises as ``Archive`` does for a directory that is none.
    """
    plain: dict[tuple[str, str], None] = {}
    unclear: dict[tuple[str, str, str], None] = {}
    for kind, address, reach in _reached(document, stage, settings):
        if reach.kind == "plain":
            plain[(kind, f"{address} ({reach.why})" if reach.why else address)] = None
        elif reach.kind == "unclear":
            unclear[(kind, address, reach.why)] = None
    seen: list[tuple[str, str]] = []
    if "archive" in asked:
        place, volume = _archive(archive, digest, settings, holds)
        match volume.kind:
            case "plain":
                plain[("archive", f"{place} ({volume.how})")] = None
            case "unclear":
                unclear[("archive", place, volume.how)] = None
            case "encrypted":
                seen.append(("archive", volume.how))
    return Encryption(plain=tuple(plain), unclear=tuple(unclear), encrypted=tuple(seen))


def _reached(document: Any, stage: str, settings: Settings) -> Iterator[tuple[str, str, Reach]]:
    for kind, sections in (("services", ("services",)), ("monitoring", ("observability", "rollout"))):
        for section in sections:
            yield from _of_texts(kind, document.get(section))
    other = _other_parameters(document.get("configuration"))
    yield from _of_texts("configuration", other)
    yield from _of_words(other, document.get("serving"))
    yield from _of_variables(_variables(document.get("configuration"), document.get("serving")))
    for name, address in settings.indexes:
        if schemed(address):
            yield "indexes", f"{name} (this machine's settings)", reach_of(address)
    for name, addresses in (*settings.archives, *settings.snapshots):
        for address in addresses:
            if schemed(address):
                yield "mirrors", f"{name} {_named(address)} (this machine's settings)", reach_of(address)
    yield from _registries(document, stage, settings)


def _variables(configuration: Any, serving: Any) -> dict[str, list[str]]:
    """The variables of the service, with all values that each may have: as it is set, or by a parameter."""
    stated = serving.get("environment") if isinstance(serving, dict) else None
    found = {str(name): [str(value)] for name, value in stated.items()} if isinstance(stated, dict) else {}
    said = configuration if isinstance(configuration, dict) else {}
    stages = [each for each in (said.get("stages") or {}).values() if isinstance(each, dict)]
    for parameter in said.get("parameters", ()):
        name = parameter.get("environment") if isinstance(parameter, dict) else None
        if name:
            values = [parameter.get("default"), *parameter.get("values", ())]
            values += [each[parameter["name"]] for each in stages if parameter.get("name") in each]
            found.setdefault(str(name), []).extend(text for value in values for text in _written(value))
    return found


def _written(value: Any) -> list[str]:
    """A parameter's value as the variable has it, of a list each; [] for none."""
    if isinstance(value, list):
        return [text for each in value for text in _written(each)]
    return [] if value is None else [written(value)]


def _of_variables(variables: dict[str, list[str]]) -> Iterator[tuple[str, str, Reach]]:
    beside = {name: values[0] for name, values in variables.items() if values}
    for name, values in variables.items():
        for value in dict.fromkeys(values):
            for each in stated_in(value, anywhere=True) or (value,):
                reach = variable_reach(name, each, beside)
                if reach is not None:
                    yield "configuration", f"{name}={_named(each) if stated_in(each) else each[:40]}", reach


def _other_parameters(configuration: Any) -> Any:
    """A configuration without the values of parameters that are variables, which are looked at as these."""
    if not isinstance(configuration, dict):
        return {}
    parameters = [each for each in configuration.get("parameters", ()) if isinstance(each, dict)]
    varied = {each.get("name") for each in parameters if each.get("environment")}
    kept = [
        {
            key: value
            for key, value in each.items()
            if each.get("name") not in varied or key not in ("default", "values")
        }
        for each in parameters
    ]
    stages = {
        stage: {name: value for name, value in stated.items() if name not in varied}
        for stage, stated in (configuration.get("stages") or {}).items()
        if isinstance(stated, dict)
    }
    return {**configuration, "parameters": kept, "stages": stages}


def _of_words(configuration: Any, serving: Any) -> Iterator[tuple[str, str, Reach]]:
    """What programs read: values of parameters, and the words of the command, where an option may stand before it."""
    read = [configuration.get("stages")]
    for parameter in configuration.get("parameters", ()):
        read += [parameter[key] for key in ("default", "values") if key in parameter]
    words = [str(each) for each in serving.get("command", ())] if isinstance(serving, dict) else []
    yield from _of_hosts(_named_values(configuration, words))
    yield from _of_texts("configuration", [*read, *(_OPTION.sub("", each) for each in words)], anywhere=True)


def _named_values(configuration: Any, words: list[str]) -> Iterator[tuple[str, str]]:
    """Parameters and options of the command, each with a value that it may have: ``--NAME=VALUE``, ``--NAME VALUE``."""
    stages = [each for each in (configuration.get("stages") or {}).values() if isinstance(each, dict)]
    for parameter in configuration.get("parameters", ()):
        name = str(parameter.get("name"))
        values = [parameter.get("default"), *parameter.get("values", ())]
        values += [stated[name] for stated in stages if name in stated]
        yield from ((name, text) for value in values for text in _written(value))
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        name, between, value = word.partition("=")
        if _NAME.fullmatch(name):
            yield name, value if between or following.startswith("-") else following


def _of_hosts(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, Reach]]:
    found = list(dict.fromkeys(named))
    beside = dict(found)
    for name, value in found:
        reach = None if stated_in(value) else host_reach(name, value, beside)
        if reach is not None:
            yield "configuration", f"{name}={value[:40]}", reach


def _of_texts(kind: str, value: Any, *, anywhere: bool = False) -> Iterator[tuple[str, str, Reach]]:
    for text in _texts(value):
        for address in stated_in(text, anywhere=anywhere):  # each by itself: one may be declared, and others not
            yield kind, _named(address), reach_of(address)


def _registries(document: Any, stage: str, settings: Settings) -> Iterator[tuple[str, str, Reach]]:
    """The stage's repository, and mirrors of registries in this machine's settings."""
    repository = str(document["publish"].get("repositories", {}).get(stage, ""))
    if repository:
        yield "registries", repository, _registry(repository, settings)
    for registry, mirrors in settings.mirrors:
        for mirror in mirrors:
            reach = reach_of(mirror) if schemed(mirror) else _registry(mirror, settings)
            yield "registries", f"{mirror}, a mirror of {registry} (this machine's settings)", reach


def _registry(repository: str, settings: Settings) -> Reach:
    """A registry is asked by TLS unless the settings say otherwise, or it is on this machine."""
    authority = repository.partition("/")[0]
    if authority in settings.plain_http:
        return Reach(kind="plain")
    host = _HOST.match(authority)
    return reach_of(f"https://{host[0] if host is not None else authority}/")


def _archive(archive: str | None, digest: Digest, settings: Settings, holds: Holds | None) -> tuple[str, Volume]:
    """Where the release is kept, and what that lies on.

    Of an archive that does not have the release nobody can vouch: no declaration is of ``_NOWHERE``.
    """
    if archive is None:
        return _NOWHERE, Volume(kind="unclear", how="it is not said where it is: --archive DIR")
    if archive.startswith(OCI_SCHEME):
        if _registry(archive.removeprefix(OCI_SCHEME), settings).kind == "plain":
            return archive, Volume(kind="plain", how="its registry is asked without TLS")
        if holds is None:
            return _NOWHERE, Volume(kind="unclear", how=f"nobody asked {archive} whether it has this release")
        there, place = holds(archive, digest), archive
        volume = Volume(kind="unclear", how="nobody can see from here how a registry stores what it has")
    else:
        with Archive(Path(archive)) as opened:
            there = opened.kept(digest) is not None
        place = str(Path(archive).resolve())
        volume = volume_of(Path(archive))
    if not there:
        return _NOWHERE, Volume(kind="unclear", how=f"this release is not in {place}: `twinbuild archive add`")
    return place, volume


def _named(address: str) -> str:
    """An address without what may be a secret in it: logins, and options. The host is the one that is reached."""
    if (stated := keywords_of(address)) is not None:
        return stated.host[:200]
    if address[:5].lower() == "jdbc:":
        return _DRIVER.sub(r"\1", _OPTIONS.split(address)[0])
    parts = _PARTS.fullmatch(address)
    if parts is None:
        return _OPTIONS.split(address)[0]
    if "\\" in parts[2]:  # there programs see one host, and others another: what is declared is neither
        return f"{parts[1]}…"
    login, _, host = parts[2].rpartition("@")  # a login may have a semicolon in it
    if "," in login:  # of several hosts, or in a password
        host = f"…,{host}"
    return parts[1] + _OPTIONS.split(host + parts[3])[0]


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
