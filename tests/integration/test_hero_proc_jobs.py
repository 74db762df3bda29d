"""Jobs of their own and actions of hero_proc, as their clients see them. HERO_FULL_SIZE=1: check 13 and 14 at full size."""
import os
import pathlib
import threading
import time

import pytest

import hero
from hero_proc import alive, bundle, call, children_of, crash, fails, make, sh, stop_all  # noqa: F401, the fixtures

FULL = os.environ.get('HERO_FULL_SIZE') == '1'


def run(bundle, script, **more):
    """One job to its end."""
    return call(bundle, 'job.create', action=sh(script), wait_ms=60000, **more)


def wait(bundle, job, **limit):
    return call(bundle, 'job.wait', id=job['id'], **limit)['job']


def ids(jobs):
    return [job['id'] for job in jobs]


# ---- one job

def test_output_and_end(bundle):
    job = run(bundle, 'echo "one $1 $A"; echo two; echo bad >&2; exit 3', args=['x', 'y'], env={'A': 5}, tags=['t'], name='mine')
    assert job['phase'] == 'failed' and job['exit_code'] == 3 and job['failure'] == 'exit_code' and job['signal'] is None
    assert job['exit_source'] in ('wait', 'pidfd') and job['error'] == 'exited with code 3' and job['pid'] == 0
    assert job['stdout'] == 'one x 5\ntwo\n' and job['stderr'] == 'bad\n' and job['dropped_lines'] == 0
    assert job['id'] == 1 and job['name'] == 'mine' and job['action'] == job['action_name'] == 'x' and job['tags'] == ['t']
    assert job['service'] is job['run_id'] is job['key'] is None and job['trigger'] == 'api'
    assert job['context'] == 0 and job['context_name'] == 'core' and job['spec']['args'] == ['x', 'y']
    assert job['created_at'] <= job['queued_at'] <= job['started_at'] <= job['finished_at'] and job['next_attempt_at'] is None
    assert [a['exit_code'] for a in job['attempts']] == [3] and job['attempts'][0]['pid'] > 0
    listed = call(bundle, 'job.list')
    assert ids(listed) == [1] and not {'stdout', 'stderr', 'spec', 'script'} & listed[0].keys()
    assert call(bundle, 'job.list', full=True)[0]['script'].startswith('echo')
    assert call(bundle, 'job.get', id='x')['id'] == 1


def test_tails_are_the_last_16_kib(bundle):
    job = run(bundle, 'seq 1 4000')
    lines = job['stdout'].splitlines()
    assert len(job['stdout']) <= 16384 and lines[-1] == '4000' and lines == [str(n) for n in range(int(lines[0]), 4001)]
    assert len(lines) > 2000


def test_dropped_lines_are_told(make):
    bundle = make(log_rate_lines=1)
    job = run(bundle, 'seq 1 100')
    done = hero.wait_for(lambda: (got := call(bundle, 'job.get', id=job['id']))['dropped_lines'] and got, 'lines are counted')
    assert done['dropped_lines'] == 100 - len(done['stdout'].splitlines()) == 95


def test_every_way_to_name_it(bundle):
    call(bundle, 'action.set', sh('echo $A', name='a'))
    for method in ('job.create', 'job.submit', 'job.start', 'job.run', 'action.run'):
        assert call(bundle, method, action='a')['action_name'] == 'a'
    assert call(bundle, 'job.create', 'a', {'A': '7'}, [], [], 'pos', None, 60000)['stdout'] == '7\n'
    assert call(bundle, 'job.create', name='inline', script='echo in', interpreter='sh', wait_ms=60000)['stdout'] == 'in\n'
    assert call(bundle, 'job.create', spec=sh('true', name='s'))['name'] == 's'
    assert call(bundle, 'action.list', names_only=True) == ['a']
    call(bundle, 'job.create', action=sh('true', name='kept'), save=True)
    assert call(bundle, 'action.list', names_only=True) == ['a', 'kept']


def test_retry_makes_a_new_job(bundle):
    job = run(bundle, 'exit 1', tags=['t'])
    again = wait(bundle, call(bundle, 'job.retry', id=job['id']))
    assert again['id'] == 2 and again['trigger'] == 'retry' and again['tags'] == ['t'] and again['phase'] == 'failed'
    long = call(bundle, 'job.create', action=sh('sleep 1000'))
    assert fails(bundle, -32002, 'job.retry', id=long['id']).data['code_name'] == 'job_is_active'
    call(bundle, 'job.cancel', id=long['id'], force=True)


def test_own_retries_stay_in_one_job(bundle):
    job = run(bundle, 'exit 1', tags=[])
    job = call(bundle, 'job.create', action=sh('exit 1', retry=2, retry_policy={'delay_ms': 10}), wait_ms=60000)
    assert job['phase'] == 'failed' and job['restart_count'] == 2 and len(job['attempts']) == 3 and job['attempt'] == 3


def test_wait_has_a_limit_and_cancel_an_end(bundle):
    job = call(bundle, 'job.create', action=sh('sleep 1000'), wait_ms=200)
    assert job['phase'] in ('starting', 'running')
    assert not call(bundle, 'job.wait', id=job['id'], timeout_ms=100)['done']
    assert call(bundle, 'job.cancel', id=job['id']) == {'ok': True, 'phase': 'cancelled'}
    assert call(bundle, 'job.cancel', id=job['id']) == {'ok': True, 'phase': 'cancelled'}
    job = call(bundle, 'job.get', id=job['id'])
    assert job['failure'] == 'cancelled' and job['signal'] == 'SIGTERM' and children_of(bundle.top) == []


def test_signals(bundle):
    job = call(bundle, 'job.create', action=sh('trap "echo hup; exit 5" HUP; echo up; while sleep 0.05; do :; done'))
    hero.wait_for(lambda: call(bundle, 'job.get', id=job['id'])['stdout'] == 'up\n', 'it is up')
    pid = call(bundle, 'job.get', id=job['id'])['pid']
    assert call(bundle, 'job.kill', id=job['id'], signal='HUP') == {'ok': True, 'pids': [pid]}
    assert wait(bundle, job)['exit_code'] == 5
    assert fails(bundle, -32003, 'job.kill', id=job['id']).data['code_name'] == 'job_is_not_running'
    fails(bundle, -32004, 'job.kill', id=job['id'], signal='SIGNONE')


# ---- many jobs

def test_lists_and_counts(bundle):
    call(bundle, 'action.set', sh('exit $A', name='a', tags=['all']))
    jobs = [call(bundle, 'job.create', action='a', env={'A': n}, tags=[f't{n}'], wait_ms=60000) for n in range(4)]
    assert ids(call(bundle, 'job.list')) == [4, 3, 2, 1]
    assert ids(call(bundle, 'job.list', limit=2, offset=1)) == [3, 2]
    assert ids(call(bundle, 'job.list', phase='Succeeded')) == ids(call(bundle, 'job.list', phase='success')) == [1]
    assert ids(call(bundle, 'job.list', phase='error')) == [4, 3, 2] and ids(call(bundle, 'job.list', phase='done')) == [4, 3, 2, 1]
    assert call(bundle, 'job.list', active=True) == [] == call(bundle, 'job.list', tty=True)
    assert ids(call(bundle, 'job.list', tag='t2')) == [3] and len(call(bundle, 'job.list', tag='all', action='a')) == 4
    assert ids(call(bundle, 'job.list', since=jobs[2]['created_at'])) == [4, 3]
    assert call(bundle, 'job.list', service='none') == [] == call(bundle, 'job.list', context=5)
    count = call(bundle, 'job.count', tag='all')
    assert count['total'] == 4 and count['by_phase']['failed'] == 3 and count['by_phase']['running'] == 0
    call(bundle, 'job.archive', id=2)
    assert ids(call(bundle, 'job.list')) == [4, 3, 1] and ids(call(bundle, 'job.list', archived=True)) == [2]
    call(bundle, 'job.archive', id=2, archived=False)
    assert len(call(bundle, 'job.list')) == 4


def test_delete_and_clean(bundle):
    call(bundle, 'action.set', sh('true', name='a'))
    for tag in ('u', 'u', 'v', 'v', 'v'):
        call(bundle, 'job.create', action='a', tags=[tag], wait_ms=60000)
    long = call(bundle, 'job.create', action=sh('sleep 1000', name='long'), tags=['v'])
    fails(bundle, -32002, 'job.delete', id=long['id'])
    answer = call(bundle, 'job.delete', ids=[1, long['id'], 99])
    assert answer['deleted'] == 1 and answer['skipped'] == [{'id': long['id'], 'reason': 'active'}, {'id': 99, 'reason': 'not found'}]
    fails(bundle, -32000, 'job.get', id=1)
    assert call(bundle, 'job.clean', older_than_ms=3600000)['deleted'] == 0
    assert call(bundle, 'job.clean', action='a', keep=3)['deleted'] == 1
    answer = call(bundle, 'job.clean_by_tag', tag='v')
    assert answer['deleted'] == 3 and answer['skipped'] == [{'id': long['id'], 'reason': 'active'}]
    assert call(bundle, 'job.clean_by_tag', tag=['v', 'w'], force=True)['deleted'] == 1
    assert call(bundle, 'job.list') == [] and children_of(bundle.top) == []


def test_cancel_all(bundle):
    for name, tag in (('a', 'u'), ('b', 'v'), ('c', 'v')):
        call(bundle, 'job.create', action=sh('sleep 1000', name=name), tags=[tag])
    assert call(bundle, 'job.cancel_all', tag='v')['cancelled'] == 2
    assert call(bundle, 'cancel_all', action='b')['cancelled'] == 0
    assert call(bundle, 'cancel_all')['cancelled'] == 1
    assert call(bundle, 'job.count', active=True)['total'] == 0


def test_ephemeral_actions_go_with_their_last_job(bundle):
    jobs = [call(bundle, 'job.create', action=sh('true', name='e', ephemeral=True), wait_ms=60000) for _ in range(2)]
    assert call(bundle, 'action.get', name='e')['ephemeral']
    call(bundle, 'job.delete', id=jobs[0]['id'])
    assert call(bundle, 'action.list', names_only=True) == ['e']
    call(bundle, 'job.delete', id=jobs[1]['id'])
    assert call(bundle, 'action.list') == []


# ---- limits

def test_only_so_many_at_a_time(make):
    bundle = make(max_running_jobs=2, max_queued_jobs=3)
    jobs = [call(bundle, 'job.create', action=sh('sleep 1000', name=f's{n}')) for n in range(5)]
    hero.wait_for(lambda: call(bundle, 'job.count', phase='running')['total'] == 2, 'two run')
    assert call(bundle, 'job.count', phase='pending')['total'] == 3
    error = fails(bundle, -32091, 'job.create', action=sh('true'))
    assert error.data['limit'] == 3
    call(bundle, 'job.cancel', id=jobs[2]['id'])  # never started
    call(bundle, 'job.cancel', id=jobs[0]['id'], force=True)
    hero.wait_for(lambda: call(bundle, 'job.get', id=jobs[3]['id'])['phase'] == 'running', 'the next has started')
    assert call(bundle, 'job.get', id=jobs[4]['id'])['phase'] == 'pending'
    assert call(bundle, 'job.get', id=jobs[2]['id'])['started_at'] is None
    call(bundle, 'job.cancel_all', force=True)


# ---- actions

def test_actions(bundle):
    answer = call(bundle, 'action.set', sh('true', name='a', tags=['t'], colour='red', exc='x'))
    assert answer['created'] and answer['changed'] and len(answer['warnings']) == 2
    answer = call(bundle, 'action.create', spec=sh('true', name='a', tags=['t']))
    assert not answer['created'] and not answer['changed'] and answer['warnings'] == []
    for method in ('action.put', 'action.update', 'action.add'):
        call(bundle, method, sh('true', name=method.replace('.', '_')))
    call(bundle, 'service.set', name='s', actions=['a'])
    got = call(bundle, 'action.get', name='a')
    assert got['services'] == ['s'] and got['origin'] == 'api' and got['interpreter'] == 'sh' and got['revision'] == 1
    assert call(bundle, 'action.list', names_only=True, prefix='action_p') == ['action_put']
    assert call(bundle, 'action.list', names_only=True, service='s') == call(bundle, 'action.list', names_only=True, tag='t') == ['a']
    assert call(bundle, 'action.list', names_only=True, limit=1, offset=1) == ['action_add']
    assert call(bundle, 'action.validate', sh('', name='a..b'))['valid'] is False
    assert call(bundle, 'action.validate', sh('true', name='fine')) == {'valid': True, 'errors': [], 'warnings': [], 'schedule': None}
    assert fails(bundle, -32010, 'action.delete', name='a').data['dependents'] == ['s']
    assert call(bundle, 'action.delete', name='a', force=True) == {'ok': True, 'deleted_jobs': 0}
    call(bundle, 'job.create', action='action_put', wait_ms=60000)
    long = call(bundle, 'job.create', action=sh('sleep 1000', name='action_add'))
    assert call(bundle, 'action.remove', name='action_put')['deleted_jobs'] == 1
    fails(bundle, -32002, 'action.delete', name='action_add')
    assert call(bundle, 'action.delete', name='action_add', force=True)['deleted_jobs'] == 1
    fails(bundle, -32000, 'job.get', id=long['id'])


def test_leaked_actions_are_cleaned_by_tag(bundle):
    """Contract check 14: many tagged actions with jobs go in seconds, the others stay."""
    n = 5000 if FULL else 300
    call(bundle, 'action.set', sh('true', name='stays'))
    for i in range(n):
        call(bundle, 'action.set', sh('true', name=f'leak{i}', tags=['test', f'n{i}']))
        call(bundle, 'job.create', action=f'leak{i}')
    hero.wait_for(lambda: call(bundle, 'job.count', active=True)['total'] == 0, 'all have run', timeout=300)
    call(bundle, 'service.set', name='user', actions=['leak0'])
    begin = time.monotonic()
    answer = call(bundle, 'action.clean_by_tag', tag='test')
    assert time.monotonic() - begin < 5
    assert answer['deleted'] == answer['deleted_jobs'] == n - 1 and answer['skipped'] == [{'name': 'leak0', 'reason': "used by service 'user'"}]
    assert call(bundle, 'action.list', names_only=True) == ['leak0', 'stays'] and ids(call(bundle, 'job.list')) == [1]


def test_retention_leaves_the_last_hour(make):
    """Contract 12: beyond every limit, and still there: nothing goes in its first hour."""
    bundle = make(job_keep_per_action=1, job_retention_max=1, retention_interval_s=1)
    for _ in range(3):
        run(bundle, 'true')
    assert call(bundle, 'system.retention', dry_run=True) == {
        'ok': True, 'deleted_jobs': 0, 'deleted_actions': 0, 'deleted_runs': 0, 'archived_jobs': 0}
    assert call(bundle, 'system.clean')['deleted_jobs'] == 0 and len(call(bundle, 'job.list')) == 3


# ---- bad input

@pytest.mark.parametrize('code,method,params', [
    (-32000, 'job.create', {'action': 'nobody'}),
    (-32602, 'job.create', {}),
    (-32602, 'job.create', {'action': 5}),
    (-32602, 'job.create', {'action': sh('true', name='a..b')}),
    (-32005, 'job.create', {'action': {'name': 'a', 'script': ''}}),
    (-32005, 'job.create', {'action': sh('true', user='root')}),
    (-32004, 'job.create', {'action': sh('true', stop_signal='CHLD')}),
    (-32602, 'job.create', {'action': sh('true'), 'env': {'a b': '1'}}),
    (-32602, 'job.create', {'action': sh('true'), 'env': {'A': 'x' * 40000}}),
    (-32602, 'job.create', {'action': sh('true', depends_on=[{'action': 'b', 'when': 'never'}])}),
    (-32602, 'job.create', {'action': sh('true'), 'tags': ['a b']}),
    (-32602, 'job.create', {'action': sh('true'), 'name': '../x'}),
    (-32602, 'job.create', {'action': sh('true'), 'wait_ms': -1}),
    (-32602, 'job.create', {'action': sh('true', cwd='relative')}),
    (-32000, 'job.get', {'id': 77}),
    (-32000, 'job.get', {'id': -1}),
    (-32000, 'job.cancel', {'id': 2 ** 40}),
    (-32602, 'job.list', {'phase': 'odd'}),
    (-32602, 'job.list', {'limit': 1001}),
    (-32602, 'job.list', {'since': 'yesterday'}),
    (-32602, 'job.delete', {}),
    (-32602, 'job.clean_by_tag', {'tag': []}),
    (-32602, 'job.wait', {'id': 1, 'timeout_ms': 600001}),
    (-32000, 'action.get', {'name': 'nobody'}),
])
def test_bad_input(bundle, code, method, params):
    fails(bundle, code, method, **params)
    assert call(bundle, 'job.list') == [] == call(bundle, 'action.list')


# ---- what survives

def test_kill_9(make):
    """Queued jobs stay queued; one that ran on is adopted; one that ended unseen has failed, and is not done again."""
    keys = {'max_running_jobs': 2}
    bundle = make(**keys)
    mark = bundle.top / 'mark'
    short = call(bundle, 'job.create', action=sh(f'while [ ! -e {mark} ]; do sleep 0.05; done; echo once >> {mark}', name='short'))
    long = call(bundle, 'job.create', action=sh('sleep 1000', name='long'))
    queued = call(bundle, 'job.create', action=sh('echo queued', name='queued'))
    hero.wait_for(lambda: call(bundle, 'job.count', phase='running')['total'] == 2, 'two run')
    pid, unseen = call(bundle, 'job.get', id=long['id'])['pid'], call(bundle, 'job.get', id=short['id'])['pid']
    crash(bundle)
    assert alive(pid) and alive(unseen)
    mark.write_text('')
    hero.wait_for(lambda: not pathlib.Path(f'/proc/{unseen}').exists(), 'the short one has ended unseen')
    bundle = make(**keys)
    job = call(bundle, 'job.get', id=long['id'])
    assert job['phase'] == 'running' and job['pid'] == pid and job['adopted']
    job = wait(bundle, short)
    assert job['phase'] == 'failed' and job['failure'] == 'exit_unknown' and job['exit_code'] is None
    job = wait(bundle, queued)
    assert job['phase'] == 'succeeded' and job['stdout'] == 'queued\n' and job['attempt'] == 1
    assert mark.read_text() == 'once\n'
    assert call(bundle, 'job.create', action=sh('true'), wait_ms=60000)['id'] == 4


def test_kill_9_while_it_is_stopped_for_its_time_limit(make):
    """The next life goes on with the stop, and knows what it was for."""
    bundle = make()
    job = call(bundle, 'job.create', action=sh("trap '' TERM; while sleep 0.1; do :; done", timeout_ms=300, stop_timeout_ms=2000))
    hero.wait_for(lambda: call(bundle, 'job.get', id=job['id'])['phase'] == 'stopping', 'it is being stopped')
    crash(bundle)
    bundle = make()
    job = wait(bundle, job)
    assert job['phase'] == 'failed' and job['failure'] == 'timeout', job


def test_processes_start_again_after_a_stop(make):
    bundle = make()
    job = call(bundle, 'job.create', action=sh('sleep 1000', is_process=True), tags=['t'])
    hero.wait_for(lambda: call(bundle, 'job.get', id=job['id'])['phase'] == 'running', 'it runs')
    stop_all(bundle)
    bundle = make()
    old, new = call(bundle, 'job.get', id=1), call(bundle, 'job.get', id=2)
    assert old['phase'] == 'cancelled' and old['failure'] == 'shutdown' and old['archived']
    assert new['trigger'] == 'autostart' and new['tags'] == ['t'] and new['phase'] in ('pending', 'starting', 'running')
    stop_all(bundle)
    bundle = make()
    assert ids(call(bundle, 'job.list')) == [3]
    call(bundle, 'job.cancel', id=3)


# ---- contexts

def test_contexts(bundle):
    def inside(method, **params):
        return bundle.rpc('hero_proc', method, params, headers={'X-Hero-Context': '5'})
    outer = run(bundle, 'true')
    inner = inside('job.create', action=sh('true', name='inner'), wait_ms=60000)
    assert inner['context'] == 5 and ids(inside('job.list')) == [inner['id']] and len(call(bundle, 'job.list')) == 2
    for method in ('job.get', 'job.cancel', 'job.retry', 'job.delete'):
        with pytest.raises(hero.RpcError) as caught:
            inside(method, id=outer['id'])
        assert caught.value.code == -32000
    with pytest.raises(hero.RpcError) as caught:
        inside('job.cancel_all')
    assert caught.value.code == -32094
    for method in ('job.create', 'action.set'):
        with pytest.raises(hero.RpcError) as caught:
            inside(method, action=sh('env', env_secrets={'S': {'key': 'k', 'context': 0}}))
        assert caught.value.code == -32094


# ---- starting a service from many sides at once

def test_twenty_starts(bundle):
    """Contract check 33."""
    call(bundle, 'service.set', name='one', actions=[sh('exec sleep 1000', name='main', is_process=True)])
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(call(bundle, 'service.start', name='one', wait=True))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20 and {tuple(answer['job_ids']) for answer in answers} == {(1,)} and len(children_of(bundle.top)) == 1
    assert {answer['run_id'] for answer in answers} == {1}
