"""Runs the commands that a page of docs/ shows.

Every block fenced as `console` is run: lines that begin with "$ " (and their "> " continuations) are given to one bash, in
order, all blocks of a page in the same shell; the lines between are the output that must appear. `...` in an expected line
stands for any text, a line of only `...` for any lines. What needs root, a service manager or a debugger stands in `text`
blocks and is not run.

usage: console.py PAGE..       (the build tree comes by HERO_BUILD)
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

TIMEOUT_S = 120
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def blocks(page):
    """(line number, commands with their expected output) of each console block."""
    for match in re.finditer(r'(?ms)^```console\n(.*?)^```$', page):
        line = page.count('\n', 0, match.start()) + 2
        steps = []
        for text in match.group(1).splitlines():
            if text.startswith('$ '):
                steps.append([text[2:], []])
            elif text.startswith('> ') and steps and not steps[-1][1]:
                steps[-1][0] += '\n' + text[2:]
            elif steps:
                steps[-1][1].append(text)
            else:
                sys.exit(f'line {line}: a console block must begin with "$ "')
        yield line, steps


def pattern(lines):
    parts = []
    for text in lines:
        if text.strip() == '...':
            parts.append(r'(?:.*\n)*?')
        else:
            parts.append('.*?'.join(re.escape(p) for p in text.split('...')) + r'[ \t]*\n')
    return re.compile(''.join(parts) + r'\Z')


def environment(home):
    build = pathlib.Path(os.environ['HERO_BUILD'])
    return {'PATH': f'{build}/host:{os.environ["PATH"]}', 'HOME': str(home), 'USER': 'hero', 'LANG': 'C.UTF-8',
            'HERO_BUILD': str(build), 'HERO_SOURCE': str(ROOT)}


class Shell:
    """One bash for a page. After each command a line with its exit code marks the end of its output."""

    MARK = '==end-of-command=='

    def __init__(self, home):
        self.process = subprocess.Popen(['bash', '--norc', '-s'], cwd=home, env=environment(home), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)

    def run(self, command):
        self.process.stdin.write(f'{command}\necho "{self.MARK} $?"\n')
        self.process.stdin.flush()
        output = []
        for line in self.process.stdout:
            if self.MARK in line:
                before, _, code = line.rpartition(self.MARK)
                return ''.join(output) + (before + '\n' if before else ''), int(code)
            output.append(line)
        return ''.join(output), -1

    def close(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass


def run_page(path):
    failures = 0
    count = 0
    home = pathlib.Path(tempfile.mkdtemp(prefix='hd', dir='/tmp'))
    shell = Shell(home)
    signal.alarm(TIMEOUT_S)
    try:
        for line, steps in blocks(path.read_text()):
            for command, expected in steps:
                output, code = shell.run(command)
                count += 1
                good = code == 0 and (not expected or pattern(expected).fullmatch(output))
                print(f'{"ok" if good else "not ok"} {path.name}:{line} $ {command}')
                if not good:
                    failures += 1
                    print(f'  exit code {code}, output:\n{output}\n  expected:\n' + '\n'.join(expected))
                    return count, failures
    finally:
        signal.alarm(0)
        shell.close()
        shutil.rmtree(home, ignore_errors=True)
    return count, failures


def main():
    pages = [pathlib.Path(p) for p in sys.argv[1:]]
    results = [run_page(page) for page in pages]
    print(f'{sum(n for n, _ in results)} commands of {len(pages)} pages')
    return 1 if any(failures for _, failures in results) else 0


if __name__ == '__main__':
    sys.exit(main())
