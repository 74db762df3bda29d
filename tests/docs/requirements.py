"""The table of requirements in docs/testing.md against the tests that say which requirement they prove.

A test says so at the beginning of its docstring ("Row 5: ..", "Rows 6, 27: .."), a script in a comment line. Every requirement
has a test, and the table names all of them.

usage: requirements.py [--write] PAGE
"""
import ast
import collections
import pathlib
import re
import sys

import generated

TESTS = pathlib.Path(__file__).resolve().parent.parent
ROWS = re.compile(r'Rows? ((?:\d+(?:, | and ))*\d+)\b(?!\.\d)')
LINE = re.compile(r'\| (\d+) \| ([^|]+) \|.*')


def rows_of(text):
    match = ROWS.match(text or '')
    return map(int, re.findall(r'\d+', match[1])) if match else ()


def proofs():
    """{row: ['file::function', ..]}, in the order of files and functions."""
    found = collections.defaultdict(list)
    for path in sorted(TESTS.rglob('test_*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith('test_'):
                for row in rows_of(ast.get_docstring(node)):
                    found[row].append(f'{path.parent.name}/{path.name}::{node.name}')
    for path in sorted(TESTS.glob('*.sh')):
        for line in path.read_text().splitlines():
            for row in rows_of(line.removeprefix('# ')):
                found[row].append(path.name)
    return found


def main():
    write = '--write' in sys.argv
    page = [a for a in sys.argv[1:] if a != '--write'][0]
    found = proofs()
    lines, numbers = [], []
    for line in generated.split(pathlib.Path(page).read_text(), 'requirements')[1].splitlines():
        if match := LINE.match(line):
            number = int(match[1])
            numbers.append(number)
            line = f'| {number} | {match[2]} | {", ".join(f"`{name}`" for name in found[number])} |'
        lines.append(line)
    missing = [number for number in numbers if not found[number]]
    if numbers != list(range(1, len(numbers) + 1)) or missing or set(found) - set(numbers):
        print(f'rows of the table: {numbers}\nwithout a test: {missing}\nin no table: {sorted(set(found) - set(numbers))}')
        return 1
    return generated.check(page, 'requirements', '\n'.join(lines), write)


sys.exit(main())
