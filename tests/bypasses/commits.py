"""Plain commits: what each one changes is judged, not what is left at the end."""

from collections.abc import Sequence

from bypasses.stage import BRANCH, Clone, accepted, rejected

FILE, EXECUTABLE, SYMLINK, SUBMODULE = "100644", "100755", "120000", "160000"
ELSEWHERE, NEWER = "1" * 40, "2" * 40  # commits of another repository, as submodules name them
IGNORED = '[submodule "lib"]\n\tpath = api/lib\n\turl = ../lib\n\tignore = all\n'
PARENT_LINE, PERSONS = rb"(parent .*\n)", rb"(author .*\ncommitter .*\n)"


def _main_has(clone: Clone, mode: str, path: str, oid: str) -> None:
    clone.switch("main")
    clone.commit_entry(mode, path, oid)
    clone.publish("main")
    clone.switch(BRANCH, "main")


def _main_has_a_submodule(clone: Clone, path: str = "api/lib") -> None:
    clone.on_main({".gitmodules": IGNORED})
    _main_has(clone, SUBMODULE, path, ELSEWHERE)


def _commit_at(clone: Clone, date: int, path: str) -> str:
    clone.commit({path: f"{date}\n"})
    return clone.forge(rb"(committer .*> )\d+", rb"\g<1>%d" % date)


def _main_with_misleading_dates(clone: Clone) -> None:
    """Let the branch begin on a commit of main from the future, which main's later ones hide."""
    clone.switch("main")
    start = _commit_at(clone, 2_000_000_000, "top.txt")
    for i in range(9):
        _commit_at(clone, 1_000_000_000 - i, "top.txt")
    clone.publish("main")
    clone.switch(BRANCH, start)


# -- What is left at the end, and what was in between


@accepted
def write_inside_the_lane(clone: Clone) -> None:
    """The branch's lane covers docs/."""
    clone.commit({"docs/new.md": "new\n", "docs/a.md": "changed\n", "docs/b.md": None})


@rejected
def write_outside_the_lane(clone: Clone) -> None:
    """Another lane may write api/, this one may not."""
    clone.commit({"api/a.py": "changed\n"})


@rejected
def add_then_revert(clone: Clone) -> None:
    """What a commit writes outside stays in the history, whatever the next one takes back."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.git("revert", "--no-edit", "HEAD")


@rejected
def add_then_delete(clone: Clone) -> None:
    """The file is gone from the last tree, but not from the history that main would get."""
    clone.commit({"docs/a.md": "changed\n", "api/evil.py": "evil\n"})
    clone.commit({"api/evil.py": None})


@rejected
def delete_then_bring_back(clone: Clone) -> None:
    """Between the two commits main's file is missing, for whoever checks them out or bisects."""
    clone.commit({"api/a.py": None})
    clone.commit({"api/a.py": "a\n"})


@rejected
def mode_changed_then_changed_back(clone: Clone) -> None:
    """A mode is part of what a commit holds, like its content."""
    clone.commit_entry(EXECUTABLE, "top.txt", clone.blob("t\n"))
    clone.commit_entry(FILE, "top.txt", clone.blob("t\n"))


@rejected
def one_evil_commit_among_many(clone: Clone) -> None:
    """Every commit is judged, not the first and the last ones."""
    for i in range(30):
        clone.commit({"docs/a.md": f"{i}\n", **({"top.txt": "evil\n"} if i == 14 else {})})
    clone.commit({"top.txt": "t\n"})


@rejected
def one_evil_file_among_many(clone: Clone) -> None:
    """A list of changes that is cut may be shown, not judged."""
    clone.commit({f"docs/{i}.md": "new\n" for i in range(1000)} | {"top.txt": "evil\n"})


@accepted
def many_commits_inside(clone: Clone) -> None:
    """A lane has no limit."""
    for i in range(30):
        clone.commit({"docs/a.md": f"{i}\n"})


@accepted
def empty_commit(clone: Clone) -> None:
    """It changes nothing, so nothing outside."""
    clone.commit({})


@accepted
def branch_without_a_commit(clone: Clone) -> None:
    """A branch that begins on main and goes no further has nothing to judge."""


@rejected
def everything_deleted(clone: Clone) -> None:
    """An empty tree holds nothing evil, but it lacks what main holds."""
    clone.commit_tree(clone.tree())


@rejected
def published_offence_below_a_good_commit(clone: Clone) -> None:
    """What the server has already counts too: it may be older than the hook, or have come by another name."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.publish(BRANCH)
    clone.commit({"docs/a.md": "changed\n"})


@rejected
def offence_taken_back_on_the_server(clone: Clone) -> None:
    """A push that only takes an offence back leaves it in the history of the branch."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.publish(BRANCH)
    clone.commit({"api/evil.py": None})


@accepted
def offence_amended_away(clone: Clone) -> None:
    """A rewritten branch no longer holds the offence, and that is how it should be mended."""
    clone.commit({"api/evil.py": "evil\n", "docs/a.md": "changed\n"})
    clone.publish(BRANCH)
    clone.commit({"api/evil.py": None}, "Change", "--amend")


@accepted
def offence_reset_away(clone: Clone) -> None:
    """What the old tip held outside is taken away by this push, not brought."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.publish(BRANCH)
    clone.git("reset", "--quiet", "--hard", "main")


@rejected
def offence_that_main_writes_too(clone: Clone) -> None:
    """Main came to the same file by itself, so nothing differs from it: the commit still wrote outside."""
    clone.commit({"api/a.py": "same\n"})
    clone.on_main({"api/a.py": "same\n"})


# -- Renames and copies


@rejected
def rename_into_the_lane(clone: Clone) -> None:
    """A rename deletes the old path, and that one is outside."""
    clone.git("mv", "api/b.py", "docs/stolen.md")
    clone.commit({})


@rejected
def rename_out_of_the_lane(clone: Clone) -> None:
    """A rename adds the new path, and that one is outside."""
    clone.git("mv", "docs/b.md", "api/moved.py")
    clone.commit({})


@accepted
def rename_inside_the_lane(clone: Clone) -> None:
    """Both paths are inside."""
    clone.git("mv", "docs/b.md", "docs/moved.md")
    clone.commit({})


@rejected
def rename_outside_the_lane(clone: Clone) -> None:
    """No line of any file changes, two paths do."""
    clone.git("mv", "api/b.py", "api/c.py")
    clone.commit({})


@rejected
def rename_in_two_steps(clone: Clone) -> None:
    """Where the file comes from is not the question, that it left is."""
    clone.commit({"docs/stolen.md": "b\n"}, "Copy")
    clone.commit({"api/b.py": None}, "Delete")


@accepted
def copy_into_the_lane(clone: Clone) -> None:
    """The file that is copied stays as it was, so a copy is an addition."""
    clone.commit({"docs/copy.md": "g\n"})


@rejected
def copy_out_of_the_lane(clone: Clone) -> None:
    """A copy is an addition at the new path, whatever it was copied from."""
    clone.commit({"api/copy.py": "b\n", "docs/b.md": "changed\n"})


@rejected
def two_outside_files_swapped(clone: Clone) -> None:
    """All contents are main's, but not at these paths."""
    clone.commit({"api/a.py": "b\n", "api/b.py": "a\n"})


# -- Deletions, empty files, modes and types


@rejected
def deletion_outside(clone: Clone) -> None:
    """A deletion is a change like any other."""
    clone.commit({"api/b.py": None})


@rejected
def outside_folder_deleted(clone: Clone) -> None:
    """A folder is gone when all its files are."""
    clone.commit({"api/generated/g.py": None, "docs/a.md": "changed\n"})


@accepted
def deletion_inside(clone: Clone) -> None:
    """Who may write a path may delete it, the lane's last file too."""
    clone.commit({"docs/a.md": None, "docs/b.md": None})


@rejected
def empty_file_outside(clone: Clone) -> None:
    """A file without lines is a change without lines, which counters of lines do not see."""
    clone.commit({"api/__init__.py": ""})


@rejected
def binary_file_outside(clone: Clone) -> None:
    """A diff has no lines to show for it, and it is a change all the same."""
    clone.commit({"api/a.py": b"\0\1\2"})


@rejected
def only_white_space_outside(clone: Clone) -> None:
    """A line break can break a file, and the lane may not write it."""
    clone.commit({"api/a.py": "a\r\n"})


@rejected
def mode_change_outside(clone: Clone) -> None:
    """A script that is no longer executable is broken, with no line changed."""
    clone.commit_entry(EXECUTABLE, "api/a.py", clone.blob("a\n"))


@accepted
def mode_change_inside(clone: Clone) -> None:
    """The lane may write the file, so its mode too."""
    clone.commit_entry(EXECUTABLE, "docs/a.md", clone.blob("a\n"))


@rejected
def file_made_a_symlink_outside(clone: Clone) -> None:
    """The object stays the same, and now it is read as a path."""
    clone.commit_entry(SYMLINK, "api/a.py", clone.blob("a\n"))


@rejected
def symlink_made_a_file_outside(clone: Clone) -> None:
    """A type is part of what a commit holds."""
    _main_has(clone, SYMLINK, "api/link", clone.blob("a.py"))
    clone.commit_entry(FILE, "api/link", clone.blob("a.py"))


@accepted
def file_made_a_symlink_inside(clone: Clone) -> None:
    """The lane may write the path, whatever it puts there."""
    clone.commit_entry(SYMLINK, "docs/a.md", clone.blob("b.md"))


@accepted
def symlink_that_points_outside(clone: Clone) -> None:
    """A symlink is a file with a path in it: what it points to stays as it is."""
    clone.commit_entry(SYMLINK, "docs/link", clone.blob("../api/a.py"))


@rejected
def outside_file_made_a_symlink_into_the_lane(clone: Clone) -> None:
    """Whoever writes the lane would write this file from then on."""
    clone.commit_entry(SYMLINK, "api/a.py", clone.blob("../docs/a.md"))


# -- Files and folders of one name


@rejected
def outside_file_replaced_by_a_folder(clone: Clone) -> None:
    """The file is gone, and its name begins paths that are outside too."""
    clone.commit_entry(FILE, "top.txt/new", clone.blob())


@rejected
def outside_folder_replaced_by_a_file(clone: Clone) -> None:
    """All files below are gone."""
    clone.commit_entry(FILE, "api", clone.blob())


@accepted
def inside_file_replaced_by_a_folder(clone: Clone) -> None:
    """All paths are below docs/."""
    clone.commit_entry(FILE, "docs/a.md/new", clone.blob())


@accepted
def inside_folder_replaced_by_a_file(clone: Clone) -> None:
    """All paths are below docs/."""
    clone.commit({"docs/deep/a.md": "a\n", "docs/deep/b.md": "b\n"})
    clone.commit_entry(FILE, "docs/deep", clone.blob())


@rejected
def lane_replaced_by_a_file(clone: Clone) -> None:
    """The lane is a folder, and a file of that name is none."""
    clone.commit_entry(FILE, "docs", clone.blob())


@rejected
def lane_replaced_by_a_symlink_to_another(clone: Clone) -> None:
    """Whoever writes docs/ would write api/ from then on."""
    clone.commit_entry(SYMLINK, "docs", clone.blob("api"))


@accepted
def lane_replaced_by_a_submodule(clone: Clone) -> None:
    """A submodule counts as a folder, and the lane may write all of this one."""
    clone.commit_entry(SUBMODULE, "docs", ELSEWHERE)


# -- Submodules, which `ignore = all` hides from git's own commands


@rejected
def submodule_added_outside(clone: Clone) -> None:
    """A submodule brings another repository's files to a path that is outside."""
    clone.on_main({".gitmodules": IGNORED})
    clone.switch(BRANCH, "main")
    clone.commit_entry(SUBMODULE, "api/lib", ELSEWHERE)


@rejected
def submodule_bumped_outside(clone: Clone) -> None:
    """One id in one tree changes, and with it all files of the submodule."""
    _main_has_a_submodule(clone)
    clone.commit_entry(SUBMODULE, "api/lib", NEWER)


@rejected
def submodule_removed_outside(clone: Clone) -> None:
    """A deletion is a change like any other."""
    _main_has_a_submodule(clone)
    clone.git("rm", "--quiet", "--cached", "api/lib")
    clone.git("commit", "--quiet", "-m", "Remove")


@rejected
def file_made_a_submodule_outside(clone: Clone) -> None:
    """A type is part of what a commit holds."""
    clone.on_main({".gitmodules": IGNORED, "api/lib": "file\n"})
    clone.switch(BRANCH, "main")
    clone.commit_entry(SUBMODULE, "api/lib", ELSEWHERE)


@rejected
def submodule_made_a_file_outside(clone: Clone) -> None:
    """The commits of the submodule are replaced by content that nobody else wrote."""
    _main_has_a_submodule(clone)
    clone.commit_entry(FILE, "api/lib", clone.blob())


@rejected
def submodule_bumped_and_bumped_back(clone: Clone) -> None:
    """Every commit counts, for submodules too."""
    _main_has_a_submodule(clone)
    clone.commit_entry(SUBMODULE, "api/lib", NEWER)
    clone.commit_entry(SUBMODULE, "api/lib", ELSEWHERE)


@accepted
def submodule_added_inside(clone: Clone) -> None:
    """The path is inside; that .gitmodules lacks it is not the lane's question."""
    clone.commit_entry(SUBMODULE, "docs/lib", ELSEWHERE)


@accepted
def file_made_a_submodule_inside(clone: Clone) -> None:
    """The lane may write the path, as a file and as a folder."""
    clone.commit_entry(SUBMODULE, "docs/a.md", ELSEWHERE)


@accepted
def submodule_bumped_inside(clone: Clone) -> None:
    """The commit that it names is not in this repository, and needs not be."""
    _main_has_a_submodule(clone, "docs/lib")
    clone.commit_entry(SUBMODULE, "docs/lib", NEWER)


@accepted
def work_beside_a_submodule(clone: Clone) -> None:
    """A submodule of main that nobody touched is no change, though its commit is not here."""
    _main_has_a_submodule(clone)
    clone.commit_entry(FILE, "docs/new.md", clone.blob("new\n"))


@rejected
def submodules_described_outside(clone: Clone) -> None:
    """The file that says where submodules come from is a file like any other."""
    clone.commit({".gitmodules": IGNORED.replace("api/", "docs/")})
    clone.commit_entry(SUBMODULE, "docs/lib", ELSEWHERE)


# -- Beginning without main


@rejected
def root_that_holds_what_main_holds(clone: Clone) -> None:
    """Nothing differs from main, yet every file is written anew by a commit that is not main's."""
    clone.commit_root("main^{tree}")


@rejected
def root_with_an_evil_file(clone: Clone) -> None:
    """A commit without a parent has no diff, and brings all that it holds."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.commit_root("HEAD^{tree}")


@rejected
def root_with_an_evil_file_deleted_later(clone: Clone) -> None:
    """The first commit of a branch counts like all others."""
    docs = ("40000", b"docs", clone.git("rev-parse", "HEAD:docs"))
    clone.commit_root(clone.tree(docs, (FILE, b"evil", clone.blob())))
    clone.commit_tree(clone.tree(docs))


@accepted
def root_that_holds_the_lane_only(clone: Clone) -> None:
    """It writes nothing outside, and deletes nothing: it has no parent that held it."""
    clone.commit_root(clone.tree(("40000", b"docs", clone.git("rev-parse", "HEAD:docs"))))


@accepted
def root_that_holds_nothing(clone: Clone) -> None:
    """Pages and notes often begin on an empty commit."""
    clone.commit_root(clone.tree())


# -- What is main's


@rejected
def work_of_main_reverted(clone: Clone) -> None:
    """Every value was main's once, and main has decided against it."""
    clone.on_main({"api/a.py": "new\n"})
    clone.switch(BRANCH, "main")
    clone.git("revert", "--no-edit", "HEAD")


@rejected
def file_that_main_deleted_brought_back(clone: Clone) -> None:
    """Main held this very file at this very path, and does no longer."""
    clone.on_main({"api/b.py": None})
    clone.switch(BRANCH, "main")
    clone.commit({"api/b.py": "b\n"})


@rejected
def work_of_main_cherry_picked(clone: Clone) -> None:
    """A copy is a commit of its own, which says that the lane wrote this: merge or rebase instead."""
    made = clone.on_main({"api/a.py": "new\n"})
    clone.git("cherry-pick", "-x", made)


@rejected
def copy_of_mains_work_and_main_merged(clone: Clone) -> None:
    """Merging main makes the trees equal, and the copy stays in the history."""
    made = clone.on_main({"api/a.py": "new\n"})
    clone.git("cherry-pick", "-x", made)
    clone.merge("main")


@rejected
def main_squashed(clone: Clone) -> None:
    """A squash has one parent, so it says that the lane wrote all this."""
    clone.on_main({"api/a.py": "new\n"})
    clone.git("merge", "--quiet", "--squash", "main")
    clone.commit({})


@accepted
def work_inside_the_lane_cherry_picked(clone: Clone) -> None:
    """Where a change inside the lane comes from is not the question."""
    made = clone.on_main({"docs/a.md": "new\n"})
    clone.git("cherry-pick", "-x", made)


@accepted
def rebase_on_a_newer_main(clone: Clone) -> None:
    """The old tip lacks what main did since, and the lane did none of that."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.publish(BRANCH)
    clone.on_main({"api/a.py": "new\n"})
    clone.git("rebase", "--quiet", "main")


@accepted
def branch_begun_on_an_old_main(clone: Clone) -> None:
    """What main did since is not what the branch undoes."""
    clone.on_main({"api/a.py": "new\n", "api/b.py": None})
    clone.commit({"docs/a.md": "changed\n"})


@rejected
def evil_branch_begun_on_an_old_main(clone: Clone) -> None:
    """An old beginning excuses nothing that the branch itself writes."""
    clone.on_main({"api/a.py": "new\n"})
    clone.commit({"api/b.py": "evil\n"})


@accepted
def branch_begun_on_release(clone: Clone) -> None:
    """Release is an integration branch: what it holds is trusted, though main lacks it."""
    clone.on("release", {"api/a.py": "release\n"})
    clone.switch(BRANCH, "release")
    clone.commit({"docs/a.md": "changed\n"})


@rejected
def fix_of_main_cherry_picked_to_a_branch_of_release(clone: Clone) -> None:
    """Bringing a fix from main to release is for whoever may push to release, not for a lane."""
    fix = clone.on_main({"api/a.py": "fixed\n"})
    clone.switch(BRANCH, "release")
    clone.git("cherry-pick", "-x", fix)


@rejected
def file_taken_from_release(clone: Clone) -> None:
    """The value is trusted on release, which this commit does not contain."""
    clone.on("release", {"api/a.py": "release\n"})
    clone.git("checkout", "--quiet", "release", "--", "api/a.py")
    clone.commit({}, "Take it")  # a subject of its own: in the same second it would be the very same commit


# -- Other lanes' branches


@rejected
def branch_stacked_on_another_lane(clone: Clone) -> None:
    """What is on another branch was judged for that lane, and would get into main with this one."""
    clone.git("branch", "work/api-1")
    clone.on("work/api-1", {"api/a.py": "new\n"})
    clone.switch(BRANCH, "work/api-1")
    clone.commit({"docs/a.md": "changed\n"})


@rejected
def nothing_of_its_own_on_another_lane(clone: Clone) -> None:
    """The same commit is inside on one branch and outside on another."""
    clone.git("branch", "work/api-1")
    clone.on("work/api-1", {"api/a.py": "new\n"})
    clone.switch(BRANCH, "work/api-1")


@rejected
def mains_tree_on_another_lane(clone: Clone) -> None:
    """The tree is main's, and the other lane's commit is below it all the same."""
    clone.git("branch", "work/api-1")
    made = clone.on("work/api-1", {"api/a.py": "new\n"})
    clone.commit_tree("main^{tree}", made)


@accepted
def branch_stacked_on_another_lane_that_main_took(clone: Clone) -> None:
    """Main holds that work now, so it is trusted."""
    made = clone.on_main({"api/a.py": "new\n"})
    clone.on_main({"api/a.py": "newer\n"})
    clone.switch(BRANCH, made)
    clone.commit({"docs/a.md": "changed\n"})


@accepted
def branch_stacked_on_the_same_lane(clone: Clone) -> None:
    """Both branches may write the same files."""
    clone.git("branch", "work/docs-2")
    clone.on("work/docs-2", {"docs/new.md": "new\n"})
    clone.switch(BRANCH, "work/docs-2")
    clone.commit({"docs/a.md": "changed\n"})


@rejected
def branch_stacked_on_an_offence_of_the_same_lane(clone: Clone) -> None:
    """One lane's branches do not vouch for each other."""
    clone.git("branch", "work/docs-2")
    clone.on("work/docs-2", {"api/evil.py": "evil\n"})
    clone.switch(BRANCH, "work/docs-2")
    clone.commit({"docs/a.md": "changed\n"})


@rejected
def integration_branch_of_ones_own(clone: Clone) -> None:
    """A remote-tracking branch in the clone says nothing about what the server trusts."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
    clone.git("branch", "--force", "release")


# -- Other rules of the manifest


@accepted
def shared_file(clone: Clone) -> None:
    """Every lane with paths may write what is shared."""
    clone.commit({"shared.txt": "changed\n"})


@rejected
def protected_file(clone: Clone) -> None:
    """Only integration branches may write what is protected."""
    clone.commit({"ci/run": "evil\n"})


@rejected
def new_file_in_a_protected_folder(clone: Clone) -> None:
    """The folder is protected, not only what it holds today."""
    clone.commit({"ci/deep/new": "evil\n"})


@rejected
def manifest_widened(clone: Clone) -> None:
    """The manifest in force is main's, and nobody widens a lane from inside."""
    manifest = (clone.path / ".lanes.toml").read_text()
    clone.commit({".lanes.toml": manifest.replace('"/docs/"', '"/**"')})
    clone.commit({"api/a.py": "evil\n"})


@rejected
def manifest_widened_and_put_back(clone: Clone) -> None:
    """The last tree holds main's manifest, and one in between does not."""
    manifest = (clone.path / ".lanes.toml").read_text()
    clone.commit({".lanes.toml": manifest.replace('"/docs/"', '"/**"'), "api/a.py": "evil\n"})
    clone.commit({".lanes.toml": manifest, "api/a.py": "a\n"})


@rejected
def manifest_deleted(clone: Clone) -> None:
    """Without a manifest nothing would be judged."""
    clone.commit({".lanes.toml": None})


@rejected
def manifest_made_a_symlink_into_the_lane(clone: Clone) -> None:
    """The lane would write its own rules once this is in main."""
    clone.commit_entry(SYMLINK, ".lanes.toml", clone.blob("docs/lanes.toml"))


@rejected
def manifest_of_an_old_main_brought_back(clone: Clone) -> None:
    """A lane that was wider once is not wider now."""
    manifest = (clone.path / ".lanes.toml").read_text()
    clone.on_main({".lanes.toml": manifest + "\n# newer\n"})
    clone.switch(BRANCH, "main")
    clone.commit({".lanes.toml": manifest})


@accepted
def file_named_like_the_manifest_inside(clone: Clone) -> None:
    """Only the manifest at the root is one."""
    clone.commit({"docs/.lanes.toml": "version = 1\n"})


@rejected
def rules_narrowed_since(clone: Clone) -> None:
    """The manifest in force is that of main's tip, not that of the commit where the branch began."""
    manifest = (clone.path / ".lanes.toml").read_text()
    clone.on_main({".lanes.toml": manifest.replace('"/docs/"', '"/docs/a.md"')})
    clone.commit({"docs/b.md": "changed\n"})


@accepted
def rules_widened_since(clone: Clone) -> None:
    """The branch need not merge main to be judged by the manifest in force."""
    manifest = (clone.path / ".lanes.toml").read_text()
    clone.on_main({".lanes.toml": manifest.replace('"/docs/"', '"/docs/", "/api/"')})
    clone.commit({"api/a.py": "changed\n"})


@rejected
def path_taken_out_of_a_lane(clone: Clone) -> Sequence[str]:
    """The last pattern that matches decides, and it takes the generated files out."""
    clone.commit({"api/generated/g.py": "changed\n"})
    return ["HEAD:refs/heads/work/api-1"]


@accepted
def path_of_another_lane_on_its_own_branch(clone: Clone) -> Sequence[str]:
    """The branch's name on the server decides which lane it is."""
    clone.commit({"api/a.py": "changed\n", "shared.txt": "changed\n"})
    return ["HEAD:refs/heads/work/api-1"]


@rejected
def review_that_changes_a_file(clone: Clone) -> Sequence[str]:
    """A lane without paths may not change anything."""
    clone.commit({"docs/a.md": "changed\n"})
    return ["HEAD:refs/heads/review/1"]


@rejected
def review_that_changes_a_shared_file(clone: Clone) -> Sequence[str]:
    """What is shared is shared by those who write at all."""
    clone.commit({"shared.txt": "changed\n"})
    return ["HEAD:refs/heads/review/1"]


@rejected
def review_that_takes_its_change_back(clone: Clone) -> Sequence[str]:
    """It changed a file, even though nothing is left of it."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.git("revert", "--no-edit", "HEAD")
    return ["HEAD:refs/heads/review/1"]


@accepted
def review_that_changes_nothing(clone: Clone) -> Sequence[str]:
    """A review may have a branch, commits with remarks for messages, and merge main."""
    clone.commit({}, "Page 3 is out of date")
    clone.on_main({"docs/a.md": "new\n", "api/a.py": "new\n"})
    clone.merge("main")
    return ["HEAD:refs/heads/review/1"]


# -- What is written in the commit itself


@accepted
def base_from_the_future(clone: Clone) -> None:
    """Where clocks go wrong, `git rev-list` lists commits of main too, which main answers for."""
    _main_with_misleading_dates(clone)
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(rb"(committer .*> )\d+", rb"\g<1>2100000000")


@rejected
def offence_on_a_base_from_the_future(clone: Clone) -> None:
    """Wrong dates excuse no commit that main does not hold."""
    _main_with_misleading_dates(clone)
    _commit_at(clone, 2_100_000_000, "api/a.py")


@rejected
def offence_dated_before_main(clone: Clone) -> None:
    """Whoever commits chooses the date, so nothing may be left out for being old."""
    _commit_at(clone, 1, "api/a.py")
    _commit_at(clone, 2_000_000_000, "docs/a.md")


@rejected
def offence_dated_after_its_child(clone: Clone) -> None:
    """A walk by date meets the child last, and may stop before."""
    _commit_at(clone, 4_000_000_000, "api/a.py")
    for i in range(9):
        _commit_at(clone, i, "docs/a.md")


@rejected
def date_before_time_began(clone: Clone) -> None:
    """A date that git can't read is no reason to skip the commit."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.forge(rb"(committer .*> )\d+", rb"\g<1>-99999999999999999999")


@accepted
def work_with_a_date_that_overflows(clone: Clone) -> None:
    """Old tools wrote such dates, and the lane judges paths."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(rb"(committer .*> )\d+", rb"\g<1>99999999999999999999")


@accepted
def message_that_looks_like_paths(clone: Clone) -> None:
    """A message is text, and what `git log` prints of it is no list of changes."""
    clone.commit({"docs/a.md": "changed\n"}, "api/a.py\n\nA\tapi/evil.py\n:100644 100644 a b M\tapi/a.py")


@accepted
def message_that_looks_like_a_commit(clone: Clone) -> None:
    """What follows the empty line is message, not header."""
    clone.commit({"docs/a.md": "changed\n"}, f"x\n\ncommit {ELSEWHERE}\ntree {ELSEWHERE}\nparent {ELSEWHERE}")


@rejected
def message_that_says_it_is_a_merge(clone: Clone) -> None:
    """Parents make a merge, words do not."""
    clone.commit({"api/a.py": "evil\n"}, "Merge branch 'main' into work/docs-1\n\n[skip lanes]")


@accepted
def message_that_is_not_text(clone: Clone) -> None:
    """Messages are bytes, of any encoding or none."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(rb"Change\n", b"\xff\xfe\x1b[2J\r\xe2\x80\xae\n\n\xc3")


@accepted
def message_with_a_null_byte(clone: Clone) -> None:
    """Records that end in a null byte are cut wrong by it, which is not the lane's fault."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(rb"Change\n", b"Change\0api/a.py\0:100644 100644\n")


@rejected
def offence_under_a_message_with_a_null_byte(clone: Clone) -> None:
    """What comes after the null byte in a list of commits is judged as well."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.forge(rb"Change\n", b"Change\0\0docs/a.md\0\n")


@accepted
def misleading_encoding(clone: Clone) -> None:
    """The encoding is about the message, and nobody checks that it is true."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(rb"\n\n", b"\nencoding UTF-16\n\n")


@rejected
def offence_under_a_misleading_encoding(clone: Clone) -> None:
    """Who decodes the commit to judge it may fail there, and must not let it in then."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.forge(rb"\n\n", b"\nencoding no-such-encoding\n\n")


@accepted
def signature_that_looks_like_headers(clone: Clone) -> None:
    """Lines that begin with a space belong to the header before, whatever they say."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(rb"\n\n", f"\ngpgsig -----\n parent {ELSEWHERE}\n tree {ELSEWHERE}\n -----\n\n".encode())


@rejected
def offence_under_unknown_headers(clone: Clone) -> None:
    """Headers that nobody knows make a commit no less a commit."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.forge(rb"\n\n", b"\nlane api\nbranch refs/heads/main\n\n")


@accepted
def author_without_a_name(clone: Clone) -> None:
    """Imported histories have such authors, and the lane judges paths."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(PERSONS, b"author <> 0 +0000\ncommitter <> 0 +0000\n")


@rejected
def offence_of_nobody(clone: Clone) -> None:
    """A commit without author and committer is one, for git and so for the lane."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.forge(PERSONS, b"")


# -- Parents that are not what they seem


@accepted
def parent_named_twice(clone: Clone) -> None:
    """Git takes it for a merge, and it changes nothing outside, however one looks at it."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(PARENT_LINE, rb"\1\1")


@rejected
def offence_with_its_parent_named_twice(clone: Clone) -> None:
    """It looks like a merge to whatever skips merges, or shows only what no parent has."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.forge(PARENT_LINE, rb"\1\1")


@accepted
def parent_in_capitals(clone: Clone) -> None:
    """Git reads ids in capitals as well, so this commit has the parent that it names."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(PARENT_LINE, b"parent " + clone.git("rev-parse", "main").upper().encode() + b"\n")


@rejected
def second_tree(clone: Clone) -> None:
    """Git takes the first tree, then meets no parent: a root that holds the evil file, and all of main's."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.forge(PARENT_LINE, rb"tree %s\n\1" % clone.git("rev-parse", "main^{tree}").encode())


@rejected
def parent_after_the_author(clone: Clone) -> None:
    """Git looks for parents before the author only: for git this is a root that holds all of main's files."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(PARENT_LINE + PERSONS, rb"\2\1")


@rejected
def parent_behind_an_unknown_header(clone: Clone) -> None:
    """Git stops to look for parents at the first line that is none, so this is a root too."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(PARENT_LINE, rb"lane docs\n\1")


@rejected
def parent_line_that_is_cut_off(clone: Clone) -> None:
    """Git wants the line whole before it takes it for a parent, so this is a root too."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.forge(rb"(?s)(parent .{40}).*", rb"\1")


@rejected
def second_parent_after_the_author(clone: Clone) -> None:
    """It is no merge of main for git: it takes main's newer file by hand."""
    main = clone.on_main({"api/a.py": "new\n"})
    clone.commit_tree("main^{tree}")
    clone.forge(PERSONS, rb"\1parent %s\n" % main.encode())


@rejected
def parent_in_the_signature(clone: Clone) -> None:
    """Nor does a parent count that is in a signature."""
    main = clone.on_main({"api/a.py": "new\n"})
    clone.commit_tree("main^{tree}")
    clone.forge(rb"\n\n", rb"\ngpgsig x\n parent %s\n\n" % main.encode())
