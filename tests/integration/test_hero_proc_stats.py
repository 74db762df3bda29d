"""What services and jobs of hero_proc use, as their clients see it (contract 11): real processes that compute, hold memory, and hide."""
import pytest

import hero
from hero_proc import alive, bundle, call, crash, define, fails, make, sh, start  # noqa: F401, the fixtures

MIB = 1024 * 1024
# Holds 50 MiB in a child, and computes in it.
HOG = "python3 -c 'x = bytearray(50 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nwhile True: pass' & wait"


@pytest.fixture
def quick(make):
    return make(stats_interval_ms=200)


def stats(bundle, kind, condition=lambda got: True, **params):
    """The answer of service.stats or job.stats, once it is as wanted."""
    return hero.wait_for(lambda: condition(got := call(bundle, f'{kind}.stats', **params)) and got, 'it is measured')


def live(bundle, script, **more):
    """A job that goes on, with its process."""
    job = call(bundle, 'job.create', action=sh(script, is_process=True, **more))
    return hero.wait_for(lambda: (got := call(bundle, 'job.get', id=job['id']))['pid'] and got, 'it runs')


def test_service(quick):
    define(quick, 'hog', HOG)
    pid = start(quick, 'hog')
    got = stats(quick, 'service', lambda s: s['history'] and s['history'][-1][1] > 20 and s['history'][-1][2] > 50 * MIB, name='hog')
    assert (got['name'], got['pid'], got['state']) == ('hog', pid, 'running')
    assert 50 * MIB < got['memory_bytes'] == got['memory_usage'] <= got['peak_memory_bytes'] and got['cpu_usage'] == got['cpu_percent'] < 300
    assert got['threads'] == 2 and got['fds'] >= 6 and got['uptime_ms'] > 0 and got['io_read_bytes'] >= 0 and got['io_write_bytes'] >= 0
    got = stats(quick, 'service', lambda s: len(s['history']) >= 3, name='hog')
    times = [sample[0] for sample in got['history']]
    assert times == sorted(times) and got['history'][-1][1] > 20 and got['history'][-1][2] > 50 * MIB
    child, = got['children']
    assert child['ppid'] == pid and alive(child['pid']) and child['name'] == child['comm'] == 'python3'
    assert 'python3 -c x = bytearray' in child['cmdline'] and child['memory_usage'] == child['memory_bytes'] > 50 * MIB
    assert call(quick, 'service.children', name='hog')['children'][0]['pid'] == child['pid']
    status = call(quick, 'service.status', name='hog')
    assert status['memory_bytes'] > 50 * MIB and status['cpu_percent'] > 0
    assert call(quick, 'service.list')[0]['memory_bytes'] > 50 * MIB
    assert call(quick, 'service.status_full', name='hog')['memory_bytes'] > 50 * MIB


def test_service_that_is_down(bundle):
    define(bundle, 'x', 'exec sleep 1000')
    for method in 'service.stats', 'service.children':
        assert fails(bundle, -32003, method, name='x').data['code_name'] == 'service_is_down'
        assert fails(bundle, -32000, method, name='y').data['code_name'] == 'service_not_found'
    assert call(bundle, 'service.status', name='x')['memory_bytes'] is None


def test_job(quick):
    job = live(quick, HOG)
    got = stats(quick, 'job', lambda s: s['cpu_percent'] > 20 and s['memory_bytes'] > 50 * MIB, id=job['id'])
    assert got['state'] == 'running' and got['pid'] == job['pid'] and len(got['children']) == 1
    record = call(quick, 'job.get', id=job['id'])['stats']
    assert record['children'] == 1 and record['memory_bytes'] > 50 * MIB and record['cpu_ms'] > 0
    call(quick, 'job.cancel', id=job['id'])
    record = call(quick, 'job.get', id=job['id'])['stats']
    assert record['memory_bytes'] is None and record['children'] == 0 and record['peak_memory_bytes'] > 50 * MIB
    for method in 'job.stats', 'job.children':
        assert fails(quick, -32003, method, id=job['id']).data['code_name'] == 'job_is_not_running'
        assert fails(quick, -32000, method, id=99).data['code_name'] == 'job_not_found'


def test_a_child_that_hides(bundle):
    """In a session of its own, its parent gone: the token in its environment tells."""
    job = live(bundle, 'setsid sh -c "sleep 1001 & exit"; exec sleep 1000')
    hidden = hero.wait_for(lambda: [c for c in call(bundle, 'job.children', id=job['id'])['children'] if c['cmdline'] == 'sleep 1001'],
                           'it is found')
    assert hidden[0]['ppid'] != job['pid']
    assert [c['cmdline'] for c in call(bundle, 'job.stats', id=job['id'])['children']] == ['sleep 1001']


def test_no_secret_in_a_command_line(bundle):
    call(bundle, 'secret.set', key='word', value='sesame-open-please')
    job = live(bundle, 'sleep 1000 & sh -c "sleep 1000; : $WORD" & wait', env_secrets={'WORD': 'word'})
    lines = hero.wait_for(lambda: len(got := call(bundle, 'job.children', id=job['id'])['children']) >= 3 and [c['cmdline'] for c in got],
                          'its children')
    assert 'sh -c sleep 1000; : ***' in lines and 'sesame' not in str(lines)


def test_an_adopted_job(make):
    job = live(bundle := make(stats_interval_ms=200), HOG)
    crash(bundle)
    bundle = make(stats_interval_ms=200)
    got = stats(bundle, 'job', lambda s: s['history'] and s['cpu_percent'] > 20 and s['memory_bytes'] > 50 * MIB, id=job['id'])
    assert got['pid'] == job['pid'] and got['memory_bytes'] > 50 * MIB


def test_many(make):
    """Above 200 jobs only those are measured each interval that somebody asked for."""
    bundle = make(stats_interval_ms=200)
    jobs = [call(bundle, 'job.create', action=sh('exec sleep 1000', name=f'x{i}', is_process=True))['id'] for i in range(205)]
    hero.wait_for(lambda: call(bundle, 'job.count', phase='running')['total'] == 205, 'all run')
    before = len(stats(bundle, 'job', id=jobs[0])['history'])
    watched = stats(bundle, 'job', lambda s: len(s['history']) >= before + 5, id=jobs[0])['history']
    other = call(bundle, 'job.stats', id=jobs[1])['history']
    assert len([at for at, *_ in watched if not other or at > other[-1][0]]) >= 3


def test_of_another_context(bundle):
    job = live(bundle, 'exec sleep 1000')
    with pytest.raises(hero.RpcError) as caught:
        bundle.rpc('hero_proc', 'job.stats', {'id': job['id']}, headers={'X-Hero-Context': '5'})
    assert caught.value.code == -32000
