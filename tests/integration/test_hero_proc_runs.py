"""Runs of hero_proc, and starts of services as runs, as their clients see them."""
import json

import pytest

import hero
from hero_proc import bundle, call, children_of, crash, fails, make, sh, stop_all, wait_status  # noqa: F401, the fixtures


def ids(jobs):
    return [job['id'] for job in jobs]


def submit(bundle, *jobs, **more):
    return call(bundle, 'run.submit', jobs=list(jobs), wait_ms=60000, **more)


def phases(bundle, run):
    return {node['key']: node['phase'] for node in call(bundle, 'run.graph', id=run['id'])['nodes']}


def job(key, script, *after, **more):
    return {'key': key, 'action': sh(script, name=key), 'depends_on': list(after), **more}


def test_run_in_order(bundle):
    log = bundle.top / 'order'
    run = submit(bundle, job('c', f'echo c >> {log}', 'b'), job('b', f'sleep 0.2; echo b >> {log}', 'a'), job('a', f'sleep 0.2; echo a >> {log}'),
                 name='abc', tags=['t'])
    assert run['state'] == 'succeeded' and run['id'] == 1 and run['name'] == 'abc' and run['job_ids'] == run['jobs'] == [1, 2, 3]
    assert log.read_text().split() == ['a', 'b', 'c'] and run['counts']['succeeded'] == 3
    assert run['created_at'] <= run['started_at'] <= run['finished_at']
    graph = call(bundle, 'run.graph', id=1)
    assert graph['edges'] == [{'from': 'b', 'to': 'c', 'when': 'success'}, {'from': 'a', 'to': 'b', 'when': 'success'}]
    jobs = call(bundle, 'run.jobs', id=1)
    assert [(j['key'], j['run_id'], j['trigger']) for j in jobs] == [(key, 1, 'run') for key in 'cba']
    assert ids(call(bundle, 'run.list', tag='t', state='succeeded')) == [1] and call(bundle, 'run.list', active=True) == []


def test_actions_bring_their_own_order(bundle):
    call(bundle, 'action.set', sh('true', name='first'))
    call(bundle, 'action.set', sh('true', name='second', depends_on=[{'name': 'first', 'when': 'done'}]))
    run = call(bundle, 'run.create', actions=['second', 'first'], wait_ms=60000)
    assert run['state'] == 'succeeded'
    assert call(bundle, 'run.graph', id=run['id'])['edges'] == [{'from': 'first', 'to': 'second', 'when': 'done'}]


@pytest.mark.parametrize('on_failure,wanted', [
    ('stop', {'bad': 'failed', 'after': 'skipped', 'beside': 'succeeded', 'anyway': 'succeeded'}),
    ('continue', {'bad': 'failed', 'after': 'succeeded', 'beside': 'succeeded', 'anyway': 'succeeded'}),
    ('cancel', {'bad': 'failed', 'after': 'cancelled', 'beside': 'cancelled', 'anyway': 'cancelled'}),
])
def test_one_fails(bundle, on_failure, wanted):
    gate = bundle.top / 'gate'
    slow = 'sleep 1000' if on_failure == 'cancel' else f'while [ ! -e {gate} ]; do sleep 0.05; done'
    run = call(bundle, 'run.submit', jobs=[job('bad', 'exit 1'), job('after', 'true', 'bad'), job('beside', slow),
                                          job('anyway', 'true', {'action': 'bad', 'when': 'done'}, 'beside')], on_failure=on_failure)
    hero.wait_for(lambda: phases(bundle, run)['bad'] == 'failed', 'it has failed')
    gate.write_text('')
    done = call(bundle, 'run.wait', id=run['id'])
    assert done['done'] and done['run']['state'] == 'failed' and phases(bundle, run) == wanted
    if on_failure == 'stop':
        assert call(bundle, 'run.jobs', id=run['id'])[1]['failure'] == 'dependency_failed'
        again = call(bundle, 'run.retry', id=run['id'])
        assert set(phases(bundle, again)) == {'bad', 'after'} and call(bundle, 'run.wait', id=again['id'])['run']['state'] == 'failed'


def test_so_many_at_a_time(bundle):
    run = call(bundle, 'run.submit', jobs=[job(f'j{n}', 'sleep 1000') for n in range(4)], max_parallel=2)
    hero.wait_for(lambda: list(phases(bundle, run).values()).count('running') == 2, 'two run')
    assert list(phases(bundle, run).values()).count('waiting') == 2
    assert call(bundle, 'run.cancel', id=run['id']) == {'ok': True, 'cancelled': 4} and call(bundle, 'run.cancel', id=run['id'])['cancelled'] == 0
    run = call(bundle, 'run.get', id=run['id'])
    assert run['state'] == 'cancelled' and run['counts']['cancelled'] == 4 and children_of(bundle.top) == []


def test_run_after_run(bundle):
    first = call(bundle, 'run.submit', jobs=[job('a', 'sleep 1000')])
    good = call(bundle, 'run.submit', jobs=[job('b', 'true')], depends_on_runs=[first['id']])
    assert good['state'] == 'waiting_deps' and phases(bundle, good) == {'b': 'waiting'}
    call(bundle, 'run.cancel', id=first['id'])
    done = call(bundle, 'run.wait', id=good['id'])['run']
    assert done['state'] == 'failed' and 'dependency_failed' in done['error'] and phases(bundle, good) == {'b': 'skipped'}
    assert submit(bundle, job('c', 'true'), depends_on_runs=[submit(bundle, job('d', 'true'))['id']])['state'] == 'succeeded'


def test_run_is_deleted_with_its_jobs(bundle):
    run = submit(bundle, job('a', 'true'))
    long = call(bundle, 'run.submit', jobs=[job('a', 'sleep 1000')])
    assert fails(bundle, -32002, 'run.delete', id=long['id']).data['code_name'] == 'run_is_active'
    assert call(bundle, 'run.delete', id=run['id'])['deleted'] == 1
    fails(bundle, -32000, 'run.get', id=run['id'])
    fails(bundle, -32000, 'job.get', id=run['jobs'][0])
    call(bundle, 'run.cancel', id=long['id'], force=True)


def test_many_runs_are_deleted(bundle):
    runs = [submit(bundle, job('a', 'true'), tags=['t', f't{n}']) for n in range(4)]
    long = call(bundle, 'run.submit', jobs=[job('a', 'sleep 1000')], tags=['t'])
    answer = call(bundle, 'run.delete', ids=[1, 1, long['id'], 99, 'x'])
    assert answer['deleted'] == 1 and [skipped['reason'] for skipped in answer['skipped']] == ['active', 'not found', 'not found']
    assert call(bundle, 'run.clean_by_tag', tag=['t1', 't2'], match='all')['deleted'] == 0
    assert call(bundle, 'run.clean_by_tag', tag=['t1', 't2'])['deleted'] == 2
    answer = call(bundle, 'run.clean_by_tag', tag='t')
    assert answer == {'ok': True, 'deleted': 1, 'skipped': [{'id': long['id'], 'reason': 'active'}]}
    assert call(bundle, 'run.clean_by_tag', tag='t', force=True)['deleted'] == 1 and children_of(bundle.top) == []
    assert call(bundle, 'run.list') == [] == call(bundle, 'job.list') and len(runs) == 4


def test_run_goes_with_its_last_job(bundle):
    run = submit(bundle, job('a', 'true'), job('b', 'true'))
    call(bundle, 'job.delete', id=run['jobs'][0])
    assert call(bundle, 'run.get', id=run['id'])['counts']['succeeded'] == 2 and phases(bundle, run) == {'a': 'succeeded', 'b': 'succeeded'}
    assert ids(call(bundle, 'run.jobs', id=run['id'])) == [run['jobs'][1]]
    call(bundle, 'job.delete', id=run['jobs'][1])
    hero.wait_for(lambda: call(bundle, 'run.list') == [], 'the run is gone')
    fails(bundle, -32000, 'run.get', id=run['id'])


def test_a_job_deleted_on_the_way_still_counts(make):
    bundle = make()
    gate = bundle.top / 'gate'
    run = call(bundle, 'run.submit', jobs=[job('a', 'true'), job('b', f'while [ ! -e {gate} ]; do sleep 0.05; done'),
                                          job('c', 'true', 'a', {'action': 'b', 'when': 'done'})])
    hero.wait_for(lambda: phases(bundle, run)['a'] == 'succeeded', 'the first is over')
    assert call(bundle, 'job.delete', id=run['jobs'][0])['deleted'] == 1
    crash(bundle)
    bundle = make()
    assert phases(bundle, run) == {'a': 'succeeded', 'b': 'running', 'c': 'waiting'}
    gate.write_text('')
    call(bundle, 'run.wait', id=run['id'])
    assert phases(bundle, run)['c'] == 'succeeded'


def test_archive(bundle):
    run = submit(bundle, job('a', 'true'))
    long = call(bundle, 'run.submit', jobs=[job('a', 'sleep 1000')])
    assert call(bundle, 'run.archive', id=run['id']) == {'ok': True}
    fails(bundle, -32002, 'run.archive', id=long['id'])
    assert ids(call(bundle, 'run.list')) == [2] and ids(call(bundle, 'run.list', archived=True)) == [1]
    call(bundle, 'run.archive', id=run['id'], archived=False)
    assert ids(call(bundle, 'run.list')) == [2, 1] and ids(call(bundle, 'run.list', limit=1, offset=1)) == [1]
    call(bundle, 'run.cancel', id=long['id'], force=True)
    assert call(bundle, 'run.get', id=long['id'])['state'] == 'cancelled'


def test_logs_of_a_run_and_of_a_job(bundle):
    run = submit(bundle, job('a', 'echo of a'), job('b', 'echo of b; echo worse >&2', 'a'))
    submit(bundle, job('a', 'echo other'))

    def contents(method, **params):
        return [entry['content'] for entry in call(bundle, method, **params)['entries']]
    hero.wait_for(lambda: contents('logs.query', text='other') == ['other'], 'all lines are there')
    assert contents('run.logs', id=run['id']) == ['of a', 'of b', 'worse'] == contents('run.logs', run_id=run['id'])
    assert contents('run.logs', id=run['id'], stream='stderr') == ['worse']
    assert contents('run.logs', id=run['id'], job_id=run['jobs'][0]) == ['of a']
    assert contents('job.logs', id=run['jobs'][1]) == ['of b', 'worse'] == contents('job.logs', job_id=run['jobs'][1])
    assert contents('job.logs', id='a') == ['other']
    page = call(bundle, 'run.logs', id=run['id'], limit=1)
    assert page['has_more'] and call(bundle, 'run.logs', id=run['id'], limit=1, cursor=page['next_cursor'])['entries'][0]['content'] == 'of b'
    fails(bundle, -32000, 'run.logs', id=77)
    fails(bundle, -32000, 'job.logs', id=77)


def test_retry_of_all(bundle):
    run = submit(bundle, job('a', 'true'), job('b', 'true', 'a'))
    fails(bundle, -32602, 'run.retry', id=run['id'])
    again = call(bundle, 'run.retry', id=run['id'], failed_only=False)
    assert again['id'] == 2 and again['trigger'] == 'retry' and again['jobs'] == [3, 4]
    assert call(bundle, 'run.wait', id=2)['run']['state'] == 'succeeded'
    assert call(bundle, 'run.graph', id=2)['edges'] == [{'from': 'a', 'to': 'b', 'when': 'success'}]


def test_ready_and_started(bundle):
    process = {'key': 'p', 'action': sh('sleep 1000', name='p', is_process=True)}
    run = call(bundle, 'run.submit', jobs=[process, job('r', 'true', {'action': 'p', 'when': 'ready'}),
                                          job('s', 'true', {'action': 'p', 'when': 'started'}), job('never', 'true', 'p')])
    hero.wait_for(lambda: phases(bundle, run) == {'p': 'running', 'r': 'succeeded', 's': 'succeeded', 'never': 'waiting'}, 'those that may have run')
    call(bundle, 'job.cancel', id=run['jobs'][0])
    done = call(bundle, 'run.wait', id=run['id'])['run']
    assert done['state'] == 'cancelled' and phases(bundle, run) == {'p': 'cancelled', 'r': 'succeeded', 's': 'succeeded', 'never': 'skipped'}


def test_wide_run(bundle):
    """The largest there may be: each job waits for the one before."""
    n = 1000
    call(bundle, 'action.set', {'name': 'x', 'exec': 'true'})
    jobs = [{'key': f'j{i}', 'action': 'x', 'depends_on': [f'j{i - 10}'] if i >= 10 else []} for i in range(n)]
    run = call(bundle, 'run.submit', jobs=jobs, wait_ms=300000)
    assert run['state'] == 'succeeded' and run['counts']['succeeded'] == n


def test_jobs_of_their_own_have_no_order(bundle):
    """depends_on orders what is in one run: a job alone waits for nobody."""
    done = call(bundle, 'job.create', action=sh('true', name='a', depends_on=['nobody']), wait_ms=60000)
    assert done['phase'] == 'succeeded'


def test_run_events(bundle):
    connection = hero.UnixConnection(bundle.path('hero_proc'))
    connection.request('GET', '/api/jobs/events?types=run.*')
    stream = connection.getresponse()
    submit(bundle, job('a', 'true'), name='mine')
    seen = []
    while not seen or seen[-1]['event'] != 'run.finished':
        line = stream.readline().decode()
        if line.startswith('data:'):
            seen.append(json.loads(line[5:]))
    connection.close()
    seen = [(told['event'], told['data']) for told in seen if told['event'].startswith('run.')]
    assert [(event, data['from'], data['to']) for event, data in seen] == [
        ('run.state', 'created', 'running'), ('run.state', 'running', 'succeeded'), ('run.finished', 'running', 'succeeded')]
    assert all(data['id'] == 1 and data['name'] == 'mine' for _, data in seen)


def test_contexts(bundle):
    def inside(method, **params):
        return bundle.rpc('hero_proc', method, params, headers={'X-Hero-Context': '5'})

    def refused(code, method, **params):
        with pytest.raises(hero.RpcError) as caught:
            inside(method, **params)
        assert caught.value.code == code
    outer = submit(bundle, job('a', 'true'), tags=['t'])
    inner = inside('run.submit', jobs=[job('a', 'true')], wait_ms=60000, tags=['t'])
    assert inner['context'] == 5 and ids(inside('run.list')) == [inner['id']] and len(call(bundle, 'run.list')) == 2
    assert ids(call(bundle, 'run.list', context=5)) == [inner['id']]
    for method in ('run.get', 'run.wait', 'run.cancel', 'run.retry', 'run.delete', 'run.jobs', 'run.graph', 'run.logs', 'run.archive'):
        refused(-32000, method, id=outer['id'])
    refused(-32000, 'run.submit', jobs=[job('a', 'true')], depends_on_runs=[outer['id']])
    assert inside('run.clean_by_tag', tag='t')['deleted'] == 1 and ids(call(bundle, 'run.list')) == [outer['id']]


@pytest.mark.parametrize('code,jobs', [
    (-32010, [job('a', 'true', 'b'), job('b', 'true', 'a')]),
    (-32010, [job('a', 'true', 'nobody')]),
    (-32602, [job('a', 'true'), job('a', 'true')]),
    (-32014, [job(f'j{n}', 'true') for n in range(1001)]),
    (-32000, ['nobody']),
    (-32602, []),
    (-32602, [{'key': 'a b', 'action': sh('true')}]),
    (-32602, [job('a', 'true', tags=['a b'])]),
    (-32602, [job('a', 'true', {'action': 'a', 'when': 'never'})]),
    (-32602, [job('a', 'true', env={'a b': '1'})]),
    (-32602, [{'key': 'a'}]),
    (-32005, [{'action': {'name': 'a', 'script': ''}}]),
])
def test_a_bad_run_is_refused_whole(bundle, code, jobs):
    error = fails(bundle, code, 'run.submit', jobs=jobs)
    if code == -32010 and len(jobs) == 2:
        assert error.data['code_name'] == 'dependency_cycle' and error.data['cycle'] == ['a', 'b', 'a']
    assert call(bundle, 'job.list') == [] == call(bundle, 'run.list')


@pytest.mark.parametrize('code,method,params', [
    (-32602, 'run.submit', {'jobs': ['a'], 'on_failure': 'odd'}),
    (-32602, 'run.submit', {'jobs': ['a'], 'max_parallel': -1}),
    (-32602, 'run.submit', {'jobs': ['a'], 'name': '../x'}),
    (-32602, 'run.submit', {'jobs': ['a'], 'depends_on_runs': ['x']}),
    (-32000, 'run.submit', {'jobs': ['a'], 'depends_on_runs': [7]}),
    (-32000, 'run.get', {'id': 77}),
    (-32602, 'run.get', {'id': -1}),
    (-32602, 'run.get', {}),
    (-32602, 'run.list', {'state': 'odd'}),
    (-32602, 'run.delete', {}),
    (-32602, 'run.clean_by_tag', {'tag': []}),
    (-32602, 'run.wait', {'id': 1, 'timeout_ms': 600001}),
])
def test_bad_input(bundle, code, method, params):
    call(bundle, 'action.set', sh('true', name='a'))
    fails(bundle, code, method, **params)
    assert call(bundle, 'job.list') == [] == call(bundle, 'run.list')


def test_runs_survive_kill_9(make):
    bundle = make()
    gate = bundle.top / 'gate'
    run = call(bundle, 'run.submit', jobs=[job('a', f'while [ ! -e {gate} ]; do sleep 0.05; done'), job('b', 'echo after', 'a')])
    hero.wait_for(lambda: phases(bundle, run)['a'] == 'running', 'the first runs')
    crash(bundle)
    bundle = make()
    assert phases(bundle, run) == {'a': 'running', 'b': 'waiting'}
    gate.write_text('')
    done = call(bundle, 'run.wait', id=run['id'])['run']
    # How an adopted process ended is seen where the kernel tells it; where it does not, that is never success.
    assert done['state'] in ('succeeded', 'failed') and set(phases(bundle, run).values()) <= {'succeeded', 'failed', 'skipped'}
    assert done['id'] == 1 and submit(bundle, job('c', 'true'))['id'] == 2


def test_a_stop_leaves_what_waits(make):
    """What ran is cancelled; what queued or waited for a place goes on at the next start."""
    bundle = make()
    run = call(bundle, 'run.submit', jobs=[job('a', 'sleep 1000'), job('b', 'true', 'a'), job('c', 'true')], max_parallel=1)
    hero.wait_for(lambda: phases(bundle, run)['a'] == 'running', 'the first runs')
    stop_all(bundle)
    bundle = make()
    assert call(bundle, 'run.wait', id=run['id'])['run']['state'] == 'cancelled'
    assert phases(bundle, run) == {'a': 'cancelled', 'b': 'skipped', 'c': 'succeeded'}


def test_run_dependencies_survive_kill_9(make):
    bundle = make()
    first = call(bundle, 'run.submit', jobs=[job('a', 'sleep 1000')])
    second = call(bundle, 'run.submit', jobs=[job('b', 'true')], depends_on_runs=[first['id']])
    hero.wait_for(lambda: phases(bundle, first)['a'] == 'running', 'the first runs')
    crash(bundle)
    bundle = make()
    assert call(bundle, 'run.get', id=second['id'])['state'] == 'waiting_deps'
    call(bundle, 'run.cancel', id=first['id'])
    assert call(bundle, 'run.wait', id=second['id'])['run']['state'] == 'failed'


# ---- starts of services

def define(bundle, name, *actions, **members):
    call(bundle, 'service.set', name=name, actions=list(actions), **members)


def process(name, script='exec sleep 1000', **members):
    return sh(script, name=name, is_process=True, **members)


def after(name, when='success'):
    return {'depends_on': [{'action': name, 'when': when}]}


def test_start_of_a_service_is_a_run(bundle):
    define(bundle, 'web', process('main'), tags=['t'])
    answer = call(bundle, 'service.start', name='web', wait=True)
    run = call(bundle, 'run.get', id=answer['run_id'])
    assert run['service'] == run['name'] == 'web' and run['state'] == 'running' and run['trigger'] == 'service' and run['tags'] == ['t']
    assert run['jobs'] == answer['job_ids'] and run['counts']['running'] == 1 and run['started_at']
    assert ids(call(bundle, 'run.list', service='web')) == [run['id']] and call(bundle, 'run.list', service='other') == []
    assert call(bundle, 'job.get', id=run['jobs'][0])['key'] == 'main'
    again = call(bundle, 'service.restart', name='web', wait=True)
    assert again['run_id'] == run['id'] + 1 and ids(call(bundle, 'run.list')) == [again['run_id']]
    call(bundle, 'service.stop', name='web')
    run = call(bundle, 'run.get', id=again['run_id'])
    assert run['state'] == 'cancelled' and run['finished_at'] and run['counts']['cancelled'] == 1
    fails(bundle, -32602, 'run.retry', id=run['id'])
    call(bundle, 'service.delete', name='web')
    assert call(bundle, 'run.list') == [] == call(bundle, 'job.list')


def test_order_inside_a_service(bundle):
    log, gate = bundle.top / 'order', bundle.top / 'gate'
    define(bundle, 'shop', process('serve', f'echo serve >> {log}; exec sleep 1000', **after('db', 'ready')),
           process('db', f'echo db >> {log}; exec sleep 1000', **after('init')),
           sh(f'while [ ! -e {gate} ]; do sleep 0.05; done; echo init >> {log}', name='init'))
    answer = call(bundle, 'service.start', name='shop')
    run = {'id': answer['run_id']}
    hero.wait_for(lambda: phases(bundle, run)['init'] == 'running', 'the first runs')
    assert phases(bundle, run) == {'serve': 'waiting', 'db': 'waiting', 'init': 'running'}
    assert call(bundle, 'service.status', 'shop')['state'] == 'starting'
    gate.write_text('')
    wait_status(bundle, 'shop', state='running', ready=True)
    assert log.read_text().split() == ['init', 'db', 'serve']
    assert call(bundle, 'service.stop', name='shop')['stopped'] == ['shop']
    assert phases(bundle, run) == {'serve': 'cancelled', 'db': 'cancelled', 'init': 'succeeded'}


def test_stop_while_actions_wait(bundle):
    define(bundle, 'shop', sh('exec sleep 1000', name='init'), process('serve', **after('init')))
    run = {'id': call(bundle, 'service.start', name='shop')['run_id']}
    hero.wait_for(lambda: phases(bundle, run)['init'] == 'running', 'the first runs')
    assert call(bundle, 'service.stop', name='shop')['stopped'] == ['shop']
    assert phases(bundle, run) == {'init': 'cancelled', 'serve': 'cancelled'} and children_of(bundle.top) == []
    assert call(bundle, 'service.status', 'shop')['state'] == 'exited'


def test_first_action_fails(bundle):
    define(bundle, 'shop', sh('exit 3', name='init'), process('serve', **after('init')))
    error = fails(bundle, -32011, 'service.start', name='shop', wait=True)
    assert 'code 3' in str(error)
    status = call(bundle, 'service.status', 'shop')
    assert status['state'] == 'failed' and phases(bundle, {'id': status['run_id']}) == {'init': 'failed', 'serve': 'skipped'}
    assert call(bundle, 'run.get', id=status['run_id'])['state'] == 'failed'


def test_service_with_an_impossible_order(bundle):
    define(bundle, 'a', process('x', **after('nobody')))
    assert fails(bundle, -32010, 'service.start', name='a').data['code_name'] == 'missing_dependency'
    define(bundle, 'b', process('y', **after('z')), process('z', **after('y')))
    assert fails(bundle, -32010, 'service.start', name='b').data['cycle'] == ['y', 'z', 'y']
    assert call(bundle, 'run.list') == [] == call(bundle, 'job.list')


def test_service_behind_a_gate_waits_as_a_whole(bundle):
    """Its actions keep their order, and none begins before what the service requires is up."""
    define(bundle, 'base', process('main', readiness={'type': 'exec', 'target': f'test -e {bundle.top}/ready'}))
    define(bundle, 'shop', process('serve', **after('init')), sh('true', name='init'), requires=['base'])
    run = {'id': call(bundle, 'service.start', name='shop')['run_id']}
    assert phases(bundle, run) == {'serve': 'waiting', 'init': 'pending'}
    assert call(bundle, 'run.get', id=run['id'])['state'] == 'created'
    (bundle.top / 'ready').write_text('')
    wait_status(bundle, 'shop', state='running')
    assert phases(bundle, run) == {'serve': 'running', 'init': 'succeeded'}


def test_services_in_order_survive_kill_9(make):
    bundle = make()
    gate = bundle.top / 'gate'
    define(bundle, 'shop', process('serve', **after('db', 'ready')),
           process('db', readiness={'type': 'exec', 'target': f'test -e {gate}'}))
    define(bundle, 'behind', process('main'), sh('true', name='init'), requires=['shop'])
    behind = call(bundle, 'service.start', name='behind')
    run = {'id': call(bundle, 'service.status', 'shop')['run_id']}
    hero.wait_for(lambda: phases(bundle, run)['db'] == 'running', 'the first runs')
    pids = children_of(bundle.top)
    crash(bundle)
    bundle = make()
    assert phases(bundle, run) == {'serve': 'waiting', 'db': 'running'} and set(pids) <= set(children_of(bundle.top))
    assert call(bundle, 'service.status', 'shop')['state'] == 'starting' and call(bundle, 'service.status', 'behind')['state'] == 'blocked'
    gate.write_text('')
    wait_status(bundle, 'shop', state='running')
    wait_status(bundle, 'behind', state='running')
    assert call(bundle, 'run.get', id=run['id'])['state'] == 'running' and call(bundle, 'service.status', 'behind')['run_id'] == behind['run_id']


def test_a_stop_of_hero_proc_ends_the_whole_start(make):
    """All for the same reason: what ran and what waited for it."""
    bundle = make()
    define(bundle, 'shop', sh('exec sleep 1000', name='init'), process('serve', **after('init')))
    run = {'id': call(bundle, 'service.start', name='shop')['run_id']}
    hero.wait_for(lambda: phases(bundle, run)['init'] == 'running', 'the first runs')
    stop_all(bundle)
    bundle = make(autostart=False)
    assert call(bundle, 'run.get', id=run['id'])['state'] == 'cancelled'
    assert [(j['phase'], j['failure']) for j in call(bundle, 'run.jobs', id=run['id'])] == [('cancelled', 'shutdown')] * 2
