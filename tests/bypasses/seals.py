"""A sealed main takes what fits into one lane, step by step, and only named people push what names them."""

from collections.abc import Mapping

from repos import MANIFEST, Content

from bypasses.stage import BRANCH, Argument, Clone, accepted, not_judged, rejected

FILE = ".lanes.toml"
SEALED = MANIFEST.replace("[integration]", '[integration]\naccepts = "lanes"')
NAMED = SEALED.replace("[integration]", '[integration]\npushers = ["ann"]')
DOCS_NAMED = MANIFEST.replace('paths = ["/docs/"]', 'paths = ["/docs/"]\npushers = ["ann"]')


def _seal(clone: Clone, manifest: str = SEALED) -> str:
    """Let main say that main and release are sealed, make both begin there, go to main, and give the tip."""
    begun = clone.on_main({FILE: manifest})
    clone.git("branch", "--force", "release", begun)
    clone.publish("release")
    clone.switch(BRANCH, begun)
    clone.git("branch", "--force", "work/api-1", begun)
    clone.switch("main")
    return begun


def _work(clone: Clone, branch: str, *commits: Mapping[Argument, Content]) -> str:
    """Commit on a lane's branch, come back to main, and give the branch's tip."""
    clone.switch(branch)
    for files in commits:
        clone.commit(files)
    clone.switch("main")
    return clone.git("rev-parse", branch)


def _both_lanes_worked(clone: Clone) -> None:
    _seal(clone)
    _work(clone, BRANCH, {"docs/a.md": "mine\n"}, {"shared.txt": "mine\n"})
    _work(clone, "work/api-1", {"api/a.py": "mine\n"})


# -- Legal: the work of one lane in each step


@accepted
def a_branch_of_each_lane_merged(clone: Clone) -> list[Argument]:
    """Each merge is a step of its own."""
    _both_lanes_worked(clone)
    clone.merge(BRANCH)
    clone.merge("work/api-1")
    return ["main"]


@accepted
def a_branch_squashed_and_one_rebased(clone: Clone) -> list[Argument]:
    """What is one lane's may come as a commit, too."""
    _both_lanes_worked(clone)
    clone.git("merge", "--quiet", "--squash", BRANCH)
    clone.git("commit", "--quiet", "--no-verify", "-m", "Squash")
    clone.git("cherry-pick", "work/api-1")
    return ["main"]


@accepted
def a_branch_that_main_is_moved_forward_to(clone: Clone) -> list[Argument]:
    """Its commits are the steps."""
    _both_lanes_worked(clone)
    return [f"{BRANCH}:main"]


@accepted
def a_branch_that_took_main_in_merged(clone: Clone) -> list[Argument]:
    """What the branch holds of main is trusted, however it got there."""
    _both_lanes_worked(clone)
    clone.merge("work/api-1")
    clone.switch(BRANCH)
    clone.merge("main")
    clone.commit({"docs/b.md": "more\n"})
    clone.switch("main")
    clone.merge(BRANCH)
    return ["main"]


@accepted
def a_branch_merged_again_and_again(clone: Clone) -> list[Argument]:
    """Each merge brings what is new since the last one."""
    _both_lanes_worked(clone)
    clone.merge(BRANCH)
    clone.merge("work/api-1")
    _work(clone, BRANCH, {"docs/b.md": "more\n"})
    clone.merge(BRANCH)
    return ["main"]


@accepted
def two_branches_of_one_lane_in_one_merge(clone: Clone) -> list[Argument]:
    """An octopus is a step like any other."""
    begun = _seal(clone)
    _work(clone, BRANCH, {"docs/a.md": "mine\n"})
    clone.git("branch", "work/docs-2", begun)
    _work(clone, "work/docs-2", {"docs/b.md": "mine\n"})
    clone.merge(BRANCH, "work/docs-2")
    return ["main"]


@accepted
def a_merge_taken_back(clone: Clone) -> list[Argument]:
    """The revert changes what the merge changed: one lane's paths."""
    _both_lanes_worked(clone)
    clone.merge("work/api-1")
    clone.git("revert", "--no-edit", "-m", "1", "HEAD")
    return ["main"]


@accepted
def another_sealed_branch_merged(clone: Clone) -> list[Argument]:
    """Release took two lanes in, step by step, so main may take both at once."""
    begun = _seal(clone)
    clone.switch("release")
    clone.commit({"docs/a.md": "released\n"})
    clone.commit({"api/a.py": "released\n"})
    clone.publish("release")
    clone.switch("main")
    clone.commit({"docs/b.md": "main\n"})
    clone.merge("release")
    assert clone.git("rev-parse", "main~2") == begun
    return ["main"]


@accepted
def a_new_sealed_branch_on_main(clone: Clone) -> list[Argument]:
    """There is nothing in it that main does not hold, but for a step of one lane."""
    _seal(clone)
    clone.server.git("update-ref", "-d", "refs/heads/release")
    clone.commit({"docs/a.md": "mine\n"})
    return ["main~1:refs/heads/release", "main"]


@accepted
def a_history_of_ones_own_inside_a_lane(clone: Clone) -> list[Argument]:
    """A root commit is charged with all that it holds, which is one lane's here."""
    _seal(clone)
    clone.switch(BRANCH)
    clone.commit_root(clone.tree(("40000", b"docs", clone.tree(("100644", b"new.md", clone.blob("new\n"))))))
    clone.git("checkout", "--quiet", "--force", "main")
    clone.merge(BRANCH)
    return ["main"]


@accepted
def a_tag_that_comes_with_a_step(clone: Clone) -> list[Argument]:
    """It points to what main gets."""
    _both_lanes_worked(clone)
    clone.merge(BRANCH)
    clone.git("tag", "-m", "Tag", "v1")
    return ["main", "v1"]


# -- A step that is more than one lane's


@rejected
def a_commit_of_two_lanes(clone: Clone) -> list[Argument]:
    """Whoever may push to main is no lane."""
    _seal(clone)
    clone.commit({"docs/a.md": "mine\n", "api/a.py": "mine\n"})
    return ["main"]


@rejected
def a_commit_of_no_lane(clone: Clone) -> list[Argument]:
    """Nobody may write the path."""
    _seal(clone)
    clone.commit({"top.txt": "evil\n"})
    return ["main"]


@rejected
def a_move_from_one_lane_to_another(clone: Clone) -> list[Argument]:
    """It takes a file away there, and adds one here."""
    _seal(clone)
    clone.git("mv", "docs/a.md", "api/a.md")
    clone.commit({})
    return ["main"]


@rejected
def a_mode_outside(clone: Clone) -> list[Argument]:
    """A file that can be run is another one."""
    _seal(clone)
    clone.git("update-index", "--chmod=+x", "top.txt")
    clone.git("commit", "--quiet", "--no-verify", "-m", "Run")
    return ["main"]


@rejected
def a_step_in_the_middle(clone: Clone) -> list[Argument]:
    """The first one and the last one are one lane's."""
    _seal(clone)
    clone.commit({"docs/a.md": "mine\n"})
    clone.commit({"docs/b.md": "mine\n", "top.txt": "evil\n"})
    clone.commit({"docs/b.md": "more\n"})
    return ["main"]


@rejected
def a_step_that_the_next_one_takes_back(clone: Clone) -> list[Argument]:
    """What it held stays in the history of main."""
    _seal(clone)
    clone.commit({"top.txt": "evil\n"})
    clone.git("revert", "--no-edit", "HEAD")
    return ["main"]


@rejected
def two_lanes_in_one_merge(clone: Clone) -> list[Argument]:
    """Two merges would have been two steps."""
    _both_lanes_worked(clone)
    clone.merge(BRANCH, "work/api-1")
    return ["main"]


@rejected
def two_lanes_in_one_branch(clone: Clone) -> list[Argument]:
    """A branch that took another lane's in could not have been pushed, either."""
    _both_lanes_worked(clone)
    clone.switch(BRANCH)
    clone.merge("work/api-1")
    clone.switch("main")
    clone.merge(BRANCH)
    return ["main"]


@rejected
def a_squash_of_two_lanes(clone: Clone) -> list[Argument]:
    """One commit is one step."""
    _both_lanes_worked(clone)
    clone.git("merge", "--quiet", "--squash", BRANCH, "work/api-1")
    clone.git("commit", "--quiet", "--no-verify", "-m", "Squash")
    return ["main"]


# -- Merges that do more than they seem to


@rejected
def a_merge_that_changes_more_itself(clone: Clone) -> list[Argument]:
    """What an evil merge adds is in none of the commits that it brings."""
    _both_lanes_worked(clone)
    clone.merge(BRANCH, files={"api/a.py": "evil\n"})
    return ["main"]


@rejected
def a_merge_that_takes_back_what_main_did(clone: Clone) -> list[Argument]:
    """It holds the stale tree of the branch: the other lane's work is gone from main."""
    _both_lanes_worked(clone)
    clone.merge("work/api-1")
    clone.commit_tree(f"{BRANCH}^{{tree}}", "HEAD", BRANCH)
    return ["main"]


@rejected
def a_merge_of_work_that_it_leaves_out(clone: Clone) -> list[Argument]:
    """With -s ours nothing of main changes, but its history holds two lanes' commits at once."""
    _both_lanes_worked(clone)
    clone.git("merge", "--quiet", "-s", "ours", "-m", "Merge", BRANCH, "work/api-1")
    return ["main"]


@rejected
def a_merge_that_brings_a_stray_commit_and_its_revert(clone: Clone) -> list[Argument]:
    """The commits of a branch are judged one by one, on their way to main, too."""
    _seal(clone)
    _work(clone, BRANCH, {"docs/a.md": "mine\n", "top.txt": "evil\n"}, {"top.txt": "t\n"})
    clone.merge(BRANCH)
    return ["main"]


@rejected
def a_merge_that_brings_a_branch_on_the_server(clone: Clone) -> list[Argument]:
    """That it was pushed before the gate was there says nothing."""
    _seal(clone)
    _work(clone, BRANCH, {"top.txt": "evil\n"})
    clone.publish(BRANCH)
    clone.merge(BRANCH)
    return ["main"]


@rejected
def a_merge_of_another_history(clone: Clone) -> list[Argument]:
    """Its root commit brings all that it holds."""
    _seal(clone)
    clone.switch(BRANCH)
    clone.commit_root(clone.tree(("100644", b"evil", clone.blob())))
    clone.git("checkout", "--quiet", "--force", "main")
    clone.merge(BRANCH)
    return ["main"]


@rejected
def a_merge_with_a_third_parent(clone: Clone) -> list[Argument]:
    """Some checks look at two parents."""
    _both_lanes_worked(clone)
    evil = clone.git("commit-tree", "-p", "main", "-m", "Evil", clone.tree(("100644", b"evil", clone.blob())))
    clone.commit_tree("main^{tree}", "main", "main~1", evil)
    return ["main"]


# -- Ways around the steps


@rejected
def main_merged_into_the_branch_and_moved_there(clone: Clone) -> list[Argument]:
    """By first parents, main would not lead back to where it was, and the steps would be others."""
    _both_lanes_worked(clone)
    clone.merge("work/api-1")
    clone.publish("main")
    clone.switch(BRANCH)
    clone.merge("main")
    return [f"{BRANCH}:main"]


@rejected
def the_parents_of_a_merge_in_another_order(clone: Clone) -> list[Argument]:
    """Compared with the other parent, it changes nothing but what main holds."""
    _seal(clone)
    evil = clone.git("commit-tree", "-p", "main", "-m", "Evil", clone.tree(("100644", b"evil", clone.blob())))
    clone.commit_tree(f"{evil}^{{tree}}", evil, "main")
    return ["main"]


@rejected
def a_stray_step_by_way_of_release(clone: Clone) -> list[Argument]:
    """Release is as sealed as main; what the same push brings to it is not trusted yet."""
    _seal(clone)
    clone.commit({"top.txt": "evil\n"})
    return ["main:release", "main"]


@rejected
def a_new_sealed_branch_with_a_stray_step(clone: Clone) -> list[Argument]:
    """A branch that is new has no old tip, but main is there to begin on."""
    _seal(clone)
    clone.server.git("update-ref", "-d", "refs/heads/release")
    clone.commit({"top.txt": "evil\n"})
    return ["main:refs/heads/release"]


@rejected
def a_new_sealed_branch_with_a_history_of_its_own(clone: Clone) -> list[Argument]:
    """It does not begin on anything that is trusted."""
    _seal(clone)
    clone.server.git("update-ref", "-d", "refs/heads/release")
    clone.commit_root("main^{tree}")
    return ["main:refs/heads/release"]


@rejected
def a_stray_step_of_times_gone_by(clone: Clone) -> list[Argument]:
    """Walks that stop by date must not pass over it."""
    _seal(clone)
    clone.commit({"top.txt": "evil\n"})
    clone.forge(rb"(committer .* )\d+( [+-]\d+)", rb"\g<1>1\2")
    clone.commit({"docs/a.md": "mine\n"})
    return ["main"]


@accepted
def a_step_on_a_main_of_times_to_come(clone: Clone) -> list[Argument]:
    """Wrong dates make nothing stray that does not."""
    _seal(clone)
    clone.commit({"docs/a.md": "mine\n"})
    clone.forge(rb"(committer .* )\d+( [+-]\d+)", rb"\g<1>4000000000\2")
    clone.publish("main")
    clone.switch("work/api-1")
    clone.commit({"api/a.py": "mine\n"})
    clone.merge("main")
    clone.forge(rb"(committer .* )\d+( [+-]\d+)", rb"\g<1>1\2")
    clone.git("checkout", "--quiet", "--force", "main")
    clone.git("reset", "--quiet", "--hard", "origin/main")
    clone.merge("work/api-1")
    return ["main"]


@rejected
def the_seal_taken_off_in_the_same_push(clone: Clone) -> list[Argument]:
    """The manifest in force is that of main before the push, and the manifest is no lane's."""
    _seal(clone)
    clone.commit({FILE: MANIFEST})
    clone.commit({"top.txt": "evil\n"})
    return ["main"]


@rejected
def a_lane_widened_in_the_same_push(clone: Clone) -> list[Argument]:
    """Or any step could bring the lane that it needs."""
    _seal(clone)
    clone.commit({FILE: SEALED.replace('["/docs/"]', '["/docs/", "/top.txt"]')})
    clone.commit({"top.txt": "evil\n"})
    return ["main"]


@rejected
def a_protected_path(clone: Clone) -> list[Argument]:
    """Where nobody is named, nobody may change it."""
    _seal(clone)
    clone.commit({"ci/run": "evil\n"})
    return ["main"]


@rejected
def main_rewound(clone: Clone) -> list[Argument]:
    """The seal does not let go of what was there before."""
    _seal(clone)
    return ["+main~1:main"]


@accepted
def the_seal_put_on(clone: Clone) -> list[Argument]:
    """The push that seals main is judged by what was in force before."""
    clone.switch("main")
    clone.commit({FILE: SEALED, "top.txt": "mine\n"})
    return ["main"]


@not_judged
def a_sealed_branch_that_is_no_commit(clone: Clone) -> list[Argument]:
    """A blob has no steps."""
    _seal(clone)
    clone.server.git("update-ref", "-d", "refs/heads/release")
    return [f"{clone.blob()}:refs/heads/release"]


# -- Who may push, where the server names nobody


@rejected
def main_by_somebody_unknown(clone: Clone) -> list[Argument]:
    """A step that fits, signed as the one who may push: but that is what anybody can write."""
    _seal(clone, NAMED)
    clone.git("config", "user.name", "ann")
    clone.commit({"docs/a.md": "mine\n"})
    return ["main"]


@rejected
def a_named_lane_by_somebody_unknown(clone: Clone) -> list[Argument]:
    """An author can be anybody."""
    clone.on_main({FILE: DOCS_NAMED})
    clone.git("config", "user.name", "ann")
    clone.commit({"docs/a.md": "mine\n"})
    return [BRANCH]


@rejected
def a_named_lane_deleted_by_somebody_unknown(clone: Clone) -> list[Argument]:
    """What nobody else may write, nobody else may take away."""
    clone.publish(BRANCH)
    clone.on_main({FILE: DOCS_NAMED})
    return [f":{BRANCH}"]


@rejected
def a_branch_that_a_pattern_would_trust(clone: Clone) -> list[Argument]:
    """Whoever made it would own a branch that everybody trusts."""
    clone.on_main({FILE: NAMED.replace('"release"', '"release/*"')})
    clone.commit({"top.txt": "evil\n"})
    return [f"{BRANCH}:refs/heads/release/1"]


@accepted
def a_lane_that_names_nobody(clone: Clone) -> list[Argument]:
    """Pushers of one lane, or of main, are no concern of the others."""
    clone.on_main({FILE: NAMED.replace("[lanes.api]", '[lanes.api]\npushers = ["ann"]')})
    clone.commit({"docs/a.md": "mine\n"})
    return [BRANCH]
