"""Identity headers at every socket of every service (conventions 6)."""
import json

import pytest

import everyone
import hero
from everyone import talk


@pytest.fixture(scope='module')
def bundle():
    with everyone.bundle() as running:
        yield running


each_service = pytest.mark.parametrize('service', everyone.ALL)
each_role = pytest.mark.parametrize('role', everyone.ROLES)

GOOD = [
    [], ['X-Hero-Context: 0'], ['X-Hero-Context: 4294967295'], ['x-hero-context: 7', 'X-HERO-CONTEXT: 7'],
    ['X-Hero-User: ' + 'u' * 256], ['X-Hero-User: jörg'], ['X-Hero-Claims: a, b,,a,'],
    ['X-Hero-Claims: ' + ','.join(f'c{i}' for i in range(256))], ['X-Hero-Impersonator: a', 'X-Proxy-User-Email: a@b'],
]
BAD = [
    ['X-Hero-Context:'], ['X-Hero-Context: -1'], ['X-Hero-Context: 4294967296'], ['X-Hero-Context: 1.0'],
    ['X-Hero-Context: admin'], ['X-Hero-Context: 0x1'], ['X-Hero-Context: 1', 'X-Hero-Context: 2'],
    ['X-Hero-User: ' + 'u' * 257], ['X-Hero-User: a\x01b'], ['X-Hero-User: a', 'X-Hero-User: b'],
    ['X-Hero-Claims: ' + ','.join(f'c{i}' for i in range(257))], ['X-Hero-Claims: a', 'X-Hero-Claims: b'],
]


def ask(bundle, service, role, headers):
    lines = ''.join(f'{header}\r\n' for header in headers)
    return talk(bundle.path(service, role), f'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n')


@each_role
@each_service
def test_good(bundle, service, role):
    for headers in GOOD:
        assert ask(bundle, service, role, headers).startswith(b'HTTP/1.1 200 '), headers


@each_role
@each_service
def test_bad(bundle, service, role):
    """A broken context must never become 0."""
    for headers in BAD:
        answer = ask(bundle, service, role, headers)
        assert answer.startswith(b'HTTP/1.1 400 '), headers
        error = json.loads(answer.partition(b'\r\n\r\n')[2])
        assert error['status'] == 400 and headers[0].partition(':')[0] in error['error']


@pytest.mark.parametrize('role', everyone.ROLES)
def test_context_reaches_the_handler(bundle, role):
    """What only context 0 may do is refused to others, by both sockets."""
    with pytest.raises(hero.RpcError) as failure:
        bundle.rpc('hero_bundle', 'host.restart', {'name': 'template'}, {'X-Hero-Context': '7'}, role)
    assert failure.value.code == -32094 and failure.value.data['code_name'] == 'forbidden'
