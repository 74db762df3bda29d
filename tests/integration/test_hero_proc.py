"""hero_proc as its clients see it: in a thread of the bundle, in a process of its own, and stand-alone."""
import json
import os
import pathlib
import random
import signal
import threading
import time

import pytest

import hero
from hero_proc import (alive, call, children_of, crash, define, environ, fails, FORMS, group_of, lines, rss, SERVICE,
                       service_pid, start, stop_all, top, wait_status)


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


@pytest.fixture
def bundle(form):
    with form() as running:
        yield running.wait_ready()
        stop_all(running)


def test_fresh(bundle):
    assert call(bundle, 'service.list') == []
    health = bundle.get_json(SERVICE, '/health')
    assert health['status'] == 'ok' and health['jobs_running'] == 0 and health['services_up'] == 0 and health['secrets'] == 'ok'
    assert bundle.get_json(SERVICE, '/api/domains.json') == ['jobs', 'logs', 'secrets', 'system']
    listed = {method['name'] for method in bundle.get_json(SERVICE, '/openrpc.json')['methods']}
    assert listed >= {'service.set', 'service.get', 'service.list', 'service.status', 'service.start', 'service.stop',
                      'service.restart', 'service.delete', 'logs.query', 'secret.set', 'secret.get', 'secret.exists',
                      'secret.list', 'secret.delete', 'secret.status', 'secret.rotate_key', 'context.list', 'context.set',
                      'context.delete'}
    fails(bundle, -32601, 'xinet.list')


def test_life(bundle):
    """Row 34: what runs is a child of the process that hero_proc runs in."""
    define(bundle, 'web', 'echo up; while sleep 0.1; do :; done')
    pid = start(bundle, 'web')
    assert alive(pid) and os.getpgid(pid) == pid
    with open(f'/proc/{pid}/stat', encoding='utf-8') as stat:  # a child of the process hero_proc runs in
        assert int(stat.read().rsplit(')', 1)[1].split()[1]) == service_pid(bundle)
    hero.wait_for(lambda: lines(bundle, 'web') == ['up'], 'its output is there')
    assert call(bundle, 'service.stop', name='web') == {'ok': True, 'name': 'web', 'state': 'exited', 'stopped': ['web']}
    assert not alive(pid)
    assert call(bundle, 'service.delete', name='web')['deleted']
    fails(bundle, -32000, 'service.status', name='web')
    assert call(bundle, 'service.list') == []


def test_what_a_child_gets(bundle):
    define(bundle, 'env', 'env; ls /proc/self/fd | sort -n | head -c 6; grep -E "Sig(Blk|Ign)" /proc/self/status; ulimit -S -n; echo end',
           env={'GIVEN': 1}, restart='never')
    call(bundle, 'service.start', name='env')
    wait_status(bundle, 'env', state='exited', exit_code=0)
    text = hero.wait_for(lambda: 'end' in (text := lines(bundle, 'env')) and text, 'its output is there')
    env = dict(line.split('=', 1) for line in text if '=' in line)
    assert env['GIVEN'] == '1' and env['HERO_SOCKET_DIR'] == str(bundle.sockets) and env['PATH_VAR'] == str(bundle.data)
    assert env['HERO_PROC_SERVICE'] == 'env' and env['HOME'] == str(bundle.home) and env['PWD'] == str(bundle.home)
    assert not {'NOTIFY_SOCKET', 'LISTEN_FDS'} & env.keys()
    # The host has raised its own limit; the child has the original.
    assert text[-2] == os.popen('ulimit -S -n').read().strip()
    blocked = next(line for line in text if line.startswith('SigBlk'))
    ignored = next(line for line in text if line.startswith('SigIgn'))
    assert int(blocked.split()[1], 16) == 0
    assert int(ignored.split()[1], 16) & 0x7fffffff == 0


def test_restart_with_backoff(bundle):
    define(bundle, 'crash', 'date +%s%N; exit 7', retry_policy={'delay_ms': 300, 'max_delay_ms': 5000, 'jitter': 0, 'max_attempts': 4})
    call(bundle, 'service.start', name='crash')
    status = wait_status(bundle, 'crash', state='failed', restarting=False)
    assert status['exit_code'] == 7 and status['failure'] == 'exit_code' and status['restart_count'] == 3
    assert status['pid'] == 0 and status['actions'][0]['job_id'] == 1
    times = hero.wait_for(lambda: len(lines(bundle, 'crash')) == 4 and [int(line) for line in lines(bundle, 'crash')],
                          'four attempts have spoken')
    gaps = [(b - a) / 1e6 for a, b in zip(times, times[1:])]
    assert gaps[0] >= 300 and gaps[1] >= 600 and gaps[2] >= 1200, gaps
    fails(bundle, -32011, 'service.start', name='crash', wait=True, timeout_ms=60000)


def test_stop_ends_everything(bundle):
    """A stubborn child, and a grandchild that left its session: gone, the dead one named as killed."""
    define(bundle, 'deep', "setsid sh -c \"trap '' TERM; while sleep 0.1; do :; done\" & trap '' TERM; while sleep 0.1; do :; done",
           stop_timeout_ms=500)
    start(bundle, 'deep')
    assert len(children_of(bundle.top)) >= 2
    call(bundle, 'service.stop', name='deep')
    assert children_of(bundle.top) == []
    status = call(bundle, 'service.status', 'deep')
    assert status['exit_code'] == 137 and status['signal'] == 'SIGKILL' and status['state'] == 'exited'


def test_twenty_starts(bundle):
    define(bundle, 'one', 'exec sleep 1000')
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(call(bundle, 'service.start', name='one', wait=True)))
               for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {tuple(answer['job_ids']) for answer in answers} == {(1,)}
    assert len(children_of(bundle.top)) == 1


def test_calls_across_each_other(bundle):
    """Start, stop, restart and delete from many clients at once: each is answered, and the last word counts."""
    define(bundle, 'busy', 'trap "sleep 0.2; exit" TERM; while sleep 0.05; do :; done')
    answered = []

    def client(seed):
        chance = random.Random(seed)
        for _ in range(15):
            method = chance.choice(['start', 'stop', 'restart'])
            try:
                call(bundle, f'service.{method}', name='busy', wait=chance.random() < 0.5)
            except hero.RpcError as error:
                assert error.code == -32000
            answered.append(method)

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(hero.WAIT_S)
    assert len(answered) == 6 * 15
    start(bundle, 'busy')
    assert len({group_of(pid) for pid in children_of(bundle.top)} - {None}) == 1
    waiting = []
    define(bundle, 'never', 'exit 1', retry_policy={'delay_ms': 60000})
    thread = threading.Thread(target=lambda: waiting.append(fails(bundle, -32000, 'service.start', name='never', wait=True)))
    thread.start()
    wait_status(bundle, 'never', restarting=True)
    call(bundle, 'service.delete', name='never')
    thread.join(hero.WAIT_S)
    assert waiting, 'the call that waited for a start learns that there is nothing to start'
    call(bundle, 'service.stop', name='busy')
    assert children_of(bundle.top) == []


def test_shutdown(form, top):
    """Row 33: the bundle ends: SIGTERM first, to all; what ignores it is killed; what is wanted comes back with the next start."""
    keys = {'stop_timeout_s': 10} if form is not FORMS['alone'] else {}
    with form(top, **keys) as bundle:
        bundle.wait_ready()
        define(bundle, 'polite', "trap 'echo goodbye; exit' TERM; while sleep 0.1; do :; done")
        define(bundle, 'stubborn', "trap '' TERM; while sleep 0.1; do :; done", stop_timeout_ms=600)
        define(bundle, 'idle', 'exec sleep 1000')
        for name in ('polite', 'stubborn', 'idle'):
            start(bundle, name)
        call(bundle, 'service.stop', name='idle')
        begun = time.monotonic()
        assert bundle.stop() == 0
        assert time.monotonic() - begun < 20
        assert children_of(top) == []
    (top / 'out').unlink()
    with form(top) as bundle:
        bundle.wait_ready()
        assert 'goodbye' in lines(bundle, 'polite')
        for name in ('polite', 'stubborn'):
            wait_status(bundle, name, state='running')
        assert call(bundle, 'service.status', 'idle')['state'] != 'running'
        stop_all(bundle)


def test_second_signal(form, top):
    """A second SIGTERM: children are killed at once, not waited for."""
    with form(top) as bundle:
        bundle.wait_ready()
        define(bundle, 'stubborn', "trap '' TERM; while sleep 0.1; do :; done", stop_timeout_ms=60000)
        start(bundle, 'stubborn')
        bundle.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert len(children_of(top)) > 0
        bundle.process.send_signal(signal.SIGTERM)
        assert bundle.process.wait(hero.WAIT_S) == 143
        hero.wait_for(lambda: children_of(top) == [], 'all children are gone')


def test_adoption(form, top):
    """kill -9 again and again: the same process, once, told nothing, what it said meanwhile is there, its end is seen."""
    count = 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); echo $i; sleep 0.05; done'
    pid = None
    for life in range(4):
        (top / 'out').unlink(missing_ok=True)
        with form(top) as bundle:
            bundle.wait_ready()
            if life == 0:
                define(bundle, 'count', f"trap 'echo told' TERM HUP INT PIPE; {count}", stop_timeout_ms=300)
                pid = start(bundle, 'count')
            status = call(bundle, 'service.status', 'count')
            assert (status['pid'], status['state'], status['restart_count']) == (pid, 'running', 0)
            assert status['actions'][0]['job_id'] == 1
            time.sleep(0.5)
            crash(bundle)
        assert alive(pid)
        time.sleep(1)
    (top / 'out').unlink()
    with form(top) as bundle:
        bundle.wait_ready()
        assert call(bundle, 'service.status', 'count')['pid'] == pid
        reached = int(lines(bundle, 'count')[-1])
        hero.wait_for(lambda: int(lines(bundle, 'count')[-1]) > reached + 10, 'it counts on')
        seen = [int(line) for line in lines(bundle, 'count')]
        assert seen == sorted(set(seen)), 'in order, none twice'
        # Each gap is there; what was on its way from the pipe to the file at the very moment of a crash is not.
        assert len(set(range(1, seen[-1] + 1)) - set(seen)) <= 4 * 2
        assert len([p for p in children_of(top) if group_of(p) == p]) == 1
        os.kill(pid, signal.SIGKILL)  # adopted: no child of this process, and yet its end is seen, and it starts anew
        status = wait_status(bundle, 'count', state='running', restart_count=1)
        assert status['pid'] not in (0, pid)
        stop_all(bundle)


def test_dead_while_away(form, top):
    """What ended while nobody looked is not called a success, and a process is started again."""
    with form(top) as bundle:
        bundle.wait_ready()
        define(bundle, 'gone', 'exec sleep 1000', retry_policy={'delay_ms': 100})
        define(bundle, 'never', 'exec sleep 1000', restart='never')
        gone, never = start(bundle, 'gone'), start(bundle, 'never')
        crash(bundle)
    os.kill(gone, signal.SIGKILL)
    os.kill(never, signal.SIGKILL)
    hero.wait_for(lambda: not alive(gone) and not alive(never), 'they are dead')
    (top / 'out').unlink()
    with form(top, autostart=False) as bundle:
        bundle.wait_ready()
        status = wait_status(bundle, 'never', state='failed')
        # Somebody else was their parent then: how they ended is known only if that one had not asked yet.
        assert (status['failure'], status['exit_code']) in [('exit_unknown', None), ('signal', 137)] and status['pid'] == 0
        assert wait_status(bundle, 'gone', state='running')['pid'] != gone
        stop_all(bundle)


def test_crash_in_a_storm(form, top):
    """kill -9 at any moment of many starts: what was acknowledged is there, every child belongs to a job, none runs twice."""
    known, limit = {}, 2000  # processes at once; a quick machine starts more than the 512 that are the default
    for life in range(6):
        (top / 'out').unlink(missing_ok=True)
        with form(top, max_processes=limit) as bundle:
            bundle.wait_ready()
            listed = {entry['name'] for entry in call(bundle, 'service.list')}
            assert known.keys() <= listed

            def storm():
                for i in range(200):
                    name = f's{life}-{i}'
                    try:
                        define(bundle, name, 'exec sleep 1000')
                        known[name] = True
                        call(bundle, 'service.start', name=name)
                    except (OSError, hero.http.client.HTTPException):
                        return

            thread = threading.Thread(target=storm)
            thread.start()
            time.sleep(random.uniform(0.1, 0.6))
            crash(bundle)
            thread.join()
    (top / 'out').unlink()
    with form(top, max_processes=limit) as bundle:
        bundle.wait_ready()
        listed = {entry['name'] for entry in call(bundle, 'service.list')}
        assert known and known.keys() <= listed
        for name in known:
            wait_status(bundle, name, state='running')
        owners = {entry['pid']: entry['name'] for entry in call(bundle, 'service.list') if entry['pid']}
        running = [p for p in children_of(top) if alive(p)]
        assert sorted(running) == sorted(owners)
        assert len(set(environ(p)['HERO_PROC_SERVICE'] for p in running)) == len(running)
        stop_all(bundle)
    assert children_of(top) == []


def test_children_may_stay(form, top):
    with form(top, stop_children_on_exit=False) as bundle:
        bundle.wait_ready()
        define(bundle, 'stay', 'exec sleep 1000')
        pid = start(bundle, 'stay')
        assert bundle.stop() == 0
    assert alive(pid)
    (top / 'out').unlink()
    with form(top) as bundle:
        bundle.wait_ready()
        assert call(bundle, 'service.status', 'stay')['pid'] == pid
        stop_all(bundle)
    assert not alive(pid)


def test_noise(form, top):
    """A child that shouts: memory and disk stay bounded, calls quick, and its quiet neighbour loses no line."""
    with form(top, log_total_max_mb=8, log_source_max_mb=8) as bundle:
        bundle.wait_ready()
        define(bundle, 'quiet', 'i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo $i; sleep 0.1; done', restart='never')
        define(bundle, 'loud', 'exec yes "nothing but noise, over and over again, nothing but noise"')
        start(bundle, 'quiet')
        before = rss(service_pid(bundle))
        start(bundle, 'loud')
        slowest = 0
        for _ in range(50):
            begun = time.monotonic()
            call(bundle, 'service.status', 'loud')
            slowest = max(slowest, time.monotonic() - begun)
            time.sleep(0.1)
        if 'ASAN_OPTIONS' not in os.environ:  # which keeps what is freed, to find who still uses it
            assert rss(service_pid(bundle)) - before < 40 << 20
        assert slowest < 2
        call(bundle, 'service.stop', name='loud')
        wait_status(bundle, 'quiet', state='exited')
        hero.wait_for(lambda: lines(bundle, 'quiet') == [str(i) for i in range(1, 61)], 'the quiet one was heard')
        assert bundle.get_json(SERVICE, '/health')['log_dropped_total'] > 1000
        kept = sum(f.stat().st_size for f in (bundle.data / 'logs').rglob('*') if f.is_file() and 'loud' in str(f))
        assert kept < 10 << 20
        stop_all(bundle)


def test_foreign_database(form, top):
    """A database of another kind at db_path is named, and left as it is."""
    path = top / 'old.db'
    path.write_bytes(b'SQLite format 3\0' + bytes(100))
    with form(top, db_path=str(path)) as bundle:
        hero.wait_for(lambda: 'SQLite' in bundle.out + bundle.err, 'it says so')
        assert path.read_bytes() == b'SQLite format 3\0' + bytes(100)


def test_db_path(form, top):
    path = top / 'elsewhere' / 'proc.mdb'
    with form(top, db_path=str(path)) as bundle:
        bundle.wait_ready()
        define(bundle, 'web', 'exec sleep 1000')
        assert path.is_file()
        stop_all(bundle)


def test_events(bundle):
    """service.state tells each change, and nothing else happens without one."""
    connection = hero.UnixConnection(bundle.path(SERVICE))
    connection.request('GET', '/api/jobs/events?types=service.*,job.finished')
    stream = connection.getresponse()
    define(bundle, 'web', 'exec sleep 1000')
    start(bundle, 'web')
    call(bundle, 'service.stop', name='web')
    call(bundle, 'service.delete', name='web')
    seen = []
    while not seen or seen[-1]['event'] != 'service.deleted':
        line = stream.readline().decode()
        if line.startswith('data:'):
            seen.append(json.loads(line[5:]))
    connection.close()
    states = [(e['data']['from'], e['data']['to']) for e in seen if e['event'] == 'service.state']
    assert states == [('inactive', 'starting'), ('starting', 'running'), ('running', 'stopping'), ('stopping', 'exited')]
    assert [e['event'] for e in seen if e['event'] in ('service.changed', 'job.finished', 'service.deleted')] == [
        'service.changed', 'job.finished', 'service.deleted']


def test_process_dies_alone(top):
    """kill -9 of the process hero_proc runs in: the host starts another, which takes the children over."""
    with FORMS['process'](top) as bundle:
        bundle.wait_ready()
        define(bundle, 'web', 'exec sleep 1000')
        pid, host = start(bundle, 'web'), service_pid(bundle)
        os.kill(host, signal.SIGKILL)
        hero.wait_for(lambda: bundle.status(SERVICE)['state'] == 'ready' and bundle.status(SERVICE)['pid'] not in (None, host),
                      'it is started again')
        assert call(bundle, 'service.status', 'web')['pid'] == pid
        stop_all(bundle)
    assert not alive(pid)


def test_host_dies_alone(top):
    """kill -9 of the host: the process hero_proc runs in ends too, and what is wanted runs with the next start, once."""
    with FORMS['process'](top) as bundle:
        bundle.wait_ready()
        define(bundle, 'web', 'exec sleep 1000')
        start(bundle, 'web')
        inner = service_pid(bundle)
        bundle.process.kill()
        bundle.process.wait()
        hero.wait_for(lambda: not alive(inner), 'the inner process has ended')
    (top / 'out').unlink()
    with FORMS['process'](top) as bundle:
        bundle.wait_ready()
        wait_status(bundle, 'web', state='running')
        assert len(children_of(top)) == 1
        stop_all(bundle)


def server_of(bundle):
    """The pid of the stand-alone hero_proc that runs below a script."""
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit() and environ(entry.name).get('HOME') == str(bundle.home):
            if os.readlink(entry / 'exe').endswith('/hero_proc_server'):
                return int(entry.name)
    raise AssertionError('it does not run')


FULL_DISK = """#!/bin/sh
# A small disk of its own for the data; the program is started again until there is a file "over".
if [ "$1" != inside ]; then
  [ "$(id -u)" = 0 ] && exec unshare --mount "$0" inside "$@"
  exec unshare --user --map-root-user --mount "$0" inside "$@"
fi
shift
mkdir -p "$PATH_VAR" && mount -t tmpfs -o size=8m none "$PATH_VAR" || exit 1
until [ -e "$HOME/over" ]; do %s "$@"; done
"""


def test_full_disk(top):
    """No space for records: asking, stopping and reading logs go on, a new definition is refused; later all is stored."""
    script = top / 'small-disk'
    script.write_text(FULL_DISK % hero.program('hero_proc_server'))
    script.chmod(0o755)
    keys = {'log_dir': str(top / 'logs'), 'log_min_free_mb': 0}
    with hero.Bundle({SERVICE: keys}, name=str(script), top=top) as bundle:
        def up():
            try:
                return call(bundle, 'service.list') is not None
            except OSError:
                return False
        hero.wait_for(up, 'it answers')
        define(bundle, 'web', 'echo here I am; exec sleep 1000')
        define(bundle, 'filler', 'trap "rm \\"$PATH_VAR\\"/fill; echo freed" USR1; cat /dev/zero > "$PATH_VAR/fill"; echo full; '
               'while :; do sleep 0.1; done')
        start(bundle, 'web')
        filler = start(bundle, 'filler')
        hero.wait_for(lambda: 'full' in lines(bundle, 'filler'), 'the disk is full')
        for _ in range(20):  # the file of records has room of its own for a while
            try:
                define(bundle, 'big', 'true', args=['x' * 100000])
                define(bundle, 'more', 'true', args=['y' * 100000] * 10)
            except hero.RpcError as error:
                assert (error.code, error.data['code_name']) == (-32097, 'storage_full')
                break
        else:
            raise AssertionError('every record found room')
        assert call(bundle, 'service.status', 'web')['state'] == 'running'
        assert call(bundle, 'service.stop', name='web')['state'] == 'exited'
        assert lines(bundle, 'web') == ['here I am']
        os.kill(filler, signal.SIGUSR1)
        hero.wait_for(lambda: 'freed' in lines(bundle, 'filler'), 'there is space again')
        hero.wait_for(lambda: bundle.get(SERVICE, '/health')[0] == 200, 'all is well')
        time.sleep(2)  # what was kept in memory is written once a second
        server = server_of(bundle)
        os.kill(server, signal.SIGKILL)
        hero.wait_for(lambda: not alive(server) and up(), 'it is there again')
        assert call(bundle, 'service.get', 'web')['status'] == 'stop'
        assert call(bundle, 'service.status', 'web')['pid'] == 0
        assert call(bundle, 'service.status', 'filler')['pid'] == filler
        (bundle.home / 'over').touch()
        os.kill(server_of(bundle), signal.SIGTERM)
        bundle.process.wait(hero.WAIT_S)
