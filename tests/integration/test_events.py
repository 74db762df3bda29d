"""Server-sent events of every service (conventions 7)."""
import json
import re
import signal

import pytest

import everyone
import hero


@pytest.fixture(scope='module')
def bundle():
    with everyone.bundle() as running:
        yield running


each_service = pytest.mark.parametrize('service', everyone.ALL)


class Stream:
    """An open event stream; text is what came, without the marks of the chunks."""

    def __init__(self, bundle, service, query='', role='rpc', domain=None, headers=None):
        self.connection = hero.UnixConnection(bundle.path(service, role))
        self.connection.request('GET', f'/api/{domain or everyone.domains(service)[0]}/events{query}', headers=headers or {})
        self.response = self.connection.getresponse()
        self.text = ''

    def until(self, pattern):
        """The first match; AssertionError when the stream ends before it."""
        while not (found := re.search(pattern, self.text, re.S)):
            data = self.response.read1(65536)
            assert data, f'the stream ended before {pattern!r}: {self.text!r}'
            self.text += data.decode()
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()


def event_of(match):
    return json.loads(re.search(r'^data: (.*)$', match.group(0), re.M).group(1))


@each_service
def test_greeting(bundle, service):
    for domain in everyone.domains(service):
        for role in everyone.ROLES:
            with Stream(bundle, service, role=role, domain=domain) as stream:
                assert stream.response.status == 200
                assert stream.response.headers['Content-Type'] == 'text/event-stream'
                assert stream.response.headers['Cache-Control'] == 'no-store'
                hello = event_of(stream.until(r'event: hello\n.*?\n\n'))
                assert stream.text.startswith('retry: 3000\n')
                assert (hello['event'], hello['service'], hello['domain']) == ('hello', service, domain)
                assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', hello['ts'])
                assert set(hello['data']) == {'version', 'last_id'} and isinstance(hello['data']['last_id'], int)


def restart(bundle):
    bundle.rpc('hero_bundle', 'host.restart', {'name': 'template'})


def test_numbers_and_resume(bundle):
    """Events of the host itself, which come whenever a service changes its state."""
    with Stream(bundle, 'hero_bundle', domain='main') as stream:
        stream.until('hello')
        restart(bundle)
        first = stream.until(r'id: (\d+)\nevent: service\.state\n.*?\n\n')
        event = event_of(first)
        assert event['data']['name'] == 'template' and set(event['data']) >= {'name', 'from', 'to', 'reason'}
        stream.until(r'"to":"ready"')
        ids = [int(text) for text in re.findall(r'^id: (\d+)$', stream.text, re.M)]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    for query, headers in ((f'?last_event_id={ids[0]}', None), ('', {'Last-Event-ID': str(ids[0])})):
        with Stream(bundle, 'hero_bundle', query, headers=headers) as stream:
            assert int(stream.until(r'id: (\d+)\n').group(1)) == ids[1]
    with Stream(bundle, 'hero_bundle', '?last_event_id=999999999') as stream:
        assert event_of(stream.until(r'event: gap\n.*?\n\n'))['data'] == {'missed': -1}


def test_filter(bundle):
    with Stream(bundle, 'hero_bundle', '?types=nothing.*') as none, Stream(bundle, 'hero_bundle', '?types=service.*') as some:
        none.until('hello')
        some.until('hello')
        restart(bundle)
        some.until(r'event: service\.state.*"to":"ready"')
        none.connection.sock.settimeout(1)
        with pytest.raises(TimeoutError):
            none.until('service.state')


def test_limit(bundle):
    streams = [Stream(bundle, 'template') for _ in range(64)]
    for stream in streams:
        stream.until('hello')
    status, _, body = bundle.get('template', '/api/main/events')
    assert status == 503 and json.loads(body)['status'] == 503
    for stream in streams:
        stream.connection.close()
    def free():
        with Stream(bundle, 'template') as stream:
            return stream.response.status == 200
    hero.wait_for(free, 'a place is free')


def test_shutdown():
    with everyone.bundle() as running:
        streams = {service: Stream(running, service) for service in everyone.ALL}
        for stream in streams.values():
            stream.until('hello')
        running.process.send_signal(signal.SIGTERM)
        for service, stream in streams.items():
            assert event_of(stream.until(r'event: shutdown\n.*?\n\n'))['service'] == service
            assert stream.response.read() == b''  # closed in order
        assert running.process.wait(hero.WAIT_S) == 0
