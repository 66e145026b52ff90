"""Codes of secrets that would go out with a release."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["LEAKS"]

LEAKS: Final[tuple[Code, ...]] = (
    Code(
        code="TB8665",
        title="a secret in what would be released",
        explanation="""\
A file of the application or of a build step, a file of the model, a file in a layer of an image (of a base image, a
package, a wheel, what a step made), a document of the release, or a variable, label or step of an image's history has
the form of a secret. Nothing is released. The value is printed nowhere: the finding has its kind, its place, and a
fingerprint.

Take it out, and have a new one made, for it was written down. A path that begins with `/` is one in the image: look up
which package, base image or build step brings it. Name the place where it is kept under `secrets`. Where it is none (a
key that a test alone uses), say so in the spec, with a reason that whoever approves the release reads:

    governance:
      accepted_findings:
        - {path: app/tests/key.pem, fingerprint: 0a1b…, reason: Key of a test server that exists nowhere.}

The fingerprint is of kind, path and value: another value in the same file is another finding.""",
    ),
)
