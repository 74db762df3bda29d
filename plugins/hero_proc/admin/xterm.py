"""Makes xterm.js and xterm.css for the Terminal tab out of an installed xterm: xterm.py FOLDER JS CSS.

FOLDER is laid out as the npm package (lib/xterm.js is there, css/xterm.css) or as Debian's node-xterm: modules below
lib/public/Terminal.js, which are put into one file, and a style sheet in libjs-xterm.
"""
import pathlib
import re
import shutil
import sys

DEBIAN_CSS = pathlib.Path('/usr/share/javascript/xterm/xterm.css')


def without_map(file):
    return re.sub(r'^//# sourceMappingURL=.*$', '', file.read_text(encoding='utf-8'), flags=re.M)


def collect(file, root, modules):
    """Modules by name, each with the names of what it requires made absolute."""
    name = str(file.relative_to(root))
    if name in modules:
        return name
    modules[name] = ''  # they may require each other
    modules[name] = re.sub(r'\brequire\("(\.[^"]+)"\)', lambda match: 'require("%s")' % collect(
        (file.parent / (match[1] + '.js')).resolve(), root, modules), without_map(file))
    return name


def bundle(main):
    root, modules = main.parent.parent.resolve(), {}
    name = collect(main.resolve(), root, modules)
    parts = ['  "%s": function (exports, require, module) {\n%s\n  }' % pair for pair in sorted(modules.items())]
    return ("'use strict';\nconst Terminal = (function () {\n  const loaded = {}, modules = {\n" + ',\n'.join(parts) + '\n  };\n'
            '  function require (name) {\n    if (!(name in loaded)) {\n      const module = loaded[name] = { exports: {} };\n'
            '      modules[name](module.exports, require, module);\n    }\n    return loaded[name].exports;\n  }\n'
            '  return require("%s").Terminal;\n})();\n' % name)


def main(folder, js, css):
    folder = pathlib.Path(folder)
    modules = folder / 'lib' / 'public' / 'Terminal.js'
    if modules.exists():
        text = bundle(modules)
    else:
        text = without_map(folder / 'lib' / 'xterm.js')
    pathlib.Path(js).write_text(text, encoding='utf-8')
    shutil.copyfile(DEBIAN_CSS if modules.exists() else folder / 'css' / 'xterm.css', css)


main(*sys.argv[1:])
