"""What a tool would do that a lane has a say in: files written, gates passed by, branches moved.

Of a shell's commands it is read from the words alone. Whether it is refused depends on where it is done.
"""

import os.path
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum

from lanes.hosts import ToolCall, patched
from lanes.options import Options
from lanes.shell import Command, commands, joined


class Kind(Enum):
    """What an act does to its subject."""

    EDITS = "edits"  # a file, by a tool that is made for it
    WRITES = "writes"  # a file
    PASSES_BY = "passes by"  # the gates, whoever does it
    MANAGES = "manages"  # the lanes or the gates, which is the integrator's business
    MOVES = "moves"  # a branch or another ref
    WORKS = "works"  # in the worktree around the folder


class Act:
    """One thing that a tool would do. The folder is None where nobody knows it."""

    def __init__(self, kind: Kind, subject: str, folder: str | None) -> None:
        self.kind = kind
        self.subject = subject
        self.folder = folder


def acts(call: ToolCall) -> list[Act]:
    """Find what a tool would do."""
    found = [Act(Kind.EDITS, path, call.folder) for path in call.edits]
    found += of_text(call.command, call.folder)
    return [act for act in found if act.kind is not Kind.WORKS or act.folder != call.folder]


_SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "ash")
_MANAGERS = ("pre-commit", "prek", "lefthook", "husky")
_PATCHERS = ("apply_patch", "applypatch")
_DEEPEST = 20  # shells in shells

# Programs that run another one, and their options that take a word.
_WRAPPERS = {
    "sudo": "-u -g -h -p -C -r -t -T -U -D -R --user --group --chdir",
    "doas": "-u -C",
    "env": "-u -C -S --unset --chdir --split-string",
    "nice": "-n --adjustment",
    "ionice": "-c -n -p",
    "timeout": "-k -s --kill-after --signal",
    "time": "-f -o",
    "exec": "-a",
    "xargs": "-I -n -P -L -d -E -s -a --max-args --max-procs --delimiter --arg-file --replace",
    "stdbuf": "-i -o -e",
    "npx": "-p --package",
    "bunx": "",
    "uvx": "--from --with",
    "nohup": "",
    "setsid": "",
    "command": "",
    "builtin": "",
}
_RUNNERS = ("uv run", "poetry run", "pipenv run", "pnpm exec", "npm exec", "yarn run")
_EXPORTERS = ("export", "declare", "typeset", "readonly")


def of_text(text: str, folder: str | None, depth: int = 0) -> Iterator[Act]:
    """Find what the commands in *text*, run in *folder*, would do; it is a shell's in so many others."""
    if depth > _DEEPEST:
        return
    found = commands(text, folder)
    for command in found:
        yield from _of_command(command, depth)
        if _program(command.words) in _PATCHERS:
            texts = [*command.words[1:], *(feed for other in found for feed in other.feeds)]
            yield from (Act(Kind.WRITES, path, command.folder) for some in texts for path in patched(some))


def _program(words: Sequence[str]) -> str:
    return os.path.basename(words[0]) if words else ""  # noqa: PTH119 - a name as it was given


def _of_command(command: Command, depth: int) -> Iterator[Act]:
    for target in command.targets:
        if target and not target.startswith("/dev/"):
            yield Act(Kind.WRITES, target, command.folder)
    words, variables, folder = _unwrapped(command)
    program, arguments = _program(words), list(words[1:])
    if program in ("", "git", "eval", *_SHELLS, *_MANAGERS):
        yield from (Act(Kind.PASSES_BY, what, folder) for what in _bypasses(variables))
    if program in _SHELLS:
        for script in _scripts(arguments, command.feeds):
            yield from of_text(script, folder, depth + 1)
    elif program == "eval":
        yield from of_text(" ".join(arguments), folder, depth + 1)
    elif program in ("git", "git-lanes"):
        from lanes.git_acts import of_git  # noqa: PLC0415 - most commands are others

        yield from of_git([*program.split("-")[1:], *arguments], variables, folder, depth)
    elif program in _MANAGERS and "uninstall" in arguments:
        yield Act(Kind.MANAGES, f"{program} uninstall", folder)
    elif program in _WRITERS:
        written = _WRITERS[program](arguments, folder)
        yield from (Act(Kind.WRITES, path, folder) for path in written if path)


def _unwrapped(command: Command) -> tuple[Sequence[str], Mapping[str, str], str | None]:
    """Take off assignments and programs that run another one; give the words left, variables, and folder.

    No words are left of a command that sets variables for what follows.
    """
    words, folder = list(command.words), command.folder
    variables: dict[str, str] = {}
    while words:
        program = _program(words)
        name, assigned, value = words[0].partition("=")
        if assigned and name.removesuffix("+").isidentifier():
            variables[name] = value
            del words[0]
        elif program in _EXPORTERS:
            words = [word for word in words[1:] if "=" in word]
        elif " ".join(words[:2]) in _RUNNERS:
            words = words[3:] if words[2:3] == ["--"] else words[2:]
        elif program in _WRAPPERS:
            options, words = _leading(words[1:], _WRAPPERS[program].split())
            if program == "command" and options.keys() & {"-v", "-V"}:
                words = ["type"]
            elif program == "env":
                folder = joined(folder, options.get("-C") or options.get("--chdir") or "")
            elif program == "timeout":
                del words[:1]
        else:
            break
    return words, variables, folder


def _leading(words: Sequence[str], valued: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Split off the options before the first word that is none."""
    options: dict[str, str] = {}
    at = 0
    while at < len(words) and words[at].startswith("-"):
        name, _, value = words[at].partition("=")
        at += 1
        if name == "--":
            break
        if name in valued and not value:
            value = words[at] if at < len(words) else ""
            at += 1
        options[name] = value
    return options, list(words[at:])


def _scripts(arguments: Sequence[str], feeds: Iterable[str]) -> Iterator[str]:
    """Give what a shell with these arguments runs: the word behind -c, or what it is fed."""
    before = ""
    for at, word in enumerate(arguments):
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            yield from arguments[at + 1 : at + 2]
            return
        if not word.startswith(("-", "+")) and before not in ("-o", "+o", "-O", "+O"):
            return
        before = word
    yield from feeds


def _bypasses(variables: Mapping[str, str]) -> Iterator[str]:
    """Give those of these variables that turn hooks off, or give git another configuration."""
    for name, value in variables.items():
        if (
            (name.startswith("GIT_CONFIG") and name != "GIT_CONFIG_NOSYSTEM")
            or name in ("HUSKY_SKIP_HOOKS", "PRE_COMMIT_ALLOW_NO_CONFIG")
            or (name in ("HUSKY", "LEFTHOOK") and value.casefold() in ("0", "false"))
            or (name in ("SKIP", "PREK_SKIP", "LEFTHOOK_EXCLUDE") and "lane" in value)
        ):
            yield f"{name}={value}"


# -- Programs that write the files that they are given


def _all_of(valued: str = "") -> Callable[[list[str], str | None], list[str]]:
    def paths(words: list[str], _folder: str | None) -> list[str]:
        return Options(words, valued).all

    return paths


def _with_modes(words: list[str], _folder: str | None) -> list[str]:
    """Give the files of chmod: what follows the mode, which may look like an option."""
    return [word for word in words if word not in ("-R", "-c", "-f", "-v") and not word.startswith("--")][1:]


def _copied(words: list[str], folder: str | None) -> list[str]:
    """Give what cp, install, ln or mv make: the last operand, or files of the same names in that folder."""
    options = Options(words, "-t -S -m -o -g --target-directory --suffix --mode --owner --group")
    sources = options.all
    into = options.value("-t", "--target-directory")
    if into is None:
        if len(sources) < 2:
            return [_program(sources)]
        into = sources.pop()
        there = joined(folder, into)
        is_folder = there is not None and os.path.isdir(there)  # noqa: PTH112
        if options.has("-T") or not (is_folder or into.endswith("/") or len(sources) > 1):
            return [into]
    return [os.path.join(into, _program([source.rstrip("/")])) for source in sources]  # noqa: PTH118


def _moved(words: list[str], folder: str | None) -> list[str]:
    return [*Options(words, "-t -S --target-directory --suffix").all, *_copied(words, folder)]


def _edited_in_place(words: list[str], _folder: str | None) -> list[str]:
    """Give the files that sed or perl edit with -i: all operands but the script."""
    options = Options([word for word in words if word], "-e -f --expression --file")
    if not options.has("-i", "--in-place"):
        return []
    return options.all[not options.has("-e", "-f", "--expression", "--file") :]


def _output_of_dd(words: list[str], _folder: str | None) -> list[str]:
    return [word.removeprefix("of=") for word in words if word.startswith("of=")]


_WRITERS: Mapping[str, Callable[[list[str], str | None], list[str]]] = {
    "rm": _all_of(),
    "unlink": _all_of(),
    "shred": _all_of("-n -s"),
    "touch": _all_of("-d -r -t --date --reference"),
    "truncate": _all_of("-s -r --size --reference"),
    "tee": _all_of(),
    "chmod": _with_modes,
    "cp": _copied,
    "install": _copied,
    "ln": _copied,
    "mv": _moved,
    "sed": _edited_in_place,
    "perl": _edited_in_place,
    "dd": _output_of_dd,
}
