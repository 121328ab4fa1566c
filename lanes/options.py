"""Read the options of a command, as getopt and git do."""

from collections.abc import Iterator, Sequence


class Options:
    """The options and operands of a command, as getopt and git read them.

    *valued* are those options that take the next word, *attached* the letters that take no more than the rest
    of their own word. What is *leading* has options before the first operand alone. `operands` stand before
    "--", those `behind` after it; `all` are both.
    """

    def __init__(
        self, words: Sequence[str], valued: str = "", attached: str = "", leading: bool = False
    ) -> None:
        self.given: list[tuple[str, str]] = []
        self.operands: list[str] = []
        self.behind: list[str] = []
        takes = frozenset(valued.split())
        self._attached = frozenset(attached.split())
        rest = iter(words)
        for word in rest:
            if word == "--":
                self.behind = list(rest)
            elif word.startswith("--"):
                name, has_value, value = word.partition("=")
                self.given.append((name, value if has_value or name not in takes else next(rest, "")))
            elif word.startswith("-") and (leading or word != "-"):
                self._letters(word[1:], takes, rest)
            elif leading:
                self.operands = [word, *rest]
            else:
                self.operands.append(word)

    @property
    def all(self) -> list[str]:
        """All operands."""
        return self.operands + self.behind

    def _letters(self, letters: str, takes: frozenset[str], rest: Iterator[str]) -> None:
        for i, letter in enumerate(letters):
            name, value = f"-{letter}", letters[i + 1 :]
            if name in takes or name in self._attached:
                self.given.append((name, value or (next(rest, "") if name in takes else "")))
                return
            self.given.append((name, ""))

    def has(self, *names: str) -> bool:
        """Tell whether one of these options is given, a long one perhaps cut short, as git lets it be."""
        return any(given == name or is_short_for(given, name) for given, _ in self.given for name in names)

    def value(self, *names: str) -> str | None:
        """Give the value of one of these options, None where none is given."""
        return next((value for name, value in self.given if name in names), None)


def is_short_for(given: str, name: str) -> bool:
    """Tell whether *given* is the long option *name*, or its beginning."""
    return len(given) > 3 and given.startswith("--") and name.startswith(given)
