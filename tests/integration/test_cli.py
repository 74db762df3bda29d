"""The command line of every program (conventions 12; rows 6, 7, 19, 23 and 27)."""
import json
import re
import subprocess
import tomllib

import pytest

import hero

ALL = ['hero_bundle', *hero.PROGRAMS.values()]


def run(name, *args, env=None):
    return subprocess.run([hero.program(name), *args], capture_output=True, text=True, timeout=hero.WAIT_S,
                          env={'HOME': '/nonexistent', 'PATH': '/usr/bin:/bin', **(env or {})})


@pytest.mark.parametrize('name', ALL)
@pytest.mark.parametrize('flag', ['--help', '-h'])
def test_help(name, flag):
    result = run(name, flag)
    assert (result.returncode, result.stderr) == (0, '')
    assert result.stdout.startswith(f'usage: {name} [--config PATH] [--info] [--help]')


def test_bundle_has_exactly_three_flags():
    """Row 27."""
    assert set(re.findall(r'--[a-z-]+', run('hero_bundle', '--help').stdout)) == {'--config', '--info', '--help'}


@pytest.mark.parametrize('args', [
    ['hero_proc', 'list'], ['serve'], ['--version'], ['--verbose'], ['--inf'], ['-x'], ['--config'], ['--config='],
    ['--info=yes'], ['--help', 'more'], ['--'], [''],
])
def test_bad_usage(args):
    """Rows 6, 27: no service is commanded by the bundle, and there is no other flag."""
    result = run('hero_bundle', *args)
    assert result.returncode == 2
    assert result.stdout == ''
    lines = result.stderr.splitlines()
    assert lines[0].startswith('hero_bundle: ')
    assert lines[1:] == ['usage: hero_bundle [--config PATH] [--info] [--help]']


@pytest.mark.parametrize('word', ['list', 'scan', 'db.create', 'service_start', 'markdown', 'heroindex'])
def test_bundle_knows_no_command_of_a_service(word):
    """Row 19."""
    assert word not in run('hero_bundle', '--help').stdout
    assert run('hero_bundle', word).returncode == 2


@pytest.mark.parametrize('name', ALL)
def test_info_needs_no_file(name):
    """Row 7: all six programs are there and say what they are."""
    result = run(name, '--info')
    assert (result.returncode, result.stderr) == (0, '')
    info = json.loads(result.stdout)
    assert list(info) == ['name', 'version', 'build_nr', 'description', 'category', 'kind', 'abi', 'config', 'paths', 'env',
                          'binaries', 'services']
    assert info['name'] == name
    assert info['kind'] == 'server'
    assert info['category'] in ('core', 'storage', 'ai', 'network', 'ui', 'tool')
    assert info['abi'] == {'major': 1, 'minor': 0}
    assert info['config'] == {'path': '/nonexistent/hero/cfg/hero_bundle.toml', 'present': False, 'errors': [], 'warnings': []}
    assert info['paths']['socket_dir'] == '/nonexistent/hero/var/sockets'
    assert info['paths']['socket_dir_source'] == 'default'
    assert info['binaries'][0]['name'] == name
    assert {'name', 'default', 'description'} == set(info['env'][0])
    assert re.fullmatch(r'\d+\.\d+\.\d+', info['version'])


def test_info_of_the_bundle_lists_six():
    services = json.loads(run('hero_bundle', '--info').stdout)['services']
    assert [service['name'] for service in services] == hero.SERVICES
    assert [service['start_order'] for service in services] == [1, 2, 3, 4, 5, 6]
    for service in services:
        assert list(service) == ['name', 'title', 'version', 'description', 'start_order', 'enabled', 'required', 'isolation',
                                 'plugin', 'available', 'error', 'domains', 'sockets', 'tcp']
        assert service['enabled'] and service['available'], service
        assert service['error'] is None
        assert service['plugin'].startswith('/')
        roles = [socket['name'] for socket in service['sockets']]
        assert roles[:2] == ['rpc', 'admin']
        assert service['sockets'][0] == {'name': 'rpc', 'protocol': 'openrpc',
                                         'path': f'/nonexistent/hero/var/sockets/{service["name"]}/rpc.sock'}
    assert services[1]['tcp'] == [{'name': 'resp', 'address': '127.0.0.1:6378', 'enabled': True}]
    assert services[4]['domains'] == ['jobs', 'logs', 'secrets', 'system']


def test_plugins_of_the_build_tree_in_its_environment():
    """As without any environment, which the test above shows."""
    command = ['meson', 'devenv', '-C', str(hero.BUILD), hero.program('hero_bundle'), '--info']
    out = subprocess.run(command, check=True, capture_output=True, text=True, timeout=hero.WAIT_S).stdout
    services = json.loads(out[out.index('{'):])['services']
    assert len(services) == 6 and all(service['available'] for service in services)


@pytest.mark.parametrize('service', hero.SERVICES)
def test_info_of_a_program_lists_its_one(service):
    services = json.loads(run(hero.PROGRAMS[service], '--info').stdout)['services']
    assert [entry['name'] for entry in services] == [service]


def test_info_shows_what_cannot_be_opened(tmp_path):
    result = run('hero_bundle', '--info', env={'HERO_BUNDLE_PLUGIN_DIR': str(tmp_path)})
    assert result.returncode == 0
    for service in json.loads(result.stdout)['services']:
        assert service['available'] is False
        assert service['plugin'] in service['error']


def test_info_with_errors(tmp_path):
    file = tmp_path / 'c.toml'
    file.write_text('banner = 1\n[hero_db]\nsome_key = 2\n')
    file.chmod(0o600)
    result = run('hero_bundle', '--config', str(file), '--info')
    assert result.returncode == 2
    config = json.loads(result.stdout)['config']
    assert config['present'] is True
    assert config['errors'] == ['1:10: banner: expected true or false, found integer']
    assert f'{file}:1:10: error: banner: expected true or false, found integer\n' in result.stderr


@pytest.mark.parametrize('name', ALL)
def test_service_toml_beside_the_program(name):
    """What others read about a program without starting it is what it says itself."""
    info = json.loads(run(name, '--info').stdout)
    with open(hero.program(f'{name}.service.toml'), 'rb') as file:
        assert tomllib.load(file) == {key: info[key] for key in ('category', 'env', 'binaries')}


def test_info_writes_nothing(tmp_path):
    run('hero_bundle', '--info', env={'HOME': str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_banner():
    with hero.Bundle(hero.template()) as bundle:
        bundle.wait_ready()
        lines = bundle.out.splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith('hero_bundle '))
        banner = lines[first:]
        assert re.fullmatch(rf'hero_bundle 0\.1\.0 \(build 1, abi 1\.0\) pid {bundle.pid}', banner[0])
        assert banner[1] == f'  config   {bundle.config}'
        assert banner[2] == f'  sockets  {bundle.sockets} (HERO_SOCKET_DIR)'
        assert banner[3] == f'  data     {bundle.data} (PATH_VAR)'
        assert banner[4].split() == ['template', 'ready', 'thread', 'rpc.sock', 'admin.sock']
        assert re.fullmatch(r'hero_bundle ready: 1 of 1 services in \d+ ms', banner[5])
        assert len(banner) == 6


def test_one_banner_with_six_services():
    """Row 23."""
    with hero.Bundle() as bundle:
        bundle.wait_ready()
        assert len(re.findall(r'^hero_bundle ready: 6 of 6 services in \d+ ms$', bundle.out, re.M)) == 1
        names = re.findall(r'^  ([a-z_]+) +ready +thread ', bundle.out, re.M)
        assert names == hero.SERVICES


def test_no_banner():
    with hero.Bundle(hero.template({'': {'banner': False}})) as bundle:
        hero.wait_for(lambda: hero.accepts(bundle.path('template')), 'the socket')
        assert bundle.stop() == 0
        assert not re.search('^hero_bundle ', bundle.out, re.M)


def test_absent_file_in_the_banner():
    with hero.Bundle(False, env={'HERO_BUNDLE_PLUGIN_DIR': '/nonexistent'}) as bundle:
        assert bundle.process.wait(hero.WAIT_S) == 1
        assert bundle.err == ''
        if 'config   ' in bundle.out:
            assert f'  config   {bundle.home}/hero/cfg/hero_bundle.toml (absent, defaults)' in bundle.out
