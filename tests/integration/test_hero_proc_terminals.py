"""Jobs of hero_proc in terminals, as their clients see them. HERO_FULL_SIZE=1: check 30 at full size."""
import base64
import json
import os
import signal
import time

import pytest

import hero
from hero_proc import alive, bundle, call, crash, fails, lines, make, sh  # noqa: F401, the fixtures
from websocket import Refused, WebSocket

FULL = os.environ.get('HERO_FULL_SIZE') == '1'


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


# ---- looking on: WebSockets

def attach(bundle, job, query='', role='rpc', **more):
    return WebSocket(bundle.path('hero_proc', role), f'/api/jobs/{job["id"]}/pty{query}', **more)


def refused(bundle, target, **more):
    with pytest.raises(Refused) as caught:
        WebSocket(bundle.path('hero_proc'), target, **more)
    assert caught.value.headers['content-type'] == 'application/json'
    body = json.loads(caught.value.body)
    assert body['status'] == caught.value.status
    return caught.value


@pytest.mark.parametrize('role', ['rpc', 'admin'])
def test_attach(bundle, role):
    """One types and sees; what was before is there; leaving ends nothing."""
    job = start(bundle, env={'PS1': '$ '})
    with attach(bundle, job, role=role) as viewer:
        viewer.receive_until(b'$ ')
        viewer.send(b'echo $((40+2)); stty size\r')
        assert b'42\r\n24 80\r\n' in viewer.receive_until(b'24 80\r\n')
        viewer.send('{"resize":{"cols":120,"rows":40}}')
        viewer.send(b'stty size\r')
        viewer.receive_until(b'40 120\r\n')
        messages, closed = viewer.close()
        assert closed.code == 1000
    assert call(bundle, 'job.get', id=job['id'])['pid'] == job['pid']
    with attach(bundle, job, '?cols=100&rows=30') as viewer:
        assert b'42\r\n24 80' in viewer.receive()
        viewer.send(b'stty size\r')
        viewer.receive_until(b'30 100\r\n')
        viewer.send(b'exit 7\r')
        messages, closed = viewer.wait_closed()
        assert (closed.code, closed.reason) == (1000, 'exit 7')
        assert all(isinstance(message, bytes) for message in messages)
    with attach(bundle, start(bundle, 'read x; kill -9 $$', name='k')) as viewer:
        viewer.send(b'\r')
        assert viewer.wait_closed()[1].reason == 'exit 137'


@pytest.mark.parametrize('ask', [{'query': '?events=1'}, {'protocols': ['other', 'hero-pty.v1']}])
def test_events(bundle, ask):
    job = start(bundle, 'trap "echo int" INT; while :; do read line; done', tty_size={'cols': 90, 'rows': 25})
    with attach(bundle, job, **ask) as viewer, attach(bundle, job) as quiet:
        assert viewer.protocol == ('hero-pty.v1' if 'protocols' in ask else None)
        assert json.loads(viewer.receive()) == {'hello': {'job_id': job['id'], 'action': 'shell', 'pid': job['pid'], 'cols': 90,
                                                          'rows': 25, 'mode': 'rw', 'viewers': 1}}
        viewer.send('{"ping":{"any":[1,null]}}')
        assert json.loads(viewer.receive()) == {'pong': {'any': [1, None]}}
        call(bundle, 'job.resize', id=job['id'], cols=100, rows=30)
        assert json.loads(viewer.receive()) == {'resize': {'cols': 100, 'rows': 30}}
        for text in ('nonsense', '[]', '{"resize":{"cols":0,"rows":5}}', '{"resize":{"cols":1001,"rows":5}}', '{"resize":5}',
                     '{"signal":"NOPE"}', '{"signal":5}', '{"other":1}', '"echo typed"', '{"resize":{"cols":"5","rows":5}}'):
            viewer.send(text)
        viewer.send('{"ping":1}')
        assert json.loads(viewer.receive()) == {'pong': 1}, 'what is not understood is ignored'
        viewer.send('{"signal":"SIGINT"}')
        assert viewer.receive_until(b'int') == b'int\r\n'
        quiet.send('{"ping":1}')
        call(bundle, 'job.kill', id=job['id'], signal='KILL')
        messages, closed = viewer.wait_closed()
        assert json.loads(messages[-1]) == {'exit': {'code': 137, 'signal': 'SIGKILL'}} and closed.reason == 'exit 137'
        assert all(isinstance(message, bytes) for message in quiet.wait_closed()[0]), 'who did not ask for events gets none'


def test_refusals(make):
    """Check 15, attach to another: 409; and the other answers of the address."""
    bundle = make(pty_max_viewers=2)
    over = call(bundle, 'job.create', wait_ms=30000, action={'name': 'over', 'tty': True, 'exec': 'true'})
    plain = call(bundle, 'job.create', action=sh('sleep 1000', name='plain'))
    live = start(bundle)
    call(bundle, 'service.set', name='web', start=True, actions=[sh('exec sleep 1000', name='main', is_process=True)])
    call(bundle, 'service.set', name='down', actions=[sh('true', name='never')])
    url = f'/api/jobs/{live["id"]}/pty'
    for number in (over['id'], plain['id']):
        assert refused(bundle, f'/api/jobs/{number}/pty').status == 409
    for target in ('/api/jobs/99/pty', '/api/jobs/shell/pty', '/api/jobs/-1/pty', '/api/services/none/pty', '/api/services/web/pty?action=x'):
        assert refused(bundle, target).status == 404, target
    for target in ('/api/services/web/pty', '/api/services/down/pty', '/api/services/web/pty?action=main'):
        assert refused(bundle, target).status == 409, target
    for query in ('cols=0', 'rows=1001', 'cols=x', 'mode=w', 'scrollback=-1', 'events=2'):
        assert refused(bundle, f'{url}?{query}').status == 400, query
    assert refused(bundle, url, headers={'X-Hero-Context': '5'}).status == 404
    assert refused(bundle, url, headers={'Sec-WebSocket-Key': ''}).status == 400
    status, headers, _ = bundle.get('hero_proc', url)
    assert status == 426 and headers['Upgrade'] == 'websocket'
    assert hero.request(bundle.path('hero_proc'), 'POST', url)[0] == 405
    with attach(bundle, live), attach(bundle, live):
        assert refused(bundle, url).status == 503
    hero.wait_for(lambda: call(bundle, 'job.scrollback', id=live['id'])['viewers'] == 0, 'they have left')
    attach(bundle, live).close()


def test_terminals_off(make):
    bundle = make(terminals=False)
    job = start(bundle)
    assert refused(bundle, f'/api/jobs/{job["id"]}/pty').status == 403
    assert refused(bundle, '/api/services/none/pty').status == 403


def test_context(bundle):
    """Check 28: a terminal of context 5 is there for 5 and for 0 only."""
    job = call(bundle, 'job.create', action={'name': 'shell', 'tty': True, 'interpreter': 'sh', 'context': 5})
    hero.wait_for(lambda: call(bundle, 'job.get', id=job['id'])['pid'], 'it runs')
    for context in ('5', '0'):
        attach(bundle, job, headers={'X-Hero-Context': context}).close()
    assert refused(bundle, f'/api/jobs/{job["id"]}/pty', headers={'X-Hero-Context': '6'}).status == 404


def test_service_terminal(bundle):
    terminal = {'interpreter': 'sh', 'tty': True, 'is_process': True}
    call(bundle, 'service.set', name='web', start=True, actions=[
        sh('exec sleep 1000', name='plain', is_process=True), {'name': 'one', **terminal}, {'name': 'two', **terminal}])
    hero.wait_for(lambda: call(bundle, 'service.status', 'web')['state'] == 'running', 'it runs')
    for query, name in (('', 'one'), ('?action=two', 'two')):
        with WebSocket(bundle.path('hero_proc'), f'/api/services/web/pty{query}') as viewer:
            viewer.send(b'echo =$HERO_PROC_ACTION=\r')
            assert f'={name}=\r\n'.encode() in viewer.receive_until(f'={name}=\r\n'.encode())
    assert refused(bundle, '/api/services/web/pty?action=plain').status == 409


def test_only_looking(bundle):
    """mode=ro: sees all, and nothing it sends arrives."""
    job = start(bundle, 'stty -echo; while read line; do echo "got $line"; done')
    with attach(bundle, job, '?mode=ro&cols=200&rows=50') as guest, attach(bundle, job) as viewer:
        guest.send(b'guest\r')
        guest.send('{"resize":{"cols":200,"rows":50}}')
        guest.send('{"signal":"SIGKILL"}')
        guest.send('{"ping":1}')
        viewer.send(b'viewer\r')
        assert guest.receive_until(b'got') == viewer.receive_until(b'got') == b'got viewer\r\n'
        answer = call(bundle, 'job.scrollback', id=job['id'])
        assert (answer['cols'], answer['rows'], answer['viewers']) == (80, 24, 2)


def test_too_much(bundle):
    """A message over 64 KiB: 1009. What a program does not read: 1013. Others are not touched."""
    job = start(bundle, 'stty raw -echo; echo ready; sleep 1000')
    with attach(bundle, job) as viewer, attach(bundle, job) as other:
        viewer.receive_until(b'ready')
        viewer.send(b'x' * 65536)
        viewer.send_frame(2, b'x' * 65537)
        assert viewer.wait_closed()[1].code == 1009
        other.receive_until(b'ready')
        for _ in range(32):
            other.send(b'x' * 65536)
        messages, closed = other.wait_closed()
        assert closed.code == 1013 and 'does not read' in closed.reason
    assert call(bundle, 'job.get', id=job['id'])['pid'] == job['pid']


EDITOR = r'''
import os, sys, termios, tty
old = termios.tcgetattr(0)
tty.setraw(0)
os.write(1, b"\x1b[?1049h\x1b[2Jediting\x1b[6n\x1b[c\x1b]11;?\x07")
typed = b""
while not typed.endswith(b"q"):
    typed += os.read(0, 1000)
    os.write(1, b"\x1b[5n")
termios.tcsetattr(0, termios.TCSANOW, old)
os.write(1, b"\x1b[?1049l" + repr(typed).encode() + b"\n")
sys.stdin.readline()
'''


class Terminal:
    """What a terminal in a browser does: it answers every question it is asked, as soon as it reads it."""
    ANSWERS = {b'\x1b[6n': b'\x1b[%d;1R', b'\x1b[c': b'\x1b[?%d;2c', b'\x1b]11;?\x07': b'\x1b]11;rgb:0/0/%d\x07', b'\x1b[5n': b'\x1b[%dn'}

    def __init__(self, bundle, job, number):
        self.socket, self.number = attach(bundle, job), number
        self.seen, self.answered = b'', 0

    def read(self, until):
        while until not in self.seen:
            self.seen += self.socket.receive()
        for question, answer in self.ANSWERS.items():
            for _ in range(self.seen.count(question, self.answered)):
                self.socket.send(answer % self.number)
        self.answered = len(self.seen)


def test_editor(bundle):
    """Check 16: attach with an editor running, detach, attach again: no answer is typed that nobody asked for now."""
    job = start(bundle, EDITOR, interpreter='python')
    wait_shown(bundle, job, b'editing')
    first = Terminal(bundle, job, 1)
    first.read(b'editing')
    first.socket.close()
    second = Terminal(bundle, job, 2)
    second.read(b'editing')
    assert not any(question in second.seen for question in Terminal.ANSWERS) and second.answered == len(second.seen)
    second.socket.send(b'q')
    second.read(b"\r\n")
    assert b"b'q'\r\n" in second.seen, 'the editor was typed its key alone'
    second.socket.drop()


def test_one_answer(bundle):
    """Two look on, one question is answered once: by who typed last, before that by who came first."""
    job = start(bundle, EDITOR.replace('[6n', ''), interpreter='python')
    wait_shown(bundle, job, b'editing')
    first, second = Terminal(bundle, job, 1), Terminal(bundle, job, 2)
    first.read(b'editing')
    second.read(b'editing')
    first.socket.send(b'a')  # the editor asks again at each key, and at each answer
    for terminal in (first, second):
        terminal.read(b'\x1b[5n')
    second.socket.send(b'q')
    for terminal in (first, second):
        terminal.seen = terminal.socket.receive_until(b"\r\n", terminal.seen)
    typed = eval(second.seen.split(b'\x1b[?1049l')[-1])  # noqa: S307, a literal of the program above
    assert b'\x1b[2n' not in typed.split(b'q')[0] and typed.startswith(b'a') and typed.endswith(b'q')
    first.socket.drop()
    second.socket.drop()


def test_slow_viewer(make):
    """Check 30: the second viewer gets scrollback plus live; one that does not read is closed, the other sees no pause."""
    bundle = make(pty_viewer_queue_kb=256, pty_scrollback_kb=16)
    script = 'read go; seq 1 100; read go; seq 101 %d; echo done; read go' % (3000000 if FULL else 600000)
    job = start(bundle, 'stty -echo; ' + script)
    with attach(bundle, job) as quick:
        quick.send(b'\r')
        quick.receive_until(b'\r\n100\r\n')
        slow = attach(bundle, job)  # does not read
        with attach(bundle, job) as second:
            assert second.receive() == b''.join(b'%d\r\n' % n for n in range(1, 101)), 'scrollback'
            quick.send(b'\r')
            seen = quick.receive_until(b'done\r\n')
            numbers = seen.split()
            assert numbers[:-1] == [b'%d' % n for n in range(101, len(numbers) + 100)] and len(numbers) > 500000
            hero.wait_for(lambda: call(bundle, 'job.scrollback', id=job['id'])['viewers'] == 1, 'those behind are closed')
            assert second.wait_closed()[1].code == 1013
        messages, closed = slow.wait_closed()
        assert closed.code == 1013 and closed.reason
        got = b''.join(messages)
        assert b''.join(b'%d\r\n' % n for n in range(1, 200)) in got, 'up to then without gap'
        quick.send(b'\r')
        assert quick.wait_closed()[1].reason == 'exit 0'


def test_nobody_holds_up_a_program(bundle):
    """A viewer that reads nothing, alone: the terminal is drained all the same."""
    job = start(bundle, 'read go; seq 1 400000; echo done; read go')
    slow = attach(bundle, job)
    slow.send(b'\r')
    wait_shown(bundle, job, b'done')
    assert slow.wait_closed()[1].code == 1013


def test_stop_tells_viewers(bundle):
    """21.4: viewers get 1001 when the host stops."""
    job = start(bundle, 'trap "" HUP; while :; do sleep 1; done', stop_timeout_ms=1500)
    with attach(bundle, job) as viewer:
        bundle.process.send_signal(signal.SIGTERM)
        assert viewer.wait_closed()[1].code == 1001
    assert bundle.process.wait(60) == 0


def test_restart_ends_the_terminal(bundle):
    """Each attempt has a terminal of its own."""
    job = start(bundle, 'read x; exit 5', restart='always', retry_policy={'delay_ms': 50, 'max_attempts': 3})
    with attach(bundle, job) as viewer:
        viewer.send(b'\r')
        assert viewer.wait_closed()[1].reason == 'exit 5'
    hero.wait_for(lambda: call(bundle, 'job.get', id=job['id'])['pid'] not in (0, job['pid']), 'it runs again')
    attach(bundle, job).close()
