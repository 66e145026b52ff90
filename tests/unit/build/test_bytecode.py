from __future__ import annotations

import ast
import gc
import marshal
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinbuild.build import confined
from twinbuild.build.bytecode import _COMPILE, TREE_PROGRAM, Compiler
from twinbuild.errors import BuildError
from twinbuild.model.platform import Platform
from twinbuild.ports import Completed
from twinbuild.process.runner import SubprocessRunner


class HostPython:
    """Starts this Python instead of an image's, with what the caller says of environment and program."""

    def __init__(self, *, tunables: str = "", program: str = "") -> None:
        self._tunables, self._program = tunables, program

    def run(
        self,
        argv: tuple[str, ...],
        *,
        environment: tuple[tuple[str, str], ...] = (),
        stdin: bytes = b"",
        directory: Path | None = None,
        timeout: float = 60.0,
    ) -> Completed:
        """As ``ports.Runner`` does; the loader and its options are left out."""
        options = argv[argv.index("-S") :]
        if self._program:
            options = (*options[:-1], self._program)
        chosen = {key: value for key, value in environment if key != "PYTHONHOME"}
        if self._tunables:
            chosen["GLIBC_TUNABLES"] = self._tunables
        done = subprocess.run(
            (sys.executable, *options), input=stdin, env=chosen, capture_output=True, check=False, timeout=timeout
        )
        return Completed(status=done.returncode, stdout=done.stdout, stderr=done.stderr)


def compiler(runner: HostPython | None = None) -> Compiler:
    """A compiler that is this Python."""
    return Compiler(
        runner=runner or HostPython(), root=Path("/r"), platform=Platform.parse("linux/amd64"), executable="usr/bin/py"
    )


def compiled(*sources: str) -> list[bytes | None]:
    """The byte code of each source, or None where it was left out."""
    found = dict(compiler().compile((f"/m{index}.py", text.encode()) for index, text in enumerate(sources)))
    return [found.get(f"/m{index}.py") for index in range(len(sources))]


def test_file_format() -> None:
    """PEP 552: the magic number, flags 1 (unchecked hash), the source's hash; then the code, for its final path."""
    import importlib.util

    source = "def f():\n    return 'x'\n"
    (file,) = compiled(source)
    assert file is not None
    assert file[:4] == importlib.util.MAGIC_NUMBER
    assert file[4:8] == b"\x01\0\0\0"
    assert file[8:16] == importlib.util.source_hash(source.encode())
    assert marshal.loads(file[16:]).co_filename == "/m0.py"


def test_order_and_neighbours_change_nothing() -> None:
    """A file's byte code is the same alone, first, last, and beside others that share its constants."""
    sources = [f"NAME = 'shared'\ndef f{n}(shared, x=('shared', {n})):\n    return shared\n" for n in range(20)]
    together = compiled(*sources)
    backwards = dict(
        compiler().compile((f"/m{index}.py", sources[index].encode()) for index in reversed(range(len(sources))))
    )
    assert [backwards[f"/m{index}.py"] for index in range(len(sources))] == together
    alone = [dict(compiler().compile([(f"/m{n}.py", text.encode())]))[f"/m{n}.py"] for n, text in enumerate(sources)]
    assert alone == together


@pytest.mark.parametrize("source", ["def", "x = \0", "(" * 5000, "\ufeff\ufeffx = 1", "# coding: nonsense\nx = 1"])
def test_what_python_cannot_compile_is_left_out(source: str) -> None:
    """The others are compiled all the same, and nothing is out of step."""
    assert [file is None for file in compiled("a = 1", source, "b = 2")] == [False, True, False]


@pytest.mark.parametrize(
    ("first", "kept"),
    [
        ("# -*- coding: utf-8 -*-", True),
        ("#!/usr/bin/python\n# vim: set fileencoding=utf_8 :", True),
        ("# coding=latin-1", True),
        ("x = 1  # coding: big5", True),
        ("x = 1\n# coding: big5", True),
        ("\n\n# coding: big5", True),
        ("# coding: big5", False),
        ("#!/usr/bin/python\n# -*- coding: iso-8859-15 -*-", False),
        ("\ufeff# coding=cp1252", False),
    ],
)
def test_encodings_that_a_minimal_python_lacks_are_left_out(first: str, *, kept: bool) -> None:
    """What a source declares (PEP 263) decides, not which codecs the compiling interpreter happens to have."""
    (found,) = compiled(first + "\ny = 2\n")
    assert (found is not None) == kept


def test_test_suites_are_left_out() -> None:
    """By both programs, whoever reads the sources; a package of another name is compiled."""
    paths = ["/p/tests/a.py", "/p/tests/x/b.py", "/p/testing/a.py", "/p/tests.py"]
    assert [path for path, _ in compiler().compile((path, b"a = 1") for path in paths)] == paths[2:]


def test_a_tree_on_disk_gets_the_same_files(tmp_path: Path) -> None:
    """The program that a Dockerfile runs compiles what the other compiles, to the same bytes."""
    texts = {"a.py": "A = 1\n", "p/tests/b.py": "B = 1\n", "p/c.py": "C = 10 ** -3\n", "p/d.py": "D = (1, 'x')\n"}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run([sys.executable, "-S", "-c", TREE_PROGRAM, tmp_path], check=True)
    found = {path.name.partition(".")[0]: path.read_bytes() for path in tmp_path.rglob("*.pyc")}
    expected = dict(compiler().compile((str(tmp_path / name), text.encode()) for name, text in sorted(texts.items())))
    assert found == {Path(path).stem: file for path, file in expected.items()}
    assert found.keys() == {"a", "d"}


@pytest.mark.parametrize(
    "source",
    [
        "x = 10 ** -3",
        "x = 10**-3",
        "x = 2.0 ** 0.5",
        "x = -2.5**3",
        "x = 2 ** .5",
        "x = .5 ** 2",
        "x = 2**(1/3)",
        "x = (2/3)**2",
        "x = (1 + 2j) ** 2",
        "x = 3 ** +0.1",
        "x = 3 ** ~1",
        "x = 3 \\\n ** \\\n 0.1",
        "f(1e3 ** 2.)",
        "x = {1: 2e-3 ** 3}",
        "x = 3**-(1)",
        "x = 2 **" + " " * 3000 + ".5",
        "x = 2" + " " * 3000 + "** .5",
        "x = (" + "1 + " * 1000 + "1) ** .5",
        "x = (2 # two\n) ** .5",
        "x = (2 # two\n ** .5)",
        "x = 2 ** ( # half\n .5)",
        "x = (True / 3) ** .5",
        "x = 2 ** (True / 3)",
        "x = (2.5,)[0] ** .5",
        "x = (1, (2.5, 3))[1] [0] ** .5",
        "def f():\n    return(2) ** .5",
        "x = ('a', 2.5)[1] ** .5",
        "x = 0x10 ** -1",
        "x = (0x10) ** .5",
        "x = (1 << 3) ** -1",
        "x = (~2) ** 0.5",
        "x = ((2)) ** .5",
        "x = 1_000 ** -2",
        "x = 1e-3 ** 2",
        "x = (2e-3\\\n + 1) ** 2",
        "f((2) + (3) ** .5)",
        "[2**-1]",
        "2**-1",
    ],
)
def test_constants_that_the_machine_would_compute_are_left_out(source: str) -> None:
    """Their last bit depends on the processor that compiles."""
    assert compiled(source) == [None]


@pytest.mark.parametrize(
    "source",
    [
        "x = 2 ** 31",
        "x = 2**64 - 1",
        "f(**{})",
        "y = x ** 0.5",
        "y = f(2)**2",
        "y = x[2] ** 2",
        "y = x2**2.5",
        "y = f((2)) ** 2.5",
        "y = (a + 2) ** 2.5",
        "y = x.e3 ** 2.5",
        "y = g(x)(2) ** 2.5",
        "y = (abc) ** -1",
        "y = 2 ** n",
        "y = a[0] ** 2.5",
        "y = f(x)[1, 2] ** .5",
        "y = {}[1] ** 2.5",
        "y = [2][0] ** .5",
        "y = '**Note** and 2 ** three'",
        "f(*a, **True_)",
        "y = ... ** n",
        "'a' % 2",
    ],
)
def test_other_powers_are_compiled(source: str) -> None:
    """Whole numbers are exact everywhere, and what is computed at run time is no constant."""
    assert compiled(source) != [None]


_LEAVES = st.sampled_from(["2", "7", "0x1F", "1_0", "2.5", ".5", "3j", "1e-7", "True", "a", "a.b", "f(2)", "a[1]"])
_GAPS = st.sampled_from(["", " ", "  ", " \\\n "])


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """An expression of smaller ones; inside of brackets a comment and a line break may stand."""
    operator = st.sampled_from(["**", "**", "**", "+", "-", "*", "/", "//", "%"])
    return st.one_of(
        st.tuples(inner, _GAPS, operator, _GAPS, st.sampled_from(["", "-", "+"]), inner).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"({text} # a\n)"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}, {pair[1]})[1]"),
    )


def _machine_computes(source: str) -> bool:
    """Whether the compiler's own tree has a power of constants that are not both one whole number."""

    def constant(node: ast.expr) -> bool:
        match node:
            case ast.Constant():
                return True
            case ast.UnaryOp():
                return constant(node.operand)
            case ast.BinOp():
                return constant(node.left) and constant(node.right)
            case ast.Tuple():
                return all(map(constant, node.elts))
            case ast.Subscript():
                return constant(node.value) and constant(node.slice)
        return False

    def whole(node: ast.expr) -> bool:
        match node:
            case ast.Constant():
                return type(node.value) is int
            case ast.BinOp(op=ast.Pow()):
                return whole(node.left) and whole(node.right)  # exact: no sign is among them
        return False

    return any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and constant(node.left)
        and constant(node.right)
        and not (whole(node.left) and whole(node.right))
        for node in ast.walk(ast.parse(source))
    )


@pytest.fixture(scope="module")
def folded() -> Callable[[bytes], bool]:
    """The program's own judgement of a source."""
    names: dict[str, Callable[[bytes], bool]] = {}
    exec(_COMPILE, names)
    gc.enable()
    return names["folded"]


@settings(max_examples=1500, deadline=None)
@given(expression=st.recursive(_LEAVES, _combined, max_leaves=8))
def test_no_power_of_constants_is_missed(folded: Callable[[bytes], bool], expression: str) -> None:
    """Whatever Python's own parser takes for one is left out."""
    source = f"x = ({expression})"
    try:
        computed = _machine_computes(source)
    except SyntaxError:
        return  # two that do not go together, such as 2 and .5
    if computed:
        assert folded(source.encode()), source


_NUMBERS = st.one_of(
    st.floats(min_value=0, allow_nan=False, allow_infinity=False).map(repr),
    st.integers(min_value=0, max_value=99).map(str),
    st.sampled_from(
        ["1_0.5", "3j", "1e-7", "(2.5)", "(1/3)", "((7))", ".25", "0x1F", "(6 >> 1)", "(~0b1)", "(1 + (2))"]
    ),
)
_SPACE = st.sampled_from(["", " ", "  ", " \\\n"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_NUMBERS, _SPACE, _SPACE, st.sampled_from(["", "-", "+", "- ", "--"]), _NUMBERS), min_size=1))
def test_no_machine_constant_is_compiled(powers: list[tuple[str, str, str, str, str]]) -> None:
    """Whatever power of literals is compiled, its value is a whole number."""
    texts = [f"x = {base}{before}**{after}{sign}{exponent}" for base, before, after, sign, exponent in powers]
    for file in compiled(*texts):
        if file is not None:
            constants = marshal.loads(file[16:]).co_consts
            assert not any(isinstance(value, (float, complex)) for value in constants), constants


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="glibc's switch for FMA is one of x86-64")
def test_processor_changes_nothing() -> None:
    """The same bytes with and without fused multiplication, which changes what glibc's pow gives."""
    numbers = [f"x{n} = y ** {n}.37 + {n}.1 * 3.3 - {n} / 7 + {n}.5 ** 1.7\n" for n in range(1, 400)]
    without = HostPython(tunables="glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2")
    sources = [(f"/m{n}.py", text.encode()) for n, text in enumerate((*numbers, "z = 1.1 * 3.3 - 2.7 / 7.1\n"))]
    first, second = dict(compiler().compile(sources)), dict(compiler(without).compile(sources))
    assert first == second
    assert f"/m{len(numbers)}.py" in first


def test_failure_is_explained() -> None:
    """An interpreter that ends with an error is named with its last words."""
    broken = compiler(HostPython(program="import sys; sys.exit('no memory')"))
    with pytest.raises(BuildError) as caught:
        list(broken.compile([("/m.py", b"x = 1")]))
    assert caught.value.findings[0].code == "TB5010"
    assert "no memory" in caught.value.findings[0].message


@pytest.mark.skipif(confined.version() == 0, reason="this kernel has no Landlock")
def test_an_interpreter_of_a_hostile_package_cannot_reach_out(tmp_path: Path) -> None:
    """Its loader is whatever a package brought. It fails (TB5010) and leaves nothing on this machine."""
    canary, platform = tmp_path / "canary", Platform.parse("linux/amd64")
    loader = tmp_path / "root" / platform.loader
    loader.parent.mkdir(parents=True)
    loader.write_text(f"#!/bin/sh\necho reached > {canary}\ncat > /dev/null\nprintf '\\0\\0\\0\\0'\n")
    loader.chmod(0o755)
    hostile = Compiler(runner=SubprocessRunner(), root=tmp_path / "root", platform=platform, executable="usr/bin/py")
    with pytest.raises(BuildError) as caught:
        list(hostile.compile([("/m.py", b"x = 1")]))
    assert caught.value.findings[0].code == "TB5010"
    assert not canary.exists()
