"""hero_code as its clients see it: in a thread of the bundle, in a process of its own, and stand-alone."""
import base64
import hashlib
import json
import os
import pathlib
import subprocess
import time
import urllib.parse

import pytest

import hero

SERVICE = 'hero_code'
GIT_ENV = {'GIT_AUTHOR_NAME': 'A', 'GIT_AUTHOR_EMAIL': 'a@x', 'GIT_COMMITTER_NAME': 'C', 'GIT_COMMITTER_EMAIL': 'c@x',
           'GIT_CONFIG_NOSYSTEM': '1', 'PATH': os.environ['PATH']}
MAKE = '''set -e
mkdir -p github/octo/tool two/clean
cd github/octo/tool; git init -q -b main; mkdir src
printf 'int main (void)\\n{\\n  return needle;\\n}\\n' > src/main.c
printf '# Title <b>bold</b>\\n' > README.md; printf 'build/\\n' > .gitignore
git add .; git commit -qm first; echo more >> README.md; echo new > untracked
mkdir build; echo needle > build/ignored; printf 'needle\\0' > binary
ln -s /etc/passwd outside; ln -s ../../../../../../etc/passwd climb; ln -s .git/config inside; mkfifo pipe
cd ../../../two/clean; git init -q -b main; echo needle > f; git add .; git commit -qm one
'''


def shell(top, script):
    subprocess.run(['/bin/sh', '-c', script], cwd=top, check=True, env={**GIT_ENV, 'HOME': str(top)})


class Tree:
    """A coderoot in the home of a bundle, which is found without a key: ~/code."""

    def __init__(self, form, script=MAKE, **keys):
        others = {name: {'enabled': False} for name in hero.SERVICES}
        self.bundle = (hero.Bundle({SERVICE: keys}, name='hero_code_server') if form == 'alone' else
                       hero.Bundle({**others, SERVICE: {'isolation': form, **keys}}))
        self.root = self.bundle.home / 'code'
        if script is not None:
            self.root.mkdir()
            shell(self.root, script)

    def __enter__(self):
        self.bundle.__enter__().wait_ready()
        return self

    def __exit__(self, *args):
        self.bundle.__exit__(*args)

    def call(self, method, *args, **params):
        return self.bundle.rpc(SERVICE, method, list(args) or params)

    def fails(self, code_name, method, **params):
        with pytest.raises(hero.RpcError) as caught:
            self.call(method, **params)
        assert caught.value.data['code_name'] == code_name, caught.value.data
        return caught.value

    def editor(self, target, **more):
        status, headers, body = self.bundle.get(SERVICE, target, role='editor', **more)
        return status, headers, body


@pytest.fixture(params=['thread', 'process', 'alone'])
def tree(request):
    with Tree(request.param) as running:
        yield running


@pytest.fixture
def alone():
    with Tree('alone') as running:
        yield running


def test_repositories(tree):
    listed = tree.call('repo.list')
    assert [repo['id'] for repo in listed['items']] == ['github/octo/tool', 'two/clean'] and listed['total'] == 2
    tool = tree.call('repo.get', 'github/octo/tool')
    assert (tool['provider'], tool['account'], tool['name'], tool['branch']) == ('github', 'octo', 'tool', 'main')
    assert tool['has_changes'] and tool['error'] is None and tool['last_commit']['summary'] == 'first'
    assert [repo['id'] for repo in tree.call('repo.list', dirty=True, fresh=True)['items']] == ['github/octo/tool']
    assert [repo['id'] for repo in tree.call('repo.list', filter='CLEAN')['items']] == ['two/clean']
    tree.fails('repo_not_found', 'repo.get', repo='nope')
    tree.fails('invalid_params', 'repo.get', repo='../x')
    tree.fails('invalid_params', 'repo.list', path='a', url='b')


def test_status_is_gits(tree):
    status = tree.call('repo.status', 'github/octo/tool')
    ours = sorted((entry['x'] + entry['y'], entry['path']) for entry in status['items'])
    lines = subprocess.run(['git', 'status', '--porcelain=v2', '--no-renames', '--untracked-files=normal'], check=True,
                           cwd=tree.root / 'github/octo/tool', env={**GIT_ENV, 'HOME': str(tree.root)},
                           capture_output=True, text=True).stdout.splitlines()
    gits = sorted(('??', line[2:]) if line[0] == '?' else (line.split()[1], line.split(' ', 8)[8]) for line in lines)
    assert ours == gits and status['counts']['unstaged'] == 1
    assert tree.call('repo.status', 'two/clean')['items'] == []


def test_scan_finds_what_changes(tree):
    job = tree.call('repo.scan')['job']
    assert job['state'] == 'succeeded' and job['result']['found'] == 2
    shell(tree.root, 'git init -q late; rm -rf two')
    result = tree.call('repo.scan')['job']['result']
    assert result['added'] == ['late'] and result['removed'] == ['two/clean']
    assert tree.call('job.get', job['id'])['id'] == job['id']
    assert tree.call('job.wait', job['id'])['done']
    assert tree.call('job.list')['total'] == 2
    tree.fails('job_not_found', 'job.get', id='j-none')


def test_pages_of_a_list(alone):
    first = alone.call('repo.list', limit=1)
    second = alone.call('repo.list', limit=1, cursor=first['next_cursor'])
    assert [page['items'][0]['id'] for page in (first, second)] == ['github/octo/tool', 'two/clean']
    assert second['next_cursor'] is None
    alone.fails('cursor_expired', 'repo.list', cursor='nope.1')


def test_files(tree):
    entries = {entry['name']: entry for entry in tree.call('file.list', repo='github/octo/tool')['items']}
    assert '.git' not in entries and entries['src']['type'] == 'dir' and entries['outside']['type'] == 'symlink'
    assert entries['build']['ignored'] and entries['README.md']['git'] == '.M' and entries['pipe']['type'] == 'other'
    data = (tree.root / 'github/octo/tool/src/main.c').read_bytes()
    for address in ({'path': 'github/octo/tool/src/main.c'}, {'path': 'src/main.c', 'repo': 'github/octo/tool'}):
        read = tree.call('file.read', **address)
        assert (read['repo'], read['path']) == ('github/octo/tool', 'src/main.c')
        assert read['content'].encode() == data and read['version'] == hashlib.sha256(data).hexdigest()
    assert tree.call('file.read', path='README.md', repo='github/octo/tool', rev='HEAD')['content'].count('\n') == 1
    part = tree.call('file.read', path='src/main.c', repo='github/octo/tool', start_line=2, end_line=3)
    assert part['content'] == '{\n  return needle;\n' and part['version'] is None


def test_what_is_not_read(tree):
    at = {'repo': 'github/octo/tool'}
    assert tree.fails('path_forbidden', 'file.read', path='outside', **at).data['reason'] == 'escape'
    assert tree.fails('path_forbidden', 'file.read', path='climb', **at).data['reason'] == 'escape'
    for path in ('.git/config', '.GIT/config', 'inside'):
        assert tree.fails('path_forbidden', 'file.read', path=path, **at).data['reason'] == 'git_internal'
    for path in ('../x', '/etc/passwd', 'a/../../x', './x', 'a//b'):
        tree.fails('invalid_params', 'file.read', path=path, **at)
    tree.fails('not_a_file', 'file.read', path='pipe', **at)
    tree.fails('not_a_file', 'file.read', path='src', **at)
    tree.fails('is_binary', 'file.read', path='binary', **at)
    tree.fails('file_not_found', 'file.read', path='%2e%2e/x', **at)
    encoded = tree.call('file.read', path='binary', encoding='base64', **at)['content']
    assert base64.b64decode(encoded) == b'needle\0'


def test_huge_files(alone):
    """A file of 4 GiB in one line: refused whole, read in parts, skipped by the search; memory stays small."""
    path = alone.root / 'two/clean/huge'
    with open(path, 'wb') as file:
        file.truncate(4 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b'end')
    at = {'path': 'huge', 'repo': 'two/clean'}
    assert alone.fails('too_large', 'file.read', **at).data['size'] == (4 << 30) + 3
    assert alone.call('file.read', offset=4 << 30, length=10, **at)['content'] == 'end'
    line = alone.call('file.read', start_line=1, encoding='base64', **at)
    assert line['truncated'] and len(base64.b64decode(line['content'])) == 4 << 20
    assert alone.call('search.code', pattern='needle')['stats']['skipped']['too_large'] == 1
    status = pathlib.Path(f'/proc/{alone.bundle.pid}/status').read_text()
    peak = next(int(text.split()[1]) for text in status.splitlines() if text.startswith('VmHWM'))
    assert 'ASAN_OPTIONS' in os.environ or peak < 256 * 1024


def test_names_that_are_no_text(alone):
    name = b'caf\xe9'
    (pathlib.Path(os.fsdecode(bytes(alone.root / 'two/clean') + b'/' + name))).write_text('found')
    entry = next(e for e in alone.call('file.list', repo='two/clean')['items'] if 'path_b64' in e)
    assert base64.b64decode(entry['path_b64']) == name and entry['name'] == 'caf�'
    assert alone.call('file.read', repo='two/clean', path_b64=entry['path_b64'])['content'] == 'found'


def test_search(tree):
    found = tree.call('search.code', pattern='needle')
    assert [(f['repo'], f['path']) for f in found['files']] == [('github/octo/tool', 'src/main.c'), ('two/clean', 'f')]
    match = found['files'][0]['matches'][0]
    assert (match['line'], match['column'], match['preview'], match['ranges']) == (3, 10, '  return needle;', [[9, 15]])
    assert found['stats']['skipped']['binary'] == 1 and not found['truncated']
    assert tree.call('search.code', pattern='Needle')['files'] == []
    assert tree.call('search.code', pattern='NEEDLE', case='insensitive', repos=['two/clean'])['total_files'] == 1
    assert tree.call('search.code', pattern='eedle', word=True)['files'] == []
    assert tree.call('search.code', pattern='needle', repos={'dirty': True}, ignored=True)['total_files'] == 2
    page = tree.call('search.code', pattern='needle', limit=1)
    rest = tree.call('search.code', pattern='needle', limit=1, cursor=page['next_cursor'])
    assert rest['files'][0]['repo'] == 'two/clean' and rest['next_cursor'] is None
    tree.fails('bad_pattern', 'search.code', pattern='')
    tree.fails('bad_pattern', 'search.code', pattern='a\nb')
    tree.fails('repo_not_found', 'search.code', pattern='x', repos=['nope'])
    tree.fails('invalid_params', 'search.code', pattern='x', globs=['*.c'])
    tree.fails('invalid_params', 'search.code', pattern='x', kind='regex')


def test_others_are_served_during_a_long_search():
    """A search through much, cancelled by its client, and /health meanwhile."""
    script = 'git init -q r; cd r; yes "some line of text to look through" | head -c 2000000 > f; ' \
             'for i in $(seq 1 150); do cp f f$i; done'
    with Tree('alone', script) as tree:
        connection = hero.UnixConnection(tree.bundle.path(SERVICE))
        body = json.dumps({'jsonrpc': '2.0', 'id': 1, 'method': 'search.code',
                           'params': {'pattern': 'TEXT', 'case': 'insensitive', 'max_matches_per_file': 1}})
        connection.request('POST', '/rpc', body, {'Content-Type': 'application/json'})
        began = time.monotonic()
        assert tree.bundle.get_json(SERVICE, '/health')['status'] == 'ok'
        assert time.monotonic() - began < 5
        connection.close()
        assert tree.call('search.code', pattern='nowhere to be found')['files'] == []


def test_coderoot_missing():
    with Tree('alone', None) as tree:
        tree.fails('coderoot_missing', 'repo.list')
        tree.fails('coderoot_missing', 'file.list', path='')
        tree.fails('coderoot_missing', 'search.code', pattern='x')
        health = tree.bundle.get_json(SERVICE, '/health')
        assert health['status'] == 'ok' and any(str(tree.root) in text for text in health['warnings'])
        tree.root.mkdir()
        shell(tree.root, 'git init -q r')
        assert [repo['id'] for repo in tree.call('repo.list')['items']] == ['r']


def test_coderoot_key_beats_environment(tmp_path):
    for name in ('key', 'variable'):
        (tmp_path / name).mkdir()
        shell(tmp_path / name, f'git init -q {name}')
    for keys, wanted in (({'coderoot': str(tmp_path / 'key')}, 'key'), ({}, 'variable')):
        with hero.Bundle({SERVICE: keys}, name='hero_code_server', env={'CODEROOT': str(tmp_path / 'variable')}) as bundle:
            bundle.wait_ready()
            assert [repo['id'] for repo in bundle.rpc(SERVICE, 'repo.list')['items']] == [wanted]


def test_broken_repositories_stay_listed():
    script = 'git init -q --object-format=sha256 sha; echo x > sha/f; mkdir bad bad/.git; git init -q wt; ' \
             'git -C wt config core.worktree /etc; git init -q good; echo x > good/f'
    with Tree('alone', script) as tree:
        tree.call('repo.scan')
        errors = {repo['id']: (repo['error'] or {}).get('code_name') for repo in tree.call('repo.list')['items']}
        assert errors == {'bad': 'repo_not_found', 'good': None, 'sha': 'repo_unsupported', 'wt': 'repo_unsafe'}
        tree.fails('repo_unsafe', 'repo.status', repo='wt')
        assert tree.call('file.read', path='sha/f')['content'] == 'x\n'
        found = tree.call('search.code', pattern='x')
        assert [file['repo'] for file in found['files']] == ['good']
        assert {entry['repo'] for entry in found['stats']['incomplete']} == {'bad', 'sha', 'wt'}


def test_nothing_is_changed_or_started():
    """All reads over a repository whose every hook, filter and helper leaves a mark."""
    script = '''git init -q r; cd r; echo 1 > f; echo '* filter=evil diff=evil' > .gitattributes; git add .; git commit -qm x
T="touch $HOME/marker"
for key in filter.evil.clean filter.evil.smudge filter.evil.process core.fsmonitor core.pager core.sshCommand \
  diff.evil.textconv diff.external credential.helper gpg.program; do git config $key "$T"; done
for h in post-checkout pre-commit post-index-change; do printf "#!/bin/sh\\n$T\\n" > .git/hooks/$h; chmod +x .git/hooks/$h; done
echo 2 > f; touch "$HOME/stamp"; sleep 0.02'''
    with Tree('alone', script) as tree:
        repo = tree.call('repo.get', 'r')
        assert 'hook:pre-commit' in repo['local_commands'] and 'core.fsmonitor' in repo['local_commands']
        status = tree.call('repo.status', 'r')['items']
        assert [(entry['path'], entry.get('uncertain')) for entry in status] == [('f', True)]
        tree.call('file.list', repo='r')
        tree.call('search.code', pattern='2')
        tree.editor('/?repo=r&path=f')
        assert not (tree.root / 'marker').exists()
        newer = subprocess.run(['find', '.', '-newer', 'stamp'], cwd=tree.root, capture_output=True, text=True, check=True)
        assert newer.stdout == ''


def test_editor(tree):
    at = 'repo=github/octo/tool&path='
    for target, part in [('/', b'two/clean'), (f'/?{at}', b'README.md'), (f'/?{at}README.md', b'&lt;b&gt;bold&lt;/b&gt;'),
                         (f'/?{at}src/main.c', b'return needle;'), (f'/?{at}binary', b'is binary')]:
        status, headers, body = tree.editor(target)
        assert status == 200 and part in body and b'<b>bold' not in body, target
        assert "default-src 'self'" in headers['Content-Security-Policy'] and headers['Cache-Control'] == 'no-store'
    assert tree.editor(f'/?{at}none')[0] == 404 and tree.editor(f'/?{at}outside')[0] == 403
    body = tree.editor('/', headers={'X-Forwarded-Prefix': '/hero_code/editor'})[2]
    assert b'href="/hero_code/editor/static/editor.css"' in body
    assert tree.editor('/static/editor.js')[0] == 200 and tree.editor('/static/shared/shell.css')[0] == 200
    assert hero.request(tree.bundle.path(SERVICE, 'editor'), 'POST', '/rpc', '{}', {'Content-Type': 'application/json'})[0] == 404
    manifest = json.loads(tree.editor('/.well-known/heroservice.json')[2])
    assert (manifest['protocol'], manifest['socket']) == ('ui', 'editor')


def test_editor_routes(tree):
    at = 'repo=github/octo/tool&path='
    config = json.loads(tree.editor('/api/config')[2])
    assert config['read_only'] and config['max_file_bytes'] == 8388608
    assert json.loads(tree.editor('/api/repos')[2])['total'] == 2
    assert json.loads(tree.editor(f'/api/tree?{at}src')[2])['items'][0]['path'] == 'src/main.c'
    status, headers, body = tree.editor(f'/api/file?{at}src/main.c')
    assert status == 200 and headers['ETag'] == f'"{json.loads(body)["version"]}"'
    assert tree.editor(f'/api/file?{at}src/main.c', headers={'If-None-Match': headers['ETag']})[0] == 304
    status, headers, body = tree.editor(f'/api/raw?{at}README.md')
    assert body == (tree.root / 'github/octo/tool/README.md').read_bytes()
    assert headers['X-Content-Type-Options'] == 'nosniff' and headers['Content-Disposition'] == 'attachment'
    assert json.loads(tree.editor('/api/status?repo=two/clean')[2])['items'] == []
    assert json.loads(tree.editor('/api/search?pattern=needle')[2])['total_files'] == 2
    for target, status, name in [(f'/api/file?{at}none', 404, 'file_not_found'), (f'/api/file?{at}outside', 403, 'path_forbidden'),
                                 (f'/api/file?{at}binary', 422, 'is_binary'),
                                 ('/api/tree?path=' + urllib.parse.quote('../x', safe=''), 400, 'invalid_params')]:
        answer = tree.editor(target)
        assert answer[0] == status and json.loads(answer[2])['code_name'] == name, target
    assert tree.editor('/api/search')[0] == 400 and tree.editor('/api/nope')[0] == 404


def test_pages(tree):
    for target, part in [('/', b'Hero Code'), ('/repos', b'github/octo/tool'), ('/repos/github/octo/tool', b'untracked'),
                         ('/search?q=needle', b'return needle;'), ('/search?q=needle&repo=clean', b'two/clean'),
                         ('/jobs', b'No job yet')]:
        status, headers, body = tree.bundle.get(SERVICE, target, role='admin')
        assert status == 200 and headers['Content-Type'].startswith('text/html') and part in body, target
    assert tree.bundle.get(SERVICE, '/repos/none', role='admin')[0] == 404


def test_document(tree):
    document = tree.bundle.get_json(SERVICE, '/openrpc.json')
    assert document['info']['title'] == 'Hero Code' and document['openrpc'] == '1.2.6'
    names = {method['name'] for method in document['methods']}
    assert {'repo.list', 'repo.get', 'repo.scan', 'repo.status', 'file.list', 'file.read', 'search.code'} <= names
    assert 'repo.clone' not in names
    with pytest.raises(hero.RpcError) as caught:
        tree.call('repo.clone', url='x')
    assert caught.value.code == -32601
    assert tree.call('repo.info', 'two/clean')['id'] == 'two/clean'
