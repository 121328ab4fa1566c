"""The manifest in force is that of the trusted branch before the push, and nothing else."""

from repos import MANIFEST, Content

from bypasses.stage import BRANCH, Argument, Clone, accepted, not_judged, rejected

FILE = ".lanes.toml"
WIDE = MANIFEST.replace('["/docs/"]', '["/docs/", "/api/"]')
NARROW = MANIFEST.replace('["/docs/"]', '["/docs/a.md"]')
ALLOW = MANIFEST.replace("[defaults]", '[defaults]\nunlisted = "allow"')
BROKEN = "version = \n"
TOO_LARGE = MANIFEST + "# long\n" * 200_000


def _push_main(clone: Clone, manifest: Content) -> list[Argument]:
    """Push a manifest (None: none) to main, and nothing else."""
    clone.switch("main")
    clone.commit({FILE: manifest})
    return ["main"]


def _in_its_place(clone: Clone, mode: str, oid: str) -> None:
    """Commit something else on main in the manifest's place; it stays there until the next commit."""
    clone.git("symbolic-ref", "HEAD", "refs/heads/main")
    others = [entry for entry in clone.entries() if entry[1] != FILE.encode()]
    clone.commit_tree(clone.tree((mode, FILE.encode(), oid), *others))


def _begin(clone: Clone) -> None:
    """Make the server one without any branch, whose HEAD names the unborn main."""
    clone.server.git("update-ref", "-d", "refs/heads/main")
    clone.server.git("update-ref", "-d", "refs/heads/release")


# -- The branch's own manifest, and the time at which main's counts


@rejected
def widen_the_lane_in_the_branch(clone: Clone) -> None:
    """Or every branch could give itself any lane."""
    clone.commit({FILE: WIDE, "api/a.py": "changed\n"})


@rejected
def widen_the_lane_in_the_branch_and_take_it_back(clone: Clone) -> None:
    """The manifest is main's again at the end, and was not at the time of the change."""
    clone.commit({FILE: WIDE})
    clone.commit({"api/a.py": "changed\n"})
    clone.commit({FILE: MANIFEST, "api/a.py": "a\n"})


@rejected
def change_nothing_but_the_manifest(clone: Clone) -> None:
    """It is the integrator's, even where the change means nothing."""
    clone.commit({FILE: MANIFEST + "# mine\n"})


@rejected
def delete_the_manifest_in_the_branch(clone: Clone) -> None:
    """Once integrated, that would leave main without lanes."""
    clone.commit({FILE: None})


@rejected
def rename_the_manifest_into_the_lane(clone: Clone) -> None:
    """A rename is a deletion, too."""
    clone.git("mv", FILE, "docs/lanes.toml")
    clone.commit({})


@rejected
def make_the_manifest_executable(clone: Clone) -> None:
    """A mode is a change as well."""
    clone.git("update-index", "--chmod=+x", FILE)
    clone.git("commit", "--quiet", "--no-verify", "-m", "Change")


@rejected
def cover_the_manifest_by_a_lane(clone: Clone) -> None:
    """Only integration branches may write the manifest, whatever lanes say."""
    clone.on_main({FILE: MANIFEST.replace('["/docs/"]', '["/docs/", "/.lanes.toml", "*"]')})
    clone.git("reset", "--quiet", "--hard", "main")
    clone.commit({FILE: MANIFEST})


@rejected
def cover_a_protected_path_by_a_lane(clone: Clone) -> None:
    """What is protected stays so, whatever lanes say."""
    clone.on_main({FILE: MANIFEST.replace('["/docs/"]', '["/docs/", "/ci/", "*"]')})
    clone.commit({"ci/run": "changed\n"})


@rejected
def call_the_branch_an_integration_branch(clone: Clone) -> None:
    """The branch's own manifest does not make it one that nobody judges."""
    clone.commit({FILE: MANIFEST.replace('"release"]', f'"release", "{BRANCH}"]'), "top.txt": "evil\n"})


@accepted
def widen_the_lane_on_main_first(clone: Clone) -> None:
    """The manifest in force counts, not the one that the branch began with."""
    clone.commit({"api/a.py": "changed\n"})
    clone.on_main({FILE: WIDE})


@rejected
def widen_the_lane_on_main_in_the_same_push(clone: Clone) -> list[Argument]:
    """In force is the manifest before the push, since main may still be refused."""
    clone.commit({"api/a.py": "changed\n"})
    return [*_push_main(clone, WIDE), BRANCH]


@rejected
def become_an_integration_branch_in_the_same_push(clone: Clone) -> list[Argument]:
    """In force is the manifest before the push, also for what is judged at all."""
    clone.commit({"top.txt": "evil\n"})
    return [*_push_main(clone, MANIFEST.replace('"release"]', f'"release", "{BRANCH}"]')), BRANCH]


@accepted
def become_an_integration_branch_before(clone: Clone) -> list[Argument]:
    """Once main's manifest names it, a branch may change anything."""
    clone.on_main({FILE: MANIFEST.replace('"release"]', f'"release", "{BRANCH}"]')})
    clone.commit({"top.txt": "changed\n"})
    return [BRANCH]


@rejected
def give_up_release_and_delete_it_in_the_same_push(clone: Clone) -> list[Argument]:
    """Before the push, release was an integration branch, and so it stays until the next one."""
    return [*_push_main(clone, MANIFEST.replace(', "release"', "")), ":release"]


@accepted
def give_up_release_and_delete_it_later(clone: Clone) -> list[Argument]:
    """Once no manifest names it, it is a branch like any other."""
    clone.on_main({FILE: MANIFEST.replace(', "release"', "")})
    return [":release"]


@rejected
def work_of_a_release_that_was_given_up(clone: Clone) -> None:
    """Once no manifest names it, what only release holds is not trusted."""
    clone.on_main({FILE: MANIFEST.replace(', "release"', "")})
    clone.on("release", {"top.txt": "changed\n"})
    clone.merge("release")


@rejected
def narrow_the_lane_after_the_branch_was_begun(clone: Clone) -> None:
    """All commits of the branch are judged by the manifest in force."""
    clone.commit({"docs/b.md": "changed\n"})
    clone.on_main({FILE: NARROW})


@rejected
def narrow_the_lane_after_the_branch_was_pushed(clone: Clone) -> None:
    """What is on the branch already is judged again by the manifest in force."""
    clone.commit({"docs/b.md": "changed\n"})
    clone.publish(BRANCH)
    clone.on_main({FILE: NARROW})
    clone.commit({"docs/a.md": "changed\n"})


@accepted
def narrow_the_lane_after_the_branch_was_integrated(clone: Clone) -> None:
    """What main has taken in is trusted, whoever might write it now."""
    clone.commit({"docs/b.md": "changed\n"})
    clone.publish("HEAD:refs/heads/main")
    clone.git("branch", "--quiet", "--force", "main")
    clone.on_main({FILE: NARROW})
    clone.commit({"docs/a.md": "changed\n"})


@accepted
def take_the_new_manifest_from_main(clone: Clone) -> None:
    """A merge of main brings the manifest that main has, and changes nothing."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.on_main({FILE: WIDE})
    clone.merge("main")


@rejected
def keep_the_old_manifest_in_a_merge_of_main(clone: Clone) -> None:
    """Integrated, that would take back what main says about lanes."""
    clone.on_main({FILE: NARROW})
    clone.commit({"docs/a.md": "changed\n"})
    clone.merge("main", files={FILE: MANIFEST})


@rejected
def a_wider_manifest_on_release(clone: Clone) -> None:
    """Release is trusted, but it is main's manifest that is in force."""
    clone.on("release", {FILE: WIDE})
    clone.commit({"api/a.py": "changed\n"})


@rejected
def a_wider_manifest_in_a_tag_called_main(clone: Clone) -> list[Argument]:
    """Git takes the short name main for the tag where there are both."""
    clone.commit({FILE: WIDE})
    clone.publish("HEAD:refs/tags/main")
    clone.git("reset", "--quiet", "--hard", "HEAD^")
    clone.commit({"api/a.py": "changed\n"})
    return [BRANCH]


@rejected
def a_wider_manifest_in_the_server_s_folder(clone: Clone) -> None:
    """A file that lies about on the server is not what main holds."""
    clone.server.write({FILE: WIDE})
    clone.commit({"api/a.py": "changed\n"})


# -- A push to main that would lock everybody out


@rejected
def remove_the_manifest(clone: Clone) -> list[Argument]:
    """Without a manifest nobody could push any more."""
    return _push_main(clone, None)


@rejected
def break_the_manifest(clone: Clone) -> list[Argument]:
    """With a broken manifest nobody could push any more."""
    return _push_main(clone, BROKEN)


@rejected
def break_the_manifest_by_merging_a_branch(clone: Clone) -> list[Argument]:
    """It is the new tip of main that counts, however it came about."""
    clone.commit({FILE: BROKEN})
    clone.switch("main")
    clone.merge(BRANCH)
    return ["main"]


@accepted
def break_the_manifest_and_mend_it(clone: Clone) -> list[Argument]:
    """Only the tip of main is ever in force."""
    clone.switch("main")
    clone.commit({FILE: BROKEN})
    return _push_main(clone, WIDE)


@rejected
def an_empty_manifest(clone: Clone) -> list[Argument]:
    """The version is missing."""
    return _push_main(clone, "")


@rejected
def a_link_for_the_manifest(clone: Clone) -> list[Argument]:
    """Whoever may write the file that it leads to could write the manifest."""
    _in_its_place(clone, "120000", clone.blob("docs/lanes.toml"))
    return ["main"]


@rejected
def a_submodule_for_the_manifest(clone: Clone) -> list[Argument]:
    """A submodule's content is not in this repository."""
    _in_its_place(clone, "160000", clone.head())
    return ["main"]


@rejected
def a_folder_for_the_manifest(clone: Clone) -> list[Argument]:
    """A folder holds no lanes, even with a manifest in it."""
    _in_its_place(clone, "40000", clone.git("rev-parse", "HEAD^{tree}"))
    return ["main"]


@accepted
def an_executable_manifest(clone: Clone) -> list[Argument]:
    """It is a file, and holds a valid manifest."""
    _in_its_place(clone, "100755", clone.git("rev-parse", f"HEAD:{FILE}"))
    return ["main"]


@rejected
def a_manifest_that_is_too_large(clone: Clone) -> list[Argument]:
    """A hook that has to read anything can be kept busy."""
    return _push_main(clone, TOO_LARGE)


@rejected
def a_byte_order_mark(clone: Clone) -> list[Argument]:
    """TOML has none, and readers disagree on it."""
    return _push_main(clone, "\ufeff" + MANIFEST)


@rejected
def a_manifest_that_is_no_text(clone: Clone) -> list[Argument]:
    """TOML is UTF-8."""
    return _push_main(clone, MANIFEST.encode() + b"# \xff\n")


@rejected
def a_lane_twice(clone: Clone) -> list[Argument]:
    """Nobody can tell which of the two is meant."""
    return _push_main(clone, MANIFEST + '[lanes.docs]\nbranches = ["x"]\npaths = ["/api/"]\n')


@rejected
def a_key_that_nobody_knows(clone: Clone) -> list[Argument]:
    """A key with a typo in it would be left out in silence."""
    return _push_main(clone, MANIFEST.replace("protected", "protect"))


@rejected
def a_text_for_a_list(clone: Clone) -> list[Argument]:
    """Read as a list, a text is its letters, and the first of this one is a slash."""
    return _push_main(clone, MANIFEST.replace('["/docs/"]', '"/docs/"'))


@rejected
def a_version_of_the_future(clone: Clone) -> list[Argument]:
    """Nobody here knows what such a manifest means."""
    return _push_main(clone, MANIFEST.replace("version = 1", "version = 2"))


@rejected
def a_lane_without_branches(clone: Clone) -> list[Argument]:
    """It covers nothing, and so it is a mistake."""
    return _push_main(clone, MANIFEST.replace('["work/docs-*"]', "[]"))


@rejected
def a_list_that_only_takes_out(clone: Clone) -> list[Argument]:
    """There is nothing to take out from, and somebody may have meant: all but this."""
    return _push_main(clone, MANIFEST.replace('["/docs/"]', '["!/api/"]'))


@rejected
def integration_branches_by_a_pattern(clone: Clone) -> list[Argument]:
    """Whoever could make a branch release/x would own one that everybody trusts."""
    return _push_main(clone, MANIFEST.replace('"release"', '"release/*"'))


@rejected
def brackets_without_end(clone: Clone) -> list[Argument]:
    """A reader that calls itself for each bracket falls over, and must not let the push in."""
    return _push_main(clone, f"version = 1\nx = {'[' * 5000}{']' * 5000}\n")


@rejected
def a_number_without_end(clone: Clone) -> list[Argument]:
    """Python reads no number of 5,000 digits, and the hook must not fall over."""
    return _push_main(clone, f"version = {'1' * 5000}\n")


@accepted
def line_ends_of_windows(clone: Clone) -> list[Argument]:
    """TOML reads CR LF as a line break."""
    return _push_main(clone, MANIFEST.replace("\n", "\r\n"))


@accepted
def another_manifest_on_release(clone: Clone) -> list[Argument]:
    """Only main's manifest is in force, so release may do without."""
    clone.switch("release")
    clone.commit({FILE: None})
    return ["release"]


# -- A broken manifest in force


@not_judged
def a_branch_under_a_broken_manifest(clone: Clone) -> None:
    """Nobody knows what the branch may write."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.on_main({FILE: BROKEN})


@not_judged
def a_branch_under_a_linked_manifest(clone: Clone) -> None:
    """The link leads to a file of the lane, which would then be the manifest."""
    clone.commit({"docs/lanes.toml": WIDE, "api/a.py": "changed\n"})
    _in_its_place(clone, "120000", clone.blob("docs/lanes.toml"))
    clone.publish("main")


@not_judged
def a_branch_under_a_submodule_for_a_manifest(clone: Clone) -> None:
    """A submodule holds no lanes."""
    _in_its_place(clone, "160000", clone.head())
    clone.publish("main")


@not_judged
def a_branch_under_a_folder_for_a_manifest(clone: Clone) -> None:
    """A folder holds no lanes."""
    _in_its_place(clone, "40000", clone.git("rev-parse", "HEAD:docs"))
    clone.publish("main")


@not_judged
def a_branch_under_a_manifest_that_is_too_large(clone: Clone) -> None:
    """What is not read to its end is not in force."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.on_main({FILE: TOO_LARGE})


@not_judged
def mend_the_manifest_in_the_branch(clone: Clone) -> None:
    """Whoever mends it says what it is, and that is for main alone."""
    clone.on_main({FILE: BROKEN})
    clone.git("reset", "--quiet", "--hard", "main")
    clone.commit({FILE: WIDE})


@not_judged
def delete_a_branch_under_a_broken_manifest(clone: Clone) -> list[Argument]:
    """Nobody knows whether it is an integration branch."""
    clone.on_main({FILE: BROKEN})
    return [":release"]


@not_judged
def release_under_a_broken_manifest(clone: Clone) -> list[Argument]:
    """Nobody knows whether it is an integration branch."""
    clone.on_main({FILE: BROKEN})
    clone.switch("release")
    clone.commit({"top.txt": "changed\n"})
    return ["release"]


@not_judged
def a_tag_under_a_broken_manifest(clone: Clone) -> list[Argument]:
    """Everything else waits until the manifest is mended."""
    return [f"{clone.on_main({FILE: BROKEN})}:refs/tags/v1"]


@accepted
def mend_the_manifest(clone: Clone) -> list[Argument]:
    """Or nobody could ever get out of it."""
    clone.on_main({FILE: BROKEN})
    return _push_main(clone, MANIFEST)


@not_judged
def push_main_without_mending_it(clone: Clone) -> list[Argument]:
    """Everything waits for a valid manifest, other work on main included."""
    clone.on_main({FILE: BROKEN})
    return _push_main(clone, BROKEN + "x\n")


@rejected
def mend_the_manifest_by_a_rewind(clone: Clone) -> list[Argument]:
    """What main held was trusted, with whatever manifest; a new commit mends it as well."""
    clone.on_main({FILE: BROKEN})
    return ["--force", "main^:refs/heads/main"]


@not_judged
def mend_the_manifest_and_push_a_branch(clone: Clone) -> list[Argument]:
    """The manifest that is mended is not in force yet."""
    clone.commit({"docs/a.md": "changed\n"})
    clone.on_main({FILE: BROKEN})
    return [*_push_main(clone, MANIFEST), BRANCH]


@rejected
def delete_main_under_a_broken_manifest(clone: Clone) -> list[Argument]:
    """The branch of the manifest is always an integration branch."""
    clone.server.git("config", "receive.denyDeleteCurrent", "ignore")
    clone.on_main({FILE: BROKEN})
    return [":main"]


# -- No manifest, and the beginning


@not_judged
def a_branch_without_any_manifest(clone: Clone) -> None:
    """Without lanes nothing is inside one."""
    clone.on_main({FILE: None})
    clone.commit({"docs/a.md": "changed\n"})


@not_judged
def a_branch_that_brings_the_first_manifest(clone: Clone) -> None:
    """The first manifest comes to main, or the first to push would make the law."""
    clone.on_main({FILE: None})
    clone.git("reset", "--quiet", "--hard", "main")
    clone.commit({FILE: WIDE})


@accepted
def bring_the_first_manifest_to_main(clone: Clone) -> list[Argument]:
    """This is how a repository begins with lanes."""
    clone.on_main({FILE: None})
    return _push_main(clone, MANIFEST)


@not_judged
def work_on_main_without_any_manifest(clone: Clone) -> list[Argument]:
    """Everything waits for the manifest, or a gate could stand open unnoticed."""
    clone.on_main({FILE: None})
    clone.switch("main")
    clone.commit({"top.txt": "changed\n"})
    return ["main"]


@accepted
def begin_a_server(clone: Clone) -> list[Argument]:
    """The first push brings main, manifest and all."""
    _begin(clone)
    return ["main"]


@not_judged
def begin_a_server_without_a_manifest(clone: Clone) -> list[Argument]:
    """Main may be born with a manifest, and only so."""
    _begin(clone)
    return _push_main(clone, None)


@not_judged
def begin_a_server_with_a_branch(clone: Clone) -> None:
    """Before main is there, nothing is trusted and nothing in force."""
    _begin(clone)
    clone.commit({"docs/a.md": "changed\n"})


@not_judged
def begin_a_server_with_everything(clone: Clone) -> list[Argument]:
    """Main's manifest is in force after the push that brings it."""
    _begin(clone)
    clone.commit({"docs/a.md": "changed\n"})
    return ["main", BRANCH]


# -- Which branch holds the manifest


@not_judged
def a_head_that_names_a_branch_to_come(clone: Clone) -> None:
    """`git init` may have called it master; main's manifest is not in force then."""
    clone.server.git("symbolic-ref", "HEAD", "refs/heads/master")
    clone.commit({"docs/a.md": "changed\n"})


@accepted
def bring_the_branch_that_head_names(clone: Clone) -> list[Argument]:
    """The branch of the manifest is always an integration branch, also before it exists."""
    clone.server.git("symbolic-ref", "HEAD", "refs/heads/master")
    return ["main:refs/heads/master"]


@not_judged
def a_detached_head(clone: Clone) -> None:
    """It names no branch, and so nobody knows whose manifest is in force."""
    clone.server.git("update-ref", "--no-deref", "HEAD", "main")
    clone.commit({"docs/a.md": "changed\n"})


@accepted
def a_detached_head_and_a_setting(clone: Clone) -> None:
    """`lanes.trustedRef` names the branch then."""
    clone.server.git("update-ref", "--no-deref", "HEAD", "main")
    clone.server.git("config", "lanes.trustedRef", "refs/heads/main")
    clone.commit({"docs/a.md": "changed\n"})


@accepted
def a_setting_that_names_another_branch(clone: Clone) -> list[Argument]:
    """The manifest of release is in force, whatever HEAD names."""
    clone.server.git("config", "lanes.trustedRef", "refs/heads/release")
    clone.on("release", {FILE: WIDE})
    clone.commit({"api/a.py": "changed\n"})
    return [BRANCH]


@rejected
def a_setting_that_leaves_main_s_manifest_out(clone: Clone) -> list[Argument]:
    """The manifest of release is in force, and main's is not."""
    clone.server.git("config", "lanes.trustedRef", "refs/heads/release")
    clone.on_main({FILE: WIDE})
    clone.commit({"api/a.py": "changed\n"})
    return [BRANCH]


@rejected
def a_head_that_names_release(clone: Clone) -> list[Argument]:
    """The manifest of release is in force, and main's is not."""
    clone.server.git("symbolic-ref", "HEAD", "refs/heads/release")
    clone.on_main({FILE: WIDE})
    clone.commit({"api/a.py": "changed\n"})
    return [BRANCH]


@rejected
def remove_the_manifest_of_the_branch_in_the_setting(clone: Clone) -> list[Argument]:
    """The branch of the manifest is the one that must not lose it."""
    clone.server.git("config", "lanes.trustedRef", "refs/heads/release")
    clone.switch("release")
    clone.commit({FILE: None})
    return ["release"]


@accepted
def remove_the_manifest_of_main_beside_the_setting(clone: Clone) -> list[Argument]:
    """Main is one more integration branch then."""
    clone.server.git("config", "lanes.trustedRef", "refs/heads/release")
    return _push_main(clone, None)


@not_judged
def a_setting_that_is_a_short_name(clone: Clone) -> list[Argument]:
    """`main` might also be a tag."""
    clone.server.git("config", "lanes.trustedRef", "main")
    clone.commit({"docs/a.md": "changed\n"})
    return [BRANCH]


@not_judged
def a_setting_that_names_a_tag(clone: Clone) -> list[Argument]:
    """A tag can be moved by whoever may push tags."""
    clone.publish("main:refs/tags/lanes")
    clone.server.git("config", "lanes.trustedRef", "refs/tags/lanes")
    return [BRANCH]


# -- Branches that no lane covers, and review-only lanes


@accepted
def a_branch_that_no_lane_covers_where_that_is_allowed(clone: Clone) -> list[Argument]:
    """The manifest says `unlisted = "allow"`."""
    clone.on_main({FILE: ALLOW})
    clone.commit({"top.txt": "changed\n", "api/a.py": "changed\n"})
    return ["HEAD:refs/heads/spike"]


@rejected
def a_protected_path_where_no_lane_is_needed(clone: Clone) -> list[Argument]:
    """Protected paths are for integration branches, lane or no lane."""
    clone.on_main({FILE: ALLOW})
    clone.commit({"ci/run": "changed\n"})
    return ["HEAD:refs/heads/spike"]


@rejected
def the_manifest_where_no_lane_is_needed(clone: Clone) -> list[Argument]:
    """The manifest is for integration branches, lane or no lane."""
    clone.on_main({FILE: ALLOW})
    clone.git("reset", "--quiet", "--hard", "main")
    clone.commit({FILE: MANIFEST})
    return ["HEAD:refs/heads/spike"]


@rejected
def a_lane_where_no_lane_is_needed(clone: Clone) -> None:
    """A branch that a lane covers is held to it."""
    clone.on_main({FILE: ALLOW})
    clone.commit({"top.txt": "changed\n"})


@accepted
def a_shared_path(clone: Clone) -> None:
    """Every lane that may write at all may write it."""
    clone.commit({"shared.txt": "changed\n", "docs/a.md": "changed\n"})


@rejected
def a_shared_path_in_a_review(clone: Clone) -> list[Argument]:
    """A review-only lane may not change anything."""
    clone.commit({"shared.txt": "changed\n"})
    return ["HEAD:refs/heads/review/1"]


@accepted
def a_review_that_takes_main_in(clone: Clone) -> list[Argument]:
    """A commit that changes nothing, and a merge of main, are no edits."""
    clone.commit({}, "Say what I found")
    clone.on_main({"top.txt": "changed\n"})
    clone.merge("main")
    return ["HEAD:refs/heads/review/1"]
