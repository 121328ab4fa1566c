"""Lighttpd, which starts git's CGI program itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.hosting import USERS, Server
from servers.processes import free_port, http_backend, program, running, wait_for
from servers.smart_http import PASSWORD, over_http

CONFIGURATION = """\
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{folder}"
server.upload-dirs = ( "{folder}" )
server.modules = ( "mod_alias", "mod_auth", "mod_authn_file", "mod_cgi", "mod_setenv" )
auth.backend = "plain"
auth.backend.plain.userfile = "{folder}/passwords"
alias.url = ( "/git" => "{backend}" )
$HTTP["url"] =~ "^/git/" {{
  auth.require = ( "" => ( "method" => "basic", "realm" => "git", "require" => "valid-user" ) )
  cgi.assign = ( "" => "" )
  setenv.set-environment = ( "GIT_PROJECT_ROOT" => "{folder}", "GIT_HTTP_EXPORT_ALL" => "1" )
}}
"""


@contextmanager
def started(folder: Path) -> Iterator[Server]:
    lighttpd, backend = program("lighttpd"), http_backend()
    log, configuration = folder / "lighttpd.log", folder / "lighttpd.conf"
    (folder / "passwords").write_text("".join(f"{user}:{PASSWORD}\n" for user in USERS))
    with free_port() as port:
        configuration.write_text(CONFIGURATION.format(folder=folder, port=port, backend=backend))
        with running(log, lighttpd, "-D", "-f", configuration):
            wait_for(("127.0.0.1", port), log)
            yield over_http(folder, port)
