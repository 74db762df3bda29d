"""hero_db from outside, over its sockets: what redis-cli, python3-redis and raw bytes meet; what survives kill -9; what JSON-RPC
and the admin page tell."""
import base64
import hashlib
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest
import redis

import hero
from resp import Resp

ONLY_DB = {service: {'enabled': False} for service in hero.SERVICES if service != 'hero_db'}


class Db(hero.Bundle):
    """hero_db in one of its three forms: alone, as a thread of the bundle, in a process of its own."""

    def __init__(self, form='alone', top=None, **keys):
        keys = {'port': 0, **keys}
        if form == 'alone':
            super().__init__({'hero_db': keys}, name='hero_db_server', top=top)
        else:
            super().__init__({**ONLY_DB, 'hero_db': {'isolation': form, **keys}}, top=top)

    @property
    def resp(self):
        return str(self.path('hero_db', 'resp'))

    @property
    def port(self):
        return self.rpc('hero_db', 'server.info')['tcp_port']

    def client(self, **more):
        return redis.Redis(unix_socket_path=self.resp, socket_timeout=hero.WAIT_S, **more)

    def raw(self):
        return Resp(self.resp)

    def call(self, method, **params):
        return self.rpc('hero_db', method, params)


@pytest.fixture(scope='module', params=['alone', 'thread', 'process'])
def any_db(request):
    with Db(request.param) as db:
        yield db.wait_ready()


@pytest.fixture(scope='module')
def shared_db():
    with Db() as db:
        yield db.wait_ready()


@pytest.fixture
def db(shared_db):
    shared_db.client().flushall()
    return shared_db


# ---------------------------------------------------------------------------------------------------- clients

def cli(*args):
    return subprocess.run(['redis-cli', *args], capture_output=True, text=True, timeout=hero.WAIT_S).stdout.strip()


def test_redis_cli(any_db):
    assert cli('-s', any_db.resp, 'SET', 'cli', 'hello') == 'OK'
    assert cli('-p', str(any_db.port), 'GET', 'cli') == 'hello'
    assert cli('-3', '-s', any_db.resp, 'HELLO', '3').startswith('server')
    assert 'cli' in cli('-s', any_db.resp, '--scan')
    assert 'keyspace' in cli('-s', any_db.resp, 'INFO').lower()
    assert os.stat(any_db.resp).st_mode & 0o777 == 0o600


def test_redis_cli_pipe(db):
    lines = ''.join(f'SET pipe{i} {i}\r\n' for i in range(20000))
    result = subprocess.run(['redis-cli', '-s', db.resp, '--pipe'], input=lines, capture_output=True, text=True, timeout=hero.WAIT_S)
    assert 'errors: 0, replies: 20000' in result.stdout
    assert db.client().dbsize() == 20000


def test_python_redis(any_db):
    client = any_db.client()
    client.flushall()
    assert client.ping() and client.set('a', b'\x00\r\n\xff') and client.get('a') == b'\x00\r\n\xff'
    assert client.set('a', 1, nx=True) is None and client.set('a', 5, ex=100, get=True) == b'\x00\r\n\xff'
    assert client.ttl('a') == 100 and client.incr('a') == 6 and client.incrbyfloat('a', 0.5) == 6.5
    pipe = client.pipeline(transaction=False)
    for i in range(1000):
        pipe.set(f'k{i}', i)
        pipe.get(f'k{i}')
    assert pipe.execute()[1::2] == [str(i).encode() for i in range(1000)]
    assert sorted(client.scan_iter('k99*')) == sorted(client.keys('k99*')) and len(client.keys('k99*')) == 11
    assert client.config_get('databases') == {'databases': '1000'}
    assert client.info('keyspace')['db0']['keys'] == 1001
    assert client.client_setname('tester') and [c['name'] for c in client.client_list() if c['name']] == ['tester']
    assert {'get', 'set', 'scan'} < set(client.command()) and 'lpush' not in client.command()


def test_databases(db):
    clients = [db.client(db=number) for number in (0, 7, 999)]
    for number, client in enumerate(clients):
        client.set('k', number)
    assert [client.get('k') for client in clients] == [b'0', b'1', b'2']
    clients[1].flushdb()
    assert [client.dbsize() for client in clients] == [1, 0, 1]


def test_keys_end(db):
    client = db.client()
    for i in range(500):
        client.set(f'short{i}', 1, px=300)
    client.set('long', 1, ex=1000)
    hero.wait_for(lambda: client.keys() == [b'long'], 'the short keys are gone')
    hero.wait_for(lambda: client.dbsize() == 1, 'they are removed')
    assert client.info('stats')['expired_keys'] >= 500


def test_tcp_takes_own_user_only(shared_db):
    """Another user on this machine gets an explanation and no service."""
    code = f'import socket; s = socket.create_connection(("127.0.0.1", {shared_db.port})); print(s.recv(1000).decode(), end="")'
    out = subprocess.run(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '/usr/bin/python3', '-c', code],
                         capture_output=True, text=True, timeout=hero.WAIT_S)
    assert out.stdout.startswith('-DENIED hero_db is in protected mode'), out


# ---------------------------------------------------------------------------------------------------- bytes

@pytest.mark.parametrize('sent, answer', [
    (b'*1\r\n:5\r\n', b"-ERR Protocol error: expected '$', got ':'\r\n"),
    (b'*x\r\n', b'-ERR Protocol error: invalid multibulk length\r\n'),
    (b'*1\r\n$-5\r\n', b'-ERR Protocol error: invalid bulk length\r\n'),
    (b'*1\r\n$536870913\r\n', b'-ERR Protocol error: invalid bulk length\r\n'),
    (b'get "x\r\n', b'-ERR Protocol error: unbalanced quotes in request\r\n'),
    (b'x' * 66000, b'-ERR Protocol error: too big inline request\r\n'),
    (b'*' + b'1' * 66000, b'-ERR Protocol error: too big mbulk count string\r\n'),
    (b'PING\r\n*x\r\nPING\r\n', b'+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n'),
    (b'POST / HTTP/1.1\r\nHost: x\r\n\r\nSET a 1\r\n', b''),
    (b'QUIT\r\nPING\r\n', b'+OK\r\n'),
])
def test_broken_input_closes(db, sent, answer):
    with db.raw() as peer:
        peer.send(sent)
        assert peer.read_all() == answer
    assert db.client().dbsize() == 0


def test_pieces(db):
    """Each byte in a packet of its own, and frames cut at each place."""
    frames = b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\nv\r\n\x00\xff!\r\nGET k\n\r\n*0\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n'
    answer = b'+OK\r\n' + 2 * b'$6\r\nv\r\n\x00\xff!\r\n'
    for cut in range(len(frames)):
        with db.raw() as peer:
            peer.send(frames[:cut])
            peer.send(frames[cut:])
            assert peer.read(len(answer)) == answer
    with db.raw() as peer:
        for i in range(len(frames)):
            peer.send(frames[i:i + 1])
        assert peer.read(len(answer)) == answer


def test_deep_pipeline_before_the_first_read(db):
    with db.raw() as peer:
        peer.send(b''.join(b'SET k%d %d\r\nGET k%d\r\n' % (i, i, i) for i in range(10000)))
        expected = b''.join(b'+OK\r\n$%d\r\n%d\r\n' % (len(str(i)), i) for i in range(10000))
        assert peer.read(len(expected)) == expected


@pytest.mark.parametrize('way', ['unix', 'tcp'])
def test_large_values(db, way):
    value = random.Random(1).randbytes(24 << 20)
    client = db.client() if way == 'unix' else redis.Redis(port=db.port)
    client.set('large', value)
    assert hashlib.sha256(client.get('large')).digest() == hashlib.sha256(value).digest()
    assert client.append('large', b'x') == len(value) + 1 and client.getrange('large', -3, -1) == value[-2:] + b'x'


def test_names_are_plain_data(db):
    client = db.client()
    names = [b'', b'..', b'/', b'a\x00b', b'\r\n', b'\xff' * 600, b'n' * (1 << 20)]
    for i, name in enumerate(names):
        client.set(name, i)
    assert [client.get(name) for name in names] == [str(i).encode() for i in range(len(names))]
    assert sorted(client.scan_iter()) == sorted(names)


def test_noise(db):
    """Frames of random bytes: answers or closed connections, and the server lives."""
    rng = random.Random(7)
    words = [b'*', b'$', b'\r\n', b'SET', b'GET', b'3', b'-1', b'2147483647', b'"', b"'", b'\x00', b'\xff', b' ', b'*1\r\n$4\r\nPING\r\n']
    for _ in range(300):
        with db.raw() as peer:
            for _ in range(20):
                peer.try_send(b''.join(rng.choices(words, k=rng.randrange(30))))
    assert db.client().ping()


def test_many_idle_connections(db):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    peers = [db.raw() for _ in range(1500)]
    try:
        assert db.client().info('clients')['connected_clients'] >= 1500
        for peer in peers:
            peer.send(b'PING\r\n')
        assert all(peer.read(7) == b'+PONG\r\n' for peer in peers)
    finally:
        for peer in peers:
            peer.close()
    hero.wait_for(lambda: db.client().info('clients')['connected_clients'] < 10, 'they are gone')


def test_reader_that_stops(db):
    """Who does not read holds up nobody but himself."""
    client = db.client()
    client.set('big', b'x' * (1 << 20))
    with db.raw() as peer:
        peer.send(b'GET big\r\n' * 50)
        assert client.ping()
        assert len(peer.read(50 * ((1 << 20) + len('$1048576\r\n\r\n')))) == 50 * ((1 << 20) + len('$1048576\r\n\r\n'))


def test_max_clients():
    with Db(max_clients=3) as db:
        db.wait_ready()
        peers = [db.raw() for _ in range(3)]
        for peer in peers:
            peer.send(b'PING\r\n')
            assert peer.read(7) == b'+PONG\r\n'
        with db.raw() as one_more:
            assert one_more.read_all() == b'-ERR max number of clients reached\r\n'
        peers.pop().close()

        def is_served():
            try:
                return db.client().ping()
            except redis.ConnectionError:
                return False
        hero.wait_for(is_served, 'there is room again')
        for peer in peers:
            peer.close()


def test_idle_clients_are_closed():
    with Db(client_timeout_s=1) as db, db.wait_ready().raw() as peer:
        peer.send(b'PING\r\n')
        assert peer.read_all() == b'+PONG\r\n'


def test_client_kill(db):
    with db.raw() as victim:
        victim.send(b'CLIENT ID\r\n')
        number = int(victim.read_line()[1:])
        assert db.client().client_kill_filter(_id=number) == 1
        assert victim.read_all() == b''
    with db.raw() as victim:
        victim.send(b'CLIENT ID\r\n')
        number = int(victim.read_line()[1:])
        assert db.call('client.kill', id=number) == {'killed': True}
        assert victim.read_all() == b''


# ---------------------------------------------------------------------------------------------------- durability

class Writer(threading.Thread):
    """Counts up in keys of its own until the connection breaks, and notes what was acknowledged."""

    def __init__(self, path, number):
        super().__init__()
        self.path, self.number = path, number
        self.sent, self.acknowledged = {}, {}

    def run(self):
        try:
            with Resp(self.path) as peer:
                for count in range(1, 10 ** 9):
                    keys = [f'w{self.number}:{(count * 7 + i) % 20}' for i in range(1 + count % 3)]
                    for key in keys:
                        self.sent[key] = count
                    peer.send(b''.join(b'SET %s %d\r\n' % (key.encode(), count) for key in keys))
                    for key in keys:
                        if peer.read_line() == b'+OK':
                            self.acknowledged[key] = count
        except (OSError, EOFError):
            pass


def test_kill_9_loses_nothing_acknowledged():
    top, checked = tempfile.mkdtemp(prefix='hb', dir='/tmp'), 0
    try:
        for _ in range(8):
            writers = []
            with Db(top=top) as db:
                db.wait_ready()
                for number in range(8):
                    writers.append(Writer(db.resp, number))
                    writers[-1].start()
                time.sleep(random.uniform(0.2, 0.8))
                db.process.kill()
                db.process.wait()
            for writer in writers:
                writer.join()

            with Db(top=top) as db:
                client = db.wait_ready().client()
                for writer in writers:
                    for key, count in writer.acknowledged.items():
                        assert count <= int(client.get(key) or 0) <= writer.sent[key], key
                    checked += len(writer.acknowledged)
                assert client.dbsize() == len(list(client.scan_iter(count=1000)))
                assert db.stop() == 0
        assert checked > 8 * 8
    finally:
        shutil.rmtree(top)


def test_clean_stop_answers_what_runs():
    """Every write that was answered is there; connections end without being reset."""
    with Db() as db:
        peers = [db.wait_ready().raw() for _ in range(20)]
        for i, peer in enumerate(peers):
            peer.send(b'SET stop%d 1\r\n' % i)
        time.sleep(0.05)
        db.process.send_signal(signal.SIGTERM)
        answers = [peer.read_all() for peer in peers]
        assert db.process.wait(hero.WAIT_S) == 0
        assert not os.path.exists(db.resp)
        for peer in peers:
            peer.close()
        with Db(top=db.top) as again:
            client = again.wait_ready().client()
            for i, answer in enumerate(answers):
                assert answer in (b'', b'+OK\r\n')
                assert answer == b'' or client.get(f'stop{i}') == b'1'
            assert again.stop() == 0


def test_disk_full_refuses_writes_and_recovers():
    """On a file system of 6 MiB: MISCONF for writes, reads go on, and writes work again once there is room."""
    db = Db()
    db.data.mkdir()
    db.args = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs -o size=6m none "$0" && exec "$@"', str(db.data), *db.args]
    with db:
        client = db.wait_ready().client(retry_on_error=[])
        client.set('before', 1)
        filler = f'/proc/{db.pid}/root{db.data}/filler'
        with open(filler, 'wb') as file, pytest.raises(OSError):
            while True:
                os.write(file.fileno(), bytes(65536))
        with pytest.raises(redis.ResponseError, match='^MISCONF Errors writing to the AOF file: '):
            for i in range(10000):
                client.set(f'more{i}', bytes(1000))
        stored = client.dbsize()
        assert client.get('before') == b'1' and client.ping()
        status, _, body = db.get('hero_db', '/health')
        assert status == 503 and b'degraded' in body
        with pytest.raises(hero.RpcError):
            db.call('key.set', db=0, key='x', type='string', value='y')
        os.unlink(filler)

        def writable():
            try:
                return client.set('after', 2)
            except redis.ResponseError:
                return False
        hero.wait_for(writable, 'writes work again')
        assert client.dbsize() == stored + 1
        hero.wait_for(lambda: db.get('hero_db', '/health')[0] == 200, 'it is healthy again')


def test_writers_faster_than_the_disk():
    """With room for 1 MiB of dirty data, 64 MiB are written at the pace of the disk, by clients that never wait."""
    with Db(dirty_mib=1) as db:
        db.wait_ready()
        value = bytes(32768)
        with db.raw() as first, db.raw() as second:
            for i in range(1000):
                for peer, name in ((first, b'a'), (second, b'b')):
                    peer.send(b'*3\r\n$3\r\nSET\r\n$5\r\n%s%04d\r\n$32768\r\n%s\r\n' % (name, i, value))
            for peer in (first, second):
                assert peer.read(5000) == b'+OK\r\n' * 1000
        assert db.client().dbsize() == 2000


def test_one_data_directory_one_server():
    with Db() as first:
        first.wait_ready()
        second = Db(top=first.top)
        second.env['HERO_SOCKET_DIR'] = str(first.top / 's2')
        second.out_path, second.err_path = first.top / 'out2', first.top / 'err2'
        assert second.run() == 1
        assert str(first.pid) in second.out + second.err
        assert first.client().ping()


# ---------------------------------------------------------------------------------------------------- JSON-RPC, page

def test_rpc_keys(db):
    client = db.client()
    client.mset({f'user:{i}': 'x' * i for i in range(250)})
    seen, cursor = [], '0'
    while True:
        page = db.call('key.list', match='user:*', count=40, cursor=cursor)
        seen += [key['key'] for key in page['keys']]
        cursor = page['cursor']
        if cursor == '0':
            break
    assert sorted(seen) == sorted(f'user:{i}' for i in range(250))

    binary = {'b64': base64.b64encode(b'\xff\x00').decode()}
    assert db.call('key.set', db=0, key=binary, type='string', value='v', ttl_ms=100000)['key'] == binary
    assert client.get(b'\xff\x00') == b'v' and 90 < client.ttl(b'\xff\x00') <= 100
    assert db.call('key.get', db=0, key='user:9', offset=2, count=3) | {'value': ''} == {
        'key': 'user:9', 'type': 'string', 'ttl_ms': None, 'size': 9, 'bytes': 15, 'value': '', 'length': 9, 'next': 5}
    assert db.call('key.ttl', db=0, key=binary)['ttl_ms'] is None
    assert db.call('key.rename', db=0, key=binary, to='plain')['key'] == 'plain'
    assert db.call('key.copy', db=0, key='plain', to='copy', to_db=3)['key'] == 'copy'
    assert db.call('key.delete', db=0, keys=['plain', 'none', 'user:1']) == {'deleted': 2}
    for code, method, params in [(-32004, 'key.info', {'db': 0, 'key': 'none'}),
                                 (-32010, 'key.rename', {'db': 0, 'key': 'user:2', 'to': 'user:3'}),
                                 (-32008, 'database.flush', {'db': 0, 'confirm': '1'}),
                                 (-32602, 'key.info', {'db': 0, 'key': 5})]:
        with pytest.raises(hero.RpcError) as error:
            db.call(method, **params)
        assert error.value.code == code, (method, error.value)
    assert db.call('database.flush', db=0, confirm='0')['removed'] == 249
    assert [d['number'] for d in db.call('database.list')] == [0, 3]


def test_rpc_takes_large_values(db):
    """Bodies up to 16 MiB, unlike other services."""
    value = random.Random(2).randbytes(8 << 20)
    encoded = {'b64': base64.b64encode(value).decode()}
    assert db.call('key.set', db=0, key='large', type='string', value=encoded)['size'] == len(value)
    assert db.client().get('large') == value
    page = db.call('key.get', db=0, key='large', count=1 << 20)
    assert base64.b64decode(page['value']['b64']) == value[:1 << 20] and page['next'] == 1 << 20


def test_rpc_commands(db):
    assert db.call('command.exec', args=['SET', 'a', '1'])['reply'] == 'OK'
    assert db.call('exec', args='incrby a 41') | {'ms': 0} == {'reply': 42, 'type': 'integer', 'ms': 0}
    assert db.call('command.exec', args='lpush a 1')['error']['code'] == 'ERR'
    assert db.call('command.exec', args='mget a "no ne"')['reply'] == ['42', None]
    assert dict(db.call('command.exec', args='config get databases')['reply']) == {'databases': '1000'}
    assert db.call('command.exec', args='incr a', db=2)['reply'] == 1
    listed = {command['name']: command['supported'] for command in db.call('command.list')}
    assert listed['set'] and not listed['migrate'] and 'lpush' not in listed


def test_rpc_is_durable():
    """An answer means that it is on disk."""
    with Db() as db:
        db.wait_ready()
        for i in range(20):
            db.call('key.set', db=0, key=f'k{i}', type='string', value=str(i))
        db.process.kill()
        db.process.wait()
        with Db(top=db.top) as again:
            assert again.wait_ready().client().dbsize() == 20


def test_methods_answer_with_an_underscore_too(db):
    assert db.call('database_list') == db.call('database.list')
    document = db.get_json('hero_db', '/openrpc.json')
    assert not [method['name'] for method in document['methods'] if '_' in method['name']]


def test_rpc_rights(db):
    for method, params in [('key.list', {}), ('command.exec', {'args': 'FLUSHALL'}), ('server.info', {})]:
        with pytest.raises(hero.RpcError) as error:
            db.rpc('hero_db', method, params, headers={'X-Hero-Context': '7'})
        assert error.value.code == -32094


def test_rpc_stats(db):
    db.client().get('none')
    stats = hero.wait_for(lambda: (s := db.call('server.stats', seconds=5))['samples'] and s, 'a second has passed')
    assert stats['total']['misses'] >= 1 and {'at', 'ops', 'p50_us', 'clients'} <= set(stats['samples'][-1])
    assert db.call('server.info')['readonly'] is False
    with db.raw() as peer:
        peer.send(b'CLIENT SETNAME seen\r\n')
        assert peer.read_line() == b'+OK' and 'seen' in [client['name'] for client in db.call('client.list')]


def test_admin_page(db):
    client = db.client()
    client.set('page<b>', '<script>alert(1)</script>')
    client.set(b'\xff', b'\x00\x01')
    name = base64.b64encode(b'page<b>').decode()
    for target, expected in [('/', b'Commands'), ('/databases', b'/keys?db=0'), ('/keys', b'page&lt;b&gt;'), ('/clients', b'resp.sock:0'),
                             ('/console', b'console.js'), (f'/keys/key?db=0&name={name}', b'&lt;script&gt;'), ('/keys?match=zzz*', b'No key here'),
                             ('/keys/key?name=/w==', b'00 01'), ('/keys/key?name=AAAA', b'no such key'), ('/keys?db=nonsense', b'page&lt;b&gt;')]:
        status, headers, body = db.get('hero_db', target, 'admin')
        assert status == 200 and expected in body, (target, status, body)
        assert b'<script>alert' not in body


# ---------------------------------------------------------------------------------------------------- stop and go

def test_port_in_use_is_a_warning():
    with socket.socket() as holder:
        holder.bind(('127.0.0.1', 0))
        holder.listen()
        with Db(port=holder.getsockname()[1]) as db:
            assert db.wait_ready().client().ping()
            assert any(str(holder.getsockname()[1]) in warning for warning in db.get_json('hero_db', '/health')['warnings'])


def test_no_tcp():
    with Db(tcp=False) as db:
        assert db.wait_ready().client().ping() and db.port == 0


def test_bad_configuration():
    with Db(bind=['nowhere']) as db:
        assert db.process.wait(hero.WAIT_S) == 2
        assert '[hero_db] bind: ' in db.err
