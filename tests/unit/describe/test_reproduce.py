"""``describe.reproduce``: commands that make a release's images again; ``cli/test_show.py`` runs them."""

from __future__ import annotations

from tests.unit.describe.conftest import Case

from twinbuild.describe.reproduce import reproduction
from twinbuild.model.digest import Digest
from twinbuild.model.spec.tests import Tests as Trials

SOURCE = Digest.of(b"source")


def test_named(two: Case) -> None:
    """Spec, overlays and variants are named in commands; the commit where it is recorded, else the files' digest."""
    arguments = ("other.yaml", "--overlay", "prod.yaml")
    found = reproduction(two.spec, two.images, source=SOURCE, commit="", modified=False, arguments=arguments, some=True)
    assert isinstance(found["steps"], list)
    lock, fetch, verify, tried = found["steps"]
    assert isinstance(lock, dict)
    assert lock["run"] == ["twinbuild", "lock", *arguments, "--check"]
    assert isinstance(fetch, dict)
    assert fetch["run"] == ["twinbuild", "fetch", *arguments, "--variant", "cpu", "--variant", "gpu"]
    assert isinstance(verify, dict)
    assert verify["expect"] == {f"{image.variant} {image.platform}": str(image.manifest.digest) for image in two.images}
    assert isinstance(tried, dict)
    chosen = [*arguments, "--variant", "cpu", "--variant", "gpu"]
    assert tried["run"] == ["twinbuild", "test", *chosen, "--locked", "--offline", "--retest"]
    bare = two.spec.model_copy(update={"tests": Trials()})
    untried = reproduction(bare, two.images, source=SOURCE, commit="", modified=False, arguments=(), some=False)
    assert "test" not in str(untried["steps"])
    assert isinstance(found["needs"], list)
    assert str(SOURCE) in str(found["needs"][0])
    recorded, changed = (
        reproduction(two.spec, two.images, source=SOURCE, commit="c0ffee", modified=modified, arguments=(), some=False)
        for modified in (False, True)
    )
    assert isinstance(recorded["needs"], list)
    assert recorded["needs"][0] == "the commit c0ffee of https://git.example/payments/fraud-scorer"
    assert isinstance(changed["needs"], list)
    assert changed["needs"][0] == (
        "the commit c0ffee of https://git.example/payments/fraud-scorer, "
        f"with the changes that were in no commit: application files of {SOURCE}"
    )
    assert "--variant" not in str(recorded)
