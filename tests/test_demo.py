"""`git lanes demo`: a newcomer's first minute, which must come out right on anybody's machine."""

import os
import re
import shutil
import signal
import sysconfig
from pathlib import Path

import pytest
from fakes import fake_git, started, unread
from repos import SCRIPTS, Ended, Repo, asked, make_repo, masked

from lanes import demo
from lanes.errors import CannotJudge

LESSONS = "src/content/lessons/openai-codex.json"
QUIZZES = "src/content/quizzes/end-openai-codex.json"
TAKE_OUT = """\
remote:   manifest in force: .lanes.toml of refs/heads/main at OID
remote:   next:
remote:     take these changes out of the commits that made them (a commit that reverts them is not enough):
remote:       git rebase -i OID
remote:     or go back to there, keep your files as they are, and commit those of your lane alone:
remote:       git reset OID
"""
GO_BACK = """\
remote:   manifest in force: .lanes.toml of refs/heads/main at OID
remote:   next:
remote:     go back to OID, keep your files as they are, and commit those of your lane alone:
remote:       git reset OID
"""
COPY = "or, where they are changes of main: push main first, and take them by a merge, not as a copy"
QUIZ_LANE = f"""\
remote:   lane "quizzes" may write:
remote:     /{QUIZZES}
{TAKE_OUT}\
{{ask}}\
remote:     {COPY}
=> rejected, as it must be

"""
LESSON = f'remote:     changes {LESSONS} (outside-lane: lane "lessons" may write it)\n'


def accepted(story: str, branch: str) -> str:
    """Give what the demo shows of a push that the server takes."""
    return f"# {story}\n$ git push origin {branch}\n{branch} -> {branch}\n=> accepted, as it must be\n\n"


def quizzes(story: str, number: int, changes: str, details: str) -> str:
    """Give what the demo shows of a quiz branch that is rejected."""
    branch = f"codex/quizzes-{number}"
    # What lies outside, and not in the manifest, which no lane may write.
    ask = asked(*re.findall(r"(?<=  )\S.*outside-lane.*", details), lane="quizzes", indent="remote:     ")
    headline = f'lanes: {branch} is rejected: {changes} outside its lane "quizzes"'
    return f"# {story}\n$ git push origin {branch}\nremote: {headline}\n{details}{QUIZ_LANE.format(ask=ask)}"


PLAY = "".join(
    [
        "# The manifest, .lanes.toml at the root of main:\n\n",
        demo.MANIFEST,
        "\n",
        accepted("The lead brings the manifest to main: from now on every branch needs a lane.", "main"),
        accepted("One agent adds a lesson, in its lane.", "codex/lessons-1"),
        accepted("Another one adds a quiz, in its own.", "codex/quizzes-1"),
        quizzes(
            "The quiz agent also touches a lesson.",
            2,
            "1 change in 1 commit",
            'remote:   commit OID "Add a quiz and mend a lesson" by Demo\n' + LESSON,
        ),
        quizzes(
            "It takes the change back in its next commit: the sum is empty, the history not.",
            3,
            "1 change in 1 commit",
            'remote:   commit OID "Mend a lesson" by Demo\n' + LESSON,
        ),
        f"""\
# The reviewer, who may edit nothing, edits.
$ git push origin codex/review-1
remote: lanes: codex/review-1 is rejected: 1 change in 1 commit outside its lane "stale-names"
remote:   commit OID "Rename a model" by Demo
remote:     changes {LESSONS} (review-only: lane "lessons" may write it)
remote:   lane "stale-names" is review-only: its branches may not change anything
{TAKE_OUT}\
remote:     report what you found instead of changing it; a task that must write needs another lane
remote:     {COPY}
=> rejected, as it must be

""",
        quizzes(
            "A branch widens its own lane: the manifest in force is main's.",
            4,
            "2 changes in 2 commits",
            'remote:   commit OID "Widen my lane" by Demo\n'
            "remote:     changes .lanes.toml (protected: only integration branches may write it)\n"
            'remote:   commit OID "Use it" by Demo\n'
            "remote:     changes README.md (outside-lane: no lane may write it)\n",
        ),
        accepted("The lead integrates both lanes on main.", "main"),
        accepted("A quiz branch merges main, with a conflict in its own file.", "codex/quizzes-5"),
        quizzes(
            "Another merge of main slips a change of a lesson in.",
            6,
            "1 change in 1 commit",
            'remote:   commit OID (a merge) "Merge main" by Demo\n' + LESSON,
        ).replace(TAKE_OUT, GO_BACK),
        "Every verdict was right.\n",
    ]
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """An empty folder to play in; temporary files go to `tmp` beside it."""
    for name in ("here", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return Repo(tmp_path / "here")


def listed(folder: Path) -> list[tuple[str, bytes]]:
    """Give all files at and below *folder*, with what they hold."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted((str(path.relative_to(folder)), path.read_bytes()) for path in files)


def played(ended: Ended) -> None:
    """Check that the whole play was shown and came out right."""
    assert (ended.err, masked(ended.out), ended.status) == ("", PLAY, 0)


def test_play(here: Repo, tmp_path: Path) -> None:
    """All is shown, and nothing is left: neither in the temporary folder nor at home nor here."""
    before = listed(tmp_path)
    played(here.script("git-lanes", "demo"))
    assert listed(tmp_path) == before
    assert list(here.path.parent.joinpath("tmp").iterdir()) == []
    assert list(here.path.iterdir()) == []


def test_keep(here: Repo, tmp_path: Path) -> None:
    """What is kept goes on working."""
    ended = here.run("git", "lanes", "demo", "--keep", "new/place with space")
    place = here.path / "new" / "place with space"
    kept = f"The server is {place}/server.git, the clone {place}/clone.\n"
    assert (ended.err, masked(ended.out), ended.status) == ("", PLAY + kept, 0)
    assert sorted(path.name for path in place.iterdir()) == ["clone", "server.git"]
    assert list((tmp_path / "tmp").iterdir()) == []
    clone = Repo(place / "clone")
    for branch, file, status in (("codex/quizzes-7", QUIZZES, 0), ("codex/quizzes-8", LESSONS, 1)):
        clone.switch(branch, "main")
        clone.commit({file: "[]\n"})
        assert clone.push(branch).status == status


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("folder", "File exists"),
        ("empty", "File exists"),
        ("file", "File exists"),
        ("link", "File exists"),
        ("file/below", "Not a directory"),
        ("", "File exists"),
        (".", "File exists"),
    ],
)
def test_keep_what_exists(here: Repo, name: str, why: str) -> None:
    here.write({"folder/file": "x", "file": "x"})
    (here.path / "empty").mkdir()
    (here.path / "link").symlink_to("empty")
    before = listed(here.path)
    message = f"lanes: could not judge: the folder {name} can't be made: {why}\n"
    assert here.script("git-lanes", "demo", "--keep", name) == Ended(2, "", message)
    assert listed(here.path) == before


def replaced_hook(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Put another program in the place of the server's hook."""
    folder.mkdir()
    (folder / "lane-pre-receive").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "lane-pre-receive").chmod(0o755)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(folder))


@pytest.mark.parametrize(("script", "verdict"), [("exit 0", "accepted"), ("exit 1", "rejected")])
def test_wrong_verdicts(
    here: Repo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    script: str,
    verdict: str,
) -> None:
    """A hook that takes all is wrong about what must be rejected, one that takes nothing about everything."""
    replaced_hook(monkeypatch, tmp_path / "bin", script)
    assert demo.play(None) == 1
    lines = capsys.readouterr().out.splitlines()
    wrong = 5 if verdict == "accepted" else 10  # a rejection must also be the judge's own
    assert lines.count(f"=> {verdict}: THIS VERDICT IS WRONG") == wrong
    assert lines.count(f"=> {verdict}, as it must be") == 10 - wrong
    assert lines[-1] == f"Verdicts that were WRONG: {wrong}."
    assert list((tmp_path / "tmp").iterdir()) == []


def test_one_wrong_verdict(
    here: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = (
        "# Too good to be true.\n$ git push origin main\nmain -> main\n=> accepted: THIS VERDICT IS WRONG\n"
    )

    def scene(stage: demo._Stage) -> None:
        stage.push("main", "Too good to be true.", False)

    monkeypatch.setattr(demo, "SCENES", (demo.SCENES[0], scene))
    assert demo.play(None) == 1
    begin = PLAY[: PLAY.index("# One agent adds")]
    assert capsys.readouterr() == (begin + wrong + "\nVerdicts that were WRONG: 1.\n", "")


# -- On anybody's machine


def hostile_configuration(folder: Path) -> str:
    """Write hooks that refuse all, a template that brings them, and give a configuration that uses them."""
    for hooks in ("hooks", "template/hooks"):
        for name in ("pre-commit", "commit-msg", "pre-push", "pre-receive", "update", "post-checkout"):
            file = folder / hooks / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("#!/bin/sh\nexit 1\n")
            file.chmod(0o755)
    return f"""\
[commit]
\tgpgSign = true
[gpg]
\tprogram = false
[core]
\thooksPath = {folder}/hooks
\tautocrlf = true
[init]
\tdefaultBranch = trunk
\ttemplateDir = {folder}/template
[push]
\tdefault = nothing
\tfollowTags = true
[merge]
\tff = only
[url "https://example.invalid/"]
\tinsteadOf = /
[protocol "file"]
\tallow = never
"""


def test_with_a_hostile_configuration(here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At home and of the whole machine: no name, another first branch, signatures, hooks and templates."""
    configuration = hostile_configuration(tmp_path / "hostile")
    (tmp_path / ".gitconfig").write_text(configuration)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    monkeypatch.delenv("GIT_CONFIG_NOSYSTEM")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(tmp_path / ".gitconfig"))
    assert here.try_git("init", "--quiet", "elsewhere").status == 0
    assert Repo(here.path / "elsewhere").git("symbolic-ref", "HEAD") == "refs/heads/trunk"
    played(here.script("git-lanes", "demo"))


def test_with_configuration_in_the_command(here: Repo, tmp_path: Path) -> None:
    hooks = tmp_path / "hostile" / "hooks"
    hostile_configuration(hooks.parent)
    options = ("-c", "commit.gpgSign=true", "-c", f"core.hooksPath={hooks}", "-c", "push.default=nothing")
    played(here.run("git", *options, "lanes", "demo"))


def test_it_touches_no_other_repository(here: Repo, tmp_path: Path) -> None:
    """A hook or an alias that starts it has GIT_DIR and more set: that repository is somebody's work."""
    other = make_repo(tmp_path / "other")
    other.commit({"work.txt": "w"})
    other.write({"work.txt": "not committed yet", "staged.txt": "s"})
    other.git("add", "staged.txt")
    before = listed(other.path)
    folder = other.path / ".git"
    played(here.script("git-lanes", "demo", env={"GIT_DIR": str(folder)}))
    more = {
        "GIT_DIR": str(folder),
        "GIT_WORK_TREE": str(other.path),
        "GIT_INDEX_FILE": str(folder / "index"),
        "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
        "GIT_AUTHOR_NAME": "",
        "GIT_TEMPLATE_DIR": "/nowhere",
        "GIT_NAMESPACE": "x",
    }
    played(Repo(other.path).script("git-lanes", "demo", env=more))
    assert listed(other.path) == before


@pytest.mark.parametrize("name", ["with space", "pay $HOME `id` 'x' \"y\" \\", "größe"])
def test_in_a_temporary_folder_with_an_odd_name(here: Repo, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    played(here.script("git-lanes", "demo", env={"TMPDIR": str(folder), "LC_ALL": "C"}))
    assert list(folder.iterdir()) == []


def test_installed_in_a_folder_with_an_odd_name(
    here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pay $HOME `id` 'x' \"y\" \\"
    replaced_hook(monkeypatch, folder, f'exec "{SCRIPTS}/lane-pre-receive"')
    assert demo.play(None) == 0
    out, err = capsys.readouterr()
    assert (masked(out), err) == (PLAY, "")


def test_installed_apart_from_python(
    here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hook is taken from PATH where it does not lie beside the other scripts; it must be somewhere."""
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / "nowhere"))
    monkeypatch.setattr(demo, "SCENES", demo.SCENES[:1])
    assert demo.play(None) == 0
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CannotJudge) as caught:
        demo.play(None)
    assert str(caught.value) == (
        "lane-pre-receive is not installed beside git-lanes; install the git-lanes package again"
    )
    assert list((tmp_path / "tmp").iterdir()) == []


# -- When it can't be played


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("init) echo 'fatal: no init today' >&2; exit 128;;", "git init failed: fatal: no init today"),
        ("merge) printf 'no\\33[2Jmerge'; exit 1;;", "git merge failed: no\\x1b[2Jmerge"),
    ],
    ids=["init", "merge"],
)
def test_git_fails(here: Repo, tmp_path: Path, case: str, said: str) -> None:
    ended = here.script("git-lanes", "demo", env=fake_git(tmp_path / "bin", case))
    assert (ended.status, ended.err) == (2, f"lanes: could not judge: the demo's own {said}\n")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_interrupted(here: Repo, tmp_path: Path) -> None:
    """Ctrl-C reaches all that a terminal has started; nothing is left all the same."""
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    path = fake_git(tmp_path / "bin", f'push) echo >"{ready}"; exec sleep 600;;')
    with started(SCRIPTS / "git-lanes", "demo", cwd=here.path, env=path) as process:
        ready.read_text()
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, err) == (130, b"lanes: interrupted\n")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_reader_that_stops_early(here: Repo, tmp_path: Path) -> None:
    assert unread(SCRIPTS / "git-lanes", "demo", cwd=here.path) == (0, b"")
    assert list((tmp_path / "tmp").iterdir()) == []
