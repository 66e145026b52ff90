"""TB24: variants for accelerators, and the proof that a lock is closed under one."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB2400",
        title="a library of CUDA in a variant without accelerator",
        explanation="The variant says `accelerator: none`, and its lock holds wheels that are of use with CUDA alone: "
        "`nvidia-*`, triton, a `+cu126` build. They cost gigabytes and are never loaded. The message names who asks "
        "for them. Bind the framework to an index of builds for the CPU (`variants[].indexes`), ask for its project "
        "without accelerator (xgboost-cpu, tensorflow-cpu, onnxruntime), or say what accelerator the variant uses.",
    ),
    Code(
        code="TB2401",
        title="a build for ROCm in a variant for something else",
        explanation="The lock holds a wheel for AMD's ROCm (triton-rocm, a `+rocm6.2` build) in a variant that does "
        "not say `accelerator: rocm`. Bind the framework to another index.",
    ),
    Code(
        code="TB2402",
        title="a library of CUDA in a variant for ROCm",
        explanation="The variant says `accelerator: rocm`, and its lock holds libraries of CUDA. The framework came "
        "from the default index: bind it to an index of builds for ROCm (`variants[].indexes`).",
    ),
    Code(
        code="TB2403",
        title="two CUDA majors in one lock",
        explanation="Libraries of two CUDA majors in one process is what crashes later, or loads the wrong one. The "
        "message lists the wheels of each. Choose versions of the frameworks that are for one CUDA, or extras that "
        "are (`jax[cuda12]`, `jax[cuda13]`), or an index whose builds are.",
    ),
    Code(
        code="TB2404",
        title="the lock is for another CUDA major than the variant",
        explanation="`cuda` of the variant is a promise to whoever runs the image: the oldest driver follows from it. "
        "Correct it, pin a version of the framework for that CUDA, or bind the framework to an index of its builds.",
    ),
    Code(
        code="TB2405",
        title="the lock is for another CUDA version than the variant",
        explanation="The major version is right, the minor is not: the framework brings the runtime of another CUDA. "
        "Write the version that the lock has, or pin a version of the framework for the one that you mean.",
    ),
    Code(
        code="TB2406",
        title="a build for the CPU in a variant with an accelerator",
        explanation="A wheel whose version ends in `+cpu` was chosen: the service would start and be slow. Bind the "
        "framework to the accelerator's index, or take the CPU's index out of the variant.",
    ),
    Code(
        code="TB2407",
        title="a library of CUDA that no framework asks for",
        explanation="The spec itself names an `nvidia-*` project that no framework of the lock requires. Whether its "
        "version fits is then nobody's business but yours. Take it out and ask for the framework's extra, which locks "
        "what fits: `onnxruntime-gpu[cuda,cudnn]`, `tensorflow[and-cuda]`, `jax[cuda12]`.",
    ),
    Code(
        code="TB2408",
        title="nothing in the lock uses the accelerator",
        explanation="The variant is for an accelerator, and no wheel of its lock, nor its base image, has anything "
        "for it. Add the framework to the variant's `runtime`, or say `accelerator: none`.",
    ),
    Code(
        code="TB2409",
        title="a framework without its libraries",
        explanation="The framework loads CUDA's libraries when it starts, its wheel does not bring them, and neither "
        "the lock nor the base image has them: it would fall back to the CPU, or not start. Ask for its extra, or "
        "stand the variant on a base image with CUDA.",
    ),
    Code(
        code="TB2410",
        title="two builds of one framework",
        explanation="Two projects of the lock bring the same package, one with an accelerator and one without "
        "(onnxruntime and onnxruntime-gpu). Which of them is imported would depend on the order of installation. "
        "Often one comes with another requirement: constrain it away, or move yours to a variant's `runtime`.",
    ),
    Code(
        code="TB2411",
        title="the base image has another CUDA major",
        explanation="The image's variable CUDA_VERSION is of another major version than the variant's `cuda`. Choose "
        "another base, or correct `cuda`.",
    ),
    Code(
        code="TB2412",
        title="two cuDNN majors",
        explanation="The base image and the lock, or two wheels of the lock, bring cuDNN in two major versions, and "
        "the loader takes whichever it meets first. Choose a base image without cuDNN: frameworks bring their own.",
    ),
    Code(
        code="TB2413",
        title="the driver is older than the CUDA needs",
        explanation="`driver` of the variant (or `environment.resources.gpu.driver`) admits drivers that can't run any "
        "program of that CUDA. docs/variants.md has the oldest driver of each. Raise it, or choose an older CUDA.",
    ),
    Code(
        code="TB2414",
        title="the CUDA has no code for a device",
        explanation="`compute_capabilities` names a device that the assembler of that CUDA makes no code for: CUDA 13 "
        "dropped everything before 7.5, and 12.0 came with CUDA 12.8. Take it out, or make another variant with a CUDA "
        "that has it; docs/variants.md lists the devices of each.",
    ),
    Code(
        code="TB2415",
        title="an unknown CUDA",
        explanation="`cuda` is a version that this twinbuild has no facts about, so nothing could be checked: a major "
        "version that is newer than it, or a minor one that there never was, such as 12.7. Update twinbuild, or "
        "correct the version.",
    ),
    Code(
        code="TB2417",
        title="this cuDNN does not go with this CUDA",
        explanation="No release of that cuDNN major was made for the variant's CUDA major. Choose a version of the "
        "framework that was built with another.",
    ),
    Code(
        code="TB2418",
        title="two ROCm versions in one lock",
        explanation="Builds for two minor versions of ROCm (`+rocm6.3`, `+rocm6.4`) came from two indexes. Each index "
        "of PyTorch's is for one ROCm: bind all projects that come from such indexes to the same one.",
    ),
    Code(
        code="TB2420",
        title="there is no such variant",
        explanation="`--variant` names a variant that the spec, or the layout that is pushed, does not have. "
        "`twinbuild matrix` lists those of a spec; one without `environment.variants` has a single image, cpu.",
    ),
    Code(
        code="TB2430",
        title="a wheel whose files are for another machine",
        explanation="The name of the wheel, or of a module in it, says that it is for the platform, and the ELF header "
        "says another machine: the import would fail. Wheels that carry files for several machines pass, as long as "
        "there are some for this one. Report it to the makers, and pin another version.",
    ),
    Code(
        code="TB2431",
        title="a wheel whose files need another CUDA",
        explanation="A shared object needs a library of another CUDA major than the variant's (`libcudart.so.12` in a "
        "variant for CUDA 13), or a wheel of NVIDIA's libraries brings such a one. Name, version and requirements of "
        "the wheel did not tell. A copy of an older CUDA's library in the same wheel passes, for the driver runs it. "
        "Choose a build for the variant's CUDA. Where the file is never loaded, `dependencies.absent_libraries` says "
        "so.",
    ),
    Code(
        code="TB2432",
        title="a wheel whose files need another accelerator's libraries",
        explanation="A shared object needs a library of CUDA or ROCm (libcudart, libcublas, libcudnn, libamdhip64 …) "
        "in a variant that has none of it. A copy in the same wheel passes, and so do libraries of a driver, such as "
        "libcuda.so.1. Often a project was forgotten: torch came from an index of builds for the CPU, and torchvision, "
        "whose requirements name no library, from the default one. Bind the "
        "project to an index of builds for the variant. Where the file is never loaded, "
        "`dependencies.absent_libraries` says so.",
    ),
    Code(
        code="TB2433",
        title="a wheel whose files need another cuDNN",
        explanation="A shared object needs libcudnn in another major version than the lock or the base image brings, "
        "or, where neither brings it, than goes with the variant's CUDA. Choose a version of the framework that was "
        "built with that cuDNN.",
    ),
)
