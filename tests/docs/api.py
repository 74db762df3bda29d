"""docs/api.md against the OpenRPC documents that the running services give.

usage: api.py [--write] PAGE        (the build tree comes by HERO_BUILD)
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))

import generated  # noqa: E402
import hero  # noqa: E402


def type_of(schema):
    if '$ref' in schema:
        return schema['$ref'].rpartition('/')[2]
    kind = schema.get('type', 'any')
    if isinstance(kind, list):
        kind = ' or '.join(kind)
    if kind == 'array':
        return f'array of {type_of(schema.get("items", {}))}'
    if 'enum' in schema:
        return ', '.join(f'`{word}`' for word in schema['enum'])
    return kind


def cell(text):
    return (text or '').replace('|', '\\|').replace('<', '&lt;').replace('\n', ' ')


def describe_method(method):
    words = [f'{p["name"]}{"" if p.get("required") else "?"}: {type_of(p["schema"])}' for p in method['params']]
    errors = ', '.join(str(e['code']) for e in method.get('errors', []))
    result = method['result']
    return (f'| `{method["name"]}` | {cell(", ".join(words))} | {cell(type_of(result["schema"]))} | {errors} '
            f'| {cell(method.get("summary") or method.get("description"))} |')


def describe(service, document):
    yield f'### {service}'
    yield ''
    yield document['info'].get('description', '')
    yield ''
    yield '| method | parameters | result | errors | what it does |'
    yield '|---|---|---|---|---|'
    for method in sorted(document['methods'], key=lambda m: m['name']):
        yield describe_method(method)
    yield ''


def main():
    write = '--write' in sys.argv
    page = [a for a in sys.argv[1:] if a != '--write'][0]
    lines = []
    with hero.Bundle() as bundle:
        bundle.wait_ready()
        for service in [*hero.SERVICES, 'hero_bundle']:
            lines += describe(service, bundle.get_json(service, '/openrpc.json'))
    return generated.check(page, 'methods', '\n'.join(lines), write)


sys.exit(main())
