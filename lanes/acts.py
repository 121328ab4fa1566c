"""What a tool would do that a lane has a say in: files written, gates passed by, branches moved.

Of a shell's commands it is read from the words alone. Whether it is refused depends on where it is done.
"""

import os.path
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import dropwhile, islice, takewhile

from lanes.hosts import ToolCall, patched
from lanes.options import Options
from lanes.shell import EXPORTERS, UNKNOWN, Command, commands, joined


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
    "uv run": "-p --python --with --with-editable --with-requirements --extra --group --package --project"
    " --directory --env-file --index",
    "poetry run": "",
    "pipenv run": "",
    "pnpm exec": "",
    "npm exec": "-p --package",
    "yarn run": "",
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
_MOST_MATCHES = 100


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
    yield from _writes(command.targets, command.folder)
    words, variables, folder = _unwrapped(command)
    program, arguments = _program(words), list(words[1:])
    if program in ("", "eval", *_SHELLS, *_MANAGERS):
        yield from (Act(Kind.PASSES_BY, what, folder) for what in bypasses(variables))
    if program in ("eval", *_SHELLS):
        for script in _scripts(program, arguments, command.feeds):
            yield from of_text(script, folder, depth + 1)
    elif program in ("git", "git-lanes"):
        from lanes.git_acts import of_git  # noqa: PLC0415 - most commands are others

        yield from of_git([*program.split("-")[1:], *arguments], variables, command.feeds, folder, depth)
    elif program == "find" and depth < _DEEPEST:
        for run in _run_by_find(arguments):
            yield from _of_command(Command(run, (), (), folder), depth + 1)
    elif program in _MANAGERS and "uninstall" in arguments:
        yield Act(Kind.MANAGES, f"{program} uninstall", folder)
    elif program == "patch":
        yield from _writes(_by_patch(arguments, command.feeds), folder)
    elif program in _WRITERS:
        yield from _writes(_WRITERS[program](arguments, folder), folder)


def _writes(paths: Iterable[str], folder: str | None) -> Iterator[Act]:
    for path in paths:
        if path not in ("", "-") and not path.startswith("/dev/"):
            yield from (Act(Kind.WRITES, one, folder) for one in _matching(path, folder))


def _matching(path: str, folder: str | None) -> list[str]:
    """Give the files that a glob stands for; itself where there are none, as in shells, or too many."""
    place = joined(folder, path) if re.search(r"[*?[]", path) else None
    if place is None or place.count("/") > 100 or os.path.lexists(place):
        return [path]
    from glob import iglob  # noqa: PLC0415 - most commands have none

    found = list(islice(iglob(place), _MOST_MATCHES + 1))  # noqa: PTH207 - names as they were given
    return found if 0 < len(found) <= _MOST_MATCHES else [path]


def _unwrapped(command: Command) -> tuple[Sequence[str], Mapping[str, str], str | None]:
    """Take off assignments and programs that run another one; give the words left, variables, and folder.

    No words are left of a command that sets variables for what follows.
    """
    words, folder = list(command.words), command.folder
    variables: dict[str, str] = {}
    while words:
        program = _program(words)
        if assignments := list(takewhile(_is_assignment, words)):
            variables |= dict(word.split("=", 1) for word in assignments)
            del words[: len(assignments)]
        elif program in EXPORTERS:
            words = [word for word in words[1:] if "=" in word]
        elif runner := _WRAPPERS.keys() & {program, " ".join([program, *words[1:2]])}:
            name = runner.pop()
            options = Options(words[1 + name.count(" ") :], _WRAPPERS[name], leading=True)
            words = options.all
            if program == "command" and options.has("-v", "-V"):
                words = ["type"]
            elif program == "env":
                folder = joined(folder, options.value("-C", "--chdir") or "")
            elif program == "timeout":
                del words[:1]
            elif program == "xargs":
                words = [word.replace(options.value("-I") or "{}", UNKNOWN) for word in words]
        else:
            break
    return words, variables, folder


def _is_assignment(word: str) -> bool:
    name, assigned, _ = word.partition("=")
    return bool(assigned) and name.removesuffix("+").isidentifier()


def _scripts(shell: str, arguments: Sequence[str], feeds: Sequence[str]) -> Sequence[str]:
    """Give what a shell with these arguments runs: the word behind its options with -c, or what it is fed."""
    if shell == "eval":
        return [" ".join(arguments)]
    words = [f"-{word[1:]}" if word.startswith("+") else word for word in arguments]
    options = Options(words, "-o -O --rcfile --init-file", leading=True)
    if options.has("-c"):
        return options.all[:1]
    return feeds if options.has("-s") or not options.all else ()


def _run_by_find(arguments: Sequence[str]) -> Iterator[list[str]]:
    """Give the commands that find runs, for each folder that it begins in."""
    words = list(dropwhile(lambda word: word in ("-H", "-L", "-P"), arguments))
    begins = list(takewhile(lambda word: not word.startswith(("-", "(", "!")), words))
    named = UNKNOWN
    rest = iter(words)
    for word in rest:
        run = ["rm", "{}"] if word == "-delete" else []
        if word == "-name":
            named = re.sub(r"[*?[](?:.*[*?\]])?", UNKNOWN, next(rest, ""))
        elif word in ("-exec", "-execdir", "-ok", "-okdir"):
            run = list(takewhile(lambda word: word not in (";", "+"), rest))
        for folder in begins or ["."]:
            if run:
                yield [word.replace("{}", f"{folder}/{UNKNOWN}/{named}") for word in run]


def bypasses(variables: Mapping[str, str]) -> Iterator[str]:
    """Give those of these variables that turn hooks off, or give git another configuration."""
    for name, value in variables.items():
        if (
            (name.startswith("GIT_CONFIG") and name != "GIT_CONFIG_NOSYSTEM")
            or name in ("HUSKY_SKIP_HOOKS", "PRE_COMMIT_ALLOW_NO_CONFIG")
            or (name in ("HUSKY", "LEFTHOOK") and value.casefold() in ("0", "false"))
            or (name in ("SKIP", "PREK_SKIP", "LEFTHOOK_EXCLUDE") and "lane" in value)
        ):
            yield f"{name}={value}"


# -- Programs that write the files that they are given, or that a patch names

_NAMES = r"(?m)^--- ([^\t\r\n]+).*\n\+\+\+ ([^\t\r\n]+)"


def named_in_patch(text: str, strip: int) -> Iterator[str]:
    """Give the files that a patch in the form of diff changes, less *strip* folders (-1: less all)."""
    for old, new in re.findall(_NAMES, text):
        yield (old if new == "/dev/null" else new).split("/", strip)[-1]


def stripped(options: Options, default: int) -> int:
    """Give how many folders patch and git apply take off names."""
    value = options.value("-p", "--strip") or ""
    return int(value) if value.isdecimal() else default


def _by_patch(words: list[str], feeds: Iterable[str]) -> list[str]:
    options = Options(words, "-p -i -o -d -D -r -B -z -F --strip --input --output --directory")
    if options.has("--dry-run"):
        return []
    strip = stripped(options, -1)
    return options.all[:1] or [path for text in feeds for path in named_in_patch(text, strip)]


def _all_of(valued: str = "") -> Callable[[list[str], str | None], list[str]]:
    def paths(words: list[str], _folder: str | None) -> list[str]:
        return Options(words, valued).all

    return paths


def _with_modes(words: list[str], _folder: str | None) -> list[str]:
    """Give the files of chmod: what follows the mode, which may look like an option."""
    return [word for word in words if word not in ("-R", "-c", "-f", "-v") and not word.startswith("--")][1:]


_COPYING = "-t -S -m -o -g --target-directory --suffix --mode --owner --group"


def _copied(words: list[str], folder: str | None) -> list[str]:
    """Give what cp, install, ln or mv make: the last operand, or files of the same names in that folder."""
    options = Options(words, _COPYING)
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


def _installed(words: list[str], folder: str | None) -> list[str]:
    """Give what install makes; of folders git takes no notice."""
    return [] if Options(words, _COPYING).has("-d", "--directory") else _copied(words, folder)


def _moved(words: list[str], folder: str | None) -> list[str]:
    return [*Options(words, "-t -S --target-directory --suffix").all, *_copied(words, folder)]


def _by_sed(words: list[str], _folder: str | None) -> list[str]:
    # Some take an empty word for -i.
    options = Options([word for word in words if word], "-e -f -l --expression --file --line-length", "-i")
    scripts = options.has("-e", "-f", "--expression", "--file")
    return options.all[not scripts :] if options.has("-i", "--in-place") else []


def _by_perl(words: list[str], _folder: str | None) -> list[str]:
    options = Options(words, "-e -E -I", "-i -M -m -F -x -D -C -d -V")
    return options.all[not options.has("-e", "-E") :] if options.has("-i") else []


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
    "install": _installed,
    "ln": _copied,
    "mv": _moved,
    "sed": _by_sed,
    "perl": _by_perl,
    "dd": _output_of_dd,
}
