"""The environment that pip and pip-tools run in."""

from __future__ import annotations

import shutil
import sys
import threading
from pathlib import Path

import pytest

from fakes.python_index import PackageIndex, wheel
from fakes.runner import Call, FakeRunner
from twinbuild.errors import EnvironmentFault
from twinbuild.model.settings import Settings
from twinbuild.ports import Completed
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.python_index import PythonIndex
from twinbuild.resolve.python_resolver import (
    PythonResolver,
    minimal_environment,
    prepare_resolver,
    resolver_lock,
    resolver_pin,
)

NAMES = ("pip", "pip-tools")


def lock_of(index: PackageIndex) -> bytes:
    """A resolver lock over an index's small stand-ins: everything but their code is real."""
    lines = [f"{name}==99.{n} --hash=sha256:{index.projects[name][0].sha256}" for n, name in enumerate(NAMES)]
    return ("\n".join(lines) + "\n").encode()


def stand_ins() -> dict[str, tuple[object, ...]]:
    """Wheels called pip and pip-tools. The environment's own pip installs them, and replaces itself."""
    return {name: (wheel(name, f"99.{n}"),) for n, name in enumerate(NAMES)}


def prepare(directory: Path, index: PackageIndex, lock: bytes, interpreter: Path | None = None) -> PythonResolver:
    """An environment below a directory."""
    return prepare_resolver(
        runner=SubprocessRunner(),
        directory=directory,
        interpreter=interpreter or Path(sys.executable),
        index=PythonIndex(name="default", address=index.address(credentials="me:s3cret")),
        settings=Settings(store=str(directory), retries=0),
        home=str(directory),
        lock=lock,
    )


def test_the_lock_is_pinned_and_has_no_address() -> None:
    """One wheel with one SHA-256 for each of a few projects; pip and pip-tools among them."""
    text = resolver_lock().decode()
    entries = [line for line in text.splitlines() if "==" in line]
    hashes = [line for line in text.splitlines() if line.strip().startswith("--hash=sha256:")]
    assert len(entries) == len(hashes) >= 6
    assert "://" not in text
    pin = resolver_pin(resolver_lock())
    assert (pin.pip.count("."), pin.pip_tools.count(".")) == (1, 2)


def test_a_lock_without_pip_tools_is_refused() -> None:
    """A damaged installation is named as such."""
    with pytest.raises(EnvironmentFault) as caught:
        resolver_pin(b"pip==26.3\n")
    assert caught.value.findings[0].code == "TB2044"


def test_environment_is_minimal() -> None:
    """Only proxies, a netrc file, a home and a temporary directory are added to constants."""
    settings = Settings(
        store="/s", proxies=(("https", "http://p.example:1"),), no_proxy=(".local", "h.example"), netrc="/n"
    )
    environment = dict(minimal_environment(settings, home="/h", temporary="/t"))
    assert environment == {
        "HOME": "/h",
        "LC_ALL": "C.UTF-8",
        "NETRC": "/n",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PIP_CONFIG_FILE": "/dev/null",
        "PYTHONHASHSEED": "0",
        "TMPDIR": "/t",
        "TZ": "UTC",
        "https_proxy": "http://p.example:1",
        "no_proxy": ".local,h.example",
    }


def test_made_once_by_several_at_once(tmp_path: Path) -> None:
    """Concurrent callers get one environment; a later call asks nobody."""
    with PackageIndex(stand_ins(), credentials="me:s3cret") as index:  # type: ignore[arg-type]
        lock = lock_of(index)
        made: list[PythonResolver] = []
        threads = [threading.Thread(target=lambda: made.append(prepare(tmp_path, index, lock))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({each.python for each in made}) == 1
        downloads = [each for each in index.asked if each.startswith("GET /files/pip/")]
        again = prepare(tmp_path, index, lock)
        assert [each for each in index.asked if each.startswith("GET /files/pip/")] == downloads
    assert len(downloads) <= 2  # without and with credentials
    assert again == made[0]
    assert (again.pin.pip, again.pin.pip_tools) == ("99.0", "99.1")
    assert sorted(each.suffix for each in tmp_path.iterdir()) == ["", ".lock"]


def test_what_a_killed_run_left_is_replaced(tmp_path: Path) -> None:
    """A directory without the last mark is no environment."""
    with PackageIndex(stand_ins(), credentials="me:s3cret") as index:  # type: ignore[arg-type]
        place = prepare(tmp_path, index, lock_of(index)).python.parent.parent
        (place / "complete").unlink()
        (place / "rubbish").touch()
        prepare(tmp_path, index, lock_of(index))
    assert not (place / "rubbish").exists()
    assert (place / "complete").exists()


def test_a_wrong_hash_installs_nothing(tmp_path: Path) -> None:
    """The lock's digests are checked; nothing stays behind, and no credentials are shown."""
    with PackageIndex(stand_ins(), credentials="me:s3cret") as index:  # type: ignore[arg-type]
        lock = lock_of(index)
        index.projects["pip-tools"] = (wheel("pip-tools", "99.1", weight=64, hashed=False),)
        with pytest.raises(EnvironmentFault) as caught:
            prepare(tmp_path, index, lock)
    assert caught.value.findings[0].code == "TB2041"
    assert "s3cret" not in str(caught.value)
    assert [each.suffix for each in tmp_path.iterdir()] == [".lock"]


COMPLAINTS = pytest.mark.parametrize(
    "complaint",
    [
        b"The virtual environment was not created successfully because ensurepip is not available.\n",
        b"/usr/bin/python3: No module named venv\n",
        b"Error: disk full\n",
    ],
)


def _prepare_with(complaint: bytes, tmp_path: Path) -> None:
    """Prepare the resolver with a Python that says this in place of making an environment."""

    def python(call: Call) -> Completed:
        return Completed(status=0 if "-c" in call.argv else 1, stdout=b"3.11", stderr=complaint)

    prepare_resolver(
        runner=FakeRunner({"/usr/bin/python3": python}),
        directory=tmp_path,
        interpreter=Path("/usr/bin/python3"),
        index=PythonIndex(name="default", address="https://index.example/simple"),
        settings=Settings(store=str(tmp_path)),
        home=str(tmp_path),
    )


def test_a_disk_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB8002, and not that venv is missing: whatever ensurepip says of it, it names itself."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
    complaint = b"Error: Command '['python3', '-m', 'ensurepip', '--upgrade']' returned non-zero exit status 1.\n"
    with pytest.raises(EnvironmentFault) as caught:
        _prepare_with(complaint, tmp_path)
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.subject) == ("TB8002", str(tmp_path))
    assert [each.suffix for each in tmp_path.iterdir()] == [".lock"]
    monkeypatch.undo()
    with pytest.raises(EnvironmentFault, match=r"TB2040.*environment: (?!it lacks)"):
        _prepare_with(complaint, tmp_path)


@COMPLAINTS
def test_a_python_that_cannot(tmp_path: Path, complaint: bytes) -> None:
    """Debian's python3 without python3-venv is told what to install."""
    with pytest.raises(EnvironmentFault) as caught:
        _prepare_with(complaint, tmp_path)
    (finding,) = caught.value.findings
    assert finding.code == "TB2040"
    assert "python3-venv" in finding.hint
    assert [each.suffix for each in tmp_path.iterdir()] == [".lock"]
