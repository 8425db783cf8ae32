"""Which requests the dashboard answers: those of this machine's own browser pages and programs, and no web site's.

A page of any web site may send requests to a server on the reader's machine, and a name of its own may lead there. So
the host that is asked for has to be an address of the server, and what changes something has to come from its own page.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_READING = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""


def only_own(app: WSGIApplication, host: str) -> WSGIApplication:
    """The application for requests to this server's own names and from its own pages; others are refused.

    Refused are a ``Host`` that is neither the bound address nor a name of this machine's loopback, an ``Origin`` that
    is not the server itself, and a request that changes something and has no ``Origin``: every browser sends one, and
    a program can.

    Args:
        app: That answers.
        host: That the server is bound to. Where it is every address of the machine, any number of an address will do,
            and the machine's name: those are what no web site can take.
    """

    def checked(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reason = _refusal(environ, host)
        return app(environ, start_response) if reason is None else forbidden(reason, start_response)

    return checked


def without_renaming(app: WSGIApplication) -> WSGIApplication:
    """The page without the renaming of studies, which copies what is shown, drops the rest and deletes the study."""
    reason = "a study's name ties its search, survey and files together: make one of another name with --name"

    def checked(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        renames = environ.get("PATH_INFO", "").endswith("/rename")
        return forbidden(reason, start_response) if renames else app(environ, start_response)

    return checked


def forbidden(reason: str, start_response: StartResponse) -> Iterable[bytes]:
    """Answer that a request is refused, and why."""
    start_response("403 Forbidden", [("Content-Type", "application/json")])
    return [json.dumps({"reason": reason}).encode()]


def loopback(host: str) -> bool:
    """Whether a host is this machine's alone."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _refusal(environ: WSGIEnvironment, bound: str) -> str | None:
    """Why a request is refused; None if it is not."""
    host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
    if not _ours(host, bound):
        return f"this server answers to its own address only, and was asked for the host {host!r}"
    if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
        return f"a page of {origin!r} asks, and this server answers its own pages only"
    if origin is None and environ["REQUEST_METHOD"] not in _READING:
        return f"what changes something comes from the server's own page: a program sends Origin: http://{host}"
    return None


def _ours(host: str, bound: str) -> bool:
    """Whether the value of a ``Host`` header, with a port or without, is a name of this server."""
    parts = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^\s:@/\[\],]+)(:\d{1,5})?", host.lower())
    if parts is None:
        return False
    name = parts[1].strip("[]")
    if loopback(name) or name == bound.lower():
        return True
    address, served = _address(name), _address(bound)
    if served is not None and served.is_unspecified:
        return address is not None or name == socket.gethostname().lower()
    return address is not None and address == served


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
