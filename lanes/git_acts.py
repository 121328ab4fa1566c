"""What a git command would do that a lane has a say in."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from lanes.acts import Act, Kind, of_text
from lanes.options import Options, is_short_for
from lanes.shell import joined

_Found = Iterator[tuple[Kind, str]]

_VALUED_BEFORE = (
    *("-C", "-c", "--git-dir", "--work-tree", "--namespace"),
    *("--exec-path", "--super-prefix", "--config-env", "--attr-source"),
)
_WORKING = (
    *("add", "am", "apply", "checkout", "cherry-pick", "clean", "commit", "merge", "mv", "pull"),
    *("rebase", "reset", "restore", "revert", "rm", "stash", "switch"),
)
_RUN_HOOKS = ("commit", "merge", "push", "pull", "am", "rebase", "cherry-pick", "revert")


def of_git(
    words: Sequence[str], variables: Mapping[str, str], folder: str | None, depth: int
) -> Iterator[Act]:
    """Find what git would do with these arguments and variables, called in *folder*."""
    settings, places, command, arguments = _before(words)
    for place in places["-C"]:
        folder = joined(folder, place)
    trees = [*places["--work-tree"], variables.get("GIT_WORK_TREE", "")]
    dirs = [*places["--git-dir"], variables.get("GIT_DIR", "")]
    beside = [name.rstrip("/").removesuffix(".git") or "." for name in dirs if name]
    folder = joined(folder, next(filter(None, [*trees, *beside]), ""))
    for setting in settings:
        key, _, value = setting.partition("=")
        if _is_of_the_gates(key) or _is_alias_past(key, value, depth):
            yield Act(Kind.PASSES_BY, f"git -c {setting}", folder)
    if command in _WORKING:
        yield Act(Kind.WORKS, f"git {command}", folder)
    if command in _RUN_HOOKS:
        yield from (Act(Kind.PASSES_BY, what, folder) for what in _without_hooks(command, arguments))
    if command == "config":
        yield from (Act(kind, what, folder) for kind, what in _config(arguments, depth))
    elif command in _COMMANDS:
        yield from (Act(kind, what, folder) for kind, what in _COMMANDS[command](arguments))


def _before(words: Sequence[str]) -> tuple[list[str], Mapping[str, list[str]], str, list[str]]:
    """Give the settings, the places, the command and its arguments."""
    settings: list[str] = []
    places: dict[str, list[str]] = {"-C": [], "--git-dir": [], "--work-tree": []}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            return settings, places, word, list(rest)
        name, has_value, value = word.partition("=")
        if name in _VALUED_BEFORE and not has_value:
            value = next(rest, "")
        if name in places:
            places[name].append(value)
        elif name in ("-c", "--config-env"):
            settings.append(value)
    return settings, places, "", []


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
_FETCHING = "-o -j -s -X --server-option --depth --deepen --shallow-since --upload-pack --refmap --strategy"


def _without_hooks(command: str, words: Sequence[str]) -> Iterator[str]:
    for name, _ in Options(words, _VALUED.get(command, "")).given:
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
    if len(options.all) > 1 or options.has("-d", "--delete"):
        yield from ((Kind.MOVES, name) for name in options.all)
        if options.all[0].endswith("/HEAD"):  # a remote's, which says where the manifest is
            yield Kind.MANAGES, "git symbolic-ref"


def _remote(words: Sequence[str]) -> _Found:
    if words[:1] == ["set-head"] and not {"-a", "--auto"}.intersection(words):
        yield Kind.MANAGES, "git remote set-head"


def _lanes(words: Sequence[str]) -> _Found:
    verb = next((word for word in words if not word.startswith("-")), "")
    if verb in ("allow", "init", "uninstall") and not {"-h", "--help"}.intersection(words):
        yield Kind.MANAGES, f"git lanes {verb}"


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
    "remote": _remote,
    "lanes": _lanes,
    "rm": _written,
    "mv": _written,
}
