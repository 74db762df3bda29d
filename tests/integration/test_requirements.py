"""What is asked of the bundle as a whole and is no matter of one module: what the files hold, that a client cannot tell the
forms apart, and what a bad place for the data does."""
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile

import pytest

import hero
from conftest import plugin_of

each_service = pytest.mark.parametrize('service', hero.SERVICES)


def output(*command, **more):
    """What a tool says; it must be content."""
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=hero.WAIT_S, **more).stdout


# ---- what the files hold

@each_service
def test_symbols_of_plugins(service):
    """Rows 5, 29, 30: one entry, no signal handler, no environment."""
    def symbols(which):
        return {line.split()[-1].split('@')[0] for line in output('nm', '-D', which, plugin_of(service)).splitlines()}
    assert symbols('--defined-only') == {'hero_service_describe_v1'}
    imported = symbols('--undefined-only')
    assert 'g_free' in imported or 'g_object_unref' in imported  # nm sees them at all
    assert not imported & {'signal', 'sigaction', 'bsd_signal', 'getenv', 'secure_getenv', 'setenv', 'putenv', 'unsetenv',
                           'g_getenv', 'g_setenv', 'g_unsetenv', 'g_get_home_dir'}


def test_binary_holds_no_service_command():
    """Row 19: the host knows no method of any service."""
    words = set(output('strings', hero.program('hero_bundle')).split())
    with hero.Bundle({'': {'stagger_ms': 0}}) as bundle:
        bundle.wait_ready()
        methods = {m['name'] for service in hero.SERVICES for m in bundle.get_json(service, '/openrpc.json')['methods']}
    assert len(methods) > 50 and not methods & words
    assert 'host.restart' in words  # the host's own are found


# ---- forms

def no_tunnel(pid):
    return '/dev/net/tun' not in [os.readlink(fd.path) for fd in os.scandir(f'/proc/{pid}/fd') if os.path.islink(fd.path)]


@pytest.mark.parametrize('form', ['bundle', 'alone'])
def test_bus_is_local(form):
    """Rows 10, 35: no tunnel, no port of the overlay, and a word about `no_tun = false`; mycelium by itself is the same."""
    tables = {'': {'stagger_ms': 0}, 'mycelium': {'no_tun': False}}
    with hero.Bundle(tables, name=hero.PROGRAMS['mycelium'] if form == 'alone' else 'hero_bundle') as bundle:
        bundle.wait_ready()
        assert re.search(r'c\.toml:\d+:\d+: warning: \[mycelium\] no_tun: ', bundle.err)
        assert bundle.get_json('mycelium', '/health')['status'] == 'ok'
        assert no_tunnel(bundle.pid)
        ports = hero.listening_tcp(bundle.pid)
        assert 9651 not in ports and len(ports) == (0 if form == 'alone' else 2)  # RESP and the router


def ask_mycelium(bundle):
    key = bundle.rpc('mycelium', 'getInfo')['nodePubkey']
    bundle.rpc('mycelium', 'pushMessage', [{'dst': {'pk': key}, 'topic': 'YQ==', 'payload': 'eA=='}])
    return bundle.rpc('mycelium', 'popMessage', [False, 10])['payload']


def ask_db(bundle):
    path = bundle.path('hero_db', 'resp')
    raw = output('nc', '-U', '-N', path, input='PING\r\nGET a\r\nQUIT\r\n')
    return [output('redis-cli', '-s', path, *words) for words in (['SET', 'a', '1'], ['INCR', 'a'], ['DBSIZE'])], raw


def ask_indexer(bundle):
    schema = {'fields': [{'name': 't', 'type': 'text'}]}
    for method, params in (('db.create', {'name': 'd', 'schema': schema}), ('db.select', {'name': 'd'}), ('db.list', {})):
        answer = bundle.rpc('hero_indexer', method, params)
    return json.dumps(answer).count('"d"')


def ask_code(bundle):
    return [repo['id'] for repo in bundle.rpc('hero_code', 'repo.list')['items']]


def ask_proc(bundle):
    bundle.rpc('hero_proc', 'service.set', {'name': 'once', 'exec': 'echo said', 'restart': 'never'})
    bundle.rpc('hero_proc', 'service.start', {'name': 'once'})
    return hero.wait_for(lambda: 'said' in json.dumps(bundle.rpc('hero_proc', 'logs.query', {'src': 'once'})), 'its output')


def ask_router(bundle):
    address = bundle.get_json('hero_router', '/health')['listeners'][0]
    page = output('curl', '-s', '-o', '/dev/null', '-w', '%{http_code} %{content_type}', f'http://{address}/')
    health = output('curl', '-s', f'http://{address}/hero_router/rpc/health')
    listed = [item['name'] for item in bundle.rpc('hero_router', 'router.services')]
    return page, json.loads(health)['status'], 'hero_router' in listed


ASK = {'mycelium': ask_mycelium, 'hero_db': ask_db, 'hero_indexer': ask_indexer, 'hero_code': ask_code, 'hero_proc': ask_proc,
       'hero_router': ask_router}


def ask(bundle, service):
    """What a client script learns from a service: its own matters, then what all services answer."""
    path = bundle.path(service)
    own = ASK[service](bundle)
    texts = [output('curl', '-s', '--unix-socket', path, f'http://localhost{target}')
             for target in ('/.well-known/heroservice.json', '/api/domains.json', '/openrpc.json', '/nowhere')]
    errors = output('curl', '-s', '--unix-socket', path, 'http://localhost/rpc', '--json',
                    '[{"jsonrpc":"2.0","id":1,"method":"no.such"},{"jsonrpc":"2.0","id":2,"method":"rpc.discover","params":[1]},1]')
    health = output('nc', '-U', '-N', path, input='GET /health HTTP/1.0\r\n\r\n')
    page = output('curl', '-s', '-o', '/dev/null', '-w', '%{http_code} %{content_type}', '--unix-socket',
                  bundle.path(service, 'admin'), 'http://localhost/')
    return own, texts, errors, re.findall(r'"(?:status|service|version)":"[^"]*"', health), page


@each_service
def test_clients_need_not_know(service):
    """Rows 11, 20: one script, with the tools people have, learns the same from the bundle, a child process and the program."""
    tables = {'': {'stagger_ms': 0}}
    forms = {'bundle': hero.Bundle(tables), 'alone': hero.Bundle(name=hero.PROGRAMS[service])}
    if service != 'mycelium':
        forms['process'] = hero.Bundle({**tables, service: {'isolation': 'process'}})
    answers = {}
    for form, bundle in forms.items():
        repository = bundle.home / 'code' / 'r'
        repository.mkdir(parents=True)
        output('git', 'init', '-q', repository)
        with bundle:
            bundle.wait_ready()
            answers[form] = ask(bundle, service)
            assert bundle.stop() == 0
    assert answers['bundle'][0] and f'"service":"{service}"' in answers['bundle'][3]
    for form in forms:
        assert answers[form] == answers['bundle'], form


# ---- start and stop of all six

@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_six(six, number):
    """Row 21."""
    with hero.Bundle(six({'stagger_ms': 0})) as bundle:
        bundle.wait_ready()
        assert len(bundle.public_sockets()) == 16
        assert bundle.stop(number) == 0
        assert bundle.all_sockets() == set()


def test_no_file():
    """Row 26: nothing is configured, neither by file nor by environment."""
    nothing = {'HERO_SOCKET_DIR': None, 'PATH_VAR': None}
    with hero.Bundle(False, env=nothing) as bundle:
        bundle.wait_ready()
        assert bundle.err == ''
        for service in hero.SERVICES:
            path = bundle.home / 'hero' / 'var' / 'sockets' / service / 'rpc.sock'
            assert hero.request(path, target='/health')[0] == 200
        assert bundle.stop() == 0


# ---- data

KEEPS_DATA = hero.SERVICES[:5]


def test_modes_of_data(six):
    """Row 3: what services keep is for their user alone, whatever the umask."""
    bundle = hero.Bundle(six({'stagger_ms': 0}))
    old = os.umask(0)
    try:
        bundle.start()
    finally:
        os.umask(old)
    with bundle:
        bundle.wait_ready()
        found = [path for service in KEEPS_DATA for path in [bundle.data / service, *(bundle.data / service).rglob('*')]]
        for path in found:
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
        assert len(found) > 2 * len(KEEPS_DATA)
        assert bundle.stop() == 0


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
FULL = 'mount -t tmpfs -o size=1m none "$0" && cat /dev/zero > "$0/fill" 2>/dev/null; exec "$@"'
FULL_COPY = ('cp -a "$0" "$0.copy" && mount -t tmpfs -o size=32m none "$0" && cp -a "$0.copy/." "$0" || exit 9; '
             'cat /dev/zero > "$0/fill" 2>/dev/null; exec "$@"')


def within(bundle, script):
    """Lets the bundle see another file system at its data directory, which nobody else does."""
    bundle.data.mkdir(exist_ok=True)
    user = [] if os.geteuid() == 0 else ['--user', '--map-root-user']
    bundle.args = ['unshare', '--mount', *user, 'sh', '-c', script, str(bundle.data), *bundle.args]
    return bundle


def fill_of(bundle):
    return f'/proc/{bundle.pid}/root{bundle.data}/fill'


@pytest.fixture
def top():
    path = tempfile.mkdtemp(prefix='hb', dir='/tmp')
    yield path
    shutil.rmtree(path, ignore_errors=True)


def set_key(bundle):
    return output('redis-cli', '-s', bundle.path('hero_db', 'resp'), 'SET', 'kept', 'value')


def get_key(bundle):
    return output('redis-cli', '-s', bundle.path('hero_db', 'resp'), 'GET', 'kept')


@pytest.mark.parametrize('script, reason', [(READ_ONLY, 'Read-only file system'), (FULL, 'No space left on device')])
def test_data_cannot_be_written(six, top, script, reason):
    """Each service says what it could not write; who keeps nothing runs; afterwards all is there."""
    tables = six({'stagger_ms': 0, 'restart_delay_ms': 60000})
    with hero.Bundle(tables, top=top) as bundle:
        bundle.wait_ready()
        assert set_key(bundle) == 'OK\n' and bundle.stop() == 0
    with within(hero.Bundle(tables, top=top), script) as bundle:
        bundle.wait_ready()
        for service in KEEPS_DATA:
            entry = bundle.status(service)
            assert entry['state'] == 'backoff' and reason in entry['last_error'] and str(bundle.data) in entry['last_error']
            assert not bundle.path(service).exists()
        assert bundle.get('hero_router', '/health')[0] == 200
        assert len(re.findall(rf'WARN +hero_bundle: log file .*{reason}', bundle.out)) == 1
        assert bundle.stop() == 0
    with hero.Bundle(tables, top=top) as bundle:
        bundle.wait_ready()
        assert get_key(bundle) == 'value\n' and bundle.stop() == 0


def test_full_disk_comes_free(six):
    """A disk that is full at a first start: the services come by themselves once there is room."""
    with within(hero.Bundle(six({'stagger_ms': 0, 'restart_delay_ms': 100, 'restart_max': 0})), FULL) as bundle:
        bundle.wait_ready()
        bundle.wait_state('hero_db', 'backoff')
        os.truncate(fill_of(bundle), 0)
        for service in KEEPS_DATA:
            bundle.wait_state(service, 'ready')
        assert set_key(bundle) == 'OK\n' and bundle.stop() == 0


def test_full_disk_at_a_later_start(six, top):
    """What is stored can be read; a write is refused in words, and works once there is room."""
    tables = six({'stagger_ms': 0})
    with hero.Bundle(tables, top=top) as bundle:
        bundle.wait_ready()
        assert set_key(bundle) == 'OK\n' and bundle.stop() == 0
    with within(hero.Bundle(tables, top=top), FULL_COPY) as bundle:
        bundle.wait_ready()
        assert get_key(bundle) == 'value\n'
        assert 'No space left on device' in set_key(bundle)
        os.truncate(fill_of(bundle), 0)
        hero.wait_for(lambda: set_key(bundle) == 'OK\n', 'writes go again')
        assert bundle.stop() == 0
