"""Addresses and references: URLs, images, requirements, callables, secrets."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

from twinbuild.model.reference import LONGEST_REPOSITORY, REPOSITORY, TAG
from twinbuild.model.spec.paths import refuse_path
from twinbuild.model.spec.values import objection

__all__ = [
    "Address",
    "Callable",
    "ImageName",
    "RepositoryName",
    "Requirement",
    "StepReference",
    "Uri",
    "check_repository",
]

_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_CALLABLE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_STEP: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_PROJECT: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)


def _split(text: str) -> SplitResult:
    hint = "write an address such as https://host.example/path"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise objection("TB1122", "got an address that cannot be read", hint) from None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise objection(
            "TB1111",
            "the address carries credentials (masked)",
            "take them out; name a secret, or set them where pip and the registry client look for them",
        )
    if not host or not _HOST.fullmatch(host) or (port is not None and port == 0):
        raise objection("TB1122", f"got {text[:120]!r}, which has no proper host", hint)
    if any(character.isspace() or ord(character) < 33 for character in text):
        raise objection("TB1122", f"got {text[:120]!r}, which has a space", hint)
    return parts


def _check_address(text: str) -> str:
    parts = _split(text)
    if parts.scheme not in ("https", "http", "ssh", "git+https", "git+ssh"):
        raise objection("TB1122", f"got the scheme {parts.scheme!r}", "use https, http or ssh")
    return text


def _check_uri(text: str) -> str:
    if text.startswith("wheel:"):
        project, _, path = text[len("wheel:") :].partition("/")
        if not _PROJECT.fullmatch(project) or refuse_path(path):
            raise objection(
                "TB1122", f"got {text[:120]!r}", "write wheel:PROJECT/path/inside/wheel, of a project that is locked"
            )
        return text
    if "://" in text:
        scheme = _split(text).scheme
        if scheme not in ("https", "http"):
            raise objection("TB1122", f"got the scheme {scheme!r}", "use https, http, wheel: or a relative path")
        return text
    reason = refuse_path(text)
    if reason:
        raise objection("TB1108", f"path {text[:120]!r} {reason}", "give a path below the directory of the spec")
    return text


def _check_image(text: str) -> str:
    name, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise objection("TB1109", f"got {digest[:80]!r}", "write @sha256: and 64 lower-case hexadecimal digits")
    if name.startswith("oci-layout:"):
        reason = refuse_path(name.removeprefix("oci-layout:"))
        if reason:
            raise objection("TB1108", f"path {text[:120]!r} {reason}", "give a path below the directory of the spec")
        return text
    head, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    if colon and not TAG.fullmatch(tag):
        raise objection("TB1119", f"got the tag {tag[:80]!r}", "write NAME:TAG, such as registry.example/python:3.11")
    check_repository(f"{head}{slash}{last}")
    if not at and tag in ("", "latest"):
        said = "the tag 'latest' names" if tag else f"{text[:120]!r} has neither tag nor digest, and so names"
        raise objection("TB1119", f"{said} another image every day", "name a version, or a digest after @")
    return text


def check_repository(text: str) -> str:
    """The same text, if it names a repository of a registry. Raises PydanticCustomError TB1119."""
    if not REPOSITORY.fullmatch(text) or len(text) > LONGEST_REPOSITORY:
        raise objection(
            "TB1119", f"got {text[:120]!r}", "write HOST/NAME in lower case, such as registry.example/team/model"
        )
    return text


def _check_requirement(text: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement  # only a spec needs it

    if text.startswith(("-", "./", "../", "/", "git+", "hg+", "svn+", "bzr+", "file:", "http:", "https:")):
        return text  # options, paths and repositories have codes of their own where requirements are resolved
    try:
        Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise objection(
            "TB1110", f"got {text[:120]!r}: {reason}", "write it as PEP 508 has it, such as scikit-learn==1.7.2"
        ) from None
    return text


def _check_callable(text: str) -> str:
    if not _CALLABLE.fullmatch(text) or len(text) > 255:
        raise objection("TB1104", f"got {text[:120]!r}", "write module:attribute, such as service.features:scale")
    return text


def _check_step_reference(text: str) -> str:
    return text if _STEP.fullmatch(text) else _check_callable(text)


Address = Annotated[str, AfterValidator(_check_address)]
"""A URL without credentials."""

Uri = Annotated[str, AfterValidator(_check_uri)]
"""Where an artifact is: a relative path, an http(s) URL, or `wheel:PROJECT/path/inside/wheel`."""

ImageName = Annotated[str, AfterValidator(_check_image)]
"""An image by name with a tag, a digest or both (OCI distribution-spec, "Pulling manifests")."""

RepositoryName = Annotated[str, AfterValidator(check_repository)]
"""A repository of a registry, without tag."""

Requirement = Annotated[str, AfterValidator(_check_requirement)]
"""A requirement of PEP 508."""

Callable = Annotated[str, AfterValidator(_check_callable)]
"""A Python callable as `module:attribute`."""

StepReference = Annotated[str, AfterValidator(_check_step_reference)]
"""A Python callable as `module:attribute`, or the name of a build step."""
