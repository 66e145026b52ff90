"""The forms of secrets that are known: of clouds, code hosts, package indexes, chat, payment, models; keys and files.

Each is looked for where one of its triggers stands, a byte string in lower case, so that most files are passed over by
searches for fixed texts. Forms are bounded: none takes more than linear time. Where a vendor's tokens say what they
are, that decides; else what stands beside them, and whether they look drawn by lot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from twinbuild.codec.leaks.judge import (
    any_value,
    is_access_key,
    is_json_web_token,
    is_key,
    is_private_key,
)
from twinbuild.codec.leaks.named import NAMED
from twinbuild.codec.leaks.prefixes import PREFIXED
from twinbuild.codec.leaks.rule import BEGIN, END, FAR, Rule, rule_of

__all__ = ["RULES", "VERSION", "Rule"]

VERSION: Final = 8  # rises with whatever changes what is found


def _clouds() -> Iterator[Rule]:
    yield rule_of(
        "aws-access-key",
        "an AWS access key",
        "akia asia abia acca",
        BEGIN + r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}" + END,
        is_access_key,
    )
    yield rule_of(
        "aws-secret-key",
        "an AWS secret access key",
        "secret",
        r"(?i:secret_?access_?key|aws_?secret(?:_?key)?)[\"']?\s{0,4}[:=]{1,2}>?\s{0,4}[\"']?"
        r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    )
    yield rule_of("google-api-key", "a Google API key", "aiza", BEGIN + r"AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])")
    yield rule_of(
        "google-oauth", "a Google OAuth secret", "gocspx- ya29.", BEGIN + r"(?:GOCSPX-[\w-]{28}|ya29\.[\w-]{40,400})"
    )
    yield rule_of(
        "google-service-account",
        "a Google service account's key",
        "private_key_id",
        r"\"private_key_id\"\s{0,4}:\s{0,4}\"(?P<secret>[0-9a-f]{40})\"",
    )
    yield rule_of(
        "azure-storage-key", "an Azure storage key", "accountkey=", r"(?i:AccountKey=)(?P<secret>[A-Za-z0-9+/]{86}==)"
    )
    yield rule_of(
        "azure-sas",
        "an Azure shared access signature",
        "sig=",
        r"[?&]s[vre]=[^\s\"'<>]{1,300}&sig=(?P<secret>[A-Za-z0-9%+/]{40,70}(?:%3[Dd]|=))",
    )
    yield rule_of(
        "azure-client-secret",
        "an Azure client secret",
        "7q~ 8q~ 9q~",
        r"(?<![\w~.-])[\w~.-]{3}[7-9]Q~[\w~.-]{31,34}(?![\w~.-])",
    )
    yield rule_of("digitalocean-token", "a DigitalOcean token", "_v1_", BEGIN + r"do[opr]_v1_[0-9a-f]{64}" + END)
    yield rule_of("databricks-token", "a Databricks token", "dapi", BEGIN + r"dapi[0-9a-f]{32}(?:-\d)?" + END)
    yield rule_of("vault-token", "a Vault token", "hvs. hvb. hvr.", BEGIN + r"hv[sbr]\.[A-Za-z0-9_-]{24,300}")
    yield rule_of(
        "terraform-token", "a Terraform token", ".atlasv1.", BEGIN + r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}"
    )
    yield rule_of("pulumi-token", "a Pulumi token", "pul-", BEGIN + r"pul-[0-9a-f]{40}" + END)
    yield rule_of(
        "cloudflare-origin", "a Cloudflare origin key", "v1.0-", BEGIN + r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}" + END
    )


def _code_hosts() -> Iterator[Rule]:
    yield rule_of(
        "github-token",
        "a GitHub token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        BEGIN + r"(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})" + END,
    )
    yield rule_of(
        "gitlab-token",
        "a GitLab token",
        "glpat- gldt- glrt- glptt- glcbt- glft- glimt- glagent- gloas- glsoat- glffct- gr1348941",
        BEGIN + r"(?:gl(?:pat|dt|rt|ptt|cbt|ft|imt|agent|oas|soat|ffct)-|GR1348941)[A-Za-z0-9_.-]{20,300}",
    )
    yield rule_of("atlassian-token", "an Atlassian token", "atatt3", BEGIN + r"ATATT3[A-Za-z0-9_=-]{60,400}")
    yield rule_of("npm-token", "an npm token", "npm_", BEGIN + r"npm_[A-Za-z0-9]{36}" + END)
    yield rule_of(
        "npm-auth",
        "an npm credential",
        ":_auth",
        r":_auth(?:Token)?\s{0,4}=\s{0,4}(?P<secret>[^\s\"'$]{16,400})",
    )
    yield rule_of(
        "pypi-token",
        "a PyPI token",
        "pypi-age",
        BEGIN + r"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZ)[A-Za-z0-9_-]{50,1000}",
        reach=FAR,
    )
    yield rule_of("rubygems-token", "a RubyGems token", "rubygems_", BEGIN + r"rubygems_[0-9a-f]{48}" + END)
    yield rule_of("docker-token", "a Docker Hub token", "dckr_", BEGIN + r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,40}")
    yield rule_of("artifactory-token", "an Artifactory token", "akcp", BEGIN + r"AKCp[A-Za-z0-9]{60,80}" + END)


def _services() -> Iterator[Rule]:
    yield rule_of(
        "slack-token",
        "a Slack token",
        "xox xapp-",
        BEGIN + r"(?:xox[abeoprs]-[0-9]{1,20}-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Z0-9]{1,20}-\d{1,20}-[a-z0-9]{20,100})",
    )
    yield rule_of(
        "slack-webhook",
        "a Slack webhook",
        "hooks.slack.com",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Z0-9]{8,14}/[A-Z0-9]{8,14}/[A-Za-z0-9/]{20,80})",
    )
    yield rule_of(
        "discord-webhook",
        "a Discord webhook",
        "/api/webhooks/",
        r"discord(?:app)?\.com/api/webhooks/\d{17,20}/(?P<secret>[\w-]{60,72})",
    )
    yield rule_of(
        "telegram-token", "a Telegram bot's token", ":aa", r"(?<![0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"
    )
    yield rule_of(
        "stripe-key",
        "a Stripe key",
        "k_live_ k_test_ k_prod_ whsec_",
        BEGIN + r"(?:[rs]k_(?:live|test|prod)_[0-9A-Za-z]{16,250}|whsec_[A-Za-z0-9+/=]{32,80})",
    )
    yield rule_of(
        "square-token",
        "a Square token",
        "sq0csp- sq0atp- eaaa",
        BEGIN + r"(?:sq0(?:csp|atp)-[\w-]{22,43}|EAAA[\w-]{60})(?![\w-])",
    )
    yield rule_of(
        "shopify-token",
        "a Shopify token",
        "shpat_ shpca_ shppa_ shpss_",
        BEGIN + r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}" + END,
    )
    yield rule_of("sendgrid-key", "a SendGrid key", "sg.", BEGIN + r"SG\.[\w-]{22}\.[\w-]{43}(?![\w-])")
    yield rule_of("mailgun-key", "a Mailgun key", "key-", BEGIN + r"key-[0-9a-f]{32}" + END)
    yield rule_of(
        "twilio-key",
        "a Twilio key",
        "twilio",
        r"(?i:twilio[\w.\"' ]{0,40}[:=]\s{0,4}[\"']?)(?P<secret>(?:SK)?[0-9a-f]{32})" + END,
    )
    yield rule_of("newrelic-key", "a New Relic key", "nrak- nraa-", BEGIN + r"NRA[AK]-[A-Z0-9]{27}" + END)
    yield rule_of(
        "grafana-token",
        "a Grafana token",
        "glsa_ glc_",
        BEGIN + r"(?:glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/=]{32,400})",
    )
    yield rule_of(
        "sentry-token", "a Sentry token", "sntrys_ sntryu_", BEGIN + r"(?:sntrys_[\w=+/]{60,400}|sntryu_[0-9a-f]{64})"
    )
    yield rule_of("linear-key", "a Linear key", "lin_api_", BEGIN + r"lin_api_[A-Za-z0-9]{40}" + END)
    yield rule_of(
        "doppler-token", "a Doppler token", "dp.", BEGIN + r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9.]{40,80}"
    )


def _models() -> Iterator[Rule]:
    yield rule_of(
        "huggingface-token",
        "a Hugging Face token",
        "hf_ api_org_",
        BEGIN + r"(?:hf_[A-Za-z0-9]{34,40}|api_org_[A-Za-z]{34})" + END,
    )
    yield rule_of(
        "openai-key",
        "an OpenAI key",
        "sk-proj- sk-svcacct- sk-admin- t3blbkfj",
        r"(?<![\w-])(?:sk-(?:proj|svcacct|admin)-[\w-]{40,250}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})(?![\w-])",
    )
    yield rule_of(
        "anthropic-key", "an Anthropic key", "sk-ant-", r"(?<![\w-])sk-ant-(?:api|admin|oat)\d\d-[\w-]{80,250}"
    )
    yield rule_of("openrouter-key", "an OpenRouter key", "sk-or-v1-", r"(?<![\w-])sk-or-v1-[0-9a-f]{64}" + END)
    yield rule_of("replicate-token", "a Replicate token", "r8_", BEGIN + r"r8_[A-Za-z0-9]{37}" + END)
    yield rule_of("groq-key", "a Groq key", "gsk_", BEGIN + r"gsk_[A-Za-z0-9]{52}" + END)
    yield rule_of("perplexity-key", "a Perplexity key", "pplx-", BEGIN + r"pplx-[A-Za-z0-9]{48}" + END)
    yield rule_of("nvidia-key", "an NVIDIA key", "nvapi-", BEGIN + r"nvapi-[\w-]{60,80}")
    yield rule_of(
        "wandb-key",
        "a Weights & Biases key",
        "wandb",
        r"(?i:wandb[\w.]{0,20}key[\"']?\s{0,4}[:=]\s{0,4}[\"']?)(?P<secret>[0-9a-f]{40})" + END,
    )


def _keys() -> Iterator[Rule]:
    yield rule_of(
        "private-key",
        "a private key",
        "private%20key",
        r"-----BEGIN (?:[A-Z0-9]{2,12} )?PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<secret>(?:[A-Za-z0-9+/=:, \"']|-(?!----)|\\{1,4}[nr\r\n]|[\r\n\t]){64,20000})",
        is_private_key,
        reach=FAR,
    )
    yield rule_of(
        "encoded-private-key",
        "a private key in base64",
        "ls0tls1crudjti",  # -----BEGIN
        r"LS0tLS1CRUdJTi(?:[A-Za-z0-9+/]{1,20}?)(?:BSSVZBVEUgS0VZ|QUklWQVRFIEtFW|UFJJVkFURSBLRV)[A-Za-z0-9+/=]{64,}",
        is_key,
        reach=FAR,
    )
    yield rule_of(
        "putty-key", "a PuTTY private key", "putty-user-key-file", r"PuTTY-User-Key-File-\d: .{1,200}", any_value
    )
    yield rule_of("age-key", "an age secret key", "age-secret-key-1", r"(?i:AGE-SECRET-KEY-1[0-9A-Z]{58})" + END)
    yield rule_of(
        "json-web-token",
        "a JSON web token",
        "eyj",
        r"(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{8,1000}\.eyJ[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{20,1500}",
        is_json_web_token,
        reach=FAR,
        sure=False,
    )


RULES: Final = (*_clouds(), *_code_hosts(), *_services(), *_models(), *_keys(), *PREFIXED, *NAMED)
