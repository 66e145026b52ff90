"""What an image needs to start: its libraries, and what its entrypoint refuses to go without (status 78)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB5401",
        title="too little memory to start",
        explanation="The release asks for more memory (`environment.resources.memory.request`, or `limit` where there "
        "is no request) than the container may take, by the limits of its control group and of those above it, or than "
        "the machine has. Raise the container's limit, or take a machine with more.",
    ),
    Code(
        code="TB5402",
        title="no driver for the accelerator",
        explanation="The image is a variant for an accelerator, and its driver's kernel module is not loaded, or the "
        "container can't see it. Install the driver on the machine and start the container with its devices: "
        "`--gpus all` for NVIDIA's, `--device /dev/kfd --device /dev/dri` for AMD's.",
    ),
    Code(
        code="TB5403",
        title="an accelerator of another maker",
        explanation="The PCI bus has a graphics card or accelerator, but none of the maker that the variant is for. "
        "Take another machine, or the variant of the release that is for this one.",
    ),
    Code(
        code="TB5404",
        title="the driver is too old",
        explanation="The driver is older than `environment.resources.gpu.driver` says, or offers an older CUDA than "
        "the variant is for. A driver runs programs for older CUDA versions, and for later minor versions of its own, "
        "unless all code for a device is PTX, which an older driver can't compile. "
        "Install a newer driver on the machine, or take a variant for an older CUDA.",
    ),
    Code(
        code="TB5405",
        title="too few devices",
        explanation="The container sees fewer devices than `environment.resources.gpu.count` asks for, or none that "
        "its user may open. Give it more, and look at what hides them: CUDA_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES, the "
        "scheduler's device plug-in, the permissions of /dev/nvidia*.",
    ),
    Code(
        code="TB5406",
        title="no code for this device",
        explanation="The device's compute capability (or architecture, for AMD's) is none that the release has code "
        "for. Machine code runs on the same major version and the same or a later minor one, PTX (such as 9.0+PTX) on "
        "every later device. Take another device, or a variant for this one.",
    ),
    Code(
        code="TB5407",
        title="this machine tells nothing about itself",
        explanation="Neither /proc nor /sys/fs/cgroup says how much memory there is, or which driver, so it can't be "
        "known whether the release can run. Start the container with /proc mounted, as engines do.",
    ),
    Code(
        code="TB5408",
        title="the driver does not answer",
        explanation="The kernel has the driver, but its library (libcuda.so.1) is missing in the container, fails, or "
        "is silent. Start the container with the NVIDIA Container Toolkit (`--gpus all`), and run `nvidia-smi` on the "
        "machine to see whether the driver itself works.",
    ),
    Code(
        code="TB5409",
        title="too little memory on a device",
        explanation="A device has less memory than the release needs of each. Take a device with more.",
    ),
    Code(
        code="TB5410",
        title="the image's requirements cannot be read",
        explanation="requirements.json in /etc/twinbuild is missing, damaged or of another version than the program "
        "beside it, or Python lacks a part of its standard library. Build the image again, and change none of its "
        "files.",
    ),
    Code(
        code="TB5420",
        title="the image lacks a library",
        explanation="A program or shared object in the image names a library (DT_NEEDED) that is nowhere in it, so the "
        "loader cannot load that file: an import would fail when the service starts. Wheels may leave some libraries "
        "to the system, such as libgomp.so.1. Add the Debian package that has it to `environment.packages`; where the "
        "file is an optional part that is never loaded, name the library in `dependencies.absent_libraries`.",
    ),
    Code(
        code="TB5421",
        title="a library lies where the loader does not look",
        explanation="A file in the image names a library that lies in the image, but in a wheel that has nothing to do "
        "with the one that needs it, and not where the loader looks. It would load only if the other wheel happened "
        "to be imported first. Add the Debian package that has it to `environment.packages`; where the file is never "
        "loaded, or always after that wheel, name the library in `dependencies.absent_libraries`.",
    ),
    Code(
        code="TB5411",
        title="a knob that is not of its type",
        explanation="A knob's variable has a text that is no value of its type. Numbers are written as JSON writes "
        "them, truth values as true and false, durations and bytes with a unit (250ms, 512Mi), lists as JSON.",
    ),
    Code(
        code="TB5412",
        title="a knob outside of its range",
        explanation="A knob's variable has a value below its minimum or above its maximum. The service does not start "
        "with it. `twinbuild show --section configuration` prints the ranges.",
    ),
    Code(
        code="TB5413",
        title="a knob that is none of its values",
        explanation="A knob has a value that is none of those that its release lists.",
    ),
    Code(
        code="TB5414",
        title="a rule between knobs is broken",
        explanation="Each knob is right by itself, but together they break a rule of the release, or a rule divides by "
        "zero. The message names the rule, the knobs and their values. Change one of them.",
    ),
    Code(
        code="TB5415",
        title="a secret is missing",
        explanation="The release says where a secret is kept, and it is not there: a variable that is not set or "
        "empty, or a file that can't be read or is empty. Its value is never printed. Start the container with it.",
    ),
    Code(
        code="TB5416",
        title="an artifact is not the released one",
        explanation="A file of the model has another size or other bytes than the release names: something is mounted "
        "over it, or the disk is damaged. Where artifacts are so large that reading them takes too long, "
        "`configuration.artifacts: size` checks their size alone.",
    ),
    Code(
        code="TB5417",
        title="a limit of processes is too low",
        explanation="A knob of the kind ulimit asks for more than the container's hard limit. Below the hard limit the "
        "entrypoint raises the soft one itself.",
    ),
    Code(
        code="TB5418",
        title="too little shared memory",
        explanation="A knob of the kind shared_memory asks for more than /dev/shm has. Engines give 64 MiB unless "
        "asked: `--shm-size` of Docker, or a volume `emptyDir: {medium: Memory}` at /dev/shm in Kubernetes.",
    ),
    Code(
        code="TB5419",
        title="there is no such knob",
        explanation="A value was given for a knob, or by an environment variable, that the release does not know. A "
        "spelling that nobody reads would be silently without effect.",
    ),
    Code(
        code="TB5422",
        title="a knob asks for more memory than there is",
        explanation="A knob of the kind memory is larger than what the container may take. Lower it, or raise the "
        "limit.",
    ),
    Code(
        code="TB5423",
        title="a setting that was changed live can't be taken over at a start",
        explanation="In /etc/twinbuild/live lies a file for each knob that was changed while the service ran, named by "
        "the knob's environment variable. The file belongs to no knob, to one that needs a restart, or can't be read. "
        "Take it out, or set the variable where the service is started.",
    ),
)
