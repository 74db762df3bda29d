"""A service in a process of its own, and what a crash, a hang and a lost host do there and on a thread."""
import os
import re
import signal
import time

import pytest

import hero


def parent_of(pid):
    return int(re.search(r'^PPid:\s+(\d+)', open(f'/proc/{pid}/status').read(), re.M).group(1))


def is_gone(pid):
    return not os.path.exists(f'/proc/{pid}')


def test_mix(probes):
    """Row 14: other pid in host.status, same answers, same sockets."""
    with hero.Bundle(probes(a={'isolation': 'thread'}, b={'isolation': 'process'})) as bundle:
        bundle.wait_ready()
        a, b = bundle.status('a'), bundle.status('b')
        assert a['pid'] == bundle.pid and a['rss_bytes'] is None
        assert b['pid'] != bundle.pid and b['rss_bytes'] > 0 and parent_of(b['pid']) == bundle.pid
        assert bundle.get('a', '/health')[2] == bundle.get('b', '/health')[2]
        assert bundle.stop() == 0
        assert is_gone(b['pid'])


@pytest.mark.parametrize('name', [name for name in hero.SERVICES if name != 'mycelium'])
def test_real_service_in_a_process(name):
    """Row 14 for each real service: the documents are the same."""
    with hero.Bundle({'': {'stagger_ms': 0}}) as bundle:
        bundle.wait_ready()
        document = bundle.get_json(name, '/openrpc.json')
    with hero.Bundle({'': {'stagger_ms': 0}, name: {'isolation': 'process'}}) as bundle:
        bundle.wait_ready()
        assert bundle.status(name)['pid'] != bundle.pid
        assert bundle.get_json(name, '/openrpc.json') == document
        assert bundle.get(name, '/', 'admin')[0] == 200
        assert bundle.stop() == 0


def test_crash_of_a_child(probes):
    """Only the child ends; it comes back, and the others never notice."""
    tables = probes({'restart_delay_ms': 100}, a={'isolation': 'process'}, b={})
    with hero.Bundle(tables) as bundle:
        bundle.wait_ready()
        before = bundle.status('a')['pid']
        os.kill(before, signal.SIGTRAP)
        entry = hero.wait_for(lambda: (s := bundle.status('a'))['restarts'] == 1 and s['state'] == 'ready' and s, 'a is back')
        assert entry['pid'] != before and 'killed by signal 5' in entry['last_error']
        assert bundle.get('a', '/health')[0] == 200 and bundle.get('b', '/health')[0] == 200
        assert bundle.status('b')['restarts'] == 0
        assert bundle.stop() == 0


def test_crash_on_a_thread(probes):
    """The documented price of one process: it ends with the service."""
    with hero.Bundle(probes(a={'isolation': 'thread', 'behaviour': 'crashes_later', 'delay_ms': 300}, b={})) as bundle:
        assert bundle.process.wait(hero.WAIT_S) == -signal.SIGTRAP


def test_crash_in_start(probes):
    tables = probes({'restart_delay_ms': 50, 'restart_max': 2}, b={},
                    a={'isolation': 'process', 'behaviour': 'crashes_in_start'})
    with hero.Bundle(tables) as bundle:
        bundle.wait_ready()
        entry = bundle.wait_state('a', 'failed')
        assert entry['restarts'] == 2
        assert not bundle.path('a').exists()
        assert bundle.get('b', '/health')[0] == 200


def test_host_killed(probes):
    """kill -9 of the host: its children see the end of the pipe and stop."""
    with hero.Bundle(probes(a={'isolation': 'process'})) as bundle:
        bundle.wait_ready()
        child = bundle.status('a')['pid']
        bundle.process.kill()
        bundle.process.wait()
        hero.wait_for(lambda: is_gone(child), 'the child stopped')


def test_child_that_hangs_is_aborted(probes):
    """on_hang = "exit" ends a hung child, not the host."""
    tables = probes({'watchdog_warn_ms': 400, 'watchdog_fail_s': 1, 'on_hang': 'exit', 'restart_delay_ms': 50}, b={},
                    a={'isolation': 'process', 'behaviour': 'blocks_forever', 'delay_ms': 300})
    with hero.Bundle(tables) as bundle:
        bundle.wait_ready()
        hero.wait_for(lambda: bundle.status('a')['restarts'] >= 1, 'the hung child was replaced')
        assert 'killed by signal 6' in bundle.status('a')['last_error']
        assert bundle.get('b', '/health')[0] == 200
        assert bundle.stop() in (0, 3)


def test_thread_that_hangs_ends_the_host(probes):
    tables = probes({'watchdog_warn_ms': 400, 'watchdog_fail_s': 1, 'on_hang': 'exit'}, b={},
                    a={'isolation': 'thread', 'behaviour': 'blocks_forever', 'delay_ms': 300})
    with hero.Bundle(tables) as bundle:
        assert bundle.process.wait(hero.WAIT_S) == 5
        assert bundle.all_sockets() == set()


def test_hang_at_full_length(probes):
    """The limits as they stand without a key: told after 2 s, acted on after 30 s."""
    tables = probes({'on_hang': 'exit'}, b={}, a={'isolation': 'thread', 'behaviour': 'blocks_forever', 'delay_ms': 100})
    with hero.Bundle(tables) as bundle:
        bundle.wait_ready()
        begin = time.monotonic()
        bundle.wait_state('a', 'stalled')
        assert bundle.process.wait(90) == 5
        assert time.monotonic() - begin >= 27
        assert 'a hangs and on_hang is "exit"' in bundle.out


def test_child_logs_once(probes):
    """Row 28: a child's lines come through the host's one writer, in its form, once."""
    with hero.Bundle(probes(a={'isolation': 'process'}, b={})) as bundle:
        bundle.wait_ready()
        for name in ('a', 'b'):
            assert len(re.findall(rf'^\S+Z INFO  {name}: ready ', bundle.out, re.M)) == 1
        assert not [line for line in bundle.out.splitlines() if line.startswith('{')]


def test_terminal_interrupt(probes):
    """Ctrl-C goes to the whole foreground group: the child must not take it for its second signal."""
    with hero.Bundle(probes(a={'isolation': 'process'})) as bundle:
        bundle.wait_ready()
        child = bundle.status('a')['pid']
        assert os.getpgid(child) != os.getpgid(bundle.pid)


def test_plugin_run():
    """Row 43: one plugin by itself, told how to be called."""
    plugin = hero.BUILD / 'tests' / 'fixtures' / 'probe.so'
    bundle = hero.Bundle(False, name='hero_plugin_run', args=[str(plugin)])
    with bundle:
        hero.wait_for(lambda: 'ready; Ctrl-C' in bundle.out, 'it is ready')
        assert f'file    {plugin}' in bundle.out
        assert f'curl --unix-socket {bundle.path("probe")} http://localhost/health' in bundle.out
        assert bundle.get('probe', '/health')[0] == 200
        assert bundle.stop(signal.SIGINT) == 0


@pytest.mark.debugger
@pytest.mark.parametrize('tool', [['valgrind', '-q', '--error-exitcode=99'],
                                  ['gdb', '-q', '-batch', '-ex', 'handle SIGINT SIGTERM nostop pass', '-ex', 'run', '--args']])
def test_plugin_run_under(tool):
    """Row 43: under valgrind and gdb too, and by the name of a real service."""
    bundle = hero.Bundle(name='hero_plugin_run', args=[str(hero.BUILD / 'plugins' / 'hero_db' / 'hero_db.so')])
    bundle.args = tool + bundle.args
    with bundle:
        hero.wait_for(lambda: 'ready; Ctrl-C' in bundle.out, 'it is ready')
        assert bundle.get_json('hero_db', '/health')['status'] == 'ok'
        pid = bundle.pid if tool[0] == 'valgrind' else int(re.findall(r'\d+', os.popen(f'pgrep -P {bundle.pid}').read())[-1])
        os.kill(pid, signal.SIGTERM)
        assert bundle.process.wait(hero.WAIT_S) == 0
        assert 'ERROR SUMMARY' not in bundle.err
