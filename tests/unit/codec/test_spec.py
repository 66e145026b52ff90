"""``codec.spec``: good specs load whole, bad ones give every finding with its exact code and place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinbuild.codec.excerpt import findings_json, render_findings
from twinbuild.codec.spec import LoadedSpec, SourceText, load_spec
from twinbuild.errors import Finding, SpecError

FULL = Path(__file__).with_name("full.yaml").read_text(encoding="utf-8")
DIGEST = "0123456789abcdef" * 4


def load(text: str | bytes, *overlays: str) -> LoadedSpec:
    """The spec of a text and of overlays."""
    content = text.encode() if isinstance(text, str) else text
    sources = [SourceText(name="release.yaml", content=content)]
    sources += [SourceText(name=f"overlay{number}.yaml", content=item.encode()) for number, item in enumerate(overlays)]
    return load_spec(tuple(sources))


def refused(text: str | bytes, *overlays: str) -> tuple[Finding, ...]:
    """The findings of a spec that must not load."""
    with pytest.raises(SpecError) as caught:
        load(text, *overlays)
    return caught.value.findings


def changed(old: str, new: str) -> str:
    """The full spec with one place changed."""
    assert FULL.count(old) >= 1, old
    return FULL.replace(old, new, 1)


def test_full_spec_loads() -> None:
    """A spec with every section gives typed, frozen values."""
    spec = load(FULL).spec
    assert spec.metadata.name == "fraud-scorer"
    assert spec.metadata.version == "1.0.0"
    assert spec.metadata.date == "2026-11-01"
    assert spec.metadata.labels == {"domain": "payments"}
    assert spec.model.hyperparameters["grid"] == (1, 2.5)
    assert spec.model.hyperparameters["seed"] is None
    assert spec.tests.golden[0].request.body == {
        "amount": 12.5,
        "country": "NO",
        "items": (1, 2),
        "flag": True,
        "note": None,
    }
    assert spec.tests.golden[0].expect.tolerance == 1e-6
    assert [variant.name for variant in spec.environment.variants] == ["cpu", "cuda12"]
    assert hash(spec) == hash(load(FULL).spec)
    with pytest.raises(ValueError, match="frozen"):
        spec.metadata.name = "other"  # type: ignore[misc]


MINIMAL = """
apiVersion: twinbuild/v1
kind: Release
metadata: {name: m, version: 1.0.0, team: t, owners: [{name: A, email: a@b.example}]}
source: {directory: app}
model: {family: f, version: 1.0.0}
environment: {base: {debian: {suite: bookworm}}, python: "3.11"}
serving: {command: [python3]}
"""


def test_defaults() -> None:
    """A minimal spec has a value for everything else."""
    spec = load(MINIMAL).spec
    assert spec.metadata.date == "commit"
    assert spec.source.target == "/app"
    assert spec.environment.platforms == ("linux/amd64",)
    assert [variant.name for variant in spec.environment.variants] == ["cpu"]
    assert spec.serving.user.uid == 10001
    assert spec.build.compression == "zstd"
    assert spec.governance.approvals == 0


@pytest.mark.parametrize("form", [FULL.encode(), b"\xef\xbb\xbf" + FULL.encode(), FULL.replace("\n", "\r\n").encode()])
def test_line_ends_and_marks_change_nothing(form: bytes) -> None:
    """SP-15: a byte-order mark and CRLF give the same value."""
    assert load(form).spec == load(FULL).spec


CASES: list[dict[str, str]] = json.loads(Path(__file__).with_name("bad_values.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_bad_value(case: dict[str, str]) -> None:
    """Each bad value is refused with its code, at its line and column, with the line's text and a remedy."""
    text = changed(case["replace"], case["by"])
    assert text.count(case["begins_at"]) == 1
    place = text.index(case["begins_at"])
    line = text.count("\n", 0, place) + 1
    column = place - text.rfind("\n", 0, place)
    found = refused(text)
    assert case["code"] in [finding.code for finding in found], render_findings(found)
    where = next(finding.where for finding in found if finding.code == case["code"])
    assert (where.file, where.line, where.column) == ("release.yaml", line, column), render_findings(found)
    excerpt = text.split("\n")[line - 1]
    assert len(where.excerpt) == len(excerpt)
    assert all(shown in ("*", written) for shown, written in zip(where.excerpt, excerpt, strict=True))
    assert all(finding.hint for finding in found)


def test_suggestion() -> None:
    """SP-03: a misspelled key is answered with the key that was meant."""
    finding = refused(changed("dependencies:\n", "dependancies:\n"))[0]
    assert finding.hint == "did you mean 'dependencies'?"


def test_all_findings_at_once() -> None:
    """Independent mistakes are all reported, in the order of the file."""
    text = changed("version: 1.0.0", "version: 3.10")
    text = (
        text.replace("team: risk", "team: 5").replace("uid: 10001", "uid: 1").replace("approvals: 1", "approvals: -1")
    )
    found = refused(text)
    assert [finding.code for finding in found] == ["TB1107", "TB1107", "TB1105", "TB1105"]
    assert [finding.where.pointer for finding in found] == [
        "/metadata/version",
        "/metadata/team",
        "/serving/user/uid",
        "/governance/approvals",
    ]


def test_other_version_silences_the_rest() -> None:
    """SP-28: the rules of another version are unknown, so nothing else is said."""
    text = changed("apiVersion: twinbuild/v1", "apiVersion: twinbuild/v99").replace("team: risk", "crew: risk")
    assert [finding.code for finding in refused(text)] == ["TB1113"]


SECRETS = [
    ("AWS key", "LOG_LEVEL: info", "LOG_LEVEL: AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("comment", "build: {comp", "# AKIAIOSFODNN7EXAMPLE\nbuild: {comp", "AKIAIOSFODNN7EXAMPLE"),
    ("password", "LOG_LEVEL: info", "DB_PASSWORD: hunter2", "hunter2"),
    ("unknown key", "kind: Release", "kind: Release\npassword: hunter2", "hunter2"),
    ("address", "https://git.example/risk", "https://ada:hunter2@git.example/risk", "hunter2"),
    ("argument", '"8000"]', '"8000", --password=hunter2]', "hunter2"),
    ("two arguments", '"8000"]', '"8000", --password, hunter2]', "hunter2"),
    ("token", "LOG_LEVEL: info", "API_TOKEN: 9fK2mQ7xW4vB8nZ1", "9fK2mQ7xW4vB8nZ1"),
    ("web token", "LOG_LEVEL: info", "X: eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSM", "SflKxwRJSM"),
    ("knob", "{name: deadline, type: duration, unit: ms, default: 250ms, minimum: 1ms, maximum: 10s",
     "{name: db_password, type: string, default: hunter2", "hunter2"),
    ("hyper-parameter", "max_depth: 3", "max_depth: 3, api_key: hunter2", "hunter2"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "secret"), [case[1:] for case in SECRETS], ids=[case[0] for case in SECRETS])
def test_secret_is_refused_and_masked(old: str, new: str, secret: str) -> None:
    """SP-26: a secret in the spec is refused, and no output shows it."""
    found = refused(changed(old, new))
    assert "TB1111" in [finding.code for finding in found]
    assert secret not in str(found)
    assert secret not in render_findings(found)
    assert secret not in str(findings_json(found))


def test_private_key_is_masked_in_every_line() -> None:
    """SP-26: the lines of a key are masked, also where the YAML around them is broken."""
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKB"
    text = f"key: |\n  -----BEGIN PRIVATE KEY-----\n  {body}\nbad: [\n  {body}\n}}\n"
    found = refused(text)
    assert {"TB1111", "TB1005"} <= {finding.code for finding in found}
    assert body not in render_findings(found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max_depth: 3", 'max_depth: 3, pad_token: "<pad>", max_tokens: 512, eos_token: "</s>", token: cls'),
        ("LOG_LEVEL: info", "TOKENIZER_PATH: /models/tokenizer.json"),
        ("LOG_LEVEL: info", "DB_PASSWORD_FILE: /run/secrets/db"),
        ("LOG_LEVEL: info", "SECRET_NAME: scorer"),
        ("LOG_LEVEL: info", f"MODEL_DIGEST: {DIGEST}"),
        ("{key: gpu,", "{key: nvidia.com/gpu,"),
        ("description: Scores card payments.", "description: The password is kept elsewhere, as is the secret token."),
        ("message: Too low.", 'message: "stop_token == 2048"'),
    ],
)
def test_no_false_alarm(old: str, new: str) -> None:
    """SP-26: digests, tokens of a tokenizer, paths and names of secrets are no secrets."""
    load(changed(old, new))


def test_provenance() -> None:
    """Each value knows its file, line and pointer, after a merge too."""
    loaded = load(FULL, "metadata: {team: fraud}\n")
    where = loaded.where("metadata", "team")
    assert (where.file, where.line, where.column, where.pointer) == ("overlay0.yaml", 1, 18, "/metadata/team")
    assert where.excerpt == "metadata: {team: fraud}"
    assert loaded.where("serving", "ports", 0, "port").pointer == "/serving/ports/0/port"
    assert loaded.where("serving", "user", "nothing").pointer == "/serving/user"


def test_many_findings_are_cut() -> None:
    """More than a hundred findings end with one that says so."""
    text = FULL + "".join(f"key{number}: 1\n" for number in range(300))
    found = refused(text)
    assert len(found) == 101
    assert found[-1].code == "TB1128"


NAUGHTY: list[str] = json.loads(Path(__file__).with_name("naughty.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_text_quoted(text: str) -> None:
    """SP-34: any quoted text in a free-text field is kept as it is."""
    quoted = "'" + text.replace("'", "''") + "'"
    spec_text = changed("description: Scores card payments.", f"description: {quoted}")
    spec_text = spec_text.replace("guidance: Raise it slowly.", f"guidance: {quoted}")
    spec_text = spec_text.replace("summary: Scores payments.", f"summary: {quoted}")
    spec = load(spec_text).spec
    card = spec.model.card
    assert card is not None
    assert (spec.metadata.description, spec.configuration.parameters[0].guidance, card.summary) == (text, text, text)


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_text_unquoted(text: str) -> None:
    """SP-34: without quotes it is the same text, or it is refused: never another value, never a traceback."""
    try:
        kept = load(changed("description: Scores card payments.", f"description: {text}")).spec.metadata.description
    except SpecError as error:
        kept = None if render_findings(error.findings) else ""
    assert kept in (None, text)


@pytest.mark.parametrize(
    ("text", "code"), [("", "TB1012"), ("# nothing\n", "TB1012"), ("[]\n", "TB1013"), ("x\n", "TB1013")]
)
def test_no_mapping(text: str, code: str) -> None:
    """SP-01: an empty file or comments alone are TB1012, a list or a scalar TB1013."""
    assert [finding.code for finding in refused(text)] == [code]
