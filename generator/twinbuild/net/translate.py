"""The exceptions of urllib3, http.client, ssl and the system in this room's own words."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl

import urllib3.exceptions as foreign

from twinbuild.net.failure import Broken

__all__ = ["NearPeer", "OversizedHeader", "translate"]


class NearPeer(OSError):
    """A host that ought to be far away turned out to be this machine or on its link."""


class OversizedHeader(http.client.HTTPException):
    """More bytes came than a header, or the frame around a piece of a body, may have."""


_TUNNEL = "Tunnel connection failed: "  # how http.client words a refused CONNECT
_WORDS = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ECONNRESET: "the connection was reset",
    errno.EPIPE: "the connection was closed while the request was sent",
    errno.EHOSTUNREACH: "there is no route to the host",
    errno.ENETUNREACH: "there is no network route",
    errno.ETIMEDOUT: "the connection timed out",
}


def translate(error: Exception) -> Broken:
    """The failure that an exception of urllib3, http.client, ssl or the system means. No text of it is repeated.

    Foreign messages are left out on purpose: they may hold an address with its credentials.
    """
    chain = _chain(error)
    for judge in (_specific, _general):
        for cause in chain:
            broken = judge(cause)
            if broken is not None:
                return broken
    return Broken("TB3020", f"the connection failed ({type(error).__name__})", transient=True)


def _specific(cause: BaseException) -> Broken | None:
    """The failure that a cause means by itself, wherever it stands in the chain."""
    match cause:
        case NearPeer():
            return Broken("TB3012", "redirect leads to this machine or its link", transient=False)
        case OversizedHeader():
            return Broken("TB3025", str(cause), transient=False)
        case foreign.InvalidHeader():
            return Broken("TB3025", "the answer states several lengths", transient=False)
        case ssl.SSLCertVerificationError():
            words = getattr(cause, "verify_message", "") or "it does not fit the host"
            return Broken("TB3022", f"the server's certificate was refused: {words}", transient=False)
        case socket.gaierror() | foreign.NameResolutionError():
            return Broken("TB3020", "the host's name cannot be resolved", transient=True)
        case foreign.ConnectTimeoutError() if not isinstance(cause, foreign.NewConnectionError):
            return Broken("TB3021", "no connection was made within the time allowed", transient=True)
        case foreign.IncompleteRead():
            return Broken("TB3020", "the connection broke within the body", transient=True)
        case TimeoutError():
            words = str(cause) if "bytes/s" in str(cause) else "nothing came within the time allowed"
            return Broken("TB3021", words, transient=True)
    return None


def _general(cause: BaseException) -> Broken | None:
    """The failure that a cause means where none is more specific."""
    match cause:
        case ssl.SSLError():
            return Broken("TB3022", "no TLS connection could be agreed on", transient=True)
        case http.client.RemoteDisconnected() | http.client.IncompleteRead():
            return Broken("TB3020", "the server closed the connection without an answer", transient=True)
        case http.client.HTTPException():
            return Broken("TB3025", "the answer is not HTTP", transient=False)
        case OSError() if str(cause).startswith(_TUNNEL):
            status = str(cause).removeprefix(_TUNNEL)[:3]
            return Broken("TB3024", f"the proxy refused the tunnel with status {status}", transient=status[:1] == "5")
        case OSError() if cause.errno is not None:
            return Broken("TB3020", _WORDS.get(cause.errno, os.strerror(cause.errno)), transient=True)
    return None


def _chain(error: BaseException) -> list[BaseException]:
    """An exception, those that it carries as arguments, and their causes; the outermost first."""
    found: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting and len(found) < 20:
        current = waiting.pop(0)
        if current in found:
            continue
        found.append(current)
        waiting += [part for part in current.args if isinstance(part, BaseException)]
        waiting += [part for part in (current.__cause__, current.__context__) if part is not None]
    return found
