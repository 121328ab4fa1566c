"""What a git command would do that a lane has a say in."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from lanes.acts import Act, Kind, bypasses, named_in_patch, of_text, stripped
from lanes.options import Options, is_short_for
from lanes.shell import joined, work_tree

_Found = Iterator[tuple[Kind, str]]

_BEFORE = "-C -c --git-dir --work-tree --namespace --exec-path --super-prefix --config-env --attr-source"
_WORKING = (
    *("add", "am", "apply", "checkout", "cherry-pick", "clean", "commit", "merge", "mv", "pull", "push"),
    *("rebase", "reset", "restore", "revert", "rm", "stash", "switch"),
)
_RUN_HOOKS = ("commit", "merge", "push", "pull", "am", "rebase", "cherry-pick", "revert")
_READING = (
    *("blame", "cat-file", "describe", "diff", "for-each-ref", "grep", "help", "log", "ls-files"),
    *("ls-remote", "ls-tree", "merge-base", "rev-list", "rev-parse", "shortlog", "show", "show-ref"),
    *("status", "version"),
)


def of_git(
    words: Sequence[str], variables: Mapping[str, str], feeds: Sequence[str], folder: str | None, depth: int
) -> Iterator[Act]:
    """Find what git would do with these arguments, variables and standard input, called in *folder*."""
    before = Options(words, _BEFORE, leading=True)
    command, *arguments = before.all or [""]
    if command in _READING or _only_tells(command, arguments):
        return
    folder = _folder(before, variables, folder)
    passing = [*bypasses(variables), *_settings_past(before, depth)]
    if command in _RUN_HOOKS:
        passing += _without_hooks(command, arguments)
    yield from (Act(Kind.PASSES_BY, what, folder) for what in passing)
    yield from (Act(Kind.WORKS, f"git {command}", place) for place in _worked_in(command, arguments, folder))
    if command == "config":
        yield from (Act(kind, what, folder) for kind, what in _config(arguments, depth))
    elif command in _COMMANDS:
        yield from (Act(kind, what, folder) for kind, what in _COMMANDS[command](arguments))
    for feed in feeds if command in _FED else ():
        top = work_tree(folder) or folder
        yield from (Act(kind, what, top) for kind, what in _FED[command](arguments, feed))


def _only_tells(command: str, arguments: Sequence[str]) -> bool:
    """Tell whether options keep a command from changing anything."""
    if command == "stash" and arguments[:1] in (["list"], ["show"]):
        return True
    options = Options(arguments, _VALUED.get(command, ""), _ATTACHED)
    telling = ("--dry-run", "--help", "-h", *_TELLING.get(command, ()))
    return any(name in telling for name, _ in options.given)


def _worked_in(command: str, arguments: Sequence[str], folder: str | None) -> list[str | None]:
    """Give the folder in whose worktree a command changes something."""
    if command == "worktree" and arguments[:1] in (["remove"], ["move"]):
        return [joined(folder, place) for place in Options(arguments[1:]).all[:1]]
    return [folder] if command in _WORKING else []


def _folder(before: Options, variables: Mapping[str, str], folder: str | None) -> str | None:
    for name, place in before.given:
        if name == "-C":
            folder = joined(folder, place)
    tree = before.value("--work-tree") or variables.get("GIT_WORK_TREE")
    git_dir = before.value("--git-dir") or variables.get("GIT_DIR")
    beside = git_dir and (git_dir.rstrip("/").removesuffix(".git") or ".")
    return joined(folder, tree or beside or "")


def _settings_past(before: Options, depth: int) -> Iterator[str]:
    for name, setting in before.given:
        key, _, value = setting.partition("=")
        if name in ("-c", "--config-env") and (_is_of_the_gates(key) or _is_alias_past(key, value, depth)):
            yield f"git -c {setting}"


def _is_of_the_gates(key: str, whole_section: bool = False) -> bool:
    """Tell whether a setting decides which hooks run, or what they do."""
    section, dot, _ = key.lower().partition(".")
    if section in ("hook", "lanes", "include", "includeif"):
        return whole_section or bool(dot)
    return key.lower() == ("core" if whole_section else "core.hookspath")


def _is_alias_past(key: str, value: str, depth: int) -> bool:
    """Tell whether an alias stands for a command that passes the gates by."""
    if not key.lower().startswith("alias."):
        return False
    text = value[1:] if value.startswith("!") else f"git {value}"
    return any(act.kind is Kind.PASSES_BY for act in of_text(text, None, depth + 1))


_MESSAGES = "-m -F --message --file"
_VALUED = {
    "commit": f"{_MESSAGES} -C -c -t --author --date --template --cleanup --trailer --fixup --squash"
    " --reuse-message --reedit-message --pathspec-from-file",
    "merge": f"{_MESSAGES} -s -X --strategy --strategy-option --cleanup --into-name",
    "push": "-o --push-option --receive-pack --exec --repo",
    "pull": "-s -X --strategy --strategy-option --upload-pack",
    "rebase": "-s -X -x --onto --strategy --strategy-option --exec --whitespace",
    "am": "-C -p --directory --exclude --include --patch-format",
}
_ATTACHED = "-u -S"
# What more keeps these commands from changing anything, besides --dry-run and --help.
_TELLING = {
    **dict.fromkeys(("add", "clean", "mv", "push", "rm"), ("-n",)),
    **dict.fromkeys(("am", "rebase"), ("--show-current-patch",)),
    "apply": ("--check", "--stat", "--numstat", "--summary"),
}
_FETCHING = "-o -j -s -X --server-option --depth --deepen --shallow-since --upload-pack --refmap --strategy"


def _without_hooks(command: str, words: Sequence[str]) -> Iterator[str]:
    for name, _ in Options(words, _VALUED.get(command, ""), _ATTACHED).given:
        # Elsewhere -n is something else.
        if is_short_for(name, "--no-verify") or (name == "-n" and command in ("commit", "am")):
            yield f"git {command} {name}"


_WRITES = (
    *("--add", "--replace-all", "--unset", "--unset-all", "--rename-section", "--remove-section"),
    *("set", "unset", "rename-section", "remove-section"),
)
_READS = (
    *(
        "--get",
        "--get-all",
        "--get-regexp",
        "--get-urlmatch",
        "--get-color",
        "--get-colorbool",
        "--list",
        "-l",
    ),
    *("get", "list"),
)


def _config(words: Sequence[str], depth: int) -> _Found:
    options = Options(words, "-f --file --blob --type --default --comment --value --url")
    given = {name for name, _ in options.given}
    operands = options.all
    if operands and operands[0] in (*_WRITES, *_READS):
        given.add(operands.pop(0))
    key, *values = operands or [""]
    if given.intersection(_READS) or not (values or given.intersection(_WRITES)):
        return
    if _is_of_the_gates(key, whole_section=any("section" in name for name in given)):
        yield Kind.MANAGES, f"git config {key}"
    elif values and _is_alias_past(key, values[0], depth):
        yield Kind.PASSES_BY, f"git config {key} {values[0]}"


def _written(words: Sequence[str]) -> _Found:
    yield from ((Kind.WRITES, path) for path in Options(words).all)


def _push(words: Sequence[str]) -> _Found:
    options = Options(words, _VALUED["push"])
    yield from ((Kind.MANAGES, f"git push {name}") for name in _ALL_BRANCHES if options.has(name))
    for refspec in options.all[1:]:
        name = refspec.removeprefix("+").rpartition(":")[2]
        if "*" in name or not name:
            yield Kind.MANAGES, f"git push of {refspec}"
        yield Kind.MOVES, name


_ALL_BRANCHES = ("--all", "--mirror", "--branches")


def _fetch(words: Sequence[str]) -> _Found:
    source, *refspecs = Options(words, _FETCHING).all or [""]
    local = source.startswith(".") or "/" in source
    for refspec in refspecs:
        theirs, colon, ours = refspec.removeprefix("+").partition(":")
        # What a remote has as main may come as main.
        if colon and (local or theirs.removeprefix("refs/heads/") != ours.rpartition("refs/heads/")[2]):
            yield Kind.MOVES, ours


def _branch(words: Sequence[str]) -> _Found:
    options = Options(words, "-u --set-upstream-to --contains --no-contains --points-at --sort --format")
    making = ("-f", "--force", "-t", "--track", "--no-track", "-q", "--quiet")
    if options.has("-d", "-D", "--delete", "-m", "-M", "--move"):
        yield from ((Kind.MOVES, name) for name in options.all)
    elif options.has("-c", "-C", "--copy"):
        yield from ((Kind.MOVES, name) for name in options.all[-1:])
    elif all(name in making for name, _ in options.given):
        yield from ((Kind.MOVES, name) for name in options.all[:1])


_MADE = ("-b", "-B", "-c", "-C", "--orphan", "--create", "--force-create")


def _checkout(words: Sequence[str]) -> _Found:
    options = Options(words, " ".join([*_MADE, "--conflict", "--pathspec-from-file"]))
    made = options.value(*_MADE)
    if made is not None:
        yield Kind.MOVES, made
    elif len(options.operands) == 1 and not options.behind and not options.has("-d", "--detach", "-p"):
        name = options.operands[0]
        yield Kind.MOVES, name.partition("/")[2] if options.has("-t", "--track") else name


def _worktree(words: Sequence[str]) -> _Found:
    options = Options(words[1:], "-b -B --reason")
    if words[:1] != ["add"] or options.has("-d", "--detach"):
        return
    made = options.value("-b", "-B")
    if made is not None:
        yield Kind.MOVES, made
    elif operands := options.all:
        yield Kind.MOVES, operands[1] if len(operands) > 1 else operands[0].rstrip("/").rpartition("/")[2]


def _rebase(words: Sequence[str]) -> _Found:
    yield from ((Kind.MOVES, name) for name in Options(words, _VALUED["rebase"]).operands[1:2])


def _update_ref(words: Sequence[str]) -> _Found:
    yield from ((Kind.MOVES, name) for name in Options(words, "-m").all[:1])


def _symbolic_ref(words: Sequence[str]) -> _Found:
    options = Options(words, "-m")
    names = options.all
    if len(names) > 1 or options.has("-d", "--delete"):
        yield from ((Kind.MOVES, name) for name in names)
        if names[:1] and names[0].endswith("/HEAD"):  # a remote's, which says where the manifest is
            yield Kind.MANAGES, "git symbolic-ref"


def _stash(words: Sequence[str]) -> _Found:
    if words[:1] == ["branch"]:
        yield from ((Kind.MOVES, name) for name in words[1:2])


def _remote(words: Sequence[str]) -> _Found:
    if words[:1] == ["set-head"] and not {"-a", "--auto"}.intersection(words):
        yield Kind.MANAGES, "git remote set-head"


def _lanes(words: Sequence[str]) -> _Found:
    options = Options(words, "--agent")
    verb, *operands = options.all or [""]
    if verb in ("allow", "init", "uninstall") or (verb == "install" and options.has("--agent")):
        yield Kind.MANAGES, f"git lanes {verb}"
    elif verb == "brief" and options.has("--agents-md"):
        yield Kind.WRITES, next(iter(operands), "AGENTS.md")


def _applied(words: Sequence[str], feed: str) -> _Found:
    strip = stripped(Options(words, "-p -C --directory --exclude --include --whitespace"), 1)
    yield from ((Kind.WRITES, path) for path in named_in_patch(feed, strip))


def _refs_fed(words: Sequence[str], feed: str) -> _Found:
    if Options(words, "-m").has("--stdin"):
        for line in feed.replace("\0", "\n").split("\n"):
            yield from ((Kind.MOVES, ref) for ref in line.split()[1:2])


_COMMANDS: Mapping[str, Callable[[Sequence[str]], _Found]] = {
    "push": _push,
    "send-pack": _push,
    "fetch": _fetch,
    "pull": _fetch,
    "branch": _branch,
    "checkout": _checkout,
    "switch": _checkout,
    "worktree": _worktree,
    "rebase": _rebase,
    "update-ref": _update_ref,
    "symbolic-ref": _symbolic_ref,
    "stash": _stash,
    "remote": _remote,
    "lanes": _lanes,
    "rm": _written,
    "mv": _written,
}
# Commands that read what to do from standard input.
_FED: Mapping[str, Callable[[Sequence[str], str], _Found]] = {"apply": _applied, "update-ref": _refs_fed}
