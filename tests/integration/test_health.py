"""Health and counters of every service (conventions 4.1, 5.4, 10)."""
import json
import re

import pytest

import everyone
import hero


@pytest.fixture(scope='module')
def bundle():
    with everyone.bundle() as running:
        yield running


each_service = pytest.mark.parametrize('service', everyone.ALL)


@each_service
def test_body(bundle, service):
    status, headers, body = bundle.get(service, '/health')
    health = json.loads(body)
    assert status == 200 and headers['Content-Type'] == 'application/json'
    assert list(health)[:3] == ['status', 'service', 'version']
    assert (health['status'], health['service']) == ('ok', service)
    assert re.fullmatch(r'\d+\.\d+\.\d+.*', health['version'])
    assert isinstance(health['uptime_secs'], int) and health['state'] == 'ready'
    assert all(isinstance(text, str) for text in health['warnings'])
    assert all(value == 'ok' for value in health.get('checks', {}).values())


@each_service
def test_same_everywhere(bundle, service):
    """rpc.sock, admin.sock and rpc.health say the same, but for what moves on."""
    def still(health):
        return {key: value for key, value in health.items() if key in ('status', 'service', 'version', 'state', 'checks')}
    health = bundle.get_json(service, '/health')
    assert still(bundle.get_json(service, '/health', 'admin')) == still(health)
    result = bundle.rpc(service, 'rpc.health')
    assert still(result) == still(health) and set(result) == set(health)
    assert health['version'] == bundle.get_json(service, '/.well-known/heroservice.json')['version']


def prefix(service):
    return service if service.startswith('hero_') else f'hero_{service}'


@each_service
def test_counters(bundle, service):
    before = {metric['name']: metric for metric in bundle.rpc(service, 'rpc.metrics')}
    for _ in range(3):
        bundle.rpc(service, 'rpc.health')
    after = {metric['name']: metric for metric in bundle.rpc(service, 'rpc.metrics')}
    for metric in after.values():
        assert set(metric) == {'name', 'kind', 'help', 'value'} and metric['help']
        assert re.fullmatch(r'[a-z][a-z0-9_]*', metric['name']) and metric['name'].startswith(prefix(service) + '_')
        assert metric['kind'] in ('counter', 'gauge')
        assert (metric['kind'] == 'counter') == metric['name'].endswith('_total')
    calls = prefix(service) + '_rpc_calls_total'
    assert after[calls]['value'] >= before[calls]['value'] + 4


def test_host_collects_the_counters(bundle):
    status, headers, body = bundle.get('hero_bundle', '/metrics')
    text = body.decode()
    assert status == 200 and headers['Content-Type'].startswith('text/plain')
    for service in everyone.ALL:
        if service != 'hero_bundle':
            name = prefix(service) + '_uptime_seconds'
            assert f'# TYPE {name} gauge\n' in text and re.search(rf'^{name}(\{{.*\}})? [0-9.e+]+$', text, re.M), name


def test_sockets_answer_at_once(bundle):
    """A client that sees rpc.sock gets a 200 (row 3)."""
    for service in everyone.ALL:
        assert hero.request(bundle.path(service), target='/health')[0] == 200
