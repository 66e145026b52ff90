"""The translator, another service: a text in another language is embedded in English where it answers."""

import json
import logging
import os
import urllib.request

log = logging.getLogger("service.translator")
ADDRESS = os.environ.get("TRANSLATOR_URL", "")
TIMEOUT = 0.2  # seconds, once: a search does not wait


def english(texts: list[str], language: str) -> list[str]:
    """The texts in English; where the translator does not answer, as they are."""
    if language == "en" or not ADDRESS:
        return texts
    body = json.dumps({"texts": texts, "from": language}).encode()
    request = urllib.request.Request(ADDRESS, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return [str(text) for text in json.load(answer)["texts"]]
    except (OSError, ValueError, KeyError, TypeError):
        log.warning("the translator does not answer")
        return texts
