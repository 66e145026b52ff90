# Written by twinbuild; an edit is lost. text-embedder 1.0.0, cpu on linux/amd64
#
# It builds by hand what twinbuild builds, with Docker (BuildKit) alone and without a network. The context is what
# `twinbuild fetch --into context` writes; this file lies in it too:
#
#   docker buildx build --network none --build-arg SOURCE_DATE_EPOCH=1793491200 --tag text-embedder:1.0.0 context

# The operating system: 87 Debian packages of the lock with the effects of their scripts, as one archive.
# diff_id sha256:0000000000000000000000000000000000000000000000000000000000000000
FROM scratch AS base
ADD ["base.tar", "/"]

FROM base
ARG SOURCE_DATE_EPOCH

# The virtual environment (PEP 405), without packages.
ADD ["environment.tar", "/"]

# 42 wheels, by the pinned pip 26.3: each must have the SHA-256 that requirements.txt states.
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

ENV PATH="/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENV VIRTUAL_ENV="/opt/venv"
ENV LANG="C.UTF-8"
ENV PYTHONDONTWRITEBYTECODE="1"
ENV PYTHONUNBUFFERED="1"
ENV BATCH_LIMIT="32"
ENV LOG_LEVEL="info"
ENV MODEL_PATH="/models/model.onnx"
ENV MODEL_VERSION="2.0.0"
ENV ORT_DISABLE_TELEMETRY="1"
ENV THREADS="1"
ENV TOKENIZER_PATH="/models/tokenizer.json"
LABEL "dev.twinbuild.model.family"="sentence-transformer"
LABEL "dev.twinbuild.model.version"="2.0.0"
LABEL "dev.twinbuild.variant"="cpu"
LABEL "domain"="search"
LABEL "org.opencontainers.image.description"="Sentence embeddings from all-MiniLM-L6-v2 as an int8 ONNX graph."
LABEL "org.opencontainers.image.source"="https://git.example/search/text-embedder"
LABEL "org.opencontainers.image.title"="text-embedder"
LABEL "org.opencontainers.image.vendor"="search"
LABEL "org.opencontainers.image.version"="1.0.0"
EXPOSE 8000/tcp
WORKDIR /app
STOPSIGNAL SIGTERM
USER 10001:10001
ENTRYPOINT ["/usr/bin/python3.11", "-I", "-S", "/etc/twinbuild/preflight.py", "--"]
CMD ["uvicorn", "service.main:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log"]
