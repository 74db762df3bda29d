"""docs/configuration.md against the key tables of the host and of every plugin.

usage: configuration.py [--write] DESCRIBE PLUGIN_DIR PAGE
"""
import pathlib
import subprocess
import sys

import generated

ORDER = ['hero_mycelium', 'hero_db', 'hero_indexer', 'hero_code', 'hero_proc', 'hero_router']


def main():
    write = '--write' in sys.argv
    describe, plugins, page = [a for a in sys.argv[1:] if a != '--write']
    files = {p.stem: p for p in pathlib.Path(plugins).glob('*/*.so')}
    missing = [name for name in ORDER if name not in files]
    if missing:
        print(f'not built, so nothing can be said about their keys: {" ".join(missing)}')
        return 77
    text = subprocess.run([describe, *(str(files[name]) for name in ORDER)], check=True, capture_output=True, text=True)
    return generated.check(page, 'keys', text.stdout, write)


sys.exit(main())
