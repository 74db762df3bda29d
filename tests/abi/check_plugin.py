#!/usr/bin/env python3
"""Checks built plugin files: one exported symbol, no forbidden import, never unloaded.

check_plugin.py FORBIDDEN FILE_OR_DIR..      all must pass; a directory stands for every .so below it
check_plugin.py --refuse WORD FORBIDDEN FILE  the file must fail, with WORD in the reason
"""
import fnmatch
import pathlib
import subprocess
import sys

ENTRY = "hero_service_describe_v1"


def symbols(path, *options):
    lines = subprocess.run(["nm", "-D", *options, str(path)], check=True, capture_output=True, text=True).stdout
    return [line.split()[-1].split("@")[0] for line in lines.splitlines()]


def flaws(path, forbidden):
    exported = symbols(path, "--defined-only")
    if exported != [ENTRY]:
        yield f"exports {' '.join(exported) or 'nothing'}, expected {ENTRY} alone"
    for name in symbols(path, "--undefined-only"):
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in forbidden):
            yield f"imports {name}, which plugins may not use"
    dynamic = subprocess.run(["readelf", "-d", str(path)], check=True, capture_output=True, text=True).stdout
    if "NODELETE" not in dynamic:
        yield "lacks NODELETE: link it with -Wl,-z,nodelete"


def main(args):
    refuse = None
    if args[0] == "--refuse":
        refuse, args = args[1], args[2:]
    lines = pathlib.Path(args[0]).read_text().splitlines()
    forbidden = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    files = []
    for name in args[1:]:
        path = pathlib.Path(name)
        files += sorted(path.rglob("*.so")) if path.is_dir() else [path]

    found = {path: list(flaws(path, forbidden)) for path in files}
    for path, texts in found.items():
        for text in texts:
            print(f"{path}: {text}")
    print(f"{len(files)} plugin files checked")
    if refuse is not None:
        return 0 if any(refuse in text for texts in found.values() for text in texts) else 1
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
