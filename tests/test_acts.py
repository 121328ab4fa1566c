"""What lane-guard makes of a shell's commands: which it refuses, and which it must leave alone."""

import os
import time
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
    ("uv run --frozen --with x git commit -n", "git commit -n"),
    ("sudo -Eu ann git commit -n", "git commit -n"),
    ("find . -name x -exec git commit -n {} +", "git commit -n"),
    ("npm exec -- git commit -n", "git commit -n"),
    ("find . | xargs -n 1 git commit --no-verify", "git commit --no-verify"),
    ("bash -c 'git commit -n'", "git commit -n"),
    ("bash -lc 'git commit -n'", "git commit -n"),
    ("bash -o pipefail -c 'git commit -n'", "git commit -n"),
    ("sh -c \"bash -c 'git commit -n'\"", "git commit -n"),
    ("eval git commit -n", "git commit -n"),
    ("eval 'git commit -n'", "git commit -n"),
    ("bash <<'EOF'\ngit commit -n\nEOF", "git commit -n"),
    ("bash -euo pipefail -c 'git commit -n'", "git commit -n"),
    ("bash -eu +o history --rcfile x -c 'git commit -n' a", "git commit -n"),
    ("bash -c -- 'git commit -n'", "git commit -n"),
    ("bash -euo pipefail <<'EOF'\ngit commit -n\nEOF", "git commit -n"),
    ("bash -s -- a <<'EOF'\ngit commit -n\nEOF", "git commit -n"),
    ("bash - <<'EOF'\ngit commit -n\nEOF", "git commit -n"),
    ("cat <<'EOF' | bash\ngit commit -n\nEOF", "git commit -n"),
    ("cat <<'EOF' | tee /tmp/x | sudo bash -x\ngit commit -n\nEOF", "git commit -n"),
    ("echo 'git commit -n' | sh", "git commit -n"),
    ("echo -e git commit -n | sh", "git commit -n"),
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
    ("function f { git commit -n; }; f", "git commit -n"),
    ("[[ $x =~ ^(a|b)$ && a > b ]] && git commit -n", "git commit -n"),
    ("X=-n; git commit $X", "git commit -n"),
    ("a=($(git commit -n))", "git commit -n"),
    ("git commit {-n,-m} x", "git commit -n"),
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
    "git update-ref --stdin <<'EOF'\nstart\nupdate refs/heads/main HEAD\nEOF",
    "git stash branch main",
    "git symbolic-ref HEAD refs/heads/main",
    "git symbolic-ref -d refs/heads/main",
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
    ("git lanes install --agent claude", "git lanes install"),
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
@pytest.mark.parametrize("what", ["commit -m x", "merge main", "add .", "checkout -- .", "push"])
def test_git_in_another_worktree(docs: Repo, command: str, what: str) -> None:
    told = f"git {what.partition(' ')[0]} would work in another worktree of this repository"
    assert refusals(docs, command.format(what)) == [told]


@pytest.mark.parametrize(
    "command", ["git worktree remove -f ../api", "cd .. && git worktree move api /tmp/x"]
)
def test_the_worktree_of_another(docs: Repo, command: str) -> None:
    assert refusals(docs, command) == ["git worktree would work in another worktree of this repository"]
    clone = Repo(docs.path.parent / "clone")
    assert refusals(clone, command) == refusals(docs, command.replace("api", "docs")) == []


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
    ('rm "$(git rev-parse --show-toplevel)/.lanes.toml"', ["WT/.lanes.toml sets up hooks or lanes: SO"]),
    ("cp x ~/.claude/settings.json", ["HOME/.claude/settings.json sets up hooks or lanes: SO"]),
    ("rm ../api/api/a.py", ["WT/../api/api/a.py lies in another worktree of this repository"]),
    ("rm -rf .", [outside(".")]),
    # Braces and globs are what the shell makes of them.
    ("touch {api,docs}/n.md", [outside("api/n.md")]),
    ("cp api/a.py{,.bak}", [outside("api/a.py.bak")]),
    ("touch {docs,api/{a,b}}.py", [outside("docs.py"), outside("api/a.py"), outside("api/b.py")]),
    ("touch 'api/{a,b}' api/{c}", [outside("api/{a,b}"), outside("api/{c}")]),
    ("rm -rf ../{api,nothing}", ["WT/../api lies in another worktree of this repository"]),
    ("rm -rf ../ap[h-j]", ["WT/../api lies in another worktree of this repository"]),
    ("rm a*/*.py", [outside("api/a.py")]),
    ("rm api/*.none", [outside("api/*.none")]),
    # What a variable holds, where the command says so.
    ("D=api; rm $D/a.py", [outside("api/a.py")]),
    ("export D=api && rm ${D}/a.py", [outside("api/a.py")]),
    ('D="$PWD/api"; cd "$D" && rm a.py', [outside("api/a.py")]),
    ('G=$(git rev-parse --git-common-dir); rm "$G/hooks/x"', ["WT/.git/hooks/x is git's own"]),
    ("rm $(git rev-parse --git-path hooks)/x", ["WT/.git/hooks/x is git's own"]),
    ("cd $X && rm `git rev-parse --git-path hooks/x`", ["./.git/hooks/x is git's own"]),
    ('cd docs && rm "$(git rev-parse --show-toplevel)"/api/a.py', [outside("api/a.py")]),
    ("cd $(git rev-parse --show-toplevel 2>/dev/null || pwd) && rm api/a.py", [outside("api/a.py")]),
    ("cd api; pushd ../docs; popd; rm a.py", [outside("api/a.py")]),
    # What the lane can't hold, whatever a variable makes of it.
    ("rm api/$X.py", [outside("api/*.py")]),
    ("for f in a b; do rm ./api/$f; done", [outside("api/*")]),
    ('for f in api/*.py; do sed -i s/a/b/ "$f"; done', [outside("api/*")]),
    ("for f in docs/*.md; do ls; done; for f in api/a api/b; do rm $f; done", [outside("api/*")]),
    ("echo >x$X", [outside("x*")]),
    ("rm ../api/docs/$X", ["WT/../api/docs/* lies in another worktree of this repository"]),
    ("ls | xargs -I{} rm api/{}", [outside("api/*")]),
    ("find api docs -name '*.py' -delete", [outside("api/*/*.py")]),
    ("find api -type f -exec sed -i s/a/b/ {} +", [outside("api/*/*")]),
    ("patch -p1 <<'EOF'\n--- a/api/a.py\n+++ b/api/a.py\n@@ -1 +1 @@\nEOF", [outside("api/a.py")]),
    ("cd api; patch <<'EOF'\n--- x/a.py\t1\n+++ x/a.py\t2\n@@ -1 +1 @@\nEOF", [outside("api/a.py")]),
    ("patch api/a.py <x", [outside("api/a.py")]),
    ("cd api && git apply <<'EOF'\n--- a/docs/a\n+++ /dev/null\n--- a/b\n+++ b/b\nEOF", [outside("b")]),
    ("perl -i -pe s/a/b/ api/a.py", [outside("api/a.py")]),
    ("perl -Mstrict -i.bak -pe s/a/b/ api/a.py", [outside("api/a.py")]),
    ("sed -ni.bak p api/a.py", [outside("api/a.py")]),
    ("git lanes brief --agents-md", [outside("AGENTS.md")]),
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
    "git commit -uno -m x",
    "git commit -Sid -m x",
    "git commit --dry-run -n",
    "git symbolic-ref -d",
    "GIT_CONFIG_GLOBAL=/dev/null git log",
    "git -c core.hooksPath=/dev/null status",
    "git -C ../api stash list",
    "git -C ../api clean -nd",
    "git -C ../api add -n .",
    "git -C ../api apply --check x",
    "git -C ../api push --dry-run",
    "git -C ../api rebase --show-current-patch",
    "git -C ../api reset -h",
    "git worktree remove /nowhere",
    "git apply --stat <<'EOF'\n--- a/api/a.py\n+++ b/api/a.py\nEOF",
    "git update-ref --stdin <<'EOF'\nupdate refs/heads/work/docs-2 HEAD\nEOF",
    "git lanes brief",
    "bash docs/x.sh -c 'git commit -n'",
    "bash docs/x.sh <<'EOF'\ngit commit -n\nEOF",
    "echo 'git commit -n' | cat",
    "cat <<'EOF' | grep x | bash\ngit commit -n\nEOF",
    "xargs sed -i s/a/b/ <list",
    "xargs -I{} cp {} docs/",
    "find . -name '*.md' -exec sed -i s/a/b/ {} +",
    "find api -name '*.log' -delete",
    "find api -name '*.py' -exec grep x {} +",
    "find . -name build -prune -o -name '*.orig' -delete",
    "for f in api/*.py docs/*.md; do sed -i s/a/b/ $f; done",
    "for f in *.md; do rm $f; done",
    'for f in docs/*.md; do sed -i s/a/b/ "$f"; done',
    "sed -i.before -E s/a/b/ docs/a.md",
    "sed -i 's/a{1,2}/b/' docs/a.md",
    "perl -Mstrict -ne print api/a.py",
    "perl -Ilib -ne print api/a.py",
    "perl -MFile::Find -e 1 api/a.py",
    "cp docs/a.md{,.bak}",
    "mv docs/a.{md,txt}",
    "rm -f docs/* {docs/a,docs/b}",
    "install -d api/new",
    "tee - <docs/a.md",
    "patch --dry-run -p1 <<'EOF'\n--- a/api/a.py\n+++ b/api/a.py\nEOF",
    "pushd api >/dev/null; ls; popd >/dev/null; touch docs/n.md",
    "pushd api; popd; popd; touch a",
    "X=docs; touch $X/a.md",
    "X=api; X=docs; touch $X/a.md",
    "X='docs/a docs/b'; rm $X",
    "X=~/x; rm $X",
    "X=; read X; rm $X/a",
    "X=api; for X in docs; do rm $X/a; done",
    "X=api; X+=/b; rm $X",
    "X=api Y=b rm docs/$X",
    "cd $(mktemp -d) && touch x",
    "rm $(git rev-parse --show-toplevel | tr a b)/api/x",
    "rm docs/$X/a.md",
    "rm ./$X/a.md",
    "rm ../$X/a.md",
    "echo > build/$X.txt",
    "echo > api/$X.log",
    "a=(touch api/x); echo ${#a}",
    "declare -a a=(touch\n api/x )",
    "rm $X",
    "rm ~other/x",
    'rm "$X/a"',
    "$GIT commit -n",
    "cd $X && rm a",
    "cd - && rm a",
    "[[ a > b ]]",
    "if [[ $a > b ]]; then ls; fi",
    "! [[ a > b ]]",
    "while read x; do [[ $x > b ]] && ls; done",
    "[[ -z $1 || $(date) > b ]]",
    "[[ $x =~ ^(a|b)$ && $x > b ]]",
    "X=1; [[ a > b ]]",
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
        ("a {b,c}d{e,f} {g} h,{i}", ["a", "bde", "bdf", "cde", "cdf", "{g}", "h,{i}"]),
        ("a '{b,c}' {d\\,e} f{\"g,\",h}", ["a", "{b,c}", "{d,e}", "fg,", "fh"]),
        ("a {b,{c,d}}", ["a", "b", "c", "b", "d"]),
        ("a {b,c}" + "{d,e}" * 9, ["a", "{b,c}" + "{d,e}" * 9]),
        ("b=c; d=$b; a $b$d ${d}", ["a", "cc", "c"]),
        ('b="c d"; a $b "$b"', ["a", UNKNOWN, "c d"]),
        ("b=" + "c" * 400 + "; d=$b$b; a $d$d", ["a", UNKNOWN * 2]),
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


PROGRAMS = (
    "bash eval env sudo timeout xargs command find patch apply_patch chmod cp dd install ln mv perl rm sed"
)
GIT = (
    "add am apply branch checkout clean commit config fetch lanes mv push rebase remote send-pack stash"
    " symbolic-ref update-ref worktree"
)
ARGUMENTS = (
    "-C -c --git-dir alias.x=y core.hooksPath -d --delete -m -b -t -n -i -e --stdin --agent --agents-md -p"
    " -p1 - -- : a: * / $X {} ; -exec -delete -name branch add remove set-head refs/heads/main HEAD allow"
)


@fuzzed(1500)
@given(
    st.sampled_from([*PROGRAMS.split(), *(f"git {command}" for command in GIT.split())]),
    st.lists(st.sampled_from(["", *ARGUMENTS.split()]).map('"{}"'.format), max_size=6).map(" ".join),
    st.sampled_from(["", "--- a\n+++ b\n", "update\nupdate x\n\n"]),
)
def test_whatever_a_program_is_given_is_read(program: str, arguments: str, fed: str) -> None:
    for act in acts(ToolCall("/r", command=f"{program} {arguments} <<'EOF'\n{fed}EOF")):
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
        'a "' + "\\a" * 1_000_000,
        "a " + "\\a" * 1_000_000,
        "a " + "{b,c}" * 100_000,
        "a {" + "b," * 300_000 + "}",
        "a=b " * 100_000,
    ):
        begin = time.process_time()
        list(commands(text, "/r"))
        assert time.process_time() - begin < 8, text[:20]  # so many seconds lane-guard has
