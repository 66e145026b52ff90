"""Resolution through the real pip-compile, against a small index on loopback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from fakes.python_index import PackageIndex, wheel
from twinbuild.errors import IntegrityError, LockError, TwinbuildError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedWheel, PythonEnvironment
from twinbuild.model.settings import Settings
from twinbuild.ports import Completed

pytestmark = pytest.mark.network  # the pinned pip and pip-tools come from the machine's index

Resolve = Callable[..., tuple[LockedWheel, ...]]


def named(wheels: tuple[LockedWheel, ...]) -> dict[str, str]:
    """Versions by project."""
    return {each.name: each.version for each in wheels}


def codes(error: TwinbuildError) -> list[str]:
    """The codes of an error's findings."""
    return [finding.code for finding in error.findings]


class TestTarget:
    """The target decides, the host never."""

    def test_tags_and_markers_are_the_target_s(self, resolve: Resolve) -> None:
        """Another Python and another machine get their own wheels, versions and requirements."""
        projects = {
            "app": (
                wheel(
                    "app",
                    requires=(
                        "native",
                        "only-arm; platform_machine == 'aarch64'",
                        "only-intel; platform_machine == 'x86_64'",
                        "old; python_version < '3.12'",
                        "exact; python_full_version == '3.12.3'",
                        "never; os_name == 'nt' or sys_platform == 'darwin' or platform_system == 'Windows'",
                        "pypy; implementation_name == 'pypy' or platform_python_implementation == 'PyPy'",
                    ),
                ),
            ),
            "native": (
                wheel("native", "1.0", tag="cp311-cp311-manylinux_2_17_x86_64"),
                wheel("native", "2.0", tag="cp312-cp312-manylinux_2_17_aarch64"),
            ),
            **{name: (wheel(name),) for name in ("only-arm", "only-intel", "old", "exact", "never", "pypy")},
        }
        with PackageIndex(projects) as index:
            here = resolve("app", index=index.address())
            there = resolve("app", index=index.address(), version="3.12.3", on="linux/arm64")
        assert named(here) == {"app": "1.0", "native": "1.0", "old": "1.0", "only-intel": "1.0"}
        assert named(there) == {"app": "1.0", "exact": "1.0", "native": "2.0", "only-arm": "1.0"}

    def test_glibc_bounds_the_choice(self, resolve: Resolve) -> None:
        """A wheel that needs a newer glibc than the image has is passed over."""
        new, old = "cp311-cp311-manylinux_2_39_x86_64", "cp311-cp311-manylinux_2_28_x86_64"
        newer = PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.39")
        with PackageIndex({"native": (wheel("native", "2.0", tag=new), wheel("native", "1.0", tag=old))}) as index:
            assert named(resolve("native", index=index.address())) == {"native": "1.0"}
            assert named(resolve("native", index=index.address(), python=newer)) == {"native": "2.0"}

    def test_requires_python_is_judged_for_the_target(self, resolve: Resolve) -> None:
        """Both the index's word and the metadata's count, against the full version."""
        projects = {
            "stated": (wheel("stated", "1.0"), wheel("stated", "2.0", requires_python=">=3.12")),
            "inside": (wheel("inside", "1.0"), wheel("inside", "2.0", metadata_python=">3.11.2")),
        }
        with PackageIndex(projects) as index:
            assert named(resolve("stated", "inside", index=index.address())) == {"stated": "1.0", "inside": "1.0"}


class TestChoice:
    """Exactly one artifact, described fully."""

    def test_the_best_wheel_alone(self, resolve: Resolve) -> None:
        """Of many files of one version, the one with the best tag and build number is taken, in whatever order."""
        files = (
            wheel("native", tag="py3-none-any"),
            wheel("native", tag="cp311-cp311-manylinux_2_17_x86_64"),
            wheel("native", tag="cp311-cp311-manylinux_2_28_x86_64"),
            wheel("native", tag="cp311-cp311-manylinux_2_28_x86_64", build="2"),
            wheel("native", tag="cp311-abi3-manylinux_2_34_x86_64"),
            wheel("native", tag="cp311-cp311-win_amd64"),
        )
        for order in (files, files[::-1]):
            with PackageIndex({"native": order}) as index:
                (chosen,) = resolve("native", index=index.address())
            assert chosen.filename == "native-1.0-2-cp311-cp311-manylinux_2_28_x86_64.whl"
            assert (chosen.sha256.hex, chosen.size) == (files[3].sha256, files[3].size)

    def test_edges_extras_and_requests(self, resolve: Resolve) -> None:
        """Edges hold what is required here with the extras asked for; what the spec names is marked."""
        projects = {
            "app": (wheel("app", requires=("lib[fast]>=1", "tool; extra == 'dev'"), extras=("dev",)),),
            "lib": (
                wheel(
                    "lib",
                    requires=("speed; extra == 'fast'", "lib[deep]; extra == 'fast'", "base", "sink; extra == 'deep'"),
                    extras=("fast", "deep"),
                ),
            ),
            **{name: (wheel(name),) for name in ("speed", "base", "sink", "tool", "setuptools")},
        }
        with PackageIndex(projects) as index:
            wheels = resolve("App", "setuptools", "tool; sys_platform == 'win32'", index=index.address())
        assert {each.name: (each.requires, each.extras, each.requested) for each in wheels} == {
            "app": (("lib",), (), True),
            "base": ((), (), False),
            "lib": (("base", "sink", "speed"), ("deep", "fast"), False),
            "setuptools": ((), (), True),
            "sink": ((), (), False),
            "speed": ((), (), False),
        }
        assert {each.index for each in wheels} == {"default"}

    @pytest.mark.parametrize("heads", [True, False])
    def test_unstated_size_is_asked_of_the_file_s_server(self, resolve: Resolve, *, heads: bool) -> None:
        """Without PEP 700 the size comes from HEAD, or from a range request where HEAD is not answered."""
        file = wheel("plain", sized=False)
        with PackageIndex({"plain": (file,)}, heads=heads) as index:
            (chosen,) = resolve("plain", index=index.address())
        assert chosen.size == len(file.content)

    def test_html_index(self, resolve: Resolve) -> None:
        """A PEP 503 page with fragments is as good."""
        file = wheel("plain", requires_python=">=3.8")
        with PackageIndex({"plain": (file,)}, style="html") as index:
            (chosen,) = resolve("plain", index=index.address())
        assert (chosen.sha256.hex, chosen.size) == (file.sha256, len(file.content))

    def test_no_wheel_is_downloaded(self, resolve: Resolve) -> None:
        """Metadata is read by ranges and the digest taken from the index: a large wheel costs a small transfer."""
        heavy = wheel("heavy", weight=4 << 20)
        with PackageIndex({"heavy": (heavy,)}) as index:
            resolve("heavy", index=index.address())
            assert index.sent < 1 << 20

    def test_a_directory_serves(self, resolve: Resolve, tmp_path: Path) -> None:
        """An index may be a directory: digest and size are then those of the file."""
        file = wheel("plain")
        project = tmp_path / "index" / "plain"
        project.mkdir(parents=True)
        (project / file.name).write_bytes(file.content)
        (project / "index.html").write_text(f'<!DOCTYPE html><a href="{file.name}">{file.name}</a>')
        (chosen,) = resolve("plain", index=str(tmp_path / "index"))
        assert (chosen.sha256, chosen.size) == (Digest.of(file.content), len(file.content))
        with pytest.raises(LockError) as caught:
            resolve("absent", index=str(tmp_path / "index"))
        assert codes(caught.value) == ["TB2010"]

    def test_a_pre_release_needs_to_be_named(self, resolve: Resolve) -> None:
        """A pre-release is chosen only where a requirement names one."""
        with PackageIndex({"lib": (wheel("lib", "1.0"), wheel("lib", "2.0rc1"))}) as index:
            assert named(resolve("lib", index=index.address())) == {"lib": "1.0"}
            assert named(resolve("lib>=2.0rc1", index=index.address())) == {"lib": "2.0rc1"}

    def test_no_requirements(self, resolve: Resolve) -> None:
        """Nothing asked, nothing chosen, nothing contacted."""
        assert resolve(index="https://127.0.0.1:1/simple") == ()


class TestPins:
    """Earlier pins stay unless they are named."""

    PROJECTS: Final = {
        "lib": (wheel("lib", "1.0"), wheel("lib", "2.0")),
        "tool": (wheel("tool", "1.0"), wheel("tool", "2.0")),
    }

    def old(self, resolve: Resolve, index: PackageIndex) -> tuple[LockedWheel, ...]:
        """A lock from before the second versions came."""
        return resolve("lib", "tool", constraints=("lib<2", "tool<2"), index=index.address())

    def test_only_named_projects_move(self, resolve: Resolve) -> None:
        """``upgrade`` moves what it names; without earlier pins everything is new."""
        with PackageIndex(self.PROJECTS) as index:
            before = self.old(resolve, index)
            kept = resolve("lib", "tool", index=index.address(), previous=before)
            moved = resolve("lib", "tool", index=index.address(), previous=before, upgrade=("LIB",))
            fresh = resolve("lib", "tool", index=index.address())
        assert kept == before
        assert named(moved) == {"lib": "2.0", "tool": "1.0"}
        assert named(fresh) == {"lib": "2.0", "tool": "2.0"}

    def test_a_pin_that_the_spec_excludes_moves(self, resolve: Resolve) -> None:
        """The spec rules: what it no longer admits is no pin."""
        with PackageIndex(self.PROJECTS) as index:
            before = self.old(resolve, index)
            after = resolve("lib>=2", "tool", index=index.address(), previous=before)
        assert named(after) == {"lib": "2.0", "tool": "1.0"}

    def test_a_pinned_file_stays_when_a_better_one_appears(self, resolve: Resolve) -> None:
        """A wheel added to an old release later does not slip into the lock."""
        first = wheel("native", tag="py3-none-any")
        later = wheel("native", tag="cp311-cp311-manylinux_2_28_x86_64")
        with PackageIndex({"native": (first,)}) as index:
            before = resolve("native", index=index.address())
            index.projects["native"] = (first, later)
            assert resolve("native", index=index.address(), previous=before) == before
            (moved,) = resolve("native", index=index.address(), previous=before, upgrade=("native",))
        assert moved.filename == later.name

    def test_a_replaced_file_is_an_integrity_error(self, resolve: Resolve) -> None:
        """The pinned name with other bytes ends the run."""
        with PackageIndex({"lib": (wheel("lib"),)}) as index:
            before = resolve("lib", index=index.address())
            index.projects["lib"] = (wheel("lib", weight=64),)
            with pytest.raises(IntegrityError) as caught:
                resolve("lib", index=index.address(), previous=before)
        assert codes(caught.value) == ["TB2022"]
        assert before[0].sha256.hex in str(caught.value)

    def test_a_removed_file_is_not_replaced_silently(self, resolve: Resolve) -> None:
        """A pinned file that is gone needs a person's word, which ``upgrade`` gives."""
        with PackageIndex(dict(self.PROJECTS)) as index:
            before = self.old(resolve, index)
            index.projects["lib"] = self.PROJECTS["lib"][1:]
            with pytest.raises(LockError) as caught:
                resolve("lib", "tool", index=index.address(), previous=before)
            after = resolve("lib", "tool", index=index.address(), previous=before, upgrade=("lib",))
        assert codes(caught.value) == ["TB2023"]
        assert named(after) == {"lib": "2.0", "tool": "1.0"}

    def test_yanked(self, resolve: Resolve) -> None:
        """A withdrawn version is passed over, refused when it is asked for, and kept when it was pinned before."""
        good, bad = wheel("lib", "1.0"), wheel("lib", "2.0", yanked="broken wheels")
        with PackageIndex({"lib": (good, bad)}) as index:
            assert named(resolve("lib", index=index.address())) == {"lib": "1.0"}
            with pytest.raises(LockError) as caught:
                resolve("lib==2.0", index=index.address())
            with pytest.raises(LockError) as ranged:
                resolve("lib>=2", index=index.address())
            index.projects["lib"] = (good, wheel("lib", "2.0"))
            before = resolve("lib==2.0", index=index.address())
            index.projects["lib"] = (good, bad)
            assert resolve("lib==2.0", index=index.address(), previous=before) == before
        assert codes(caught.value) == codes(ranged.value) == ["TB2017"]
        assert "broken wheels" in str(caught.value)


class TestCutOff:
    """``exclude_newer``."""

    def test_newer_files_do_not_count(self, resolve: Resolve) -> None:
        """A file uploaded at midnight UTC of the date is too new, one a second earlier is not."""
        files = (
            wheel("lib", "1.0", uploaded="2025-05-31T23:59:59Z"),
            wheel("lib", "2.0", uploaded="2025-06-01T00:00:00Z"),
        )
        with PackageIndex({"lib": files}) as index:
            assert named(resolve("lib", index=index.address(), exclude_newer=date(2025, 6, 1))) == {"lib": "1.0"}
            with pytest.raises(LockError) as caught:
                resolve("lib", index=index.address(), exclude_newer=date(2025, 5, 1))
        assert codes(caught.value) == ["TB2015"]

    def test_unknown_upload_times_are_refused(self, resolve: Resolve, tmp_path: Path) -> None:
        """A date that cannot be judged is no date: neither over HTTP nor from a directory."""
        file = wheel("lib", uploaded=None)
        project = tmp_path / "lib"
        project.mkdir()
        (project / file.name).write_bytes(file.content)
        (project / "index.html").write_text(f'<a href="{file.name}">{file.name}</a>')
        with PackageIndex({"lib": (file,)}) as index:
            for address in (index.address(), str(tmp_path)):
                with pytest.raises(LockError) as caught:
                    resolve("lib", index=address, exclude_newer=date(2025, 6, 1))
                assert codes(caught.value) == ["TB2019"]


class TestRefusals:
    """Why nothing satisfies the requirements, with a code and the facts."""

    def test_conflict_names_who_requires_what(self, resolve: Resolve) -> None:
        """A conflict lists each requirement of the disputed project with its owner, constraints included."""
        projects = {
            "left": (wheel("left", requires=("lib<2",)),),
            "right": (wheel("right", requires=("lib>=2",)),),
            "lib": (wheel("lib", "1.0"), wheel("lib", "2.0")),
        }
        with PackageIndex(projects) as index:
            with pytest.raises(LockError) as caught:
                resolve("left", "right", index=index.address())
            with pytest.raises(LockError) as bounded:
                resolve("right", index=index.address(), constraints=("lib<2",))
        assert codes(caught.value) == codes(bounded.value) == ["TB2016"]
        for part in ("left 1.0 requires lib<2", "right 1.0 requires lib>=2"):
            assert part in str(caught.value)
        assert "a constraint says lib<2" in str(bounded.value)

    def test_an_unknown_project(self, resolve: Resolve) -> None:
        """An unknown project is named with its index and with who requires it."""
        projects = {"app": (wheel("app", requires=("no-such-thing>1",)),)}
        with PackageIndex(projects) as index, pytest.raises(LockError) as caught:
            resolve("app", index=index.address())
        assert codes(caught.value) == ["TB2010"]
        assert "app 1.0 requires no-such-thing>1" in str(caught.value)

    def test_no_such_version(self, resolve: Resolve) -> None:
        """The versions that do exist for the target are named, newest first."""
        files = (wheel("lib", "1.0"), wheel("lib", "1.2"), wheel("lib", "3.0", tag="cp312-cp312-win_amd64"))
        with PackageIndex({"lib": files}) as index, pytest.raises(LockError) as caught:
            resolve("lib>=9", index=index.address())
        assert codes(caught.value) == ["TB2011"]
        assert "it has 1.2, 1.0" in str(caught.value)

    def test_no_wheel_for_the_target(self, resolve: Resolve) -> None:
        """Files for other platforms, and source, are named as what there is."""
        source = wheel("pure")
        projects = {
            "native": (wheel("native", tag="cp312-cp312-manylinux_2_17_aarch64"),),
            "pure": (type(source)(name="pure-1.0.tar.gz", content=b"", sha256="0" * 64, size=1),),
        }
        with PackageIndex(projects) as index:
            for requirement, file in (
                ("native", "native-1.0-cp312-cp312-manylinux_2_17_aarch64.whl"),
                ("pure==1.0", "pure-1.0.tar.gz"),
            ):
                with pytest.raises(LockError) as caught:
                    resolve(requirement, index=index.address())
                assert codes(caught.value) == ["TB2012"]
                assert file in str(caught.value)

    def test_a_wheel_for_another_target(self, resolve: Resolve) -> None:
        """What of the target another choice would help with is named: its Python, its glibc, its machine."""
        projects = {
            "python": (
                wheel("python", tag="cp312-cp312-manylinux_2_17_x86_64"),
                wheel("python", tag="cp313-cp313-manylinux_2_17_x86_64"),
                wheel("python", tag="cp311-cp311-win_amd64"),
            ),
            "glibc": (wheel("glibc", tag="cp311-cp311-manylinux_2_50_x86_64"),),
            "machine": (wheel("machine", tag="cp311-cp311-manylinux_2_17_aarch64"),),
            "system": (wheel("system", tag="cp311-cp311-win_amd64"),),
        }
        said = {
            "python": "there are wheels for CPython 3.12, 3.13: ",
            "glibc": "there are wheels for glibc 2.50 or newer: ",
            "machine": "there are wheels for aarch64 alone: ",
            "system": "; there are system-1.0",
        }
        with PackageIndex(projects) as index:
            for requirement, words in said.items():
                with pytest.raises(LockError) as caught:
                    resolve(requirement, index=index.address())
                assert codes(caught.value) == ["TB2012"]
                assert words in str(caught.value)

    def test_other_python(self, resolve: Resolve) -> None:
        """Requires-Python is named, whether the index or only the metadata states it."""
        projects = {
            "stated": (wheel("stated", requires_python=">=3.13"),),
            "inside": (wheel("inside", metadata_python=">=3.13"),),
        }
        with PackageIndex(projects) as index:
            for requirement in ("stated", "inside==1.0"):
                with pytest.raises(LockError) as caught:
                    resolve(requirement, index=index.address())
                assert codes(caught.value) == ["TB2014"]
                assert "3.11.2" in str(caught.value)

    def test_kernel_markers_of_packages(self, resolve: Resolve) -> None:
        """A package whose requirements hang on the kernel is refused; one that only mentions it is not."""
        projects = {
            "swayed": (wheel("swayed", requires=("lib; platform_release >= '5'",)),),
            "unmoved": (
                wheel(
                    "unmoved",
                    requires=(
                        "lib; sys_platform == 'darwin' and platform_release >= '20'",
                        "lib; sys_platform == 'linux' or platform_version == 'x'",
                    ),
                ),
            ),
            "lib": (wheel("lib"),),
        }
        with PackageIndex(projects) as index:
            assert named(resolve("unmoved", index=index.address())) == {"lib": "1.0", "unmoved": "1.0"}
            with pytest.raises(LockError) as caught:
                resolve("swayed", index=index.address())
        assert codes(caught.value) == ["TB2008"]

    def test_no_digest(self, resolve: Resolve) -> None:
        """A file for whose bytes nobody vouches is refused, and not downloaded to be hashed."""
        with PackageIndex({"lib": (wheel("lib", hashed=False),)}) as index, pytest.raises(LockError) as caught:
            resolve("lib", index=index.address())
        assert codes(caught.value) == ["TB2020"]

    def test_offline(self, resolve: Resolve) -> None:
        """A run without network does not try."""
        with pytest.raises(UsageError) as caught:
            resolve("lib", settings=Settings(store="/nowhere", offline=True))
        assert codes(caught.value) == ["TB2045"]


def test_a_broken_resolver_is_reported_without_addresses(resolve: Resolve) -> None:
    """If pip-compile dies, its last words come without index addresses and credentials."""

    class Dying:
        def run(self, argv: tuple[str, ...], **_: object) -> Completed:
            return Completed(status=1, stdout=b"", stderr=b"x\nGET http://me:pw@127.0.0.1:9/simple/lib/ failed")

    with pytest.raises(TwinbuildError) as caught:
        resolve("lib", index="http://me:pw@127.0.0.1:9/simple", runner=Dying())
    assert codes(caught.value) == ["TB2043"]
    assert "pw" not in str(caught.value)
    assert "<index default>" in str(caught.value)
