"""TB75: templates of model families, their catalogues, projects that are made of them."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB7502",
        title="a variable that the family does not have",
        explanation="`--set` names a variable that neither the family nor one that it extends has. `twinbuild family "
        "show FAMILY` lists them; take the right name. `name`, `version`, `team`, `owner` and `email` are given where "
        "a project begins; later release.yaml states them.",
    ),
    Code(
        code="TB7503",
        title="a value that does not fit its variable",
        explanation="A variable has a type, and may have a pattern, a range or a set of values; the value given (or "
        "the family's own default) does not keep to them. Give a value as the message says.",
    ),
    Code(
        code="TB7504",
        title="a variable without a value",
        explanation="The variable has no default, so that whoever begins a project must say it. Add `--set "
        "NAME=VALUE`.",
    ),
    Code(
        code="TB7510",
        title="a template fails",
        explanation="A template of a family (`*.j2`) has a fault of Jinja, names a value that does not exist, prints "
        "what is no text, number or truth value, or needs more than ten seconds or a gigabyte. Correct the template at "
        "the line that the message names.",
    ),
    Code(
        code="TB7511",
        title="a value that is not a whole scalar",
        explanation="In YAML and JSON templates each `{{ }}` must be one whole scalar: it is quoted for its place, so "
        "that no value can become anything else. Values inside of quotes, of other words, of keys or of comments are "
        "refused. Print the whole scalar from one expression, such as `{{ 'prefix-' ~ name }}`.",
    ),
    Code(
        code="TB7512",
        title="a template makes too much",
        explanation="A rendered file has at most a million characters. Copy large files (without `.j2`) instead.",
    ),
    Code(
        code="TB7513",
        title="a file that no family writes",
        explanation="Families write files of a project: not what twinbuild writes itself, not the machine's settings "
        "(twinbuild.toml), no hidden files but .gitignore and its like, for other programs obey them, no path that "
        "leaves the project or that another system cannot have; and templates only for YAML, JSON and Markdown, where "
        "values can be put safely. Rename the file, or take it out.",
    ),
    Code(
        code="TB7514",
        title="a family without a spec",
        explanation="`release.yaml.j2` makes the lowest layer of the project's spec: a YAML mapping in blocks, without "
        "`extends`, which is written for it. Write or correct that template.",
    ),
    Code(
        code="TB7520",
        title="a catalogue that is none",
        explanation="A catalogue is a directory that holds a directory for each family, with a family.yaml in each; a "
        "checkout of a git repository is one, too. Name such a directory with `--catalogue` or in "
        "TWINBUILD_CATALOGUES.",
    ),
    Code(
        code="TB7521",
        title="a family that is not there",
        explanation="No catalogue has a family of that name, or the version that was asked for. `twinbuild family "
        "list` shows what there is; correct the name, or name the catalogue that has it.",
    ),
    Code(
        code="TB7522",
        title="a file that cannot be part of a family",
        explanation="A family holds plain files of portable names: no symbolic links, devices or sockets, at most 500 "
        "files and 16 MiB in all. Replace what the message names, or take it out.",
    ),
    Code(
        code="TB7523",
        title="a family that does not fit together",
        explanation="The family's name is not that of its directory, it has no family.yaml, or what it extends is not "
        "there, has another version, is of another catalogue without a digest, or leads in a circle. Correct its "
        "family.yaml.",
    ),
    Code(
        code="TB7524",
        title="a family that is not the pinned one",
        explanation="A family pins the one that it extends by SHA-256, and the one that is there has other files. Take "
        "the pinned one back, or look at the changes and write the new digest with a new version.",
    ),
    Code(
        code="TB7525",
        title="a rule of a family without effect",
        explanation="`without` names a file that no family below writes, or `optional` a file that none writes or a "
        "variable that is none of type bool. Such a rule does nothing, mostly for a slip of the pen. Correct the name.",
    ),
    Code(
        code="TB7530",
        title="a file that is already there",
        explanation="`init` never overwrites a file; nothing was written. A README.md, a LICENSE and a .gitignore stay "
        "as they are, and are named; other files are in the way. Name another directory, or move the file away.",
    ),
    Code(
        code="TB7540",
        title="the family's spec is missing",
        explanation="release.yaml extends a spec that `init` wrote beside it, and that belongs into version control "
        "with it. Restore the file from version control. `twinbuild family update` makes it anew where `--set` gives "
        "every value that it was made of: nothing else states them.",
    ),
    Code(
        code="TB7541",
        title="the family's spec is not the pinned one",
        explanation="The file that is extended has other bytes than `extends.sha256` says. Nobody edits it: what is to "
        "differ from the family belongs into release.yaml, which comes over it. Restore it, or make it anew with "
        "`twinbuild family update`.",
    ),
    Code(
        code="TB7542",
        title="the spec of another family",
        explanation="release.yaml names one family and version, and the file that it extends was made of another. "
        "Write the right one, or make the file anew with `twinbuild family update`.",
    ),
    Code(
        code="TB7543",
        title="a family that changed under the same version",
        explanation="A catalogue of this machine has the family in the version that the project was made of, but with "
        "other files. A published version never changes: ask its authors to raise it. `twinbuild family update` takes "
        "over what is there now.",
    ),
    Code(
        code="TB7544",
        title="a family's spec without its digest",
        explanation="`extends: FAMILY@VERSION` leaves the digest to release.family.yaml, whose second line states it: "
        "`# sha256 of what follows: HEX`. That line is missing. `twinbuild family update` makes the file anew.",
    ),
    Code(
        code="TB7545",
        title="a family's digest or values in another file",
        explanation="Which family a release is of, and of which values, is stated by the file that the family made, "
        "and by no other: elsewhere anybody could write anything. Take `extends.digest` and `extends.variables` out of "
        "release.yaml; `twinbuild family update --set NAME=VALUE` changes a value.",
    ),
    Code(
        code="TB7546",
        title="a family's spec that the family does not make",
        explanation="A catalogue of this machine has exactly the family that release.family.yaml states, and it makes "
        "another spec of the same values: somebody edited the file and pinned it again, or what release.yaml says of "
        "name, team or owner changed since. `twinbuild family update` makes it anew; what is to differ belongs into "
        "release.yaml.",
    ),
    Code(
        code="TB7550",
        title="a project that extends no family",
        explanation="`twinbuild family update` makes the spec of the project's family anew; this project names none. "
        "Begin a project with `twinbuild init --family FAMILY DIR`.",
    ),
    Code(
        code="TB7551",
        title="no place for a family's spec",
        explanation="`extends.spec` names the file that `twinbuild family update` writes anew, so it must be a YAML "
        "file within the project, not hidden, no link, and absent or a family's spec already. Name "
        "release.family.yaml.",
    ),
    Code(
        code="TB7552",
        title="values of a family's spec that nobody knows",
        explanation="`twinbuild family update` keeps the values that release.family.yaml states, and that file is "
        "missing or states none. The family's defaults would be other ports, versions and limits than those of the "
        "service and its data schemas. Restore the file from version control, or give every value with `--set`.",
    ),
    Code(
        code="TB7560",
        title="a family that is not complete",
        explanation="The conformance check of families found something missing: documentation, a description, a golden "
        "test, a pinned requirement, a block that is described and not there. Correct it as the message says.",
    ),
    Code(
        code="TB7562",
        title="a family that could not be tried",
        explanation="A project of the family was built, and this machine could not start its image: no sandbox, or "
        "another architecture. Test the family on a machine that can run it.",
    ),
    Code(
        code="TB7561",
        title="a family whose project does not work",
        explanation="The conformance check began a project in a scratch directory, and locking, building twice or "
        "asking its golden tests failed; the finding before says how. Correct the family.",
    ),
    Code(
        code="TB7563",
        title="a test of a family's project fails",
        explanation="`twinbuild family test` runs `tests/test_*.py` of the scratch project with unittest in the image "
        "that it built, without a network. The message names the test. Correct the family, or the test.",
    ),
)
