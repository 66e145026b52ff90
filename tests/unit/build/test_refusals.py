"""Plans that this installation must not carry out, and an interpreter that fails."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.runner import FakeRunner
from twinbuild.build import embedded
from twinbuild.build.bytecode import Compiler
from twinbuild.build.interpreter import Workshop
from twinbuild.build.system import system_entries
from twinbuild.codec.canonical import digest_of
from twinbuild.debian.scripts import effects_digest
from twinbuild.errors import BuildError, InternalError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import (
    Compression,
    DebianRecipe,
    Interpreter,
    LayerDerivation,
    MetadataRecipe,
    ScriptedDebianRecipe,
    ScriptInput,
    User,
)
from twinbuild.model.platform import Platform
from twinbuild.oci.compress import compressor
from twinbuild.ports import Completed
from twinbuild.store.memory import MemoryStore

PLATFORM = Platform.parse("linux/amd64")
OTHER = Digest.of(b"another version's")


def test_another_byte_code_program(tmp_path: Path) -> None:
    """TB5011: the plan's program is not ours."""
    interpreter = Interpreter(version="3.11.2", executable="usr/bin/python3.11", program=OTHER, builds=())
    workshop = Workshop(runner=FakeRunner({}), directory=tmp_path, roots=())
    with pytest.raises(BuildError) as caught:
        workshop.compiler(interpreter)
    assert caught.value.findings[0].code == "TB5011"


def test_other_script_effects(tmp_path: Path) -> None:
    """TB5012: the plan relies on effects of maintainer scripts that are not ours, or runs scripts in another way."""
    workshop = Workshop(runner=FakeRunner({}), directory=tmp_path, roots=())
    user = User(name="app", uid=1, gid=1, home="/home/app")
    script = ScriptInput(package="one", script="postinst", sha256=OTHER)
    for recipe in (
        DebianRecipe(debs=(), effects=OTHER, user=user),
        ScriptedDebianRecipe(debs=(), effects=effects_digest(()), user=user, scripts=(script,), runner="run/0"),
    ):
        with (
            pytest.raises(BuildError) as caught,
            system_entries(recipe, PLATFORM, MemoryStore(), workshop, epoch=0),
        ):
            pass
        assert caught.value.findings[0].code == "TB5012"


def test_a_layer_of_another_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """TB9002: what the writer counted is not what the store got. A defect, caught before an image names it."""
    write = embedded.write_layer

    def miscounting(*arguments: Any, **named: Any) -> Any:
        written = write(*arguments, **named)
        return replace(written, size=written.size + 1)

    layer = LayerDerivation(
        title="files",
        platform=PLATFORM,
        recipe=MetadataRecipe(files=()),
        writer="twinbuild-layer/1",
        source_date_epoch=0,
        compressor=compressor(Compression.ZSTD),
    )
    monkeypatch.setattr(embedded, "write_layer", miscounting)
    workshop = Workshop(runner=FakeRunner({}), directory=tmp_path, roots=())
    with pytest.raises(InternalError) as caught:
        embedded._realise_layer(digest_of(layer), layer, MemoryStore(), workshop)
    assert caught.value.findings[0].code == "TB9002"


def test_an_interpreter_that_fails(tmp_path: Path) -> None:
    """TB5010 with the last line that it said."""
    said = Completed(status=127, stdout=b"", stderr=b"one\ncannot execute binary file\n")
    runner = FakeRunner({sys.executable: lambda _: said})
    compiler = Compiler(runner=runner, root=tmp_path, platform=PLATFORM, executable="usr/bin/python3.11")
    with pytest.raises(BuildError) as caught:
        list(compiler.compile([("/app/a.py", b"x = 1\n")]))
    assert caught.value.findings[0].code == "TB5010"
    assert "cannot execute binary file" in caught.value.findings[0].message
    assert str(tmp_path / PLATFORM.loader) in runner.calls[0].argv
    assert runner.calls[0].stdin.endswith(b"x = 1\n")
