"""The hook files that `git lanes install` writes: their text, and how to know one again (githooks(5)).

A hook file is a few lines of POSIX sh. Where it can't start its program it fails: a gate that is gone must
not stand open.
"""

import os
import re
import shlex
import zlib
from dataclasses import dataclass

from lanes.text import printable

PROGRAMS = {
    "pre-commit": "lane-pre-commit",
    "pre-merge-commit": "lane-pre-commit",
    "pre-push": "lane-pre-push",
    "reference-transaction": "lane-reference-transaction",
    "pre-receive": "lane-pre-receive",
}
"""Each hook that git starts, and the console script that it runs."""

KEPT = ".before-lanes"
"""What is added to the name of a hook that was there before."""

Setting = tuple[str, str]
"""A key of git's configuration, and its value."""

_FED = ("pre-push", "pre-receive")  # they read standard input; so does reference-transaction, in its own way
_HEADER = re.compile(rb"#!/bin/sh\n# git-lanes: ([a-z-]+); [^\n]*\n(?:# sum: ([0-9a-f]{8})\n)?")
_FOLDERS = re.compile(rb"^# folders made for this file: ([0-9]{1,3})$", re.MULTILINE)
_SETTING = re.compile(rb"^# configuration set with this file: (\S+) (\S+)$", re.MULTILINE)
_VARIABLE = re.compile(rb"GIT_CONFIG_VALUE_\$lanes_n=([A-Z_]+)")

# A variable that the environment has as well would be handed on, whatever its size: hence these names.
_RUN = """\
  if [ -x "$lanes_python" ] && [ -r "$lanes_program" ]; then
    exec "$lanes_python" -I "$lanes_program" {option}"$@"
  fi
  printf '%s\\n' {gone} >&2
  exit 2
}}
"""
_NAMES_PUSHER = """\
  lanes_n=${{GIT_CONFIG_COUNT:-0}}
  export "GIT_CONFIG_KEY_$lanes_n=lanes.pusherVariable" "GIT_CONFIG_VALUE_$lanes_n={variable}"
  export GIT_CONFIG_COUNT=$((lanes_n + 1))
"""
_CHAINED = """\
lanes_kept=${{0%/*}}/{kept}
if [ -x "$lanes_kept" ]; then "$lanes_kept" "$@" || exit; fi
lanes "$@"
"""
# Standard input can be read once only. The dot keeps the line breaks at its end, which the shell would drop.
_CHAINED_AND_FED = """\
lanes_kept=${{0%/*}}/{kept}
[ -x "$lanes_kept" ] || lanes "$@"
lanes_input=$(cat && echo .) || exit 2
printf %s "${{lanes_input%.}}" 2>/dev/null | "$lanes_kept" "$@" || exit
printf %s "${{lanes_input%.}}" | lanes "$@"
"""
# Git runs it for every change of any ref, up to three times: Python starts for branches alone.
_REFERENCE_TRANSACTION = """\
lanes_kept=${{0%/*}}/{kept}
if [ "$1" != prepared ]; then
  [ -x "$lanes_kept" ] || exit 0
  exec "$lanes_kept" "$@"
fi
lanes_input=$(cat && echo .) || exit 2
if [ -x "$lanes_kept" ]; then printf %s "${{lanes_input%.}}" 2>/dev/null | "$lanes_kept" "$@" || exit; fi
case $lanes_input in *" refs/heads/"*) ;; *) exit 0 ;; esac
printf %s "${{lanes_input%.}}" | lanes "$@"
"""


@dataclass(frozen=True)
class HookFile:
    """What one hook file does: it runs *program* with *python*, both absolute paths.

    `alone` tells that it stands in a folder of which the server runs every file, so it need not run one that
    was there before. With `if_enabled` it leaves repositories without a manifest alone. `pusher` is the
    environment variable that names who pushes, where the repositories' own configuration does not say it.
    `folders` and `settings` are what was made and set together with it, for `git lanes uninstall`.
    """

    hook: str
    python: str
    program: str
    alone: bool = False
    if_enabled: bool = False
    pusher: str = ""
    folders: int = 0
    settings: tuple[Setting, ...] = ()

    def text(self) -> bytes:
        """Give the content of the file."""
        server = self.hook == "pre-receive"
        option = " --server" if server else ""
        again = f"install git-lanes again, then run: git lanes install{option}"
        program = printable(os.fsencode(self.program))
        where = " on the server" if server else ""
        gone = f"lanes: could not judge: {program} does not run{where} any more; {again}"
        run = _RUN.format(option="--if-enabled " * self.if_enabled, gone=shlex.quote(gone))
        header = f"#!/bin/sh\n# git-lanes: {self.hook}; to take it away, run: git lanes uninstall{option}\n"
        parts: list[str | bytes] = [
            f"# folders made for this file: {self.folders}\n" if self.folders else "",
            *(f"# configuration set with this file: {key} {value}\n" for key, value in self.settings),
            os.fsencode(f"lanes_python={shlex.quote(self.python)}\n"),
            os.fsencode(f"lanes_program={shlex.quote(self.program)}\n"),
            "lanes() {\n",
            _NAMES_PUSHER.format(variable=self.pusher) if self.pusher else "",
            run,
            self._body().format(kept=self.hook + KEPT),
        ]
        rest = b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)
        return f"{header}# sum: {zlib.crc32(rest):08x}\n".encode() + rest

    def _body(self) -> str:
        if self.alone:
            return 'lanes "$@"\n'
        if self.hook == "reference-transaction":
            return _REFERENCE_TRANSACTION
        return _CHAINED_AND_FED if self.hook in _FED else _CHAINED


def read(content: bytes) -> HookFile | None:
    """Give what a hook file of ours says, of this version or another one; None for any other file."""
    found = _HEADER.match(content)
    if not found or found[1].decode() not in PROGRAMS:
        return None
    try:
        words = shlex.split(os.fsdecode(content), comments=True)
    except ValueError:
        words = []  # somebody changed it
    values = {name: value for name, equals, value in (word.partition("=") for word in words) if equals}
    folders, variable = _FOLDERS.search(content), _VARIABLE.search(content)
    return HookFile(
        hook=found[1].decode(),
        python=values.get("lanes_python", ""),
        program=values.get("lanes_program", ""),
        alone="lanes_kept" not in values,
        if_enabled="--if-enabled" in words,
        pusher=variable[1].decode() if variable else "",
        folders=int(folders[1]) if folders else 0,
        settings=tuple((key.decode(), value.decode()) for key, value in _SETTING.findall(content)),
    )


def is_untouched(content: bytes) -> bool:
    """Tell whether a hook file is as some version of git-lanes wrote it, and holds nobody's work."""
    found = _HEADER.match(content)
    return found is not None and found[2] == b"%08x" % zlib.crc32(content[found.end() :])
