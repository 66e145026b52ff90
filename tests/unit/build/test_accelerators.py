"""Drivers and devices, with files and a driver's library that a test makes."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.build.test_preflight import MEMINFO, NONE, machine

from twinbuild.build import accelerators
from twinbuild.build.accelerators import runs
from twinbuild.build.preflight import Host

PROPRIETARY = (
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n"
    "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n"
)
OPEN = (
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.14  Release Build  (dvs-builder@U16-T02-35-3)  "
    "Thu Feb 22 01:25:25 UTC 2024\n"
)
H100 = (  # as a machine with an NVIDIA H100 has it
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (nixbld@)  \n"
    "GCC version:  gcc version 15.3.0 (GCC) \n"
)
PROC = {"proc/meminfo": MEMINFO, "proc/self/cgroup": "0::/\n"}
NVIDIA = {**PROC, "proc/driver/nvidia/version": PROPRIETARY}
# The driver's interface, as far as it is used; what it answers is chosen when it is compiled.
LIBRARY = r"""
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifndef INIT
#define INIT return 0
#endif
#ifndef NAME
#define NAME "NVIDIA Toy %d"
#endif
static int capability[] = {CAPABILITIES};
#define COUNT ((int)(sizeof capability / sizeof *capability))
int cuInit(unsigned flags) { INIT; }
int cuGetErrorName(int error, const char **name) {
  *name = error == 999 ? "CUDA_ERROR_UNKNOWN" : NULL;
  return *name ? 0 : 1;
}
int cuDriverGetVersion(int *version) { *version = VERSION; return 0; }
int cuDeviceGetCount(int *count) { *count = COUNT; return 0; }
int cuDeviceGet(int *device, int index) { *device = index + 7; return index < COUNT ? 0 : 101; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  *value = attribute == 75 ? capability[device - 7] / 10 : attribute == 76 ? capability[device - 7] % 10 : -1;
  return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)(24 - 8 * (device - 7)) << 30; return 0; }
int cuDeviceGetName(char *name, int size, int device) { snprintf(name, size, NAME, device - 7); return 0; }
"""
COMPILER = shutil.which("cc") or ""


def driver(root: Path, capabilities: str = "89", *, version: int = 12020, init: str = "", name: str = "") -> None:
    """The driver's library on a machine, with a device for each of the capabilities (``89, 90``)."""
    if not COMPILER:
        pytest.skip("needs a C compiler")
    target = root / "usr/lib/libcuda.so.1"
    target.parent.mkdir(parents=True, exist_ok=True)
    chosen = [f"-DCAPABILITIES={capabilities}", f"-DVERSION={version}", *([f"-DINIT={init}"] if init else [])]
    chosen += [f"-DNAME={name}"] if name else []
    argv = (COMPILER, "-shared", "-fPIC", "-w", *chosen, "-x", "c", "-", "-o", str(target))
    subprocess.run(argv, input=LIBRARY, text=True, check=True)


def _check(host: Host, accelerator: dict[str, object]) -> list[tuple[str, str, str]]:
    return list(accelerators.check({**NONE, "kind": "cuda", "count": 1, **accelerator}, host))


def codes(host: Host, **accelerator: object) -> list[str]:
    """The codes of what does not fit."""
    return [code for code, _, _ in _check(host, accelerator)]


def said(host: Host, **accelerator: object) -> str:
    """The only line that is said."""
    ((code, sentence, remedy),) = _check(host, accelerator)
    return f"{code}: {sentence}; {remedy}"


def test_a_fitting_device(tmp_path: Path) -> None:
    """Driver, CUDA, number, code and memory of the devices are enough."""
    host = machine(tmp_path, NVIDIA)
    driver(tmp_path, "89, 90")
    wanted = {"driver": "535.54.3", "cuda": "12.4", "count": 2, "memory": 16 << 30}
    assert codes(host, **wanted, compute_capabilities=["8.0", "9.0"]) == []


def test_no_driver(tmp_path: Path) -> None:
    """A machine with /proc and nothing of NVIDIA."""
    assert said(machine(tmp_path, PROC)) == (
        "TB5402: got no driver of NVIDIA, expected one; install it on the machine, and start the container with its "
        "devices, as `--gpus all` does"
    )


def test_no_proc(tmp_path: Path) -> None:
    """Where nothing can be known, that is said."""
    assert said(Host(str(tmp_path))) == "TB5407: can't tell which driver there is, expected one for cuda; mount /proc"
    assert codes(Host(str(tmp_path)), kind="rocm") == ["TB5407"]


def _card(number: int, vendor: str, kind: str = "0x030200") -> dict[str, str]:
    place = f"sys/bus/pci/devices/0000:0{number}:00.0"
    return {f"{place}/vendor": f"{vendor}\n", f"{place}/class": f"{kind}\n"}


def test_another_maker(tmp_path: Path) -> None:
    """A card of somebody else is named; a network card of theirs is none."""
    host = machine(tmp_path, {**PROC, **_card(1, "0x1002"), **_card(2, "0x8086", "0x030000"), **_card(3, "0x15b3")})
    assert said(host) == (
        "TB5403: got a device of AMD and Intel and the maker 0x15b3, expected one of NVIDIA; take a machine with "
        "NVIDIA's devices, or the variant of the release for this one"
    )
    assert codes(machine(tmp_path, _card(4, "0x10de"))) == ["TB5402"]  # there is one, and no driver


def test_a_network_card_is_no_device(tmp_path: Path) -> None:
    """Only displays and accelerators count."""
    assert codes(machine(tmp_path, {**PROC, **_card(1, "0x8086", "0x020000")})) == ["TB5402"]


@pytest.mark.parametrize(
    ("files", "wanted", "older"),
    [
        ({"proc/driver/nvidia/version": PROPRIETARY}, "535.104.05", "535.104.06"),
        ({"proc/driver/nvidia/version": OPEN}, "550.54", "550.54.15"),
        ({"proc/driver/nvidia/version": H100, "sys/module/nvidia/version": "580.159.04\n"}, "580.159.04", "580.159.05"),
        ({"sys/module/nvidia/version": "470.57.02\n"}, "470.57.02", "525"),
    ],
)
def test_driver_versions(tmp_path: Path, files: dict[str, str], wanted: str, older: str) -> None:
    """Each number counts as one, whichever file says it."""
    host = machine(tmp_path, {**PROC, **files})
    driver(tmp_path)
    assert codes(host, driver=wanted) == []
    line = said(host, driver=older)
    assert line.startswith("TB5404: got the NVIDIA driver ")
    assert f"expected {older} or newer; install a newer driver" in line


def test_an_older_cuda(tmp_path: Path) -> None:
    """A driver runs later minor versions of its CUDA, and no later major one."""
    host = machine(tmp_path, NVIDIA)
    driver(tmp_path, version=11080)
    assert codes(host, cuda="11.9") == []
    assert codes(host, cuda="10.2") == []
    assert said(host, cuda="12.0").startswith("TB5404: got a driver for CUDA 11.8, expected one for CUDA 12.0; ")


def test_a_driver_that_tells_no_version(tmp_path: Path) -> None:
    """A sandbox may show its devices and nothing else: then the library is asked, and the version is not compared."""
    host = machine(tmp_path, {**PROC, "dev/nvidiactl": ""})
    driver(tmp_path, version=13000)
    assert codes(host, driver="590.44.01", cuda="13.0") == []
    assert said(host, cuda="14.0").startswith("TB5404: got a driver for CUDA 13.0, expected one for CUDA 14.0; ")


def test_too_few_devices(tmp_path: Path) -> None:
    """One of two, and none of one."""
    host = machine(tmp_path, NVIDIA)
    driver(tmp_path)
    assert said(host, count=2).startswith("TB5405: got 1 device, expected 2; give the container more; ")
    driver(tmp_path, "")
    assert said(host).startswith("TB5405: got no devices, expected 1; start the container with devices ")


def test_no_device_that_can_be_opened(tmp_path: Path) -> None:
    """The library says so itself where each is missing, hidden by CUDA_VISIBLE_DEVICES, or another user's (seen)."""
    host = machine(tmp_path, NVIDIA)
    driver(tmp_path, init="return 100")
    assert said(host) == (
        "TB5405: got no devices, expected 1; start the container with devices that its user may open; "
        "CUDA_VISIBLE_DEVICES or ROCR_VISIBLE_DEVICES may hide some"
    )
    assert codes(host, cuda="13.0") == ["TB5404", "TB5405"]  # the driver's CUDA is known all the same


def test_no_code_for_the_device(tmp_path: Path) -> None:
    """The device is named with what it is, and what there is code for."""
    host = machine(tmp_path, NVIDIA)
    driver(tmp_path, "90, 75")
    assert said(host, compute_capabilities=["8.0", "9.0"]) == (
        "TB5406: got compute capability 7.5 of device 1 (NVIDIA Toy 1), expected one that runs code for 8.0, 9.0; take "
        "another device, or a variant for this one"
    )


def test_code_that_the_driver_compiles(tmp_path: Path) -> None:
    """PTX needs a driver of its CUDA or a later one; machine code runs on older minor versions too."""
    host = machine(tmp_path, NVIDIA)
    driver(tmp_path, "90", version=13000)
    assert said(host, cuda="13.5", compute_capabilities=["8.0+PTX"]) == (
        "TB5404: got a driver for CUDA 13.0, expected one for CUDA 13.5, which compiles the PTX for device 0 (NVIDIA "
        "Toy 0); install a newer driver on the machine, or take a variant for an older CUDA"
    )
    for cuda, compiled in (("13.0", ["8.0+PTX"]), ("12.8", ["8.0+PTX"]), ("13.5", ["8.0+PTX", "9.0"]), ("13.5", [])):
        assert codes(host, cuda=cuda, compute_capabilities=compiled) == []
    assert codes(host, cuda="13.5", compute_capabilities=["9.0+PTX"]) == []  # there is machine code for 9.0, too
    assert codes(host, cuda="13.5", compute_capabilities=["10.0+PTX"]) == ["TB5406"]
    assert codes(host, cuda="14.0", compute_capabilities=["8.0+PTX"]) == ["TB5404"]  # said once


def test_a_small_device(tmp_path: Path) -> None:
    """Each device must have the memory."""
    host = machine(tmp_path, NVIDIA)
    driver(tmp_path, "89, 89")
    assert said(host, memory=20 << 30).startswith(
        "TB5409: got 16 GiB of memory on device 1 (NVIDIA Toy 1), expected at least 20 GiB; "
    )


@pytest.mark.parametrize(
    ("compiled", "runs_on", "fails_on"),
    [
        ("8.0", {"8.0", "8.6", "8.9"}, {"7.5", "9.0", "10.0"}),
        ("8.6", {"8.6", "8.9"}, {"8.0"}),
        ("9.0+PTX", {"9.0", "10.0", "12.0"}, {"8.9"}),
        ("9.0a", {"9.0"}, {"9.1", "10.0", "8.0"}),
        ("10.0", {"10.0", "10.3"}, {"9.0", "12.0", "1.0"}),
    ],
)
def test_what_code_runs_on(compiled: str, runs_on: set[str], fails_on: set[str]) -> None:
    """Machine code within a major version, PTX on all later ones, a variety on its own."""
    assert {each for each in runs_on | fails_on if runs(each, compiled)} == runs_on


def test_no_library(tmp_path: Path) -> None:
    """The kernel has the driver, and the container lacks its library."""
    line = said(machine(tmp_path, NVIDIA))
    assert line.startswith("TB5408: the NVIDIA driver 535.104.05 doesn't answer: ")
    assert "libcuda.so.1: cannot open shared object file" in line


@pytest.mark.parametrize(
    ("init", "reason"),
    [
        ("return 999", "cuInit gives error 999 (CUDA_ERROR_UNKNOWN)"),
        ("return 34", "cuInit gives error 34"),  # a toolkit's stub, which has names for no error
        ("signal(11, 0); return *(volatile int *)0", f"status -{int(signal.SIGSEGV)}"),
        ("_exit(3)", "status 3"),
        ("_exit(0)", "it ended the process that asked"),
    ],
)
def test_a_driver_that_fails(tmp_path: Path, init: str, reason: str) -> None:
    """An error, a crash and an end of the driver's are a line, not the end of the entrypoint."""
    host = machine(tmp_path, NVIDIA)
    driver(tmp_path, init=init)
    assert f"doesn't answer: {reason}; start the container with" in said(host, driver="1")


def test_a_driver_that_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while nobody waits any longer."""
    monkeypatch.setattr(accelerators, "SECONDS", 0.2)
    host = machine(tmp_path, NVIDIA)
    driver(tmp_path, init="return sleep(60)")
    started = time.monotonic()
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert "TB5408" in said(host)
    assert time.monotonic() - started < 30
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_name_of_several_lines(tmp_path: Path) -> None:
    """Whatever a device is called, it is one device."""
    host = machine(tmp_path, NVIDIA)
    driver(tmp_path, "89, 90", name=r'"\n8.0 1\x1b[31m\x85%d"')
    assert codes(host, count=2) == []
    assert "device 1 (?8.0 1?[31m?1), expected" in said(host, compute_capabilities=["8.0"])


def test_no_process_can_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that may have one process is told so."""

    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(accelerators.os, "fork", refused)
    assert "doesn't answer: no process can be started to ask it: Resource temporarily" in said(
        machine(tmp_path, NVIDIA)
    )


def test_an_old_library(tmp_path: Path) -> None:
    """One without the functions is no driver that can be asked."""
    host = machine(tmp_path, NVIDIA)
    target = tmp_path / "usr/lib/libcuda.so.1"
    target.parent.mkdir(parents=True)
    if not COMPILER:
        pytest.skip("needs a C compiler")
    subprocess.run((COMPILER, "-shared", "-x", "c", "-", "-o", str(target)), input="int x;", text=True, check=True)
    assert "undefined symbol: cuInit" in said(host)
    text = "int cuInit(unsigned flags) { return 3; }"
    subprocess.run((COMPILER, "-shared", "-x", "c", "-", "-o", str(target)), input=text, text=True, check=True)
    assert "doesn't answer: cuInit gives error 3; " in said(host)  # without names for errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_while_the_driver_is_asked(tmp_path: Path, number: signal.Signals) -> None:
    """It ends the entrypoint, and no traceback does, also where that is process 1, which has no default for it."""
    machine(tmp_path, NVIDIA)
    driver(tmp_path, init=r'return write(2, "asked\n", 6) && sleep(60)')
    program = (
        "import sys; sys.path.insert(0, sys.argv[2]); from twinbuild.build.preflight import Host; "
        "from twinbuild.build.accelerators import asked_in_child; "
        "asked_in_child(Host(sys.argv[1], cuda=sys.argv[1] + '/usr/lib/libcuda.so.1'))"
    )
    generator = str(Path(accelerators.__file__).parents[2])
    argv = (sys.executable, "-c", program, str(tmp_path), generator)
    with subprocess.Popen(argv, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.read(6) == b"asked\n"
        while not _catches(process.pid, signal.SIGTERM):
            time.sleep(0.01)  # the one who asks was quicker than the one who waits
        time.sleep(0.1)
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number


def _catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal (proc(5), SigCgt)."""
    (caught,) = re.findall(r"^SigCgt:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(int(caught, 16) >> (number - 1) & 1)


KFD = {"dev/kfd": "", "sys/module/amdgpu/version": "6.8.5\n"}


def _node(number: int, version: int, simd: int = 304) -> dict[str, str]:
    text = f"cpu_cores_count 0\nsimd_count {simd}\ngfx_target_version {version}\n"
    return {f"sys/class/kfd/kfd/topology/nodes/{number}/properties": text}


AMD = {**PROC, **KFD, **_node(0, 0, simd=0), **_node(1, 90402), **_node(2, 90010)}


def test_rocm(tmp_path: Path) -> None:
    """AMD's devices by number and architecture; a processor is none."""
    host = machine(tmp_path, AMD)
    assert codes(host, kind="rocm", count=2, driver="6.7", compute_capabilities=["gfx942", "gfx90a"]) == []
    assert said(host, kind="rocm", count=3).startswith("TB5405: got 2 devices, expected 3; ")
    assert said(host, kind="rocm", compute_capabilities=["gfx942"]).startswith(
        "TB5406: got gfx90a (node 2), expected one of gfx942; "
    )
    assert said(host, kind="rocm", driver="6.10").startswith("TB5404: got the amdgpu driver 6.8.5, expected 6.10 or ")


def test_no_rocm(tmp_path: Path) -> None:
    """No driver, no device file, or another maker's card."""
    assert codes(machine(tmp_path / "a", PROC), kind="rocm") == ["TB5402"]
    only = {key: value for key, value in AMD.items() if key != "dev/kfd"}
    assert codes(machine(tmp_path / "b", only), kind="rocm") == ["TB5402"]
    assert codes(machine(tmp_path / "c", {**PROC, **_card(1, "0x10de")}), kind="rocm") == ["TB5403"]


def test_the_kernels_own_module_has_no_version(tmp_path: Path) -> None:
    """Then its age is not judged."""
    files = {**AMD, "sys/module/amdgpu/refcnt": "0\n"}
    del files["sys/module/amdgpu/version"]
    assert codes(machine(tmp_path, files), kind="rocm", driver="99") == []
