"""hero_bundle.toml and the environment from outside (conventions 2.1 and 13; rows 17, 22, 24, 25, 26 and 42)."""
import grp
import os
import pathlib
import socket
import stat
import subprocess

import pytest

import hero


def check(text, path=None, env=None):
    """(exit code, standard error) of a bundle that is only to read its configuration."""
    bundle = hero.Bundle(text=text, env=env)
    try:
        result = subprocess.run([hero.program('hero_bundle'), '--config', str(path or bundle.config), '--info'],
                                capture_output=True, text=True, env=bundle.env, timeout=hero.WAIT_S)
        return result.returncode, result.stderr.replace(str(bundle.config), 'FILE')
    finally:
        bundle.__exit__(None, None, None)


def test_default_path_and_explicit_path():
    """Row 22: the file below HOME is used; an explicit one wins."""
    with hero.Bundle(hero.template(), args=()) as explicit:
        explicit.wait_ready()
        assert explicit.stop() == 0

    bundle = hero.Bundle(False)
    folder = bundle.home / 'hero' / 'cfg'
    folder.mkdir(parents=True)
    (folder / 'hero_bundle.toml').write_text(hero.toml(hero.template()))
    with bundle:
        bundle.wait_ready()
        assert f'  config   {folder}/hero_bundle.toml\n' in bundle.out
        assert bundle.get('template', '/health')[0] == 200
        assert bundle.stop() == 0

    bundle = hero.Bundle(hero.template({'': {'banner': True}}))
    folder = bundle.home / 'hero' / 'cfg'
    folder.mkdir(parents=True)
    (folder / 'hero_bundle.toml').write_text('this is not toml')
    with bundle:
        bundle.wait_ready()
        assert f'  config   {bundle.config}\n' in bundle.out


def test_absent_explicit_file_is_one_warning():
    code, text = check('', path='/nonexistent/c.toml')
    assert code == 0
    assert text == '/nonexistent/c.toml: warning: the file does not exist; defaults are used\n'


@pytest.mark.parametrize('text, expected', [
    ('[host]\nstager_ms = 1\n', 'FILE:2:1: warning: unknown key "stager_ms" in [host]; did you mean "stagger_ms"?\n'),
    ('[hero_prox]\n', 'FILE:1:2: warning: unknown table [hero_prox] without the key "plugin"; did you mean "hero_proc"?\n'),
])
def test_warnings(text, expected):
    assert check(text) == (0, expected)


@pytest.mark.parametrize('text, expected', [
    ('[hero_router]\nport = "x"\n', 'FILE:2:8: error: [hero_router] port: expected integer 0..65535, found string\n'),
    ('a = \n', "FILE:1:5: error: key-value pair: expected value, saw '\\n'\n"),
    ('[mycelium]\n[hero_mycelium]\n',
     'FILE:2:2: error: [hero_mycelium] and [mycelium] in line 1 are two names of one service; keep one table\n'),
    ('[mycelium]\nisolation = "process"\n', 'FILE:2:13: error: [mycelium] isolation: expected "thread", found "process": '
     'the message bus lives in the host\'s own process\n'),
])
def test_errors_start_nothing(text, expected):
    assert check(text) == (2, expected)
    with hero.Bundle(text=text) as bundle:
        assert bundle.process.wait(hero.WAIT_S) == 2
        assert bundle.out == ''
        assert bundle.err.replace(str(bundle.config), 'FILE') == expected
        assert not bundle.sockets.exists() and not bundle.data.exists()


def test_all_diagnostics_at_once():
    code, text = check('banner = 1\nx = 2\n[hero_db]\nenabled = 3\nprot = 4\n[hero_proc]\nrestart = "sometimes"\n')
    assert code == 2
    lines = text.splitlines()
    assert [line.split(':')[1] for line in lines] == ['1', '2', '4', '5', '7']
    assert [line.split(':')[3].strip() for line in lines] == ['error', 'warning', 'error', 'warning', 'error']


@pytest.mark.parametrize('kind', ['directory', 'unreadable', 'world-writable', 'world-writable directory'])
def test_files_that_are_refused(kind, tmp_path):
    top = hero.Bundle(False)
    try:
        folder = top.home / 'cfg'
        folder.mkdir()
        file = folder / 'c.toml'
        file.write_text('')
        command = [hero.program('hero_bundle'), '--config', str(file), '--info']
        if kind == 'directory':
            command[2] = str(folder)
        elif kind == 'unreadable':
            file.chmod(0)
            if os.geteuid() == 0:
                for path in (top.top, top.home, folder):
                    path.chmod(0o755)
                os.chown(file, 0, 0)
                command = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', *command]
        elif kind == 'world-writable':
            file.chmod(0o602)
        else:
            folder.chmod(0o777)
        result = subprocess.run(command, capture_output=True, text=True, env=top.env, timeout=hero.WAIT_S)
        assert result.returncode == 2
        assert ': error: ' in result.stderr
    finally:
        top.__exit__(None, None, None)


@pytest.mark.parametrize('env, winner', [
    ({'HERO_SOCKET_DIR': '@a', 'PATH_SOCKET': '@b', 'PATH_SOCKETS': '@c'}, ('@a', 'HERO_SOCKET_DIR')),
    ({'HERO_SOCKET_DIR': '', 'PATH_SOCKET': '@b', 'PATH_SOCKETS': '@c'}, ('@b', 'PATH_SOCKET')),
    ({'HERO_SOCKET_DIR': None, 'PATH_SOCKETS': '~/c'}, ('~/c', 'PATH_SOCKETS')),
    ({'HERO_SOCKET_DIR': None}, ('~/hero/var/sockets', 'default')),
])
def test_socket_root_from_the_environment(env, winner):
    """Row 17 and 2.1: the first that is set and not empty."""
    bundle = hero.Bundle(hero.template())
    bundle.env = {k: v for k, v in bundle.env.items() if k not in env}
    bundle.env.update({k: v.replace('@', f'{bundle.top}/') for k, v in env.items() if v is not None})
    root = pathlib.Path(winner[0].replace('@', f'{bundle.top}/').replace('~', str(bundle.home)))
    with bundle:
        bundle.wait_ready()
        assert hero.request(root / 'template' / 'rpc.sock', 'GET', '/health')[0] == 200
        assert f'  sockets  {root} ({winner[1]})\n' in bundle.out
        assert len([line for line in bundle.out.splitlines() if str(root) in line and 'INFO' in line]) == 1


def test_file_beats_environment():
    """Row 26: `~` is the home directory."""
    bundle = hero.Bundle(hero.template())
    bundle.config.write_text(hero.toml(hero.template({'': {'socket_dir': '~/x'}})))
    with bundle:
        bundle.wait_ready()
        assert hero.request(bundle.home / 'x' / 'template' / 'rpc.sock', 'GET', '/health')[0] == 200
        assert not bundle.sockets.exists()
        assert f'  sockets  {bundle.home}/x (config)\n' in bundle.out


def test_everything_moves_with_two_keys():
    """Row 42: nothing is written outside socket_dir and data_dir."""
    bundle = hero.Bundle(env={'HERO_SOCKET_DIR': None, 'PATH_VAR': None})
    tables = {'': {'socket_dir': str(bundle.sockets), 'data_dir': str(bundle.data)}, **hero.PORTS}
    bundle.config.write_text(hero.toml(tables))
    with bundle:
        bundle.wait_ready()
        assert bundle.stop() == 0
        assert list(bundle.home.rglob('*')) == []
        assert {path.name for path in bundle.top.iterdir()} == {'h', 's', 'v', 'c.toml', 'out', 'err'}


def test_socket_directories():
    """Row 24: what has no leading dot are the sockets of section 1, and the host's."""
    expected = {**{service: {'rpc.sock', 'admin.sock'} for service in [*hero.SERVICES, 'hero_bundle']},
                'hero_db': {'rpc.sock', 'admin.sock', 'resp.sock'}, 'hero_code': {'rpc.sock', 'admin.sock', 'editor.sock'}}
    with hero.Bundle() as bundle:
        bundle.wait_ready()
        found = {folder.name: {file.name for file in folder.iterdir() if not file.name.startswith('.')}
                 for folder in bundle.sockets.iterdir() if not folder.name.startswith('.')}
        assert found == expected
        assert stat.S_IMODE(bundle.sockets.stat().st_mode) == 0o755
        for folder in bundle.sockets.iterdir():
            assert stat.S_IMODE(folder.stat().st_mode) == 0o755
            for file in folder.glob('*.sock'):
                assert stat.S_IMODE(file.lstat().st_mode) == 0o600


def test_empty_file_starts_all():
    """Row 25."""
    bundle = hero.Bundle(False, env={'PATH_VAR': None})
    (bundle.home / 'hero' / 'cfg').mkdir(parents=True)
    file = bundle.home / 'hero' / 'cfg' / 'hero_bundle.toml'
    file.write_text('')
    with bundle:
        bundle.wait_ready()
        for service in hero.SERVICES:
            assert bundle.get(service, '/health')[0] == 200
        assert bundle.stop() == 0


def test_keys_of_services():
    """Row 25: the records of hero_proc, the port of hero_router and the code of hero_code are where the file says."""
    bundle = hero.Bundle()
    code = bundle.home / 'sources'
    subprocess.run(['git', 'init', '-q', code / 'here'], check=True)
    with socket.socket() as taken:  # to learn a port that is free
        taken.bind(('127.0.0.1', 0))
        port = taken.getsockname()[1]
    tables = {**hero.PORTS, 'hero_code': {'coderoot': '~/sources'}, 'hero_proc': {'db_path': '~/records/proc.mdb'},
              'hero_router': {'port': port}}
    bundle.config.write_text(hero.toml(tables))
    with bundle:
        bundle.wait_ready()
        assert [repo['id'] for repo in bundle.rpc('hero_code', 'repo.list')['items']] == ['here']
        bundle.rpc('hero_proc', 'service.set', {'name': 'web', 'exec': 'true'})
        assert (bundle.home / 'records' / 'proc.mdb').is_file()
        with socket.create_connection(('127.0.0.1', port), hero.WAIT_S) as client:
            client.sendall(f'GET /health HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n'.encode())
            assert client.recv(64).startswith(b'HTTP/1.1 200 ')

        keys = {(key['table'], key['key']): key for key in bundle.rpc('hero_bundle', 'host.config')['keys']}
        assert keys['hero_code', 'coderoot']['value'] == f'"{code}"'
        assert keys['hero_code', 'coderoot']['source'] == 'file'
        assert keys['hero_db', 'port']['value'] == '0'
        assert keys['hero_db', 'port']['line'] == bundle.config.read_text().splitlines().index('port = 0') + 1
        assert keys['host', 'socket_dir']['source'] == 'environment'
        default = keys['host', 'stagger_ms']
        assert (default['value'], default['source'], default['line']) == ('200', 'default', None)


def test_a_long_socket_directory_is_told_before_anything_starts():
    bundle = hero.Bundle(hero.template())
    root = bundle.top / ('x' * 90)
    bundle.env['HERO_SOCKET_DIR'] = str(root)
    with bundle:
        assert bundle.process.wait(hero.WAIT_S) == 2
        path = f'{root}/template/rpc.sock'
        assert (f'error: [template]: socket path is {len(path)} bytes, the limit is 107: {path}; '
                'set socket_dir to a shorter directory\n') in bundle.err
        assert bundle.out == ''


@pytest.mark.parametrize('mode', ['"0660"', '0o660'])
def test_socket_mode_and_group(mode):
    group = grp.getgrgid(os.getegid()).gr_name
    bundle = hero.Bundle(hero.template())
    text = hero.toml(hero.template(socket_group=group))
    bundle.config.write_text(text.replace('[template]', f'[template]\nsocket_mode = {mode}'))
    with bundle:
        bundle.wait_ready()
        status = bundle.path('template').lstat()
        assert stat.S_IMODE(status.st_mode) == 0o660
        assert status.st_gid == os.getegid()
        assert stat.S_IMODE(bundle.path('hero_bundle').lstat().st_mode) == 0o600


def test_admin_off():
    with hero.Bundle(hero.template(admin=False)) as bundle:
        bundle.wait_ready()
        assert bundle.path('template').exists()
        assert not bundle.path('template', 'admin').exists()


def test_socket_path_moves_all_sockets_of_a_service():
    bundle = hero.Bundle()
    bundle.config.write_text(hero.toml(hero.template(socket_path=str(bundle.top / 'p' / 'rpc.sock'))))
    with bundle:
        bundle.wait_ready()
        assert {file.name for file in (bundle.top / 'p').glob('*.sock')} == {'rpc.sock', 'admin.sock'}
        assert not (bundle.sockets / 'template').exists()


def test_no_service_enabled():
    code, text = check(hero.toml({service: {'enabled': False} for service in hero.SERVICES}))
    assert code == 2
    assert 'error: no service is enabled; set enabled = true for one of: mycelium, hero_db, ' in text


def test_disabled_leaves_nothing():
    with hero.Bundle({'hero_indexer': {'enabled': False}}) as bundle:
        bundle.wait_ready()
        assert 'hero_bundle ready: 5 of 5 services' in bundle.out
        assert not (bundle.sockets / 'hero_indexer').exists()
        assert not (bundle.data / 'hero_indexer').exists()
        assert 'hero_indexer.so' not in pathlib.Path(f'/proc/{bundle.pid}/maps').read_text()


def test_a_plugin_may_serve_twice_under_two_names():
    with hero.Bundle(hero.template({'second': {'plugin': 'template.so'}})) as bundle:
        bundle.wait_ready()
        for name in ('template', 'second'):
            assert bundle.get_json(name, '/health')['service'] == name


@pytest.mark.parametrize('service', ['hero_db', 'hero_proc'])
def test_a_program_reads_only_its_own_table(service):
    tables = {'hero_router': {'port': 'nonsense'}, service: {'required': True}}
    with hero.Bundle(tables, name=hero.PROGRAMS[service]) as bundle:
        bundle.wait_ready()
        assert bundle.err == ''
        assert [folder.name for folder in bundle.sockets.iterdir()] == [service]
        assert bundle.stop() == 0
