"""Secrets of every known kind, made by lot for each run of a seed: none lies in a file of this repository."""

from __future__ import annotations

import base64
import json
import random
import string
from typing import Final

__all__ = ["leaks"]

_ALNUM: Final = string.ascii_letters + string.digits
_HEX: Final = "0123456789abcdef"
_BASE64: Final = _ALNUM + "+/"
_URL: Final = _ALNUM + "_-"
_BASE32: Final = string.ascii_uppercase + "234567"


def leaks(seed: int) -> dict[str, tuple[str, str, str]]:
    """By name: the kind that must be found, the name of the file that it lies in, and the text there."""
    lot = random.Random(seed)

    def some(count: int, letters: str = _ALNUM) -> str:
        return "".join(lot.choice(letters) for _ in range(count))

    def b64(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    def url64(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    def pem(kind: str) -> str:
        lines = "\n".join(some(64, _BASE64) for _ in range(12))
        return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----\n"

    token = "".join([url64({"alg": "HS256", "typ": "JWT"}), ".", url64({"sub": some(8)}), ".", some(43, _URL)])
    upper = string.ascii_uppercase + string.digits
    return {
        "AWS key": ("aws-access-key", "app/s3.py", f'KEY = "AKIA{some(16, _BASE32)}"'),
        "AWS session key": ("aws-access-key", "env.sh", f"export AWS_ACCESS_KEY_ID=ASIA{some(16, _BASE32)}"),
        "AWS secret": ("aws-secret-key", ".aws/credentials", f"aws_secret_access_key = {some(40, _BASE64)}"),
        "AWS secret in JSON": ("aws-secret-key", "a.json", json.dumps({"SecretAccessKey": some(40, _BASE64)})),
        "Google key": ("google-api-key", "a.js", f"key=AIza{some(35, _URL)}"),
        "Google client": ("google-oauth", "a.json", f'"client_secret":"GOCSPX-{some(28, _URL)}"'),
        "Google account": (
            "google-service-account",
            "key.json",
            json.dumps({"type": "service_account", "private_key_id": some(40, _HEX)}),
        ),
        "Google account's key": ("private-key", "key.json", json.dumps({"private_key": pem("")})),
        "Azure storage": ("azure-storage-key", "a.ini", f"AccountName=a;AccountKey={some(86, _BASE64)}==;Endpoint=x"),
        "Azure signature": (
            "azure-sas",
            "a.txt",
            f"https://a.blob.core.windows.net/c/f?sv=2022-11-02&sr=b&sig={some(43)}%3D",
        ),
        "Azure client": ("azure-client-secret", "a.py", f'secret = "{some(3)}8Q~{some(33)}"'),
        "DigitalOcean": ("digitalocean-token", "a.tf", f"dop_v1_{some(64, _HEX)}"),
        "Databricks": ("databricks-token", "a.cfg", f"token = dapi{some(32, _HEX)}"),
        "Vault": ("vault-token", "a.sh", f"VAULT_TOKEN=hvs.{some(90, _URL)}"),
        "Terraform": ("terraform-token", ".terraformrc", f'token = "{some(14)}.atlasv1.{some(67, _URL)}"'),
        "GitHub": ("github-token", "a.yaml", f"token: ghp_{some(36)}"),
        "GitHub app": ("github-token", "a.yaml", f"token: ghs_{some(36)}"),
        "GitHub fine": ("github-token", "a.yaml", f"token: github_pat_{some(22)}_{some(59)}"),
        "GitLab": ("gitlab-token", ".gitlab-ci.yml", f"TOKEN: glpat-{some(20, _URL)}"),
        "npm": ("npm-token", ".npmrc", f"//npm.example/:_authToken=npm_{some(36)}"),
        "npm by name": ("npm-auth", ".npmrc", f"//npm.corp/:_authToken={some(40, _HEX)}"),
        "PyPI": (
            "pypi-token",
            ".pypirc",
            f"[pypi]\nusername = __token__\npassword = pypi-AgEIcHlwaS5vcmc{some(120, _URL)}",
        ),
        "index's password": ("password-file", "home/.pypirc", f"[corp]\nusername: ci\npassword: {some(9)}7q!"),
        "Docker Hub": ("docker-token", "a.sh", f"docker login -p dckr_pat_{some(27, _URL)}"),
        "Slack": ("slack-token", "a.py", f'"xoxb-{some(12, string.digits)}-{some(12, string.digits)}-{some(24)}"'),
        "Slack hook": (
            "slack-webhook",
            "a.py",
            f"https://hooks.slack.com/services/T{some(10, upper)}/B{some(10, upper)}/{some(24)}",
        ),
        "Telegram": ("telegram-token", "a.py", f"bot{some(9, string.digits)}:AA{some(33, _URL)}"[3:]),
        "Stripe": ("stripe-key", "a.rb", f"sk_live_{some(24)}"),
        "Stripe hook": ("stripe-key", "a.rb", f"whsec_{some(32)}"),
        "SendGrid": ("sendgrid-key", "a.py", f"SG.{some(22, _URL)}.{some(43, _URL)}"),
        "Shopify": ("shopify-token", "a.py", f"shpat_{some(32, _HEX)}"),
        "Grafana": ("grafana-token", "a.py", f"glsa_{some(32)}_{some(8, _HEX)}"),
        "Hugging Face": ("huggingface-token", "a.py", f'login("hf_{some(34)}")'),
        "OpenAI": ("openai-key", "a.py", f'client(api_key="sk-proj-{some(74, _ALNUM)}")'),
        "OpenAI of old": ("openai-key", "a.py", f"sk-{some(20)}T3BlbkFJ{some(20)}"),
        "Anthropic": ("anthropic-key", ".env", f"ANTHROPIC_API_KEY=sk-ant-api03-{some(95)}"),
        "Replicate": ("replicate-token", "a.py", f"r8_{some(37)}"),
        "Groq": ("groq-key", "a.py", f"gsk_{some(52)}"),
        "NVIDIA": ("nvidia-key", "a.py", f"nvapi-{some(64, _URL)}"),
        "Weights & Biases": ("wandb-key", "a.sh", f"WANDB_API_KEY={some(40, _HEX)}"),
        "RSA": ("private-key", "a.pem", pem("RSA ")),
        "PKCS 8": ("private-key", "a.pem", pem("")),
        "encrypted": ("private-key", "a.pem", pem("ENCRYPTED ")),
        "SSH": ("private-key", ".ssh/id_ed25519", pem("OPENSSH ")),
        "in a literal": ("private-key", "a.py", f"KEY = {pem('EC ')!r}"),
        "kubeconfig": ("encoded-private-key", "kubeconfig", f"client-key-data: {b64(pem('RSA '))}"),
        "age": ("age-key", "keys.txt", f"AGE-SECRET-KEY-1{some(58, upper)}"),
        "web token": ("json-web-token", "a.http", f"Authorization: Bearer {token}"),
        "netrc": ("netrc", ".netrc", f"machine host.corp login ci password {some(12)}"),
        "netrc on lines": ("netrc", "_netrc", f"machine host.corp\n  login ci\n  password {some(12)}\n"),
        "Docker": ("registry-login", "config.json", json.dumps({"auths": {"r.corp": {"auth": b64(f"ci:{some(14)}")}}})),
        "pgpass": ("pgpass", "home/.pgpass", f"db.corp:5432:risk:scorer:{some(14)}\n"),
        "address": ("credentials-in-address", "a.cfg", f"postgresql+psycopg://scorer:{some(14)}@db.corp:5432/risk"),
        "index's address": ("credentials-in-address", "pip.conf", f"https://ci:{some(14)}@pypi.corp/simple"),
        "header": ("authorization", "a.py", f'{{"Authorization": "Bearer {some(40)}"}}'),
        "Basic": ("basic-authorization", "a.http", f"Authorization: Basic {b64(f'ci:{some(12)}')}"),
        "named": ("assigned-secret", "a.py", f'DATABASE_PASSWORD = "{some(30)}"'),
        "named in YAML": ("assigned-secret", "a.yaml", f"  api-key: '{some(32)}'"),
    }
