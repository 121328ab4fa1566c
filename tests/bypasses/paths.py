"""Paths are bytes: how they look in a text, on a screen or on some disk does not matter."""

from repos import MANIFEST

from bypasses.stage import Clone, accepted, rejected

LONG = b"/".join([b"n" * 200] * 30)  # 6,029 bytes, more than a file system takes
ODD = ["a\nb", "a\tb", " a", "a ", "a.", "'", '"a"', "\\", "*", "[a]", "?", "!a", "#a", "a:b", "~", "%2e"]


def _commit(clone: Clone, *paths: str | bytes, mode: str = "100644") -> str:
    """Commit new files of any name, past the work tree, which could not hold some of them."""
    blob = clone.blob("new\n")
    names = [path if isinstance(path, bytes) else path.encode() for path in paths]
    entries = b"".join(f"{mode} {blob}\t".encode() + name + b"\0" for name in names)
    clone.git("update-index", "-z", "--index-info", stdin=entries)
    clone.git("commit", "--quiet", "--no-verify", "-m", "Change")
    return clone.head()


def _lane(clone: Clone, *patterns: str) -> None:
    """Give the branch's lane other paths."""
    listed = ", ".join(f"'{pattern}'" for pattern in patterns)
    clone.on_main({".lanes.toml": MANIFEST.replace('["/docs/"]', f"[{listed}]")})


# -- Names that break lines, words and quotes


@accepted
def odd_names_in_the_lane(clone: Clone) -> None:
    """Git takes any byte but NUL and slash, so a lane's files may be called anything."""
    _commit(clone, *(f"docs/{name}" for name in ODD))


@accepted
def names_beyond_ascii_in_the_lane(clone: Clone) -> None:
    """Git prints such a path in quotes with numbers in it, and so the text does not begin with docs/."""
    _commit(clone, "docs/é.md", "docs/\u2028.md", "docs/\u202e.md", "docs/\u0085", "docs/日本/語.md")


@accepted
def names_that_are_no_text_in_the_lane(clone: Clone) -> None:
    """A path need not be UTF-8, and a hook that decodes it strictly fails on legal work."""
    _commit(clone, b"docs/\xff.md", b"docs/\xff\xfe/\x80", b"docs/\xed\xa0\x80", b"docs/\xe2\x80")


@accepted
def control_characters_in_the_lane(clone: Clone) -> None:
    """They are bad names, but the lane's own."""
    _commit(clone, b"docs/\x1b[2J\x1b[31m", b"docs/\x07", b"docs/\r", b"docs/\x7f", b"docs/a\x01b")


@rejected
def odd_names_outside(clone: Clone) -> None:
    """What can't be printed plainly must not get lost on the way."""
    _commit(clone, b"\xff", b"\x1b[2K\x1b[1A", "\u202e", "\n")


@rejected
def a_line_break_before_a_path_of_the_lane(clone: Clone) -> None:
    """Read as lines, this one path is x and docs/y."""
    _commit(clone, "x\ndocs/y")


@rejected
def a_line_break_behind_the_folder_of_the_lane(clone: Clone) -> None:
    """A folder docs with a line break at its end is another folder."""
    _commit(clone, "docs\n/x.md")


@rejected
def nothing_but_a_line_break_outside(clone: Clone) -> None:
    """Stripped of white space, this path is empty, and a hook that skips empty lines skips it."""
    _commit(clone, "\n")


@rejected
def a_space_behind_the_folder_of_the_lane(clone: Clone) -> None:
    """A folder docs with a space at its end is another folder, though Windows drops the space."""
    _commit(clone, "docs /x.md")


@rejected
def a_space_before_the_folder_of_the_lane(clone: Clone) -> None:
    """Stripped of white space, the path would be the lane's."""
    _commit(clone, " docs/x.md")


@rejected
def a_dot_behind_the_folder_of_the_lane(clone: Clone) -> None:
    """A folder docs with a dot at its end is another folder, though Windows drops the dot."""
    _commit(clone, "docs./x.md")


@rejected
def a_backslash_for_a_slash(clone: Clone) -> None:
    """To git that is one file at the root, whatever Windows makes of it."""
    _commit(clone, "docs\\x.md")


@rejected
def a_quote_before_the_folder_of_the_lane(clone: Clone) -> None:
    """A hook that takes git's quotes off takes off too much."""
    _commit(clone, '"docs/x.md"')


@rejected
def a_quoted_path_outside(clone: Clone) -> None:
    """Git prints it in quotes, so a text that forbids what begins with api/ does not match."""
    _commit(clone, "api/é.py")


@rejected
def a_tab_and_a_path_of_the_lane(clone: Clone) -> None:
    """Cut at tabs, the last part of the line is a path of the lane."""
    _commit(clone, "x\tdocs/y.md")


@rejected
def a_space_and_a_path_of_the_lane(clone: Clone) -> None:
    """Cut at spaces, the last part of the line is a path of the lane."""
    _commit(clone, "x docs/y.md")


@rejected
def an_escape_sequence_that_wipes_the_line(clone: Clone) -> None:
    """It may hide the message from whoever reads it, but not the change from the hook."""
    _commit(clone, b"api/\x1b[2K\rlanes: all is inside")


# -- Names that look like git's own output, options or patterns


@rejected
def a_file_called_like_its_commit(clone: Clone) -> None:
    """With names alone, diff-tree's list does not tell a path from the next commit's id."""
    _commit(clone, clone.head())


@rejected
def a_file_called_like_a_raw_line_of_a_diff(clone: Clone) -> None:
    """Whoever reads such a path as a line believes that docs/a.md was changed."""
    _commit(clone, f":100644 100644 {clone.blob()} {clone.head()} M\tdocs/a.md")


@accepted
def names_like_git_s_output_in_the_lane(clone: Clone) -> None:
    """Where paths are read as what they are, none of them can be taken for something else."""
    head = clone.head()
    names = (head, f"commit {head}", f":100644 100644 {head} {head} M\tapi", "diff --git a/api", "D\tapi")
    _commit(clone, *(f"docs/{name}" for name in names))


@rejected
def a_file_called_like_an_option(clone: Clone) -> None:
    """A path that is handed to a command as it is turns something off there."""
    _commit(clone, "--", "-n", "--quiet")


@rejected
def a_file_called_like_git_s_pattern_for_all(clone: Clone) -> None:
    """Handed to git as it is, `:(top)docs` means the folder, not this file."""
    _commit(clone, ":(top)docs")


@rejected
def a_file_called_like_git_s_pattern_for_what_is_left_out(clone: Clone) -> None:
    """Handed to git as it is, `:!top.txt` takes paths out of what is looked at."""
    _commit(clone, ":!top.txt")


@rejected
def a_file_called_like_a_star(clone: Clone) -> None:
    """A shell makes all files of it, those of the lane included."""
    _commit(clone, "*")


# -- Case, and other ways to write the same letters


@rejected
def the_folder_of_the_lane_with_a_capital_letter(clone: Clone) -> None:
    """Git tells Docs from docs, whatever the disk does."""
    _commit(clone, "Docs/a.md")


@rejected
def a_path_outside_with_a_capital_letter(clone: Clone) -> None:
    """On a disk that knows no case it is checked out over main's top.txt."""
    _commit(clone, "Top.txt")


@rejected
def the_manifest_with_capital_letters(clone: Clone) -> None:
    """On a disk that knows no case it is checked out over the manifest."""
    _commit(clone, ".Lanes.TOML")


@rejected
def a_folder_of_the_lane_written_otherwise(clone: Clone) -> None:
    """One é is a letter, the other an e with an accent, and macOS takes them for the same."""
    _lane(clone, "/caf\u00e9/")
    _commit(clone, "cafe\u0301/x.md")


@accepted
def a_folder_of_the_lane_beyond_ascii(clone: Clone) -> None:
    """The pattern is compared with the path's own bytes, not with what git prints in quotes."""
    _lane(clone, "/caf\u00e9/")
    _commit(clone, "caf\u00e9/x.md")


@rejected
def a_letter_that_looks_the_same(clone: Clone) -> None:
    """The o in this docs is a Greek one."""
    _commit(clone, "d\u03bfcs/x.md")


@rejected
def an_invisible_letter_in_the_folder_of_the_lane(clone: Clone) -> None:
    """HFS+ leaves it out, git does not."""
    _commit(clone, "do\u200ccs/x.md")


# -- Beside the lane


@rejected
def a_folder_that_begins_like_the_lane(clone: Clone) -> None:
    """A folder's name ends at the slash."""
    _commit(clone, "docsx/a.md")


@rejected
def a_folder_that_ends_like_the_lane(clone: Clone) -> None:
    """The pattern begins at the root."""
    _commit(clone, "xdocs/a.md")


@rejected
def a_folder_of_the_lane_s_name_further_down(clone: Clone) -> None:
    """A slash at its beginning ties the pattern to the root."""
    _commit(clone, "api/docs/a.md")


@rejected
def a_file_that_begins_like_the_lane(clone: Clone) -> None:
    """docs.md is no file of docs/."""
    _commit(clone, "docs.md")


@rejected
def the_folder_of_the_lane_as_a_file(clone: Clone) -> None:
    """A pattern with a slash at its end matches folders alone."""
    clone.git("rm", "-r", "--quiet", "docs")
    _commit(clone, "docs")


@rejected
def the_folder_of_the_lane_as_a_link(clone: Clone) -> None:
    """What is written below it from then on is written elsewhere."""
    clone.git("rm", "-r", "--quiet", "docs")
    _commit(clone, "docs", mode="120000")


@accepted
def the_folder_of_the_lane_as_a_submodule(clone: Clone) -> None:
    """A submodule counts as a folder, and so the lane covers it."""
    clone.git("rm", "-r", "--quiet", "docs")
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{clone.head()},docs")
    clone.git("commit", "--quiet", "--no-verify", "-m", "Change")


@accepted
def a_file_of_the_lane_becomes_a_folder(clone: Clone) -> None:
    """The file goes, a file below its name comes, and both are inside."""
    _commit(clone, "docs/a.md/deep/x")


@rejected
def a_file_outside_becomes_a_folder(clone: Clone) -> None:
    """The new file hides that the old one is gone."""
    _commit(clone, "top.txt/x")


@rejected
def a_folder_outside_becomes_a_file(clone: Clone) -> None:
    """The new file hides that all files of the folder are gone."""
    _commit(clone, "api")


@rejected
def the_manifest_becomes_a_folder(clone: Clone) -> None:
    """The manifest is gone, whatever is in the folder."""
    _lane(clone, "*.md")
    _commit(clone, ".lanes.toml/x.md")


@accepted
def another_file_of_the_manifest_s_name(clone: Clone) -> None:
    """The manifest is the one at the root; in a folder of the lane the name means nothing."""
    _commit(clone, "docs/.lanes.toml")


@accepted
def attributes_in_the_lane(clone: Clone) -> None:
    """They hold for the lane's own files."""
    clone.commit({"docs/.gitattributes": "* -diff\n", "docs/a.md": "changed\n"})


@rejected
def attributes_at_the_root(clone: Clone) -> None:
    """They would change what git shows of everybody's files."""
    clone.commit({".gitattributes": "* -diff\n"})


@rejected
def attributes_that_hide_a_change(clone: Clone) -> None:
    """Attributes change what git shows of a file, not what the commit holds."""
    clone.on_main({".gitattributes": "/top.txt -diff binary merge=ours filter=none export-ignore\n"})
    clone.commit({"top.txt": "evil\n"})


@rejected
def attributes_of_the_server(clone: Clone) -> None:
    """Whatever a server shows of its files, a change is a change."""
    clone.server.write({"info/attributes": "* -diff binary merge=ours\n"})
    clone.commit({"top.txt": "evil\n"})


@rejected
def files_that_are_ignored(clone: Clone) -> None:
    """What is ignored on main can still be committed."""
    clone.on_main({".gitignore": "*.log\n"})
    _commit(clone, "x.log")


@accepted
def ignored_files_in_the_lane(clone: Clone) -> None:
    """The manifest has the syntax of gitignore, and nothing else to do with it."""
    clone.on_main({".gitignore": "*.log\n"})
    _commit(clone, "docs/x.log")


# -- Length and number


@accepted
def a_path_of_six_thousand_bytes_in_the_lane(clone: Clone) -> None:
    """No file system takes it, git does."""
    _commit(clone, b"docs/" + LONG)


@rejected
def a_path_of_six_thousand_bytes_outside(clone: Clone) -> None:
    """Cut short, the path would be another one, or none."""
    _commit(clone, LONG)


@rejected
def a_path_outside_whose_end_is_in_the_lane(clone: Clone) -> None:
    """Only the beginning of a path says where it is."""
    _commit(clone, LONG + b"/docs/a.md")


@rejected
def one_path_outside_among_thousands(clone: Clone) -> None:
    """Every path counts, not the first of a long list."""
    _commit(clone, *(f"docs/{number}" for number in range(5000)), "api/x.py")


# -- Patterns


@accepted
def patterns_for_any_folder(clone: Clone) -> None:
    """Without a slash but at its end, a pattern holds at any depth."""
    _lane(clone, "*.md", "notes/")
    _commit(clone, "x.md", "api/deep/x.md", "api/notes/x", "x.md/below")


@rejected
def a_file_is_no_folder(clone: Clone) -> None:
    """A pattern with a slash at its end matches no file."""
    _lane(clone, "notes/")
    _commit(clone, "api/notes")


@rejected
def a_line_break_at_the_end_of_a_name(clone: Clone) -> None:
    """To a regular expression `$` is also the place before the last line break."""
    _lane(clone, "*.md")
    _commit(clone, "x.md\n")


@rejected
def a_star_stops_at_a_slash(clone: Clone) -> None:
    """`/api/*.py` is for that folder alone, while fnmatch's star takes any letter."""
    _lane(clone, "/api/*.py")
    _commit(clone, "api/generated/x.py")


@rejected
def a_class_takes_no_slash(clone: Clone) -> None:
    """`[!x]` is any letter but x and a slash."""
    _lane(clone, "/api[!x]generated")
    _commit(clone, "api/generated")


@rejected
def a_class_takes_one_byte(clone: Clone) -> None:
    """`?` is a byte, as git has it, and é is two."""
    _lane(clone, "/docs/?.md")
    _commit(clone, "docs/é.md")


@accepted
def the_last_pattern_decides(clone: Clone) -> None:
    """Taken out and put in again is in."""
    _lane(clone, "/docs/", "!/docs/private/", "/docs/private/mine.md")
    _commit(clone, "docs/private/mine.md")


@rejected
def a_folder_that_is_taken_out(clone: Clone) -> None:
    """Unlike in gitignore, a folder can be taken out of one that is in."""
    _lane(clone, "/docs/", "!/docs/private/")
    _commit(clone, "docs/private/x.md")


@rejected
def a_folder_that_is_taken_out_as_a_submodule(clone: Clone) -> None:
    """A submodule counts as a folder, when it is taken out as well."""
    _lane(clone, "/docs/", "!/docs/private/")
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{clone.head()},docs/private")
    clone.git("commit", "--quiet", "--no-verify", "-m", "Change")


@rejected
def a_path_that_another_lane_takes_out(clone: Clone) -> None:
    """Nobody's lane covers api/generated/, and that includes this one."""
    _commit(clone, "api/generated/x.py")
