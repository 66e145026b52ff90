"""The spec: ``release.yaml`` as a tree of frozen pydantic models, one module for each group of sections."""

from __future__ import annotations

from twinbuild.model.spec.release import API_VERSION, ReleaseSpec

__all__ = ["API_VERSION", "ReleaseSpec"]
