"""Schedules of hero_proc as clients see them: real children started by the real clock, over pauses, restarts and crashes."""
import os
import pathlib
import re
import socket
import time

import pytest

import hero
from hero_proc import bundle, call, crash, fails, make, service_pid, sh, stop_all  # noqa: F401, the fixtures

ALWAYS = 24 * 3600 * 1000


def scheduled(bundle, script, name='x', **policy):
    return call(bundle, 'action.set', sh(script, name=name, schedule_policy=policy))


def status(bundle, name='x'):
    return call(bundle, 'schedule.status', action=name)


def wait_schedule(bundle, what, condition, name='x'):
    return hero.wait_for(lambda: condition(got := status(bundle, name)) and got, what)


def jobs(bundle, name='x', **filters):
    return call(bundle, 'job.list', action=name, limit=1000, **filters)


def now_ms():
    return time.time_ns() // 1000000


# ---- ticks

def test_interval(bundle):
    before = now_ms()
    answer = scheduled(bundle, 'echo tick', interval_ms=300)
    assert answer['schedule']['description'] == 'every 300 milliseconds' and answer['created']
    times = answer['schedule']['next_times']
    assert len(times) == 5 and times[0] >= before + 300 and {b - a for a, b in zip(times, times[1:])} == {300}
    got = wait_schedule(bundle, 'three jobs', lambda s: s['fired_count'] >= 3)
    assert got['state'] == 'active' and got['policy']['interval_ms'] == 300 and got['policy']['nr_of_instances'] == 1
    assert got['next_at'] > got['last_at'] > before and len(got['next_times']) == 5 and got['error'] is None
    job = call(bundle, 'job.wait', id=got['last_job_id'])['job']
    assert job['trigger'] == 'schedule' and job['phase'] == 'succeeded' and job['stdout'] == 'tick\n'
    assert job['service'] is None and job['run_id'] is None and job['action'] == job['name'] == 'x'
    assert call(bundle, 'action.delete', name='x')['deleted_jobs'] >= 3
    assert fails(bundle, -32000, 'schedule.status', action='x').data['code_name'] == 'action_not_found'
    assert call(bundle, 'schedule.list') == []
    time.sleep(1)
    assert jobs(bundle) == []


def test_cron_each_second(bundle):
    assert scheduled(bundle, 'date', cron='* * * * * *')['schedule']['description'] == 'every second'
    wait_schedule(bundle, 'four jobs', lambda s: s['fired_count'] >= 4)
    seconds = [job['created_at'] // 1000 for job in jobs(bundle)]
    assert len(set(seconds)) == len(seconds) >= 4 and all(a > b for a, b in zip(seconds, seconds[1:]))


def test_no_more_than_nr_of_instances(bundle):
    scheduled(bundle, 'exec sleep 1000', interval_ms=100, nr_of_instances=2)
    wait_schedule(bundle, 'ticks are skipped', lambda s: s['skipped_count'] >= 5)
    got = status(bundle)
    live = jobs(bundle, active=True)
    assert got['fired_count'] == 2 and len(live) == len(jobs(bundle)) == 2
    call(bundle, 'job.cancel', id=live[0]['id'], force=True)
    wait_schedule(bundle, 'another takes its place', lambda s: s['fired_count'] == 3)
    assert len(jobs(bundle, active=True)) == 2


def test_a_running_service_is_no_instance(bundle):
    scheduled(bundle, 'exec sleep 1000', interval_ms=ALWAYS)
    call(bundle, 'service.set', name='web', actions=['x'])
    call(bundle, 'service.start', name='web')
    hero.wait_for(lambda: call(bundle, 'service.status', 'web')['pid'], 'the service runs')
    assert call(bundle, 'schedule.trigger', action='x')['trigger'] == 'schedule'
    call(bundle, 'schedule.set', action='x', policy={'interval_ms': ALWAYS // 2})
    assert not call(bundle, 'service.status', 'web')['needs_restart']  # what the clock does is none of the service's


def test_start_and_end_time(bundle):
    soon, end = now_ms() + 1500, now_ms() + 3000
    scheduled(bundle, 'true', interval_ms=200, start_time=soon, end_time=end)
    assert status(bundle)['state'] == 'waiting' and status(bundle)['next_at'] == soon and status(bundle)['fired_count'] == 0
    got = wait_schedule(bundle, 'it is over', lambda s: s['state'] == 'ended')
    assert got['next_at'] is None and got['next_times'] == [] and got['fired_count'] >= 1
    assert all(soon <= job['created_at'] for job in jobs(bundle)) and now_ms() >= end - 200
    assert [one['action'] for one in call(bundle, 'schedule.list', state='ended')] == ['x'] and call(bundle, 'schedule.list', state='active') == []


def test_jitter_only_delays(bundle):
    before = now_ms()
    scheduled(bundle, 'true', interval_ms=10000, jitter_ms=5000)
    got = status(bundle)
    assert before + 10000 <= got['next_at'] <= now_ms() + 15000 and got['next_times'][0] <= got['next_at']


# ---- by hand

def test_pause_and_resume(make):
    bundle = make()
    scheduled(bundle, 'true', interval_ms=200)
    wait_schedule(bundle, 'it starts', lambda s: s['fired_count'] >= 1)
    paused = call(bundle, 'schedule.pause', action='x')
    assert paused['state'] == 'paused' and paused['next_at'] is None and paused['next_times'] == [] and not paused['policy']['enabled']
    assert not call(bundle, 'action.get', name='x')['schedule_policy']['enabled']
    time.sleep(1.5)
    assert status(bundle)['fired_count'] == paused['fired_count'] == len(jobs(bundle))
    assert call(bundle, 'schedule.disable', name='x')['state'] == 'paused'
    stop_all(bundle)
    bundle = make()
    assert status(bundle)['state'] == 'paused' and status(bundle)['fired_count'] == paused['fired_count']
    assert len(call(bundle, 'schedule.next', action='x')['next_times']) == 5  # when it would
    resumed = call(bundle, 'schedule.resume', action='x')
    assert resumed['state'] == 'active' and resumed['skipped_count'] == paused['skipped_count']
    wait_schedule(bundle, 'it goes on', lambda s: s['fired_count'] > paused['fired_count'])
    assert call(bundle, 'schedule.enable', action='x')['state'] == 'active'


def test_trigger(bundle):
    scheduled(bundle, 'exec sleep 1000', interval_ms=ALWAYS)
    job = call(bundle, 'schedule.trigger', action='x')
    assert job['trigger'] == 'schedule' and job['phase'] in ('pending', 'starting', 'running') and job['id'] == 1
    error = fails(bundle, -32009, 'schedule.trigger', action='x')
    assert error.data['code_name'] == 'invalid_state_transition' and error.data['job_id'] == 1
    assert error.data['phase'] in ('pending', 'starting', 'running') and str(error).find('invalid state') >= 0
    assert call(bundle, 'schedule.trigger', action='x', force=True)['id'] == 2
    got = status(bundle)
    assert got['fired_count'] == 2 and got['last_job_id'] == 2 and got['skipped_count'] == 0
    call(bundle, 'job.cancel_all', force=True)
    call(bundle, 'schedule.pause', action='x')
    assert call(bundle, 'schedule.trigger', action='x')['id'] == 3
    call(bundle, 'job.cancel_all', force=True)
    assert status(bundle)['last_phase'] == 'cancelled'


def test_set_and_delete_edit_the_action(bundle):
    call(bundle, 'action.set', sh('true', tags=['t']))
    assert call(bundle, 'action.get', name='x')['schedule_policy'] is None
    assert fails(bundle, -32000, 'schedule.status', action='x').data['code_name'] == 'schedule_not_found'
    for method in ('delete', 'pause', 'resume', 'trigger', 'next'):
        fails(bundle, -32000, f'schedule.{method}', action='x')
        fails(bundle, -32000, f'schedule.{method}', action='nobody')
    got = call(bundle, 'schedule.set', action='x', policy={'cron': '@daily', 'timezone': 'UTC'})
    assert got['state'] == 'active' and got['description'] == call(bundle, 'schedule.validate', cron='@daily')['description']
    assert got['next_at'] % 86400000 == 0
    action = call(bundle, 'action.get', name='x')
    assert action['schedule_policy']['cron'] == '@daily' and action['tags'] == ['t'] and action['revision'] == 2
    assert call(bundle, 'action.list', scheduled=True, names_only=True) == ['x']
    assert call(bundle, 'action.list', scheduled=False) == []
    assert call(bundle, 'schedule.list', tag='t')[0] == status(bundle) and call(bundle, 'schedule.list', tag='u') == []
    assert call(bundle, 'schedule.delete', action='x') == {'ok': True}
    assert call(bundle, 'action.get', name='x')['schedule_policy'] is None and call(bundle, 'schedule.list') == []
    assert fails(bundle, -32602, 'schedule.set', action='x', policy={}).data['param'] == 'policy'
    fails(bundle, -32602, 'schedule.set', action='x', policy={'cron': '@daily', 'interval_ms': 500})
    fails(bundle, -32602, 'schedule.set', action='x', policy={'interval_ms': 99})
    assert 'Europe/Brussels' in str(fails(bundle, -32602, 'schedule.set', action='x', policy={'cron': '@daily', 'timezone': 'Europe/Brusels'}))


def test_events(bundle):
    scheduled(bundle, 'exec sleep 1000', interval_ms=100)
    wait_schedule(bundle, 'ticks are skipped', lambda s: s['skipped_count'] >= 2)
    call(bundle, 'schedule.pause', action='x')
    fired, skipped = events(bundle, 'schedule.fired', 1), events(bundle, 'schedule.skipped', 2)
    assert '"action":"x"' in fired.replace(' ', '') and '"job_id":1' in fired.replace(' ', '')
    assert '"skipped":1' in skipped.replace(' ', '') and '"skipped_count":2' in skipped.replace(' ', '')


def events(bundle, name, count):
    """What the stream of events replays, once `count` of this name are in it."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(hero.WAIT_S)
        client.connect(str(bundle.path('hero_proc')))
        client.sendall(b'GET /api/jobs/events?last_event_id=0 HTTP/1.1\r\nHost: localhost\r\n\r\n')
        text = b''
        while text.count(name.encode()) < count or not text.endswith(b'\n'):
            text += client.recv(65536)
    return text.decode()


def test_of_another_context(bundle):
    scheduled(bundle, 'true', interval_ms=ALWAYS)

    def five(method, **params):
        return bundle.rpc('hero_proc', method, params, headers={'X-Hero-Context': '5'})
    assert five('schedule.list') == [] and len(call(bundle, 'schedule.list')) == 1
    for method, more in {'status': {}, 'set': {'policy': {'cron': '@daily'}}, 'pause': {}, 'trigger': {}, 'delete': {}}.items():
        with pytest.raises(hero.RpcError) as caught:
            five(f'schedule.{method}', action='x', **more)
        assert caught.value.code == -32000
    five('action.set', spec=sh('true', name='own', schedule={'cron': '@hourly'}))
    assert [one['action'] for one in five('schedule.list')] == ['own']
    assert five('schedule.trigger', action='own')['context'] == 5


# ---- over restarts

@pytest.mark.parametrize('end', [stop_all, crash])
def test_catch_up(make, end):
    """Three ticks are missed: `once` starts one job for all of them, `none` counts them; a further start does nothing."""
    bundle = make()
    start = now_ms() + 4000
    for name in ('none', 'once'):
        scheduled(bundle, 'true', name=name, interval_ms=1000, start_time=start, end_time=start + 2500, catch_up=name)
    end(bundle)
    assert now_ms() < start, 'too slow for this test'
    time.sleep((start + 3000 - now_ms()) / 1000)
    for _ in range(2):
        bundle = make()
        once = wait_schedule(bundle, 'it was caught up', lambda s: s['fired_count'] == 1, 'once')
        none = status(bundle, 'none')
        assert (once['state'], once['skipped_count'], len(jobs(bundle, 'once'))) == ('ended', 2, 1)
        assert (none['state'], none['fired_count'], none['skipped_count'], jobs(bundle, 'none')) == ('ended', 0, 3, [])
        assert call(bundle, 'job.wait', id=once['last_job_id'])['job']['phase'] == 'succeeded'
        end(bundle)


def test_counts_and_live_jobs_survive_a_crash(make):
    bundle = make()
    scheduled(bundle, 'exec sleep 1000', interval_ms=200)
    before = wait_schedule(bundle, 'ticks are skipped', lambda s: s['skipped_count'] >= 3)
    crash(bundle)
    bundle = make()
    after = wait_schedule(bundle, 'it goes on', lambda s: s['skipped_count'] > before['skipped_count'])
    assert after['fired_count'] == 1 and after['last_job_id'] == before['last_job_id'] == 1 and len(jobs(bundle)) == 1


def test_scheduler_off(make):
    bundle = make(scheduler=False)
    scheduled(bundle, 'true', interval_ms=100)
    time.sleep(1)
    got = status(bundle)
    assert got['fired_count'] == got['skipped_count'] == 0 and got['next_at'] is None and got['next_times'] == []
    assert call(bundle, 'schedule.trigger', action='x')['id'] == 1


def test_configured_zone(make):
    bundle = make(timezone='Asia/Tokyo')
    answer = call(bundle, 'schedule.validate', cron='0 9 * * *', **{'from': '2026-01-01T00:00:00Z'}, count=1)
    assert answer['next_times'] == [1767312000000]  # 2 January 00:00 UTC
    scheduled(bundle, 'true', cron='0 9 * * *')
    assert status(bundle)['next_at'] % 86400000 == 0


def test_unknown_zone(make):
    """It does not start with another zone than was meant; the nearest name is told."""
    with pytest.raises(AssertionError, match="'hero_proc.timezone': expected a time zone; the nearest is 'Europe/Brussels'"):
        make(timezone='Europe/Brusels')


def test_no_tick_while_stopping(make):
    bundle = make()
    spec = sh("trap '' TERM; while :; do sleep 0.1; done", name='stubborn', is_process=True, stop_timeout_ms=3000)
    call(bundle, 'service.set', name='stubborn', actions=[spec], start=True)
    hero.wait_for(lambda: call(bundle, 'service.status', 'stubborn')['pid'], 'it runs')
    scheduled(bundle, 'true', interval_ms=100, nr_of_instances=200)
    wait_schedule(bundle, 'it starts', lambda s: s['fired_count'] >= 2)
    begin = now_ms()
    stop_all(bundle)
    assert now_ms() - begin > 2500  # so long there were ticks
    bundle = make(scheduler=False, autostart=False)
    assert status(bundle)['fired_count'] >= 2 and not [job for job in jobs(bundle) if job['created_at'] > begin + 1000]


# ---- how it is read

def test_weekdays_are_read_back(bundle):
    """Check 11: 6 fields count weekdays from Sunday = 1, 5 fields from Sunday = 0; the words tell."""
    for cron, day in {'0 0 9 * * 1': 'Sunday', '0 9 * * 1': 'Monday', '0 0 9 * * MON': 'Monday', '0 9 * * mon': 'Monday'}.items():
        for reading in (scheduled(bundle, 'true', cron=cron)['schedule'], call(bundle, 'schedule.validate', cron=cron),
                        call(bundle, 'schedule.next', action='x'), call(bundle, 'action.validate', sh('true', schedule={'cron': cron}))['schedule']):
            assert reading['description'] == f'every {day} at 09:00:00' and len(reading['next_times']) == 5
            assert {time.strftime('%A %H:%M', time.localtime(ms / 1000)) for ms in reading['next_times']} == {f'{day} 09:00'}
        call(bundle, 'action.delete', name='x')


def test_change_of_the_clock(bundle):
    """7.8: a time that the change to summer time skips fires at the end of the gap."""
    answer = call(bundle, 'schedule.validate', cron='30 2 * * *', timezone='Europe/Brussels', count=2, **{'from': '2026-03-28T12:00:00Z'})
    assert answer['next_times'] == [1774746000000, 1774830600000]


# ---- bad input

@pytest.mark.parametrize('cron,field', [('99 * * * *', 'minute'), ('0 0 31 2 *', 'day'), ('*/0 * * * *', 'minute'), ('@reboot', None), ('', None)])
def test_invalid_cron(bundle, cron, field):
    """Check 10: refused everywhere a definition comes in, by field and position."""
    bad = sh('true', schedule_policy={'cron': cron})
    call(bundle, 'action.set', sh('true', name='there'))
    calls = [('schedule.validate', {'cron': cron})]
    if cron:
        calls += [('action.set', {'spec': bad}), ('service.set', {'spec': {'name': 's', 'actions': [bad]}}), ('job.create', {'action': bad}),
                  ('schedule.set', {'action': 'there', 'policy': {'cron': cron}})]
        checked = call(bundle, 'action.validate', spec=bad)
        assert not checked['valid'] and 'schedule_policy.cron' in checked['errors'][0] and checked['schedule'] is None
    for method, params in calls:
        error = fails(bundle, -32602, method, **params)
        assert error.data['reason'] == 'invalid_cron' and error.data['position'] >= 1 and isinstance(error.data['field'], str), method
        assert field in (None, error.data['field']), method
    assert call(bundle, 'action.list', names_only=True) == ['there'] and call(bundle, 'service.list') == []


def test_bad_record(make):
    """Check 10: a stored expression that is no longer understood costs neither its action nor the processor."""
    bundle = make()
    scheduled(bundle, 'echo works', cron='11 9 * * *')
    scheduled(bundle, 'true', name='good', cron='@hourly')
    stop_all(bundle)
    files = list(pathlib.Path(bundle.data).rglob('hero_proc.mdb'))
    assert len(files) == 1
    content = files[0].read_bytes()
    assert b'"11 9 * * *"' in content
    files[0].write_bytes(content.replace(b'"11 9 * * *"', b'"99 9 * * *"'))
    bundle = make()
    assert bundle.out.count("the schedule of action 'x' is invalid and starts nothing") == 1
    got = status(bundle)
    assert got['state'] == 'invalid' and got['next_at'] is None and got['next_times'] == [] and 'minute' in got['error']
    assert got['policy']['cron'] == '99 9 * * *' and status(bundle, 'good')['state'] == 'active'
    assert [one['action'] for one in call(bundle, 'schedule.list', state='invalid')] == ['x']
    assert call(bundle, 'job.create', action='x', wait_ms=60000)['stdout'] == 'works\n'
    for method in ('pause', 'trigger', 'next'):
        assert 'is not understood' in str(fails(bundle, -32009, f'schedule.{method}', action='x'))
    assert call(bundle, 'schedule.trigger', action='x', force=True)['id'] == 2
    pid, begin = service_pid(bundle), time.monotonic()
    used = cpu_seconds(pid)
    time.sleep(5)
    assert cpu_seconds(pid) - used < 0.01 * (time.monotonic() - begin)
    _, _, page = bundle.get('hero_proc', '/schedules', role='admin')
    assert b'is not understood' in page and b'invalid' in page
    assert call(bundle, 'schedule.set', action='x', policy={'cron': '11 9 * * *'})['state'] == 'active'


def cpu_seconds(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


# ---- the page

def test_page(bundle):
    code, _, page = bundle.get('hero_proc', '/schedules', role='admin')
    assert code == 200 and b'The clock starts nothing yet' in page
    scheduled(bundle, 'true', cron='0 9 * * 1', timezone='Europe/Brussels')
    call(bundle, 'schedule.trigger', action='x')
    hero.wait_for(lambda: status(bundle)['last_phase'] == 'succeeded', 'it is over')
    _, _, page = bundle.get('hero_proc', '/schedules', role='admin')
    for text in (b'every Monday at 09:00:00', b'/schedules/x', b'succeeded', b'schedule.pause', b'schedule.trigger'):
        assert text in page, text
    _, _, page = bundle.get('hero_proc', '/schedules/x', role='admin')
    for text in (b'every Monday at 09:00:00', b'0 9 * * 1', b'Europe/Brussels', b'succeeded', b'schedule.pause', b'schedule.trigger'):
        assert text in page, text
    assert len(re.findall(rb'Monday \d{4}-\d\d-\d\d 09:00:00', page)) == 5
    assert bundle.get('hero_proc', '/schedules/nobody', role='admin')[0] == 404
    call(bundle, 'schedule.pause', action='x')
    _, _, page = bundle.get('hero_proc', '/schedules', role='admin')
    assert b'schedule.resume' in page and b'paused' in page
