"""Merges: outside the lane they must hold what main holds, whichever of their parents they agree with."""

from bypasses.stage import BRANCH, Clone, accepted, rejected

LINES = "".join(f"line {i}\n" for i in range(20))


def _both_went_on(clone: Clone) -> str:
    """Let the branch write docs/b.md, and main change, add and delete files outside; give main's tip."""
    clone.commit({"docs/b.md": "mine\n"}, "Write")
    return clone.on_main({"api/a.py": "new\n", "api/new.py": "new\n", "api/b.py": None})


def _release_and_main_went_on(clone: Clone, on_release: str = "top.txt") -> None:
    """Let main change api/a.py, release another file or the same, and the branch docs/b.md."""
    clone.commit({"docs/b.md": "mine\n"}, "Write")
    clone.on("release", {on_release: "release\n"})
    clone.on_main({"api/a.py": "main\n"})


def _main_moved_its_submodule(clone: Clone) -> None:
    """Let main move a submodule, and the branch write docs/new.md on what was before."""
    clone.switch("main")
    clone.commit_entry("160000", "api/lib", "1" * 40)
    clone.commit_entry("160000", "api/lib", "2" * 40)
    clone.publish("main")
    clone.switch(BRANCH, "main~1")
    clone.commit_entry("100644", "docs/new.md", clone.blob("new\n"))


def _merge_on(clone: Clone, branch: str, *heads: str) -> str:
    """Merge heads on another branch, publish it, and come back."""
    clone.switch(branch)
    made = clone.merge(*heads)
    clone.publish(branch)
    clone.switch(BRANCH)
    return made


def _release_and_main_crossed(clone: Clone, on_release: str = "top.txt", by: str = "-Xours") -> None:
    """Let main and release merge each other's first change, so that they have two merge bases.

    A conflict about the file that release changed is settled on main for main, on release *by* an option.
    """
    _release_and_main_went_on(clone, on_release)
    main, release = clone.git("rev-parse", "main"), clone.git("rev-parse", "release")
    _merge_on(clone, "main", "-Xours", release)
    _merge_on(clone, "release", by, main)


def _release_and_main_crossed_often(clone: Clone, times: int) -> None:
    """Let main and release merge each other's tip so many times, and the branch merge both.

    Main changes a file each time, and release takes that over a time later.
    """
    clone.on("release", {})
    clone.on_main({"top.txt": "0\n"})
    for i in range(times):
        main, release = clone.git("rev-parse", "main"), clone.git("rev-parse", "release")
        clone.switch("main")
        clone.merge(release, files={"top.txt": f"{i + 1}\n"})
        clone.switch("release")
        clone.merge(main, files={"top.txt": f"{i}\n"})
    clone.publish("main", "release")
    clone.switch(BRANCH)
    clone.commit_tree("main^{tree}", "main", "release")


# -- Merging main


@accepted
def clean_merge_of_main(clone: Clone) -> None:
    """What the merge brings is main's, as it is there."""
    _both_went_on(clone)
    clone.merge("main")


@accepted
def fast_forward_to_main(clone: Clone) -> None:
    """The branch was published where main was, and now is where main is."""
    clone.publish(BRANCH)
    clone.on_main({"api/a.py": "new\n", "ci/run": "new\n", ".gitignore": "x\n"})
    clone.git("merge", "--quiet", "--ff-only", "main")


@accepted
def merge_of_main_without_work_of_ones_own(clone: Clone) -> None:
    """A merge that could have been a fast-forward is none the worse."""
    clone.on_main({"api/a.py": "new\n"})
    clone.merge("main")


@accepted
def merge_of_main_into_a_published_branch(clone: Clone) -> None:
    """Between the old tip and the new one lies all that main did, and the lane did none of it."""
    _both_went_on(clone)
    clone.publish(BRANCH)
    clone.merge("main")


@accepted
def main_merged_twice(clone: Clone) -> None:
    """Long work merges main again and again."""
    _both_went_on(clone)
    clone.merge("main")
    clone.on_main({"api/a.py": "newer\n", "api/new.py": None})
    clone.merge("main")
    clone.commit({"docs/a.md": "changed\n"})


@accepted
def merge_of_a_main_that_is_not_the_newest(clone: Clone) -> None:
    """Main went on during the merge, as it always does."""
    merged = _both_went_on(clone)
    clone.on_main({"api/a.py": "newer\n", "api/new.py": None})
    clone.merge(merged)


@accepted
def merge_of_a_tag_of_main(clone: Clone) -> None:
    """A tag is another name for what main holds, and what git notes of it in the merge is no change."""
    _both_went_on(clone)
    clone.git("tag", "-a", "-m", "One", "v1", "main")
    clone.merge("v1")


@accepted
def main_that_moved_a_file(clone: Clone) -> None:
    """Main renamed a file outside, and the merge follows."""
    clone.commit({"docs/b.md": "mine\n"})
    clone.on_main({"api/b.py": None, "api/moved.py": "b\n"})
    clone.merge("main")


@accepted
def main_that_changed_the_manifest(clone: Clone) -> None:
    """A lane may not change the manifest, but merging main brings main's."""
    clone.commit({"docs/b.md": "mine\n"})
    clone.on_main(
        {".lanes.toml": (clone.path / ".lanes.toml").read_text() + "\n# newer\n", "ci/run": "new\n"}
    )
    clone.merge("main")


@accepted
def conflict_settled_inside_the_lane(clone: Clone) -> None:
    """The file is the lane's, so it may hold what neither side held."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.on_main({"docs/a.md": "main\n", "api/a.py": "new\n"})
    clone.merge("main", files={"docs/a.md": "both\n", "docs/new.md": "new\n"})


@accepted
def conflicts_left_to_the_option_ours(clone: Clone) -> None:
    """Only the lane's own files can be in conflict, so it is only these that are kept."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.on_main({"docs/a.md": "main\n", "api/a.py": "new\n"})
    clone.merge("-Xours", "main")


@accepted
def conflicts_left_to_the_option_theirs(clone: Clone) -> None:
    """The lane may give its own files up."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.on_main({"docs/a.md": "main\n", "api/a.py": "new\n"})
    clone.merge("-Xtheirs", "main")


@accepted
def all_of_ones_own_work_given_up(clone: Clone) -> None:
    """A merge with main's very tree drops the lane's work, which is for the lane to do."""
    main = _both_went_on(clone)
    clone.commit_tree("main^{tree}", "HEAD", main)


@accepted
def file_of_the_lane_kept_that_main_deleted(clone: Clone) -> None:
    """The file is the lane's, so the lane decides."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.on_main({"docs/a.md": None})
    clone.merge("main", files={"docs/a.md": "mine\n"})


@accepted
def main_as_the_first_parent(clone: Clone) -> None:
    """Merging the branch into main's commit, then moving the branch there, is the same merge."""
    main = _both_went_on(clone)
    clone.merge("main")
    clone.commit_tree("HEAD^{tree}", main, "HEAD^")


# -- Merging main, and more


@rejected
def file_added_in_a_merge(clone: Clone) -> None:
    """No parent has the file, and a merge shows no diff by default."""
    _both_went_on(clone)
    clone.merge("main", files={"api/evil.py": "evil\n"})


@rejected
def file_that_main_changed_changed_in_a_merge(clone: Clone) -> None:
    """The file is neither the lane's to write nor as main has it."""
    _both_went_on(clone)
    clone.merge("main", files={"api/a.py": "evil\n"})


@rejected
def file_that_nobody_changed_changed_in_a_merge(clone: Clone) -> None:
    """The parents agree about it, and the merge does not."""
    _both_went_on(clone)
    clone.merge("main", files={"top.txt": "evil\n"})


@rejected
def file_that_nobody_changed_deleted_in_a_merge(clone: Clone) -> None:
    """What is missing is easily overlooked among all that a merge brings."""
    _both_went_on(clone)
    clone.merge("main", files={"top.txt": None})


@rejected
def protected_file_changed_in_a_merge(clone: Clone) -> None:
    """Merging main gives nobody main's rights."""
    _both_went_on(clone)
    clone.merge("main", files={"ci/run": "evil\n"})


@rejected
def new_file_of_main_dropped_in_a_merge(clone: Clone) -> None:
    """The merge agrees with the lane's side, so no combined diff shows it, and main's file is gone."""
    _both_went_on(clone)
    clone.merge("main", files={"api/new.py": None})


@rejected
def stale_file_kept_in_a_merge(clone: Clone) -> None:
    """The merge agrees with the lane's side, and takes main's change back."""
    _both_went_on(clone)
    clone.merge("main", files={"api/a.py": "a\n"})


@rejected
def deleted_file_kept_in_a_merge(clone: Clone) -> None:
    """The merge agrees with the lane's side, and brings back what main deleted."""
    _both_went_on(clone)
    clone.merge("main", files={"api/b.py": "b\n"})


@rejected
def old_name_kept_beside_the_new_one(clone: Clone) -> None:
    """Main renamed the file, and half a rename is none."""
    clone.commit({"docs/b.md": "mine\n"})
    clone.on_main({"api/b.py": None, "api/moved.py": "b\n"})
    clone.merge("main", files={"api/b.py": "b\n"})


@rejected
def mode_changed_in_a_merge(clone: Clone) -> None:
    """A mode counts in a merge too."""
    _both_went_on(clone)
    clone.merge("main")
    (clone.path / "api/a.py").chmod(0o755)
    clone.commit({}, "Merge", "--amend")


@rejected
def mode_that_main_changed_kept_in_a_merge(clone: Clone) -> None:
    """Main made the script executable, and the merge agrees with the lane's side."""
    clone.commit({"docs/b.md": "mine\n"})
    main = clone.git("rev-parse", "main^{tree}")
    (clone.path / "ci/run").chmod(0o755)
    clone.on_main({})
    clone.commit_tree(main, "HEAD", "main")


@rejected
def file_made_a_symlink_in_a_merge(clone: Clone) -> None:
    """The object is main's, and the type is not."""
    _both_went_on(clone)
    clone.merge("main")
    clone.git("update-index", "--cacheinfo", f"120000,{clone.git('rev-parse', 'main:api/a.py')},api/a.py")
    clone.git("commit", "--quiet", "--amend", "-m", "Merge")


@rejected
def submodule_set_back_in_a_merge(clone: Clone) -> None:
    """Main moved its submodule, and the merge agrees with the lane's side."""
    _main_moved_its_submodule(clone)
    clone.commit_tree("HEAD^{tree}", "HEAD", "main")


@accepted
def submodule_of_main_followed_in_a_merge(clone: Clone) -> None:
    """The id is main's, and the commit that it names needs not be here."""
    _main_moved_its_submodule(clone)
    clone.commit_tree("main^{tree}", "HEAD", "main")


@rejected
def outside_file_of_a_third_commit(clone: Clone) -> None:
    """Another branch holds this very file, but not main."""
    _both_went_on(clone)
    clone.git("branch", "work/api-1", "main")
    clone.on("work/api-1", {"api/a.py": "api\n"})
    clone.merge("main", files={"api/a.py": "api\n"})


@rejected
def file_of_main_at_another_path(clone: Clone) -> None:
    """The content is main's, the path is not where main has it."""
    _both_went_on(clone)
    clone.merge("main", files={"api/new.py": None, "api/newer.py": "new\n"})


@rejected
def main_merged_with_the_strategy_ours(clone: Clone) -> None:
    """It says that it contains main, takes back all that main did, and agrees with its first parent."""
    _both_went_on(clone)
    clone.git("merge", "--quiet", "--no-edit", "--strategy=ours", "main")


@rejected
def main_as_the_first_parent_of_ones_own_tree(clone: Clone) -> None:
    """The parents are the other way round, so it agrees with its second one."""
    _both_went_on(clone)
    clone.commit_tree("HEAD^{tree}", "main", "HEAD")


@rejected
def evil_tree_with_main_as_a_fake_parent(clone: Clone) -> None:
    """Nothing was merged: main is named as a parent so that the commit passes for a merge."""
    _both_went_on(clone)
    clone.merge("--strategy=ours", "main", files={"top.txt": "evil\n"})


@rejected
def main_as_both_parents(clone: Clone) -> None:
    """It looks like a merge of main, and is a commit on main that takes main's last change back."""
    clone.on_main({"api/a.py": "new\n"})
    clone.commit_tree("main~1^{tree}", "main")
    clone.forge(rb"(parent .*\n)", rb"\1\1")


@rejected
def newer_and_older_main_as_parents(clone: Clone) -> None:
    """Both parents are trusted, and the merge takes the older one's side against the newer one."""
    new = clone.on_main({"api/a.py": "new\n"})
    clone.commit_tree("main~1^{tree}", new, "main~1")


@accepted
def newer_main_merged_into_an_older_one(clone: Clone) -> None:
    """Both parents are trusted, and the merge holds what the newer one holds."""
    new = clone.on_main({"api/a.py": "new\n"})
    clone.commit_tree("main^{tree}", "main~1", new)


@rejected
def older_main_merged_again_to_roll_back(clone: Clone) -> None:
    """All values are main's, and main has left them behind: what counts is the newest main in it."""
    _both_went_on(clone)
    clone.merge("main")
    clone.commit_tree("main~1^{tree}", "HEAD", "main~1")


@accepted
def older_main_merged_again_to_no_effect(clone: Clone) -> None:
    """Git would not make this merge, but it changes nothing."""
    _both_went_on(clone)
    clone.merge("main")
    clone.commit_tree("HEAD^{tree}", "HEAD", "main~1")


@rejected
def rolled_back_in_a_plain_commit(clone: Clone) -> None:
    """After the merge main's work is there to be undone, file by file."""
    _both_went_on(clone)
    clone.merge("main")
    clone.commit({"api/a.py": "a\n", "api/b.py": "b\n", "api/new.py": None})


@rejected
def merge_of_main_reverted(clone: Clone) -> None:
    """The revert writes what main held before, over what main holds now."""
    _both_went_on(clone)
    clone.merge("main")
    clone.git("revert", "--no-edit", "-m1", "HEAD")


@rejected
def evil_merge_taken_back_in_the_next_merge(clone: Clone) -> None:
    """The last tree is right, and the merge before it is in the history with main's file undone."""
    _both_went_on(clone)
    clone.merge("main", files={"api/a.py": "a\n"})
    clone.on_main({"top.txt": "new\n"})
    clone.merge("main", files={"api/a.py": "new\n"})


@rejected
def evil_commit_dropped_in_a_merge(clone: Clone) -> None:
    """The merge holds what main holds, and the commit below it does not."""
    _both_went_on(clone)
    clone.commit({"top.txt": "evil\n"})
    clone.merge("main", files={"top.txt": "t\n"})


@rejected
def evil_commit_below_main_as_the_first_parent(clone: Clone) -> None:
    """Whoever follows first parents only goes to main here, and past the evil commit."""
    clone.commit({"top.txt": "evil\n"})
    evil = clone.commit({"top.txt": "t\n"})
    clone.commit_tree("HEAD^{tree}", "main", evil)


@rejected
def offence_that_main_came_to_as_well(clone: Clone) -> None:
    """After the merge nothing differs, and still the commit wrote outside before main did."""
    clone.commit({"api/a.py": "same\n"})
    clone.on_main({"api/a.py": "same\n", "docs/a.md": "new\n"})
    clone.merge("main")


@accepted
def offence_that_main_took(clone: Clone) -> None:
    """Whoever may push to main merged the branch as it is, and so answers for it."""
    evil = clone.commit({"api/a.py": "late\n"})
    _merge_on(clone, "main", evil)
    clone.commit({"docs/a.md": "changed\n"})


@accepted
def main_took_the_branch_and_the_branch_goes_on(clone: Clone) -> None:
    """Work is merged back and forth until it is done."""
    _both_went_on(clone)
    _merge_on(clone, "main", BRANCH)
    clone.commit({"docs/a.md": "changed\n"})
    clone.merge("main")


@accepted
def main_took_a_squash_of_the_branch(clone: Clone) -> None:
    """The same work is in main under another id, and the branch goes on from its own commits."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.on_main({"docs/a.md": "mine\n", "api/a.py": "new\n"})
    clone.merge("main", files={"docs/a.md": "mine, again\n"})


@rejected
def main_took_the_branch_back_out_and_the_branch_does_not(clone: Clone) -> None:
    """Main reverted what it had taken, and that is main's last word on files outside the lane."""
    late = clone.commit({"api/a.py": "late\n"})
    _merge_on(clone, "main", late)
    clone.on_main({"api/a.py": "a\n"})
    clone.commit({"docs/a.md": "changed\n"})
    clone.git("merge", "--quiet", "--no-edit", "--strategy=ours", "main")


@rejected
def main_that_is_not_pushed_yet(clone: Clone) -> None:
    """A branch called main in somebody's clone is not main: push main first."""
    clone.switch("main")
    clone.commit({"api/a.py": "new\n"})
    clone.switch(BRANCH)
    clone.merge("main")


@rejected
def main_that_was_rewound(clone: Clone) -> None:
    """Main holds the commit no longer, so nobody but this branch answers for it."""
    clone.on_main({"api/a.py": "wrong\n"})
    clone.merge("main")
    clone.server.git("update-ref", "refs/heads/main", "main~1")


# -- Where main's renames meet the lane's edits


@rejected
def edit_carried_out_of_the_lane_by_a_rename(clone: Clone) -> None:
    """Git follows main's rename with the lane's edit, into a file that the lane may not write."""
    clone.on_main({"docs/long.md": LINES})
    clone.switch(BRANCH, "main")
    clone.commit({"docs/long.md": LINES + "mine\n"})
    clone.on_main({"docs/long.md": None, "api/long.py": LINES})
    clone.merge("main")


@accepted
def edit_given_up_for_a_rename(clone: Clone) -> None:
    """Main moved the file out of the lane, so the merge holds it as main does."""
    clone.on_main({"docs/long.md": LINES})
    clone.switch(BRANCH, "main")
    clone.commit({"docs/long.md": LINES + "mine\n"})
    clone.on_main({"docs/long.md": None, "api/long.py": LINES})
    clone.merge("main", files={"api/long.py": LINES})


@accepted
def edit_carried_into_the_lane_by_a_rename(clone: Clone) -> None:
    """Main moved one of its files to the lane, and the merge takes it over."""
    clone.commit({"docs/b.md": "mine\n"})
    clone.on_main({"api/b.py": None, "docs/moved.md": "b\n"})
    clone.merge("main", files={"docs/moved.md": "b, edited\n"})


def _main_moved_a_folder_out_of_the_lane(clone: Clone) -> None:
    """Let the branch add a file to a folder that main moves away; git would move the new file too."""
    clone.on_main({"docs/deep/one.md": LINES, "docs/deep/two.md": LINES + "two\n"})
    clone.switch(BRANCH, "main")
    clone.commit({"docs/deep/mine.md": "mine\n"})
    clone.switch("main")
    clone.git("mv", "docs/deep", "api/deep")
    clone.on_main({})
    clone.switch(BRANCH)


@rejected
def new_file_carried_out_of_the_lane_with_its_folder(clone: Clone) -> None:
    """Git proposes to move the new file along with its folder, to where the lane may not write."""
    _main_moved_a_folder_out_of_the_lane(clone)
    clone.merge("main")


@accepted
def new_file_kept_where_its_folder_was(clone: Clone) -> None:
    """The lane's new file stays inside, and main's files move."""
    _main_moved_a_folder_out_of_the_lane(clone)
    clone.merge("main", files={"api/deep/mine.md": None, "docs/deep/mine.md": "mine\n"})


# -- Merging branches of lanes


@accepted
def branch_of_the_same_lane_merged(clone: Clone) -> None:
    """Two branches of one lane may write the same files."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.git("branch", "work/docs-2", "main")
    clone.on("work/docs-2", {"docs/b.md": "other\n", "shared.txt": "other\n"})
    clone.merge("work/docs-2")


@accepted
def branch_of_the_same_lane_with_a_newer_main_merged(clone: Clone) -> None:
    """Main comes in by way of the other branch, as it is there."""
    _both_went_on(clone)
    clone.git("branch", "work/docs-2", "main")
    clone.on("work/docs-2", {"docs/a.md": "other\n"})
    clone.merge("work/docs-2")


@accepted
def branch_of_the_same_lane_with_an_older_main_merged(clone: Clone) -> None:
    """The other branch lacks what main did since, and the merge does not."""
    clone.git("branch", "work/docs-2")
    _both_went_on(clone)
    clone.on("work/docs-2", {"docs/a.md": "other\n"})
    clone.merge("main")
    clone.merge("work/docs-2")


@rejected
def newer_main_dropped_with_a_branch_of_the_same_lane(clone: Clone) -> None:
    """The merge says that it contains main, by way of the other branch, and takes back what main did."""
    _both_went_on(clone)
    clone.git("branch", "work/docs-2", "main")
    clone.on("work/docs-2", {"docs/a.md": "other\n"})
    clone.git("merge", "--quiet", "--no-edit", "--strategy=ours", "work/docs-2")


@rejected
def offence_on_another_branch_of_the_same_lane(clone: Clone) -> None:
    """The merge brings the other branch's evil commit along."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.git("branch", "work/docs-2", "main")
    clone.on("work/docs-2", {"api/evil.py": "evil\n"})
    clone.merge("work/docs-2")


@rejected
def offence_on_another_branch_left_out_of_the_merge(clone: Clone) -> None:
    """No file of the other branch is left, and all of its commits are."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.git("branch", "work/docs-2", "main")
    clone.on("work/docs-2", {"api/evil.py": "evil\n"})
    clone.git("merge", "--quiet", "--no-edit", "--strategy=ours", "work/docs-2")


@accepted
def merge_of_the_same_lane_reverted(clone: Clone) -> None:
    """All that the revert takes back is inside."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.git("branch", "work/docs-2", "main")
    clone.on("work/docs-2", {"docs/b.md": "other\n"})
    clone.merge("work/docs-2")
    clone.git("revert", "--no-edit", "-m1", "HEAD")


@rejected
def branch_of_another_lane_merged(clone: Clone) -> None:
    """What is inside for one lane is outside for another."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.git("branch", "work/api-1", "main")
    clone.on("work/api-1", {"api/a.py": "api\n"})
    clone.merge("work/api-1")


@rejected
def branch_of_another_lane_merged_with_the_strategy_ours(clone: Clone) -> None:
    """The tree is the lane's own, and the other lane's commits would get into main with it."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.git("branch", "work/api-1", "main")
    clone.on("work/api-1", {"api/a.py": "api\n"})
    clone.git("merge", "--quiet", "--no-edit", "--strategy=ours", "work/api-1")


@accepted
def branch_of_another_lane_merged_that_main_has(clone: Clone) -> None:
    """Main holds that work by now, so it is trusted, wherever the merge took it from."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.git("branch", "work/api-1", "main")
    clone.on("work/api-1", {"api/a.py": "api\n"})
    clone.merge("work/api-1")
    _merge_on(clone, "main", "work/api-1")


@rejected
def branch_of_another_lane_merged_that_main_squashed(clone: Clone) -> None:
    """Main has the same files by now, but not these commits: merge main instead."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.git("branch", "work/api-1", "main")
    clone.on("work/api-1", {"api/a.py": "api\n"})
    clone.on_main({"api/a.py": "api\n"})
    clone.merge("work/api-1")


@accepted
def other_lanes_come_with_main(clone: Clone) -> None:
    """Main is where lanes meet."""
    clone.commit({"docs/a.md": "mine\n"})
    clone.git("branch", "work/api-1", "main")
    clone.on("work/api-1", {"api/a.py": "api\n"})
    _merge_on(clone, "main", "work/api-1")
    clone.merge("main")


# -- Criss-cross


def _branches_of_one_lane_crossed(clone: Clone) -> tuple[str, str]:
    """Let main change a file and take it back; give two commits, one with each main in it."""
    clone.switch("work/docs-2", clone.on_main({"api/a.py": "new\n"}))
    new = clone.commit({"docs/a.md": "one\n"}, "One")
    clone.switch("work/docs-2", clone.on_main({"api/a.py": "a\n"}))
    back = clone.commit({"docs/b.md": "two\n"}, "Two")
    clone.switch(BRANCH)
    clone.merge(new)
    return new, back


@accepted
def revert_of_main_that_comes_by_another_branch(clone: Clone) -> None:
    """The newest main in the merge took the change back, and so does the merge."""
    _, back = _branches_of_one_lane_crossed(clone)
    clone.merge(back)


@rejected
def revert_of_main_undone_by_a_merge(clone: Clone) -> None:
    """The merge agrees with its first parent, and with a commit of main, but not with the newest in it."""
    _, back = _branches_of_one_lane_crossed(clone)
    clone.merge(back, files={"api/a.py": "new\n"})


@accepted
def two_branches_of_one_lane_merged_criss_cross(clone: Clone) -> None:
    """Several merge bases make a merge no less clean."""
    new, back = _branches_of_one_lane_crossed(clone)
    _merge_on(clone, "work/docs-2", new)
    clone.merge(back)
    clone.merge("work/docs-2")


@rejected
def change_of_main_undone_criss_cross(clone: Clone) -> None:
    """The other branch is merged once more, for main's old value in it, and only the newest main decides."""
    new, back = _branches_of_one_lane_crossed(clone)
    clone.merge(back)
    clone.commit_tree("HEAD^^{tree}", "HEAD", new)


# -- More than two parents


@accepted
def octopus_of_main_and_the_same_lane(clone: Clone) -> None:
    """All parents are main's or the lane's."""
    for i in range(2, 5):
        clone.git("branch", f"work/docs-{i}", "main")
        clone.on(f"work/docs-{i}", {f"docs/{i}.md": "new\n"})
    _both_went_on(clone)
    clone.merge("main", "work/docs-2", "work/docs-3", "work/docs-4")


def _octopus(clone: Clone, files: dict[str | bytes, str | bytes | None]) -> None:
    clone.switch("work/docs-2", "main")
    clone.commit({"docs/new.md": "new\n"})
    clone.switch(BRANCH)
    _both_went_on(clone)
    clone.merge("main", "work/docs-2", files=files)


@rejected
def octopus_that_adds_a_file(clone: Clone) -> None:
    """Merges of many parents can hold what none of them has."""
    _octopus(clone, {"api/evil.py": "evil\n"})


@rejected
def octopus_that_keeps_a_stale_file(clone: Clone) -> None:
    """Most of the parents hold it so, and main decides."""
    _octopus(clone, {"api/a.py": "a\n"})


@rejected
def octopus_with_another_lane(clone: Clone) -> None:
    """One parent of many is enough to bring another lane's commits."""
    clone.switch("work/api-1", "main")
    clone.commit({"api/generated/g.py": "api\n"})
    clone.switch(BRANCH)
    _both_went_on(clone)
    clone.merge("main", "work/api-1")


@rejected
def octopus_with_the_strategy_ours(clone: Clone) -> None:
    """The more parents, the more it takes back."""
    clone.switch("work/docs-2", "main")
    clone.commit({"docs/new.md": "new\n"})
    clone.switch(BRANCH)
    _both_went_on(clone)
    clone.git("merge", "--quiet", "--no-edit", "--strategy=ours", "main", "work/docs-2")


def _parents(clone: Clone, tree: str = "main^{tree}") -> list[str]:
    """Make sixty commits on main, the last one with *tree*."""
    trees = ["main^{tree}"] * 59 + [tree]
    return [clone.git("commit-tree", "-p", "main", "-m", f"{i}", tree) for i, tree in enumerate(trees)]


@accepted
def sixty_parents(clone: Clone) -> None:
    """Git sets no limit, and this merge changes nothing."""
    clone.commit_tree("main^{tree}", *_parents(clone))


@rejected
def offence_in_the_last_of_sixty_parents(clone: Clone) -> None:
    """The merge holds main's tree, and brings the evil commit along."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.commit_tree("main^{tree}", *_parents(clone, "HEAD^{tree}"))


@rejected
def offence_in_a_merge_of_sixty_parents(clone: Clone) -> None:
    """A list of parents that is cut still makes a commit to be judged."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.commit_tree("HEAD^{tree}", *_parents(clone))


# -- Unrelated histories


def _another_history(clone: Clone, *files: str) -> None:
    """Make the branch `other`, which begins with these files and nothing else."""
    clone.git("switch", "--quiet", "--orphan", "other")
    clone.commit(dict.fromkeys(files, "other\n"), "Begin elsewhere")
    clone.switch(BRANCH)


@accepted
def unrelated_history_inside_the_lane(clone: Clone) -> None:
    """Its first commit holds nothing outside."""
    _another_history(clone, "docs/other.md")
    clone.merge("other")


@rejected
def unrelated_history_with_files_outside(clone: Clone) -> None:
    """Its first commit has no parent, and so no diff that shows what it brings."""
    _another_history(clone, "docs/other.md", "api/other.py")
    clone.merge("other")


@rejected
def unrelated_history_dropped_in_the_merge(clone: Clone) -> None:
    """Nothing of it is left in the tree, and all of it in the history."""
    _another_history(clone, "api/other.py")
    clone.git("merge", "--quiet", "--allow-unrelated-histories", "--no-edit", "--strategy=ours", "other")


@rejected
def unrelated_history_merged_into_a_folder_of_the_lane(clone: Clone) -> None:
    """The files get inside by the merge, and outside are they in the commits that it brings: copy them."""
    _another_history(clone, "lib.py")
    clone.merge("-Xsubtree=docs/lib", "other")


@accepted
def files_of_another_history_copied_into_the_lane(clone: Clone) -> None:
    """A copy takes the files without the commits."""
    _another_history(clone, "lib.py")
    clone.git("read-tree", "-u", "--prefix=docs/lib/", "other")
    clone.commit({})


# -- A stash is a merge


@rejected
def stash_with_an_untracked_file(clone: Clone) -> None:
    """Its third parent is a commit without parents that holds the untracked files."""
    clone.write({"docs/a.md": "changed\n", "api/secret.env": "secret\n"})
    clone.git("stash", "--quiet", "--include-untracked")
    clone.git("reset", "--quiet", "--hard", "stash@{0}")


@rejected
def stash_of_a_change_outside(clone: Clone) -> None:
    """What was not staged is in the merge itself."""
    clone.write({"api/a.py": "changed\n"})
    clone.git("stash", "--quiet")
    clone.git("reset", "--quiet", "--hard", "stash@{0}")


@rejected
def stash_of_a_change_outside_taken_back(clone: Clone) -> None:
    """What was staged is in its second parent, though the work tree holds it no more."""
    clone.write({"api/a.py": "changed\n"})
    clone.git("add", "--all")
    clone.write({"api/a.py": "a\n", "docs/a.md": "changed\n"})
    clone.git("stash", "--quiet")
    clone.git("reset", "--quiet", "--hard", "stash@{0}")


@accepted
def stash_of_changes_inside(clone: Clone) -> None:
    """Odd as it is, nothing in it is outside."""
    clone.write({"docs/a.md": "changed\n", "docs/new.md": "new\n"})
    clone.git("stash", "--quiet", "--include-untracked")
    clone.git("reset", "--quiet", "--hard", "stash@{0}")


# -- Two integration branches


@accepted
def main_and_release_merged_one_after_the_other(clone: Clone) -> None:
    """Each changed another file, so both changes count."""
    _release_and_main_went_on(clone)
    clone.merge("main")
    clone.merge("release")
    clone.commit({"docs/a.md": "changed\n"})


@accepted
def main_and_release_merged_at_once(clone: Clone) -> None:
    """An octopus of them is the same."""
    _release_and_main_went_on(clone)
    clone.merge("main", "release")


@accepted
def file_that_release_deleted(clone: Clone) -> None:
    """A deletion is a change, and main left the file alone."""
    _release_and_main_went_on(clone)
    clone.on("release", {"api/b.py": None})
    clone.merge("main")
    clone.merge("release")


@accepted
def same_change_on_main_and_release(clone: Clone) -> None:
    """A fix that both have is one value, and nothing is left to decide."""
    clone.on("release", {"api/a.py": "main\n"})
    _release_and_main_went_on(clone)
    clone.merge("main")
    clone.merge("release")


@rejected
def file_that_release_deleted_kept(clone: Clone) -> None:
    """The value is main's, and main has not decided about it: release has."""
    _release_and_main_went_on(clone)
    clone.on("release", {"api/b.py": None})
    clone.merge("main")
    clone.merge("release", files={"api/b.py": "b\n"})


@rejected
def change_of_release_dropped_with_the_strategy_ours(clone: Clone) -> None:
    """The merge agrees with main, and drops what only release did."""
    _release_and_main_went_on(clone)
    clone.merge("main")
    clone.git("merge", "--quiet", "--no-edit", "--strategy=ours", "release")


@rejected
def change_of_main_dropped_after_both_were_merged(clone: Clone) -> None:
    """The value is release's, which has not decided about it: main has."""
    _release_and_main_went_on(clone)
    clone.merge("main")
    clone.merge("release")
    clone.commit({"api/a.py": "a\n"})


@rejected
def main_and_release_that_disagree_settled_by_hand(clone: Clone) -> None:
    """Both changed the file: what it shall hold is for an integration branch to say."""
    _release_and_main_went_on(clone, "api/a.py")
    clone.merge("main")
    clone.merge("release", files={"api/a.py": "both\n"})


@rejected
def mains_side_taken_where_release_disagrees(clone: Clone) -> None:
    """Taking main's value drops release's, silently."""
    _release_and_main_went_on(clone, "api/a.py")
    clone.merge("main")
    clone.merge("-Xours", "release")


@rejected
def releases_side_taken_where_main_disagrees(clone: Clone) -> None:
    """Taking release's value drops main's, silently."""
    _release_and_main_went_on(clone, "api/a.py")
    clone.merge("main")
    clone.merge("-Xtheirs", "release")


@rejected
def file_that_one_deleted_and_one_changed(clone: Clone) -> None:
    """That is a disagreement too."""
    _release_and_main_went_on(clone)
    clone.on("release", {"api/a.py": None})
    clone.merge("main")
    clone.merge("release", files={"api/a.py": "main\n"})


@accepted
def disagreement_settled_on_main(clone: Clone) -> None:
    """Main merged release and says what the file holds, and the branch merges main."""
    _release_and_main_went_on(clone, "api/a.py")
    _merge_on(clone, "main", "-Xours", "release")
    clone.merge("release")
    clone.merge("main")


@rejected
def disagreement_settled_on_main_too_late(clone: Clone) -> None:
    """The merge that settled it by hand is still there, below the one that brings main's decision."""
    _release_and_main_went_on(clone, "api/a.py")
    clone.merge("main")
    clone.merge("-Xours", "release")
    _merge_on(clone, "main", "-Xours", "release")
    clone.merge("main")


@rejected
def decision_of_main_undone_by_release(clone: Clone) -> None:
    """Main contains release and decided otherwise, so release's value is an old one."""
    _release_and_main_went_on(clone, "api/a.py")
    _merge_on(clone, "main", "-Xours", "release")
    clone.merge("main")
    clone.commit_tree("release^{tree}", "HEAD", "release")


def _release_took_back_what_it_had_from_main(clone: Clone) -> None:
    clone.commit({"docs/b.md": "mine\n"}, "Write")
    clone.git("branch", "--force", "release", clone.on_main({"api/a.py": "new\n"}))
    clone.on("release", {"api/a.py": "a\n"})
    clone.on_main({"top.txt": "new\n"})
    clone.merge("main")


@accepted
def change_of_main_that_release_took_back(clone: Clone) -> None:
    """Main still holds what release reverted, and has not changed it since they met."""
    _release_took_back_what_it_had_from_main(clone)
    clone.merge("release")


@rejected
def change_of_main_that_release_took_back_kept(clone: Clone) -> None:
    """Only release decided since they met, and the merge agrees with its other parent."""
    _release_took_back_what_it_had_from_main(clone)
    clone.merge("release", files={"api/a.py": "new\n"})


@accepted
def main_merged_into_a_branch_of_release(clone: Clone) -> None:
    """Which of the two the branch began on makes no difference."""
    clone.on("release", {"top.txt": "release\n"})
    clone.switch(BRANCH, "release")
    _both_went_on(clone)
    clone.merge("main")


@accepted
def main_and_release_that_crossed(clone: Clone) -> None:
    """They merged each other, so they have two merge bases, and what both hold since then is settled."""
    _release_and_main_crossed(clone)
    clone.on("release", {"ci/run": "release\n"})
    clone.merge("main")
    clone.merge("release")


@rejected
def rolled_back_to_before_main_and_release_crossed(clone: Clone) -> None:
    """One of the merge bases holds this value, and still it is older than what both agreed on."""
    _release_and_main_crossed(clone)
    clone.on("release", {"ci/run": "release\n"})
    clone.merge("main")
    clone.merge("release", files={"top.txt": "t\n"})


@accepted
def disagreement_settled_alike_on_both(clone: Clone) -> None:
    """They crossed with a conflict and came to the same end, so nothing is left to decide."""
    _release_and_main_crossed(clone, "api/a.py", "-Xtheirs")
    clone.merge("main")
    clone.merge("release")


@rejected
def disagreement_settled_differently_on_both(clone: Clone) -> None:
    """They crossed, and each kept its own value: they still disagree."""
    _release_and_main_crossed(clone, "api/a.py", "-Xours")
    clone.merge("main")
    clone.merge("-Xours", "release")


@accepted
def main_and_release_crossed_six_times(clone: Clone) -> None:
    """Only main changed the file, each time; release took it over a step later."""
    _release_and_main_crossed_often(clone, 6)


@accepted
def main_and_release_crossed_twelve_times(clone: Clone) -> None:
    """The same, some weeks later: how often they met before is no reason to refuse the branch."""
    _release_and_main_crossed_often(clone, 12)
