"""``codec.leaks.prefixes``: each vendor's token, as the vendor describes it."""

from __future__ import annotations

import random
import re
import string
import uuid

from twinbuild.codec.leaks.prefixes import PREFIXED

SEED = 20261127
_LETTERS = {
    "A": string.ascii_letters + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "L": string.ascii_lowercase + string.digits,
    "H": "0123456789abcdef",
    "D": string.digits,
}
# {A40}: forty letters and digits by lot; U, L: upper, lower case; H: hexadecimal; D: digits; {I}: a UUID.
TOKENS = {
    "1password-key": "A3-{U6}-{U11}-{U5}-{U5}-{U5}",
    "1password-token": "ops_eyJ{A400}",
    "adobe-secret": "p8e-{A32}",
    "airtable-token": "pat{A14}.{H64}",
    "alibaba-key": "LTAI{A20}",
    "artifactory-reference": "cmVmd{A59}",
    "authress-key": "sc_{L12}.{L5}.acc-{L16}.{A60}",
    "bedrock-key": "ABSK{A128}",
    "bitbucket-token": "ATCTT3{A180}",
    "buildkite-token": "bkua_{H40}",
    "cargo-token": "cio{A32}",
    "circleci-token": "CCIPAT_{A22}_{H40}",
    "clickhouse-key": "4b1d{A38}",
    "clojars-token": "CLOJARS_{L60}",
    "contentful-token": "CFPAT-{A43}",
    "defined-token": "dnkey-{A26}-{A52}",
    "dropbox-token": "sl.u.{A140}",
    "duffel-token": "duffel_test_{A43}",
    "dynatrace-token": "dt0c01.{U24}.{U64}",
    "easypost-key": "EZAK{A54}",
    "facebook-token": "EAAM{A120}",
    "figma-token": "figd_{A40}",
    "flutterwave-key": "FLWSECK_TEST-{H32}-X",
    "fly-token": "fm2_{A200}",
    "frameio-token": "fio-u-{A64}",
    "gitlab-cookie": "_gitlab_session={H32}",
    "grafana-key": "eyJrIjoi{A80}",
    "harness-key": "pat.{A22}.{A24}.{A20}",
    "heroku-key": "HRKU-AA{A58}",
    "hubspot-token": "pat-na1-{I}",
    "infracost-token": "ico-{A32}",
    "intra42-secret": "s-s4t2ud-{H64}",
    "langfuse-key": "sk-lf-{I}",
    "langsmith-key": "lsv2_pt_{H32}_{H10}",
    "launchdarkly-key": "sdk-{I}",
    "mapbox-token": "sk.eyJ{A80}.{A22}",
    "maxmind-key": "{A6}_{A29}_mmk",
    "netlify-token": "nfp_{A36}",
    "newrelic-other-key": "NRJS-{H19}",
    "notion-token": "ntn_{D11}{A35}",
    "nuget-key": "oy2{L43}",
    "octopus-key": "API-{U26}",
    "openshift-token": "sha256~{A43}",
    "pinecone-key": "pcsk_{A6}_{A63}",
    "plaid-token": "access-production-{I}",
    "planetscale-token": "pscale_pw_{A43}",
    "posthog-key": "phx_{A43}",
    "postman-key": "PMAK-{H24}-{H34}",
    "prefect-key": "pnu_{A36}",
    "readme-key": "rdme_{L70}",
    "scalingo-token": "tk-us-{A48}",
    "sendinblue-key": "xkeysib-{H64}-{A16}",
    "settlemint-token": "sm_pat_{A16}",
    "shippo-token": "shippo_test_{H40}",
    "sonar-token": "squ_{H40}",
    "sourcegraph-token": "sgp_{H40}",
    "supabase-key": "sbp_{H40}",
    "tailscale-key": "tskey-auth-{A17}-{A32}",
    "teams-webhook": "corp.webhook.office.com/webhookb2/{I}@{I}/IncomingWebhook/{H32}",
    "typeform-token": "tfp_{A59}",
    "xai-key": "xai-{A80}",
    "yandex-key": "AQVN{A36}",
}


def _token(form: str, lot: random.Random) -> str:
    def drawn(match: re.Match[str]) -> str:
        if match[1] == "I":
            return str(uuid.UUID(int=lot.getrandbits(128), version=4))
        return "".join(lot.choice(_LETTERS[match[1]]) for _ in range(int(match[2])))

    return re.sub(r"\{([A-Z])([0-9]*)\}", drawn, form)


def test_every_vendor() -> None:
    """Found between quotes, behind an equal sign and alone on its line, by one of its triggers; not within a word."""
    assert {rule.kind for rule in PREFIXED} == TOKENS.keys()
    lot = random.Random(SEED)
    for rule in PREFIXED:
        token = _token(TOKENS[rule.kind], lot)
        for text in (f'key = "{token}"', f"A={token}\n", f"\n{token}\n", f"<a>{token}</a>"):
            match = rule.form.search(text.encode())
            assert match is not None, (rule.kind, text)
            assert rule.judge(match), (rule.kind, text)
            assert any(trigger in text.encode().lower() for trigger in rule.triggers), (rule.kind, text)
        within = rule.form.finditer(f"a{token}".encode())
        assert not any(map(rule.judge, within)) or rule.kind == "teams-webhook", rule.kind
