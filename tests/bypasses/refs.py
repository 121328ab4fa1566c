"""Refs and pushes: no other ref, name or push lends a branch what its own lane does not cover."""

from repos import MANIFEST, make_repo

from bypasses.stage import BRANCH, Argument, Clone, accepted, not_judged, rejected

TAGGED = ("-m", "Tag")
ODD = [
    "é",
    "\u2028",
    "\u0085",
    "\u00a0",
    "\u3000",
    "\u202e",
    "\ufeff",
    '"',
    "'",
    ";",
    "|",
    "$(id)",
    "{0}",
    "%n%00",
]


def _every_branch_writes_docs(clone: Clone) -> None:
    clone.on_main({".lanes.toml": MANIFEST.replace('"work/docs-*"', '"**", "!work/api-*", "!review/*"')})


# -- Laundering: a commit that is on the server already, or comes by another ref, was not judged for this lane


@accepted
def a_branch_of_each_lane(clone: Clone) -> list[Argument]:
    """Each ref of a push has a lane of its own, and is judged by that one alone."""
    clone.commit({"docs/new.md": "new\n"})
    clone.switch("work/api-1", "main")
    clone.commit({"api/new.py": "new\n"})
    return [BRANCH, "work/api-1"]


@rejected
def commits_of_another_lane_in_the_same_push(clone: Clone) -> list[Argument]:
    """The other lane may write the path, but this one brings it here, too."""
    clone.commit({"api/a.py": "changed\n"})
    return ["HEAD:refs/heads/work/api-1", BRANCH]


@rejected
def commits_of_another_lane_pushed_before(clone: Clone) -> None:
    """That the server has a commit on another branch says nothing about this lane."""
    clone.commit({"api/a.py": "changed\n"})
    clone.publish("HEAD:refs/heads/work/api-1")


@rejected
def another_lane_as_the_first_commit(clone: Clone) -> None:
    """A branch that begins on one of another lane brings all of that, though its own commits are clean."""
    clone.commit({"api/a.py": "changed\n"})
    clone.publish("HEAD:refs/heads/work/api-1")
    clone.commit({"docs/a.md": "changed\n"})


@rejected
def another_branch_of_the_same_lane_pushed_before(clone: Clone) -> None:
    """A branch that went astray before the gate was there does not open it for the next one."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/heads/work/docs-2")


@rejected
def the_branch_itself_pushed_before(clone: Clone) -> None:
    """What is on the branch already is judged again, or whoever pushed before the gate keeps it."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish(BRANCH)
    clone.commit({"docs/a.md": "changed\n"})


@rejected
def a_branch_that_no_lane_covers_pushed_before(clone: Clone) -> None:
    """Nobody has judged that branch."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/heads/spike")


@rejected
def a_branch_whose_name_begins_with_main(clone: Clone) -> None:
    """Only main is trusted; a pattern such as main* takes in what anybody may have made."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/heads/main-evil")


@rejected
def a_branch_whose_name_ends_with_main(clone: Clone) -> None:
    """Some git commands take the last part of a ref for its name, so x/main would be main."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/heads/x/main")


@rejected
def a_tag_pushed_before(clone: Clone) -> None:
    """A tag on the server proves nothing; tags may be older than the gate."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/tags/v1")


@rejected
def a_tag_named_like_the_integration_branch(clone: Clone) -> list[Argument]:
    """Git takes the short name main for the tag where there are both."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/tags/main")
    return [BRANCH]


@rejected
def a_tag_with_the_full_name_of_a_branch_that_is_gone(clone: Clone) -> list[Argument]:
    """Where refs/heads/release does not exist, git takes that name for refs/tags/refs/heads/release."""
    clone.server.git("update-ref", "-d", "refs/heads/release")
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/tags/refs/heads/release")
    return [BRANCH]


@rejected
def a_branch_with_a_full_name_in_its_name(clone: Clone) -> None:
    """A branch called refs/heads/main is not main."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/heads/refs/heads/main")


@rejected
def a_remote_branch_on_the_server(clone: Clone) -> None:
    """A server that fetches from elsewhere has an origin/main that is not its own main."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/remotes/origin/main")


@rejected
def notes_in_the_same_push(clone: Clone) -> list[Argument]:
    """Notes pass unjudged, and must take nothing with them."""
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/notes/commits", BRANCH]


@rejected
def notes_pushed_before(clone: Clone) -> None:
    """Notes passed unjudged, and what they point to is as strange as before."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/notes/commits")


@rejected
def a_pull_request_of_the_forge(clone: Clone) -> None:
    """Forges keep a ref for each pull request, and anybody may open one."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/pull/1/head")


@rejected
def objects_of_another_repository(clone: Clone) -> None:
    """Borrowing objects does not make the other repository's main a trusted branch of this one."""
    clone.commit({"top.txt": "evil\n"})
    other = make_repo(clone.path.parent / "other.git", "--bare")
    other.git("fetch", "--quiet", str(clone.path), "+HEAD:refs/heads/main")
    clone.server.write({"objects/info/alternates": f"{other.path}/objects\n"})


@accepted
def clean_objects_of_another_repository(clone: Clone) -> None:
    """Objects count wherever the server has them from."""
    clone.commit({"docs/a.md": "changed\n"})
    other = make_repo(clone.path.parent / "other.git", "--bare")
    other.git("fetch", "--quiet", str(clone.path), "+HEAD:refs/heads/main")
    clone.server.write({"objects/info/alternates": f"{other.path}/objects\n"})


# -- Replaced objects and grafts: both make git show a history that is not the one that is pushed


@rejected
def push_a_replacement(clone: Clone) -> list[Argument]:
    """From then on, git on the server would show main's commit in the place of this one."""
    evil = clone.commit({"top.txt": "evil\n"})
    return [f"main:refs/replace/{evil}"]


@rejected
def push_a_replacement_that_the_manifest_allows(clone: Clone) -> list[Argument]:
    """It would undo every verdict to come, so no manifest can allow it."""
    clone.on_main({".lanes.toml": MANIFEST.replace("refs/notes/**", "refs/**")})
    return [f"HEAD:refs/replace/{clone.commit({'docs/a.md': 'changed'})}"]


@accepted
def delete_a_replacement(clone: Clone) -> list[Argument]:
    """Without it git shows what is there, which is what everybody wants."""
    clone.publish(f"main:refs/replace/{clone.commit({'docs/a.md': 'changed'})}")
    return [f":refs/replace/{clone.head()}"]


@rejected
def a_replacement_hides_the_commit(clone: Clone) -> None:
    """With the replacement, the commit that is pushed looks like main's."""
    evil = clone.commit({"top.txt": "evil\n"})
    clone.publish(f"main:refs/replace/{evil}")


@rejected
def a_replacement_hides_what_the_commit_holds(clone: Clone) -> None:
    """Folders can be replaced as well, and then git's diff of the commit is empty."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/kept/evil")
    clone.server.git("replace", clone.git("rev-parse", "HEAD^{tree}"), "main^{tree}")


@rejected
def a_replacement_makes_the_commit_look_trusted(clone: Clone) -> None:
    """With the replacement, main seems to come after the commit that is pushed."""
    clone.commit({"top.txt": "evil\n"})
    child = clone.git("commit-tree", "-m", "Change", "-p", "HEAD", "HEAD^{tree}")
    clone.publish(f"{child}:refs/replace/{clone.git('rev-parse', 'main')}")


@rejected
def a_replacement_widens_the_manifest(clone: Clone) -> None:
    """The manifest in force is the blob that main holds, not the one put in its place."""
    clone.commit({"top.txt": "evil\n"})
    wider = clone.blob(MANIFEST.replace('"/docs/"', '"*"'))
    clone.publish(f"{wider}:refs/replace/{clone.git('rev-parse', 'main:.lanes.toml')}")


@accepted
def a_replacement_of_main_and_a_clean_branch(clone: Clone) -> None:
    """Whoever keeps replacements on the server must still be able to push."""
    begun = clone.head()
    clone.publish(f"{begun}:refs/replace/{clone.on_main({'top.txt': 'changed'})}")
    clone.merge("main")


@rejected
def a_graft_makes_the_commit_look_trusted(clone: Clone) -> None:
    """The server's grafts give main a parent that it does not have."""
    evil = clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/kept/evil")
    clone.server.write({"info/grafts": f"{clone.git('rev-parse', 'main')} {evil}\n"})


@rejected
def a_graft_jumps_over_the_commit(clone: Clone) -> None:
    """The server's grafts put the last commit right behind main, without the one between them."""
    clone.commit({"top.txt": "evil\n"})
    clean = clone.commit({"top.txt": "t\n", "docs/a.md": "changed\n"})
    clone.server.write({"info/grafts": f"{clean} {clone.git('rev-parse', 'main')}\n"})


# -- Symbolic refs on the server: what is written is another ref than the one that is named


@rejected
def an_alias_of_main(clone: Clone) -> list[Argument]:
    """The name is a lane's, and what moves is main."""
    clone.server.git("symbolic-ref", "refs/heads/work/docs-2", "refs/heads/main")
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/work/docs-2"]


@rejected
def an_alias_of_an_alias_of_main(clone: Clone) -> list[Argument]:
    """However long the chain is, main is at its end."""
    clone.server.git("symbolic-ref", "refs/heads/work/docs-2", "refs/heads/main")
    clone.server.git("symbolic-ref", "refs/heads/work/docs-3", "refs/heads/work/docs-2")
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/work/docs-3"]


@rejected
def an_alias_of_the_branch_of_another_lane(clone: Clone) -> list[Argument]:
    """It would be judged by one lane, and written to the branch of another."""
    clone.publish("main:refs/heads/work/api-1")
    clone.server.git("symbolic-ref", "refs/heads/work/docs-2", "refs/heads/work/api-1")
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/work/docs-2"]


@rejected
def an_alias_of_a_branch_that_does_not_exist(clone: Clone) -> list[Argument]:
    """Git lists no such alias, but a push to it makes the branch that it names."""
    clone.server.git("symbolic-ref", "refs/heads/work/docs-2", "refs/heads/work/api-9")
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/work/docs-2"]


@rejected
def an_integration_branch_that_is_an_alias(clone: Clone) -> list[Argument]:
    """Whoever may push to release need not be allowed to push to main."""
    clone.server.git("symbolic-ref", "refs/heads/release", "refs/heads/main")
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/release"]


@not_judged
def a_branch_that_an_integration_branch_is_an_alias_of(clone: Clone) -> list[Argument]:
    """Whoever pushes to that branch would move release, which everybody trusts."""
    clone.publish("main:refs/heads/work/docs-2")
    clone.server.git("symbolic-ref", "refs/heads/release", "refs/heads/work/docs-2")
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/work/docs-2"]


@rejected
def notes_that_are_an_alias_of_main(clone: Clone) -> list[Argument]:
    """Notes pass unjudged, and so would main."""
    clone.server.git("symbolic-ref", "refs/notes/commits", "refs/heads/main")
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/notes/commits"]


@rejected
def a_tag_that_is_an_alias_of_release(clone: Clone) -> list[Argument]:
    """A tag of a trusted commit passes, and would bring all of main to release."""
    clone.server.git("symbolic-ref", "refs/tags/v1", "refs/heads/release")
    clone.on_main({"top.txt": "changed\n"})
    return ["--force", "main:refs/tags/v1"]


@rejected
def delete_an_alias_of_main(clone: Clone) -> list[Argument]:
    """Git deletes what the alias names, although it protects main under its own name."""
    clone.server.git("symbolic-ref", "refs/heads/work/docs-2", "refs/heads/main")
    return [":refs/heads/work/docs-2"]


@not_judged
def inside_a_namespace(clone: Clone) -> list[Argument]:
    """There, main is another ref than the main that the hook sees."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["--receive-pack=env GIT_NAMESPACE=x git-receive-pack", BRANCH]


@not_judged
def main_inside_a_namespace(clone: Clone) -> list[Argument]:
    """The hook would take it for the main outside, and let anything in."""
    clone.commit({"top.txt": "evil\n"})
    return ["--receive-pack=env GIT_NAMESPACE=x git-receive-pack", "HEAD:refs/heads/main"]


# -- Integration branches, and what may be done to other refs


@accepted
def push_to_main(clone: Clone) -> list[Argument]:
    """Who may push to main may change anything."""
    clone.switch("main")
    clone.commit({"top.txt": "changed\n", "api/new.py": "new\n", "ci/run": "changed\n"})
    return ["main"]


@accepted
def push_to_both_integration_branches(clone: Clone) -> list[Argument]:
    """Each of them may change anything, though neither has the other's commits."""
    clone.switch("main")
    clone.commit({"top.txt": "main\n"})
    clone.switch("release")
    clone.commit({"top.txt": "release\n"})
    return ["main", "release"]


@accepted
def integrate_a_lane(clone: Clone) -> list[Argument]:
    """This is what lanes are for: main takes a branch in, and the push names nothing but main."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.switch("main")
    clone.git("merge", "--quiet", "--no-ff", "-m", "Integrate", BRANCH)
    return ["main"]


@accepted
def integrate_a_lane_and_push_both(clone: Clone) -> list[Argument]:
    """The branch is inside its lane, whether main has it by the same push or not."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.switch("main")
    clone.git("merge", "--quiet", "--no-ff", "-m", "Integrate", BRANCH)
    return ["main", BRANCH]


@accepted
def begin_an_integration_branch(clone: Clone) -> list[Argument]:
    """The manifest names it, so it may be pushed for the first time, whatever it holds."""
    clone.server.git("update-ref", "-d", "refs/heads/release")
    clone.commit({"top.txt": "changed\n"})
    return ["HEAD:refs/heads/release"]


@rejected
def main_and_a_branch_that_has_its_new_commits(clone: Clone) -> list[Argument]:
    """What comes to main in this push is not trusted yet, since nobody knows that main will take it."""
    clone.switch("main")
    clone.commit({"top.txt": "changed\n"})
    clone.switch(BRANCH)
    clone.merge("main")
    return ["main", BRANCH]


@accepted
def a_branch_that_has_the_new_commits_of_main(clone: Clone) -> None:
    """Once main has been pushed, all that it holds is trusted."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.on_main({"top.txt": "changed\n"})
    clone.merge("main")


@rejected
def rewind_main(clone: Clone) -> list[Argument]:
    """All that was judged against the lost commits would have to be judged again."""
    clone.on_main({"top.txt": "changed\n"})
    return ["--force", "main^:refs/heads/main"]


@rejected
def rewrite_main(clone: Clone) -> list[Argument]:
    """A commit of main that is written anew is not the one that others have taken for trusted."""
    clone.on_main({"top.txt": "changed\n"})
    clone.switch("main")
    clone.git("commit", "--quiet", "--no-verify", "--amend", "-m", "Say it better")
    return ["--force", "main"]


@rejected
def rewind_release(clone: Clone) -> list[Argument]:
    """Every integration branch is trusted, so none may lose what it held."""
    clone.on("release", {"top.txt": "changed\n"})
    return ["--force", "release^:refs/heads/release"]


@rejected
def give_release_another_beginning(clone: Clone) -> list[Argument]:
    """A history that shares nothing with the old one is a rewind, too."""
    clone.commit_root(clone.git("rev-parse", "main^{tree}"))
    return ["--force", "HEAD:refs/heads/release"]


@rejected
def delete_main(clone: Clone) -> list[Argument]:
    """With main, the manifest and all that is trusted would be gone."""
    clone.server.git("config", "receive.denyDeleteCurrent", "ignore")
    return [":main"]


@rejected
def delete_release(clone: Clone) -> list[Argument]:
    """All that only release holds would no longer be trusted."""
    return [":release"]


@rejected
def delete_release_and_begin_it_anew(clone: Clone) -> list[Argument]:
    """Two pushes are not needed for a rewind, if a name in another case were free to take."""
    clone.commit({"top.txt": "evil\n"})
    return [":release", "HEAD:refs/heads/Release"]


@accepted
def first_push_of_a_branch_with_no_commit(clone: Clone) -> None:
    """A branch that begins on main has changed nothing yet."""


@accepted
def first_push_of_a_review_branch(clone: Clone) -> list[Argument]:
    """Whoever only reads may still have a branch to read on."""
    return ["main:refs/heads/review/1"]


@accepted
def rewrite_a_branch_of_a_lane(clone: Clone) -> None:
    """A lane's branch belongs to whoever works on it."""
    clone.commit({"docs/a.md": "first\n"})
    clone.publish(BRANCH)
    clone.git("commit", "--quiet", "--no-verify", "--amend", "-m", "Say it better")


@accepted
def rewrite_what_went_astray(clone: Clone) -> None:
    """This is the way out that the hook itself advises."""
    clone.commit({"docs/a.md": "changed\n", "top.txt": "astray\n"})
    clone.publish(BRANCH)
    clone.git("reset", "--quiet", "main")
    clone.git("commit", "--quiet", "--no-verify", "-m", "Change", "docs/a.md")


@accepted
def rewind_a_branch_of_a_lane(clone: Clone) -> None:
    """There is no new commit in it, and none that was lost was trusted."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.publish(BRANCH)
    clone.git("reset", "--quiet", "--hard", "main")


@accepted
def delete_a_branch_of_a_lane(clone: Clone) -> list[Argument]:
    """Work that is integrated is tidied away."""
    clone.publish(BRANCH)
    return [f":{BRANCH}"]


@accepted
def delete_a_branch_that_went_astray(clone: Clone) -> list[Argument]:
    """Nothing comes to the server when a ref goes."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish(BRANCH)
    return [f":{BRANCH}"]


@accepted
def delete_a_branch_that_no_lane_covers(clone: Clone) -> list[Argument]:
    """It could not be made any more, but it may well be older than the manifest."""
    clone.publish("HEAD:refs/heads/spike")
    return [":spike"]


@accepted
def delete_a_tag(clone: Clone) -> list[Argument]:
    """Any ref but an integration branch may be deleted."""
    clone.publish("HEAD:refs/tags/v1")
    return [":refs/tags/v1"]


@accepted
def delete_a_ref_that_could_not_be_pushed(clone: Clone) -> list[Argument]:
    """What the gate would not let in must not stay for ever."""
    clone.publish("HEAD:refs/pull/1/head")
    return [":refs/pull/1/head"]


@rejected
def delete_one_branch_and_push_another(clone: Clone) -> list[Argument]:
    """A push is more than its first line, which here has no new commit to look at."""
    clone.publish("main:refs/heads/work/docs-0")
    clone.commit({"top.txt": "evil\n"})
    return [":work/docs-0", BRANCH]


@accepted
def several_branches_of_one_lane(clone: Clone) -> list[Argument]:
    """Many refs may come at once, and with the same commits."""
    clone.commit({"docs/a.md": "changed\n"})
    return [f"HEAD:refs/heads/work/docs-{number}" for number in range(20)]


@rejected
def several_branches_one_of_them_evil(clone: Clone) -> list[Argument]:
    """One bad ref is enough, wherever it stands."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.switch("work/docs-2", "main")
    clone.commit({"top.txt": "evil\n"})
    return [BRANCH, "work/docs-2", "main:refs/heads/work/docs-3"]


@rejected
def an_evil_branch_beside_main(clone: Clone) -> list[Argument]:
    """That the same push goes to main opens nothing for the other refs."""
    clone.commit({"top.txt": "evil\n"})
    clone.switch("main")
    clone.commit({"api/a.py": "changed\n"})
    return ["main", BRANCH]


@accepted
def all_or_nothing(clone: Clone) -> list[Argument]:
    """An atomic push is judged as any other."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["--atomic", BRANCH, "HEAD:refs/heads/work/docs-2"]


@rejected
def all_or_nothing_with_an_evil_branch(clone: Clone) -> list[Argument]:
    """An atomic push is judged as any other."""
    clone.commit({"api/a.py": "changed\n"})
    return ["--atomic", "HEAD:refs/heads/work/api-1", BRANCH]


@accepted
def mirror(clone: Clone) -> list[Argument]:
    """A mirror of the same branches, with one that is clean, is a push of that one."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.git("remote", "set-head", "origin", "--delete")
    clone.git("branch", "--quiet", "-d", "-r", "origin/main", "origin/release")
    return ["--mirror"]


@rejected
def mirror_with_a_remote_branch(clone: Clone) -> list[Argument]:
    """A mirror pushes whatever the clone keeps, and nobody can name a lane for refs/remotes/."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["--mirror"]


@rejected
def mirror_without_release(clone: Clone) -> list[Argument]:
    """A mirror deletes on the server what the clone does not have."""
    clone.git("remote", "set-head", "origin", "--delete")
    clone.git("branch", "--quiet", "-d", "-r", "origin/main", "origin/release")
    clone.git("branch", "--quiet", "-d", "release")
    return ["--mirror"]


# -- Tags


@accepted
def a_light_tag_of_main(clone: Clone) -> list[Argument]:
    """What it names is integrated."""
    clone.git("tag", "v1", "main")
    return ["v1"]


@accepted
def an_annotated_tag_of_an_old_commit_of_main(clone: Clone) -> list[Argument]:
    """All that main contains is integrated, not its tip alone."""
    clone.on_main({"top.txt": "changed\n"})
    clone.git("tag", *TAGGED, "v1", "main^")
    return ["v1"]


@accepted
def a_tag_of_a_tag_of_main(clone: Clone) -> list[Argument]:
    """What counts is the commit at the end."""
    clone.git("tag", *TAGGED, "v1", "main")
    clone.git("tag", *TAGGED, "again", "v1")
    return ["again"]


@accepted
def a_tag_of_release(clone: Clone) -> list[Argument]:
    """Every integration branch is trusted, main is only one of them."""
    clone.git("tag", *TAGGED, "v1", clone.on("release", {"top.txt": "changed\n"}))
    return ["v1"]


@accepted
def a_tag_called_main(clone: Clone) -> list[Argument]:
    """It is a bad name for a tag, but a tag in its full name, and of an integrated commit."""
    clone.git("tag", "main", "main")
    return ["refs/tags/main"]


@rejected
def a_light_tag_of_a_branch(clone: Clone) -> list[Argument]:
    """A tag for each wish would be a branch that no lane holds."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.git("tag", "v1")
    return ["v1"]


@rejected
def an_annotated_tag_of_a_branch(clone: Clone) -> list[Argument]:
    """The ref's new id is that of the tag, which is no commit: it has to be followed to the end."""
    clone.commit({"top.txt": "evil\n"})
    clone.git("tag", *TAGGED, "v1")
    return ["v1"]


@rejected
def a_tag_of_a_tag_of_a_branch(clone: Clone) -> list[Argument]:
    """Following a tag once leads to another tag."""
    clone.commit({"top.txt": "evil\n"})
    clone.git("tag", *TAGGED, "v1")
    clone.git("tag", *TAGGED, "again", "v1")
    return ["again"]


@rejected
def a_tag_and_its_branch(clone: Clone) -> list[Argument]:
    """A lane's branch is not integrated, however clean it is."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.git("tag", "v1")
    return [BRANCH, "v1"]


@rejected
def a_tag_called_like_its_branch(clone: Clone) -> list[Argument]:
    """The lane covers the branch of that name, not the tag."""
    clone.commit({"docs/a.md": "changed\n"})
    return [f"HEAD:refs/tags/{BRANCH}"]


@rejected
def a_tag_with_the_full_name_of_main(clone: Clone) -> list[Argument]:
    """It ends like main's ref, and would be taken for main wherever main is not there yet."""
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/tags/refs/heads/main"]


@rejected
def a_tag_of_a_folder(clone: Clone) -> list[Argument]:
    """There is no new commit in it, which must not be read as: nothing to object to."""
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD^{tree}:refs/tags/v1"]


@rejected
def an_annotated_tag_of_a_folder(clone: Clone) -> list[Argument]:
    """Followed to its end it is a folder, and no commit was integrated."""
    clone.commit({"top.txt": "evil\n"})
    clone.git("tag", *TAGGED, "v1", "HEAD^{tree}")
    return ["v1"]


@rejected
def a_tag_of_a_file(clone: Clone) -> list[Argument]:
    """Any content could be stored on the server that way."""
    clone.git("tag", "v1", clone.blob())
    return ["v1"]


@accepted
def move_a_tag_along_main(clone: Clone) -> list[Argument]:
    """Both commits are integrated; whether tags may move is not a question of lanes."""
    clone.publish("main:refs/tags/latest")
    return ["--force", f"{clone.on_main({'top.txt': 'changed'})}:refs/tags/latest"]


@rejected
def move_a_tag_to_a_branch(clone: Clone) -> list[Argument]:
    """A tag that was good is judged by what it names now."""
    clone.publish("main:refs/tags/latest")
    clone.commit({"top.txt": "evil\n"})
    return ["--force", "HEAD:refs/tags/latest"]


@accepted
def main_and_its_tag(clone: Clone) -> list[Argument]:
    """A release is one push: the commit on main, and its tag."""
    clone.switch("main")
    clone.commit({"top.txt": "changed\n"})
    clone.git("tag", *TAGGED, "v1")
    return ["--follow-tags", "main"]


@accepted
def a_tag_before_its_release(clone: Clone) -> list[Argument]:
    """The order of the refs in a push means nothing."""
    clone.commit({"top.txt": "changed\n"})
    return ["HEAD:refs/tags/v1", "HEAD:refs/heads/release"]


@rejected
def main_and_a_tag_of_something_else(clone: Clone) -> list[Argument]:
    """The push must bring this very commit to main, not just any."""
    clone.commit({"top.txt": "evil\n"})
    clone.git("tag", "v1")
    clone.switch("main")
    clone.commit({"top.txt": "changed\n"})
    return ["main", "v1"]


# -- Other refs


@accepted
def notes_that_the_manifest_names(clone: Clone) -> list[Argument]:
    """`defaults.refs` lets them pass unjudged."""
    clone.git("notes", "add", "-m", "Well done", "main")
    return ["refs/notes/commits"]


@accepted
def notes_in_a_folder(clone: Clone) -> list[Argument]:
    """`refs/notes/**` holds for any depth."""
    clone.git("notes", "--ref", "refs/notes/ci/linux", "add", "-m", "Passed", "main")
    return ["refs/notes/ci/linux"]


@rejected
def notes_in_other_case(clone: Clone) -> list[Argument]:
    """Refs are compared by case, as git compares them."""
    return ["HEAD:refs/Notes/commits"]


@rejected
def nearly_notes(clone: Clone) -> list[Argument]:
    """A pattern matches a whole name, not its beginning."""
    return ["HEAD:refs/notes-of-mine/x"]


@rejected
def a_review_of_gerrit(clone: Clone) -> list[Argument]:
    """On a plain server refs/for/main is a ref like any other, and nobody's lane."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/for/main"]


@rejected
def a_pull_request(clone: Clone) -> list[Argument]:
    """Refs that belong to a forge are not for pushing."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/pull/1/head"]


@rejected
def a_change_of_gerrit(clone: Clone) -> list[Argument]:
    """Even main's own commit has no place in a ref that no lane and no pattern covers."""
    return ["main:refs/changes/01/1/1"]


@rejected
def settings_of_a_forge(clone: Clone) -> list[Argument]:
    """Some servers read their own configuration from there."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/meta/config"]


@rejected
def a_remote_branch(clone: Clone) -> list[Argument]:
    """The server's origin/main is nobody's to write."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/remotes/origin/main"]


@rejected
def heads_in_other_case(clone: Clone) -> list[Argument]:
    """On a disk that knows no case, refs/Heads/main is main."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/Heads/main"]


@rejected
def heads_in_other_case_where_all_refs_are_named(clone: Clone) -> list[Argument]:
    """The manifest may open refs of other kinds, not these by another name."""
    clone.on_main({".lanes.toml": MANIFEST.replace("refs/notes/**", "refs/**")})
    return ["HEAD:refs/Heads/main"]


@rejected
def replace_refs_in_other_case_where_all_refs_are_named(clone: Clone) -> list[Argument]:
    """On a disk that knows no case, they replace objects."""
    clone.on_main({".lanes.toml": MANIFEST.replace("refs/notes/**", "refs/**")})
    return [f"HEAD:refs/Replace/{clone.head()}"]


@rejected
def a_ref_of_one_worktree(clone: Clone) -> list[Argument]:
    """Git keeps refs/worktree/ apart for each worktree, out of sight of all others."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/worktree/main"]


# -- Names


@rejected
def a_branch_that_no_lane_covers(clone: Clone) -> list[Argument]:
    """The default is to reject, or a new name would be enough to write anywhere."""
    return ["main:refs/heads/spike"]


@accepted
def a_name_that_ends_where_the_star_begins(clone: Clone) -> list[Argument]:
    """A star may stand for nothing, as in every git pattern."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/work/docs-"]


@rejected
def a_lane_does_not_reach_below_a_slash(clone: Clone) -> list[Argument]:
    """`work/docs-*` stops at a slash, as in every git pattern."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/work/docs-1/deep"]


@rejected
def a_lane_does_not_begin_in_the_middle(clone: Clone) -> list[Argument]:
    """A branch pattern matches the whole name, not its end."""
    clone.commit({"docs/a.md": "changed\n"})
    return [f"HEAD:refs/heads/x/{BRANCH}"]


@rejected
def a_lane_in_other_case(clone: Clone) -> list[Argument]:
    """Names are compared by case, as git compares them."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/Work/docs-1"]


@rejected
def a_branch_with_a_lane_behind_another_prefix(clone: Clone) -> list[Argument]:
    """Only the first refs/heads/ is no part of the name."""
    clone.commit({"docs/a.md": "changed\n"})
    return [f"HEAD:refs/heads/refs/heads/{BRANCH}"]


@rejected
def main_in_capital_letters(clone: Clone) -> list[Argument]:
    """On a disk that knows no case, MAIN is the file of main, whatever lane covers it."""
    _every_branch_writes_docs(clone)
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/MAIN"]


@rejected
def delete_main_in_capital_letters(clone: Clone) -> list[Argument]:
    """On a disk that knows no case, that deletes main."""
    clone.publish("main:refs/heads/MAIN")
    return [":refs/heads/MAIN"]


@rejected
def release_with_a_capital_letter(clone: Clone) -> list[Argument]:
    """Every integration branch is guarded against its own name in another case."""
    _every_branch_writes_docs(clone)
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/Release"]


@accepted
def names_that_look_like_something_else(clone: Clone) -> list[Argument]:
    """Git takes them all for branches, and here a lane covers them."""
    _every_branch_writes_docs(clone)
    tip = clone.commit({"docs/a.md": "changed\n"})
    names = ("--all", "-n", "@", "HEAD", "FETCH_HEAD", "refs/heads/main", "heads/main", "origin/main", tip)
    return [f"HEAD:refs/heads/{name}" for name in names]


@rejected
def a_branch_called_like_an_option(clone: Clone) -> list[Argument]:
    """`git rev-list --all` lists commits, but not those of a branch of that name."""
    _every_branch_writes_docs(clone)
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/heads/--all"]


@rejected
def a_branch_called_like_an_option_that_says_not(clone: Clone) -> list[Argument]:
    """To rev-list it means that nothing behind it is to be listed."""
    _every_branch_writes_docs(clone)
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/heads/--not"]


@rejected
def a_branch_called_like_an_object_of_main(clone: Clone) -> list[Argument]:
    """Git takes such a name for the object, which is trusted."""
    _every_branch_writes_docs(clone)
    clone.commit({"top.txt": "evil\n"})
    return [f"HEAD:refs/heads/{clone.git('rev-parse', 'main')}"]


@rejected
def a_branch_called_head(clone: Clone) -> list[Argument]:
    """The server's HEAD is main; a branch of that name is not."""
    _every_branch_writes_docs(clone)
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/heads/HEAD"]


@rejected
def a_branch_called_like_the_full_name_of_main(clone: Clone) -> list[Argument]:
    """With its prefix cut off twice it would be main."""
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/heads/refs/heads/main"]


@rejected
def a_branch_called_heads_main(clone: Clone) -> list[Argument]:
    """Git also takes heads/main for a short name of main."""
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/heads/heads/main"]


@rejected
def a_branch_called_origin_main(clone: Clone) -> list[Argument]:
    """In a clone that is the short name of the main it trusts."""
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/heads/origin/main"]


@accepted
def names_of_odd_bytes(clone: Clone) -> list[Argument]:
    """Git takes all of these for a branch of the lane; its names are bytes."""
    clone.commit({"docs/a.md": "changed\n"})
    names = [*(name.encode() for name in ODD), b"\xff", b"\xed\xa0\x80", b"x" * 200]
    return [b"HEAD:refs/heads/work/docs-" + name for name in names]


@rejected
def a_line_separator_behind_the_name_of_main(clone: Clone) -> list[Argument]:
    """To `str.splitlines` the line ends there, and the name is main."""
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/heads/main\u2028x"]


@rejected
def a_next_line_character_behind_the_name_of_main(clone: Clone) -> list[Argument]:
    """To `str.splitlines` the line ends there, and the name is main."""
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/heads/main\u0085x"]


@rejected
def a_wide_space_behind_the_name_of_main(clone: Clone) -> list[Argument]:
    """To `str.split` and `str.strip` that is white space, and the name is main."""
    clone.commit({"top.txt": "evil\n"})
    return ["HEAD:refs/heads/main\u3000"]


@rejected
def a_byte_that_is_no_text_in_the_name_of_main(clone: Clone) -> list[Argument]:
    """Where wrong bytes are ignored, the name is main."""
    clone.commit({"top.txt": "evil\n"})
    return [b"HEAD:refs/heads/main\xff"]


@rejected
def a_line_separator_in_the_name_of_a_branch(clone: Clone) -> list[Argument]:
    """To a hook that reads lines of text there are two lines, and no ref that it knows."""
    clone.commit({"top.txt": "evil\n"})
    return [f"HEAD:refs/heads/{BRANCH}\u2028x"]


@rejected
def a_byte_that_is_no_text_in_the_name_of_a_branch(clone: Clone) -> list[Argument]:
    """The name can't be decoded, and is not the name of a branch on the server."""
    clone.commit({"top.txt": "evil\n"})
    return [f"HEAD:refs/heads/{BRANCH}".encode() + b"\xff"]


@rejected
def a_command_in_the_name_of_a_branch(clone: Clone) -> list[Argument]:
    """A name that gets to a shell is run there."""
    clone.commit({"top.txt": "evil\n"})
    return [f"HEAD:refs/heads/{BRANCH};exit$IFS'0';"]


@rejected
def a_quote_in_the_name_of_a_branch(clone: Clone) -> list[Argument]:
    """Git prints such a name as it is, and for-each-ref's own quoting would change it."""
    clone.commit({"top.txt": "evil\n"})
    return [f'HEAD:refs/heads/{BRANCH}"']


@rejected
def a_very_long_name(clone: Clone) -> list[Argument]:
    """A hook that cuts names short finds the branch of another name, or none."""
    clone.commit({"top.txt": "evil\n"})
    return [f"HEAD:refs/heads/{BRANCH}{'x' * 200}"]


@not_judged
def a_branch_of_two_lanes(clone: Clone) -> None:
    """Nobody can tell which lane is meant, and the order of lanes means nothing."""
    clone.on_main({".lanes.toml": MANIFEST.replace('"work/api-*"', '"work/*"')})
    clone.commit({"docs/a.md": "changed\n"})


@accepted
def delete_a_branch_of_two_lanes(clone: Clone) -> list[Argument]:
    """Whichever lane it has, it may be deleted."""
    clone.on_main({".lanes.toml": MANIFEST.replace('"work/api-*"', '"work/*"')})
    clone.publish(BRANCH)
    return [f":{BRANCH}"]


@rejected
def a_name_that_its_lane_takes_out(clone: Clone) -> None:
    """The last branch pattern that matches decides."""
    clone.on_main({".lanes.toml": MANIFEST.replace('"work/docs-*"', '"work/docs-*", "!work/docs-1"')})
    clone.commit({"docs/a.md": "changed\n"})


# -- How the push gets there, and how the server keeps its refs


@accepted
def a_shallow_clone(clone: Clone) -> None:
    """The server has the whole history, so nothing is cut off there."""
    clone.on_main({"top.txt": "changed\n"})
    clone.git("reset", "--quiet", "--hard", "main")
    clone.git("fetch", "--quiet", "--depth=1", f"file://{clone.server.path}", "main")
    clone.commit({"docs/a.md": "changed\n"})


@not_judged
def a_shallow_clone_that_keeps_a_commit_back(clone: Clone) -> list[Argument]:
    """Where the history is cut off, the commit that comes first looks like a beginning."""
    clone.server.git("config", "receive.shallowUpdate", "true")
    clone.commit({"top.txt": "evil\n"})
    clone.write({".git/shallow": clone.commit({"docs/a.md": "changed\n"}) + "\n"})
    return [BRANCH]


@not_judged
def a_shallow_server(clone: Clone) -> list[Argument]:
    """The server's main is cut off, so nobody can tell there what it contains."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.server.write({"shallow": clone.on_main({"top.txt": "changed"}) + "\n"})
    return [BRANCH]


@rejected
def refs_in_a_pack(clone: Clone) -> None:
    """A server packs its refs now and then, and has no file for main after that."""
    clone.commit({"top.txt": "evil\n"})
    clone.server.git("pack-refs", "--all")


@accepted
def a_clean_branch_and_refs_in_a_pack(clone: Clone) -> None:
    """Whoever looks for a file of main finds none, and would judge main's commits as well."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.server.git("pack-refs", "--all")


@accepted
def a_main_that_is_hidden(clone: Clone) -> None:
    """Those who push need not see a ref that the hook trusts."""
    clone.server.git("config", "transfer.hideRefs", "refs/heads/main")
    clone.commit({"docs/a.md": "changed\n"})


@rejected
def an_evil_branch_that_is_hidden(clone: Clone) -> None:
    """What the server shows to nobody is not trusted for that."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/kept/evil")
    clone.server.git("config", "transfer.hideRefs", "refs/kept")


@rejected
def an_evil_head_of_a_worktree_on_the_server(clone: Clone) -> None:
    """A worktree on the server has its own HEAD, which may be at any commit."""
    clone.commit({"top.txt": "evil\n"})
    clone.publish("HEAD:refs/heads/spike")
    clone.server.git("worktree", "add", "--quiet", str(clone.path.parent / "worktree"), "spike")
