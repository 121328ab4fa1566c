"""Nginx, which asks git's CGI program by FastCGI: spawn-fcgi opens the socket, fcgiwrap answers there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.hosting import USERS, Server
from servers.processes import free_port, http_backend, program, running, wait_for
from servers.smart_http import PASSWORD, over_http

# One process, which stays the user who runs the tests.
CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_temp_path {folder}/temporary;
  fastcgi_temp_path {folder}/temporary;
  proxy_temp_path {folder}/temporary;
  scgi_temp_path {folder}/temporary;
  uwsgi_temp_path {folder}/temporary;
  server {{
    listen 127.0.0.1:{port};
    location ~ ^/git(/.*)$ {{
      auth_basic git;
      auth_basic_user_file {folder}/passwords;
      fastcgi_pass unix:{folder}/socket;
      fastcgi_param SCRIPT_FILENAME {backend};
      fastcgi_param GIT_PROJECT_ROOT {folder};
      fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param PATH_INFO $1;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param REMOTE_USER $remote_user;
    }}
  }}
}}
"""


@contextmanager
def started(folder: Path) -> Iterator[Server]:
    nginx, backend = program("nginx"), http_backend()
    spawn = (program("spawn-fcgi"), "-n", "-s", folder / "socket", "--", program("fcgiwrap"), "-c", "5")
    log, configuration = folder / "nginx.log", folder / "nginx.conf"
    (folder / "passwords").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}\n" for user in USERS))
    with free_port() as port, running(folder / "fcgiwrap.log", *spawn):
        configuration.write_text(CONFIGURATION.format(folder=folder, port=port, backend=backend))
        wait_for(folder / "socket", folder / "fcgiwrap.log")
        with running(log, nginx, "-p", folder, "-e", "stderr", "-c", configuration):
            wait_for(("127.0.0.1", port), log)
            yield over_http(folder, port)
