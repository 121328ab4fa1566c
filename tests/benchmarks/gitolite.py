"""A gitolite whose rule for the names of changed files (NAME) lets a push through, reached without ssh."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from repos import Repo

from benchmarks.material import TOPS, copy

ALLOWED = "".join(f"    RW+ NAME/{top}/ = ann\n" for top in TOPS)
CONFIGURATION = f"repo measured\n    RW+ = ann\n{ALLOWED}    - NAME/ = ann\n"
# What git starts instead of ssh; the last word is the command for the other side.
SSH = """\
#!/bin/sh
shift $(($# - 1))
export HOME={home} SSH_ORIGINAL_COMMAND="$1" SSH_CONNECTION=here
exec {shell} ann
"""


@dataclass(frozen=True)
class Gitolite:
    """A gitolite with one repository, in the home of somebody who is not there."""

    home: Path
    hook: str
    """Gitolite's own hook, which decides; the repository has a link to the folder of hooks."""
    url = "ann@gitolite:measured"

    @classmethod
    def find(cls, home: Path) -> Self | None:
        """Set it up in *home*, where it is installed."""
        if not shutil.which("gitolite"):
            return None
        home.mkdir(exist_ok=True)
        machine, environment = Repo(home), {"HOME": str(home)}
        for step in (("setup", "-a", "ann"), ("setup",)):
            ended = machine.run("gitolite", *step, env=environment)
            assert ended.status == 0, ended
            (home / ".gitolite/conf/gitolite.conf").write_text(CONFIGURATION)
        ssh = home / "ssh"
        programs = machine.run("gitolite", "query-rc", "GL_BINDIR", env=environment).out.strip()
        ssh.write_text(SSH.format(home=home, shell=Path(programs, "gitolite-shell")))
        ssh.chmod(0o755)
        return cls(home, (home / ".gitolite/hooks/common/update").read_text())

    @property
    def environment(self) -> dict[str, str]:
        return {"GIT_SSH": str(self.home / "ssh"), "GIT_SSH_VARIANT": "simple"}

    @property
    def hooks(self) -> Path:
        return self.home / ".gitolite/hooks/common"

    def serve(self, template: Repo, branch: str) -> None:
        """Let the repository be a new copy of *template*, which has the branch: a new one would be slower."""
        path = self.home / "repositories/measured.git"
        configuration = (path / "gl-conf").read_bytes()
        served = copy(template, path)
        served.git("branch", branch, "main")
        (path / "hooks").mkdir()
        (path / "hooks/update").symlink_to(self.hooks / "update")
        (path / "gl-conf").write_bytes(configuration)
