"""Which index answers for a project, and what happens when it does not: through the real pip-compile."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.python_index import PackageIndex, wheel
from twinbuild.errors import FetchError, IntegrityError, LockError, TwinbuildError
from twinbuild.model.lock import LockedWheel
from twinbuild.model.settings import Settings
from twinbuild.ports import Completed
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.python_index import PythonIndex

pytestmark = pytest.mark.network  # the pinned pip and pip-tools come from the machine's index

Resolve = Callable[..., tuple[LockedWheel, ...]]


def origin(wheels: tuple[LockedWheel, ...]) -> dict[str, tuple[str, str]]:
    """Version and index by project."""
    return {each.name: (each.version, each.index) for each in wheels}


def codes(error: TwinbuildError) -> list[str]:
    """The codes of an error's findings."""
    return [finding.code for finding in error.findings]


class TestBinding:
    """A project is looked for on exactly one index."""

    def test_a_bound_project_comes_from_its_index_alone(self, resolve: Resolve) -> None:
        """A higher version under the same name on the public index is not even asked for."""
        public = PackageIndex({"acme-core": (wheel("acme-core", "99.0"),), "lib": (wheel("lib", "1.0"),)})
        private = PackageIndex({"acme-core": (wheel("acme-core", requires=("lib",)),), "lib": (wheel("lib", "99.0"),)})
        with public, private:
            indexes = (
                PythonIndex(name="default", address=public.address()),
                PythonIndex(name="internal", address=private.address(), projects=("acme-*",)),
            )
            wheels = resolve("Acme_Core", indexes=indexes)
        assert origin(wheels) == {"acme-core": ("1.0", "internal"), "lib": ("1.0", "default")}
        assert not [request for request in public.asked if "acme" in request]
        assert not [request for request in private.asked if "lib" in request]

    def test_a_bound_project_does_not_fall_back(self, resolve: Resolve) -> None:
        """What the bound index lacks is unknown, whoever registered the name elsewhere."""
        with PackageIndex({"acme-core": (wheel("acme-core"),)}) as public, PackageIndex({}) as private:
            indexes = (
                PythonIndex(name="default", address=public.address()),
                PythonIndex(name="internal", address=private.address(), projects=("acme-*",)),
            )
            with pytest.raises(LockError) as caught:
                resolve("acme-core", indexes=indexes)
        assert codes(caught.value) == ["TB2010"]
        assert "index 'internal'" in str(caught.value)
        assert public.asked == []

    def test_two_bindings_are_refused(self, resolve: Resolve) -> None:
        """Which index answers never depends on the order of patterns."""
        with PackageIndex({"acme-core": (wheel("acme-core"),)}) as index:
            indexes = tuple(
                PythonIndex(name=name, address=index.address(), projects=(pattern,))
                for name, pattern in (("one", "acme-*"), ("two", "*-core"))
            )
            with pytest.raises(LockError) as caught:
                resolve("acme-core", indexes=indexes)
        assert codes(caught.value) == ["TB2035"]

    def test_forwarding_is_refused(self, resolve: Resolve) -> None:
        """A private index that sends us to another host for what it lacks is dependency confusion at work."""
        private = PackageIndex({})
        with PackageIndex({"acme-core": (wheel("acme-core", "99.0"),)}) as public, private:
            private.redirects["acme-core"] = public.address(host="localhost")
            bound = PythonIndex(name="internal", address=private.address(), projects=("acme-*",))
            with pytest.raises(IntegrityError) as caught:
                resolve("acme-core", indexes=(bound,))
        assert codes(caught.value) == ["TB2033"]

    def test_an_index_without_an_address(self, resolve: Resolve) -> None:
        """The project and the index that this machine does not know are both named."""
        with pytest.raises(TwinbuildError) as caught:
            resolve("lib", indexes=(PythonIndex(name="internal", address="", projects=("lib",)),))
        assert codes(caught.value) == ["TB2034"]
        assert "'internal'" in str(caught.value)
        assert "'lib'" in str(caught.value)


class TestFailures:
    """A failing index never looks like a project that is not there."""

    def test_a_failing_page_does_not_change_the_choice(self, resolve: Resolve) -> None:
        """Pip would take app 1.0 when the page of what app 2.0 requires is down: we stop."""
        projects = {"app": (wheel("app", "1.0"), wheel("app", "2.0", requires=("lib",))), "lib": (wheel("lib"),)}
        for status in (500, 503, 410, 429):
            with PackageIndex(projects, failures={"lib": status}) as index, pytest.raises(FetchError) as caught:
                resolve("app", index=index.address())
            assert codes(caught.value) == ["TB2030"]
            assert str(status) in str(caught.value)

    def test_a_missing_project_does_change_it(self, resolve: Resolve) -> None:
        """404 is an answer: the older version that needs no such project is right."""
        with PackageIndex({"app": (wheel("app", "1.0"), wheel("app", "2.0", requires=("lib",)))}) as index:
            assert origin(resolve("app", index=index.address())) == {"app": ("1.0", "default")}

    def test_nobody_listens(self, resolve: Resolve) -> None:
        """No connection is told from no project, without the address in the message."""
        with PackageIndex({}) as index:
            address = index.address()
        for settings in (Settings(store="/x", retries=0), Settings(store="/x", retries=1)):
            with pytest.raises(FetchError) as caught:
                resolve("app", index=address, settings=settings)
            assert codes(caught.value) == ["TB2030"]
            assert "127.0.0.1" not in str(caught.value)

    def test_not_an_index(self, resolve: Resolve) -> None:
        """A page of another kind is named as such."""
        with PackageIndex({}, garbage=frozenset({"app"})) as index, pytest.raises(FetchError) as caught:
            resolve("app", index=index.address())
        assert codes(caught.value) == ["TB2032"]

    def test_a_file_server_that_fails(self, resolve: Resolve) -> None:
        """If metadata cannot be had, that is a failure to fetch, told without addresses."""
        file = wheel("app")
        elsewhere = type(file)(name=f"../gone/{file.name}", content=b"", sha256=file.sha256, size=9)
        with PackageIndex({"app": (elsewhere,)}) as index, pytest.raises(FetchError) as caught:
            resolve("app", index=index.address())
        assert codes(caught.value) == ["TB2030"]
        assert "127.0.0.1" not in str(caught.value)


class TestCredentials:
    """They reach the index and nothing else."""

    def test_they_are_used_and_never_shown(self, resolve: Resolve, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither the command line nor the result nor an error holds them."""
        calls = []

        class Watched(SubprocessRunner):
            def run(self, argv: tuple[str, ...], **named: object) -> Completed:  # type: ignore[override]
                calls.append((argv, named["environment"]))
                return super().run(argv, **named)  # type: ignore[arg-type]

        with PackageIndex({"lib": (wheel("lib", sized=False),)}, credentials="me:s3cret") as index:
            wheels = resolve("lib", index=index.address(credentials="me:s3cret"), runner=Watched())
            with pytest.raises(LockError) as unknown:
                resolve("absent", index=index.address(credentials="me:s3cret"))
            with pytest.raises(FetchError) as refused:
                resolve("lib", index=index.address(credentials="me:wr0ng"))
            with pytest.raises(FetchError) as without:
                resolve("lib", index=index.address())
        assert origin(wheels) == {"lib": ("1.0", "default")}
        assert "s3cret" not in repr(calls) + repr(wheels) + str(unknown.value)
        assert codes(refused.value) == codes(without.value) == ["TB2031"]
        assert "wr0ng" not in str(refused.value)

    def test_netrc(self, resolve: Resolve, tmp_path: Path) -> None:
        """The netrc file of the settings is pip's too."""
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login me password s3cret\n")
        netrc.chmod(0o600)
        settings = Settings(store=str(tmp_path), retries=0, netrc=str(netrc))
        with PackageIndex({"lib": (wheel("lib"),)}, credentials="me:s3cret") as index:
            assert origin(resolve("lib", index=index.address(), settings=settings)) == {"lib": ("1.0", "default")}


def test_a_person_s_pip_configuration_does_not_leak(
    resolve: Resolve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Find-links, extra indexes, constraints and --pre, from files and variables, change nothing."""
    links = tmp_path / "links"
    links.mkdir()
    newer = wheel("lib", "9.0")
    (links / newer.name).write_bytes(newer.content)
    (tmp_path / "constraints.txt").write_text("lib<1\n")
    with (
        PackageIndex({"lib": (wheel("lib", "8.0"),)}) as extra,
        PackageIndex({"lib": (wheel("lib", "1.0"), wheel("lib", "2.0rc1"))}) as index,
    ):
        options = {
            "find-links": str(links),
            "extra-index-url": extra.address(),
            "constraint": str(tmp_path / "constraints.txt"),
            "pre": "true",
        }
        text = "[global]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
        for place in (".config/pip/pip.conf", ".pip/pip.conf"):
            file = tmp_path / place
            file.parent.mkdir(parents=True)
            file.write_text(text)
        (tmp_path / ".pip-tools.toml").write_text("[tool.pip-tools]\npre = true\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        for key, value in options.items():
            monkeypatch.setenv(f"PIP_{key.upper().replace('-', '_')}", value)
        before = dict(os.environ)
        assert origin(resolve("lib", index=index.address())) == {"lib": ("1.0", "default")}
        assert extra.asked == []
    assert dict(os.environ) == before
