"""HTTP on every socket of every service (conventions 3 and 4)."""
import json
import re

import pytest

import everyone
import hero
from everyone import talk

JSON = {'Content-Type': 'application/json'}
HEALTH = '{"jsonrpc":"2.0","id":1,"method":"rpc.health"}'


@pytest.fixture(scope='module')
def bundle():
    with everyone.bundle() as running:
        yield running


each_service = pytest.mark.parametrize('service', everyone.ALL)
each_role = pytest.mark.parametrize('role', everyone.ROLES)


def assert_error(answer, status, hint=None):
    found, headers, body = answer
    assert found == status, body
    assert headers['Content-Type'] == 'application/json'
    error = json.loads(body)
    assert error['status'] == status and error['error'] and set(error) >= {'error', 'status'}
    assert hint is None or hint in error['hint']


@each_role
@each_service
def test_refusals(bundle, service, role):
    path = bundle.path(service, role)
    assert_error(hero.request(path, target='/no/such/path'), 404)
    assert_error(hero.request(path, 'PUT', '/health', '{}', JSON), 405)
    assert hero.request(path, 'DELETE', '/health')[1]['Allow'] == 'GET, HEAD, OPTIONS'
    status, headers, body = hero.request(path, 'OPTIONS', '/health')
    assert (status, headers['Allow'], body) == (204, 'GET, HEAD, OPTIONS', b'')
    assert_error(hero.request(path, target='/health?' + 'x' * 8300), 414)
    assert_error(hero.request(path, target='/api/nonsense/openrpc.json'), 404, everyone.domains(service)[0])
    assert_error(hero.request(path, target='/api/nonsense/events'), 404, everyone.domains(service)[0])
    assert_error(hero.request(path, target='/%2e%2e/%2e%2e/etc/passwd'), 404)
    assert_error(hero.request(path, target='/static/../../etc/passwd'), 404)


@each_service
def test_content_type(bundle, service):
    path = bundle.path(service)
    for good in ('application/json', 'application/json; charset=utf-8', 'application/vnd.x+json', 'Application/JSON-RPC'):
        assert hero.request(path, 'POST', '/rpc', HEALTH, {'Content-Type': good})[0] == 200
    for bad in ('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=json', 'json', ''):
        assert_error(hero.request(path, 'POST', '/rpc', HEALTH, {'Content-Type': bad}), 415)
    head = 'POST /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}'
    assert talk(path, head).startswith(b'HTTP/1.1 415')


def body_limit(bundle, service):
    """max_body_bytes in effect."""
    values = {(key['table'], key['key']): key['value'] for key in bundle.rpc('hero_bundle', 'host.config')['keys']}
    return int(values.get((service, 'max_body_bytes'), 2 * 1024 * 1024))


@each_service
def test_body_limit(bundle, service):
    path = bundle.path(service)
    head = 'POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    # Refused before a byte of the body is there, and closed.
    assert talk(path, head + 'Content-Length: 4000000000\r\n\r\n').startswith(b'HTTP/1.1 413')
    limit = body_limit(bundle, service)
    if limit <= 8 * 1024 * 1024:
        most = HEALTH + ' ' * (limit - len(HEALTH))
        assert hero.request(path, 'POST', '/rpc', most, JSON)[0] == 200
        assert_error(hero.request(path, 'POST', '/rpc', most + ' ', JSON), 413)
    chunks = (b'100000\r\n' + b' ' * 0x100000 + b'\r\n') * (limit // 0x100000 + 2)
    assert talk(path, (head + 'Transfer-Encoding: chunked\r\n\r\n').encode() + chunks).startswith(b'HTTP/1.1 413')
    few = f'{len(HEALTH):x}\r\n{HEALTH}\r\n0\r\n\r\n'
    assert b'"result":{' in talk(path, head + 'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n' + few)


@each_role
@each_service
def test_no_host(bundle, service, role):
    """HTTP/1.1 requires it; whoever leaves it out is told in the common form, whatever was asked."""
    for head in ('GET /health HTTP/1.1', 'POST /rpc HTTP/1.1\r\nContent-Length: 2'):
        answer = talk(bundle.path(service, role), head + '\r\n\r\n')
        assert answer.startswith(b'HTTP/1.1 400 ') and b'\r\nContent-Type: application/json\r\n' in answer
        assert json.loads(answer.partition(b'\r\n\r\n')[2]) == {'error': 'HTTP/1.1 needs the header Host', 'status': 400}


@each_service
def test_huge_head(bundle, service):
    answer = talk(bundle.path(service), 'GET /health HTTP/1.1\r\nHost: x\r\nX-Big: ' + 'x' * 200000 + '\r\n\r\n')
    assert answer == b'' or re.match(rb'HTTP/1.1 (431|400) ', answer)
    assert bundle.get(service, '/health')[0] == 200


@each_role
@each_service
def test_versions(bundle, service, role):
    path = bundle.path(service, role)
    answer = talk(path, 'GET /health HTTP/1.0\r\n\r\n')  # without Host; closed afterwards
    assert re.match(rb'HTTP/1\.[01] 200 ', answer) and b'"status":"ok"' in answer
    twice = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
    assert talk(path, twice).count(b'HTTP/1.1 200') == 2
    connection = hero.UnixConnection(path)
    for _ in range(3):
        connection.request('GET', '/health')
        response = connection.getresponse()
        assert response.status == 200 and response.read()
    connection.close()


@each_role
@each_service
def test_head_is_get_without_body(bundle, service, role):
    for target in ('/openrpc.json', '/api/domains.json', '/.well-known/heroservice.json'):
        _, headers, body = bundle.get(service, target, role)
        status, head, empty = hero.request(bundle.path(service, role), 'HEAD', target)
        assert (status, empty) == (200, b'')
        assert head['Content-Length'] == headers['Content-Length'] == str(len(body))


@each_role
@each_service
def test_no_headers_too_many(bundle, service, role):
    _, headers, _ = bundle.get(service, '/openrpc.json', role,
                               headers={'Accept-Encoding': 'gzip, br, zstd', 'Origin': 'http://a.example'})
    names = {name.lower() for name in headers}
    assert not names & {'content-encoding', 'x-frame-options'}
    assert not [name for name in names if name.startswith('access-control-')]
    assert headers['Content-Type'] == 'application/json'


@each_service
def test_endpoints(bundle, service):
    names = everyone.domains(service)
    manifest = bundle.get_json(service, '/.well-known/heroservice.json')
    assert list(manifest) == ['protocol', 'name', 'title', 'version', 'description', 'socket']
    assert (manifest['protocol'], manifest['name'], manifest['socket']) == ('openrpc', service, 'rpc')
    admin = bundle.get_json(service, '/.well-known/heroservice.json', 'admin')
    assert admin == {**manifest, 'protocol': 'ui', 'socket': 'admin'}
    assert bundle.get_json(service, '/api/domains.json') == names
    whole = bundle.get_json(service, '/openrpc.json')
    parts = [bundle.get_json(service, f'/api/{name}/openrpc.json') for name in names]
    assert sorted(m['name'] for part in parts for m in part['methods']) == sorted(m['name'] for m in whole['methods'])
    for target in ('/rpc', '/rpc/', *(f'/api/{name}/rpc' for name in names)):
        status, _, body = hero.request(bundle.path(service), 'POST', target, HEALTH, JSON)
        assert status == 200 and json.loads(body)['result']['service'] == service


@each_service
def test_admin(bundle, service):
    status, headers, body = bundle.get(service, '/', 'admin')
    assert status == 200 and headers['Content-Type'].startswith('text/html')
    assert headers['Cache-Control'] == 'no-store' and "default-src 'self'" in headers['Content-Security-Policy']
    assert "frame-ancestors" not in headers['Content-Security-Policy'] and b'<html' in body
    expected = 404 if service == 'hero_router' else 200
    assert hero.request(bundle.path(service, 'admin'), 'POST', '/rpc', HEALTH, JSON)[0] == expected
    assert bundle.get(service, '/', 'rpc')[0] == 404  # never HTML for machines


@each_service
def test_connections_do_not_pile_up(bundle, service):
    """Clients that leave between two requests, or inside one, free their place."""
    path = bundle.path(service)

    def open_connections():
        metrics = {m['name']: m['value'] for m in bundle.rpc(service, 'rpc.metrics')}
        return next(value for name, value in metrics.items() if name.endswith('_http_connections'))

    before = open_connections()
    for i in range(60):
        connection = everyone.connect(path)
        connection.sendall(b'GET /health HTTP/1.1\r\nHost: x\r\n' + (b'\r\n' if i % 3 else b''))
        if i % 3 == 1:
            connection.recv(65536)
        connection.close()
    hero.wait_for(lambda: open_connections() <= before, 'the connections are gone')


def test_connection_limit():
    # Without the router, whose probes hold connections of their own.
    with everyone.bundle(template={'max_connections': 4}, hero_router={'enabled': False}) as running:
        path = running.path('template')
        held = [hero.UnixConnection(path) for _ in range(4)]
        for connection in held:
            connection.request('GET', '/health')
            assert connection.getresponse().read()
        status, headers, body = hero.request(path, target='/health')
        assert (status, headers['Retry-After']) == (503, '1') and json.loads(body)['status'] == 503
        assert running.get('template', '/health', 'admin')[0] == 200  # a limit for each socket
        held[0].close()
        hero.wait_for(lambda: hero.request(path, target='/health')[0] == 200, 'a place is free')
        for connection in held:
            connection.close()
