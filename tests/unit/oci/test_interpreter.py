"""``oci.interpreter``: what is unpacked of a base to compile with its Python."""

from __future__ import annotations

from tests.unit.oci.test_stack import stacked

from fakes.bases import files_of_a_base, layer_tar
from twinbuild.model.platform import Platform
from twinbuild.oci.interpreter import interpreter_paths, library_directories

AMD64 = Platform.parse("linux/amd64")
PYTHON = "usr/local/bin/python3.12"


def test_what_is_needed() -> None:
    """The program, its loader, libraries and standard library; no tests, packages, or libraries of other programs."""
    more = {
        "usr/local/lib/python3.12/encodings/utf_8.py": b"",
        "usr/local/lib/python3.12/site-packages/pip/x.py": b"",
        "usr/local/lib/python3.12/test/test_os.py": b"",
        "usr/lib/x86_64-linux-gnu/libcudnn.so.9": bytes((16 << 20) + 1),
        "usr/share/doc/x": b"",
        "usr/lib/x86_64-linux-gnu/libm.so.6": "libm-2.36.so",
    }
    stack = stacked(layer_tar({**files_of_a_base(), **more}))[0]
    found = interpreter_paths(stack, AMD64, PYTHON, "3.12")
    assert set(found) == {
        *("bin", "lib", "lib64", "usr/local/bin/python3", PYTHON, "usr/local/lib/libpython3.12.so.1.0"),
        *("usr/lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu/libc.so.6"),
        *("usr/lib/x86_64-linux-gnu/libm.so.6", "usr/local/lib/python3.12/encodings/utf_8.py"),
        "usr/local/lib/python3.12/os.py",
    }
    assert found == tuple(sorted(found))


def test_directories_of_libraries() -> None:
    """The one beside the interpreter first, and none twice where links lead to one place."""
    stack = stacked(layer_tar(files_of_a_base()))[0]
    assert library_directories(stack, AMD64, PYTHON) == (
        *("usr/local/lib", "usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib"),
    )
