"""Every code that a finding may carry, with its meaning: what ``twinbuild explain`` prints.

Each room owns one module here and one range of numbers, so that a code has one home and is never used twice;
a section of a spec that has a module of its own has ten numbers of TB11:

====== ================= ==========================================================
range  module            about
====== ================= ==========================================================
TB10   ``yaml``          the text of a spec: YAML, limits, encoding
TB11   ``spec``          the values of a spec, overlays, files that it names
TB114  ``configuration`` knobs, rules between them, values of stages
TB116  ``rollout``       how a new version takes over
TB117  ``observe``       metrics, alerts, logs and traces of a spec
TB20   ``python``        resolving Python requirements
TB21   ``debian``        resolving Debian packages, signed indexes
TB22   ``lock``          the lock: its form, its freshness
TB23   ``local``         local trees and artifacts
TB24   ``variants``      variants for accelerators
TB30   ``net``           digests in addresses, HTTP, indexes, mirrors
TB31   ``store``         the store
TB32   ``registry``      registries of images
TB40-1 ``wheel``         wheels: their archives, what they hold
TB42   ``deb``           Debian package archives, maintainer scripts
TB43   ``layer``         file trees, layers, OCI documents
TB44   ``tar``           tar streams that others made
TB50   ``build``         the embedded assembler
TB52   ``docker``        Docker's BuildKit as a builder
TB53   ``step``          build steps
TB54   ``preflight``     what an image needs to start
TB59   ``process``       processes and the sandbox
TB60   ``verify``        the second build and its comparison
TB61   ``challenge``     what independent rebuilders say
TB70   ``describe``      release manifest, SBOM, provenance
TB71   ``configuration`` values that are checked before they are deployed
TB72   ``trial``         behaviour tests
TB73   ``rollout``       shadow traffic
TB74   ``observe``       the proof that what is declared can be seen
TB75   ``families``      templates of model families, their catalogues
TB76   ``parity``        parity, captured environments, conventions
TB80   ``settings``      settings, command line, output
TB86   ``governance``    rules about who may release what; audit logs
TB87   ``sbom``          bills of materials that are read and compared
TB88   ``trust``         trust roots, policies, approvals, promotions
TB90   ``internal``      our own defects
TB91   ``archive``       archives of releases, and building from them
TB92   ``tool``          twinbuild itself, packed and run from there
TB93   ``explaining``    questions about finished releases: diff, why, explain-mismatch
TB94   ``site``          pages of HTML about releases
====== ================= ==========================================================
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass

__all__ = ["Code", "all_codes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A stable code, a title of a few words, and an explanation of one or more paragraphs ending in the remedy."""

    code: str
    title: str
    explanation: str


def all_codes() -> dict[str, Code]:
    """Every code of every room, sorted."""
    found: dict[str, Code] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            codes: tuple[Code, ...] = importlib.import_module(f"{__name__}.{module.name}").CODES
            for code in codes:
                assert code.code not in found, code.code
                found[code.code] = code
    return dict(sorted(found.items()))
