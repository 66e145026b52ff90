"""Docker's config.json and its credential helpers."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakes.runner import Call, FakeRunner
from twinbuild.errors import EnvironmentFault, TwinbuildError, UsageError
from twinbuild.net.registry.logins import Login, Logins, docker_configuration
from twinbuild.ports import Completed

SECRET = "hunter22-is-secret"


def auth(user: str, password: str) -> dict[str, str]:
    """An entry as `docker login` writes it."""
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def logins(tmp_path: Path, document: object, runner: FakeRunner | None = None) -> Logins:
    """Logins over a configuration."""
    path = tmp_path / "config.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return Logins(path, runner=runner, environment={"PATH": "/bin", "HOME": "/home/me"})


def helper(answers: Mapping[str, Completed]) -> FakeRunner:
    """A helper `store` that knows these servers."""
    missing = Completed(status=1, stdout=b"credentials not found in native keychain\n", stderr=b"")

    def run(call: Call) -> Completed:
        assert call.argv[1:] == ("get",)
        return answers.get(call.stdin.decode(), missing)

    return FakeRunner(programs={"docker-credential-store": run})


def given_by_helper(user: str, secret: str) -> Completed:
    """What a helper prints."""
    return Completed(
        status=0, stdout=json.dumps({"ServerURL": "x", "Username": user, "Secret": secret}).encode(), stderr=b""
    )


def test_place() -> None:
    """DOCKER_CONFIG names the directory, else it is below the home."""
    assert docker_configuration({}, "/home/me") == Path("/home/me/.docker/config.json")
    assert docker_configuration({"DOCKER_CONFIG": "/etc/d"}, "/home/me") == Path("/etc/d/config.json")


@pytest.mark.parametrize(
    "key", ["r.example:5000", "https://r.example:5000", "http://r.example:5000/v2/", "R.example:5000"]
)
def test_spellings_of_a_registry(tmp_path: Path, key: str) -> None:
    """The same registry however the tool that logged in wrote it; a password may hold a colon."""
    found = logins(tmp_path, {"auths": {key: auth("me", "a:b")}})
    assert found.find("r.example:5000") == Login(user="me", password="a:b")
    assert found.find("r.example") is None
    assert found.find("other.example") is None


def test_docker_hub(tmp_path: Path) -> None:
    """Docker Hub's login stands under an address of its first version."""
    found = logins(tmp_path, {"auths": {"https://index.docker.io/v1/": auth("me", "pw")}})
    assert found.find("docker.io") == Login(user="me", password="pw")


def test_a_login_of_one_repository_is_not_one_of_the_registry(tmp_path: Path) -> None:
    """Keys with a path are other tools' and narrower."""
    assert logins(tmp_path, {"auths": {"r.example/team": auth("me", "pw")}}).find("r.example") is None


def test_tokens(tmp_path: Path) -> None:
    """Identity tokens and registry tokens are taken as such."""
    found = logins(tmp_path, {"auths": {"a.example": {"identitytoken": "t"}, "b.example": {"registrytoken": "u"}}})
    assert found.find("a.example") == Login(identity_token="t")
    assert found.find("b.example") == Login(bearer_token="u")


def test_helpers(tmp_path: Path) -> None:
    """The registry's own helper, then the store, then the file; each is asked once."""
    runner = helper({"r.example": given_by_helper("me", "pw"), "t.example": given_by_helper("<token>", "it"),
                     "https://index.docker.io/v1/": given_by_helper("hub", "pw")})  # fmt: skip
    document = {"credHelpers": {"r.example": "store"}, "credsStore": "store", "auths": {"f.example": auth("f", "pw")}}
    found = logins(tmp_path, document, runner)
    assert found.find("r.example") == Login(user="me", password="pw")
    assert found.find("t.example") == Login(identity_token="it")
    assert found.find("docker.io") == Login(user="hub", password="pw")
    assert found.find("f.example") == Login(user="f", password="pw")
    assert found.find("r.example") == Login(user="me", password="pw")
    assert len(runner.calls) == 4
    assert dict(runner.calls[0].environment) == {"PATH": "/bin", "HOME": "/home/me"}


def test_nothing_there(tmp_path: Path) -> None:
    """Without a file nobody is logged in."""
    assert Logins(tmp_path / "none" / "config.json", runner=None, environment={}).find("r.example") is None
    assert Logins(None, runner=None, environment={}).find("r.example") is None


@pytest.mark.parametrize(
    "document",
    ["", "[]", "{", '{"auths": {"r.example": {"auth": "' + SECRET + '"}}}',
     json.dumps({"auths": {"r.example": {"auth": base64.b64encode(SECRET.encode()).decode()}}}),
     json.dumps({"credHelpers": {"r.example": "../../" + SECRET}})],
)  # fmt: skip
def test_unusable(tmp_path: Path, document: str) -> None:
    """RG-02: TB3206, and nothing of the file in the message."""
    with pytest.raises(UsageError, match="TB3206") as caught:
        logins(tmp_path, document).find("r.example") or logins(tmp_path, document, helper({})).find("r.example")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [Completed(status=2, stdout=SECRET.encode(), stderr=SECRET.encode()), Completed(status=0, stdout=b"x", stderr=b""),
     Completed(status=0, stdout=json.dumps({"Username": SECRET}).encode(), stderr=b""),
     Completed(status=0, stdout=b"[" * 100_000, stderr=b"")],
)  # fmt: skip
def test_a_helper_that_fails(tmp_path: Path, answer: Completed) -> None:
    """RG-03: TB3207, and nothing that it printed in the message."""
    found = logins(tmp_path, {"credsStore": "store"}, helper({"r.example": answer}))
    with pytest.raises(EnvironmentFault, match="TB3207") as caught:
        found.find("r.example")
    assert SECRET not in str(caught.value)


def test_a_helper_that_is_not_installed(tmp_path: Path) -> None:
    """RG-03: the message names the program."""
    with pytest.raises(TwinbuildError, match="docker-credential-gone"):
        logins(tmp_path, {"credsStore": "gone"}, helper({})).find("r.example")
