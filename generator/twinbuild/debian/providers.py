"""Which Debian package usually has a library, and which libraries come with a driver: for messages and decisions."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["driver_library", "provider"]

# Of Debian 12, for what wheels are known to leave to the system; looked up with apt-cache on 2026-11-26.
_PROVIDERS: Final = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libasound.so.2": "libasound2",
    "libatomic.so.1": "libatomic1",
    "libblas.so.3": "libblas3",
    "libcairo.so.2": "libcairo2",
    "libcurl.so.4": "libcurl4",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdrm.so.2": "libdrm2",
    "libelf.so.1": "libelf1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgeos_c.so.1": "libgeos-c1v5",
    "libgfortran.so.5": "libgfortran5",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libhwloc.so.15": "libhwloc15",
    "libibverbs.so.1": "libibverbs1",
    "libjpeg.so.62": "libjpeg62-turbo",
    "liblapack.so.3": "liblapack3",
    "libmagic.so.1": "libmagic1",
    "libmpi.so.40": "libopenmpi3",
    "libnsl.so.2": "libnsl2",
    "libnuma.so.1": "libnuma1",
    "libodbc.so.2": "libodbc2",
    "libomp.so.5": "libomp5",
    "libopenblas.so.0": "libopenblas0",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libportaudio.so.2": "libportaudio2",
    "libpq.so.5": "libpq5",
    "libquadmath.so.0": "libquadmath0",
    "librdmacm.so.1": "librdmacm1",
    "libsndfile.so.1": "libsndfile1",
    "libsqlite3.so.0": "libsqlite3-0",
    "libstdc++.so.6": "libstdc++6",
    "libtbb.so.12": "libtbb12",
    "libusb-1.0.so.0": "libusb-1.0-0",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxml2.so.2": "libxml2",
}
# What NVIDIA's driver brings into a container (libnvidia-container, "driver capabilities"), by SONAME.
_DRIVER: Final = re.compile(
    r"lib(cuda|cudadebugger|nvcuvid|nvoptix|nvidia-[a-z0-9-]+|GLX_nvidia|EGL_nvidia|GLESv2_nvidia|vdpau_nvidia)\.so"
    r"(\.[0-9.]+)?",
    re.ASCII,
)


def provider(library: str) -> str:
    """The name of the Debian package that usually has a library; "" where it isn't known."""
    return _PROVIDERS.get(library, "")


def driver_library(library: str) -> bool:
    """Whether a library comes with an accelerator's driver, from the machine that runs the container."""
    return _DRIVER.fullmatch(library) is not None
