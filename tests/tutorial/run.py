"""Follows docs/plugin-tutorial.md in an empty directory against an installed tree.

The build is installed below a temporary directory; pkg-config and the dynamic loader are pointed there. Then each block of
the page is used as a reader would: a block after a line that is only `name` becomes the file of that name, a `console`
block is run and its output compared (see tests/docs/console.py).

usage: run.py PAGE BUILD
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'docs'))
import console  # noqa: E402


def install(build, destination):
    """Installs the build below destination and returns the environment that uses it."""
    subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--quiet', '--destdir', str(destination)], check=True,
                   stdout=subprocess.DEVNULL)
    descriptions = list(destination.rglob('*.pc'))
    where, = {file.parent for file in descriptions}  # one directory, in which pkg-config looks
    for file in descriptions:  # the tree lies elsewhere than its prefix says
        file.write_text(re.sub(r'(?m)^prefix=', f'prefix={destination}', file.read_text()))
    library = next(destination.rglob('libhero-service-1.so')).parent
    programs = next(destination.rglob('hero_plugin_run')).parent
    return {'PKG_CONFIG_PATH': str(where),
            'LD_LIBRARY_PATH': str(library), 'PATH': f'{programs}:{os.environ["PATH"]}'}


def files(page):
    """(name, content) of each file that the page shows."""
    return re.findall(r'(?ms)^`([\w.-]+)`\n\n```\w+\n(.*?)^```$', page)


def main(page_path, build):
    page = pathlib.Path(page_path).read_text()
    top = pathlib.Path(tempfile.mkdtemp(prefix='ht', dir='/tmp'))
    shell = None
    try:
        settings = install(build, top / 'i')
        work = top / 'w'
        work.mkdir()
        os.environ['HERO_BUILD'] = str(build)
        shell = console.Shell(work)
        for name, value in settings.items():
            shell.run(f"export {name}='{value}'")
        shown = files(page)
        if len(shown) < 5:
            sys.exit(f'the page shows only {len(shown)} files')
        for name, content in shown:
            (work / name).write_text(content)
        for line, steps in console.blocks(page):
            for command, expected in steps:
                output, code = shell.run(command)
                if not console.pattern(expected).fullmatch(output):
                    log = work / 'log'
                    sys.exit(f'{page_path}:{line}: {command}\nexpected:\n' + '\n'.join(expected)
                             + f'\ngot (exit {code}):\n{output}\n' + (log.read_text() if log.exists() else ''))
    finally:
        if shell is not None:
            shell.close()
        shutil.rmtree(top, ignore_errors=True)


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2])
