"""What pip is asked about itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fakes.runner import Call, FakeRunner
from twinbuild.errors import EnvironmentFault
from twinbuild.ports import Completed
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.pipconfig import default_index, read_pip_configuration

PYTHON = (Path(sys.executable),)


def test_files_and_variables_are_read_by_pip_itself(tmp_path: Path) -> None:
    """The index, proxy and certificates of a pip.conf count; a variable goes before a file."""
    file = tmp_path / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text(
        "[global]\nindex-url = https://index.example/simple\nproxy = http://proxy.example:3128\n"
        "extra-index-url = https://extra.example/simple\n[download]\ncert = /etc/own.pem\n"
    )
    home = (("HOME", str(tmp_path)), ("XDG_CONFIG_DIRS", str(tmp_path / "none")))
    told = read_pip_configuration(SubprocessRunner(), interpreters=PYTHON, environment=home)
    assert (told.index, told.proxy) == ("https://index.example/simple", "http://proxy.example:3128")
    assert told.certificates == "/etc/own.pem"
    assert "extra.example" not in repr(told)
    variable = (*home, ("PIP_INDEX_URL", "https://other.example/simple"), ("SECRET", "x"))
    assert (
        default_index(SubprocessRunner(), interpreters=PYTHON, environment=variable) == "https://other.example/simple"
    )


def test_pip_has_a_default(tmp_path: Path) -> None:
    """Without configuration, the address is pip's own."""
    bare = (("HOME", str(tmp_path)), ("PIP_CONFIG_FILE", "/dev/null"))
    assert default_index(SubprocessRunner(), interpreters=PYTHON, environment=bare).startswith("https://")


def test_only_pip_s_variables_are_passed_on() -> None:
    """A person's other variables do not reach the program."""
    runner = FakeRunner({"/python": lambda call: Completed(status=0, stdout=b'{"index_url": "x"}', stderr=b"")})
    environment = (("PIP_PROXY", "p"), ("AWS_SECRET_ACCESS_KEY", "s"), ("HOME", "/h"), ("PYTHONPATH", "/evil"))
    read_pip_configuration(runner, interpreters=(Path("/python"),), environment=environment)
    assert runner.calls[0].environment == (("PIP_PROXY", "p"), ("HOME", "/h"))


def test_the_next_interpreter_is_asked() -> None:
    """A Python without pip is passed over; if none has one, the last complaint and the remedy are given."""

    def lacking(call: Call) -> Completed:
        return Completed(status=1, stdout=b"", stderr=b"Traceback\nModuleNotFoundError: No module named 'ensurepip'\n")

    def garbled(call: Call) -> Completed:
        return Completed(status=0, stdout=b"not json", stderr=b"")

    def well(call: Call) -> Completed:
        return Completed(status=0, stdout=b'{"index_url": "https://index.example/simple"}', stderr=b"")

    runner = FakeRunner({"/a": lacking, "/b": garbled, "/c": well})
    paths = tuple(map(Path, ("/a", "/b", "/c")))
    assert default_index(runner, interpreters=paths, environment=()) == "https://index.example/simple"
    with pytest.raises(EnvironmentFault) as caught:
        default_index(runner, interpreters=paths[:1], environment=())
    assert caught.value.findings[0].code == "TB2042"
    assert "ensurepip" in str(caught.value)


def test_pip_is_found_in_ensurepip(tmp_path: Path) -> None:
    """A Python whose pip was taken out still has the wheel that ensurepip carries."""
    runner = SubprocessRunner()
    made = runner.run((sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "v")), environment=())
    assert made.status == 0
    bare = (("PIP_INDEX_URL", "https://index.example/simple"),)
    python = (tmp_path / "v" / "bin" / "python",)
    assert default_index(runner, interpreters=python, environment=bare) == "https://index.example/simple"
