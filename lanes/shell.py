"""Read a shell's commands as far as they stand there, without what a variable or a program would give."""

import os.path
import re
from collections.abc import Sequence

UNKNOWN = "\0"
"""Stands in a word for what only the shell that runs it knows."""


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
_PLAIN = re.compile(r"[^ \t\r\n;&|()<>'\"\\$`]+")
_IN_DOUBLE_QUOTES = re.compile(r"[^\"\\$`]+")
# Compiled when they are needed, which is seldom: it takes time.
_VARIABLE = r"\$(?:(\w+)|\{(\w+)\}|\{[^}]*\}?|[@*#?$!-])"
_ANSI_C = r"(?s:[^'\\]|\\.)*"
_OPENERS = ("if", "then", "else", "elif", "do", "while", "until", "!", "{", "time", "coproc")


class _Reader:
    """Reads from left to right; a substitution in a word is read by the way."""

    def __init__(self, text: str, folder: str | None) -> None:
        self.text = text
        self.at = 0
        self.folder = folder
        self.found: list[Command] = []
        self._documents: list[tuple[str, bool, list[str]]] = []  # here-documents that the next lines hold
        self._in_backticks = False
        self._begin()

    def _begin(self) -> None:
        self._words: list[str] = []
        self._targets: list[str] = []
        self._feeds: list[str] = []
        self._compares = False  # inside [[ ]], where ">" is no redirection

    def _end(self) -> None:
        first = next((i for i, word in enumerate(self._words) if word not in _OPENERS), len(self._words))
        words = self._words[first:]
        if words or self._targets or self._feeds:
            # Its here-documents are read later, into this same list.
            self.found.append(Command(words, self._targets, self._feeds, self.folder))
        if words and words[0] in ("cd", "pushd"):
            self.folder = _changed(self.folder, words[1:])
        self._begin()

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
            elif redirection := not self._compares and _REDIRECTION.match(self.text, self.at):
                self._redirect(redirection)
            elif char == ")":
                self._end()
                self.at += 1
                if closing == ")" and not cases:
                    return
            elif char == "(":
                self._parenthesis()
            elif char in ";&|" or (char in "<>" and self._compares):
                self.at += 1
                if not self._compares:
                    self._end()
            else:
                begins = not self._words
                self._words.append(word := self._word())
                cases += (word == "case") - (word == "esac") if begins else 0
                self._compares = word == "[[" if begins else self._compares and word != "]]"

    def _parenthesis(self) -> None:
        if self.text.startswith("((", self.at):
            self._skip_to("))")
            return
        self._end()
        self.at += 1
        self._subshell(")")

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
        word = self._word()
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
        word = self._home() if self.text.startswith("~", self.at) else ""
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "'":
                self.at += 1
                word += self._skip_to("'")
            elif char == '"':
                self.at += 1
                word += self._double()
            elif char == "\\":
                word += self.text[self.at + 1 : self.at + 2].replace("\n", "")
                self.at += 2
            elif char == "`" and self._in_backticks:
                break
            elif char in "$`" or self.text.startswith(("<(", ">("), self.at):
                word += self._expansion()
            elif plain := self._skip(_PLAIN):
                word += plain
            else:
                break
        return word

    def _home(self) -> str:
        self.at += 1
        if self.text[self.at : self.at + 1] in tuple("/ \t\n;&|)") or self.at >= len(self.text):
            return os.path.expanduser("~")  # noqa: PTH111 - a name as it was given
        return UNKNOWN

    def _double(self) -> str:
        word = ""
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "`" and self._in_backticks:
                break
            if char == '"':
                self.at += 1
                break
            if char == "\\":
                escaped = self.text[self.at + 1 : self.at + 2]
                word += escaped.replace("\n", "") if escaped in tuple('$`"\\\n') else char + escaped
                self.at += 2
            elif char in "$`":
                word += self._expansion(quoted=True)
            else:
                word += self._skip(_IN_DOUBLE_QUOTES)
        return word

    def _expansion(self, quoted: bool = False) -> str:
        """Read what begins with `$`, a backtick, `<(` or `>(`."""
        rest = self.text[self.at : self.at + 3]
        if rest == "$((":
            self._skip_to("))")
        elif rest[:2] in ("$(", "<(", ">("):
            self.at += 2
            self._nested(")")
        elif rest[:1] == "`":
            self.at += 1
            self._nested("`")
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
            return self._value(found[1] or found[2])
        else:
            self.at += 1
            return "$"
        return UNKNOWN

    def _value(self, name: str | None) -> str:
        if name == "HOME":
            return os.path.expanduser("~")  # noqa: PTH111 - a name as it was given
        return (self.folder if name == "PWD" else None) or UNKNOWN

    def _nested(self, closing: str) -> None:
        """Read a substitution, in the middle of the command that it is a part of."""
        outer = self._words, self._targets, self._feeds, self._compares, self._in_backticks
        self._begin()
        self._in_backticks = closing == "`"
        self._subshell(closing)
        self._words, self._targets, self._feeds, self._compares, self._in_backticks = outer


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
