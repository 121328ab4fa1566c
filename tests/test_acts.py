"""What lane-guard makes of a shell's commands: which it refuses, and which it must leave alone."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repos import Repo
from test_fuzz import fuzzed

from lanes.acts import acts
from lanes.guard import Guard
from lanes.hosts import ToolCall
from lanes.shell import UNKNOWN, commands


def refusals(repo: Repo, command: str, folder: str = "") -> list[str]:
    """Give why a command may not run in *repo*, or in a folder of it, by an agent in *repo*."""
    call = ToolCall(str(repo.path / folder), command=command)
    return [refusal.what.replace(str(repo.path), "WT") for refusal in Guard(str(repo.path)).judge(acts(call))]


@pytest.fixture
def docs(clone: Repo) -> Repo:
    """The worktree of an agent with the lane "docs"; beside it stand those of two others."""
    clone.commit({".gitignore": "build/\n*.log\n"})
    clone.push("main")
    for name, branch in (("docs", "work/docs-1"), ("api", "work/api-1"), ("review", "review/1")):
        clone.git("worktree", "add", "--quiet", "-b", branch, f"../{name}", "main")
    return Repo(clone.path.parent / "docs")


PASSED_BY = [
    ("git commit --no-verify -m x", "git commit --no-verify"),
    ("git commit --no-verif -m x", "git commit --no-verif"),
    ("git commit --no-v", "git commit --no-v"),
    ("git commit -n -m x", "git commit -n"),
    ("git commit -anm x", "git commit -n"),
    ("git commit -nam x", "git commit -n"),
    ("git commit -m x -n", "git commit -n"),
    ("git commit -am x --no-verify", "git commit --no-verify"),
    ("git  'commit'  \"--no-verify\"", "git commit --no-verify"),
    ("git commit --no-ver\\ify", "git commit --no-verify"),
    ("git commit \\\n --no-verify", "git commit --no-verify"),
    ("git push --no-verify", "git push --no-verify"),
    ("git push --no-veri origin work/docs-1", "git push --no-veri"),
    ("git merge --no-verify main", "git merge --no-verify"),
    ("git rebase --no-verify main", "git rebase --no-verify"),
    ("git am --no-verify x.patch", "git am --no-verify"),
    ("git am -n x.patch", "git am -n"),
    ("git pull --no-verify", "git pull --no-verify"),
    ("/usr/bin/git commit -n", "git commit -n"),
    ("env git commit -n", "git commit -n"),
    ("env -i A=b git commit -n", "git commit -n"),
    ("A=b git commit -n", "git commit -n"),
    ("sudo -u ann git commit -n", "git commit -n"),
    ("timeout -k 5 10 git commit -n", "git commit -n"),
    ("time git commit -n", "git commit -n"),
    ("nice -n 5 git commit -n", "git commit -n"),
    ("command git commit -n", "git commit -n"),
    ("exec git commit -n", "git commit -n"),
    ("uv run git commit -n", "git commit -n"),
    ("npm exec -- git commit -n", "git commit -n"),
    ("find . | xargs -n 1 git commit --no-verify", "git commit --no-verify"),
    ("bash -c 'git commit -n'", "git commit -n"),
    ("bash -lc 'git commit -n'", "git commit -n"),
    ("bash -o pipefail -c 'git commit -n'", "git commit -n"),
    ("sh -c \"bash -c 'git commit -n'\"", "git commit -n"),
    ("eval git commit -n", "git commit -n"),
    ("eval 'git commit -n'", "git commit -n"),
    ("bash <<'EOF'\ngit commit -n\nEOF", "git commit -n"),
    ("bash -s <<< 'git commit -n'", "git commit -n"),
    ("true && git commit -n", "git commit -n"),
    ("true; git commit -n", "git commit -n"),
    ("true\ngit commit -n\n", "git commit -n"),
    ("true & git commit -n", "git commit -n"),
    ("true | git commit -n", "git commit -n"),
    ("(git commit -n)", "git commit -n"),
    ("{ git commit -n; }", "git commit -n"),
    ("if true; then git commit -n; fi", "git commit -n"),
    ("for i in 1; do git commit -n; done", "git commit -n"),
    ("case $x in (a) ;; b) git commit -n;; esac", "git commit -n"),
    ("f() { git commit -n; }; f", "git commit -n"),
    ("! git commit -n", "git commit -n"),
    ("echo $(git commit -n)", "git commit -n"),
    ("echo `git commit -n`", "git commit -n"),
    ('echo "x $(git commit -n) y"', "git commit -n"),
    ("cat <(git commit -n)", "git commit -n"),
    ("git commit -m \"$(cat <<'EOF'\nDon't (\n\nEOF\n)\" -n", "git commit -n"),
    ("git -C . commit -n", "git commit -n"),
    ("git --no-pager -c user.name=x commit -n", "git commit -n"),
    ("git -c core.hooksPath=/dev/null commit", "git -c core.hooksPath=/dev/null"),
    ("git -c CORE.HOOKSPATH= push", "git -c CORE.HOOKSPATH="),
    ("git --config-env=core.hookspath=X commit", "git -c core.hookspath=X"),
    ("git --config-env core.hookspath=X commit", "git -c core.hookspath=X"),
    ("git -c hook.x.command=true commit", "git -c hook.x.command=true"),
    ("git -c lanes.mode=warn commit", "git -c lanes.mode=warn"),
    ("git -c include.path=x commit", "git -c include.path=x"),
    ("git -c alias.c='commit -n' c", "git -c alias.c=commit -n"),
    ("git -c alias.c='!git commit -n' c", "git -c alias.c=!git commit -n"),
    ("git config alias.c 'commit --no-verify'", "git config alias.c commit --no-verify"),
    ("GIT_CONFIG_COUNT=1 git commit", "GIT_CONFIG_COUNT=1"),
    ("GIT_CONFIG_KEY_0=core.hooksPath git commit", "GIT_CONFIG_KEY_0=core.hooksPath"),
    ("export GIT_CONFIG_PARAMETERS=x", "GIT_CONFIG_PARAMETERS=x"),
    ("GIT_CONFIG_GLOBAL=/tmp/x git commit", "GIT_CONFIG_GLOBAL=/tmp/x"),
    ("SKIP=lane-pre-commit git commit", "SKIP=lane-pre-commit"),
    ("env SKIP=x,lane-push git push", "SKIP=x,lane-push"),
    ("LEFTHOOK=0 git commit", "LEFTHOOK=0"),
    ("HUSKY=0 git commit", "HUSKY=0"),
    ("PRE_COMMIT_ALLOW_NO_CONFIG=1 git commit", "PRE_COMMIT_ALLOW_NO_CONFIG=1"),
]


def test_what_passes_the_gates_by(docs: Repo) -> None:
    """On an integration branch, too."""
    told = {command: f"{option} would pass the lanes by" for command, option in PASSED_BY}
    for repo in (docs, Repo(docs.path.parent / "clone")):
        assert {command: "\n".join(refusals(repo, command)) for command in told} == told


INTEGRATION = "this would check out, write or delete main, an integration branch"
MOVES = [
    "git push origin HEAD:main",
    "git push origin main",
    "git push origin +work/docs-1:refs/heads/main",
    "git push -f -o x origin x:main",
    "git push origin --delete main",
    "git push origin :main",
    "git push . HEAD:main",
    "git send-pack . x:main",
    "git fetch . work/docs-1:main",
    "git fetch ../docs work/docs-1:main",
    "git fetch origin work/docs-1:main",
    "git fetch . x:refs/remotes/origin/main",
    "git pull . work/docs-1:main",
    "git branch -f main HEAD",
    "git branch --force main",
    "git branch main x",
    "git branch -D main",
    "git branch -M main",
    "git branch -m main x",
    "git branch -C x main",
    "git update-ref refs/heads/main HEAD",
    "git update-ref -m why -d refs/heads/main",
    "git update-ref refs/remotes/origin/main HEAD",
    "git symbolic-ref HEAD refs/heads/main",
    "git switch main",
    "git switch main && git commit -m x",
    "git switch -C main",
    "git switch -t origin/main",
    "git checkout main",
    "git checkout -f main",
    "git checkout -B main HEAD",
    "git checkout -b main",
    "git worktree add ../main2 main",
    "git worktree add ../x/main",
    "git worktree add -B main ../x",
    "git rebase work/docs-1 main",
    "git -C ../clone push origin HEAD:main",
    "cd ../clone && git branch -f main work/docs-1",
]


def test_integration_branches(docs: Repo) -> None:
    assert [command for command in MOVES if INTEGRATION not in refusals(docs, command)] == []
    clone = Repo(docs.path.parent / "clone")
    assert [command for command in MOVES if refusals(clone, command.replace("../clone", "."))] == []


MANAGES = [
    ("git lanes allow docs api/a.py", "git lanes allow"),
    ("git-lanes allow docs api/a.py", "git lanes allow"),
    ("~/bin/git-lanes allow docs x", "git lanes allow"),
    ("git lanes uninstall", "git lanes uninstall"),
    ("git lanes init", "git lanes init"),
    ("pre-commit uninstall", "pre-commit uninstall"),
    ("npx lefthook uninstall", "lefthook uninstall"),
    ("git config core.hooksPath /dev/null", "git config core.hooksPath"),
    ("git config --local Core.HooksPath x", "git config Core.HooksPath"),
    ("git config --unset core.hooksPath", "git config core.hooksPath"),
    ("git config set core.hooksPath x", "git config core.hooksPath"),
    ("git config --add lanes.mode warn", "git config lanes.mode"),
    ("git config --remove-section lanes", "git config lanes"),
    ("git config --file .git/config lanes.trustedRef refs/heads/x", "git config lanes.trustedRef"),
    ("git push --all", "git push --all"),
    ("git push --mir origin", "git push --mirror"),
    ("git push origin 'refs/heads/*:refs/heads/*'", "git push of refs/heads/*:refs/heads/*"),
    ("git push origin :", "git push of :"),
    ("git remote set-head origin x", "git remote set-head"),
    ("git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/x", "git symbolic-ref"),
]


def test_what_the_integrator_does(docs: Repo) -> None:
    told = {command: [f"{name} is for the integrator alone"] for command, name in MANAGES}
    assert {command: refusals(docs, command) for command in told} == told
    clone = Repo(docs.path.parent / "clone")
    assert [command for command in told if refusals(clone, command)] == []


@pytest.mark.parametrize(
    "command", ["git -C ../api {}", "cd ../api && git {}", "git --git-dir=../api/.git {}"]
)
@pytest.mark.parametrize("what", ["commit -m x", "merge main", "add .", "checkout -- ."])
def test_git_in_another_worktree(docs: Repo, command: str, what: str) -> None:
    told = f"git {what.partition(' ')[0]} would work in another worktree of this repository"
    assert refusals(docs, command.format(what)) == [told]


def outside(path: str) -> str:
    return f'{path} is outside lane "docs" of work/docs-1; ' + (
        'lane "api" may write it' if path.startswith("api/") else "no lane may write it"
    )


WRITES = [
    ("echo x > api/a.py", [outside("api/a.py")]),
    ("echo x >api/a.py", [outside("api/a.py")]),
    ("echo x >>api/a.py", [outside("api/a.py")]),
    ("echo x >|api/a.py", [outside("api/a.py")]),
    ("make &> api/a.txt", [outside("api/a.txt")]),
    ("make 2>api/a.txt", [outside("api/a.txt")]),
    ("make >&api/a.txt", [outside("api/a.txt")]),
    ("{ make; } >api/a.txt", [outside("api/a.txt")]),
    ("cat > 'api/a b.py' <<EOF\nx\nEOF", [outside("api/a b.py")]),
    ("cd api && echo x >a.py", [outside("api/a.py")]),
    ("(cd api; echo x >a.py); echo >a.py", [outside("api/a.py"), outside("a.py")]),
    ("cd docs && cd ../api && echo x >a.py", [outside("api/a.py")]),
    ("env -C api tee a.py", [outside("api/a.py")]),
    ("echo x | tee -a docs/b.md api/b.py", [outside("api/b.py")]),
    ("cp docs/a.md api/b.md", [outside("api/b.md")]),
    ("cp docs/a.md api", [outside("api/a.md")]),
    ("cp docs/a.md docs/b.md api/", [outside("api/a.md"), outside("api/b.md")]),
    ("cp -t api docs/a.md", [outside("api/a.md")]),
    ("mv api/a.py docs/a.py", [outside("api/a.py")]),
    ("mv docs/a.md top.md", [outside("top.md")]),
    ("rm -f api/a.py docs/a.md", [outside("api/a.py")]),
    ("rm -- -x", [outside("-x")]),
    ("ln -s ../docs/a.md api/link", [outside("api/link")]),
    ("install -m 644 docs/a.md api/b", [outside("api/b")]),
    ("touch api/new", [outside("api/new")]),
    ("chmod +x api/a.py", [outside("api/a.py")]),
    ("truncate -s 0 api/a.py", [outside("api/a.py")]),
    ("sed -i s/a/b/ api/a.py", [outside("api/a.py")]),
    ("sed -i '' s/a/b/ api/a.py", [outside("api/a.py")]),
    ("sed -i.bak -e s/a/b/ api/a.py docs/a.md", [outside("api/a.py")]),
    ("sed --in-place s/a/b/ api/a.py", [outside("api/a.py")]),
    ("perl -pi -e s/a/b/ api/a.py", [outside("api/a.py")]),
    ("dd if=docs/a.md of=api/a", [outside("api/a")]),
    ("git rm api/a.py", [outside("api/a.py")]),
    ("git mv docs/a.md api/b.md", [outside("api/b.md")]),
    (
        "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: api/n\n+x\n*** End Patch\nEOF",
        [outside("api/n")],
    ),
    ("apply_patch '*** Begin Patch\n*** Delete File: api/a.py\n*** End Patch'", [outside("api/a.py")]),
    (
        "cat <<'EOF' | apply_patch\n*** Update File: docs/a.md\n*** Move to: api/a.md\nEOF",
        [outside("api/a.md")],
    ),
    ("cd api && apply_patch <<'EOF'\n*** Add File: n\nEOF", [outside("api/n")]),
    (
        "rm .lanes.toml",
        ["WT/.lanes.toml sets up hooks or lanes: only integration branches may change it"],
    ),
    ("rm $PWD/api/a.py", [outside("api/a.py")]),
    ("echo >.git/hooks/pre-commit", ["WT/.git/hooks/pre-commit is git's own"]),
    ("rm ../clone/.git/hooks/pre-push", ["WT/../clone/.git/hooks/pre-push is git's own"]),
    ("chmod -x .git/hooks/*", ["WT/.git/hooks/* is git's own"]),
    ('rm "$ROOT/.git/hooks/pre-push"', ["…/.git/hooks/pre-push is git's own"]),
    ('rm ".git/hooks/$NAME"', [".git/hooks/… is git's own"]),
    ("cd $X && rm .git/hooks/pre-push", [".git/hooks/pre-push is git's own"]),
    ("sed -i d .claude/settings.json", ["WT/.claude/settings.json sets up hooks or lanes: SO"]),
    ('rm "$(git rev-parse --show-toplevel)/.lanes.toml"', ["…/.lanes.toml sets up hooks or lanes: SO"]),
    ("cp x ~/.claude/settings.json", ["HOME/.claude/settings.json sets up hooks or lanes: SO"]),
    ("rm ../api/api/a.py", ["WT/../api/api/a.py lies in another worktree of this repository"]),
    ("rm -rf .", [outside(".")]),
    # What the lane can't hold, whatever a variable makes of it.
    ("rm api/$X.py", [outside("api/*.py")]),
    ("for f in a b; do rm ./api/$f; done", [outside("api/*")]),
    ("echo >x$X", [outside("x*")]),
    ("rm ../api/docs/$X", ["WT/../api/docs/* lies in another worktree of this repository"]),
]


def test_files_that_are_written(docs: Repo, tmp_path: Path) -> None:
    def real(line: str) -> str:
        path, space, rest = line.replace("SO", "only integration branches may change it").partition(" ")
        path = path.replace("HOME", str(tmp_path)).replace("WT", str(docs.path))
        return os.path.normpath(path).replace(str(docs.path), "WT") + space + rest

    told = {command: [*map(real, lines)] for command, lines in WRITES}
    assert {command: refusals(docs, command) for command in told} == told


LEFT_ALONE = [
    "",
    "ls",
    "cat api/a.py",
    "cat api/a.py > /dev/null 2>&1",
    "cat api/a.py > /tmp/x",
    "cat api/a.py > docs/x.md",
    "cat < api/a.py",
    "make 2>&1 >/dev/null",
    "make >&2",
    "make >&-",
    "make > build/out.txt",
    "make | tee test.log",
    "rm -rf build",
    "cp api/a.py docs/a.py",
    "cp docs/a.md /tmp/",
    "sed s/a/b/ api/a.py",
    "sed -n 1,5p api/a.py",
    "sed -n '/x/p' api/a.py > docs/part",
    "perl -ne print api/a.py",
    "grep -rn -- --no-verify api",
    "grep -n 'git commit -n' api/a.py",
    "git grep -n -- --no-verify",
    "echo git commit --no-verify",
    "echo 'git push --no-verify; rm api/a.py'",
    'echo "don\'t" # git commit -n',
    "# git commit --no-verify",
    "git commit -m 'say --no-verify'",
    "git commit -m '-n'",
    "git commit -m -n",
    "git commit --message --no-verify",
    "git commit -mn",
    "git commit -- -n",
    "git commit --no-edit --amend",
    "git log -n 5",
    "git log --grep=--no-verify",
    "git push -n",
    "git push",
    "git push origin HEAD",
    "git push -u origin work/docs-1",
    "git push origin HEAD:work/docs-1",
    "git push origin main:work/docs-1",
    "git push --tags",
    "git push --force-with-lease",
    "git merge --no-ff main",
    "git merge -n main",
    "git merge origin/main",
    "git rebase main",
    "git rebase --onto main HEAD~2",
    "git rebase -n origin/main",
    "git pull origin main",
    "git pull --rebase",
    "git fetch",
    "git fetch origin main",
    "git fetch origin main:main",
    "git fetch origin +refs/heads/main:refs/heads/main",
    "git branch",
    "git branch -a",
    "git branch --merged main",
    "git branch --contains main",
    "git branch --list main",
    "git branch -u origin/main",
    "git branch --set-upstream-to=origin/main work/docs-1",
    "git branch work/docs-2 main",
    "git switch -c work/docs-2 origin/main",
    "git switch --detach main",
    "git switch -",
    "git checkout main -- docs/a.md",
    "git checkout main docs/a.md",
    "git checkout -- main",
    "git checkout -b work/docs-2 main",
    "git checkout --detach main",
    "git checkout origin/main",
    "git worktree add -b work/docs-2 ../x main",
    "git worktree add --detach ../main",
    "git worktree list",
    "git diff main",
    "git show main:api/a.py",
    "git restore --source main api/a.py",
    "git symbolic-ref HEAD",
    "git update-ref refs/heads/work/docs-2 HEAD",
    "git remote set-head origin --auto",
    "git remote -v",
    "git config core.hooksPath",
    "git config --get core.hooksPath",
    "git config get lanes.mode",
    "git config --list",
    "git config user.name Ann",
    "git config alias.st status",
    "git -c core.pager=cat log",
    "git -C ../api status",
    "cd ../api && git log && ls",
    "git lanes show",
    "git lanes why api/a.py",
    "git lanes allow --help",
    "git lanes install",
    "pre-commit run --all-files",
    "SKIP=mypy git commit -m x",
    "HUSKY=0 npm ci",
    "HUSKY=1 git commit",
    "ls .git/hooks",
    "cat .git/config .lanes.toml .claude/settings.json",
    "cp .git/config /tmp/x",
    "command -v git commit --no-verify",
    "rm docs/$X/a.md",
    "rm ./$X/a.md",
    "rm ../$X/a.md",
    "echo > build/$X.txt",
    "echo > api/$X.log",
    "rm $X",
    "rm ~other/x",
    'rm "$X/a"',
    "$GIT commit -n",
    "cd $X && rm a",
    "cd - && rm a",
    "[[ a > b ]]",
    "(( a > b ))",
    "echo $((3 > 2))",
    "test a \\> b",
    "echo 'a > b'",
    "git commit -m 'a > b'",
    "git commit -m \"$(cat <<'EOF'\nTell how -n > 1 and 'git push --no-verify' don't (work\n\nEOF\n)\"",
    "cat <<'EOF'\necho > api/a.py\nEOF",
    "cat <<-EOF\n\techo > api/a.py\n\tEOF\nls",
    "cat > docs/patch.md <<'EOF'\n*** Begin Patch\n*** Add File: api/x\n*** End Patch\nEOF",
    'python3 -c \'open("api/a.py", "w")\'',
    "case x in a) ls;; b) ls;; esac",
    "for f in api/*; do cat $f; done",
    "if [ -f api/a.py ]; then cat api/a.py; fi",
    "diff <(git show main:api/a.py) api/a.py",
    "mkdir -p api/new",
    "cd /tmp && git commit -n",
]


def test_what_is_left_alone(docs: Repo) -> None:
    assert {command: told for command in LEFT_ALONE if (told := refusals(docs, command))} == {}


def test_a_review_only_lane_writes_no_file(docs: Repo) -> None:
    review = Repo(docs.path.parent / "review")
    told = 'docs/a.md: lane "review" of review/1 is review-only; lane "docs" may write it'
    assert refusals(review, "sed -i s/a/b/ docs/a.md") == [told]
    assert refusals(review, "make test >build/log 2>&1; cat docs/a.md") == []


def test_another_repository_has_gates_of_its_own(docs: Repo, tmp_path: Path) -> None:
    docs.git("init", "--quiet", str(tmp_path / "other"))
    assert refusals(docs, "cd ../other && git commit -n && git push origin HEAD:main && echo >x") == []


# -- Reading a shell


def read(text: str, folder: str | None = "/r") -> list[tuple[list[str], list[str], list[str], str | None]]:
    found = commands(text, folder)
    return [(list(one.words), list(one.targets), list(one.feeds), one.folder) for one in found]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b\tc", ["a", "b", "c"]),
        ("a\\ b 'c d' \"e f\" g'h'\"i\"", ["a b", "c d", "e f", "ghi"]),
        ('a "\\"\\$\\x" \'\\\'', ["a", '"$\\x', "\\"]),
        ("a \\\n b\\\nc", ["a", "bc"]),
        ("a $'b\\'\\n\\tc' $\"d\" $'\\x41'", ["a", "b'\n\tc", "d", UNKNOWN]),
        ('a $b ${c} $(d) $((1 + 2)) "x$1" $', ["a", *[UNKNOWN] * 4, f"x{UNKNOWN}", "$"]),
        ("a $PWD/b ${PWD}", ["a", "/r/b", "/r"]),
        ("a b#c # d", ["a", "b#c"]),
        ("a 'never closed", ["a", "never closed"]),
        ('a "never closed', ["a", "never closed"]),
        ("a é 日本 \u2028", ["a", "é", "日本", "\u2028"]),
        ("a ''", ["a", ""]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert read(text)[-1][0] == words


def test_commands() -> None:
    assert read("cd a && (cd b; x <<E >f) | y 2>&1 >g\nhere\nE\ncd $c; z") == [
        (["cd", "a"], [], [], "/r"),
        (["cd", "b"], [], [], "/r/a"),
        (["x"], ["f"], ["here"], "/r/a/b"),
        (["y"], ["g"], [], "/r/a"),
        (["cd", UNKNOWN], [], [], "/r/a"),
        (["z"], [], [], None),
    ]


WORDS = ["case", "esac", "if", "git", "commit", "-n", "cd", "bash", "-c", "eval", "cp", "sudo", "EOF", "[["]
SIGNS = [*"\n;&|()<>'\"\\$`#{}[]=~ab-. \t", "$(", "<<", "<<<", "<(", "$((", "((", "${", "$'", "&>"]
pieces = st.sampled_from([*WORDS, *SIGNS])


@fuzzed(1500)
@given(st.lists(pieces | st.text(max_size=3), max_size=40).map("".join))
def test_whatever_is_typed_is_read_to_its_end(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    for act in acts(ToolCall("/r", command=text)):
        assert isinstance(act.subject, str)


@fuzzed(300)
@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1, max_size=5))
def test_words_are_read_as_a_shell_writes_them(words: list[str]) -> None:
    quoted = ["'" + word.replace("'", "'\\''") + "'" for word in words]
    assert read(" ".join(["x", *quoted])) == [(["x", *words], [], [], "/r")]


def test_long_commands_are_read_in_time() -> None:
    for text in (
        "a " * 300_000,
        "'" * 300_001,
        '"$(' * 100,
        "<<E " * 50_000,
        "! " * 200_000,
        "a=b " * 100_000,
    ):
        list(commands(text, "/r"))
