"""What git's configuration says about lanes, and about the remotes of a clone (DESIGN 3)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lanes.errors import CannotJudge
from lanes.plumbing import Git
from lanes.text import printable

_KEYS = (
    r"^(lanes\.(trustedref|mode|pushervariable)"
    r"|init\.defaultbranch|branch\..*\.remote|remote\..*\.(url|fetch))$"
)

Config = Mapping[bytes, list[bytes]]
"""The values of each key of git's configuration, as `Git.config` gives them."""


class Pusher(NamedTuple):
    """Who pushes, as the server knows it; without a `name`, `problem` says why it does not."""

    name: bytes | None
    problem: str = ""


@dataclass(frozen=True)
class Settings:
    """One reading of git's configuration: whoever runs git decides there, never whoever pushes."""

    config: Config

    @classmethod
    def read(cls, git: Git) -> "Settings":
        """Read the repository's configuration and what it takes from the user's and the system's."""
        return cls(git.config(_KEYS))

    def last(self, key: bytes) -> bytes | None:
        """Give the value of *key* that counts: the last one. None where there is none."""
        return self.config.get(key, [None])[-1]

    @property
    def trusted_ref(self) -> bytes | None:
        """The ref that holds the manifest in force, where `lanes.trustedRef` names it."""
        return self.last(b"lanes.trustedref")

    @property
    def warns(self) -> bool:
        """Whether `lanes.mode` is `warn`: verdicts are said, and nothing is refused.

        Raises CannotJudge where it is anything but that or `enforce`, the default.
        """
        mode = self.last(b"lanes.mode")
        if mode not in (None, b"warn", b"enforce"):
            shown = printable(mode or b"") or "empty"
            raise CannotJudge(
                f"lanes.mode is {shown}; it must be warn or enforce: git config lanes.mode enforce"
            )
        return mode == b"warn"

    def pusher(self, environment: Mapping[str, str]) -> Pusher:
        """Find out who pushes: from the one variable of the server that `lanes.pusherVariable` names.

        Anybody could set any other one, where a push does not come through a server that sets it.
        """
        variable = self.last(b"lanes.pushervariable")
        if not variable:
            return Pusher(None, "git config lanes.pusherVariable is not set there")
        name = environment.get(os.fsdecode(variable), "")
        if not name:
            return Pusher(None, f"{printable(variable)}, which lanes.pusherVariable names, is not set there")
        return Pusher(os.fsencode(name))
