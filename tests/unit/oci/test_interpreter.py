"""``oci.interpreter``: what is unpacked of a base to compile with its Python."""

from __future__ import annotations

from tests.unit.oci.test_stack import stacked

from fakes.bases import elf, files_of_a_base, layer_tar
from twinbuild.model.platform import Platform
from twinbuild.oci.interpreter import interpreter_layers, interpreter_paths, library_directories
from twinbuild.oci.stack import read_files, read_stack

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
        *("lib", "lib64", PYTHON, "usr/local/lib/libpython3.12.so.1.0"),
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


def test_layers_of_the_interpreter() -> None:
    """Those of its program, loader, libraries by their own word, and standard library; whatever else lies above."""
    files = files_of_a_base(binary=elf(needed=("libpython3.12.so.1.0", "libc.so.6")))
    del files["usr/local/lib/libpython3.12.so.1.0"]
    tars = (
        layer_tar({"srv/early": b""}),
        layer_tar(files),
        layer_tar({"usr/lib": None, "usr/lib/x86_64-linux-gnu/libcudnn.so.9": b"", "usr/local/bin/other": b""}),
        layer_tar({"usr/local/lib/libpython3.12.so.1.0": "versioned.so"}),
        layer_tar({"usr/local/lib/versioned.so": elf(needed=("libm.so.6",))}),
        layer_tar({"usr/local/lib/python3.12/site-packages/x.py": b""}),
        layer_tar({"usr/lib/x86_64-linux-gnu/libm.so.6": elf(needed=("libgone.so", "libc.so.6"))}),
        layer_tar({"usr/local/lib/python3.12/.wh.os.py": b"", "usr/local/lib/python3.12/io.py": b""}),
    )
    stack, layers, opened = stacked(*tars)

    def read(path: str) -> bytes:
        return read_files(stack, layers, opened, (path,), limit=1 << 20)[path]

    numbers = interpreter_layers(stack, AMD64, PYTHON, "3.12", read)
    assert numbers == (1, 3, 4, 6, 7)
    chosen = tuple(layers[number] for number in numbers)
    part, _ = read_stack(chosen, opened, whole=False)
    found = set(interpreter_paths(part, AMD64, PYTHON, "3.12"))
    assert found == {
        *("lib", "lib64", PYTHON, "usr/lib64/ld-linux-x86-64.so.2", "usr/local/lib/python3.12/io.py"),
        *("usr/local/lib/libpython3.12.so.1.0", "usr/local/lib/versioned.so"),
        *("usr/lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libm.so.6"),
    }


def test_a_part_of_the_layers_says_little() -> None:
    """What lies below a link of a layer that is left out is put there all the same."""
    stack, layers, opened = stacked(layer_tar({"a": "b"}), layer_tar({".wh.a": b""}), layer_tar({"a/x": b""}))
    part, _ = read_stack((layers[0], layers[2]), opened, whole=False)
    assert part.file("a/x") == "a/x" == stack.file("a/x")
