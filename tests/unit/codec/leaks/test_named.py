"""``codec.leaks.named``: what a name, a place or the form of a file says to be a secret, and what only looks so."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator

import pytest

from twinbuild.codec.leaks.named import NAMED

_LOT = random.Random(20261127)
KEY, WORD = "k7Qp2xLm9vRt4sWz8nBcY3hJ", "Tr0ub4dor&3xQ"
HEX = _LOT.randbytes(16).hex()
CASES = {
    "YAML": ("a.yaml", f"api_key: {KEY}"),
    "a password in YAML": ("a.yaml", f"  password: {WORD}  # of the database"),
    "a password in quotes": ("a.json", json.dumps({"password": WORD})),
    "a script": ("a.sh", f"export API_TOKEN={KEY}"),
    "a Dockerfile": ("Dockerfile", f"ENV A=b API_TOKEN={KEY}"),
    "a Dockerfile of old": ("Dockerfile", f"ENV API_TOKEN {KEY}"),
    "properties": ("application.properties", f"spring.datasource.password={WORD}"),
    "TOML": ("config.toml", f'db_password = "{WORD}"'),
    "Rails": ("secrets.yml", f"secret_key_base: {HEX}{HEX}"),
    "Kubernetes": ("s.yaml", f"kind: Secret\ndata:\n  password: {base64.b64encode(WORD.encode()).decode()}"),
    "an argument": ("a.py", f'connect(host="db", password="{WORD}")'),
    "hexadecimal": ("a.json", json.dumps({"client_secret": HEX})),
    "an environment": ("a.py", f'os.environ["OPENAI_API_KEY"] = "{KEY}"'),
    "a default": ("a.py", f'os.getenv("API_KEY", "{KEY}")'),
    "a notebook": ("a.ipynb", json.dumps({"source": [f'api_key = "{KEY}"\n']})),
    "JSON in JSON": ("a.json", json.dumps({"x": json.dumps({"api_key": KEY})})),
    "Go": ("a.go", f'password := "{WORD}"'),
    "a template of JavaScript": ("a.js", f"const apiKey = `{KEY}`"),
    "a comparison": ("a.py", f'if password == "{WORD}":'),
    "an element": ("a.xml", f"<db:password>{WORD}</db:password>"),
    "an attribute": ("a.config", f'<add key="DbPassword" value="{WORD}"/>'),
    "a variable of a pod": ("a.yaml", f"- name: DB_PASSWORD\n  value: {WORD}"),
    "a connection": ("a.py", f'"Server=db;User Id=sa;Password={WORD.replace("&", "!")};"'),
    "a query": ("a.py", f'get("https://a.corp/x?api_key={KEY}")'),
    "curl": ("a.md", f"curl -sS -u admin:{WORD} https://db.corp/"),
    "a header of curl": ("a.md", f'curl -H "X-Api-Key: {KEY}" https://a.corp'),
    "GitLab's header": ("a.md", f"PRIVATE-TOKEN: {KEY}"),
    "an option": ("a.md", f"mysql --password={WORD} -h db"),
    "sshpass": ("a.md", f"sshpass -p {WORD} ssh a@b"),
    "a login": ("a.md", f"docker login -u ci -p {WORD} r.corp"),
    "a token in an address": ("a.txt", f"git+https://{KEY}@git.corp/a/b"),
    "Kaggle": ("home/.kaggle/kaggle.json", json.dumps({"username": "ada", "key": HEX})),
    "a web key": ("a.json", json.dumps({"kty": "EC", "crv": "P-256", "x": "a" * 43, "d": KEY + KEY[::-1]})),
    "a web key, its private part first": ("a.json", json.dumps({"d": KEY + KEY[::-1], "x": "a" * 43, "kty": "EC"})),
    "a shared web key": ("a.json", json.dumps([{"k": KEY + KEY[::-1], "kty": "oct"}])),
    "a web key of RSA": ("a.json", json.dumps({"d": KEY * 28, "n": "b" * 683, "p": "c" * 1710, "kty": "RSA"})),
    "a session": ("credentials", f"aws_session_token={base64.b64encode(_LOT.randbytes(240)).decode()}"),
    "users of a server": (".htpasswd", "ada:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00"),
    "a key in DER": ("k.der", bytes.fromhex("302e020100300506032b657004220420").decode("latin-1") + KEY + KEY),
    "a store of keys": ("k.jks", "\xfe\xed\xfe\xed" + KEY + KEY),
}
NONE = {
    "a reference": ("a.yaml", "password: ${DATABASE_PASSWORD}\ntoken: $(TOKEN)\nsecret: {{ .Values.secret1A }}"),
    "a name of a secret": (
        "a.yaml",
        "secret: scorer-credentials-v2\nsecret: fraud-scorer-token-2026-11\nsecretName: db-Password-2024x1",
    ),
    "a path": ("a.yaml", "password: /run/secrets/Password1\ntoken: projects/risk/secrets/Token2x/versions/1"),
    "where it is kept": (
        "a.yaml",
        (
            "token: arn:aws:secretsmanager:eu-central-1:111122223333:secret:scorer-a1B2c3#token\n"
            "token: https://risk.vault.azure.net/secrets/Scorer1/9f86d081884c7d659a2feaa0c55ad015\n"
            "token: op://Prod1/Scorer-DB/password2\ntoken: /run/secrets/Db1_Password2\ntoken: env:DATABASE_TOKEN_V2x1\n"
            "token: secret/data/Scorer1/Prod2#Key3\ntoken: '@Microsoft.KeyVault(SecretUri=https://r.vault/secrets/S1/9f)'"
        ),
    ),
    "a digest of it": ("a.yaml", f"token: sha256:{HEX}{HEX}"),
    "an expression": ("a.py", "password = settings.Database_1.password2\ntoken=Tokens2.next(A1)"),
    "an expression in quotes": ("a.py", 'password = "self.Config2.password"'),
    "a stand-in": ("a.ini", "password = <Your_Passw0rd>\npassword = Passw0rd!\ntoken = changeme1234567890ABC"),
    "encrypted by sops": ("a.yaml", "password: ENC[AES256_GCM,data:p673w==,iv:YYk2,aad:UQ9=,tag:Ax=]"),
    "words": ("a.yaml", "password: correct-Horse-1\ntoken: end_of_text_2_of_the_tokenizer"),
    "a licence": ("a.json", '{"license_key": "activestate-community-2012"}'),
    "a fingerprint": ("a.md", f"signing-key: '{HEX}{HEX[:8]}'"),
    "an identifier": ("a.yaml", "client_secret: 6f2b7c62-94be-4b3e-a7c4-0dc7d3d50a11"),
    "code outside of configuration": ("a.py", f"password={WORD}"),
    "beside a public web key": (
        "a.json",
        json.dumps([{"kty": "EC", "x": KEY * 2}, {"d": KEY + KEY[::-1]}, {"kty": "EC", "x": KEY * 2}]),
    ),
    "a public web key": ("a.json", json.dumps({"kty": "EC", "crv": "P-256", "x": KEY * 2, "y": KEY * 2})),
    "a certificate": ("k.der", "\x30\x82\x01\x0a\x30\x82\x01\x0a\xa0\x03\x02\x01\x02" + KEY),
    "compiled code": ("a.pyc", "machine a login b password )r\xb2\x00\x00\x00r1"),
}


def _kinds(path: str, text: str) -> Iterator[str]:
    content = text.encode("latin-1")
    for rule in NAMED:
        matches = [match for match in rule.form.finditer(content) if rule.judge(match)]
        if matches and (rule.files is None or rule.files.search(path)):
            assert any(trigger in content.lower() for trigger in rule.triggers), rule.kind
            yield rule.kind


@pytest.mark.parametrize("name", CASES)
def test_found(name: str) -> None:
    """Wherever people write them: configuration, code, notebooks, commands."""
    assert list(_kinds(*CASES[name]))


@pytest.mark.parametrize("name", NONE)
def test_none(name: str) -> None:
    """References, names, paths, expressions, words, public halves."""
    assert list(_kinds(*NONE[name])) == []
