"""system.* of hero_proc, as its clients see it: what it is, its end on a client's word (contract 13), its records."""
import os
import time

import pytest

import hero
from hero_proc import (SERVICE, FORMS, alive, bundle, call, children_of, crash, define, fails, make, service_pid, sh,  # noqa: F401
                       start, tables, wait_status)

STUBBORN = "trap '' TERM; while :; do sleep 0.1; done"


def gone(bundle, limit_s=30):
    """Until hero_proc has ended, cleanly: with siblings the host goes on, else it ends as well."""
    def over():
        if bundle.process.poll() is not None:
            return True
        try:
            return bundle.program == 'hero_bundle' and bundle.status(SERVICE)['state'] == 'stopped'
        except OSError:  # it is ending
            return False
    hero.wait_for(over, 'it has stopped', limit_s)
    assert bundle.process.poll() in (None, 0)


def test_info(bundle):
    define(bundle, 'x', 'exec sleep 1000')
    start(bundle, 'x')
    ping = call(bundle, 'system.ping')
    assert ping['pong'] is True and ping['version'] and ping['uptime_ms'] > 0
    info = call(bundle, 'system.info')
    assert info == {**call(bundle, 'system.status'), 'uptime_ms': info['uptime_ms']}
    assert info['pid'] == service_pid(bundle) and info['state'] == 'ready' and len(info['boot_id']) == 36
    assert os.path.exists(info['paths']['db_path']) and info['paths']['socket_dir'] in str(bundle.path(SERVICE))
    assert info['counts'] == {'services': 1, 'services_up': 1, 'actions': 1, 'jobs_active': 1, 'jobs_running': 1, 'runs': 1, 'schedules': 0}
    assert info['features']['redact'] is True
    assert fails(bundle, -32017, 'system.reboot').data['code_name'] == 'not_supported'


def test_ready_by_rpc(bundle):
    define(bundle, 'x', 'exec sleep 1000', readiness={'type': 'notify'})
    call(bundle, 'service.start', name='x', wait=False)
    job = hero.wait_for(lambda: (got := call(bundle, 'job.list', service='x')[0])['pid'] and got, 'it runs')
    time.sleep(1)
    assert call(bundle, 'service.status', name='x')['state'] == 'starting'
    assert call(bundle, 'job.ready', id=job['id'], message='warm') == {'ok': True}
    status = wait_status(bundle, 'x', state='running', ready=True)
    assert status['message'] == 'warm'
    call(bundle, 'service.stop', name='x')
    assert fails(bundle, -32009, 'job.ready', id=job['id']).data['phase'] == 'cancelled'
    assert fails(bundle, -32000, 'job.ready', id=99).data['code_name'] == 'job_not_found'


@pytest.fixture(params=['bundle', 'alone'])
def beside(request):
    """hero_proc with a sibling, and alone; it is not restarted when it ends as it was told."""
    isolation = os.environ.get('HERO_ISOLATION', 'thread')
    forms = {'bundle': lambda: hero.Bundle({**tables(isolation, {}), 'hero_db': {'enabled': True, 'isolation': isolation}}), 'alone': FORMS['alone']}
    with forms[request.param]() as running:
        yield running.wait_ready()


def test_shutdown(beside):
    """Dependents first, changes refused and questions answered meanwhile; the sibling goes on, nothing is started again."""
    define(beside, 'a', STUBBORN, stop_timeout_ms=3000)
    define(beside, 'b', 'exec sleep 1000')
    call(beside, 'service.set', name='b', requires=['a'], actions=['b'])
    start(beside, 'b')
    start(beside, 'a')
    answer = call(beside, 'system.shutdown', timeout_ms=20000)
    assert answer['accepted'] and 0 < answer['deadline_ms'] - time.time() * 1000 <= 20000
    wait_status(beside, 'b', pid=0)
    assert call(beside, 'service.status', name='a')['pid'] != 0 and call(beside, 'system.info')['state'] == 'stopping'
    for method, params in {'service.start': {'name': 'b'}, 'action.set': {'spec': sh('true')}, 'job.create': {'action': 'b'}}.items():
        assert fails(beside, -32090, method, **params)
    gone(beside)
    assert children_of(beside.top) == []
    if beside.program == 'hero_bundle':
        time.sleep(1)  # it would be restarted after 50 ms
        assert beside.status(SERVICE)['state'] == 'stopped'
        assert beside.status('hero_db')['state'] == 'ready' and beside.rpc('hero_db', 'rpc.health')['state'] == 'ready'


def test_shutdown_force(bundle):
    define(bundle, 'x', STUBBORN, stop_timeout_ms=20000)
    pid = start(bundle, 'x')
    call(bundle, 'system.shutdown')
    time.sleep(1)
    assert alive(pid)
    assert call(bundle, 'system.shutdown_force')['accepted']
    begin = time.monotonic()
    gone(bundle)
    assert time.monotonic() - begin < 5 and not alive(pid)


def test_prepared_restart(make):
    bundle = make()
    define(bundle, 'x', 'exec sleep 1000')
    pid = start(bundle, 'x')
    answer = call(bundle, 'system.prepare_restart')
    assert answer == {'ok': True, 'jobs': 1, 'ready': True, 'state_path': call(bundle, 'system.info')['paths']['db_path']}
    bundle.stop()
    assert alive(pid)
    bundle = make()
    assert call(bundle, 'service.status', name='x')['pid'] == pid


def test_vacuum(make):
    """The file shrinks to what is there, and a crash after it finds all of that."""
    bundle = make()
    for i in range(40):
        call(bundle, 'action.set', spec=sh('# ' + 'x' * 100000, name=f'a{i}'))
    for i in range(1, 40):
        call(bundle, 'action.delete', name=f'a{i}')
    answer = call(bundle, 'system.vacuum')
    assert answer['after_bytes'] < answer['before_bytes'] / 4
    assert os.path.getsize(call(bundle, 'system.info')['paths']['db_path']) == answer['after_bytes']
    call(bundle, 'action.set', spec=sh('true', name='after'))
    crash(bundle)
    bundle = make()
    assert call(bundle, 'action.list', names_only=True) == ['a0', 'after']


def test_of_another_context(bundle):
    def five(method):
        return bundle.rpc(SERVICE, method, {}, headers={'X-Hero-Context': '5'})
    assert five('system.ping')['pong'] and five('system.info')['pid']
    for method in 'shutdown', 'shutdown_force', 'prepare_restart', 'reboot', 'vacuum':
        with pytest.raises(hero.RpcError) as caught:
            five(f'system.{method}')
        assert caught.value.code == -32094


# ---- what it has and does

def test_stats_and_configuration(make):
    bundle = make(max_queued_jobs=77)
    define(bundle, 'x', 'exec sleep 1000')
    start(bundle, 'x')
    stats = call(bundle, 'system.stats')
    assert stats['process']['pid'] == service_pid(bundle) and stats['process']['memory_bytes'] > 1 << 20
    assert stats['jobs']['running'] == stats['jobs']['active'] == 1 and stats['jobs']['waiting'] == stats['jobs']['restarts'] == 0
    assert 0 < stats['store']['bytes'] < stats['store']['max_bytes'] and stats['store']['late'] == 0
    assert stats['logs'].keys() == call(bundle, 'logs.stats').keys()
    config = call(bundle, 'system.config')
    assert config['max_queued_jobs'] == 77 and config['redact'] is True and config['spawn_rate'] == 1000
    assert {q['name']: q['limit'] for q in call(bundle, 'debug.queues')['queues']}['jobs that have no process yet'] == 77


def test_debug(bundle):
    """Data, and the same as a table for people."""
    define(bundle, 'x', 'sleep 1000 & exec sleep 1001')
    define(bundle, 'y', 'exec sleep 1000')
    start(bundle, 'x')
    job = call(bundle, 'job.list', service='x')[0]
    state = call(bundle, 'debug.state')
    assert {s['name']: (s['state'], s['pid']) for s in state['services']} == {'x': ('running', job['pid']), 'y': ('inactive', 0)}
    assert [(j['id'], j['phase'], j['pid']) for j in state['jobs']] == [(job['id'], 'running', job['pid'])]
    lines = [line.split() for line in state['output'].splitlines()]
    assert lines[0] == ['what', 'name', 'state', 'pid', 'attempt', 'more'] and ['service', 'x', 'running', str(job['pid']), 'wanted', 'start'] in lines
    tree = call(bundle, 'debug.process_tree', name='x')
    main, below = tree['processes']
    assert main['pid'] == job['pid'] == main['pgid'] == below['ppid'] and main['cmdline'] == 'sleep 1001' and below['cmdline'] == 'sleep 1000'
    assert {p['job_id'] for p in tree['processes']} == {job['id']} and 'sleep 1001' in tree['output']
    assert {p['pid'] for p in call(bundle, 'debug.process_tree')['processes']} == {main['pid'], below['pid']}
    assert call(bundle, 'debug.process_tree', name='y')['processes'] == []
    fails(bundle, -32000, 'debug.process_tree', name='z')
    assert [j['id'] for j in call(bundle, 'service.history', name='x')] == [job['id']] and call(bundle, 'service.history', name='y') == []
    with pytest.raises(hero.RpcError) as caught:
        bundle.rpc(SERVICE, 'debug.state', headers={'X-Hero-Context': '5'})
    assert caught.value.code == -32094
