# Written by twinbuild; an edit is lost. llm-server 1.0.0, cuda13 on linux/amd64
#
# It builds by hand what twinbuild builds, with Docker (BuildKit) alone and without a network. The context is what
# `twinbuild fetch --into context` writes; this file lies in it too:
#
#   docker buildx build --network none --build-arg SOURCE_DATE_EPOCH=1793491200 --tag llm-server:1.0.0 context

# The base image, as the lock pins it.
FROM registry.example/cuda:13.0.2-base-debian12@sha256:5ea52d1b235a1096388f084757ebe58a04151d297d7ef0cc9830e65b62bb51f6 AS base

FROM base
ARG SOURCE_DATE_EPOCH
USER 0:0
WORKDIR /

# 26 Debian packages of the lock, with the effects of their scripts, added to what the base has; and the service's
# account with its home.
ADD ["account.tar", "/"]
# The virtual environment (PEP 405), without packages.
ADD ["environment.tar", "/"]

# 62 wheels, by the pinned pip 26.3: each must have the SHA-256 that requirements.txt states.
RUN --mount=type=bind,source=wheels,target=/run/context/wheels \
    --mount=type=bind,source=pip,target=/run/context/pip \
    --mount=type=bind,source=pip.py,target=/run/context/pip.py \
    --mount=type=bind,source=requirements.txt,target=/run/context/requirements.txt \
    ["/opt/venv/bin/python", "-I", "-B", "/run/context/pip.py", "install", "--quiet", "--no-index", "--find-links", "/run/context/wheels", "--require-hashes", "--no-deps", "--no-compile", "--requirement", "/run/context/requirements.txt"]
# Byte code that depends on the sources alone.
RUN --mount=type=bind,source=compile.py,target=/run/context/compile.py \
    ["/usr/bin/python3.11", "-I", "-S", "-B", "-W", "ignore", "/run/context/compile.py", "/opt/venv/lib/python3.11/site-packages"]

# The model's files, each at its path in the image.
COPY ["model/", "/"]

# The application, and what it is made of.
COPY ["application/", "/"]
RUN --mount=type=bind,source=compile.py,target=/run/context/compile.py \
    ["/usr/bin/python3.11", "-I", "-S", "-B", "-W", "ignore", "/run/context/compile.py", "/app"]
COPY ["documents/", "/"]

ENV PATH="/opt/venv/bin:/usr/local/nvidia/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENV NVARCH="x86_64"
ENV NVIDIA_REQUIRE_CUDA="cuda>=13.0"
ENV CUDA_VERSION="13.0.2"
ENV LD_LIBRARY_PATH="/usr/local/nvidia/lib:/usr/local/nvidia/lib64"
ENV NVIDIA_VISIBLE_DEVICES="all"
ENV NVIDIA_DRIVER_CAPABILITIES="compute,utility"
ENV VIRTUAL_ENV="/opt/venv"
ENV LANG="C.UTF-8"
ENV PYTHONDONTWRITEBYTECODE="1"
ENV PYTHONUNBUFFERED="1"
ENV HF_HUB_OFFLINE="1"
ENV LOG_LEVEL="info"
ENV MODEL_PATH="/models/gpt"
ENV MODEL_VERSION="1.0.0"
ENV THREADS="1"
LABEL "dev.twinbuild.model.family"="causal-lm"
LABEL "dev.twinbuild.model.version"="1.0.0"
LABEL "dev.twinbuild.variant"="cuda13"
LABEL "domain"="assistants"
LABEL "maintainer"="a stand-in for NVIDIA's image, made by twinbuild's tools/cuda_base.py"
LABEL "org.opencontainers.image.base.digest"="sha256:5ea52d1b235a1096388f084757ebe58a04151d297d7ef0cc9830e65b62bb51f6"
LABEL "org.opencontainers.image.base.name"="registry.example/cuda:13.0.2-base-debian12"
LABEL "org.opencontainers.image.description"="A small causal language model behind HTTP, for processors and for two CUDA majors."
LABEL "org.opencontainers.image.source"="https://git.example/assistants/llm-server"
LABEL "org.opencontainers.image.title"="llm-server"
LABEL "org.opencontainers.image.vendor"="assistants"
LABEL "org.opencontainers.image.version"="1.0.0"
EXPOSE 8000/tcp
WORKDIR /app
STOPSIGNAL SIGTERM
USER 10001:10001
ENTRYPOINT ["/usr/bin/python3.11", "-I", "-S", "/etc/twinbuild/preflight.py", "--"]
CMD ["uvicorn", "service.main:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log"]
