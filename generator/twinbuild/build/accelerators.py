"""Beside ``preflight``, in the images that use an accelerator: whether the driver and the devices are there.

As ``preflight`` is, it is plain Python 3.9 with the standard library, and imports nothing of twinbuild.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found, unused-ignore]  # what ``signal`` stands on, without its enumerations
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from twinbuild.build.preflight import Finding, Host

SECONDS = 120  # in which a driver must answer; a machine with eight devices that sleep may take 30
FAILED = 70  # status of the process that asks, where it could not
NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE: cuInit gives it where there is none, each is hidden or may not be opened
MAKERS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
# Of a driver that tells no version in /proc: WSL 2, Jetson, and sandboxes that show the devices alone, as gVisor does.
UNNUMBERED = ("/dev/dxg", "/dev/nvhost-gpu", "/dev/nvmap", "/dev/nvidiactl")
DISPLAYS = ("0x03", "0x12")  # PCI classes: display controllers, processing accelerators


def check(wanted: dict[str, Any], host: Host) -> Iterator[Finding]:
    """Everything about driver and devices that does not fit."""
    if not host.exists("/proc/self") and not host.exists("/proc/driver"):
        yield "TB5407", f"can't tell which driver there is, expected one for {wanted['kind']}", "mount /proc"
        return
    yield from {"cuda": check_cuda, "rocm": check_rocm}[wanted["kind"]](wanted, host)


def numbers(text: str) -> list[int]:
    """A version as numbers: ``535.104`` is [535, 104]."""
    return [int(part) for part in text.split(".") if part.isdigit()]


def gibibytes(count: int) -> str:
    """Bytes for people."""
    return f"{count / (1 << 30):.4g} GiB"


def makers(host: Host) -> list[str]:
    """Whose graphics cards and accelerators are on the PCI bus."""
    found = set()
    for name in host.names("/sys/bus/pci/devices"):
        place = f"/sys/bus/pci/devices/{name}"
        if host.read(f"{place}/class").startswith(DISPLAYS):
            vendor = host.read(f"{place}/vendor").strip()
            found.add(MAKERS.get(vendor, f"the maker {vendor}"))
    return sorted(found)


def missing_driver(maker: str, remedy: str, host: Host) -> Finding:
    """That there is no driver, and why not, as far as the bus tells."""
    others = makers(host)
    if others and maker not in others:
        remedy = f"take a machine with {maker}'s devices, or the variant of the release for this one"
        return "TB5403", f"got a device of {' and '.join(others)}, expected one of {maker}", remedy
    return "TB5402", f"got no driver of {maker}, expected one", remedy


def too_few(wanted: int, found: int) -> Iterator[Finding]:
    """That there are fewer devices than the release needs."""
    if found < wanted:
        remedy = "give the container more" if found else "start the container with devices that its user may open"
        remedy += "; CUDA_VISIBLE_DEVICES or ROCR_VISIBLE_DEVICES may hide some"
        yield "TB5405", f"got {found or 'no'} device{'' if found == 1 else 's'}, expected {wanted}", remedy


def check_cuda(wanted: dict[str, Any], host: Host) -> Iterator[Finding]:
    """NVIDIA's driver: there, new enough, and with devices that run the code that the release has."""
    version = nvidia_version(host)
    if not version and any(host.exists(device) for device in UNNUMBERED):
        version = "without a number"
    if not version:
        remedy = "install it on the machine, and start the container with its devices, as `--gpus all` does"
        yield missing_driver("NVIDIA", remedy, host)
        return
    remedy = "install a newer driver on the machine, or take a variant for an older CUDA"
    if wanted["driver"] and numbers(version) and numbers(version) < numbers(wanted["driver"]):
        yield "TB5404", f"got the NVIDIA driver {version}, expected {wanted['driver']} or newer", remedy
    status, lines = asked_in_child(host)
    if status != 0 or not lines:
        said = lines[-1] if lines else f"status {status}" if status else "it ended the process that asked"
        answer = "start the container with its devices and libraries, as `--gpus all` does (NVIDIA Container Toolkit)"
        yield "TB5408", f"the NVIDIA driver {version} doesn't answer: {said}", answer
        return
    if wanted["cuda"] and numbers(lines[0])[:1] < numbers(wanted["cuda"])[:1]:
        yield "TB5404", f"got a driver for CUDA {lines[0]}, expected one for CUDA {wanted['cuda']}", remedy
    devices = [line.split(" ", 2) for line in lines[1:]]
    yield from too_few(wanted["count"], len(devices))
    for number, device in enumerate(devices):
        yield from unfit(wanted, number, *device)
        if compiled_by_driver(wanted["compute_capabilities"], device[0]) and minor_behind(lines[0], wanted["cuda"]):
            sentence = f"got a driver for CUDA {lines[0]}, expected one for CUDA {wanted['cuda']}, "
            yield "TB5404", f"{sentence}which compiles the PTX for device {number} ({device[2]})", remedy


def unfit(wanted: dict[str, Any], number: int, capability: str, memory: str, name: str) -> Iterator[Finding]:
    """What is wrong with a device."""
    compiled = wanted["compute_capabilities"]
    if compiled and not any(runs(capability, each) for each in compiled):
        sentence = f"got compute capability {capability} of device {number} ({name}), expected one that runs code for "
        yield "TB5406", sentence + ", ".join(compiled), "take another device, or a variant for this one"
    if int(memory) < wanted["memory"]:
        sentence = f"got {gibibytes(int(memory))} of memory on device {number} ({name}), expected at least "
        yield "TB5409", sentence + gibibytes(wanted["memory"]), "take a device with more"


def nvidia_version(host: Host) -> str:
    """The kernel module's version, such as 535.104.05; nothing where it is not loaded."""
    for line in host.read("/proc/driver/nvidia/version").splitlines():
        if line.startswith("NVRM version:"):
            for word in line.split("Module", 1)[-1].split():
                if len(numbers(word)) == word.count(".") + 1 > 1:
                    return word
    return host.read("/sys/module/nvidia/version").strip()


def runs(capability: str, compiled: str) -> bool:
    """Whether a device runs code that was compiled for a compute capability.

    Machine code runs on the same major version and the same or a later minor one, PTX (``9.0+PTX``) on every later
    device, code for a variety of an architecture (``9.0a``) on just that one.
    """
    plain, _, intermediate = compiled.partition("+")
    if plain[-1:].isalpha():
        return plain[:-1] == capability
    device, code = numbers(capability), numbers(plain)
    return device >= code and (intermediate == "PTX" or device[0] == code[0])


def compiled_by_driver(compiled: list[str], capability: str) -> bool:
    """Whether a device runs PTX alone of what there is."""
    machine_code = any(runs(capability, each.partition("+")[0]) for each in compiled)
    return not machine_code and any(runs(capability, each) for each in compiled)


def minor_behind(offered: str, wanted: str) -> bool:
    """Whether a driver's CUDA is an older minor version of the same major one: then it compiles no PTX of that."""
    return numbers(offered)[:1] == numbers(wanted)[:1] and numbers(offered) < numbers(wanted)


def asked_in_child(host: Host) -> tuple[int, list[str]]:
    """What the driver's library says, asked in a process of its own: the service's must not have used it.

    Status 0 and lines: the CUDA version, then ``CAPABILITY MEMORY NAME`` of each device. Another status, and why.
    """
    import select

    ours, theirs = os.pipe()
    try:
        child = os.fork()
    except OSError as error:
        return FAILED, [f"no process can be started to ask it: {error.strerror}"]
    if child == 0:
        status = FAILED
        try:
            os.write(theirs, "\n".join(ask_cuda(host.cuda)).encode("utf-8", "replace"))
            status = 0
        except (OSError, ImportError, AttributeError) as error:
            os.write(theirs, str(error).encode("utf-8", "replace"))
        finally:
            os._exit(status)
    os.close(theirs)
    stops = (_signal.SIGTERM, _signal.SIGINT)  # which end no process 1 by themselves
    previous = [(number, _signal.signal(number, lambda number, _: os._exit(128 + number))) for number in stops]
    received = b""
    try:
        while select.select((ours,), (), (), SECONDS)[0]:
            chunk = os.read(ours, 1 << 16)
            if not chunk:
                break
            received += chunk
        else:
            os.kill(child, _signal.SIGKILL)  # nobody waits for its end: a driver may keep it
            return FAILED, [f"it was silent for {SECONDS} s"]
        status = os.waitpid(child, 0)[1]
    finally:
        os.close(ours)
        for number, handler in previous:
            _signal.signal(number, handler)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    return code, received.decode("utf-8", "replace").split("\n") if received else []


def ask_cuda(library: str) -> Iterator[str]:
    """The CUDA version that the driver offers, and each device. Raises OSError if there is no answer."""
    import ctypes

    cuda = ctypes.CDLL(library)
    number, extent, name = ctypes.c_int(), ctypes.c_size_t(), ctypes.create_string_buffer(256)

    def call(function: str, *arguments: Any) -> int:
        result = int(getattr(cuda, function)(*arguments))
        if result not in (0, NO_DEVICE):
            raise OSError(f"{function} gives error {result}{error_name(cuda, result)}")
        return result

    initialised = call("cuInit", 0)
    call("cuDriverGetVersion", ctypes.byref(number))
    yield f"{number.value // 1000}.{number.value % 1000 // 10}"
    if initialised == NO_DEVICE:
        return
    call("cuDeviceGetCount", ctypes.byref(number))
    for index in range(number.value):
        device, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        call("cuDeviceGet", ctypes.byref(device), index)
        call("cuDeviceGetAttribute", ctypes.byref(major), 75, device)  # ..._COMPUTE_CAPABILITY_MAJOR
        call("cuDeviceGetAttribute", ctypes.byref(minor), 76, device)
        call("cuDeviceTotalMem_v2", ctypes.byref(extent), device)
        call("cuDeviceGetName", name, len(name), device)
        printable = "".join(sign if " " <= sign <= "~" else "?" for sign in name.value.decode("ascii", "replace"))
        yield f"{major.value}.{minor.value} {extent.value} {printable}"


def error_name(cuda: Any, number: int) -> str:
    """What the driver calls an error: `` (CUDA_ERROR_UNKNOWN)``; nothing where it does not say."""
    import ctypes

    name = ctypes.c_char_p()
    if not hasattr(cuda, "cuGetErrorName") or cuda.cuGetErrorName(number, ctypes.byref(name)):
        return ""
    return f" ({(name.value or b'').decode('ascii', 'replace')})"


def check_rocm(wanted: dict[str, Any], host: Host) -> Iterator[Finding]:
    """AMD's driver: there, new enough where its module says, and with devices of the wanted architectures."""
    if not host.exists("/dev/kfd") or not host.exists("/sys/module/amdgpu"):
        remedy = "install it on the machine, and start the container with --device /dev/kfd --device /dev/dri"
        yield missing_driver("AMD", remedy, host)
        return
    version = host.read("/sys/module/amdgpu/version").strip()  # the kernel's own module says none
    if wanted["driver"] and version and numbers(version) < numbers(wanted["driver"]):
        sentence = f"got the amdgpu driver {version}, expected {wanted['driver']} or newer"
        yield "TB5404", sentence, "install a newer driver on the machine"
    devices = list(amd_devices(host))
    yield from too_few(wanted["count"], len(devices))
    compiled = wanted["compute_capabilities"]
    for name, target in devices:
        if compiled and target not in compiled:
            sentence = f"got {target} (node {name}), expected one of {', '.join(compiled)}"
            yield "TB5406", sentence, "take another device, or a variant for this one"


def amd_devices(host: Host) -> Iterator[tuple[str, str]]:
    """Node and architecture (gfx90a) of each device that this container may use."""
    nodes = "/sys/class/kfd/kfd/topology/nodes"
    for name in host.names(nodes):
        lines = [line.split() for line in host.read(f"{nodes}/{name}/properties").splitlines()]
        properties = {words[0]: words[1] for words in lines if len(words) == 2}
        version = properties.get("gfx_target_version", "0")
        if properties.get("simd_count", "0") != "0" and version.isdigit():
            number = int(version)
            yield name, f"gfx{number // 10000}{number // 100 % 100:x}{number % 100:x}"
