"""Keeps what is generated in a page of docs/ equal to what the code says.

The generated part stands between two comment lines, `<!-- begin NAME -->` and `<!-- end NAME -->`.
"""
import difflib
import pathlib
import re
import sys


def split(page, name):
    """The text before, between and after the marks."""
    match = re.search(rf'(?s)\A(.*<!-- begin {name} -->\n)(.*)(<!-- end {name} -->\n.*)\Z', page)
    if match is None:
        sys.exit(f'no part {name!r} in the page')
    return match.groups()


def check(path, name, text, write):
    """Compares (or, with `write`, replaces) a part; the exit code."""
    path = pathlib.Path(path)
    before, found, after = split(path.read_text(), name)
    wanted = '\n' + text.strip('\n') + '\n\n'
    if write:
        path.write_text(before + wanted + after)
        return 0
    if found == wanted:
        return 0
    sys.stdout.writelines(line + '\n' for line in difflib.unified_diff(
        found.splitlines(), wanted.splitlines(), str(path), 'what the code says', lineterm=''))
    print(f'\n{path} is behind the code; run: ninja -C build update-docs')
    return 1
