"""``pipeline.site.differing``: the sections and risks of `twinbuild diff`, and what a browser makes of any two."""

from __future__ import annotations

import json
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

from fakes.published import example
from twinbuild.describe.site.catalogue import entry
from twinbuild.describe.site.published import Published
from twinbuild.pipeline.explain.diff import release_diff
from twinbuild.pipeline.site.differing import Stated, Statements, any_two, compared


def bumped(document: dict[str, Any]) -> None:
    """A wheel, a removed one, a layer, a knob, a text beyond what is shown."""
    wheels = document["environment"]["targets"][0]["wheels"]
    wheels[3]["version"] = "1.10.0"
    del wheels[5]
    document["environment"]["images"][0]["layers"][1]["digest"] = f"sha256:{'0' * 64}"
    document["configuration"]["stages"]["production"]["batch_limit"] = 48
    document["metadata"]["description"] = "a" * 1000 + "x"


def again(document: dict[str, Any]) -> None:
    """Another version of the wheel, the same of others with other bytes, a text that differs at its end alone."""
    bumped(document)
    wheels = document["environment"]["targets"][0]["wheels"]
    wheels[3]["version"] = "1.9.0"
    wheels[0]["sha256"] = "0" * 64
    wheels[1]["version"] = "no version"
    document["metadata"]["description"] = "a" * 1000 + "y"


@cache
def releases() -> tuple[Published, ...]:
    """Three versions."""
    return example("1.0.0"), example("1.1.0", day=1, change=bumped), example("1.2.0", day=2, change=again)


def made() -> list[Stated]:
    """What is compared of the releases."""
    statements = Statements()
    return [statements.of(each) for each in releases()]


def on_disk(place: Path, release: Published) -> Path:
    """The release manifest alone, as the command takes it."""
    path = place / release.version / "manifest.json"
    path.parent.mkdir()
    path.write_bytes(release.manifest)
    return path


def test_a_page_says_what_the_command_says(tmp_path: Path) -> None:
    """Sections, words, scopes, risks and reasons are those of ``release_diff``, for each two."""
    stated, paths = made(), [on_disk(tmp_path, each) for each in releases()]
    for one, other in permutations(range(3), 2):
        found = release_diff(paths[one], paths[other], files=False)
        told = [
            (section.name, each.word, each.scope, each.what, each.difference.risk, each.difference.reason)
            for section in found.sections
            for each in section.changes
        ]
        assert told == [
            (section.title, each.word, each.scope, each.what, each.risk, each.reason)
            for section in compared(stated[one], stated[other]).sections
            for each in section.changes
        ]
        assert len(told) > 2


def test_values_and_layers() -> None:
    """Packages by their versions, other bytes by their digests; a long value by its beginning."""
    one, two, three = made()
    changes = {each.what: each for section in compared(two, three).sections for each in section.changes}
    assert (changes["click"].word, changes["click"].before, changes["click"].after) == ("lowered", "1.10.0", "1.9.0")
    assert changes["annotated-doc"].word == "other bytes"
    assert changes["annotated-doc"].after.endswith("sha256:000000000000…")
    assert changes["annotated-types"].word == "changed"
    assert len(changes["description"].before) == 200
    assert changes["description"].before == changes["description"].after
    (shared,) = compared(one, two).shared
    assert (shared.kept, shared.count, shared.pulled) == (3, 4, 16_307_850)


def test_a_release_and_itself() -> None:
    """Nothing differs, and all layers are shared."""
    stated = made()[0]
    found = compared(stated, stated)
    assert found.sections == ()
    assert [(each.kept, each.pulled) for each in found.shared] == [(4, 0)]


def test_ranks_order_versions_as_pip_does() -> None:
    """1.10 is above 1.9, which text is not; what is no version has no rank. The document is JSON."""
    entries = [entry(each) for each in releases()]
    document = any_two(list(zip(entries, made(), strict=True)))
    facts = {each[1]: each for each in document["facts"]}
    by_rank = [
        document["values"][value].split(" ")[0] for value, _ in sorted(facts["click"][6], key=lambda each: each[1])
    ]
    assert by_rank == ["1.9.0", "1.10.0", "8.5.1"]
    assert len(facts["annotated-types"][6]) == 1
    assert {rank for _, rank in facts["annotated-doc"][6]} == {0}
    assert facts["description"][6] == []
    assert json.loads(json.dumps(document)) == document


def test_packages_are_numbered_by_name() -> None:
    """The order of a set is another one in each process, and the page is not."""
    stated = made()[0]
    (more,) = any_two([(entry(releases()[0]), stated)])["more"]
    facts = any_two([(entry(releases()[0]), stated)])["facts"]
    numbers = {each[5]: each[1] for each in facts if each[5] in more[0]}
    assert len(numbers) == len(stated.direct) > 2
    kinds = [name.split(" ")[1] for name in sorted(stated.direct)]
    assert [numbers[number] for number in range(len(kinds))] == kinds


def test_facts_are_kept_once() -> None:
    """A thousand releases that state the same share its texts."""
    statements = Statements()
    one, other = statements.of(releases()[0]), statements.of(releases()[1])
    shared = set(one.stated) & set(other.stated)
    assert len(shared) > 100
    assert {id(each) for each in one.stated if each in shared} == {id(each) for each in other.stated if each in shared}
