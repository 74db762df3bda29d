"""The host's own service: status, restart, configuration, metrics, events, page, and what its health says of others."""
import json
import re
import threading
import time

import pytest

import hero


def test_status(probes, isolation):
    with hero.Bundle(probes(a={'required': True}, b={'enabled': False})) as bundle:
        bundle.wait_ready()
        status = bundle.status()
        assert status['pid'] == bundle.pid and status['rss_bytes'] > 0 and status['version']
        assert [service['name'] for service in status['services']] == [*hero.SERVICES[:5], 'a', 'b', 'hero_router']
        a, b = bundle.status('a'), bundle.status('b')
        assert (a['state'], a['isolation'], a['required'], a['restarts']) == ('ready', isolation, True, 0)
        assert a['ready_ms'] >= 0 and a['last_error'] is None
        assert (b['state'], b['enabled'], b['pid'], b['ready_ms']) == ('disabled', False, None, None)


def test_restart(probes):
    with hero.Bundle(probes(a={}, b={})) as bundle:
        bundle.wait_ready()
        before = bundle.status('b')
        answer = bundle.rpc('hero_bundle', 'host.restart', {'name': 'a'})
        assert set(answer) == {'name', 'state', 'ready_ms', 'last_error'} and answer['state'] == 'ready'
        assert bundle.status('a')['restarts'] == 1 and bundle.status('b') == before | {'rss_bytes': bundle.status('b')['rss_bytes']}


@pytest.mark.parametrize('name', hero.SERVICES)
def test_restart_of_a_real_service(six, name):
    """Row 18: more than one life of a plugin in one process; everything of the first is gone."""
    with hero.Bundle(six({'stagger_ms': 0})) as bundle:
        bundle.wait_ready()
        document = bundle.get_json(name, '/openrpc.json')
        for _ in range(2):
            assert bundle.rpc('hero_bundle', 'host.restart', {'name': name})['state'] == 'ready'
            assert bundle.get_json(name, '/health')['status'] == 'ok'
        assert bundle.get_json(name, '/openrpc.json') == document
        assert {service['restarts'] for service in bundle.status()['services'] if service['name'] != name} == {0}
        assert bundle.stop() == 0


def test_restart_refuses_nobody(probes):
    """Row of 15.1: clients that come during the restart wait in the backlog; none is refused."""
    with hero.Bundle(probes(a={})) as bundle:
        bundle.wait_ready()
        refused, done, over = [], [], threading.Event()

        def knock():
            while not over.is_set():
                try:
                    done.append(bundle.get('a', '/health')[0])
                except OSError as error:
                    if not isinstance(error, ConnectionResetError):
                        refused.append(error)

        clients = [threading.Thread(target=knock) for _ in range(3)]
        for client in clients:
            client.start()
        for _ in range(5):
            assert bundle.rpc('hero_bundle', 'host.restart', {'name': 'a'})['state'] == 'ready'
        over.set()
        for client in clients:
            client.join()
        assert not refused and len(done) > 5


def test_restart_of_what_failed(probes):
    """A failed service is tried again at once; the answer says how it went."""
    with hero.Bundle(probes(a={'behaviour': 'fails_start_busy'}, b={})) as bundle:
        bundle.wait_ready()
        answer = bundle.rpc('hero_bundle', 'host.restart', {'name': 'a'})
        assert answer['state'] == 'failed' and 'the probe fails in start' in answer['last_error']


def test_restart_errors(probes, isolation):
    tables = probes(a={'behaviour': 'hangs_in_stop', 'stop_timeout_s': 1}, b={})
    with hero.Bundle(tables) as bundle:
        bundle.wait_ready()
        with pytest.raises(hero.RpcError) as unknown:
            bundle.rpc('hero_bundle', 'host.restart', {'name': 'nobody'})
        assert unknown.value.code == -32602 and 'a b' in unknown.value.data['hint']
        with pytest.raises(hero.RpcError) as missing:
            bundle.rpc('hero_bundle', 'host.restart')
        assert missing.value.code == -32602
        with pytest.raises(hero.RpcError) as forbidden:
            bundle.rpc('hero_bundle', 'host.restart', {'name': 'b'}, {'X-Hero-Context': '7'})
        assert forbidden.value.code == -32094
        if isolation == 'process':
            assert bundle.rpc('hero_bundle', 'host.restart', {'name': 'a'})['state'] == 'ready'
            return
        for _ in range(2):
            with pytest.raises(hero.RpcError) as hung:
                bundle.rpc('hero_bundle', 'host.restart', {'name': 'a'})
            assert hung.value.code == -32093
        assert bundle.status('a')['state'] == 'stopping'
        assert bundle.get('b', '/health')[0] == 200


def test_config(probes):
    bundle = hero.Bundle(probes(a={'delay_ms': 7}), env={'PATH_VAR': None, 'PATH_ROOT': '/tmp/hb-none'})
    bundle.env['PATH_VAR'] = str(bundle.data)
    with bundle:
        bundle.wait_ready()
        config = bundle.rpc('hero_bundle', 'host.config')
        keys = {(key['table'], key['key']): key for key in config['keys']}
        assert config['path'] == str(bundle.config)
        line = bundle.config.read_text().splitlines().index('delay_ms = 7') + 1
        assert keys['a', 'delay_ms'] == {'table': 'a', 'key': 'delay_ms', 'value': '7', 'source': 'file', 'line': line}
        assert keys['host', 'data_dir']['source'] == 'environment'
        assert keys['host', 'stop_timeout_s'] | {'line': None} == keys['host', 'stop_timeout_s']
        assert keys['host', 'stop_timeout_s']['source'] == 'default'


def test_metrics(six):
    with hero.Bundle(six({'stagger_ms': 0})) as bundle:
        bundle.wait_ready()
        status, headers, body = bundle.get('hero_bundle', '/metrics')
        text = body.decode()
        assert status == 200 and headers['Content-Type'].startswith('text/plain; version=0.0.4')
        values = dict(re.findall(r'^([a-z0-9_]+(?:\{[^}]*\})?) (\S+)$', text, re.M))
        for name in hero.SERVICES:
            prefix = name if name.startswith('hero_') else f'hero_{name}'
            assert values[f'hero_bundle_service_up{{service="{name}"}}'] == '1'
            assert float(values[f'{prefix}_uptime_seconds']) >= 0
        for name in re.findall(r'^([a-z0-9_]+)', text, re.M):
            assert text.count(f'# TYPE {name} ') == 1


def test_events(probes):
    with hero.Bundle(probes({'restart_delay_ms': 50}, a={'behaviour': 'fails_later', 'delay_ms': 1500, 'restart_max': 1})) as bundle:
        bundle.wait_ready()
        connection = hero.UnixConnection(bundle.path('hero_bundle'))
        connection.request('GET', '/api/main/events?types=service.*')
        stream, seen = connection.getresponse(), []
        while ('backoff', 'starting') not in seen:
            line = stream.readline().decode()
            assert line, 'the stream ended'
            if line.startswith('data: ') and '"service.state"' in line:
                data = json.loads(line[6:])['data']
                assert data['name'] == 'a'
                seen.append((data['from'], data['to']))
        assert ('ready', 'backoff') in seen
        connection.close()


def test_stalled_is_told(probes):
    """Within 3 s of the block: host.status, /health of the bundle, the log; and it is taken back."""
    tables = probes(a={'behaviour': 'blocks_forever', 'delay_ms': 500}, b={})
    tables['']['stop_timeout_s'] = 1
    with hero.Bundle(tables) as bundle:
        bundle.wait_ready()
        assert bundle.get('hero_bundle', '/health')[0] == 200
        bundle.wait_state('a', 'stalled')
        hero.wait_for(lambda: bundle.get('hero_bundle', '/health')[0] == 503, 'the health of the bundle follows its status')
        health = json.loads(bundle.get('hero_bundle', '/health')[2])
        assert health['status'] == 'degraded' and 'a: stalled' in health['reason']
        assert re.search(r'ERROR a: stalled reason="its main context has not answered', bundle.out)
        assert bundle.get('b', '/health')[0] == 200


def test_stalled_for_a_while(probes):
    tables = probes({'watchdog_warn_ms': 400}, a={'behaviour': 'blocks_loop', 'delay_ms': 300}, b={})
    with hero.Bundle(tables) as bundle:
        bundle.wait_ready()
        bundle.wait_state('a', 'stalled')
        bundle.wait_state('a', 'ready')
        hero.wait_for(lambda: bundle.get('hero_bundle', '/health')[0] == 200, 'the bundle is well again')


def test_health_names_what_failed(probes):
    with hero.Bundle(probes(a={'behaviour': 'fails_start_busy'}, b={'behaviour': 'degrades_later'}, c={})) as bundle:
        bundle.wait_ready()
        bundle.wait_state('b', 'degraded')
        _, _, body = bundle.get('hero_bundle', '/health')
        assert 'a: failed' in json.loads(body)['reason'] and 'b: degraded' in json.loads(body)['reason']
        assert bundle.status('b')['reason'] == 'the probe works only in part'


def test_page(probes):
    with hero.Bundle(probes(a={}, b={'behaviour': 'fails_start_busy'})) as bundle:
        bundle.wait_ready()
        status, _, body = bundle.get('hero_bundle', '/', 'admin')
        text = body.decode()
        assert status == 200 and 'host.restart' in text and 'the probe fails in start' in text
        assert re.search(r'failed', text) and str(bundle.pid) in text
        assert bundle.get('hero_bundle', '/keys', 'admin')[0] == 200
        assert 'stop_timeout_s' in bundle.get('hero_bundle', '/keys', 'admin')[2].decode()


def test_no_control(probes):
    with hero.Bundle(probes({'control': False}, a={})) as bundle:
        bundle.wait_ready()
        assert not (bundle.sockets / 'hero_bundle').exists()
        assert bundle.get('a', '/health')[0] == 200


def test_all_ended_by_themselves(probes):
    """15.2: everything ended cleanly: nothing is left to host."""
    with hero.Bundle(probes(a={'behaviour': 'ends_later', 'delay_ms': 300}, b={'behaviour': 'ends_later'})) as bundle:
        assert bundle.process.wait(hero.WAIT_S) == 0


def test_bundle_stays_when_all_failed_at_run_time(probes):
    with hero.Bundle(probes(a={'behaviour': 'fails_later', 'delay_ms': 500, 'restart': 'never'})) as bundle:
        bundle.wait_ready()
        bundle.wait_state('a', 'failed')
        time.sleep(0.3)
        assert bundle.process.poll() is None
        assert bundle.stop() == 0
