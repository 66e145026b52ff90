# Written by twinbuild; an edit is lost. fraud-scorer 1.0.0, cpu on linux/amd64
#
# It builds by hand what twinbuild builds, with Docker (BuildKit) alone and without a network. The context is what
# `twinbuild fetch --into context` writes; this file lies in it too:
#
#   docker buildx build --network none --build-arg SOURCE_DATE_EPOCH=1793491200 --tag fraud-scorer:1.0.0 context

# The operating system: 88 Debian packages of the lock with the effects of their scripts, as one archive.
# diff_id sha256:0000000000000000000000000000000000000000000000000000000000000000
FROM scratch AS base
ADD ["base.tar", "/"]

FROM base
ARG SOURCE_DATE_EPOCH

# The virtual environment (PEP 405), without packages.
ADD ["environment.tar", "/"]

# 25 wheels, by the pinned pip 26.3: each must have the SHA-256 that requirements.txt states.
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
ENV BATCH_LIMIT="64"
ENV DECISION_THRESHOLD="0.5"
ENV LOG_LEVEL="info"
ENV MODEL_PATH="/models/classifier.skops"
ENV MODEL_VERSION="3.2.0"
ENV OMP_NUM_THREADS="1"
ENV OPEN_FILES="1024"
LABEL "dev.twinbuild.model.family"="gradient-boosting"
LABEL "dev.twinbuild.model.version"="3.2.0"
LABEL "dev.twinbuild.variant"="cpu"
LABEL "domain"="payments"
LABEL "org.opencontainers.image.description"="Scores card transactions for fraud with gradient-boosted trees."
LABEL "org.opencontainers.image.source"="https://git.example/payments/fraud-scorer"
LABEL "org.opencontainers.image.title"="fraud-scorer"
LABEL "org.opencontainers.image.vendor"="payments-risk"
LABEL "org.opencontainers.image.version"="1.0.0"
LABEL "tier"="critical"
EXPOSE 8000/tcp
WORKDIR /app
STOPSIGNAL SIGTERM
USER 10001:10001
ENTRYPOINT ["/usr/bin/python3.11", "-I", "-S", "/etc/twinbuild/preflight.py", "--"]
CMD ["uvicorn", "service.main:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log"]
