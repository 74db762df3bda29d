"""Jobs of hero_proc in terminals, as their clients see them."""
import base64
import os
import signal
import time

import pytest

import hero
from hero_proc import FORM, alive, bundle, call, crash, fails, lines, make, sh, stop_all, top  # noqa: F401, the fixtures


def start(bundle, script='', name='shell', **more):
    """A running job in a terminal."""
    job = call(bundle, 'job.create', action={'name': name, 'interpreter': 'sh', 'tty': True, 'script': script, **more})
    return hero.wait_for(lambda: (got := call(bundle, 'job.get', id=job['id']))['pid'] and got, f'{name} runs')


def scrollback(bundle, job):
    return base64.b64decode(call(bundle, 'job.scrollback', id=job['id'])['data'])


def wait_shown(bundle, job, text):
    return hero.wait_for(lambda: text in (shown := scrollback(bundle, job)) and shown, f'{text} is shown')


def wait_over(bundle, job):
    return call(bundle, 'job.wait', id=job['id'])['job']


# ---- what a job in a terminal is

def test_shell(bundle):
    """An interactive shell: it is typed to, has the size and the variables of its terminal, leads its session."""
    job = start(bundle, tty_size={'cols': 100, 'rows': 30}, env={'TERM': 'dumb'})
    assert job['tty'] and job['spec']['tty_size'] == {'cols': 100, 'rows': 30} and job['spec']['stop_signal'] == 'SIGHUP'
    assert job['spec']['restart'] == 'never'
    call(bundle, 'job.input', id=job['id'], text='stty size; echo $TERM-$COLORTERM; tty\r')
    shown = wait_shown(bundle, job, b'/dev/pts/')
    assert b'\r\n30 100\r\nxterm-256color-truecolor\r\n/dev/pts/' in shown
    assert os.getsid(job['pid']) == os.getpgid(job['pid']) == job['pid'] == job['pgid']
    assert {os.readlink(f'/proc/{job["pid"]}/fd/{fd}') for fd in '012'} == {f'/dev/pts/{shown.split(b"/dev/pts/")[1].split()[0].decode()}'}

    call(bundle, 'job.resize', id=job['id'], cols=90, rows=20)
    call(bundle, 'job.input', id=job['id'], data=base64.b64encode(b'stty size; exit 4\r').decode())
    job = wait_over(bundle, job)
    assert job['phase'] == 'failed' and job['exit_code'] == 4
    content = lines(bundle, 'shell')
    assert '20 90' in content and 'xterm-256color-truecolor' in content
    assert {entry['stream'] for entry in call(bundle, 'logs.query', src='shell')['entries']} == {'tty'}


def test_programs_get_what_terminals_give(bundle):
    """Interrupts reach the program in front; input is UTF-8; no descriptor is left open."""
    job = start(bundle, interpreter='python', script='import os\nprint(sorted(map(int, os.listdir("/proc/self/fd"))))\n'
                'try:\n input("ready")\n input()\nexcept KeyboardInterrupt:\n print("stopped", flush=True)\n')
    wait_shown(bundle, job, b'ready')
    call(bundle, 'job.input', id=job['id'], text='\xe9\x7f\r\x03')
    assert wait_over(bundle, job)['phase'] == 'succeeded'
    assert '[0, 1, 2, 3]' in lines(bundle, 'shell') and lines(bundle, 'shell')[-1].endswith('stopped')


def test_definitions(bundle):
    """An empty script means an interactive interpreter, with a terminal only."""
    fails(bundle, -32005, 'action.set', spec={'name': 'a', 'interpreter': 'sh'})
    fails(bundle, -32005, 'action.set', spec={'name': 'a', 'interpreter': 'exec', 'tty': True})
    error = fails(bundle, -32602, 'action.set', spec={'name': 'a', 'tty': True, 'tty_size': {'cols': 1001}})
    assert error.data['param'] == 'action.tty_size.cols'
    call(bundle, 'action.set', spec={'name': 'a', 'tty': True})
    call(bundle, 'action.set', spec={'name': 'p', 'tty': True, 'is_process': True, 'stop_signal': 'TERM', 'exec': 'cat'})
    spec = call(bundle, 'action.get', name='p')
    assert spec['restart'] == 'never' and spec['stop_signal'] == 'SIGTERM' and spec['tty_size'] == {'cols': 80, 'rows': 24}
    call(bundle, 'action.set', spec=sh('true', name='b'))
    assert call(bundle, 'action.list', tty=True, names_only=True) == ['a', 'p']


def test_lists_and_errors(bundle):
    """Check 15, by RPC: live jobs with a terminal only; the others cannot be typed to."""
    over = call(bundle, 'job.create', wait_ms=30000, action={
        'name': 'over', 'tty': True, 'exec': 'true'})
    plain = call(bundle, 'job.create', action=sh('sleep 1000', name='plain'))
    live = start(bundle)
    assert [job['id'] for job in call(bundle, 'job.list', tty=True, active=True)] == [live['id']]
    assert {job['id'] for job in call(bundle, 'job.list', tty=True)} == {over['id'], live['id']}
    assert [job['id'] for job in call(bundle, 'job.list', tty=False)] == [plain['id']]
    for method, params in (('job.input', {'text': 'x'}), ('job.resize', {'cols': 1, 'rows': 1}), ('job.scrollback', {})):
        assert fails(bundle, -32012, method, id=plain['id'], **params).data['code_name'] == 'not_a_terminal'
        assert fails(bundle, -32003, method, id=over['id'], **params).data['code_name'] == 'job_is_not_running'
        fails(bundle, -32000, method, id=99, **params)
    for params in ({}, {'text': 'x', 'data': 'eA=='}, {'data': '?'}):
        fails(bundle, -32602, 'job.input', id=live['id'], **params)
    fails(bundle, -32602, 'job.resize', id=live['id'], cols=0, rows=1001)
    with pytest.raises(hero.RpcError) as caught:
        bundle.rpc('hero_proc', 'job.input', {'id': live['id'], 'text': 'x'}, headers={'X-Hero-Context': '5'})
    assert caught.value.code == -32000


def test_terminals_can_be_off(make):
    bundle = make(terminals=False)
    job = start(bundle, 'sleep 1000')
    for method, params in (('job.input', {'text': 'x'}), ('job.resize', {'cols': 1, 'rows': 1}), ('job.scrollback', {})):
        fails(bundle, -32094, method, id=job['id'], **params)


def test_lines_hide_secrets(bundle):
    """Check 27, in a terminal: lines are redacted, what the terminal shows is not."""
    call(bundle, 'secret.set', key='pw', value='hunter2-secret')
    job = call(bundle, 'job.create', action={'name': 'shell', 'tty': True, 'interpreter': 'sh', 'env_secrets': {'PW': 'pw'},
                                             'script': 'printf "it is \\033[1mhunter2\\033[0m-secret\\n"; sleep 1000'})
    job = hero.wait_for(lambda: (got := call(bundle, 'job.get', id=job['id']))['pid'] and got, 'it runs')
    assert b'\x1b[1mhunter2\x1b[0m-secret' in wait_shown(bundle, job, b'-secret')
    hero.wait_for(lambda: lines(bundle, 'shell') == ['it is ***'], 'the line is there')


def test_nothing_is_kept(bundle):
    """log none: the terminal is read all the same."""
    job = start(bundle, 'i=0; while [ $i -lt 20000 ]; do echo a line that fills the terminal; i=$((i+1)); done; echo done; sleep 1000',
                log='none')
    wait_shown(bundle, job, b'done\r\n')
    assert len(scrollback(bundle, job)) <= 256 * 1024
    assert call(bundle, 'logs.query', src='shell')['entries'] == []


def test_service(bundle):
    """A process of a service in a terminal: supervised as any other."""
    call(bundle, 'service.set', name='web', start=True, actions=[
        {'name': 'main', 'interpreter': 'sh', 'tty': True, 'is_process': True, 'restart': 'always', 'script': 'tty; read line; exit 1',
         'retry_policy': {'delay_ms': 50}}])
    status = hero.wait_for(lambda: (got := call(bundle, 'service.status', 'web'))['pid'] and got, 'it runs')
    assert status['actions'][0]['tty']
    first = status['pid']
    call(bundle, 'job.input', id=status['actions'][0]['job_id'], text='\r')
    status = hero.wait_for(lambda: (got := call(bundle, 'service.status', 'web'))['pid'] not in (0, first) and got, 'it runs again')
    assert b'/dev/pts/' in wait_shown(bundle, {'id': status['actions'][0]['job_id']}, b'/dev/pts/')
    assert call(bundle, 'service.stop', 'web')['stopped'] == ['web'] and not alive(status['pid'])


# ---- its end

@pytest.mark.parametrize('script', ['sleep 1000', 'trap "" HUP; sleep 1000', ''])
def test_ends_with_hero_proc(make, script):
    """After kill -9 there is no terminal any more: terminal_lost, nothing is left of it."""
    bundle = make()
    job = start(bundle, script, stop_timeout_ms=500)
    crash(bundle)
    bundle = make()
    job = wait_over(bundle, job)
    assert job['phase'] == 'failed' and job['failure'] == 'terminal_lost' and 'terminal' in job['error'], job
    assert not alive(job['attempts'][0]['pid'])
    assert call(bundle, 'job.list', tty=True, active=True) == []


def test_cancel_all(bundle):
    job = start(bundle)
    assert call(bundle, 'job.cancel_all')['cancelled'] == 1
    job = call(bundle, 'job.get', id=job['id'])
    assert job['phase'] == 'cancelled' and not alive(job['attempts'][0]['pid'])


@pytest.mark.parametrize('keys', [{}, {'stop_children_on_exit': False}])
def test_shutdown(make, keys):
    """They end with hero_proc even where the other children stay."""
    bundle = make(**keys)
    job = start(bundle)
    plain = call(bundle, 'job.create', action=sh('exec sleep 1000', name='plain'))
    pid = hero.wait_for(lambda: call(bundle, 'job.get', id=plain['id'])['pid'], 'it runs')
    assert bundle.stop() == 0
    assert not alive(job['pid']) and alive(pid) == bool(keys)
    bundle = make(**keys)
    job = call(bundle, 'job.get', id=job['id'])
    assert job['phase'] == 'cancelled' and job['failure'] == 'shutdown'


def test_second_signal(bundle):
    job = start(bundle, 'trap "" HUP TERM; while :; do sleep 1; done')
    bundle.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    bundle.process.send_signal(signal.SIGTERM)
    bundle.process.wait(20)
    hero.wait_for(lambda: not alive(job['pid']), 'it is dead')
