"""Credentials for registries, as Docker keeps them: ``config.json`` and its credential helpers.

The file is read and a helper is run only when a registry asks who we are. Nothing that either says is repeated in a
message.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from twinbuild.errors import EnvironmentFault, TwinbuildError, UsageError
from twinbuild.model.reference import HUB
from twinbuild.net.address import redact
from twinbuild.ports import Runner

__all__ = ["Login", "Logins", "docker_configuration"]

_LARGEST: Final = 4 << 20
_HELPER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}", re.ASCII)
_HUB_KEY: Final = "https://index.docker.io/v1/"  # under which every tool keeps Docker Hub's
_PATIENCE: Final = 60.0  # seconds for a helper, which may ask a key ring
_IDENTITY: Final = "<token>"  # the user name that a helper gives with an identity token


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What proves who we are: user and password, an identity token (OAuth2 refresh token), or a bearer token."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)


def docker_configuration(environment: Mapping[str, str], home: str) -> Path:
    """Where Docker keeps its configuration: DOCKER_CONFIG names a directory, else ``~/.docker``."""
    return Path(environment.get("DOCKER_CONFIG") or Path(home, ".docker"), "config.json")


class Logins:
    """Credentials by registry. ``environment`` is what helpers are started with."""

    def __init__(self, configuration: Path | None, *, runner: Runner | None, environment: Mapping[str, str]) -> None:
        self._path = configuration
        self._runner = runner
        self._environment = tuple(sorted(environment.items()))
        self._document: dict[str, object] | None = None
        self._found: dict[str, Login | None] = {}

    def find(self, registry: str) -> Login | None:
        """The login for a registry (``host[:port]``, ``docker.io``), or None where there is none.

        Raises UsageError TB3206 (the file), EnvironmentFault TB3207 (a helper).
        """
        if registry not in self._found:
            self._found[registry] = self._look_up(registry)
        return self._found[registry]

    def helpers(self) -> tuple[tuple[str, str], ...]:
        """Which programs would be asked, and for which registry ("" for all of them), sorted. None is run.

        Raises UsageError TB3206.
        """
        document = self._read()
        named = {_shown(key): str(value) for key, value in _table(document, "credHelpers").items()}
        store = document.get("credsStore")
        if isinstance(store, str) and store:
            named[""] = store
        for helper in named.values():
            if not _HELPER.fullmatch(helper):
                raise self._unusable("names a credential helper that is no plain name")
        return tuple(sorted((f"docker-credential-{helper}", registry) for registry, helper in named.items()))

    def registries(self) -> tuple[str, ...]:
        """The registries of which the file itself has a login, sorted. Raises UsageError TB3206."""
        auths = _table(self._read(), "auths")
        return tuple(sorted({_shown(key) for key, entry in auths.items() if entry}))

    def _look_up(self, registry: str) -> Login | None:
        document = self._read()
        helpers = _table(document, "credHelpers")
        for key in _keys(registry):
            if key in helpers:
                return self._ask(str(helpers[key]), key)
        store = document.get("credsStore")
        if isinstance(store, str) and store:
            login = self._ask(store, _HUB_KEY if registry == HUB else registry)
            if login is not None:
                return login
        auths = _table(document, "auths")
        by_host: dict[str, object] = {}
        for key, entry in sorted(auths.items(), reverse=True):
            if (host := _host(key)) is not None:
                by_host[host] = entry
        for key in _keys(registry):
            found = auths.get(key) or by_host.get(_host(key) or "")
            if isinstance(found, dict) and (login := self._login(found)) is not None:
                return login
        return None

    def _login(self, entry: dict[str, object]) -> Login | None:
        texts = {key: value for key, value in entry.items() if isinstance(value, str)}
        user, password = texts.get("username", ""), texts.get("password", "")
        if texts.get("auth"):
            try:
                user, colon, password = base64.b64decode(texts["auth"], validate=True).decode().partition(":")
            except (binascii.Error, ValueError):
                raise self._unusable("has an `auth` that is no base64 of user:password") from None
            if not colon:
                raise self._unusable("has an `auth` that is no base64 of user:password")
        login = Login(
            user=user,
            password=password.rstrip("\0"),
            identity_token=texts.get("identitytoken", ""),
            bearer_token=texts.get("registrytoken", ""),
        )
        return login if login != Login() else None

    def _read(self) -> dict[str, object]:
        if self._document is None:
            self._document = self._load()
        return self._document

    def _load(self) -> dict[str, object]:
        if self._path is None:
            return {}
        try:
            with self._path.open("rb") as stream:
                content = stream.read(_LARGEST + 1)
            document = json.loads(content) if len(content) <= _LARGEST else None
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise self._unusable("cannot be read as a JSON object")
        return document

    def _ask(self, helper: str, server: str) -> Login | None:
        if not _HELPER.fullmatch(helper):
            raise self._unusable("names a credential helper that is no plain name")
        program = f"docker-credential-{helper}"
        if self._runner is None:
            return None
        try:
            done = self._runner.run(
                (program, "get"), environment=self._environment, stdin=server.encode(), timeout=_PATIENCE
            )
        except TwinbuildError as error:
            raise _failed(program, server, error.findings[0].message.partition("; it said")[0]) from None
        if done.status != 0:
            if b"credentials not found" in done.stdout + done.stderr:
                return None
            raise _failed(program, server, f"it ended with status {done.status}")
        try:
            answer = json.loads(done.stdout)
            user, secret = answer["Username"], answer["Secret"]
        except (ValueError, KeyError, TypeError, RecursionError):
            user = secret = None
        if not isinstance(user, str) or not isinstance(secret, str):
            raise _failed(program, server, "its answer is not the JSON object that helpers give")
        if not user and not secret:
            return None
        return Login(identity_token=secret) if user == _IDENTITY else Login(user=user, password=secret)

    def _unusable(self, reason: str) -> UsageError:
        return UsageError.of(
            "TB3206",
            f"Docker's configuration {reason}",
            hint="correct the file, log in again with `docker login`, or point DOCKER_CONFIG at another directory",
            where=str(self._path),
        )


def _table(document: dict[str, object], key: str) -> dict[str, object]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _keys(registry: str) -> tuple[str, ...]:
    """The names under which tools keep a registry."""
    if registry == HUB:
        return (_HUB_KEY, "index.docker.io", HUB, "registry-1.docker.io")
    return (registry,)


def _shown(key: str) -> str:
    """A registry's name as it may be shown: what people write into a URL is cut off."""
    return redact(_host(key) or key).rpartition("@")[2]


def _host(key: str) -> str | None:
    """The registry of a key such as ``https://host/v1/``; None for one repository's, which other tools keep here."""
    host, _, path = re.sub(r"\Ahttps?://", "", key).partition("/")
    return host.lower() if path.strip("/") in ("", "v1", "v2") else None


def _failed(program: str, server: str, reason: str) -> EnvironmentFault:
    return EnvironmentFault.of(
        "TB3207",
        f"the credential helper {program} gave no credentials: {reason}",
        hint="run it by hand (`echo HOST | docker-credential-… get`), or take it out of Docker's config.json",
        where=server,
    )
