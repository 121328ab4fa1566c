"""What the hosts of coding agents tell a hook before a tool runs, and how each of them takes a refusal."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence

from lanes.errors import CannotJudge

Json = Mapping[str, object]
"""What a host says."""

HOSTS = ("claude", "codex", "gemini", "copilot", "cursor", "opencode")
CLAUDE, CODEX, GEMINI, COPILOT, CURSOR, OPENCODE = HOSTS


class ToolCall:
    """What an agent is about to do: the folder it is in, the files it edits, the command that it runs."""

    # No NamedTuple and no dataclass: both take longer to load than all that a reading tool needs.
    def __init__(self, folder: str, edits: Sequence[str] = (), command: str = "") -> None:
        self.folder = folder
        self.edits = edits
        self.command = command


def read(data: bytes) -> Json:
    """Read what a host says. Raises CannotJudge where it is no JSON object."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        raise CannotJudge("standard input is not the JSON of an agent's hook") from None
    if not isinstance(said, dict):
        raise CannotJudge("standard input is not the JSON object of an agent's hook")
    return said


def recognised(said: Json) -> str:
    """Tell which host says this."""
    if "turn_id" in said:
        return CODEX
    if "toolName" in said:
        return COPILOT
    if "cursor_version" in said:
        return CURSOR
    return GEMINI if said.get("hook_event_name") == "BeforeTool" else CLAUDE


def denial(host: str, reason: str) -> str | None:
    """Give what *host* reads on stdout as a refusal, None where it takes an exit status of 2 and stderr."""
    if host in (CLAUDE, CODEX):
        decision = {"permissionDecision": "deny", "permissionDecisionReason": reason}
        return json.dumps({"hookSpecificOutput": {"hookEventName": "PreToolUse", **decision}})
    if host == GEMINI:
        return json.dumps({"decision": "deny", "reason": reason})
    if host == COPILOT:
        return json.dumps({"permissionDecision": "deny", "permissionDecisionReason": reason})
    if host == CURSOR:
        return json.dumps({"permission": "deny", "user_message": reason})
    return None


LOSES_REASONS = (COPILOT, CURSOR)
"""Hosts that stop a tool at an exit status of 2, and tell the agent nothing of stderr."""

ALLOWANCE = {CURSOR: '{"permission": "allow"}'}
"""What hosts must read where the tool may run; to the others silence says it."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Tools that change no file, whatever their arguments are called: the letters of their names, without case.
_READERS = _set(
    "read readfile readmanyfiles view viewimage glob grep grepsearch filesearch codebasesearch search"
    " searchfilecontent findfiles ls list listdir listdirectory notebookread lsp lspdiagnostics"
    " webfetch websearch fetch googlewebsearch todoread todowrite updateplan askuserquestion question"
    " task agent skill bashoutput killshell killbash reportintent exitplanmode enterplanmode"
)
_EDITORS = _set(
    "edit write multiedit notebookedit applypatch replace writefile create strreplace insert patch"
    " tabwrite delete deletefile searchreplace editfile createfile movefile strreplaceeditor"
    " strreplacebasededittool"
)
_VIEWING = ("strreplaceeditor", "strreplacebasededittool")  # tools that edit, and also view by their command
# The letters of what arguments are called, without case, too.
_PATH_KEYS = _set(
    "filepath notebookpath path targetfile file filename paths files absolutepath relativepath pathinproject"
    " source destination oldpath newpath sourcepath destinationpath"
)
_CONTENT_KEYS = _set(
    "content contents filetext newstr newstring oldstr oldstring edits newsource insertline codeedit"
    " instruction"
)
_PATCH_KEYS = ("command", "input", "patch", "patchText", "patch_text", "cmd")
_COMMAND_KEYS = ("command", "cmd", "script")
_FOLDER_KEYS = ("workdir", "directory", "dir_path", "cwd")
# Words in the names of other tools: what edits, and what only speaks of files.
_EDITING = _set("write edit create delete remove move rename copy replace patch insert append")
_SPEAKING = _set("comment comments review")
_NAME_WORD = re.compile("[A-Z]?[a-z]+|[A-Z]+")


def tool_call(said: Json) -> ToolCall | None:
    """Read what the tool is about to do, None where it changes nothing. Raises CannotJudge."""
    name, arguments = _tool(said)
    plain = _letters(name)
    if plain in _READERS or (plain.endswith(_VIEWING) and arguments.get("command") == "view"):
        return None
    paths = list(_paths(arguments))
    words = {word.casefold() for word in _NAME_WORD.findall(name)}
    telling = (words & _EDITING and not words & _SPEAKING) or _CONTENT_KEYS & set(map(_letters, arguments))
    call: ToolCall | None = None
    if plain in _EDITORS or (paths and telling):
        call = ToolCall(_folder(said), _edited(name, arguments, paths))
    elif (command := _command(arguments)) is not None:
        call = ToolCall(_folder(said, arguments), command=command)
    for text in (call.folder, *call.edits, call.command) if call else ():
        _require_name(text)
    return call


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _command(arguments: Json) -> str | None:
    command = next((arguments[key] for key in _COMMAND_KEYS if key in arguments), None)
    if isinstance(command, list) and all(isinstance(word, str) for word in command):
        return " ".join(map(_word, command))
    if command is not None and not isinstance(command, str):
        raise CannotJudge("the tool's command is no text")
    return command


def _require_name(text: str) -> None:
    """Raise CannotJudge for what no system could take for a name."""
    try:
        if b"\0" not in os.fsencode(text):
            return
    except UnicodeEncodeError:
        pass
    raise CannotJudge("a path or a command holds what no name can hold, a NUL or half a character")


def _tool(said: Json) -> tuple[str, Json]:
    name = said.get("tool_name", said.get("toolName"))
    arguments = said.get("tool_input", said.get("toolArgs", {}))
    if name is None and isinstance(said.get("command"), str):  # Cursor's beforeShellExecution
        name, arguments = "Shell", {"command": said["command"]}
    if isinstance(arguments, str):
        arguments = _decoded(arguments)
    if arguments is None:
        arguments = {}
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise CannotJudge("the hook's input names no tool with its arguments; lane-guard can't read it")
    return name, arguments


def _decoded(arguments: str) -> object:
    """Read arguments that come as JSON in a string, or as the whole text of a patch."""
    try:
        return json.loads(arguments)
    except ValueError:
        return {"input": arguments}


def _folder(said: Json, arguments: Json | None = None) -> str:
    """Give the folder that the agent is in, or that its command names."""
    roots = said.get("workspace_roots")
    root = roots[0] if isinstance(roots, list) and roots else ""
    folder = said.get("cwd") or root or _current_folder()
    below = next((arguments[key] for key in _FOLDER_KEYS if arguments.get(key)), "") if arguments else ""
    if not isinstance(folder, str) or not isinstance(below, str):
        raise CannotJudge("the hook's input names no folder; lane-guard can't read it")
    return os.path.join(folder, below)  # noqa: PTH118


def _current_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - text, as all names here
    except OSError as error:
        raise CannotJudge(f"the current folder is not there any more ({error.strerror})") from None


def _edited(name: str, arguments: Json, paths: Sequence[str]) -> Sequence[str]:
    """Give the files that a tool edits: those that it names, and those of its patch."""
    texts = (arguments.get(key) for key in _PATCH_KEYS)
    paths = [*paths, *(path for text in texts if isinstance(text, str) for path in patched(text))]
    if not paths or not all(paths):
        raise CannotJudge(f"the tool {json.dumps(name)} does not say which file it edits")
    return paths


def _paths(arguments: object) -> Iterator[str]:
    """Give all paths in the arguments of a tool that edits, those of each of its edits too."""
    if isinstance(arguments, list):
        for item in arguments:
            yield from _paths(item)
    elif isinstance(arguments, dict):
        for key, value in arguments.items():
            if _letters(key) not in _PATH_KEYS:
                yield from _paths(value)
            elif isinstance(value, str):
                yield value.removeprefix("file://")
            elif isinstance(value, list) and all(isinstance(path, str) for path in value):
                yield from value
            else:
                yield from _paths(value)


_PATCH_HEADERS = ("*** Add File", "*** Update File", "*** Delete File", "*** Move to")


def patched(text: str) -> Iterator[str]:
    """Give the paths that the text of an `apply_patch` names.

    Space before a header counts for nothing, but in an update a line that begins with one is what is there.
    """
    updates = False
    for line in text.split("\n"):
        begin, colon, path = line.strip().partition(":")
        if colon and begin in _PATCH_HEADERS and path.strip() and not (updates and line.startswith(" ")):
            updates = begin in ("*** Update File", "*** Move to")
            yield path.strip()


def _word(word: str) -> str:
    return "'" + word.replace("'", "'\"'\"'") + "'"
