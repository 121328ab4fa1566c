"""Read a shell's commands as far as they stand there, without what other programs would give."""

import os.path
import re
from collections.abc import Mapping, Sequence
from itertools import dropwhile

UNKNOWN = "\0"
"""Stands in a word for what only the shell that runs it knows."""

EXPORTERS = ("export", "declare", "typeset", "readonly", "local")
"""Commands that set variables, as an assignment alone does."""


class Command:
    """One simple command: its words, the files it is redirected to, what it is fed, and the folder it is in.

    Assignments before a command are words. The folder is None after a `cd` to somewhere that is not known.
    """

    def __init__(
        self, words: Sequence[str], targets: Sequence[str], feeds: Sequence[str], folder: str | None
    ) -> None:
        self.words = words
        self.targets = targets
        self.feeds = feeds
        self.folder = folder


def commands(text: str, folder: str | None) -> list[Command]:
    """Give all simple commands in *text*, those of substitutions, subshells and functions too.

    *folder* is where it runs. Where the text is no shell's, something is read all the same.
    """
    reader = _Reader(text.replace("\0", ""), folder)
    while reader.at < len(reader.text):
        reader.list("")
    return reader.found


_BLANK = re.compile(r"(?:[ \t\r]|\\\n)*")
_COMMENT = re.compile(r"#[^\n]*")
_REDIRECTION = re.compile(r"(?:\d+|\{\w+\})?(<<<|<<-?|<>|<&|>&|&>>?|>>|>\||<(?!\()|>(?!\())")
_PLAIN = re.compile(r"[^ \t\r\n;&|()<>'\"\\$`{,}]+")
_IN_DOUBLE_QUOTES = re.compile(r"[^\"\\$`]+")
# Compiled when they are needed, which is seldom: it takes time.
_VARIABLE = r"\$(?:(\w+)|\{(\w+)\}|\{[^}]*\}?|[@*#?$!-])"
_ANSI_C = r"(?s:[^'\\]|\\.)*"
# Commands that give variables values that nobody knows, and those that hand on what they are told.
_READERS = ("read", "for", "select", "unset", "mapfile", "readarray", "getopts")
_SAYERS = ("cat", "tee", "echo", "printf")
_OPENERS = ("if", "then", "else", "elif", "do", "while", "until", "!", "{", "time", "coproc")

# Braces that are not quoted, in words that are not yet expanded: no text from outside holds these.
_MARKED = {"{": "\ud800", ",": "\ud801", "}": "\ud802"}
_UNMARKED = str.maketrans({mark: sign for sign, mark in _MARKED.items()})
_ALTERNATIVES = "\ud800([^\ud800\ud802]*\ud801[^\ud800\ud802]*)\ud802"
_MOST_ALTERNATIVES = 64
_LONGEST_PATH = 4096
_LONGEST_VALUE = 500


class _Reader:
    """Reads from left to right; a substitution in a word is read by the way."""

    def __init__(self, text: str, folder: str | None) -> None:
        self.text = text
        self.at = 0
        self.folder = folder
        self.found: list[Command] = []
        self._documents: list[tuple[str, bool, list[str]]] = []  # here-documents that the next lines hold
        self._in_backticks = False
        self._pushed: list[str | None] = []
        self._variables: dict[str, str] = {}
        self._begin()

    def _begin(self) -> None:
        self._words: list[str] = []
        self._targets: list[str] = []
        self._feeds: list[str] = []
        self._compares = False  # inside [[ ]], where ">" is no redirection

    def _end(self, piped: bool = False) -> None:
        words, feeds = self._words, self._feeds
        if words or self._targets or feeds:
            # Its here-documents are read later, into this same list.
            self.found.append(Command(words, self._targets, feeds, self.folder))
        if words:
            self._follow(words)
        self._begin()
        if piped and words and words[0] in _SAYERS:
            self._feeds = feeds if words[0] in ("cat", "tee") else [_said(words[1:])]

    def _follow(self, words: Sequence[str]) -> None:
        """Take note of what a command changes for those after it."""
        if words[0] in ("cd", "pushd"):
            if words[0] == "pushd":
                self._pushed.append(self.folder)
            self.folder = _changed(self.folder, words[1:])
        elif words[0] == "popd":
            self.folder = self._pushed.pop() if self._pushed else None
        changed = dict.fromkeys(words, UNKNOWN) if words[0] in _READERS else _assigned(words)
        for name, value in changed.items():
            # Which of two values it has when, depends on what is not read: loops, conditions, functions.
            known = self._variables.get(name, value) == value and len(value) < _LONGEST_VALUE
            self._variables[name] = value if known else UNKNOWN
        if words[0] == "for" and words[2:3] == ["in"]:
            alike = os.path.commonprefix(words[3:])  # noqa: RUF071 - what each of them begins with
            self._variables[words[1]] = re.split(r"[*?[]", alike)[0] + UNKNOWN

    def list(self, closing: str) -> None:
        """Read commands to *closing*, `)` or a backtick, or to the end."""
        cases = 0
        while True:
            self._skip(_BLANK)
            self._skip(_COMMENT)
            char = self.text[self.at : self.at + 1]
            if not char or (char == "`" and self._in_backticks):
                self._end()
                self.at += closing == "`"
                return
            if char == "\n":
                self._end()
                self.at += 1
                self._read_documents()
            elif self._compares and char in "&|()<>":
                self.at += 1
            elif redirection := _REDIRECTION.match(self.text, self.at):
                self._redirect(redirection)
            elif char == ")":
                self._end()
                self.at += 1
                if closing == ")" and not cases:
                    return
            elif char == "(":
                self._parenthesis()
            elif char in ";&|":
                self._end(piped=char == "|" and not self.text.startswith("||", self.at))
                self.at += 1
            else:
                cases += self._next_word()

    def _next_word(self) -> int:
        """Add a word to the command; give 1 where a case begins, and -1 where it ends."""
        begins = not self._words
        word, *others = _expanded(self._word())
        if word in _OPENERS and self._words[:1] in ([], ["function"]):
            self._words = []
            return 0
        self._words += [word, *others]
        self._compares = word == "[[" if begins else self._compares and word != "]]"
        return (word == "case") - (word == "esac") if begins else 0

    def _parenthesis(self) -> None:
        if self.text.startswith("((", self.at):
            self._skip_to("))")
            return
        if self._words and self.text[self.at - 1] == "=":
            self._array()
            return
        self._end()
        self.at += 1
        self._subshell(")")

    def _array(self) -> None:
        self._words[-1] += UNKNOWN
        self.at += 1
        while self.text[self.at : self.at + 1] not in ("", ")"):
            begin = self.at
            self._word()
            self.at += self.at == begin
        self.at += 1

    def _subshell(self, closing: str) -> None:
        folder = self.folder
        self.list(closing)
        self.folder = folder

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def _skip_to(self, end: str) -> str:
        begin = self.at
        found = self.text.find(end, begin)
        self.at = len(self.text) if found < 0 else found + len(end)
        return self.text[begin : found if found >= 0 else None]

    def _redirect(self, redirection: re.Match[str]) -> None:
        self.at = redirection.end()
        self._skip(_BLANK)
        kind = redirection[1]
        word = self._word().translate(_UNMARKED)
        if kind.startswith("<<") and kind != "<<<":
            self._documents.append((word, kind == "<<-", self._feeds))
        elif kind == "<<<":
            self._feeds.append(word)
        elif ">" in kind and not (kind == ">&" and word.removesuffix("-").isdigit()) and word != "-":
            self._targets.append(word)

    def _read_documents(self) -> None:
        for end, tabs, feeds in self._documents:
            lines = []
            while self.at < len(self.text):
                line = self._skip_to("\n")
                if (line.lstrip("\t") if tabs else line) == end:
                    break
                lines.append(line)
            feeds.append("\n".join(lines))
        self._documents = []

    def _word(self) -> str:
        """Read a word, in which braces that could stand for several are marked."""
        parts = [self._home()] if self.text.startswith("~", self.at) else []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "'":
                self.at += 1
                parts.append(self._skip_to("'"))
            elif char == '"':
                self.at += 1
                parts.append(self._double())
            elif char == "\\":
                parts.append(self.text[self.at + 1 : self.at + 2].replace("\n", ""))
                self.at += 2
            elif char == "`" and self._in_backticks:
                break
            elif char in "$`" or self.text.startswith(("<(", ">("), self.at):
                parts.append(self._expansion())
            elif char in _MARKED:
                parts.append(_MARKED[char])
                self.at += 1
            elif plain := self._skip(_PLAIN):
                parts.append(plain)
            else:
                break
        return "".join(parts)

    def _home(self) -> str:
        self.at += 1
        if self.text[self.at : self.at + 1] in tuple("/ \t\n;&|)") or self.at >= len(self.text):
            return os.path.expanduser("~")  # noqa: PTH111 - a name as it was given
        return UNKNOWN

    def _double(self) -> str:
        parts = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "`" and self._in_backticks:
                break
            if char == '"':
                self.at += 1
                break
            if char == "\\":
                escaped = self.text[self.at + 1 : self.at + 2]
                parts.append(escaped.replace("\n", "") if escaped in tuple('$`"\\\n') else char + escaped)
                self.at += 2
            elif char in "$`":
                parts.append(self._expansion(quoted=True))
            else:
                parts.append(self._skip(_IN_DOUBLE_QUOTES))
        return "".join(parts)

    def _expansion(self, quoted: bool = False) -> str:
        """Read what begins with `$`, a backtick, `<(` or `>(`."""
        rest = self.text[self.at : self.at + 3]
        opening = next((sign for sign in ("`", "$(", "<(", ">(") if rest.startswith(sign)), "")
        if rest == "$((":
            self._skip_to("))")
        elif opening:
            self.at += len(opening)
            return self._nested("`" if opening == "`" else ")")
        elif rest[:2] == "$'" and not quoted:
            self.at += 2
            inner = self._skip(re.compile(_ANSI_C))
            self.at += 1
            return UNKNOWN if re.search(r"\\[^\\'\"n t]", inner) else re.sub(r"\\(.)", _ansi_c, inner)
        elif rest[:2] == '$"' and not quoted:
            self.at += 2
            return self._double()
        elif found := re.compile(_VARIABLE).match(self.text, self.at):
            self.at = found.end()
            return self._value(found[1] or found[2], quoted)
        else:
            self.at += 1
            return "$"
        return UNKNOWN

    def _value(self, name: str | None, quoted: bool) -> str:
        if (value := self._variables.get(name or "")) is not None:
            several = not quoted and re.search(r"[\s*?[]", value)
            return UNKNOWN if several or value.startswith("~") else value
        if name == "HOME":
            return os.path.expanduser("~")  # noqa: PTH111 - a name as it was given
        return (self.folder if name == "PWD" else None) or UNKNOWN

    def _nested(self, closing: str) -> str:
        """Read a substitution, in the middle of the command that it is a part of, and give what it prints."""
        outer = self._words, self._targets, self._feeds, self._compares, self._in_backticks
        before = len(self.found)
        self._begin()
        self._in_backticks = closing == "`"
        self._subshell(closing)
        self._words, self._targets, self._feeds, self._compares, self._in_backticks = outer
        printed = [_printed(command) for command in self.found[before:]]
        return UNKNOWN if None in printed else next(filter(None, printed), UNKNOWN)


def _expanded(word: str) -> Sequence[str]:
    """Give the words that braces make of one; where they would make too many, they are left as they are."""
    words = [word]
    while 0 < word.count(_MARKED[","]) <= _MOST_ALTERNATIVES >= len(words) and len(word) <= _LONGEST_PATH:
        more = [alternative for one in words for alternative in _first_expanded(one)]
        if len(more) == len(words):
            return [one.translate(_UNMARKED) for one in words]
        words = more
    return [word.translate(_UNMARKED)]


def _first_expanded(word: str) -> Sequence[str]:
    if (braces := re.search(_ALTERNATIVES, word)) is None:
        return [word]
    begin, end = word[: braces.start()], word[braces.end() :]
    return [f"{begin}{one}{end}" for one in braces[1].split(_MARKED[","])]


def _assigned(words: Sequence[str]) -> Mapping[str, str]:
    """Give the variables that a command sets for those after it."""
    pairs = [word.partition("=") for word in words]
    if words[0] not in EXPORTERS and not all(assigned for _, assigned, _ in pairs):
        return {}
    return {
        name.removesuffix("+"): UNKNOWN if name.endswith("+") else value
        for name, assigned, value in pairs
        if assigned
    }


def _said(words: Sequence[str]) -> str:
    return " ".join(dropwhile(lambda word: word.startswith("-"), words))


def _printed(command: Command) -> str | None:
    """Give what a command prints, if it is asked where the work tree or git's own folder is."""
    words, folder = list(command.words), command.folder
    if words == ["pwd"]:
        return folder
    if words[:2] == ["git", "-C"]:
        folder = joined(folder, "".join(words[2:3]))
        del words[1:3]
    top = work_tree(folder) if words[:2] == ["git", "rev-parse"] else None
    match [word for word in words if not word.startswith("--path-format")]:
        case ["git", "rev-parse", "--show-toplevel"]:
            return top
        case ["git", "rev-parse", "--git-dir" | "--absolute-git-dir" | "--git-common-dir"]:
            return os.path.join(top or "", ".git")  # noqa: PTH118
        case ["git", "rev-parse", "--git-path", path]:
            return os.path.join(top or "", ".git", path)  # noqa: PTH118
    return None


def work_tree(folder: str | None) -> str | None:
    """Give the root of the work tree that holds *folder*, None where nobody knows."""
    top = folder and os.path.realpath(folder)
    while top and not os.path.lexists(os.path.join(top, ".git")):  # noqa: PTH118
        above = os.path.dirname(top)  # noqa: PTH120
        top = above if above != top else None
    return top


def _ansi_c(escape: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t"}.get(escape[1], escape[1])


def _changed(folder: str | None, arguments: Sequence[str]) -> str | None:
    """Give the folder that `cd` with these arguments leads to from *folder*, None where nobody knows."""
    to = next((word for word in arguments if word not in ("-L", "-P", "--")), os.path.expanduser("~"))  # noqa: PTH111
    return None if to.startswith(("-", "+")) else joined(folder, to)


def joined(folder: str | None, path: str) -> str | None:
    """Give *path* as it is called from *folder*, None where nobody knows."""
    if UNKNOWN in path or (folder is None and not path.startswith("/")):
        return None
    return os.path.join(folder or "/", path)  # noqa: PTH118 - names as they were given
