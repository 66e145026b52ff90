"""``codec.mask``: what looks like a secret, and what does not."""

from __future__ import annotations

import base64
import random

import pytest

from twinbuild.codec.mask import find_credentials, looks_secret, mask, mask_path


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
        "ghp_" + "a1B2" * 9,
        "glpat-" + "a1B2" * 5,
        "xoxb-1234567890-abc",
        "AIza" + "a1B2c" * 7,
        "hf_" + "a1B2" * 9,
        "sk-proj-" + "a1B2" * 6,
        "https://user:hunter2@host.example/x",
        "postgresql://svc:hunter2@db.example/x",
        "Authorization: Bearer abcdef0123456789abcdef",
        "mysql --password=hunter2",
        "dsn?password=hunter2",
    ],
)
def test_shapes(text: str) -> None:
    """Known kinds of credentials are found and masked at their length."""
    assert find_credentials(f"x {text} y")
    masked = mask(text)
    assert masked != text
    assert len(masked) == len(text)
    assert "hunter2" not in masked


@pytest.mark.parametrize(
    "text",
    [
        "0123456789abcdef" * 4,
        "sha256:" + "0123456789abcdef" * 4,
        "https://git.example/risk/fraud-scorer",
        "ssh://git@git.example/x",
        "sk-learn-extra-components-of-the-team",
        "scikit-learn==1.7.2",
        "risk/scorer#features",
        "models/some/very/long/directory/name/without/any/dot/at/all",
        "password=${DB_PASSWORD}",
        "histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m]))",
        "basic description of the service",
        "bash: /etc/passwd: Read-only file system",
        "PWD=/work",
        "/home/Ada/projects/2026/fraud-scorer/dist/fraud-scorer-1-0-0/image",
        "LicenseRef-Intel-Simplified-Software-License-October-2022",
        "LicenseRef-debian-e2fsprogs-GPL-2-plus-with-Texinfo-exception",
    ],
)
def test_no_false_alarm(text: str) -> None:
    """Digests, paths, names and references are none, and messages show them."""
    assert not find_credentials(text)
    assert mask(text) == text or "${" in text


def test_chance_is_no_name() -> None:
    """Random texts of the URL's own alphabet, which has hyphens, are masked."""
    chance = random.Random(7)
    for _ in range(2000):
        text = base64.urlsafe_b64encode(chance.randbytes(36)).decode() + "0aA"
        assert mask(text) == "*" * len(text)
        assert mask(f"/{text}") == "*" * (len(text) + 1)


@pytest.mark.parametrize(
    ("key", "value", "secret"),
    [
        ("password", "hunter2", True),
        ("DB_PASSWORD", "x", True),
        ("dbPassword", "x", True),
        ("api_key", "x", True),
        ("awsSecretAccessKey", "x", True),
        ("token", "9fK2mQ7xW4vB8nZ1", True),
        ("token", "cls", False),
        ("pad_token", "<pad>", False),
        ("max_tokens", "512", False),
        ("key", "kubernetes.io/arch", False),
        ("password_file", "/run/secrets/x", False),
        ("PASSWORD", "${PASSWORD}", False),
        ("secret_name", "scorer", False),
        ("tokenizer", "9fK2mQ7xW4vB8nZ1", False),
        ("description", "hunter2", False),
        ("", "x", False),
    ],
)
def test_keys(key: str, value: str, secret: bool) -> None:
    """A key's words say whether its value is a secret."""
    assert looks_secret(key, value) is secret


def test_known_secrets_are_masked_anywhere() -> None:
    """A secret that was found in one place is hidden in every text."""
    assert mask("got 'hunter2' here", ("hunter2",)) == "got '*******' here"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/alice/Projects2/models/fraudscorer/release/key.pub", None),
        ("dist/fraud-scorer-1.0.0/manifest.json", None),
        ("keys/ghp_" + "a1" * 18, "keys/" + "*" * 40),
        ("https://me:hunter22@example.com/x", "https://***********@example.com/x"),
        ("https:/me:hunter22@example.com/x", "https:/***********@example.com/x"),
        ("keys/MC4CAQAwBQYDK2VwBCIEIHIsYtmFqcTRDW0kv1dZk7p8", "keys/" + "*" * 44),
        ("password=hunter22/key", "password=************"),
    ],
)
def test_a_path(path: str, shown: str | None) -> None:
    """A secret in the place of a path is not shown; a path with long names, digits and capitals is."""
    assert mask_path(path) == (shown or path)
