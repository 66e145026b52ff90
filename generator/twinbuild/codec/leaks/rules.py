"""The forms of secrets that are known: of clouds, code hosts, package indexes, chat, payment, models; keys and files.

Each is looked for where one of its triggers stands, a byte string in lower case, so that most files are passed over by
searches for fixed texts. Forms are bounded: none takes more than linear time. Where a vendor's tokens say what they
are, that decides; else what stands beside them, and whether they look drawn by lot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.leaks.judge import (
    Judge,
    any_value,
    is_access_key,
    is_credentials,
    is_json_web_token,
    is_key,
    is_literal,
    is_password,
    is_random,
    is_secret_key,
)

__all__ = ["RULES", "VERSION", "Rule"]

VERSION: Final = 2  # rises with whatever changes what is found

_B: Final = r"(?<![A-Za-z0-9_])"  # a form begins where no word goes on
_E: Final = r"(?![A-Za-z0-9_])"
_ENVIRONMENT: Final = r"(?:[\w-]{1,100}\.env|\.?env(?:\.[a-z]+)?)"  # .env, .env.local, production.env


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A kind of secret: its name for exceptions, what people call it, its triggers, its form, and who judges.

    ``files`` is a form of the names of files that it is about; None: all.
    """

    kind: str
    title: str
    triggers: tuple[bytes, ...]
    form: re.Pattern[bytes]
    judge: Judge
    files: re.Pattern[str] | None = None


def _rule(kind: str, title: str, triggers: str, form: str, judge: Judge = is_random, *, files: str = "") -> Rule:
    return Rule(
        kind=kind,
        title=title,
        triggers=tuple(triggers.encode().split()),
        form=re.compile(form.encode()),
        judge=judge,
        files=re.compile(files) if files else None,
    )


def _clouds() -> Iterator[Rule]:
    yield _rule(
        "aws-access-key", "an AWS access key", "akia asia", _B + r"(?:AKIA|ASIA)[A-Z2-7]{16}" + _E, is_access_key
    )
    yield _rule(
        "aws-secret-key",
        "an AWS secret access key",
        "secret",
        r"(?i:secret_?access_?key|aws_?secret(?:_?key)?)[\"']?\s{0,4}[:=]{1,2}>?\s{0,4}[\"']?"
        r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    )
    yield _rule("google-api-key", "a Google API key", "aiza", _B + r"AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])")
    yield _rule(
        "google-oauth", "a Google OAuth secret", "gocspx- ya29.", _B + r"(?:GOCSPX-[\w-]{28}|ya29\.[\w-]{40,400})"
    )
    yield _rule(
        "google-service-account",
        "a Google service account's key",
        "private_key_id",
        r"\"private_key_id\"\s{0,4}:\s{0,4}\"(?P<secret>[0-9a-f]{40})\"",
    )
    yield _rule(
        "azure-storage-key", "an Azure storage key", "accountkey=", r"(?i:AccountKey=)(?P<secret>[A-Za-z0-9+/]{86}==)"
    )
    yield _rule(
        "azure-sas",
        "an Azure shared access signature",
        "sig=",
        r"[?&]s[vre]=[^\s\"'<>]{1,300}&sig=(?P<secret>[A-Za-z0-9%+/]{40,70}(?:%3[Dd]|=))",
    )
    yield _rule(
        "azure-client-secret", "an Azure client secret", "8q~", r"(?<![\w~.-])[\w~.-]{3}8Q~[\w~.-]{31,34}(?![\w~.-])"
    )
    yield _rule("digitalocean-token", "a DigitalOcean token", "_v1_", _B + r"do[opr]_v1_[0-9a-f]{64}" + _E)
    yield _rule("databricks-token", "a Databricks token", "dapi", _B + r"dapi[0-9a-f]{32}(?:-\d)?" + _E)
    yield _rule("vault-token", "a Vault token", "hvs. hvb. hvr.", _B + r"hv[sbr]\.[A-Za-z0-9_-]{24,300}")
    yield _rule("terraform-token", "a Terraform token", ".atlasv1.", _B + r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}")
    yield _rule("pulumi-token", "a Pulumi token", "pul-", _B + r"pul-[0-9a-f]{40}" + _E)
    yield _rule("cloudflare-origin", "a Cloudflare origin key", "v1.0-", _B + r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}" + _E)


def _code_hosts() -> Iterator[Rule]:
    yield _rule(
        "github-token",
        "a GitHub token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        _B + r"(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})" + _E,
    )
    yield _rule(
        "gitlab-token",
        "a GitLab token",
        "glpat- gldt- glrt- glptt- glcbt- glft- glimt- glagent- gloas- glsoat- gr1348941",
        _B + r"(?:gl(?:pat|dt|rt|ptt|cbt|ft|imt|agent|oas|soat)-|GR1348941)[A-Za-z0-9_.-]{20,300}",
    )
    yield _rule("atlassian-token", "an Atlassian token", "atatt3", _B + r"ATATT3[A-Za-z0-9_=-]{60,400}")
    yield _rule("npm-token", "an npm token", "npm_", _B + r"npm_[A-Za-z0-9]{36}" + _E)
    yield _rule(
        "npm-auth",
        "an npm credential",
        "_authtoken _auth=",
        r":_auth(?:Token)?\s{0,4}=\s{0,4}(?P<secret>[^\s\"'$]{16,400})",
    )
    yield _rule(
        "pypi-token",
        "a PyPI token",
        "pypi-age",
        _B + r"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZ)[A-Za-z0-9_-]{50,1000}",
    )
    yield _rule("rubygems-token", "a RubyGems token", "rubygems_", _B + r"rubygems_[0-9a-f]{48}" + _E)
    yield _rule("docker-token", "a Docker Hub token", "dckr_", _B + r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,40}")
    yield _rule("artifactory-token", "an Artifactory token", "akcp", _B + r"AKCp[A-Za-z0-9]{60,80}" + _E)


def _services() -> Iterator[Rule]:
    yield _rule(
        "slack-token",
        "a Slack token",
        "xox xapp-",
        _B + r"(?:xox[abeoprs]-(?:[0-9]+-)[A-Za-z0-9-]{10,250}|xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{20,100})",
    )
    yield _rule(
        "slack-webhook",
        "a Slack webhook",
        "hooks.slack.com",
        r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[A-Z0-9]{8,14}/[A-Z0-9]{8,14}/[A-Za-z0-9/]{20,80})",
    )
    yield _rule(
        "discord-webhook",
        "a Discord webhook",
        "/api/webhooks/",
        r"discord(?:app)?\.com/api/webhooks/\d{17,20}/(?P<secret>[\w-]{60,72})",
    )
    yield _rule(
        "telegram-token", "a Telegram bot's token", ":aa", r"(?<![0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"
    )
    yield _rule(
        "stripe-key",
        "a Stripe key",
        "k_live_ k_test_ whsec_",
        _B + r"(?:[rs]k_(?:live|test)_[0-9A-Za-z]{16,250}|whsec_[A-Za-z0-9+/=]{32,80})",
    )
    yield _rule(
        "square-token",
        "a Square token",
        "sq0csp- sq0atp- eaaa",
        _B + r"(?:sq0(?:csp|atp)-[\w-]{22,43}|EAAA[\w-]{60})(?![\w-])",
    )
    yield _rule(
        "shopify-token",
        "a Shopify token",
        "shpat_ shpca_ shppa_ shpss_",
        _B + r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}" + _E,
    )
    yield _rule("sendgrid-key", "a SendGrid key", "sg.", _B + r"SG\.[\w-]{22}\.[\w-]{43}(?![\w-])")
    yield _rule("mailgun-key", "a Mailgun key", "key-", _B + r"key-[0-9a-f]{32}" + _E)
    yield _rule(
        "twilio-key",
        "a Twilio key",
        "twilio",
        r"(?i:twilio[\w.\"' ]{0,40}[:=]\s{0,4}[\"']?)(?P<secret>(?:SK)?[0-9a-f]{32})" + _E,
    )
    yield _rule("newrelic-key", "a New Relic key", "nrak- nraa-", _B + r"NRA[AK]-[A-Z0-9]{27}" + _E)
    yield _rule(
        "grafana-token",
        "a Grafana token",
        "glsa_ glc_",
        _B + r"(?:glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/=]{32,400})",
    )
    yield _rule(
        "sentry-token", "a Sentry token", "sntrys_ sntryu_", _B + r"(?:sntrys_[\w=+/]{60,400}|sntryu_[0-9a-f]{64})"
    )
    yield _rule("linear-key", "a Linear key", "lin_api_", _B + r"lin_api_[A-Za-z0-9]{40}" + _E)
    yield _rule("doppler-token", "a Doppler token", "dp.", _B + r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9.]{40,80}")


def _models() -> Iterator[Rule]:
    yield _rule(
        "huggingface-token",
        "a Hugging Face token",
        "hf_ api_org_",
        _B + r"(?:hf_[A-Za-z0-9]{34,40}|api_org_[A-Za-z]{34})" + _E,
    )
    yield _rule(
        "openai-key",
        "an OpenAI key",
        "sk-proj- sk-svcacct- sk-admin- t3blbkfj",
        r"(?<![\w-])(?:sk-(?:proj|svcacct|admin)-[\w-]{40,250}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})(?![\w-])",
    )
    yield _rule("anthropic-key", "an Anthropic key", "sk-ant-", r"(?<![\w-])sk-ant-(?:api|admin|oat)\d\d-[\w-]{80,250}")
    yield _rule("openrouter-key", "an OpenRouter key", "sk-or-v1-", r"(?<![\w-])sk-or-v1-[0-9a-f]{64}" + _E)
    yield _rule("replicate-token", "a Replicate token", "r8_", _B + r"r8_[A-Za-z0-9]{37}" + _E)
    yield _rule("groq-key", "a Groq key", "gsk_", _B + r"gsk_[A-Za-z0-9]{52}" + _E)
    yield _rule("perplexity-key", "a Perplexity key", "pplx-", _B + r"pplx-[A-Za-z0-9]{48}" + _E)
    yield _rule("nvidia-key", "an NVIDIA key", "nvapi-", _B + r"nvapi-[\w-]{60,80}")
    yield _rule(
        "wandb-key",
        "a Weights & Biases key",
        "wandb",
        r"(?i:wandb[\w.]{0,20}key[\"']?\s{0,4}[:=]\s{0,4}[\"']?)(?P<secret>[0-9a-f]{40})" + _E,
    )


def _keys() -> Iterator[Rule]:
    yield _rule(
        "private-key",
        "a private key",
        "private",
        r"-----BEGIN (?:[A-Z0-9]{2,12} )?PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<secret>(?:[A-Za-z0-9+/=:, \"']|-(?!----)|\\[nr\r\n]|[\r\n\t]){64,20000})",
        is_key,
    )
    yield _rule(
        "encoded-private-key",
        "a private key in base64",
        "ls0tls1crudjti",  # -----BEGIN
        r"LS0tLS1CRUdJTi(?:[A-Za-z0-9+/]{1,20}?)(?:BSSVZBVEUgS0VZ|QUklWQVRFIEtFW|UFJJVkFURSBLRV)[A-Za-z0-9+/=]{64,}",
        is_key,
    )
    yield _rule(
        "putty-key", "a PuTTY private key", "putty-user-key-file", r"PuTTY-User-Key-File-\d: .{1,200}", any_value
    )
    yield _rule("age-key", "an age secret key", "age-secret-key-1", r"(?i:AGE-SECRET-KEY-1[0-9A-Z]{58})" + _E)
    yield _rule(
        "json-web-token",
        "a JSON web token",
        "eyj",
        r"(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{8,1000}\.eyJ[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{20,1500}",
        is_json_web_token,
    )


def _files() -> Iterator[Rule]:
    yield _rule(
        "netrc",
        "a password of .netrc",
        "password",
        r"machine\s{1,9}(?P<host>\S{1,253})\s{1,9}login\s{1,9}\S{1,200}\s{1,9}password\s{1,9}(?P<secret>[^\s]{4,400})",
        is_password,
    )
    yield _rule(
        "registry-login",
        "a registry's login in Docker's configuration",
        "auth",
        r"\"(?:auth|identitytoken|registrytoken)\"\s{0,4}:\s{0,4}\"(?P<secret>[A-Za-z0-9+/]{8,2000}={0,2})\"",
        is_credentials,
    )
    yield _rule(
        "password-file",
        "a password in a file of logins",
        "password passwd",
        r"(?im:^\s{0,9}(?:export\s{1,4})?[\w.]{0,60}(?:password|passwd)\s{0,9}[:=]\s{0,9})(?P<secret>[^\s#;]{4,400})",
        is_password,
        files=rf"(^|[/!])(\.pypirc|pip\.conf|\.my\.cnf|\.s3cfg|\.boto|{_ENVIRONMENT}|\.git-credentials|\.condarc|\.pgpass)$",
    )
    yield _rule(
        "environment-file",
        "a secret in a file of variables",
        "secret token apikey api_key access_key accesskey",
        r"(?im:^\s{0,9}(?:export\s{1,4})?[\w.]{0,60}(?:secret(?:_?key)?|token|api_?key|access_?key)\s{0,4}=\s{0,4})"
        r"(?P<secret>[^\s\"'#$]{20,400})",
        is_secret_key,
        files=rf"(^|[/!]){_ENVIRONMENT}$",
    )
    yield _rule(
        "pgpass",
        "a password of .pgpass",
        ":",
        r"(?m:^[^:#\n]{1,253}:(?:\d+|\*):[^:\n]{1,99}:[^:\n]{1,99}:(?P<secret>[^\n]{4,400})$)",
        is_password,
        files=r"(^|[/!])\.pgpass$",
    )
    yield _rule(
        "credentials-in-address",
        "credentials in an address",
        "://",
        r"[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[A-Za-z0-9._~%!$&*+,;=-]{0,200}:(?P<secret>[A-Za-z0-9._~%!$&*+,;=?^#-]{4,400})"
        r"@(?P<host>[A-Za-z0-9.-]{1,253}(?::\d{1,5})?)",
        is_password,
    )
    yield _rule(
        "authorization",
        "an authorization header",
        "authorization",
        r"(?i:authorization[\"']?\s{0,4}[:=,]\s{0,4}[\"']?bearer\s{1,4})(?P<secret>[A-Za-z0-9._~+/-]{20,2000}=*)",
        is_literal,
    )
    yield _rule(
        "basic-authorization",
        "an authorization header",
        "authorization",
        r"(?i:authorization[\"']?\s{0,4}[:=,]\s{0,4}[\"']?basic\s{1,4})(?P<secret>[A-Za-z0-9+/]{8,2000}={0,2})",
        is_credentials,
    )
    yield _rule(
        "secret-key",
        "a key with which a service signs",
        "secret_key",
        r"(?i:(?<![A-Za-z0-9])[\w.-]{0,40}secret_key[\"']?\s{0,4}(?:=|:|=>|:=)\s{0,4})[\"'](?P<secret>[!#-&(-~]{20,200})[\"']",
        is_secret_key,
    )
    yield _rule(
        "assigned-secret",
        "a secret under a name that says so",
        "password passwd secret token apikey api_key api-key access_key accesskey",
        r"(?i:(?<![A-Za-z0-9])[\w.-]{0,40}(?:password|passwd|secret|token|api[_-]?key|access[_-]?key)[\"']?\s{0,4}(?:=|:|=>|:=)\s{0,4})"
        r"[\"'](?P<secret>[A-Za-z0-9+/=_.~!@#$%^&*-]{20,200})[\"']",
        is_literal,
    )


RULES: Final = (*_clouds(), *_code_hosts(), *_services(), *_models(), *_keys(), *_files())
