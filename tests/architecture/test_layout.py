"""Modules are small, and tests mirror them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = TESTS.parent / "generator" / "twinbuild"
MODULES: Final = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py") and "catalogue" not in path.parts[-2:]
)
# Modules without a test file of their own: other tests reach them, and the list only shrinks.
WITHOUT: Final = frozenset(
    [
        "build/debs.py",
        "build/docker/planned.py",
        "build/docker/programs.py",
        "build/embedded.py",
        "build/namespaces.py",
        "build/recipes.py",
        "build/service.py",
        "build/system.py",
        "build/unpack.py",
        "cli/build.py",
        "pipeline/comparing.py",
        "cli/completion.py",
        "cli/explain.py",
        "cli/fetch.py",
        "cli/options.py",
        "cli/outcome.py",
        "cli/progress.py",
        "cli/publish.py",
        "cli/second.py",
        "cli/challenge.py",
        "cli/rebuild.py",
        "cli/run.py",
        "cli/schema.py",
        "cli/session.py",
        "cli/spec.py",
        "cli/verify.py",
        "codec/built.py",
        "codec/findings.py",
        "codec/jsontext.py",
        "codec/lockbase.py",
        "codec/lockfields.py",
        "codec/lockvalues.py",
        "codec/nodes.py",
        "codec/pax.py",
        "debian/compressed.py",
        "debian/effects/catalogue.py",
        "debian/effects/common.py",
        "debian/effects/essential.py",
        "debian/effects/tools.py",
        "debian/effects/trixie.py",
        "debian/pool.py",
        "describe/components.py",
        "cli/keyfile.py",
        "pipeline/reading/attested.py",
        "pipeline/signing.py",
        "pipeline/vouching.py",
        "pipeline/document/describing.py",
        "pipeline/release/releasing.py",
        "describe/modelcard.py",
        "describe/naming.py",
        "describe/texts.py",
        "model/image.py",
        "model/lock.py",
        "model/plan.py",
        "model/rebuilt.py",
        "model/platform.py",
        "model/settings.py",
        "model/spec/artifacts.py",
        "model/spec/base.py",
        "model/spec/configuration.py",
        "model/spec/configuring.py",
        "model/spec/dependencies.py",
        "model/spec/environment.py",
        "model/spec/external.py",
        "model/spec/frozen.py",
        "model/spec/metadata.py",
        "model/spec/observability.py",
        "model/spec/publication.py",
        "model/spec/references.py",
        "model/spec/release.py",
        "model/spec/serving.py",
        "model/spec/tables.py",
        "model/spec/values.py",
        "model/verification.py",
        "net/credentials.py",
        "net/download.py",
        "net/failure.py",
        "net/files.py",
        "net/index.py",
        "net/known.py",
        "net/neighbourhood.py",
        "net/opener.py",
        "net/proxy.py",
        "net/retry.py",
        "net/translate.py",
        "net/transport.py",
        "net/visit.py",
        "net/watch.py",
        "oci/contents.py",
        "oci/decompress.py",
        "oci/document.py",
        "oci/header.py",
        "oci/read.py",
        "pipeline/lock/artifacts.py",
        "pipeline/build/building.py",
        "pipeline/build/buildkit.py",
        "pipeline/examining.py",
        "pipeline/images/export.py",
        "pipeline/lock/fetching.py",
        "pipeline/fresh/identity.py",
        "pipeline/lock/lockfiles.py",
        "pipeline/lock/locking.py",
        "pipeline/machine.py",
        "pipeline/observed.py",
        "pipeline/build/rebuilding.py",
        "pipeline/run/running.py",
        "pipeline/fresh/stamp.py",
        "pipeline/release/stamping.py",
        "pipeline/family/starting.py",
        "pipeline/fresh/status.py",
        "pipeline/fresh/summary.py",
        "resolve/debian_keys.py",
        "resolve/shim/asked.py",
        "resolve/shim/chosen.py",
        "resolve/shim/compile.py",
        "resolve/shim/patches.py",
        "sources/index.py",
        "sources/toml_lines.py",
        "store/area.py",
        "store/faults.py",
        "store/overlay.py",
        "store/roots.py",
        "verify/conditions.py",
        "wheel/directory.py",
        "wheel/entrypoints.py",
        "wheel/faults.py",
        "wheel/layout.py",
        "wheel/member.py",
        "wheel/metadata.py",
        "wheel/names.py",
        "wheel/record.py",
        "wheel/scripts.py",
        "wheel/standard.py",
        "wheel/stream.py",
    ]
)


def _test_of(module: str) -> Path:
    path = Path(module)
    return TESTS / "unit" / path.parent / f"test_{path.name}"


def test_modules_are_small() -> None:
    """Fewer than 400 lines each."""
    long = {name: len((PACKAGE / name).read_text("utf-8").splitlines()) for name in MODULES}
    assert {name: count for name, count in long.items() if count >= 400} == {}


def test_tests_mirror_modules() -> None:
    """Each module has ``tests/unit/…/test_NAME.py``, except those that are listed, which exist."""
    lacking = {module for module in MODULES if not _test_of(module).is_file()}
    assert lacking - WITHOUT == set(), "write its tests"
    assert WITHOUT - set(MODULES) == set(), "take it off the list"
