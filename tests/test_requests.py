"""Requests that the dashboard answers and refuses: by the WSGI protocol, and over a socket on a study that stays."""

import http.client
import json
import threading

import optuna
import pytest

from hpsearch.report import dashboard
from hpsearch.report.requests import only_own
from hpsearch.storage.access import open_storage

ALL = "0.0.0.0"


def answer(host, *, bound="127.0.0.1", method="GET", origin=None):
    """What a request gets: its reason if it is refused, else "served"."""
    environ = {"REQUEST_METHOD": method, "PATH_INFO": "/api/studies"}
    environ |= {} if host is None else {"HTTP_HOST": host}
    environ |= {} if origin is None else {"HTTP_ORIGIN": origin}
    status = []
    body = only_own(lambda *_: [b'{"reason": "served"}'], bound)(environ, lambda line, headers: status.append(line))
    assert status in ([], ["403 Forbidden"])
    return json.loads(b"".join(body))["reason"]


@pytest.mark.parametrize(
    ("host", "bound"),
    [
        ("127.0.0.1:8080", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost:9000", "127.0.0.1"),
        ("LOCALHOST:8080", "127.0.0.1"),
        ("[::1]:8080", "127.0.0.1"),
        ("[::1]", "::1"),
        ("192.0.2.7:8080", "192.0.2.7"),
        ("box.example:8080", "box.example"),
        ("[2001:db8::7]:8080", "2001:0db8:0::7"),
        ("192.0.2.7:8080", ALL),
        ("[2001:db8::7]:80", "::"),
    ],
)
def test_the_bound_address_and_the_names_of_loopback_are_served(host, bound):
    assert answer(host, bound=bound) == "served"
    assert answer(host, bound=bound, method="DELETE", origin=f"http://{host}") == "served"


@pytest.mark.parametrize(
    ("host", "bound"),
    [
        ("evil.example", "127.0.0.1"),
        ("evil.example:8080", ALL),
        ("localhost.evil.example:8080", "127.0.0.1"),
        ("127.0.0.1.evil.example", "127.0.0.1"),
        ("evil.example@127.0.0.1", "127.0.0.1"),
        ("127.0.0.1, evil.example", "127.0.0.1"),
        ("127.0.0.1:8080:80", "127.0.0.1"),
        ("127.0.0.1:port", "127.0.0.1"),
        ("192.0.2.7:8080", "127.0.0.1"),
        ("192.0.2.8:8080", "192.0.2.7"),
        ("other.example", "box.example"),
        ("", "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
def test_another_host_is_refused(host, bound):
    assert answer(host, bound=bound) == (
        f"this server answers to its own address only, and was asked for the host {host or ''!r}"
    )


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "http://127.0.0.1:9090", "http://127.0.0.1", "http://localhost:8080",
     "http://127.0.0.1:8080.evil.example", "http://evil@127.0.0.1:8080", "file://", "http://127.0.0.1:8080/"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_a_page_of_another_origin_is_refused_whatever_it_asks(origin, method):
    assert answer("127.0.0.1:8080", method=method, origin=origin).startswith(f"a page of {origin!r} asks")


@pytest.mark.parametrize(("method", "served"), [("GET", True), ("HEAD", True), ("POST", False), ("PUT", False),
                                                ("DELETE", False), ("PATCH", False), ("STRANGE", False)])  # fmt: skip
def test_what_changes_something_needs_an_origin_and_what_reads_needs_none(method, served):
    told = answer("127.0.0.1:8080", method=method)
    assert told == "served" if served else told.endswith("a program sends Origin: http://127.0.0.1:8080")


@pytest.fixture
def port(tmp_path):
    """Of a server of one study."""
    storage = open_storage(results=tmp_path)
    optuna.create_study(storage=storage, study_name="kept")
    server = dashboard.server(storage, artifacts=tmp_path / "artifacts", port=0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def status(port, method, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, headers=headers)
    code = connection.getresponse().status
    connection.close()
    return code


def test_over_a_socket_a_web_site_s_requests_delete_nothing_and_the_page_s_own_do(port, tmp_path):
    own, study = f"http://127.0.0.1:{port}", "/api/studies/0"
    assert status(port, "GET", study, Host="evil.example") == 403
    assert status(port, "DELETE", study, Host="evil.example", Origin="http://evil.example") == 403
    assert status(port, "DELETE", study, Origin="http://evil.example") == 403
    assert status(port, "DELETE", study) == 403
    assert optuna.get_all_study_names(open_storage(results=tmp_path)) == ["kept"]
    assert status(port, "GET", study) == 200
    assert status(port, "DELETE", study, Origin=own) == 204
    assert optuna.get_all_study_names(open_storage(results=tmp_path)) == []


def test_the_dashboard_listens_on_the_loopback_of_either_kind(tmp_path):
    storage = open_storage(results=tmp_path)
    for host in ("127.0.0.1", "::1", "localhost"):
        server = dashboard.server(storage, artifacts=tmp_path / "artifacts", host=host, port=0)
        server.server_close()
