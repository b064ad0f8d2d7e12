# SPDX-License-Identifier: Apache-2.0
"""Nothing of one machine, one registry or one index is in the tree."""

import re

import pytest

from tests.architecture.source import PACKAGE, TESTS, python_files, relative, tracked_files

# Written in pieces, so that this file may be searched as well.
PRIVATE_PATHS = re.compile(r"(?<![\w.])/" + r"(?:work|root|home/\w+|Users/\w+|opt/xb)/")
REGISTRIES = re.compile(
    "|".join(
        "".join(pieces).replace(".", r"\.")
        for pieces in (
            ("pypi", ".org"),
            ("python", "hosted.org"),
            ("registry.npm", "js.org"),
            ("proxy.go", "lang.org"),
            ("sum.go", "lang.org"),
            ("crates", ".io"),
            ("repo1.ma", "ven.org"),
            ("deb.deb", "ian.org"),
        )
    )
)
BANNED_NAMES = {"utils", "helpers", "common", "misc", "manager", "types", "constants"}
FILES = tracked_files()


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Return where a pattern occurs, as ``path:line``."""
    found = []
    for path in FILES:
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # a binary file: nobody reads a path in it
        found += [
            f"{relative(path)}:{number}"
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    return found


def test_no_path_of_somebodys_machine():
    assert lines_with(PRIVATE_PATHS) == []


def test_no_host_of_a_package_registry():
    assert lines_with(REGISTRIES) == []


@pytest.mark.parametrize(
    "sample", ["/" + "work/main", "cd /" + "root/x", "/" + "home/jo/x", "'/" + "opt/xb/venv'"]
)
def test_the_search_for_paths_finds_them(sample):
    assert PRIVATE_PATHS.search(sample)


@pytest.mark.parametrize("sample", ["s3://b/work/x", "docs/home/index", "./root/x"])
def test_the_search_for_paths_leaves_others_alone(sample):
    assert not PRIVATE_PATHS.search(sample)


def test_every_python_file_names_its_licence():
    first = {relative(path): path.read_text().split("\n", 1)[0] for path in FILES if path.suffix == ".py"}
    assert [path for path, line in first.items() if line != "# SPDX-License-Identifier: Apache-2.0"] == []


def test_every_module_is_named_for_what_it_holds():
    named = {
        relative(path) for path in python_files(PACKAGE) + python_files(TESTS) if path.stem in BANNED_NAMES
    }
    folders = {relative(path) for path in PACKAGE.rglob("*") if path.is_dir() and path.name in BANNED_NAMES}
    assert named | folders == set()


def test_no_file_of_the_package_is_empty():
    assert [relative(path) for path in python_files(PACKAGE) if not path.read_text().strip()] == []
