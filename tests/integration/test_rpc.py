"""JSON-RPC of every service (conventions 5): inputs and answers, errors, batches, the OpenRPC document."""
import base64
import json

import pytest

import everyone
import hero

JSON = {'Content-Type': 'application/json'}


@pytest.fixture(scope='module')
def bundle():
    with everyone.bundle() as running:
        yield running


each_service = pytest.mark.parametrize('service', everyone.ALL)


def post(bundle, service, body):
    status, _, answer = hero.request(bundle.path(service), 'POST', '/rpc', body, JSON)
    return status, json.loads(answer) if answer else None


def call(identity, method='rpc.health', **more):
    return {'jsonrpc': '2.0', 'id': identity, 'method': method, **more}


IDS = [0, 1, -1, 9223372036854775807, -9223372036854775808, 'text', '', 'ü', None, 1.5]


@each_service
def test_ids_come_back(bundle, service):
    for identity in IDS:
        status, answer = post(bundle, service, json.dumps(call(identity)))
        assert status == 200 and answer['id'] == identity and type(answer['id']) is type(identity)
        assert list(answer) == ['jsonrpc', 'id', 'result'] and answer['jsonrpc'] == '2.0'


@each_service
def test_notifications(bundle, service):
    for body in ('{"jsonrpc":"2.0","method":"rpc.health"}', '{"jsonrpc":"2.0","method":"no.such.method"}',
                 '[{"jsonrpc":"2.0","method":"rpc.health"}]'):
        assert post(bundle, service, body) == (204, None)


PARSE_ERRORS = [
    '', ' ', '{', '{"a":1} x', "{'a':1}", '{"a":1,}', '[1,]', '// x\n{}', '{"a":01}', '{"a":0x1}', '{"a":NaN}', 'var a = {}',
    '"\\ud800"', '"\\x"', '"a\nb"', '[' * 65 + ']' * 65, '\ufeff{}',
]


@each_service
def test_parse_errors(bundle, service):
    for body in [*(text.encode() for text in PARSE_ERRORS), b'"\xff"', b'"\xed\xa0\x80"', b'{"jsonrpc"\x00:1}']:
        status, answer = post(bundle, service, body)
        assert status == 200 and answer['id'] is None, body
        error = answer['error']
        assert (error['code'], error['message'], error['data']['code_name']) == (-32700, 'Parse error', 'parse_error'), body
        assert error['data']['retryable'] is False and error['data']['hint'].startswith('line '), body


INVALID = [  # body, id, message
    ('1', None, 'Invalid Request'), ('"x"', None, 'Invalid Request'), ('null', None, 'Invalid Request'),
    ('{}', None, 'Invalid Request'), ('{"jsonrpc":"2.0","id":3}', 3, 'Invalid Request'),
    ('{"jsonrpc":"1.0","id":3,"method":"rpc.health"}', 3, 'Invalid Request'),
    ('{"id":3,"method":"rpc.health"}', 3, 'Invalid Request'), ('{"jsonrpc":"2.0","method":7}', None, 'Invalid Request'),
    ('{"jsonrpc":"2.0","id":true,"method":"rpc.health"}', None, 'Invalid Request'),
    ('{"jsonrpc":"2.0","id":[1],"method":"rpc.health"}', None, 'Invalid Request'),
    ('{"jsonrpc":"2.0","id":{},"method":"rpc.health"}', None, 'Invalid Request'),
    ('{"jsonrpc":"2.0","id":9223372036854775808,"method":"rpc.health"}', None, 'Invalid Request'),
    ('{"jsonrpc":"2.0","id":"a\\u0000","method":"rpc.health"}', None, 'Invalid Request'),
    ('{"jsonrpc":"2.0","id":3,"method":"rpc.health","params":1}', 3,
     'Invalid Request: params must be an array or an object'),
    ('{"jsonrpc":"2.0","id":3,"method":"rpc.health","params":"x"}', 3,
     'Invalid Request: params must be an array or an object'),
    ('[]', None, 'Invalid Request: empty batch'), ('[' + '1,' * 1000 + '1]', None, 'Invalid Request: batch larger than 1000'),
]


@each_service
def test_invalid_requests(bundle, service):
    for body, identity, message in INVALID:
        status, answer = post(bundle, service, body)
        assert status == 200 and answer['id'] == identity, body
        assert (answer['error']['code'], answer['error']['message']) == (-32600, message), body
        assert answer['error']['data'] == {'code_name': 'invalid_request', 'retryable': False}


@each_service
def test_refused_values(bundle, service):
    for value in ('9223372036854775808', '1e999', '"\\u0000"', '{"a\\u0000":1}'):
        body = f'{{"jsonrpc":"2.0","id":5,"method":"rpc.health","params":[{value}]}}'
        _, answer = post(bundle, service, body)
        assert answer['id'] == 5 and answer['error']['code'] == -32602, body
        assert answer['error']['data']['code_name'] == 'invalid_params'


@each_service
def test_unknown_method(bundle, service):
    _, answer = post(bundle, service, json.dumps(call(1, 'rpc.helth')))
    assert (answer['error']['code'], answer['error']['message']) == (-32601, 'Method not found')
    assert answer['error']['data'] == {'code_name': 'method_not_found', 'retryable': False, 'hint': 'rpc.health'}
    with pytest.raises(hero.RpcError) as failure:
        bundle.rpc(service, 'quite.another.thing.altogether')
    assert failure.value.code == -32601 and failure.value.data['hint']


@each_service
def test_batches(bundle, service):
    batch = [call(1), {'jsonrpc': '2.0', 'method': 'rpc.health'}, 1, call('two', 'no.such'), call(3, params=None),
             call(4, params={'unknown': 1}), call(5, params=[])]
    status, answers = post(bundle, service, json.dumps(batch))
    assert status == 200
    assert [(answer['id'], answer.get('error', {}).get('code')) for answer in answers] == [
        (1, None), (None, -32600), ('two', -32601), (3, None), (4, None), (5, None)]
    status, answers = post(bundle, service, json.dumps([call(i) for i in range(1000)]))
    assert [answer['id'] for answer in answers] == list(range(1000))


@each_service
def test_discover(bundle, service):
    _, headers, body = bundle.get(service, '/openrpc.json')
    assert bundle.rpc(service, 'rpc.discover') == json.loads(body)
    assert bundle.get(service, '/openrpc.json', 'admin')[2] == body
    with pytest.raises(hero.RpcError) as failure:
        bundle.rpc(service, 'rpc.discover', [1])
    assert failure.value.code == -32602


@each_service
def test_bus(bundle, service):
    """Row 10: over the bus answers what answers over the socket, alone and in a batch."""
    key = bundle.rpc('mycelium', 'getInfo')['nodePubkey']

    def ask(request):
        message = {'dst': {'pk': key}, 'topic': base64.b64encode(f'{service}.rpc'.encode()).decode(),
                   'payload': base64.b64encode(json.dumps(request).encode()).decode()}
        reply = bundle.rpc('mycelium', 'pushMessage', [message, 60])
        return json.loads(base64.b64decode(reply['payload']))
    assert ask(call(1, 'rpc.discover'))['result'] == bundle.get_json(service, '/openrpc.json')
    batch = [call(1, 'no.such'), call(2), {'jsonrpc': '2.0', 'method': 'rpc.health'}, 3]
    _, expected = post(bundle, service, json.dumps(batch))
    answers = ask(batch)
    assert [answer.get('error') for answer in answers] == [answer.get('error') for answer in expected]
    assert [answer['id'] for answer in answers] == [1, 2, None] and answers[1]['result']['service'] == service


def walk(value):
    yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(child)


def references(value):
    return {part['$ref'] for part in walk(value) if isinstance(part, dict) and '$ref' in part}


@each_service
def test_document(bundle, service):
    document = bundle.get_json(service, '/openrpc.json')
    assert document['openrpc'] == '1.2.6'
    assert set(document['info']) == {'title', 'version', 'description'} and all(document['info'].values())
    names = [method['name'] for method in document['methods']]
    assert len(names) == len(set(names)) and names and not [name for name in names if name.startswith('rpc.')]
    schemas = document.get('components', {}).get('schemas', {})
    for method in document['methods']:
        assert set(method) >= {'name', 'summary', 'description', 'params', 'result', 'errors', 'paramStructure', 'tags'}
        assert method['summary'] and method['paramStructure'] == 'either'
        assert [tag['name'] in everyone.domains(service) for tag in method['tags']] == [True], method['name']
        for param in method['params']:
            assert set(param) >= {'name', 'required', 'schema', 'description'} and param['description'], method['name']
        assert set(method['result']) >= {'name', 'schema'}
        for error in method['errors']:
            assert set(error) == {'code', 'message'} and error['message']
        optional = [not param['required'] for param in method['params']]
        assert optional == sorted(optional), f'{method["name"]}: a required parameter stands behind an optional one'
    assert {f'#/components/schemas/{name}' for name in schemas} == references(document)
    for part in walk(document):
        if isinstance(part, dict):
            assert 'allOf' not in part and not [key for key in part if key.startswith('x-')]
    for domain in everyone.domains(service):
        part = bundle.get_json(service, f'/api/{domain}/openrpc.json')
        assert {m['name'] for m in part['methods']} == {
            m['name'] for m in document['methods'] if m['tags'][0]['name'] == domain}
        assert {f'#/components/schemas/{name}' for name in part.get('components', {}).get('schemas', {})} == references(part)


@each_service
def test_every_listed_method_is_there(bundle, service):
    """Far too many parameters: known methods say so, without doing anything."""
    methods = bundle.get_json(service, '/openrpc.json')['methods']
    calls = [call(i, method['name'], params=[None] * 200) for i, method in enumerate(methods)]
    _, answers = post(bundle, service, json.dumps(calls))
    for method, answer in zip(methods, answers):
        assert 'error' in answer and answer['error']['code'] != -32601, method['name']
        assert set(answer['error']['data']) >= {'code_name', 'retryable'}


@each_service
def test_missing_parameters_are_named(bundle, service):
    for method in bundle.get_json(service, '/openrpc.json')['methods']:
        required = [param['name'] for param in method['params'] if param['required']]
        if required:
            _, answer = post(bundle, service, json.dumps(call(1, method['name'], params={})))
            assert answer['error']['code'] == -32602, (method['name'], answer)
