"""Secrets that are told by what stands beside them: a name that says so, a form of file, an address, a header.

What may be a secret is judged by how it looks: of a password three kinds of characters, of a key or token letters and
digits as if drawn by lot. Without quotes a value is looked for in files of configuration and scripts alone, for in the
code of a program it would be an expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from twinbuild.codec.leaks.judge import (
    any_value,
    is_credentials,
    is_json_web_key,
    is_key,
    is_literal,
    is_named,
    is_password,
    is_secret_key,
    is_strong,
)
from twinbuild.codec.leaks.rule import FAR, NEAR, Rule, rule_of

__all__ = ["NAMED"]

_ENVIRONMENT: Final = r"(?:[\w-]{1,100}\.env|\.?env(?:\.[a-z]+)?)"  # .env, .env.local, production.env
_VARIABLE: Final = r"^image .* environment "  # of an image: pipeline.leaks names it so
_CONFIGURATION: Final = (
    r"(?i:\.(?:ya?ml|ini|cfg|conf|cnf|config|properties|toml|envrc|sh|bash|zsh|tfvars|hcl|service|ps1|bat|cmd)"
    rf"|(?:^|[/!])(?:{_ENVIRONMENT}|(?:Dockerfile|Containerfile)[\w.-]*))$"
)
_PASSWORD: Final = r"pass(?:word|wd|phrase)|(?<![a-z])pwd"  # noqa: S105  none: a form
_NAME: Final = (
    rf"(?P<name>{_PASSWORD}|secret|token|credentials?|api[_-]?key(?:[_-]?id)?"
    r"|(?:access|auth|private|signing|signature|encryption|encrypt|secret|account|master|fernet|session|client|app)"
    r"[_-]?key(?:[_-]?base)?)"
)
_TRIGGERS: Final = (
    "pass pwd secret token credential _key -key apikey appkey authkey esskey atekey ingkey urekey ionkey ptkey"
    " untkey terkey netkey entkey"
)
_IS: Final = r"(?:[\"'`\\\]]{0,6}\s{0,4}(?::\s{0,2}(?:str|string)\s{0,2})?(?:=>|[:?+]?={1,3}|:)|\\{0,3}[\"'],)\s{0,4}"
_OPEN: Final = r"\\{0,3}[\"'`]"


def _of_files() -> Iterator[Rule]:
    yield rule_of(
        "netrc",
        "a password of .netrc",
        "password",
        r"machine\s{1,9}(?P<host>\S{1,253})\s{1,9}login\s{1,9}\S{1,200}\s{1,9}password\s{1,9}(?P<secret>[!-~]{4,400})",
        is_password,
        reach=FAR,
    )
    yield rule_of(
        "registry-login",
        "a registry's login in Docker's configuration",
        '"auth" identitytoken registrytoken',
        r"\"(?:auth|identitytoken|registrytoken)\"\s{0,4}:\s{0,4}\"(?P<secret>[A-Za-z0-9+/]{8,2000}={0,2})\"",
        is_credentials,
        reach=FAR,
    )
    yield rule_of(
        "password-file",
        "a password in a file of logins",
        "password passwd",
        r"(?im:^\s{0,9}(?:export\s{1,4})?[\w.]{0,60}(?:password|passwd)\s{0,9}[:=]\s{0,9})(?P<secret>[^\s#;]{4,400})",
        is_password,
        files=rf"(^|[/!])(\.pypirc|pip\.conf|\.my\.cnf|\.s3cfg|\.boto|{_ENVIRONMENT}|\.git-credentials|\.condarc|\.pgpass)$|{_VARIABLE}",
    )
    yield rule_of(
        "environment-file",
        "a secret in a file of variables",
        "secret token apikey api_key access_key accesskey",
        r"(?im:^\s{0,9}(?:export\s{1,4})?[\w.]{0,60}(?:secret(?:_?key)?|token|api_?key|access_?key)\s{0,4}=\s{0,4})"
        r"(?P<secret>[^\s\"'#$]{20,400})",
        is_secret_key,
        files=rf"(^|[/!]){_ENVIRONMENT}$",
    )
    yield rule_of(
        "pgpass",
        "a password of .pgpass",
        ":",
        r"(?m:^[^:#\n]{1,253}:(?:\d+|\*):[^:\n]{1,99}:[^:\n]{1,99}:(?P<secret>[^\n]{4,400})$)",
        is_password,
        files=r"(^|[/!])\.pgpass$",
    )
    yield rule_of(
        "kaggle-key",
        "a Kaggle key",
        "key",
        r"\"key\"\s{0,4}:\s{0,4}\"(?P<secret>[0-9a-f]{32})\"",
        files=r"(^|[/!])kaggle\.json$",
    )
    yield Rule(
        kind="binary-key",
        title="a private key or a store of keys",
        triggers=(b"",),
        form=re.compile(
            rb"\A(?P<secret>(?:\x30[\x20-\x84].{0,4}?\x02\x01(?:\x00\x30|[\x00\x01](?:\x02|\x04)|\x03\x30)"
            rb"|\xfe\xed\xfe\xed|\xce\xce\xce\xce|\x03\xd9\xa2\x9a).{20,400})",
            re.DOTALL,
        ),
        judge=any_value,
        files=re.compile(r"(?i)\.(?:der|key|pk8|p8|p12|pfx|jks|keystore|kdbx)$"),
    )
    yield rule_of(
        "password-hash",
        "a password's hash in a file of users",
        ":$",
        r"(?m:^[\w.@-]{1,64}:(?P<secret>\$(?:apr1|[1-7]|2[abxy]|y|gy)\$[^:\s]{20,200})(?::|\s|$))",
        any_value,
    )


def _of_requests() -> Iterator[Rule]:
    yield rule_of(
        "credentials-in-address",
        "credentials in an address",
        "://",
        r"[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[A-Za-z0-9._~%!$&*+,;=-]{0,200}:(?P<secret>[A-Za-z0-9._~%!$&*+,;=?^#-]{4,400})"
        r"@(?P<host>[A-Za-z0-9.-]{1,253}(?::\d{1,5})?)",
        is_password,
        reach=2 * NEAR,
    )
    yield rule_of(
        "token-in-address",
        "a token in an address",
        "://",
        r"://(?P<secret>[A-Za-z0-9_-]{20,200})(?::x-oauth-basic)?@(?P<host>[A-Za-z0-9.-]{1,253})",
        is_literal,
    )
    yield rule_of(
        "secret-in-query",
        "a secret in an address or a string of connection",
        "password= passwd= pwd= token= key= secret=",
        r"(?i:[;?&](?:amp;)?(?P<name>password|passwd|pwd|api_?key|(?:access_|auth_)?token|(?:client_)?secret)=)"
        r"(?P<secret>[^\s\"'`<>;&${},()\\]{8,200})(?=[;&\"'`\s\\]|$)",
        is_named,
    )
    yield rule_of(
        "authorization",
        "an authorization header",
        "authorization",
        r"(?i:authorization[\"']?\s{0,4}[:=,]\s{0,4}[\"']?bearer\s{1,4})(?P<secret>[A-Za-z0-9._~+/-]{20,2000}=*)",
        is_literal,
        reach=FAR,
    )
    yield rule_of(
        "basic-authorization",
        "an authorization header",
        "authorization",
        r"(?i:authorization[\"']?\s{0,4}[:=,]\s{0,4}[\"']?basic\s{1,4})(?P<secret>[A-Za-z0-9+/]{8,2000}={0,2})",
        is_credentials,
        reach=FAR,
    )
    yield rule_of(
        "command-line-secret",
        "a secret of a command",
        "--pass --token --api --secret curl sshpass login",
        r"(?:(?i:--(?:password|passwd|pass|token|api-?key|secret)[=\s][\"']?)"
        r"|\bcurl\s[^\n]{0,200}?(?:(?<=\s)-u|--user)[=\s]{0,2}[\"']?[^\s:\"'$]{1,64}:"
        r"|\bsshpass\s{1,4}-p\s{0,4}[\"']?|\blogin\s[^\n]{0,100}?-p[=\s]{0,2}[\"']?)"
        r"(?P<secret>[^\s\"'`$<>{}()]{8,200})(?=[\s\"'`]|$)",
        is_strong,
    )


def _of_names() -> Iterator[Rule]:
    yield rule_of(
        "json-web-key",
        "a private JSON web key",
        '"d" "k"',
        r"\"(?:d|k)\"\s{0,4}:\s{0,4}\"(?P<secret>[A-Za-z0-9_-]{32,1400})\"",
        is_json_web_key,
        reach=FAR,
    )
    yield rule_of(
        "aws-session-token",
        "an AWS session token",
        "session_token sessiontoken",
        r"(?i:aws_?session_?token[\"']?\s{0,4}[:=]{1,2}>?\s{0,4}[\"']?)(?P<secret>[A-Za-z0-9/+]{100,4000}={0,2})",
        is_key,
        reach=FAR,
    )
    yield rule_of(
        "secret-key",
        "a key with which a service signs",
        "secret_key",
        r"(?i:(?<![A-Za-z0-9])[\w.-]{0,40}secret_key[\"']?\s{0,4}(?:=|:|=>|:=)\s{0,4})[\"'](?P<secret>[!#-&(-~]{20,200})[\"']",
        is_secret_key,
    )
    yield rule_of(
        "assigned-secret",
        "a secret under a name that says so",
        _TRIGGERS,
        rf"(?i:{_NAME}){_IS}{_OPEN}(?P<secret>[A-Za-z0-9+/=_.~!@#$%^&*?,;:|()-]{{8,200}}){_OPEN}",
        is_named,
        reach=NEAR // 2,
    )
    yield rule_of(
        "named-value",
        "a secret beside a name that says so",
        "value",
        rf"(?i:(?:key|name)[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"']?[\w.:-]{{0,40}}?{_NAME}[\"']?[\s,]{{1,40}}[\"']?value[\"']?\s{{0,4}}[:=])"
        r"\s{0,4}[\"']?(?P<secret>[^\s\"'<>]{8,200})",
        is_named,
    )
    yield rule_of(
        "element-secret",
        "a secret in an element whose name says so",
        "</",
        rf"<(?i:[\w:.-]{{0,40}}?{_NAME})(?:\s[^<>]{{0,100}})?>\s{{0,9}}(?P<secret>[^<>\s]{{8,200}})\s{{0,9}}</",
        is_named,
    )
    yield rule_of(
        "configured-secret",
        "a secret in a file of configuration",
        _TRIGGERS,
        rf"(?im:(?:^|[ \t;&])[\w.-]{{0,60}}?{_NAME}[ \t]{{0,9}}(?:[:=]|(?<=[A-Z])[ \t])[ \t]{{0,9}})"
        r"(?P<secret>[^\s\"'#${}<>\[\]][^\s\"'${}<>]{7,199})(?=[\s;\\]|$)",
        is_named,
        files=_CONFIGURATION,
    )
    yield rule_of(
        "header-secret",
        "a secret in a header",
        "x- private-token job-token deploy-token api-key apikey",
        r"(?i:(?<![\w-])(?:x-[\w-]{0,40}(?:key|token|secret)|private-token|job-token|deploy-token|api-?key)"
        r"\\{0,3}[\"']?\s{0,2}[:,]\s{0,2}\\{0,3}[\"']?)(?P<secret>[A-Za-z0-9._~+/=-]{16,400})",
        is_secret_key,
    )


NAMED: Final[tuple[Rule, ...]] = tuple(
    replace(rule, sure=rule.kind == "binary-key") for rule in (*_of_files(), *_of_requests(), *_of_names())
)
