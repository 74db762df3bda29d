"""hero_router from outside: what it finds, how it forwards, what it says when a service misbehaves."""
import hashlib
import http.client
import json
import threading
import time

import pytest

import fake
import hero

ITEM = {'service_id', 'id', 'name', 'group_name', 'title', 'description', 'version', 'status', 'healthy', 'methods_count', 'source',
        'source_kind', 'socket_path', 'protocol', 'domains', 'sockets', 'has_ui', 'ui_url', 'fingerprint', 'reason', 'last_probe',
        'latency_ms', 'warnings'}


@pytest.fixture(scope='module')
def bundle():
    tables = hero.template({'hero_router': {'enabled': True, 'bind': '127.0.0.1:0', 'probe_timeout_ms': 500, 'response_timeout_s': 3},
                            '': {'stagger_ms': 0}})
    with hero.Bundle(tables) as running:
        yield running.wait_ready()


@pytest.fixture
def tcp(bundle):
    """request(method, target, body, headers) over the TCP listener: (status, headers, body)."""
    host, port = bundle.get_json('hero_router', '/health')['listeners'][0].split(':')

    def request(method, target, body=None, headers=None):
        connection = http.client.HTTPConnection(host, int(port), timeout=hero.WAIT_S)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()
    request.port = int(port)
    return request


@pytest.fixture
def serve(bundle):
    """serve(name, file, answer): a fake service until the test is over."""
    running = []

    def start(name, file, answer):
        running.append(fake.FakeService(bundle.sockets, name, file, answer))
        return running[-1]
    yield start
    for service in running:
        try:
            service.close()
        except OSError:
            pass


def service(bundle, name):
    try:
        return bundle.rpc('hero_router', 'router.service', {'id': name})
    except hero.RpcError as error:
        assert error.code == -32001
        return None


def wait_status(bundle, name, status, timeout=hero.WAIT_S):
    def reached():
        found = service(bundle, name)
        return found and found['status'] == status and found
    return hero.wait_for(reached, f'{name} is {status}: {service(bundle, name)}', timeout)


# ---- what it finds

def test_lists_services(bundle):
    for name in ('hero_bundle', 'hero_router', 'template'):
        wait_status(bundle, name, 'healthy')
    items = bundle.rpc('hero_router', 'router.services')
    assert [item['name'] for item in items] == ['hero_bundle', 'hero_router', 'template']
    for item in items:
        assert set(item) == ITEM and item['healthy'] and item['methods_count'] > 0 and None not in item.values()
    assert items[1]['service_id'] == '772b3ba5-e483-56ab-a089-96254bfb2ce1'
    own = bundle.get_json('template', '/openrpc.json')
    assert bundle.rpc('hero_router', 'router.spec', {'service_id': 'template'}) == own
    for name in ('service_id', 'id', 'service', 'name'):
        assert bundle.rpc('hero_router', 'router.service', {name: items[2]['service_id']})['name'] == 'template'


def test_fingerprint_is_that_of_the_canonical_document(bundle):
    wait_status(bundle, 'template', 'healthy')
    document = bundle.get_json('template', '/openrpc.json')
    text = json.dumps(document, sort_keys=True, separators=(',', ':'), ensure_ascii=False)
    assert service(bundle, 'template')['fingerprint'] == hashlib.md5(text.encode()).hexdigest()


def test_unknown_service(bundle, tcp):
    with pytest.raises(hero.RpcError) as error:
        bundle.rpc('hero_router', 'router.service', {'id': 'tempate'})
    assert error.value.code == -32001 and error.value.data['hint'] == 'template'
    status, _, body = tcp('GET', '/tempate/admin/')
    assert status == 404 and json.loads(body)['code_name'] == 'service_not_found' and 'template' in json.loads(body)['hint']


def test_service_comes_changes_goes(bundle, serve):
    soon = 15  # well before the next scan by the clock, which comes every 30 s
    running = serve('late', 'rpc.sock', fake.service())
    first = wait_status(bundle, 'late', 'healthy', soon)
    assert first['title'] == 'Fake' and first['methods_count'] == 1
    running.close(unlink=False)  # killed: the file stays
    assert 'refused' in wait_status(bundle, 'late', 'inactive', soon)['reason']
    running.path.unlink()
    serve('late', 'rpc.sock', fake.service(fake.DOCUMENT.replace(b'a.b', b'a.c')))
    second = wait_status(bundle, 'late', 'healthy', soon)
    assert second['fingerprint'] != first['fingerprint'] and second['methods'][0]['name'] == 'a.c'


def test_half_dead_socket(bundle, serve):
    serve('half', 'rpc.sock', fake.service())
    silent = threading.Event()
    serve('half', 'admin.sock', lambda head, body, connection: silent.wait(30) and None)
    found = wait_status(bundle, 'half', 'unhealthy')
    assert found['reason'] == 'admin.sock: accepted, no answer within 500 ms'
    silent.set()


def test_invalid_document(bundle, serve):
    serve('odd', 'rpc.sock', fake.service(b'{"openrpc":"1.2.6","methods":[{}]}'))
    assert 'method 0 has no text "name"' in wait_status(bundle, 'odd', 'unhealthy')['reason']


def test_scan_counts(bundle):
    wait_status(bundle, 'template', 'healthy')
    counts = bundle.rpc('hero_router', 'router.scan')
    assert counts['services'] == len(bundle.rpc('hero_router', 'router.services')) and counts['healthy'] >= 3
    assert counts['duration_ms'] >= 0 and isinstance(counts['dead_sockets'], list)


# ---- how it forwards

def test_rpc_paths_answer_alike(bundle, tcp):
    call = json.dumps({'jsonrpc': '2.0', 'id': 7, 'method': 'note.list'})
    headers = {'Content-Type': 'application/json'}
    wait_status(bundle, 'template', 'healthy')
    answers = [tcp('POST', f'/template/{path}', call, headers) for path in ('rpc', 'rpc/', 'rpc/rpc', 'api/main/rpc')]
    assert {status for status, _, _ in answers} == {200} and len({body for _, _, body in answers}) == 1
    call = json.dumps({'jsonrpc': '2.0', 'id': 7, 'method': 'router.services'})
    assert tcp('POST', '/rpc', call, headers)[0] == 200
    assert tcp('POST', '/hero_router/rpc', call, headers)[0] == 200
    assert hero.request(bundle.path('hero_router', 'admin'), 'POST', '/rpc', call, headers)[0] == 404


def test_pages_and_redirects(bundle, tcp):
    wait_status(bundle, 'template', 'healthy')
    html = {'Accept': 'text/html'}
    status, headers, _ = tcp('GET', '/template?x=1', headers={**html, 'X-Forwarded-Prefix': '/edge'})
    assert (status, headers['Location']) == (302, '/edge/template/admin/?x=1')
    status, headers, _ = tcp('GET', '/template/admin', headers=html)
    assert (status, headers['Location']) == (308, '/template/admin/')
    status, headers, body = tcp('GET', '/template/admin/notes', headers=html)
    assert status == 200 and b'content="/template/admin"' in body and 'X-Frame-Options' not in headers
    assert headers.get_all('Date') and len(headers.get_all('Date')) == 1
    status, headers, body = tcp('GET', '/hero_router/admin/', headers=html)
    assert status == 200 and b'content="/hero_router/admin"' in body
    assert json.loads(tcp('GET', '/template/')[2])['name'] == 'template'


def test_missing_socket(bundle, tcp):
    wait_status(bundle, 'template', 'healthy')
    status, _, body = tcp('GET', '/template/ui2/x')
    error = json.loads(body)
    assert status == 404 and error['error'] == "Socket 'ui2.sock' not found in service 'template'"
    assert error['hint'] == 'it has: admin.sock, rpc.sock'
    assert tcp('GET', '/template/ui/')[0] == 200  # admin.sock stands in


def test_request_headers(bundle, tcp, serve):
    serve('echo', 'rpc.sock', fake.service())
    wait_status(bundle, 'echo', 'healthy')
    status, _, body = tcp('POST', '/echo/rpc/x%20y//z?q=%2F', b'hello', {
        'X-Hero-Context': '7', 'X-Hero-User': 'ada', 'X_Hero_Claims': 'root', 'X-Forwarded-Prefix': '/edge', 'Connection': 'close, X-Drop',
        'X-Drop': '1', 'X-Request-Id': 'abc-1'})
    head, _, rest = body.decode().partition('\n\n')
    lines = head.split('\r\n')
    assert status == 200 and rest == 'hello' and lines[0] == 'POST /x%20y//z?q=%2F HTTP/1.1'
    for line in ('X-Hero-Context: 7', 'X-Hero-User: ada', 'X-Forwarded-Prefix: /edge/echo/rpc', 'Via: 1.1 hero_router', 'X-Request-Id: abc-1'):
        assert line in lines, line
    assert not any(line.lower().startswith(('x_hero', 'x-drop')) for line in lines)
    assert 'X-Hero-Context: 0' in tcp('GET', '/echo/rpc/x')[2].decode()
    assert tcp('GET', '/echo/rpc/x', headers={'X-Hero-Context': 'abc'})[0] == 400


def test_streams_upload(bundle, tcp, serve):
    def count(head, body, connection):
        if ' /up ' not in head:
            return fake.service()(head, body, connection)
        length = int(next(line for line in head.split('\r\n') if line.lower().startswith('content-length')).split(':')[1])
        digest, left = hashlib.sha256(body), length - len(body)
        while left > 0:
            data = connection.recv(65536)
            digest.update(data)
            left -= len(data)
        return fake.answer(digest.hexdigest().encode())
    serve('sink', 'rpc.sock', count)
    wait_status(bundle, 'sink', 'healthy')
    data = bytes(range(256)) * 4096 * 70  # 70 MiB
    status, _, body = tcp('PUT', '/sink/rpc/up', data)
    assert (status, body.decode()) == (200, hashlib.sha256(data).hexdigest())


def test_streams_download_and_events(bundle, tcp, serve):
    parts = [bytes([n]) * 100000 for n in range(100)]

    def stream(head, body, connection):
        if ' /down ' not in head:
            return fake.service()(head, body, connection)
        connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        for part in parts:
            connection.sendall(b'%x\r\n' % len(part) + part + b'\r\n')
        connection.sendall(b'0\r\n\r\n')
    serve('source', 'rpc.sock', stream)
    wait_status(bundle, 'source', 'healthy')
    assert tcp('GET', '/source/rpc/down')[2] == b''.join(parts)

    connection = http.client.HTTPConnection('127.0.0.1', tcp.port, timeout=hero.WAIT_S)
    connection.request('GET', '/template/rpc/api/main/events')
    response = connection.getresponse()
    assert response.headers['Content-Type'].startswith('text/event-stream') and response.headers['X-Accel-Buffering'] == 'no'
    assert response.readline() == b'retry: 3000\n'
    bundle.rpc('template', 'note.add', {'title': 'seen'})
    while b'event: note.added' not in response.readline():
        pass
    connection.close()


def test_slow_reader_stops_the_service(bundle, tcp, serve):
    """A client that does not read costs a window, not the whole answer."""
    sent = [0]

    def flood(head, body, connection):
        if ' /flood ' not in head:
            return fake.service()(head, body, connection)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n')
        while True:
            sent[0] += connection.send(bytes(65536))
    serve('flood', 'rpc.sock', flood)
    wait_status(bundle, 'flood', 'healthy')
    connection = http.client.HTTPConnection('127.0.0.1', tcp.port, timeout=hero.WAIT_S)
    connection.request('GET', '/flood/rpc/flood')
    connection.getresponse()
    before = -1
    while before != sent[0]:
        before = sent[0]
        time.sleep(1)
    assert before < 32 * 1024 * 1024
    connection.close()


# ---- what it says when a service misbehaves

@pytest.mark.parametrize('behaviour, status, code_name', [
    (lambda head, body, connection: None, 502, 'empty_reply'),
    (lambda head, body, connection: b'SSH-2.0-x\r\n\r\n', 502, 'bad_response'),
    (lambda head, body, connection: b'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 502, 'bad_response'),
    (lambda head, body, connection: time.sleep(6), 504, 'response_timeout'),
])
def test_bad_backend(bundle, tcp, serve, behaviour, status, code_name):
    well = fake.service()
    serve('bad', 'rpc.sock', lambda head, body, connection: behaviour(head, body, connection) if ' /bad ' in head
          else well(head, body, connection))
    wait_status(bundle, 'bad', 'healthy')
    got, _, body = tcp('GET', '/bad/rpc/bad')
    assert (got, json.loads(body)['code_name']) == (status, code_name)
    entry = bundle.rpc('hero_router', 'router.logs', {'service_id': 'bad', 'limit': 1})[0]
    assert (entry['status'], entry['code_name'], entry['path']) == (status, code_name, '/bad/rpc/bad')


def test_dead_backend(bundle, tcp, serve):
    running = serve('dead', 'rpc.sock', fake.service())
    wait_status(bundle, 'dead', 'healthy')
    running.close(unlink=False)
    status, headers, body = tcp('POST', '/dead/rpc', '{}', {'Content-Type': 'application/json'})
    error = json.loads(body)['error']
    assert (status, headers['Retry-After'], error['code'], error['data']['reason']) == (503, '2', -32093, 'not_running')
    running.path.unlink()


def test_cut_answer_is_noticed(bundle, tcp, serve):
    def cut(head, body, connection):
        if ' /cut ' not in head:
            return fake.service()(head, body, connection)
        return b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'
    serve('cut', 'rpc.sock', cut)
    wait_status(bundle, 'cut', 'healthy')
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        tcp('GET', '/cut/rpc/cut')


# ---- who gets in

def test_host_and_origin(tcp):
    assert tcp('GET', '/health', headers={'Host': 'evil.example'})[0] == 403
    assert tcp('GET', '/health', headers={'Host': f'localhost:{tcp.port}'})[0] == 200
    assert tcp('POST', '/api/scan', '{}', {'Content-Type': 'application/json', 'Origin': 'http://evil.example'})[0] == 403
    assert tcp('POST', '/api/scan', 'a=b', {'Content-Type': 'text/plain'})[0] == 415


@pytest.mark.parametrize('source', ['environment', 'file'])
def test_automatic_address(source):
    """`address = "auto"` takes the address that the user was given."""
    with hero.socket.socket() as taken:  # to learn a port that is free
        taken.bind(('127.0.0.2', 0))
        port = taken.getsockname()[1]
    router = hero.Bundle(name='hero_router', env={'HERO_MYCELIUM_IP': '127.0.0.2'} if source == 'environment' else None)
    if source == 'file':
        file = router.home / 'hero' / 'cfg' / 'hero_cfg.toml'
        file.parent.mkdir(parents=True)
        file.write_text('[mycelium]\nipv6_address = "127.0.0.2"\n')
    router.config.write_text(hero.toml({'hero_router': {'address': 'auto', 'port': port}}))
    with router:
        router.wait_ready()
        assert router.get_json('hero_router', '/health')['listeners'] == [f'127.0.0.2:{port}']
        assert router.stop() == 0
