"""The message bus from outside, in the bundle and alone (HERO_FORM): identity, push, pop, waiting, limits, services."""
import base64
import json
import os
import select
import signal
import socket
import threading
import time

import pytest

import hero

ALONE = os.environ.get('HERO_FORM') == 'alone'
POLLS = 1000


def bundle_of(services=(), top=None, **keys):
    """A bundle with mycelium and these services, or the stand-alone program."""
    tables = {name: {'enabled': name in services} for name in hero.SERVICES if name != 'mycelium'}
    tables['mycelium'] = keys
    return hero.Bundle(tables, name='mycelium_server_msg' if ALONE else 'hero_bundle', top=top)


@pytest.fixture
def bundle():
    with bundle_of() as running:
        yield running.wait_ready()


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def call(bundle, method, *params, **more):
    return bundle.rpc('mycelium', method, list(params), **more)


def own_key(bundle):
    return call(bundle, 'getInfo')['nodePubkey']


def push(bundle, topic, payload, *more, dst=None):
    message = {'dst': dst or {'pk': own_key(bundle)}, 'topic': b64(topic), 'payload': b64(payload)}
    return call(bundle, 'pushMessage', message, *more)


def pop(bundle, timeout=0, topic=None):
    message = call(bundle, 'popMessage', False, timeout, topic and b64(topic))
    return message and base64.b64decode(message['payload']).decode()


def rest(bundle, method, target, body=None, headers=None):
    status, _, text = hero.request(bundle.path('mycelium'), method, '/api/v1' + target, body and json.dumps(body),
                                   {'Content-Type': 'application/json', **(headers or {})})
    return status, json.loads(text) if text else None


def begin_pop(bundle, timeout=60):
    """A popMessage on a connection of its own that nobody waits for."""
    body = json.dumps({'jsonrpc': '2.0', 'id': 1, 'method': 'popMessage', 'params': [False, timeout]})
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(bundle.path('mycelium')))  # waits for room in the backlog, which a time limit would not
    client.settimeout(hero.WAIT_S)
    client.sendall(f'POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
                   f'Content-Length: {len(body)}\r\n\r\n{body}'.encode())
    return client


def end_pop(client):
    """The result of that popMessage."""
    with client, hero.http.client.HTTPResponse(client) as response:
        response.begin()
        return json.loads(response.read())['result']


def stats(bundle):
    return call(bundle, 'getBusStats')


def test_identity_is_kept():
    first = bundle_of()
    with first:
        first.wait_ready()
        info = call(first, 'getInfo')
        assert rest(first, 'GET', '/admin') == (200, info)
        assert info['mode'] == 'messages-only' and info['nodeIp'].split(':')[0].startswith(('4', '5'))
        key_file = first.data / 'mycelium' / 'priv_key.bin'
        assert key_file.stat().st_size == 32 and key_file.stat().st_mode & 0o777 == 0o600
        assert first.stop() == 0
        with bundle_of(top=first.top) as second:
            second.wait_ready()
            again = call(second, 'getInfo')
            assert {**again, 'nodeStartTime': 0} == {**info, 'nodeStartTime': 0}


def test_push_and_pop(bundle):
    info = call(bundle, 'getInfo')
    elsewhere = info['nodeSubnet'].replace('::/64', '::1234')
    for dst in ({'pk': info['nodePubkey']}, {'ip': info['nodeIp']}, {'ip': elsewhere}):
        status, answer = rest(bundle, 'POST', '/messages', {'dst': dst, 'topic': b64('a'), 'payload': b64('hello')})
        assert status == 201 and len(answer['id']) == 16
        assert rest(bundle, 'GET', f'/messages/status/{answer["id"]}')[1]['state'] in ('pending', 'received')
        status, message = rest(bundle, 'GET', '/messages?timeout=20')
        assert status == 200 and message['id'] == answer['id'] and base64.b64decode(message['payload']) == b'hello'
        assert rest(bundle, 'GET', f'/messages/status/{answer["id"]}')[1]['state'] == 'read'
    assert rest(bundle, 'GET', '/messages')[0] == 204


def test_request_and_reply(bundle):
    answers = []
    asker = threading.Thread(target=lambda: answers.append(push(bundle, 'work', 'question', 60)))
    asker.start()
    request = call(bundle, 'popMessage', False, 60, b64('work'))
    call(bundle, 'pushMessageReply', request['id'], {'dst': {'ip': request['srcIp']}, 'payload': b64('answer')})
    asker.join(hero.WAIT_S)
    assert answers[0]['id'] == request['id'] and base64.b64decode(answers[0]['payload']) == b'answer'


def test_polls_delay_nobody():
    """B1: many who wait cost the others nothing, and each message wakes one of them."""
    with bundle_of(waiters_max=POLLS) as bundle:
        bundle.wait_ready()
        key = own_key(bundle)
        waiting = []
        while len(waiting) < POLLS:
            waiting += [begin_pop(bundle) for _ in range(100)]
            hero.wait_for(lambda: stats(bundle)['waiters'] == len(waiting), 'all wait')
        with pytest.raises(hero.RpcError) as failure:
            call(bundle, 'popMessage', False, 60)
        assert failure.value.code == -32046 and failure.value.data['retryable']

        started = time.monotonic()
        for i in range(50):
            push(bundle, 'a', f'm{i}', dst={'pk': key})
        # Which of the first hundred came first the bus alone knows: they were sent together, on connections of their own.
        served, messages = [], set()
        while len(served) < 50:
            ready = select.select([client for client in waiting[:100] if client not in served], [], [], hero.WAIT_S)[0]
            assert ready, 'a message of the fifty woke nobody of those who came first'
            for client in ready:
                messages.add(base64.b64decode(end_pop(client)['payload']).decode())
                served.append(client)
        assert messages == {f'm{i}' for i in range(50)}
        assert time.monotonic() - started < 30
        assert stats(bundle)['waiters'] == POLLS - 50
        for client in waiting:
            client.close()
        hero.wait_for(lambda: stats(bundle)['waiters'] == 0, 'nobody waits any more')


def test_batch_element_that_waits(bundle):
    batch = [{'jsonrpc': '2.0', 'id': 1, 'method': 'popMessage', 'params': [False, 2]},
             {'jsonrpc': '2.0', 'id': 2, 'method': 'getInfo'}]
    answers = []

    def send():
        _, _, body = hero.request(bundle.path('mycelium'), 'POST', '/rpc', json.dumps(batch),
                                  {'Content-Type': 'application/json'})
        answers.extend(json.loads(body))
    thread = threading.Thread(target=send)
    thread.start()
    hero.wait_for(lambda: stats(bundle)['waiters'] == 1, 'the batch waits')
    assert own_key(bundle)
    thread.join(hero.WAIT_S)
    assert [answer['id'] for answer in answers] == [1, 2] and answers[0]['result'] is None


def test_topics_and_default_action(bundle):
    subnet = call(bundle, 'getInfo')['nodeSubnet']
    call(bundle, 'addTopic', b64('a'))
    answer = push(bundle, 'a', 'x')
    assert (answer['state'], answer['reason']) == ('aborted', 'rejected')
    call(bundle, 'addTopicSource', b64('a'), subnet)
    assert 'reason' not in push(bundle, 'a', 'x') and pop(bundle, 20) == 'x'
    call(bundle, 'setDefaultTopicAction', False)
    assert push(bundle, 'b', 'x')['reason'] == 'rejected'
    call(bundle, 'setDefaultTopicAction', True)
    assert 'reason' not in push(bundle, 'b', 'y') and pop(bundle, 20) == 'y'


def test_what_survives():
    """Row 35: topics and the default action are kept, also over kill -9; queues are memory."""
    first = bundle_of()
    with first:
        first.wait_ready()
        push(first, 'a', 'x')
        call(first, 'addTopicSource', b64('kept'), '400::/7')
        call(first, 'setDefaultTopicAction', False)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(hero.WAIT_S)
        with bundle_of(top=first.top) as second:
            second.wait_ready()
            assert call(second, 'getTopics') == [b64('kept')]
            assert call(second, 'getTopicSources', b64('kept')) == ['400::/7']
            assert call(second, 'getDefaultTopicAction') is False
            assert pop(second) is None


def test_queue_limit_and_lost_client():
    with bundle_of(queue_max_messages=10) as bundle:
        bundle.wait_ready()
        big = 'x' * 1_000_000
        first = push(bundle, 'a', big)['id']
        for i in range(9):
            push(bundle, 'a', str(i))
        with pytest.raises(hero.RpcError) as failure:
            push(bundle, 'a', 'one too many')
        assert failure.value.code == -32040 and failure.value.data['code_name'] == 'queue_full'
        body = {'dst': {'pk': own_key(bundle)}, 'topic': b64('a'), 'payload': b64('x')}
        assert rest(bundle, 'POST', '/messages', body)[0] == 503
        assert stats(bundle)['queues']['messages'] == 10 and stats(bundle)['messages']['pushed'] == 10

        # The first is more than a socket holds; who asked for it is gone before it is through.
        client = begin_pop(bundle, 0)
        client.recv(1)
        client.close()
        hero.wait_for(lambda: stats(bundle)['messages']['requeued'] == 1, 'the message is back')
        assert call(bundle, 'popMessage')['id'] == first
        assert [pop(bundle) for _ in range(9)] == [str(i) for i in range(9)]


def test_foreign_destination(bundle):
    started = time.monotonic()
    answer = push(bundle, 'a', 'x', 600, dst={'ip': '10.1.2.3'})
    assert time.monotonic() - started < 60
    assert (answer['state'], answer['reason']) == ('pending', 'no_route')
    status = call(bundle, 'getMessageInfo', answer['id'])
    assert status['state'] == 'pending' and status['deadline'] - status['created'] == 300


def rpc_by_message(bundle, service, method):
    """The answer of a service's method, asked by a message to its topic."""
    request = json.dumps({'jsonrpc': '2.0', 'id': 7, 'method': method})
    reply = push(bundle, f'{service}.rpc', request, 60)
    answer = json.loads(base64.b64decode(reply['payload']))
    assert answer['id'] == 7
    return answer


def test_service_topics():
    """Row 10: services answer over the bus."""
    with bundle_of(['hero_db']) as bundle:
        bundle.wait_ready()
        assert rpc_by_message(bundle, 'mycelium', 'rpc.health')['result']['service'] == 'mycelium'
        answer = rpc_by_message(bundle, 'hero_db', 'rpc.health')
        if ALONE:
            assert answer['error']['code'] == -32093
        else:
            assert answer['result']['service'] == 'hero_db'
            assert rpc_by_message(bundle, 'hero_bundle', 'host.status')['result']['pid'] == bundle.pid
        assert rpc_by_message(bundle, 'hero_indexer', 'rpc.health')['error']['code'] == -32093  # known, not running
        assert pop(bundle) is None


if ALONE:
    def test_alone_reaches_alone():
        """Two stand-alone programs below one socket root."""
        with bundle_of() as bundle:
            bundle.wait_ready()
            other = hero.Bundle({'hero_db': {'port': 0}}, name='hero_db_server', top=bundle.top / 'db'
                                if (bundle.top / 'db').mkdir() is None else None)
            other.env['HERO_SOCKET_DIR'] = str(bundle.sockets)
            with other:
                other.wait_ready()
                assert rpc_by_message(bundle, 'hero_db', 'rpc.health')['result']['service'] == 'hero_db'
                assert other.stop() == 0
            assert rpc_by_message(bundle, 'hero_db', 'rpc.health')['error']['code'] == -32093


def test_no_port_unless_asked(bundle):
    """Row 10."""
    assert hero.listening_tcp(bundle.pid) == []


def test_rest_listener():
    with bundle_of(rest_listen='127.0.0.1:0') as bundle:
        bundle.wait_ready()
        port, = hero.listening_tcp(bundle.pid)

        def get(target, **headers):
            client = hero.http.client.HTTPConnection('127.0.0.1', port, timeout=hero.WAIT_S)
            client.request('GET', target, headers=headers)
            response = client.getresponse()
            return response.status, response.read()
        status, body = get('/api/v1/admin')
        assert status == 200 and json.loads(body)['nodePubkey'] == own_key(bundle)
        assert get('/rpc')[0] == 404
        assert get('/api/v1/admin', Host='evil.example')[0] == 403
        assert get('/api/v1/admin', Origin='http://evil.example')[0] == 403
        push(bundle, 'a+/', 'x')
        assert get('/api/v1/messages?timeout=20&topic=' + b64('a+/'))[0] == 200  # as the public client writes it
        assert bundle.stop() == 0


def test_stop_answers_who_waits(bundle):
    client = begin_pop(bundle)
    hero.wait_for(lambda: stats(bundle)['waiters'] == 1, 'it waits')
    assert bundle.stop() == 0
    assert end_pop(client) is None
