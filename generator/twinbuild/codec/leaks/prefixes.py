"""Tokens that say whose they are by how they begin: one line for each vendor, after what the vendors publish.

Of a form that is short, or begins with a word, the rest must look drawn by lot as well.
"""

from __future__ import annotations

import re
from typing import Final

from twinbuild.codec.leaks.judge import is_random
from twinbuild.codec.leaks.rule import END, FAR, NEAR, Rule, rule_of

__all__ = ["PREFIXED"]

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TABLE: Final = (
    ("1password-key", "a 1Password secret key", "a3-",
     r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}"),
    ("1password-token", "a 1Password token", "ops_eyj", r"ops_eyJ[A-Za-z0-9+/]{200,4000}={0,3}"),
    ("adobe-secret", "an Adobe client secret", "p8e-", r"p8e-[A-Za-z0-9_-]{32}"),
    ("airtable-token", "an Airtable token", "pat", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("alibaba-key", "an Alibaba Cloud access key", "ltai", r"LTAI[A-Za-z0-9]{20}"),
    ("artifactory-reference", "an Artifactory token", "cmvmd", r"cmVmd[A-Za-z0-9]{59}"),
    ("authress-key", "an Authress key", ".acc",
     r"(?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120}"),
    ("bedrock-key", "an Amazon Bedrock key", "absk bedrock-api-key-",
     r"(?:ABSK[A-Za-z0-9+/]{109,269}={0,2}|bedrock-api-key-[A-Za-z0-9+/]{36,4000}={0,2})"),
    ("bitbucket-token", "a Bitbucket token", "atctt3", r"ATCTT3[A-Za-z0-9_=-]{60,400}"),
    ("buildkite-token", "a Buildkite token", "bkua_", r"bkua_[0-9a-f]{40}"),
    ("cargo-token", "a crates.io token", "cio", r"cio[A-Za-z0-9]{32}"),
    ("circleci-token", "a CircleCI token", "ccipat_ cciprj_", r"CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}"),
    ("clickhouse-key", "a ClickHouse Cloud key", "4b1d", r"4b1d[A-Za-z0-9]{38}"),
    ("clojars-token", "a Clojars token", "clojars_", r"CLOJARS_[A-Za-z0-9]{60}"),
    ("contentful-token", "a Contentful token", "cfpat-", r"CFPAT-[\w-]{43}"),
    ("defined-token", "a Defined Networking token", "dnkey-", r"dnkey-[A-Za-z0-9=_-]{26}-[A-Za-z0-9=_-]{52}"),
    ("dropbox-token", "a Dropbox token", "sl.", r"sl\.[A-Za-z0-9_=.-]{130,4000}"),
    ("duffel-token", "a Duffel token", "duffel_", r"duffel_(?:test|live)_[A-Za-z0-9_=-]{43}"),
    ("dynatrace-token", "a Dynatrace token", "dt0", r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("easypost-key", "an EasyPost key", "ezak eztk", r"EZ[AT]K[A-Za-z0-9]{54}"),
    ("facebook-token", "a Facebook token", "eaam eaac", r"EAA[MC][A-Za-z0-9]{100,400}"),
    ("figma-token", "a Figma token", "figd_", r"figd_[\w-]{38,44}"),
    ("flutterwave-key", "a Flutterwave key", "flwseck", r"FLWSECK(?:_TEST)?-[0-9a-hA-H]{12,32}(?:-X)?"),
    ("fly-token", "a Fly.io token", "fo1_ fm1 fm2_",
     r"(?:fo1_[\w-]{43}|fm1[ar]_[A-Za-z0-9+/]{100,4000}={0,3}|fm2_[A-Za-z0-9+/]{100,4000}={0,3})"),
    ("frameio-token", "a Frame.io token", "fio-u-", r"fio-u-[\w=-]{64}"),
    ("gitlab-cookie", "a GitLab session", "_gitlab_session", r"_gitlab_session=(?P<secret>[0-9a-z]{32})"),
    ("grafana-key", "a Grafana key", "eyjrijoi", r"eyJrIjoi[A-Za-z0-9+/]{70,400}={0,3}"),
    ("harness-key", "a Harness key", "pat. sat.", r"[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    ("heroku-key", "a Heroku key", "hrku-", r"HRKU-AA[\w-]{58}"),
    ("hubspot-token", "a HubSpot token", "pat-", rf"pat-[a-z]{{2}}\d-{_UUID}"),
    ("infracost-token", "an Infracost token", "ico-", r"ico-[A-Za-z0-9]{32}"),
    ("intra42-secret", "an Intra42 secret", "s-s4t2", r"s-s4t2(?:ud|af)-[0-9a-f]{64}"),
    ("langfuse-key", "a Langfuse key", "sk-lf-", rf"sk-lf-{_UUID}"),
    ("langsmith-key", "a LangSmith key", "lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    ("launchdarkly-key", "a LaunchDarkly key", "sdk- api-", rf"(?:sdk|api)-{_UUID}"),
    ("mapbox-token", "a Mapbox secret token", "sk.eyj", r"sk\.eyJ[\w-]{60,300}\.[\w-]{20,30}"),
    ("maxmind-key", "a MaxMind licence key", "_mmk", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),
    ("netlify-token", "a Netlify token", "nfp_", r"nfp_[A-Za-z0-9]{36}"),
    ("newrelic-other-key", "a New Relic key", "nrjs- nrii-", r"NR(?:JS-[0-9a-f]{19}|II-[\w-]{32})"),
    ("notion-token", "a Notion token", "ntn_", r"ntn_[0-9]{11}[A-Za-z0-9]{35}"),
    ("nuget-key", "a NuGet key", "oy2", r"oy2[a-z0-9]{43}"),
    ("octopus-key", "an Octopus Deploy key", "api-", r"API-[A-Z0-9]{26}"),
    ("openshift-token", "an OpenShift token", "sha256~", r"sha256~[\w-]{43}"),
    ("pinecone-key", "a Pinecone key", "pcsk_", r"pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{60,66}"),
    ("plaid-token", "a Plaid token", "access-", rf"access-(?:sandbox|development|production)-{_UUID}"),
    ("planetscale-token", "a PlanetScale token", "pscale_", r"pscale_(?:tkn|oauth|pw)_[\w=.-]{32,64}"),
    ("posthog-key", "a PostHog key", "phx_", r"phx_[A-Za-z0-9]{43}"),
    ("postman-key", "a Postman key", "pmak-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("prefect-key", "a Prefect key", "pnu_ pnb_", r"pn[ub]_[A-Za-z0-9]{36}"),
    ("readme-key", "a ReadMe key", "rdme_", r"rdme_[a-z0-9]{70}"),
    ("scalingo-token", "a Scalingo token", "tk-us-", r"tk-us-[\w-]{48}"),
    ("sendinblue-key", "a Brevo key", "xkeysib-", r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    ("settlemint-token", "a SettleMint token", "sm_aat_ sm_pat_ sm_sat_", r"sm_[aps]at_[A-Za-z0-9]{16}"),
    ("shippo-token", "a Shippo token", "shippo_", r"shippo_(?:live|test)_[0-9a-fA-F]{40}"),
    ("sonar-token", "a SonarQube token", "squ_ sqp_ sqa_", r"sq[upa]_[\w=-]{40}"),
    ("sourcegraph-token", "a Sourcegraph token", "sgp_", r"sgp_(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}"),
    ("supabase-key", "a Supabase key", "sbp_ sb_secret_", r"(?:sbp_[0-9a-f]{40}|sb_secret_[\w-]{31})"),
    ("tailscale-key", "a Tailscale key", "tskey-", r"tskey-[a-z]{3,10}-[A-Za-z0-9]{8,24}-[A-Za-z0-9]{20,64}"),
    ("teams-webhook", "a Microsoft Teams webhook", "webhook.office.com",
     rf"[a-z0-9-]{{1,60}}\.webhook\.office\.com/webhookb2/{_UUID}@{_UUID}/IncomingWebhook/[0-9a-f]{{32}}"),
    ("typeform-token", "a Typeform token", "tfp_", r"tfp_[\w=.-]{59}"),
    ("xai-key", "an xAI key", "xai-", r"xai-[A-Za-z0-9]{80}"),
    ("yandex-key", "a Yandex Cloud key", "aqvn t1.",
     r"(?:AQVN[\w-]{35,38}|t1\.[A-Za-z0-9_-]{1,400}={0,2}\.[\w-]{86}={0,2})"),
)  # fmt: skip


def _begins(match: re.Match[bytes]) -> bool:
    """Whether no word goes on before it; a form that asked for this itself would be looked for at every byte."""
    before = match.string[max(match.start() - 1, 0) : match.start()]
    return not (before.isalnum() or before == b"_") and is_random(match)


PREFIXED: Final[tuple[Rule, ...]] = tuple(
    rule_of(kind, title, triggers, form + END, _begins, reach=FAR if ",4000}" in form else NEAR)
    for kind, title, triggers, form in _TABLE
)
