from __future__ import annotations

import pytest

from twinbuild.codec.dynamic import Dynamic
from twinbuild.model.platform import Platform
from twinbuild.oci.libraries import LayerLibraries
from twinbuild.oci.linking import Missing, missing_libraries

AMD64 = Platform.parse("linux/amd64")
SITE = "opt/venv/lib/python3.11/site-packages"
TRIPLET = "usr/lib/x86_64-linux-gnu"


def elf(*needed: str, soname: str = "", machine: int = 62, rpath: str = "", runpath: str = "") -> Dynamic:
    """A file that needs libraries."""
    directories = [tuple(filter(None, text.split(":"))) for text in (rpath, runpath)]
    return Dynamic(
        machine=machine, shared=True, soname=soname, needed=needed, rpath=directories[0], runpath=directories[1]
    )


def layer(
    objects: dict[str, Dynamic],
    *,
    links: dict[str, str] | None = None,
    owners: dict[str, str] | None = None,
    configuration: dict[str, str] | None = None,
    removed: tuple[str, ...] = (),
) -> LayerLibraries:
    """A layer with these files."""
    return LayerLibraries(
        objects=tuple(objects.items()),
        links=tuple((links or {}).items()),
        owners=tuple((owners or {}).items()),
        configuration=tuple((configuration or {}).items()),
        removed=removed,
    )


LIBC = {f"{TRIPLET}/libc.so.6": elf(soname="libc.so.6")}
MERGED = {"lib": "usr/lib", "lib64": "usr/lib64"}
SYSTEM = layer(LIBC, links=MERGED)
EXTENSION = f"{SITE}/pkg/_core.so"


def names(*layers: LayerLibraries, platform: Platform = AMD64, **options: object) -> list[str]:
    """The libraries that are missing."""
    return [missing.library for missing in missing_libraries(layers, platform, **options)]  # type: ignore[arg-type]


def test_nowhere() -> None:
    """What is nowhere is named with the file that needs it and its project."""
    wheel = layer({EXTENSION: elf("libc.so.6", "libgomp.so.1")}, owners={EXTENSION: "pkg"})
    assert missing_libraries((SYSTEM, wheel), AMD64) == (
        Missing(library="libgomp.so.1", file=EXTENSION, project="pkg", elsewhere=""),
    )


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        (f"{TRIPLET}/libx.so.1", {}),
        ("usr/lib/libx.so.1", {}),
        ("usr/lib64/libx.so.1", {}),
        ("usr/local/cuda/lib64/libx.so.1", {
            "configuration": {"etc/ld.so.conf.d/c.conf": "# c\n/usr/local/cuda/lib64\n"}
        }),
        ("usr/local/cuda-12.4/lib/libx.so.1", {
            "configuration": {"etc/ld.so.conf": "/usr/local/cuda/lib # x\n"}, "links": {"usr/local/cuda": "cuda-12.4"}
        }),
    ],
)  # fmt: skip
def test_where_the_loader_looks(place: str, changes: dict[str, dict[str, str]]) -> None:
    """Default directories, by links too, and those that are configured."""
    wheel = layer({EXTENSION: elf("libx.so.1")}, owners={EXTENSION: "pkg"})
    library = layer({place: elf(soname="libx.so.1")}, **changes)  # type: ignore[arg-type]
    assert names(SYSTEM, library, wheel) == []
    assert names(SYSTEM, wheel) == ["libx.so.1"]
    unconfigured = layer({place: elf(soname="libx.so.1")})
    expected = [] if place.startswith(("usr/lib/", "usr/lib64/")) else ["libx.so.1"]
    assert names(SYSTEM, unconfigured, wheel) == expected


def test_by_a_link_with_another_name() -> None:
    """Alternatives: a link of the wanted name in a directory of the loader leads to a file elsewhere."""
    links = {
        f"{TRIPLET}/libblas.so.3": "/etc/alternatives/libblas",
        "etc/alternatives/libblas": f"/{TRIPLET}/blas/libblas.so.3.11",
    }
    library = layer({f"{TRIPLET}/blas/libblas.so.3.11": elf(soname="libopenblas.so.0")}, links=links)
    wheel = layer({EXTENSION: elf("libblas.so.3")}, owners={EXTENSION: "pkg"})
    assert names(SYSTEM, library, wheel) == []
    dangling = layer({}, links=links)
    assert names(SYSTEM, dangling, wheel) == ["libblas.so.3"]
    circle = layer({}, links={f"{TRIPLET}/libblas.so.3": "libblas.so.3"})
    assert names(SYSTEM, circle, wheel) == ["libblas.so.3"]


def test_search_of_the_environment() -> None:
    """LD_LIBRARY_PATH of the image counts."""
    library = layer({"opt/x/libx.so.1": elf()})
    wheel = layer({EXTENSION: elf("libx.so.1")}, owners={EXTENSION: "pkg"})
    assert names(library, wheel, search=["/opt/x"]) == []
    assert names(library, wheel) == ["libx.so.1"]


@pytest.mark.parametrize(
    ("kind", "directory", "found"),
    [
        ("rpath", "$ORIGIN/../nvidia/lib", True),
        ("runpath", "/nowhere:${ORIGIN}/../nvidia/lib", True),
        ("runpath", f"/{SITE}/nvidia/lib", True),
        ("runpath", "../nvidia/lib", False),
        ("runpath", "/$LIB/../../opt/venv/lib/python3.11/site-packages/nvidia/lib", False),
    ],
)
def test_paths_of_a_file(kind: str, directory: str, found: bool) -> None:
    """RPATH and RUNPATH, from where the file is."""
    place = f"{SITE}/nvidia/lib/libx.so.1"
    wheel = layer({EXTENSION: elf("libx.so.1", **{kind: directory})}, owners={EXTENSION: "pkg", place: "nvidia"})
    assert names(SYSTEM, layer({place: elf()}, owners={place: "nvidia"}), wheel) == ([] if found else ["libx.so.1"])


def test_lib_stands_for_the_multiarch_directory() -> None:
    """``$LIB`` as Debian's loader has it."""
    wheel = layer({EXTENSION: elf("libx.so.1", runpath="/opt/$LIB")}, owners={EXTENSION: "pkg"})
    assert names(layer({"opt/lib/x86_64-linux-gnu/libx.so.1": elf()}), wheel) == []


def test_a_runpath_hides_an_rpath() -> None:
    """Where a file has both, the loader reads RUNPATH alone."""
    both = elf("libx.so.1", rpath="/opt/x", runpath="/opt/y")
    library = layer({"opt/x/libx.so.1": elf()})
    assert names(library, layer({EXTENSION: both}, owners={EXTENSION: "pkg"})) == ["libx.so.1"]


def test_what_other_wheels_have() -> None:
    """A library counts in the same wheel, in one that it requires and in one that requires it, however far."""
    place = f"{SITE}/torch/lib/libgomp.so.1"
    torch = layer({place: elf(soname="libgomp.so.1")}, owners={place: "torch"})
    wheel = layer({EXTENSION: elf("libgomp.so.1")}, owners={EXTENSION: "pkg"})
    unrelated = {"pkg": ("numpy",), "torch": ("numpy",), "both": ("pkg", "torch")}
    assert missing_libraries((torch, wheel), AMD64, requires=unrelated) == (
        Missing(library="libgomp.so.1", file=EXTENSION, project="pkg", elsewhere=place),
    )
    assert names(torch, wheel, requires={"pkg": ("middle",), "middle": ("torch",)}) == []
    assert names(torch, wheel, requires={"torch": ("middle",), "middle": ("pkg",)}) == []
    own = layer({f"{SITE}/pkg.libs/libgomp.so.1": elf()}, owners={f"{SITE}/pkg.libs/libgomp.so.1": "pkg"})
    assert names(own, wheel) == []


def test_runtime_libraries_of_nvidia() -> None:
    """Frameworks find them by themselves, whether they require them or not."""
    place = f"{SITE}/nvidia/cublas/lib/libcublas.so.12"
    library = layer({place: elf(soname="libcublas.so.12")}, owners={place: "nvidia-cublas-cu12"})
    wheel = layer({EXTENSION: elf("libcublas.so.12")}, owners={EXTENSION: "onnxruntime-gpu"})
    assert names(library, wheel) == []
    assert names(layer({place: elf()}, owners={place: "other"}), wheel) == ["libcublas.so.12"]


def test_files_that_no_wheel_brought() -> None:
    """What the application brings may rely on what it imports first."""
    place = f"{SITE}/torch/lib/libtorch.so"
    torch = layer({place: elf()}, owners={place: "torch"})
    assert names(torch, layer({"app/_kernel.so": elf("libtorch.so")})) == []
    assert names(torch, layer({"app/_kernel.so": elf("libother.so")})) == ["libother.so"]


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/PyQt6/Qt6/plugins/platforms/libqxcb.so",
        f"{SITE}/PyQt6/Qt6/qml/QtQuick/libq.so",
        f"{SITE}/numba/np/ufunc/tbbpool.cpython-311-x86_64-linux-gnu.so",
        f"{SITE}/numba/np/ufunc/omppool.cpython-311-x86_64-linux-gnu.so",
        f"{SITE}/onnxruntime/capi/libonnxruntime_providers_tensorrt.so",
        f"{SITE}/nvidia/cufile/lib/libcufile_rdma.so.1",
        "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcufile_rdma.so.1.9.0",
        f"{SITE}/nvidia/nvshmem/lib/nvshmem_transport_ucx.so.7",
        f"{SITE}/nvidia/nvshmem/lib/nvshmem_bootstrap_mpi.so.3",
        f"{SITE}/bitsandbytes/libbitsandbytes_rocm70.so",
        f"{SITE}/cupy_backends/cuda/libs/cutensor.cpython-311-x86_64-linux-gnu.so",
    ],
)
def test_on_demand(path: str) -> None:
    """Plug-ins, and the libraries that they alone use, may lack what nobody needs."""
    helper = f"{SITE}/x.libs/libhelper.so.1"
    files = {path: elf("libhelper.so.1", "libmissing.so"), helper: elf("libmissing.so.2", soname="libhelper.so.1")}
    assert names(layer(files)) == []
    used = {**files, EXTENSION: elf("libhelper.so.1")}
    assert names(layer(used)) == ["libmissing.so.2"]
    assert names(layer({helper: files[helper]})) == ["libmissing.so.2"]  # nobody uses it: it is used by name


def test_files_for_other_machines() -> None:
    """They can't be loaded, and are no library for those that can."""
    other = layer({f"{TRIPLET}/libx.so.1": elf("libnever.so", machine=183)})
    assert names(other, layer({EXTENSION: elf("libx.so.1")}, owners={EXTENSION: "p"})) == ["libx.so.1"]
    assert names(other, platform=Platform.parse("linux/arm64")) == ["libnever.so"]


def test_a_path_as_a_name() -> None:
    """A name with a slash is a path."""
    library = layer({"opt/x/libx.so": elf()})
    assert names(library, layer({EXTENSION: elf("/opt/x/libx.so")}, owners={EXTENSION: "p"})) == []
    assert names(library, layer({EXTENSION: elf("/build/libx.so")}, owners={EXTENSION: "p"})) == ["/build/libx.so"]


@pytest.mark.parametrize("removed", [f"{TRIPLET}/libc.so.6", "usr/lib", "usr/", ""])
def test_whiteouts(removed: str) -> None:
    """What an upper layer takes away is gone; what it brings itself is there."""
    upper = layer({EXTENSION: elf("libc.so.6")}, owners={EXTENSION: "p"}, removed=(removed,))
    assert names(SYSTEM, upper) == ["libc.so.6"]
    again = layer({EXTENSION: elf("libc.so.6"), **LIBC}, owners={EXTENSION: "p"}, removed=(removed,))
    assert names(SYSTEM, again) == []
    other = layer({EXTENSION: elf("libc.so.6")}, removed=(f"{TRIPLET}/libc.so", "usr/li"))
    assert names(SYSTEM, other) == []


def test_upper_layers_replace() -> None:
    """A link in the place of a file, and a file in that of a link."""
    wheel = layer({EXTENSION: elf("libx.so.1")}, owners={EXTENSION: "p"})
    place = f"{TRIPLET}/libx.so.1"
    assert names(layer({place: elf()}), layer({}, links={place: "nothing"}), wheel) == ["libx.so.1"]
    assert names(layer({}, links={place: "nothing"}), layer({place: elf()}), wheel) == []
