"""hero_proc's services among each other: order, conflicts, cascades, and a kill -9 in the middle of it. Real children."""
import json
import os
import signal
import threading
import time

import pytest

import hero
from hero_proc import (alive, call, children_of, crash, environ, fails, group_of, SERVICE, start, stop_all, tables,
                       top, wait_status)

SLEEP = 'exec sleep 1000'
# Says when it is told to stop, and takes its time.
SLOW = 'trap "sleep 0.5; exit" TERM; while :; do sleep 0.1; done'


@pytest.fixture
def lives(isolation, top):
    """lives(): hero_proc of the same directory, once more."""
    def life(others=None, **keys):
        (top / 'out').unlink(missing_ok=True)
        return hero.Bundle({**tables(isolation, keys), **(others or {})}, top=top)
    return life


@pytest.fixture
def bundle(lives):
    with lives() as running:
        yield running.wait_ready()
        stop_all(running)


def define(bundle, name, script=SLEEP, start_it=False, action=None, **members):
    """A service with one process."""
    spec = {'name': name, 'interpreter': 'sh', 'is_process': True, 'script': script, 'retry_policy': {'delay_ms': 100},
            **(action or {})}
    return call(bundle, 'service.set', name=name, actions=[spec], start=start_it, **members)


def chain(bundle, script=SLEEP):
    """c requires b requires a; all run."""
    define(bundle, 'a', script)
    define(bundle, 'b', script, requires=['a'])
    define(bundle, 'c', script, requires=['b'])
    assert call(bundle, 'service.start', name='c', wait=True)['started'] == ['a', 'b', 'c']


def status(bundle, name):
    return call(bundle, 'service.status', name)


def pids(bundle, *names):
    return {name: status(bundle, name)['pid'] for name in names}


def of_service(path, name):
    return [pid for pid in children_of(path) if environ(pid).get('HERO_PROC_SERVICE') == name and group_of(pid) == pid]


def state_events(bundle):
    """A stream of service.state events, read to the end of its connection by next_states()."""
    connection = hero.UnixConnection(bundle.path(SERVICE))
    connection.request('GET', '/api/jobs/events?types=service.state')
    return connection, connection.getresponse()


def read_until(stream, name, state):
    """The (name, state) pairs up to and with this one."""
    seen = []
    while (name, state) not in seen:
        line = stream.readline().decode()
        if line.startswith('data:') and (event := json.loads(line[5:]))['event'] == 'service.state':
            seen.append((event['data']['name'], event['data']['to']))
    return seen


def test_fact_not_wish(bundle):
    """Check 1."""
    define(bundle, 'web', action={'restart': 'never'})
    os.kill(start(bundle, 'web'), signal.SIGKILL)
    wait_status(bundle, 'web', state='failed', pid=0)
    listed = call(bundle, 'service.list')[0]
    assert (listed['state'], listed['pid'], listed['status']) == ('failed', 0, 'start')


def test_half_dead(bundle):
    """Check 4."""
    actions = [{'name': name, 'exec': 'sleep 1000', 'is_process': True, 'restart': 'never'} for name in ('one', 'two')]
    call(bundle, 'service.set', name='pair', actions=actions)
    call(bundle, 'service.start', name='pair', wait=True)
    dead = next(action for action in status(bundle, 'pair')['actions'] if action['name'] == 'two')
    os.kill(dead['pid'], signal.SIGKILL)
    wait_status(bundle, 'pair', state='degraded')
    why = call(bundle, 'service.why', 'pair')
    assert any("'two'" in reason and 'SIGKILL' in reason for reason in why['reasons']), why
    assert "'two'" in why['ascii'] and not why['blocked']


def test_cascade(bundle):
    """Check 17: down most dependent first, each gone before the next is asked; up again by themselves."""
    chain(bundle, SLOW)
    running = pids(bundle, 'a', 'b', 'c')
    connection, stream = state_events(bundle)
    answer = call(bundle, 'service.stop', name='a')
    assert answer['stopped'] == ['c', 'b', 'a'] and answer['state'] == 'exited'
    assert not any(alive(pid) for pid in running.values())
    seen = read_until(stream, 'a', 'exited')
    assert seen.index(('c', 'blocked')) < seen.index(('b', 'stopping')), seen
    assert seen.index(('b', 'blocked')) < seen.index(('a', 'stopping')), seen
    for name in ('b', 'c'):
        got = status(bundle, name)
        assert (got['state'], got['held_by'], got['status']) == ('blocked', 'a', 'start')
    assert call(bundle, 'service.start', name='a')['started'] == ['a']
    seen = read_until(stream, 'c', 'running')
    assert seen.index(('a', 'running')) < seen.index(('b', 'starting')), seen
    assert seen.index(('b', 'running')) < len(seen) - 1
    connection.close()
    assert status(bundle, 'c')['held_by'] is None
    call(bundle, 'service.stop', name='a', cascade=False)
    assert {name: status(bundle, name)['state'] for name in 'abc'} == {'a': 'exited', 'b': 'running', 'c': 'running'}


def test_restart_takes_along(bundle):
    chain(bundle)
    before = pids(bundle, 'a', 'b', 'c')
    assert call(bundle, 'service.restart', name='b', wait=True)['ready']
    wait_status(bundle, 'c', state='running')
    after = pids(bundle, 'a', 'b', 'c')
    assert after['a'] == before['a'] and after['b'] != before['b'] and after['c'] != before['c']


def test_generations(bundle):
    """Check 18."""
    define(bundle, 'web')
    call(bundle, 'service.start', name='web', wait=True)
    call(bundle, 'service.stop', name='web')
    assert [action['job_id'] for action in status(bundle, 'web')['actions']] == [1]
    assert call(bundle, 'service.start', name='web', wait=True)['job_ids'] == [2]
    assert [action['job_id'] for action in status(bundle, 'web')['actions']] == [2]


def test_cycle(bundle):
    """Check 19, first half: the old record is kept."""
    define(bundle, 'b')
    define(bundle, 'a', requires=['b'])
    for name, members, cycle in [('b', {'after': ['a']}, ['b', 'a', 'b']), ('a', {'requires': ['a']}, ['a', 'a']),
                                 ('b', {'dependencies': {'wants': ['a']}}, ['b', 'a', 'b'])]:
        error = fails(bundle, -32010, 'service.set', name=name, actions=[name], **members)
        assert (error.data['code_name'], error.data['cycle']) == ('dependency_cycle', cycle)
    assert call(bundle, 'service.get', 'a')['requires'] == ['b'] and call(bundle, 'service.get', 'b')['after'] == []


def test_cycle_in_parallel(bundle):
    """Many sets at once cannot close a circle together."""
    names = [f's{i}' for i in range(8)]
    for name in names:
        define(bundle, name)
    refused = []

    def point(i):
        try:
            call(bundle, 'service.set', name=names[i], actions=[names[i]], requires=[names[(i + 1) % 8]])
        except hero.RpcError as error:
            refused.append(error.data['cycle'])
    threads = [threading.Thread(target=point, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1 and len(refused[0]) == 9


def test_conflict(bundle):
    """Check 19, second half, from both sides."""
    define(bundle, 'a', conflicts=['b'])
    define(bundle, 'b')
    for first, second in (('b', 'a'), ('a', 'b')):
        start(bundle, first)
        answer = call(bundle, 'service.start', name=second)
        assert (answer['state'], answer['conflicts_with']) == ('blocked', [first])
        call(bundle, 'service.stop', name=first)
        wait_status(bundle, second, state='running')
        call(bundle, 'service.stop', name=second)


def test_missing_and_failed(bundle):
    """What cannot be had is named, down to the root, and the start goes on by itself once it is there."""
    define(bundle, 'top', requires=['middle'])
    define(bundle, 'middle', requires=['bottom'])
    answer = call(bundle, 'service.start', name='top', wait=True, timeout_ms=500)
    assert answer['state'] == 'blocked' and not answer['ready'] and answer['waiting_on'] == ['middle']
    assert call(bundle, 'service.why', 'middle')['missing'] == ['bottom']
    assert "'bottom', which is not defined" in call(bundle, 'service.why', 'top')['ascii']
    define(bundle, 'bottom', 'exit 3', action={'restart': 'never'}, start_it=True)
    hero.wait_for(lambda: call(bundle, 'service.why', 'middle')['failed'] == ['bottom'], 'it is told that it failed')
    define(bundle, 'bottom')
    call(bundle, 'service.start', name='bottom')
    wait_status(bundle, 'top', state='running')


def test_wants_goes_on(bundle):
    """wants waits for readiness or failure, not for ever; after waits only for what is on its way."""
    define(bundle, 'broken', 'exit 1', action={'restart': 'never'})
    define(bundle, 'down')
    call(bundle, 'service.stop', name='down')
    define(bundle, 'web', wants=['broken', 'nobody'], after=['down'])
    assert call(bundle, 'service.start', name='web', wait=True)['ready']
    assert status(bundle, 'broken')['state'] == 'failed' and status(bundle, 'down')['pid'] == 0


def test_oneshot_first(bundle):
    """What requires an action that ends waits for its success, not for its start."""
    mark = bundle.top / 'mark'
    define(bundle, 'prepare', f'sleep 1; touch {mark}', action={'is_process': False})
    define(bundle, 'web', f'[ -e {mark} ] && exec sleep 1000; exit 9', action={'restart': 'never'}, requires=['prepare'])
    assert call(bundle, 'service.start', name='web', wait=True)['state'] == 'running'


def test_delete_with_dependents(bundle):
    chain(bundle)
    error = fails(bundle, -32010, 'service.delete', name='b')
    assert (error.data['code_name'], error.data['dependents']) == ('has_dependents', ['c'])
    assert call(bundle, 'service.delete', name='b', force=True)['stopped'] == ['c', 'b']
    assert call(bundle, 'service.why', 'c')['missing'] == ['b']


def test_layers_at_the_end(lives, top):
    """Check 22: twenty that ignore SIGTERM, in three layers."""
    with lives() as bundle:
        bundle.wait_ready()
        log = top / 'ends'
        deaf = f'trap "echo $HERO_PROC_SERVICE >> {log}" TERM; while :; do sleep 0.2; done'
        layers = [[f'l{layer}-{i}' for i in range(count)] for layer, count in enumerate((6, 7, 7))]
        for layer, names in enumerate(layers):
            for name in names:
                define(bundle, name, deaf, start_it=True, requires=layers[layer - 1] if layer else [])
        for name in layers[2]:
            wait_status(bundle, name, state='running')
        begun = time.monotonic()
        assert bundle.stop() == 0
        assert time.monotonic() - begun < 30
        assert children_of(top) == []
        asked = log.read_text().split()
        order = [int(name[1]) for name in asked]
        assert len(asked) == 20 and order == sorted(order, reverse=True), asked


def test_sibling(lives):
    """Check 32: a bundled service is a dependency like any other, while it is there."""
    with lives(others={'hero_db': {'enabled': True, 'port': 0}}) as bundle:
        bundle.wait_ready()
        define(bundle, 'web', requires=['hero_db'])
        assert call(bundle, 'service.start', name='web', wait=True)['ready']
        tree = call(bundle, 'service.tree', name='web')
        assert {'name': 'hero_db', 'state': 'running', 'external': True} in tree['nodes']
        stop_all(bundle)
    with lives() as bundle:
        bundle.wait_ready()
        got = wait_status(bundle, 'web', state='blocked')
        assert got['waiting_on'] == ['hero_db'] and got['pid'] == 0
        stop_all(bundle)


def test_twenty_starts(bundle):
    """Check 33, with something to pull in."""
    define(bundle, 'db')
    define(bundle, 'web', requires=['db'])
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(call(bundle, 'service.start', name='web', wait=True)))
               for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({tuple(answer['job_ids']) for answer in answers}) == 1 and all(answer['ready'] for answer in answers)
    assert len(of_service(bundle.top, 'web')) == 1 and len(of_service(bundle.top, 'db')) == 1


def test_killed_in_a_cascade(lives, top):
    """kill -9 while a cascade is under way: the stop that was asked for is finished, what it took along is held, once."""
    for moment in (0.05, 0.7, 1.3):
        with lives() as bundle:
            bundle.wait_ready()
            chain(bundle, SLOW)
            call(bundle, 'service.stop', name='a', wait=False)
            time.sleep(moment)
            crash(bundle)
        with lives() as bundle:
            bundle.wait_ready()
            wait_status(bundle, 'a', state='exited')
            for name in ('b', 'c'):
                wait_status(bundle, name, state='blocked')
            hero.wait_for(lambda: children_of(top) == [], 'nothing runs')
            call(bundle, 'service.start', name='a', wait=True)
            wait_status(bundle, 'c', state='running')
            assert all(len(of_service(top, name)) == 1 for name in 'abc')
            for name in 'cba':
                call(bundle, 'service.delete', name=name, actions=True)
            stop_all(bundle)


def test_killed_in_a_start(lives, top):
    """kill -9 while a start waits for what it pulled in: it goes on, in order, nothing twice."""
    for moment in (0.02, 0.2, 0.5):
        with lives() as bundle:
            bundle.wait_ready()
            define(bundle, 'a')
            define(bundle, 'b', requires=['a'])
            define(bundle, 'c', requires=['b'], status='ignore')
            call(bundle, 'service.start', name='c')
            time.sleep(moment)
            crash(bundle)
        with lives() as bundle:
            bundle.wait_ready()
            wait_status(bundle, 'c', state='running')
            assert all(len(of_service(top, name)) == 1 for name in 'abc')
            for name in 'cba':
                call(bundle, 'service.delete', name=name, actions=True)
            stop_all(bundle)


def test_calls_across_a_chain(bundle):
    """Starts, stops and restarts all over a chain at once: each is answered, and the last word counts."""
    chain(bundle)
    answered = []

    def client(seed):
        for i in range(8):
            name, method = 'abc'[(seed + i) % 3], ('start', 'stop', 'restart')[(seed * i) % 3]
            call(bundle, f'service.{method}', name=name, **({'wait': i % 2 == 0, 'timeout_ms': 3000} if method != 'stop' else {}))
            answered.append(method)
    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(hero.WAIT_S)
    assert len(answered) == 48
    call(bundle, 'service.start', name='c', wait=True)
    wait_status(bundle, 'c', state='running')
    assert all(len(of_service(bundle.top, name)) == 1 for name in 'abc')
    call(bundle, 'service.stop', name='a')
    assert children_of(bundle.top) == []


def test_create_and_update(bundle):
    spec = {'name': 'web', 'actions': [{'name': 'web', 'exec': 'sleep 1000', 'is_process': True}]}
    assert call(bundle, 'service.create', spec)['created']
    assert fails(bundle, -32007, 'service.add', **spec).data['code_name'] == 'already_exists'
    assert fails(bundle, -32001, 'service.monitor', **spec).data['retryable']
    assert call(bundle, 'service.update', 'web', {'actions': ['web'], 'description': 'again'})['changed']
    assert call(bundle, 'service.get', 'web')['description'] == 'again'
    fails(bundle, -32000, 'service.update', name='none', spec={'actions': ['web']})
    call(bundle, 'service.monitor', name='passing', actions=['web'])
    assert call(bundle, 'service.get', 'passing')['persist'] is False
    assert call(bundle, 'service.is_running', 'web') is False and call(bundle, 'service.is_running', 'none') is False
    start(bundle, 'web')
    assert call(bundle, 'service.is_running', 'web') is True


def test_zinit_record(bundle):
    define(bundle, 'db', 'exit 3', action={'restart': 'never'}, start_it=True)
    wait_status(bundle, 'db', state='failed')
    define(bundle, 'web', requires=['db'], conflicts=['old'])
    call(bundle, 'service.start', name='web')
    wait_status(bundle, 'db', state='failed')
    full = {record['name']: record for record in call(bundle, 'service.list_full')}
    assert full['db']['state'] == {'state': 'failed', 'reason': {'type': 'exit_code', 'code': 3}}
    assert full['web']['state'] == {'state': 'blocked', 'waiting_on': ['db']} and full['web']['blocked_by'] == ['db']
    assert full['web']['dependencies'] == [{'name': 'db', 'dep_type': 'requires', 'state': 'failed', 'satisfied': False},
                                           {'name': 'old', 'dep_type': 'conflicts', 'state': 'inactive', 'satisfied': True}]
    define(bundle, 'db')
    call(bundle, 'service.start', name='db', wait=True)
    wait_status(bundle, 'web', state='running')
    record = call(bundle, 'service.status_full', 'web')
    assert record['state'] == {'state': 'running', 'pid': record['pid']} and not record['is_target']
    assert call(bundle, 'service.list', names_only=True) == ['db', 'web']


def test_kill(bundle):
    mark = bundle.top / 'told'
    define(bundle, 'web', f'trap "touch {mark}" USR1; while :; do sleep 0.1; done')
    pid = start(bundle, 'web')
    assert call(bundle, 'service.kill', name='web', signal='USR1') == {'ok': True, 'pids': [pid]}
    hero.wait_for(mark.exists, 'it was told')
    fails(bundle, -32004, 'service.kill', name='web', signal='NONE')
    assert call(bundle, 'service.kill', 'web', 9)['pids'] == [pid]
    wait_status(bundle, 'web', restart_count=1, state='running')
    call(bundle, 'service.stop', name='web')
    assert fails(bundle, -32003, 'service.kill', name='web').data['code_name'] == 'service_is_down'


def test_bulk(bundle):
    chain(bundle)
    define(bundle, 'left', status='ignore')
    define(bundle, 'base', **{'class': 'system'})
    for name in ('left', 'base'):
        start(bundle, name)
    assert call(bundle, 'service.stop_all') == {'ok': True, 'done': ['c', 'b', 'a'], 'failed': []}
    assert call(bundle, 'service.get', 'b')['status'] == 'stop'
    assert call(bundle, 'service.start_all')['done'] == ['a', 'b', 'c']
    wait_status(bundle, 'c', state='running')
    assert fails(bundle, -32018, 'service.delete_all').data['code_name'] == 'confirmation_required'
    assert call(bundle, 'service.delete_all', confirm=True)['done'] == ['c', 'b', 'a']
    assert call(bundle, 'service.list', names_only=True) == ['base', 'left']
    assert {status(bundle, name)['state'] for name in ('base', 'left')} == {'running'}
    with pytest.raises(hero.RpcError) as caught:
        bundle.rpc(SERVICE, 'service.stop_all', {}, headers={'X-Hero-Context': '5'})
    assert caught.value.code == -32094


def test_clean_by_tag(bundle):
    for name, tags in (('one', ['x']), ('two', ['x', 'y']), ('three', [])):
        define(bundle, name, tags=tags)
    start(bundle, 'one')
    assert call(bundle, 'service.clean_by_tag', tag=['x', 'y'], match='all')['deleted'] == 1
    answer = call(bundle, 'service.clean_by_tag', tag='x')
    assert (answer['deleted'], answer['skipped']) == (0, [{'name': 'one', 'reason': 'it is up'}])
    assert call(bundle, 'service.clean_by_tag', tag='x', force=True)['deleted'] == 1
    assert call(bundle, 'service.list', names_only=True) == ['three'] and children_of(bundle.top) == []


def test_foreign_context(bundle):
    """A caller of context 5 neither starts nor holds up what is of another."""
    define(bundle, 'core')
    spec = {'name': 'mine', 'requires': ['core'], 'actions': [{'name': 'mine', 'exec': 'sleep 1000', 'is_process': True}]}
    headers = {'X-Hero-Context': '5'}
    bundle.rpc(SERVICE, 'service.set', spec, headers=headers)
    assert bundle.rpc(SERVICE, 'service.start', ['mine'], headers=headers)['started'] == ['mine']
    assert status(bundle, 'core')['state'] == 'inactive' and status(bundle, 'mine')['state'] == 'blocked'
    nodes = bundle.rpc(SERVICE, 'service.tree', {}, headers=headers)['nodes']
    assert {'name': 'core', 'state': 'unknown', 'external': True} in nodes
    call(bundle, 'service.start', name='core')
    wait_status(bundle, 'mine', state='running')


def test_page(bundle):
    """The page names what holds a service, and who goes down with it."""
    chain(bundle)
    define(bundle, 'web', requires=['nobody'])
    call(bundle, 'service.start', name='web')
    page = bundle.get(SERVICE, '/services', role='admin')[2].decode()
    assert 'which is not defined' in page and 'What requires it stops first: c, b.' in page and 'Dependencies' in page
    page = bundle.get(SERVICE, '/services/b', role='admin')[2].decode()
    assert 'requires a: running' in page and '/services/c' in page
