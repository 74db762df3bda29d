"""What is in the way of a start of hero_proc, and actions of which only one may run (contract 7.7)."""
import os
import pathlib
import signal
import socket
import subprocess
import sys

import pytest

import hero
from hero_proc import FORM, FORMS, alive, bundle, call, crash, fails, make, sh, stop_all, top  # noqa: F401, the fixtures

LISTEN_UNIX = 'import socket,sys,time\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\ntime.sleep(1000)'
LISTEN_TCP = 'import socket,time\ns=socket.socket()\ns.bind(("127.0.0.1",0))\ns.listen()\nprint(s.getsockname()[1],flush=True)\ntime.sleep(1000)'


@pytest.fixture
def strangers():
    """Starts processes that are none of hero_proc's; a list of them."""
    started = []

    def start(*args, **more):
        process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **more)
        started.append(process)
        return process
    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def listen(strangers, path):
    process = strangers(sys.executable, '-c', LISTEN_UNIX, str(path))
    hero.wait_for(lambda: hero.accepts(path), 'somebody listens')
    return process


def set_service(bundle, name, script='exec sleep 1000', retry=None, sockets=(), tcp_ports=(), probe=False, **action):
    call(bundle, 'service.set', spec={'name': name, 'sockets': list(sockets), 'tcp_ports': list(tcp_ports), 'probe': probe, 'actions': [
        {'name': 'main', 'interpreter': 'sh', 'script': script, 'is_process': True,
         'retry_policy': retry or {'delay_ms': 100, 'max_delay_ms': 100}, **action}]})


def start(bundle, name, **more):
    return call(bundle, 'service.start', name=name, wait=True, timeout_ms=20000, **more)


# ---- what may be ended

def test_by_name(bundle, strangers):
    """Whatever the case; it ends by SIGTERM, with what is below it; others are left alone."""
    mark = f'mark{os.getpid()}x'
    old = strangers('sh', '-c', f'sleep 1000 & sleep 1000; : {mark}')
    other = strangers('sleep', '1000')
    below = hero.wait_for(lambda: [int(p) for p in pathlib.Path(f'/proc/{old.pid}/task/{old.pid}/children').read_text().split()], 'children')
    set_service(bundle, 'web', kill_other={'process_filters': [mark.upper()]})
    assert start(bundle, 'web')['ready']
    assert old.wait(10) == -signal.SIGTERM and not any(alive(pid) for pid in below)
    assert other.poll() is None
    assert f"process filter '{mark.upper()}' is held by pid {old.pid}" in log_of(bundle)


def test_one_that_ignores_sigterm(bundle, strangers):
    mark = f'mark{os.getpid()}y'
    old = strangers('sh', '-c', f"trap '' TERM; echo on; while sleep 1; do :; done; : {mark}")
    assert old.stdout.readline() == 'on\n'
    set_service(bundle, 'web', kill_other={'process_filters': [mark]})
    assert start(bundle, 'web')['ready']
    assert old.wait(10) == -signal.SIGKILL


def test_ports(bundle, strangers):
    """Listed ones, and those of the service."""
    listeners = [strangers(sys.executable, '-c', LISTEN_TCP) for _ in range(2)]
    ports = [int(process.stdout.readline()) for process in listeners]
    set_service(bundle, 'web', tcp_ports=[ports[1]], kill_other={'ports': [ports[0]]},
                script=f'exec {sys.executable} -c "import socket,time; s=socket.socket(); s.bind((\'127.0.0.1\',{ports[1]})); s.listen(); time.sleep(1000)"')
    start(bundle, 'web')
    assert [process.wait(10) for process in listeners] == [-signal.SIGTERM] * 2
    job = call(bundle, 'job.list', service='web')[0]
    assert job['attempt'] == 1 and job['phase'] == 'running', job


def test_an_old_instance_that_holds_everything(bundle, strangers):
    """One process with two ports and a socket is one holder, of all three."""
    path = bundle.top / 'all.sock'
    old = strangers(sys.executable, '-c', f"""
import socket, time
tcp = [socket.socket() for _ in range(2)]
for one in tcp:
    one.bind(('127.0.0.1', 0))
    one.listen()
unix = socket.socket(socket.AF_UNIX)
unix.bind('{path}')
unix.listen()
print(*(one.getsockname()[1] for one in tcp), flush=True)
time.sleep(1000)""")
    ports = [int(port) for port in old.stdout.readline().split()]
    way = {'ports': ports, 'sockets': [str(path)]}
    set_service(bundle, 'web', kill_other={**way, 'enabled': False})
    holders = fails(bundle, -32016, 'service.start', name='web', wait=True).data['holders']
    assert [(h['pid'], h['what']) for h in holders] == [(old.pid, f'port {ports[0]}, port {ports[1]}, socket {path}')]
    call(bundle, 'service.stop', name='web')
    set_service(bundle, 'web', kill_other=way)
    start(bundle, 'web')
    assert old.wait(10) == -signal.SIGTERM and not path.exists()


def test_sockets(bundle, strangers):
    """A served socket is taken from a stranger; the file nobody serves is removed; a plain file never is."""
    served, stale, plain = (bundle.top / name for name in ('served', 'stale', 'plain'))
    old = listen(strangers, served)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(stale))
    plain.write_text('mine')
    set_service(bundle, 'web', kill_other={'sockets': [str(served), str(stale), str(plain)]})
    start(bundle, 'web')
    assert old.wait(10) == -signal.SIGTERM
    assert not served.exists() and not stale.exists() and plain.read_text() == 'mine'


def test_own_sockets_of_a_service(bundle, strangers):
    path = bundle.sockets / 'web' / 'rpc.sock'
    path.parent.mkdir(parents=True)
    old = listen(strangers, path)
    set_service(bundle, 'web', sockets=['rpc.sock'], kill_other=True)
    start(bundle, 'web')
    assert old.wait(10) == -signal.SIGTERM and not path.exists()


# ---- what never is

def test_another_job(bundle):
    """Check 12: kill_other on another managed job's live socket is -32016, and the file is still there and served; stale: removed, starts."""
    path = bundle.top / 'one.sock'
    set_service(bundle, 'one', script=f"exec {sys.executable} -c '{LISTEN_UNIX}' {path}".replace('\n', '; '))
    start(bundle, 'one')
    hero.wait_for(lambda: hero.accepts(path), 'it is served')
    pid = call(bundle, 'service.status', name='one')['pid']
    set_service(bundle, 'two', kill_other={'sockets': [str(path)]})
    error = fails(bundle, -32016, 'service.start', name='two', wait=True)
    assert str(error).startswith('-32016 start blocked: ') and 'another job' in str(error) and error.data['code_name'] == 'blocked_by_other'
    assert [(h['pid'], h['what']) for h in error.data['holders']] == [(pid, f'socket {path}')] and 'python' in error.data['holders'][0]['command']
    status = call(bundle, 'service.status', name='two')
    assert status['state'] == 'failed' and status['failure'] == 'blocked_by_other' and status['restarting']
    assert hero.accepts(path) and alive(pid) and call(bundle, 'service.status', name='one')['restart_count'] == 0
    call(bundle, 'service.stop', name='one', force=True)
    assert path.exists()
    call(bundle, 'service.stop', name='two')
    start(bundle, 'two')
    assert not path.exists()


def test_ourselves(bundle):
    """Neither hero_proc nor, in a bundle, its siblings; and nobody below us."""
    for target in (bundle.path('hero_proc'), bundle.path('hero_proc', 'admin')):
        set_service(bundle, 'web', kill_other={'sockets': [str(target)]}, retry={'max_attempts': 1})
        error = fails(bundle, -32016, 'service.start', name='web', wait=True)
        assert any(words in str(error) for words in ('hero_proc itself', 'hero_proc was started by'))
    assert call(bundle, 'service.status', name='web')['state'] == 'failed'


@pytest.mark.skipif(FORM is FORMS['alone'], reason='it has no siblings')
@pytest.mark.parametrize('of_sibling', ['thread', 'process'])
def test_a_sibling(top, of_sibling):
    """The socket of another service of the bundle, in its own process or in ours; a service of its name is not started beside it."""
    tables = {name: {'enabled': False} for name in hero.SERVICES}
    tables |= {'hero_proc': {'isolation': os.environ.get('HERO_ISOLATION', 'thread')}, 'hero_db': {'isolation': of_sibling}}
    with hero.Bundle(tables, top=top) as bundle:
        bundle.wait_ready()
        set_service(bundle, 'web', kill_other={'sockets': [str(bundle.path('hero_db'))]}, retry={'max_attempts': 1})
        fails(bundle, -32016, 'service.start', name='web', wait=True)
        set_service(bundle, 'hero_db')
        error = fails(bundle, -32016, 'service.start', name='hero_db')
        assert 'disable the service' in str(error) and call(bundle, 'service.status', name='hero_db')['state'] == 'inactive'
        assert bundle.rpc('hero_db', 'rpc.health')['status'] == 'ok'
        assert bundle.stop() == 0


def test_only_refuse(bundle, strangers):
    """enabled:false ends nobody; the start fails as long as somebody is there, and goes on by itself after that."""
    path = bundle.top / 'a.sock'
    old = listen(strangers, path)
    set_service(bundle, 'web', kill_other={'sockets': [str(path)], 'enabled': False})
    error = fails(bundle, -32016, 'service.start', name='web', wait=True)
    assert error.data['holders'][0]['pid'] == old.pid and old.poll() is None
    assert any('blocked' in reason for reason in call(bundle, 'service.why', name='web')['reasons'])
    old.kill()
    old.wait()
    hero.wait_for(lambda: call(bundle, 'service.status', name='web')['state'] == 'running', 'it starts by itself')


def test_zinits_filter(bundle, strangers):
    """`process_filter` alone only refuses."""
    mark = f'mark{os.getpid()}z'
    old = strangers('sh', '-c', f'sleep 1000; : {mark}')
    call(bundle, 'service.set', spec={'name': 'old', 'exec': 'sleep 1000', 'process_filter': mark})
    fails(bundle, -32016, 'service.start', name='old', wait=True)
    assert old.poll() is None


def test_stop_while_it_waits(bundle, strangers):
    """A stop does not wait for the holder; the job had no process and is cancelled."""
    mark = f'mark{os.getpid()}s'
    old = strangers('sh', '-c', f"trap '' TERM; echo on; while sleep 1; do :; done; : {mark}")
    assert old.stdout.readline() == 'on\n'
    job = call(bundle, 'job.create', action={**sh('sleep 1000'), 'kill_other': {'process_filters': [mark]}})
    hero.wait_for(lambda: 'ending it' in log_of(bundle), 'the holder is asked to go')
    assert call(bundle, 'job.cancel', id=job['id'])['phase'] == 'cancelled'
    assert old.poll() is None


def log_of(bundle):
    return bundle.out + bundle.err


# ---- only one of them

def phases(bundle, jobs):
    return [call(bundle, 'job.get', id=job['id'])['phase'] for job in jobs]


def create_singles(bundle, n, script='exec sleep 1000', **more):
    call(bundle, 'action.set', spec={**sh(script, name='only'), 'singleton': True})
    return [call(bundle, 'job.create', action='only', **more) for _ in range(n)]


def test_singleton(bundle):
    """The second waits; the third too, in order; one that is cancelled in the line is passed over. Others do not wait."""
    jobs = create_singles(bundle, 4)
    assert [job['phase'] for job in jobs][1:] == ['waiting'] * 3
    other = call(bundle, 'job.create', action=sh('exit 0', name='other'), wait_ms=10000)
    assert other['phase'] == 'succeeded'
    hero.wait_for(lambda: phases(bundle, jobs)[0] == 'running', 'the first runs')
    assert call(bundle, 'job.cancel', id=jobs[1]['id'])['phase'] == 'cancelled'
    call(bundle, 'job.cancel', id=jobs[0]['id'])
    hero.wait_for(lambda: phases(bundle, jobs) == ['cancelled', 'cancelled', 'running', 'waiting'], 'the next one runs')
    call(bundle, 'job.cancel', id=jobs[2]['id'])
    hero.wait_for(lambda: phases(bundle, jobs)[3] == 'running', 'the last one runs')


def test_singleton_in_a_run(bundle):
    """Two of one run, beside one on its own: never two at a time."""
    mark = bundle.top / 'mark'
    jobs = create_singles(bundle, 1, f'mkdir {mark} && sleep 0.3 && rmdir {mark}')
    run = call(bundle, 'run.submit', jobs=[{'key': key, 'action': 'only'} for key in ('a', 'b')])
    done = call(bundle, 'run.wait', id=run['id'], timeout_ms=20000)
    assert done['run']['state'] == 'succeeded' and phases(bundle, jobs) == ['succeeded'], done


def test_singleton_after_a_crash(make):
    """The line stands as it stood; the pid file names the one that runs, and a stranger that is recorded there is ended."""
    bundle = make()
    jobs = create_singles(bundle, 2)
    hero.wait_for(lambda: phases(bundle, jobs) == ['running', 'waiting'], 'the first runs')
    pid = call(bundle, 'job.get', id=jobs[0]['id'])['pid']
    file = next(bundle.top.rglob('only.pid'))
    assert file.read_text().split()[0] == str(pid) and file.stat().st_mode & 0o777 == 0o600
    crash(bundle)
    bundle = make()
    assert phases(bundle, jobs) == ['running', 'waiting']
    stranger = subprocess.Popen(['sleep', '1000'])
    ticks = pathlib.Path(f'/proc/{stranger.pid}/stat').read_text().rsplit(')', 1)[1].split()[19]
    file.write_text(f'{stranger.pid} {ticks}\n')
    call(bundle, 'job.cancel', id=jobs[0]['id'])
    hero.wait_for(lambda: phases(bundle, jobs)[1] == 'running', 'the second runs')
    assert stranger.wait(10) == -signal.SIGTERM
    assert file.read_text().split()[0] == str(call(bundle, 'job.get', id=jobs[1]['id'])['pid'])


def test_pid_file_of_one_long_gone(bundle):
    """A pid that is somebody else's by now (another start time) is left alone."""
    stranger = subprocess.Popen(['sleep', '1000'])
    create_singles(bundle, 1, 'exit 0', wait_ms=10000)
    next(bundle.top.rglob('only.pid')).write_text(f'{stranger.pid} 1\n')
    assert call(bundle, 'job.create', action='only', wait_ms=10000)['phase'] == 'succeeded'
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


# ---- what else a job may wait for

def test_why_it_waits(make):
    bundle = make(max_processes=1)
    set_service(bundle, 'one')
    start(bundle, 'one')
    set_service(bundle, 'two')
    call(bundle, 'service.start', name='two', wait=False)
    assert any('max_processes = 1 are running' in reason for reason in call(bundle, 'service.why', name='two')['reasons'])
    call(bundle, 'service.stop', name='one')
    hero.wait_for(lambda: call(bundle, 'service.status', name='two')['state'] == 'running', 'there is room')


def test_spawn_rate(make):
    """Not more starts in any second than allowed; retries count too."""
    bundle = make(spawn_rate=5)
    jobs = [call(bundle, 'job.create', action=sh('exit 0')) for _ in range(11)]
    jobs.append(call(bundle, 'job.create', action=sh('exit 1', retry_policy={'max_attempts': 4, 'delay_ms': 1, 'jitter': 0})))
    ended = [call(bundle, 'job.wait', id=job['id'])['job'] for job in jobs]
    assert ended[-1]['attempt'] == 4 and all(job['phase'] == 'succeeded' for job in ended[:-1])
    starts = sorted(attempt['started_at'] for job in ended for attempt in job['attempts'])
    assert len(starts) == 15
    # A start is noted when its process is there, some time after its turn: the eleventh has its turn after two seconds.
    assert all(later - earlier >= 1500 for earlier, later in zip(starts, starts[10:])), starts
