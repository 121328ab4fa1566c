"""Real servers, in temporary folders and on loopback, for tests that push. CONTRIBUTING says what they need.

Each module has one server: a function `started` that runs it in a folder as long as it is needed.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from servers import file, gitolite, lighttpd, nginx, smart_http, ssh
from servers.hosting import Server

SERVERS: dict[str, Callable[[Path], AbstractContextManager[Server]]] = {
    "file": file.started,
    "ssh": ssh.started,
    "http": smart_http.started,
    "nginx": nginx.started,
    "lighttpd": lighttpd.started,
    "gitolite": gitolite.started,
}
