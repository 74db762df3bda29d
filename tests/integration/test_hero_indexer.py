"""hero_indexer as its clients see it: in a thread of the bundle, in a process of its own, and stand-alone."""
import http.client
import json
import random
import shutil
import signal
import tempfile
import threading
import time

import pytest

import hero

SERVICE = 'hero_indexer'
SCHEMA = {'fields': [{'name': 't', 'type': 'text'}, {'name': 'k', 'type': 'u64'}]}
FORMS = {
    'thread': lambda **keys: hero.Bundle(tables('thread', keys)),
    'process': lambda **keys: hero.Bundle(tables('process', keys)),
    'alone': lambda **keys: hero.Bundle({SERVICE: keys}, name='hero_indexer_server'),
}


def tables(isolation, keys):
    """A bundle of hero_indexer only."""
    return {**{name: {'enabled': False} for name in hero.SERVICES}, SERVICE: {'isolation': isolation, **keys}}


@pytest.fixture(params=FORMS)
def bundle(request):
    with FORMS[request.param]() as running:
        yield running.wait_ready()


def call(bundle, method, *args, **params):
    return bundle.rpc(SERVICE, method, list(args) or params)


def fails(bundle, code, method, **params):
    with pytest.raises(hero.RpcError) as caught:
        call(bundle, method, **params)
    assert caught.value.code == code
    return caught.value


def match(value, field='t'):
    return {'type': 'match', 'field': field, 'value': value}


def test_vectors(bundle):
    """Scores of contract 6."""
    call(bundle, 'db.create', name='v', schema=SCHEMA)
    call(bundle, 'doc.add_batch', db='v', documents=[{'t': 'a b', 'k': 1}, {'t': 'a a c', 'k': 2}, {'t': 'd', 'k': 3}])
    assert call(bundle, 'index.commit', db='v')['doc_count'] == 3
    for query, expected in [(match('a'), [(2, .566580), (1, .470004)]), (match('a c'), [(2, 1.380853), (1, .470004)]),
                            ({'type': 'term', 'field': 't', 'value': 'a'}, [(1, .470004), (2, .390192)]),
                            ({'type': 'term', 'field': 'k', 'value': 3}, [(3, .980829)])]:
        answer = call(bundle, 'search.query', db='v', query=query)
        assert [hit['doc']['k'] for hit in answer['hits']] == [k for k, _ in expected]
        assert [hit['score'] for hit in answer['hits']] == pytest.approx([score for _, score in expected], abs=1e-5)
        assert answer['total_hits'] == len(expected) and isinstance(answer['took_ms'], int)
        assert call(bundle, 'search.count', db='v', query=query) == {'count': len(expected)}


def test_errors(bundle):
    call(bundle, 'db.create', name='e', schema=SCHEMA)
    assert fails(bundle, -32001, 'db.select', name='x').data['code_name'] == 'database_not_found'
    fails(bundle, -32002, 'db.create', name='e', schema=SCHEMA)
    fails(bundle, -32004, 'db.create', name='f', schema={'fields': [{'name': 'x', 'type': 'TEXT'}]})
    call(bundle, 'db.create', name='f', schema=SCHEMA)
    fails(bundle, -32006, 'doc.add', db='e', document=[])
    assert fails(bundle, -32007, 'doc.add', db='e', document={'tt': 1}).data['hint'].startswith('did you mean')
    fails(bundle, -32602, 'search.query', db='e', query={'type': 'nonsense'})
    fails(bundle, -32601, 'doc.upsert', db='e', document={})
    for name in ['', '..', 'a/b', '/abs', '.x', 'x' * 201, 'a\nb']:
        fails(bundle, -32602, 'db.create', name=name, schema=SCHEMA)
    for name in ['sp ace', 'ünï', '-dash']:
        assert call(bundle, 'db.create', name=name, schema=SCHEMA)['created']
    assert [entry['name'] for entry in call(bundle, 'db.list')['databases']] == ['-dash', 'e', 'f', 'sp ace', 'ünï']


def test_selection_by_connection(bundle):
    """db.select holds on its connection, and for the other connections of the process that made it."""
    call(bundle, 'db.create', name='s', schema=SCHEMA)
    assert call(bundle, 'db.select', name='s') == {'success': True, 'name': 's', 'doc_count': 0, 'selected': True}
    assert call(bundle, 'db.info')['name'] == 's'
    with pytest.raises(hero.RpcError) as caught:
        bundle.rpc(SERVICE, 'db.info', {}, headers={'Via': '1.1 router'})
    assert caught.value.code == -32003


def test_large_body(bundle):
    """Batches above the limit of other services; the answer comes back whole."""
    text = 'word ' * 100000
    call(bundle, 'db.create', name='l', schema=SCHEMA)
    assert call(bundle, 'doc.add_batch', db='l', documents=[{'t': text, 'k': k} for k in range(10)])['count'] == 10
    call(bundle, 'index.commit', db='l')
    hits = call(bundle, 'search.query', db='l', query=match('word'))['hits']
    assert [hit['doc']['t'] for hit in hits] == [text] * 10


def test_documents_survive_a_stop(bundle):
    """Also those that were acknowledged but not committed."""
    call(bundle, 'db.create', name='d', schema=SCHEMA)
    call(bundle, 'doc.add', db='d', document={'t': 'one'})
    call(bundle, 'index.commit', db='d')
    call(bundle, 'doc.add', db='d', document={'t': 'two'})
    assert bundle.stop() == 0
    bundle.start()
    bundle.wait_ready()
    assert call(bundle, 'search.count', db='d', query={'type': 'all'}) == {'count': 2}
    assert call(bundle, 'search.count', db='d', query=match('two')) == {'count': 1}


def test_exit():
    with FORMS['alone']() as bundle:
        bundle.wait_ready()
        call(bundle, 'db.create', name='d', schema=SCHEMA)
        call(bundle, 'doc.add', db='d', document={'t': 'pending'})
        with pytest.raises(hero.RpcError) as caught:
            bundle.rpc(SERVICE, 'server.exit', {}, headers={'X-Hero-Context': '5'})
        assert caught.value.code == -32094
        assert call(bundle, 'server.exit')['success']
        assert bundle.process.wait(hero.WAIT_S) == 0
        bundle.start()
        bundle.wait_ready()
        assert call(bundle, 'search.count', db='d', query=match('pending')) == {'count': 1}


def test_one_creation_of_many(bundle):
    """Eight clients create, select, add and commit to the same fresh names at once."""
    outcomes = []

    def client():
        for name in [f'n{i}' for i in range(10)]:
            try:
                call(bundle, 'db.create', name=name, schema=SCHEMA)
                outcomes.append('created')
            except hero.RpcError as error:
                outcomes.append(error.code)
            call(bundle, 'doc.add', db=name, document={'t': 'x'})
            call(bundle, 'index.commit', db=name)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ['-32002'] * 70 + ['created'] * 10
    assert {entry['doc_count'] for entry in call(bundle, 'db.list')['databases']} == {8}


def test_delete_frees_the_name(bundle):
    call(bundle, 'db.create', name='d', schema=SCHEMA)
    call(bundle, 'doc.add_batch', db='d', documents=[{'t': 'old'}] * 5000)
    call(bundle, 'index.commit', db='d')
    call(bundle, 'db.delete', name='d')
    assert call(bundle, 'db.create', name='d', schema=SCHEMA)['created']
    assert call(bundle, 'search.count', db='d', query={'type': 'all'}) == {'count': 0}


def test_events(bundle):
    connection = hero.UnixConnection(bundle.path(SERVICE))
    connection.request('GET', '/api/main/events?types=db.*')
    stream = connection.getresponse()
    call(bundle, 'db.create', name='d', schema=SCHEMA)
    call(bundle, 'doc.add', db='d', document={'t': 'x'})
    call(bundle, 'index.commit', db='d')
    seen = {}
    while 'db.committed' not in seen:
        line = stream.readline().decode()
        assert line
        if line.startswith('data: '):
            event = json.loads(line[6:])
            seen[event['event']] = event['data']
    connection.close()
    assert seen['db.created'] == {'name': 'd'} and seen['db.opened'] == {'name': 'd'}
    assert {key: seen['db.committed'][key] for key in ('name', 'added', 'deleted', 'doc_count')} == {
        'name': 'd', 'added': 1, 'deleted': 0, 'doc_count': 1}


def test_documents_tell_what_runs(bundle):
    document = bundle.get_json(SERVICE, '/openrpc.json')
    assert document['info']['title'] == 'Hero Indexer' and document['openrpc'] == '1.2.6'
    names = [method['name'] for method in document['methods']]
    assert names[:4] == ['server.ping', 'server.stats', 'server.exit', 'db.list'] and 'rpc.discover' not in names
    for method in document['methods']:
        if not method['params'] and method['name'] != 'server.exit':
            call(bundle, method['name'])
    health = bundle.get_json(SERVICE, '/health')
    assert health['service'] == SERVICE and health['checks'] == {'catalogue': 'ok', 'disk': 'ok'}


def test_pages(bundle):
    call(bundle, 'db.create', name='<d>', schema=SCHEMA)
    call(bundle, 'doc.add', db='<d>', document={'t': 'hello <b>world</b>'})
    call(bundle, 'index.commit', db='<d>')
    for target, part in [('/', b'Hero Indexer'), ('/databases', b'&lt;d&gt;'), ('/databases/%3Cd%3E', b'Tokenizer'),
                         ('/query?db=%3Cd%3E&q=hello', b'hello &lt;b&gt;world')]:
        status, headers, body = bundle.get(SERVICE, target, role='admin')
        assert status == 200 and headers['Content-Type'].startswith('text/html') and part in body, target
    assert bundle.get(SERVICE, '/databases/none', role='admin')[0] == 404


def committing_client(bundle, stop, answered):
    """Batches of 50, each committed; what was answered is noted."""
    try:
        while not stop.is_set():
            call(bundle, 'doc.add_batch', db='k', documents=[{'t': 'word', 'k': k} for k in range(50)])
            answered.append(call(bundle, 'index.commit', db='k')['doc_count'])
    except (OSError, http.client.HTTPException):
        pass


def test_kill():
    """No answered commit is lost by kill -9, and no part of another is seen."""
    top = tempfile.mkdtemp(prefix='hb', dir='/tmp')
    try:
        count = 0
        for life in range(6):
            with hero.Bundle({}, name='hero_indexer_server', top=top) as bundle:
                hero.wait_for(lambda: answers(bundle), 'it answers')
                call(bundle, 'db.create', name='k', schema=SCHEMA, if_not_exists=True)
                found = call(bundle, 'search.count', db='k', query=match('word'))['count']
                assert found % 50 == 0 and found >= count, (life, found, count)
                assert call(bundle, 'db.info', db='k')['doc_count'] == found
                stop, answered = threading.Event(), [found]
                client = threading.Thread(target=committing_client, args=(bundle, stop, answered))
                client.start()
                hero.wait_for(lambda: len(answered) > 2, 'commits are answered')
                time.sleep(random.random() * 0.2)
                bundle.process.send_signal(signal.SIGKILL)
                bundle.process.wait()
                stop.set()
                client.join()
                count = answered[-1]
    finally:
        shutil.rmtree(top, ignore_errors=True)


def answers(bundle):
    try:
        return call(bundle, 'server.ping')
    except OSError:
        return None
