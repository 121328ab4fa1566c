"""Trees that git would not have made, and odd ones that it reads all the same.

One git command skips, merges or follows what another one shows, so the diff of such a tree proves nothing.
What git itself reads in one way only must be judged, and may be let in.
"""

from repos import MANIFEST

from bypasses.stage import Clone, accepted, not_judged, rejected

Entry = tuple[str, bytes, str]  # mode, name, id
NULL = "0" * 40


def _sorted(*entries: Entry) -> list[Entry]:
    """Put entries in git's order: folders stand as if a slash followed."""
    return sorted(entries, key=lambda entry: entry[1] + b"/" * entry[0].endswith("40000"))


def _with(clone: Clone, folder: str, *new: Entry) -> list[Entry]:
    """Give the entries of a folder of HEAD, new ones in the place of those of their name, in order."""
    names = {name for _, name, _ in new}
    return _sorted(*(entry for entry in clone.entries(f"HEAD:{folder}") if entry[1] not in names), *new)


def _commit(clone: Clone, folder: str, entries: list[Entry]) -> str:
    """Commit these entries as what a folder of the root (or the root itself) holds."""
    tree = clone.tree(*entries)
    return clone.commit_tree(
        clone.tree(*_with(clone, "", ("40000", folder.encode(), tree))) if folder else tree
    )


def _put(clone: Clone, folder: str, *new: Entry) -> str:
    """Commit a folder with new entries, in the order that git wants."""
    return _commit(clone, folder, _with(clone, folder, *new))


def _behind(clone: Clone, folder: str, name: bytes, new: Entry) -> str:
    """Commit a folder with a new entry right behind the one of that name."""
    entries = clone.entries(f"HEAD:{folder}")
    place = [entry[1] for entry in entries].index(name) + 1
    return _commit(clone, folder, [*entries[:place], new, *entries[place:]])


def _evil_folder(clone: Clone) -> str:
    return clone.tree(("100644", b"x.md", clone.blob()))


def _main_has_two_dots(clone: Clone) -> str:
    """Have the branch begin on a main with a folder old that no tree may be, and give its id."""
    old = clone.tree(("40000", b"..", _evil_folder(clone)))
    _put(clone, "", ("40000", b"old", old))
    clone.publish("HEAD:refs/heads/main")
    return old


def _main_took_two_dots_away(clone: Clone) -> str:
    """Have main put two dots in the lane and take them away; the branch is on the former. Give the latter."""
    begun = clone.head()
    flawed = _put(clone, "docs", ("40000", b"..", _evil_folder(clone)))
    mended = clone.commit_tree(f"{begun}^{{tree}}")
    clone.publish("HEAD:refs/heads/main")
    clone.git("update-ref", "HEAD", flawed)
    return mended


def _every_lane_writes_notes(clone: Clone) -> None:
    clone.on_main({".lanes.toml": MANIFEST.replace('"/docs/"', '"/docs/", "*.md"')})


# -- Names that no tree may hold: whoever checks them out writes somewhere else


@not_judged
def two_dots_in_the_lane(clone: Clone) -> None:
    """docs/../top.txt begins like a path of the lane."""
    _put(clone, "docs", ("40000", b"..", clone.tree(("100644", b"top.txt", clone.blob()))))


@not_judged
def two_dots_at_the_root(clone: Clone) -> None:
    """No pattern can say what such a path means."""
    _put(clone, "", ("40000", b"..", _evil_folder(clone)))


@not_judged
def two_dots_deep_in_the_lane(clone: Clone) -> None:
    """All folders that come are looked at, not those of the root alone."""
    dots = clone.tree(("40000", b"..", _evil_folder(clone)))
    _put(clone, "docs", ("40000", b"a", clone.tree(("40000", b"b", dots))))


@not_judged
def a_file_called_two_dots(clone: Clone) -> None:
    """It need not be a folder to be a name that means another place."""
    _put(clone, "docs", ("100644", b"..", clone.blob()))


@not_judged
def a_submodule_called_two_dots(clone: Clone) -> None:
    """A submodule is checked out like a folder."""
    _put(clone, "docs", ("160000", b"..", clone.head()))


@not_judged
def one_dot(clone: Clone) -> None:
    """docs/./x is docs/x to a file system, and a second one of that name."""
    _put(clone, "docs", ("40000", b".", _evil_folder(clone)))


@not_judged
def two_dots_that_are_taken_back(clone: Clone) -> None:
    """A tree of any commit that comes can be checked out, not that of the last one alone."""
    begun = clone.head()
    _put(clone, "docs", ("40000", b"..", _evil_folder(clone)))
    clone.commit_tree(f"{begun}^{{tree}}")


@accepted
def three_dots(clone: Clone) -> None:
    """It is an odd name, and means nothing else."""
    _put(clone, "docs", ("100644", b"...", clone.blob()), ("100644", b"..x", clone.blob()))


@not_judged
def git_s_own_folder_in_the_lane(clone: Clone) -> None:
    """A hook in docs/.git/hooks runs for whoever works in that folder."""
    _put(clone, "docs", ("40000", b".git", _evil_folder(clone)))


@not_judged
def git_s_own_folder_at_the_root(clone: Clone) -> None:
    """Whoever checks it out has another .git/config."""
    _put(clone, "", ("40000", b".git", _evil_folder(clone)))


@not_judged
def git_s_own_folder_in_capital_letters(clone: Clone) -> None:
    """On a disk that knows no case it is .git."""
    _put(clone, "docs", ("40000", b".GIT", _evil_folder(clone)))


@not_judged
def a_file_called_like_git_s_folder(clone: Clone) -> None:
    """A file .git names the folder that git uses instead."""
    _put(clone, "docs", ("100644", b".git", clone.blob("gitdir: ../api\n")))


@not_judged
def a_link_called_like_git_s_folder(clone: Clone) -> None:
    """The link leads git to a folder that the lane may write."""
    _put(clone, "docs", ("120000", b".git", clone.blob("sub")))


@not_judged
def a_submodule_called_like_git_s_folder(clone: Clone) -> None:
    """A submodule is checked out there as well."""
    _put(clone, "docs", ("160000", b".git", clone.head()))


@not_judged
def the_short_name_of_git_s_folder(clone: Clone) -> None:
    """On Windows git~1 is .git."""
    _put(clone, "docs", ("40000", b"GIT~1", _evil_folder(clone)))


@not_judged
def an_invisible_letter_in_git_s_folder(clone: Clone) -> None:
    """HFS+ leaves U+200C out of a name."""
    _put(clone, "docs", ("40000", ".g\u200cit".encode(), _evil_folder(clone)))


@not_judged
def a_byte_order_mark_before_git_s_folder(clone: Clone) -> None:
    """HFS+ leaves U+FEFF out of a name."""
    _put(clone, "docs", ("40000", "\ufeff.Git".encode(), _evil_folder(clone)))


@not_judged
def git_s_folder_and_a_byte_that_is_no_text(clone: Clone) -> None:
    """HFS+ reads a name up to the first byte that is not UTF-8."""
    _put(clone, "docs", ("40000", b".git\xff", _evil_folder(clone)))


@not_judged
def git_s_folder_and_a_space(clone: Clone) -> None:
    """Windows leaves spaces at the end out of a name."""
    _put(clone, "docs", ("40000", b".git ", _evil_folder(clone)))


@not_judged
def git_s_folder_and_dots(clone: Clone) -> None:
    """Windows leaves dots at the end out of a name."""
    _put(clone, "docs", ("40000", b".git. .", _evil_folder(clone)))


@not_judged
def a_stream_of_git_s_folder(clone: Clone) -> None:
    """To NTFS that is the folder .git itself."""
    _put(clone, "docs", ("40000", b".git::$INDEX_ALLOCATION", _evil_folder(clone)))


@not_judged
def a_backslash_before_git_s_folder(clone: Clone) -> None:
    """On Windows a backslash parts folders: this is .git in the folder a."""
    _put(clone, "docs", ("100644", b"a\\.git\\config", clone.blob()))


@accepted
def names_that_only_begin_like_git_s_folder(clone: Clone) -> None:
    """Git itself takes these, and repositories are full of the first three."""
    names = (".gitignore", ".gitattributes", ".github", ".gitx", "x.git", "git", "git~2", ".git\u00a0")
    _put(clone, "docs", *(("100644", name.encode(), clone.blob("x\n")) for name in names))


# -- A slash in a name: one entry that reads like a path


@not_judged
def a_path_out_of_the_lane_as_one_name(clone: Clone) -> None:
    """docs/../top.txt begins like a path of the lane."""
    _put(clone, "", ("100644", b"docs/../top.txt", clone.blob()))


@not_judged
def a_path_of_the_lane_as_one_name(clone: Clone) -> None:
    """The path is the lane's, but the entry stands at the root, beside the folder of that name."""
    _put(clone, "", ("100644", b"docs/x.md", clone.blob()))


@not_judged
def a_second_file_by_a_path_as_one_name(clone: Clone) -> None:
    """There is a docs/a.md already, and which one is checked out depends on who does it."""
    _put(clone, "", ("100644", b"docs/a.md", clone.blob()))


@not_judged
def a_path_of_another_lane_as_one_name(clone: Clone) -> None:
    """In the folder docs the entry api/x is docs/api/x, unless somebody joins paths in another way."""
    _put(clone, "docs", ("100644", b"api/x", clone.blob()))


@not_judged
def a_path_from_the_root_of_the_disk_as_one_name(clone: Clone) -> None:
    """Joined to a folder, a path that begins with a slash is often taken for the whole."""
    _put(clone, "docs", ("100644", b"/etc/x", clone.blob()))


@not_judged
def a_slash_at_the_end_of_a_name(clone: Clone) -> None:
    """docs/sub/ is no file, and the folder sub is another entry."""
    _put(clone, "docs", ("100644", b"sub/", clone.blob()))


# -- A name twice: some commands take the first, some the last, some both


@not_judged
def a_file_twice_in_the_lane(clone: Clone) -> None:
    """Which of the two is meant depends on who reads."""
    _behind(clone, "docs", b"a.md", ("100644", b"a.md", clone.blob()))


@not_judged
def the_same_file_twice_in_the_lane(clone: Clone) -> None:
    """Even when both are the same, git's index and its merges disagree on such a tree."""
    _behind(clone, "docs", b"a.md", clone.entries("HEAD:docs")[0])


@not_judged
def a_file_twice_outside(clone: Clone) -> None:
    """The first one is main's, and a diff that stops there shows no change."""
    _behind(clone, "", b"top.txt", ("100644", b"top.txt", clone.blob()))


@not_judged
def the_same_file_twice_outside(clone: Clone) -> None:
    """A diff shows no path that differs from main, and yet the tree is another one."""
    _behind(clone, "", b"top.txt", next(entry for entry in clone.entries() if entry[1] == b"top.txt"))


@not_judged
def an_empty_second_folder_outside(clone: Clone) -> None:
    """A diff shows nothing at all, and a merge deletes the folder."""
    _behind(clone, "", b"api", ("40000", b"api", clone.tree()))


@not_judged
def a_second_folder_with_the_lane_s_own_files(clone: Clone) -> None:
    """A diff shows a new file of the lane alone, and a merge deletes all the others of the folder."""
    _every_lane_writes_notes(clone)
    _behind(clone, "", b"api", ("40000", b"api", _evil_folder(clone)))


@not_judged
def an_empty_folder_behind_everything(clone: Clone) -> None:
    """What holds for one name holds for all, and a merge of this one empties the repository."""
    empty = clone.tree()
    _commit(clone, "", [new for old in clone.entries() for new in (old, ("40000", old[1], empty))])


@not_judged
def a_second_folder_for_the_lane(clone: Clone) -> None:
    """The lane may write docs/, but this is two folders of that name."""
    _behind(clone, "", b"docs", ("40000", b"docs", _evil_folder(clone)))


@not_judged
def an_empty_folder_beside_a_file_of_its_name(clone: Clone) -> None:
    """A diff shows only files, and the folder is empty; a checkout may still put it in the file's place."""
    _commit(clone, "", _sorted(*clone.entries(), ("40000", b"top.txt", clone.tree())))


@not_judged
def an_empty_folder_beside_the_manifest(clone: Clone) -> None:
    """Nobody may touch the manifest, and this one hides it."""
    _commit(clone, "", _sorted(*clone.entries(), ("40000", b".lanes.toml", clone.tree())))


@not_judged
def a_folder_with_files_of_the_lane_beside_a_file(clone: Clone) -> None:
    """The new file is the lane's, and its folder pushes main's file of that name out."""
    _every_lane_writes_notes(clone)
    _commit(clone, "", _sorted(*clone.entries(), ("40000", b"top.txt", _evil_folder(clone))))


@not_judged
def a_file_beside_a_folder_of_its_name(clone: Clone) -> None:
    """Between the two stands another name, so that they are not next to each other."""
    x, folder = clone.blob(), _evil_folder(clone)
    _put(clone, "docs", ("100644", b"n", x), ("100644", b"n.b", x))
    _commit(clone, "docs", _sorted(*clone.entries("HEAD:docs"), ("40000", b"n", folder)))


@not_judged
def a_link_beside_a_folder_of_its_name(clone: Clone) -> None:
    """Both are inside the lane, but the folder's files may be written where the link leads."""
    _put(clone, "docs", ("120000", b"n", clone.blob("../api")))
    _commit(clone, "docs", _sorted(*clone.entries("HEAD:docs"), ("40000", b"n", _evil_folder(clone))))


@not_judged
def a_submodule_beside_a_folder_of_its_name(clone: Clone) -> None:
    """The submodule counts as that folder, and so there are two."""
    _behind(clone, "", b"docs", ("160000", b"docs", clone.head()))


# -- Out of order: git's merge of two lists goes past what does not stand where it must


@not_judged
def a_tree_back_to_front(clone: Clone) -> None:
    """Git looks for a name until a greater one comes, and so finds less than there is."""
    _commit(clone, "", clone.entries()[::-1])


@not_judged
def two_names_out_of_order_in_the_lane(clone: Clone) -> None:
    """The lane's own tree is no better: a merge of it loses files or doubles them."""
    _commit(clone, "docs", [("100644", b"z.md", clone.blob()), *clone.entries("HEAD:docs")])


@not_judged
def a_second_name_far_from_the_first(clone: Clone) -> None:
    """A name twice is only found next to itself when the tree is in order."""
    _commit(clone, "", [*clone.entries(), ("100644", b".lanes.toml", clone.blob())])


@not_judged
def a_folder_in_the_order_of_files(clone: Clone) -> None:
    """A folder x stands behind x.md, since git sorts it as x/."""
    x = clone.blob()
    _commit(clone, "docs", [("40000", b"x", clone.tree(("100644", b"a", x))), ("100644", b"x.md", x)])


# -- Modes


@accepted
def an_old_mode_in_the_lane(clone: Clone) -> None:
    """Old versions of git wrote 100664, and every git reads it as 100644."""
    _put(clone, "docs", ("100664", b"new.md", clone.blob("new\n")))


@accepted
def a_folder_s_mode_with_a_zero_before_it(clone: Clone) -> None:
    """Old tools of other makers wrote 040000, and git reads it as a folder."""
    _put(clone, "docs", ("040000", b"sub", clone.tree(("0100644", b"new.md", clone.blob("new\n")))))


@accepted
def an_old_mode_outside_for_the_same_file(clone: Clone) -> None:
    """Git sees no change: 100664 and 100644 are one mode, and the file is main's."""
    _, name, oid = clone.entries()[-1]
    _put(clone, "", ("100664", name, oid))


@rejected
def an_old_mode_outside(clone: Clone) -> None:
    """The mode is read as 100644, and the file is another one."""
    _put(clone, "", ("100664", b"top.txt", clone.blob()))


@rejected
def a_mode_with_a_zero_before_it_outside(clone: Clone) -> None:
    """How the mode is written does not hide what the file holds."""
    _put(clone, "", ("0100644", b"top.txt", clone.blob()))


@rejected
def an_executable_mode_of_other_bits_outside(clone: Clone) -> None:
    """100700 is read as 100755, and so the file can be run."""
    _, name, oid = clone.entries()[-1]
    _put(clone, "", ("100700", name, oid))


@rejected
def a_submodule_outside_in_an_odd_mode(clone: Clone) -> None:
    """Git reads 140000 as a submodule, which no diff of file contents shows."""
    _put(clone, "", ("140000", b"top.txt", clone.head()))


@rejected
def no_mode_outside(clone: Clone) -> None:
    """In a raw diff the mode 000000 means that there is no file; here there is one."""
    _put(clone, "", ("000000", b"new.txt", clone.blob()))


@rejected
def no_mode_in_the_place_of_a_file_outside(clone: Clone) -> None:
    """However it is read, it is not main's file any more."""
    _, name, oid = clone.entries()[-1]
    _put(clone, "", ("000000", name, oid))


# -- One kind of object in the place of another, empty trees, and what is no tree


@rejected
def a_submodule_with_a_null_id_outside(clone: Clone) -> None:
    """It is a change outside the lane, whatever it points to."""
    _put(clone, "", ("160000", b"sub", NULL))


@rejected
def a_submodule_with_a_null_id_in_the_place_of_a_file(clone: Clone) -> None:
    """It must not be taken for the file's absence, nor for no change."""
    _put(clone, "", ("160000", b"top.txt", NULL))


@rejected
def a_folder_outside_with_the_mode_of_a_file(clone: Clone) -> None:
    """Git lets it in, though nobody can check it out, and every file of main's folder is gone."""
    _put(clone, "", ("100644", b"api", _evil_folder(clone)))


@rejected
def a_folder_outside_with_the_mode_of_a_submodule(clone: Clone) -> None:
    """The id is that of main's folder, and no object of a submodule is ever looked for."""
    _put(clone, "", ("160000", b"api", clone.git("rev-parse", "HEAD:api")))


@rejected
def a_file_outside_with_the_mode_of_a_link(clone: Clone) -> None:
    """The content is main's, and now it says where a link leads."""
    _put(clone, "", ("120000", b"top.txt", clone.git("rev-parse", "HEAD:top.txt")))


@accepted
def an_empty_folder_in_the_lane(clone: Clone) -> None:
    """It holds no path, so no path is outside."""
    _put(clone, "docs", ("40000", b"sub", clone.tree()))


@accepted
def an_empty_folder_outside(clone: Clone) -> None:
    """It holds no path, and what is judged are paths; nobody's checkout or merge differs by it."""
    _put(clone, "", ("40000", b"new", clone.tree()))


@rejected
def an_empty_folder_in_the_place_of_another_outside(clone: Clone) -> None:
    """All files of the folder are gone, though its entry is still there."""
    _put(clone, "", ("40000", b"api", clone.tree()))


@rejected
def an_empty_folder_in_the_place_of_a_file_outside(clone: Clone) -> None:
    """The file is gone."""
    _put(clone, "", ("40000", b"top.txt", clone.tree()))


@rejected
def nothing_at_all(clone: Clone) -> None:
    """With the empty tree every file outside is deleted."""
    clone.commit_tree(clone.tree())


@accepted
def nothing_left_in_the_lane(clone: Clone) -> None:
    """The lane may write all of docs/, and so delete all of it."""
    clone.commit_tree(clone.tree(*(entry for entry in clone.entries() if entry[1] != b"docs")))


@accepted
def the_lane_as_an_empty_folder(clone: Clone) -> None:
    """To git that is a folder with no files, as if it were not there."""
    _commit(clone, "docs", [])


@rejected
def the_lane_as_the_root(clone: Clone) -> None:
    """The files are main's, but a level higher, and everything else is gone."""
    clone.commit_tree("HEAD:docs")


@rejected
def the_lane_as_the_root_taken_back(clone: Clone) -> None:
    """What a commit in between made of the root is judged, though the last one is main again."""
    begun = clone.head()
    clone.commit_tree("HEAD:docs")
    clone.commit_tree(f"{begun}^{{tree}}")


@accepted
def the_whole_repository_in_the_lane(clone: Clone) -> None:
    """A copy of everything, manifest and all, is inside the lane when it lies there."""
    _put(clone, "docs", ("40000", b"copy", clone.git("rev-parse", "HEAD^{tree}")))


# -- Trees that main has already


@accepted
def a_tree_of_main_that_no_tree_may_be(clone: Clone) -> None:
    """Old repositories hold such trees, and a lane that leaves them alone has done nothing wrong."""
    _main_has_two_dots(clone)
    _put(clone, "docs", ("100644", b"a.md", clone.blob()))


@accepted
def a_file_beside_what_main_should_not_hold(clone: Clone) -> None:
    """What was wrong with a folder before is not the fault of whoever adds a file to it."""
    _put(clone, "docs", ("40000", b"..", _evil_folder(clone)))
    clone.publish("HEAD:refs/heads/main")
    _put(clone, "docs", ("100644", b"new.md", clone.blob()))


@accepted
def a_file_below_a_root_of_main_that_no_tree_may_be(clone: Clone) -> None:
    """Nor where the root is wrong, which everything is in."""
    _put(clone, "", ("40000", b"..", _evil_folder(clone)))
    clone.publish("HEAD:refs/heads/main")
    _put(clone, "docs", ("100644", b"new.md", clone.blob()))


@not_judged
def a_folder_of_main_that_grows_in_two_places(clone: Clone) -> None:
    """The same tree is main's fault in the one place, and the commit's in the other."""
    dots = ("40000", b"..", _evil_folder(clone))
    _put(clone, "docs", ("40000", b"old", clone.tree(dots)))
    clone.publish("HEAD:refs/heads/main")
    grown = clone.tree(dots, ("100644", b"new.md", clone.blob()))
    _put(clone, "docs", ("40000", b"old", grown), ("40000", b"other", grown))


@not_judged
def two_dots_in_a_root_commit(clone: Clone) -> None:
    """It is compared with nothing, so all that is wrong with it is its fault."""
    clone.commit_root(clone.tree(("40000", b"docs", clone.tree(("40000", b"..", _evil_folder(clone))))))


@not_judged
def a_tree_of_main_moved_to_the_lane(clone: Clone) -> None:
    """The server has that tree, but at this path it is new."""
    _put(clone, "docs", ("40000", b"copy", _main_has_two_dots(clone)))


@not_judged
def two_dots_that_main_took_away_brought_back_in_a_merge(clone: Clone) -> None:
    """The branch added a file to the folder as main had it then; main mended it; the merge keeps it."""
    mended = _main_took_two_dots_away(clone)
    mine = _put(clone, "docs", ("100644", b"new.md", clone.blob("new\n")))
    clone.commit_tree(f"{mine}^{{tree}}", mine, mended)


@not_judged
def two_dots_that_main_took_away_brought_back_alone(clone: Clone) -> None:
    """The same tree without the commit before it, for comparison."""
    mended = _main_took_two_dots_away(clone)
    mine = _put(clone, "docs", ("100644", b"new.md", clone.blob("new\n")))
    clone.commit_tree(f"{mine}^{{tree}}", mended)


@accepted
def two_dots_of_main_alone_where_release_comes_too(clone: Clone) -> None:
    """Main had the folder like that, release had none of it, and the merge holds what each decided."""
    clone.on("release", {"top.txt": "release\n"})
    main = _put(clone, "docs", ("40000", b"..", _evil_folder(clone)))
    clone.publish("HEAD:refs/heads/main")
    merged = _with(clone, "", ("100644", b"top.txt", clone.blob("release\n")))
    clone.commit_tree(clone.tree(*merged), main, "release")


# -- Objects that are missing or damaged


@not_judged
def a_folder_that_the_server_has_lost(clone: Clone) -> list[str]:
    """Without main's folder nobody can say what the new one changes."""
    _put(clone, "api", ("100644", b"a.py", clone.blob()))
    lost = clone.git("rev-parse", "main:api")
    clone.server.write({f"objects/{lost[:2]}/{lost[2:]}": None})
    return ["--no-thin", "work/docs-1"]


@not_judged
def a_root_that_the_server_has_lost(clone: Clone) -> list[str]:
    """Git's diff says nothing of a commit that it can't read, and ends well."""
    _put(clone, "docs", ("100644", b"a.md", clone.blob()))
    clone.on_main({"top.txt": "changed"})
    lost = clone.git("rev-parse", "main~1^{tree}")
    clone.server.write({f"objects/{lost[:2]}/{lost[2:]}": None})
    return ["--no-thin", "work/docs-1"]
