"""Git's own CGI program behind a small server of Python's, which knows names and passwords.

It stands for all web servers, where none is installed: a thread for each request, bodies in chunks, `Expect:
100-continue`. (Git packs long requests with gzip, and its CGI program unpacks them itself.)
"""

import base64
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import parse_headers
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO
from urllib.parse import unquote

from servers.hosting import USERS, Account, Server
from servers.processes import PATH, http_backend

PASSWORD = "secret"


def over_http(folder: Path, port: int) -> Server:
    """Give the server of the repositories in *folder*, which a web server on that port leads to."""
    url = f"http://{{user}}:{PASSWORD}@127.0.0.1:{port}/git/{{name}}"
    client = {"no_proxy": "127.0.0.1", "GIT_TERMINAL_PROMPT": "0"}
    return Server(folder, url, Account(folder, ()), client, "REMOTE_USER")


class _WebServer(ThreadingHTTPServer):
    daemon_threads = False  # so that the end waits for all of them
    request_queue_size = 64

    def __init__(self, folder: Path) -> None:
        self.backend = http_backend()
        self.environment = {
            "PATH": PATH,
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": str(folder),
            "GIT_HTTP_EXPORT_ALL": "1",
        }
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: _WebServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self) -> None:
        with TemporaryFile() as body:
            self._read_body(body)
            body.seek(0)
            user = self._user()
            if user is None:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            environment = {**self.server.environment, **self._meta_variables(user)}
            with subprocess.Popen(
                self.server.backend, stdin=body, stdout=subprocess.PIPE, env=environment
            ) as backend:
                assert backend.stdout is not None
                self._answer(backend.stdout)

    def _user(self) -> str | None:
        """Give who asks, where name and password are right."""
        known = {base64.b64encode(f"{user}:{PASSWORD}".encode()).decode(): user for user in USERS}
        return known.get(self.headers.get("Authorization", "").removeprefix("Basic "))

    def _read_body(self, body: IO[bytes]) -> None:
        if self.headers.get("Transfer-Encoding") != "chunked":
            body.write(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            return
        while size := int(self.rfile.readline(), 16):
            body.write(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()

    def _meta_variables(self, user: str) -> dict[str, str]:
        """Give what CGI (RFC 3875, 4.1) tells a program of the request."""
        path, _, query = self.path.partition("?")
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        return {
            **headers,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "PATH_INFO": unquote(path.removeprefix("/git")),
            "QUERY_STRING": query,
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_USER": user,
            "REQUEST_METHOD": self.command,
        }

    def _answer(self, answer: IO[bytes]) -> None:
        headers = parse_headers(answer)
        self.send_response(int(headers.get("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")  # which is where the body ends, and closes it here too
        self.end_headers()
        shutil.copyfileobj(answer, self.wfile)


@contextmanager
def started(folder: Path) -> Iterator[Server]:
    with _WebServer(folder) as web:
        thread = Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield over_http(folder, web.server_address[1])
        finally:
            web.shutdown()
            thread.join()
