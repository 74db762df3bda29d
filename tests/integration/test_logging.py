"""What the log says, where, and in which form (conventions 9; row 28)."""
import fcntl
import json
import os
import re
import signal
import stat
import subprocess

import hero

PLAIN = re.compile(r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (TRACE|DEBUG|INFO |WARN |ERROR) ([a-z_]+): (.*)')
BANNER = re.compile(r'hero_bundle |  ')


def log_lines(bundle):
    """(level, service, text) of every line of standard output that is not of the banner."""
    lines = [line for line in bundle.out.splitlines() if not BANNER.match(line)]
    matches = [PLAIN.fullmatch(line) for line in lines]
    assert all(matches), lines
    return [(m[2].strip(), m[3], m[4]) for m in matches]


def test_plain():
    with hero.Bundle(hero.template()) as bundle:
        bundle.wait_ready()
        assert bundle.stop() == 0
        lines = log_lines(bundle)
        assert ('INFO', 'template', 'starting') in lines
        assert any(service == 'template' and text.startswith('ready') for _, service, text in lines)
        assert bundle.err == ''


def test_json():
    with hero.Bundle(hero.template({'': {'log_format': 'json'}})) as bundle:
        bundle.wait_ready()
        assert bundle.stop() == 0
        lines = [json.loads(line) for line in bundle.out.splitlines()]
        for line in lines:
            assert list(line)[:6] == ['ts', 'level', 'service', 'msg', 'pid', 'context']
            assert line['pid'] == bundle.pid
            assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', line['ts'])
        assert len([line for line in lines if line.get('event') == 'banner']) == 1


def test_rust_log_shows_debug_of_all_services_once():
    """Row 28."""
    with hero.Bundle({'': {'log_level': 'error'}}, env={'RUST_LOG': 'debug'}) as bundle:
        bundle.wait_ready()
        for service in hero.SERVICES:
            assert bundle.rpc(service, 'rpc.health')['status'] == 'ok'
        hero.wait_for(lambda: {s for level, s, _ in log_lines(bundle) if level == 'DEBUG'} >= set(hero.SERVICES),
                      'a debug line of every service')
        assert bundle.stop() == 0
        starts = [service for _, service, text in log_lines(bundle) if text == 'starting' and service in hero.SERVICES]
        assert starts == hero.SERVICES


def test_level_of_one_service():
    with hero.Bundle(hero.template({'': {'log_level': 'off,template=info'}})) as bundle:
        hero.wait_for(lambda: hero.accepts(bundle.path('template')), 'the socket')
        assert bundle.stop() == 0
        assert {service for _, service, _ in log_lines(bundle)} == {'template'}


def test_bad_word():
    with hero.Bundle(hero.template(), env={'RUST_LOG': 'loud'}) as bundle:
        bundle.wait_ready()
        assert 'warning: RUST_LOG: "loud" is no log level' in bundle.err
        assert ('INFO', 'template', 'starting') in log_lines(bundle)
    with hero.Bundle(hero.template({'': {'log_level': 'loud'}})) as bundle:
        assert bundle.process.wait(hero.WAIT_S) == 2
        assert 'error: log_level: "loud" is no log level' in bundle.err


def test_files():
    with hero.Bundle(hero.template()) as bundle:
        bundle.wait_ready()
        assert bundle.stop() == 0
        folder = bundle.data / 'logs' / 'hero_bundle'
        assert {file.name for file in folder.iterdir()} == {'host.log', 'template.log'}
        assert stat.S_IMODE((bundle.data / 'logs').stat().st_mode) == 0o755
        for file in folder.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o640
            for line in file.read_text().splitlines():
                epoch, context, job, level, tags, text = line.split('\t')
                assert int(epoch) > 1_000_000_000
                assert (context, job) == ('0', '0')
                assert level in ('0', '10', '20', '30', '40', '254')
                assert tags == '-' or ':' in tags
                assert text
        assert any(line.endswith('\tstarting') for line in (folder / 'template.log').read_text().splitlines())


def test_no_files():
    with hero.Bundle(hero.template({'': {'log_file': False}})) as bundle:
        bundle.wait_ready()
        assert bundle.stop() == 0
        assert not (bundle.data / 'logs').exists()


def test_hangup_reopens():
    with hero.Bundle(hero.template()) as bundle:
        bundle.wait_ready()
        file = bundle.data / 'logs' / 'hero_bundle' / 'host.log'
        hero.wait_for(file.exists, 'the log file')
        file.rename(file.with_suffix('.old'))
        bundle.process.send_signal(signal.SIGHUP)
        hero.wait_for(lambda: not file.exists() or file.stat().st_size > 0, 'a new file')
        assert bundle.stop() == 0
        assert 'stopped' in file.read_text()


def test_an_unwritable_directory_is_one_warning():
    bundle = hero.Bundle(hero.template({'': {'log_dir': '/proc/nowhere'}}))
    with bundle:
        bundle.wait_ready()
        assert bundle.get('template', '/health')[0] == 200
        assert bundle.stop() == 0
        warnings = [text for level, _, text in log_lines(bundle) if level == 'WARN']
        assert len([text for text in warnings if '/proc/nowhere' in text]) == 1


def test_nobody_reads_standard_output():
    """A full pipe stops no service, and no stop."""
    bundle = hero.Bundle(hero.template(), env={'RUST_LOG': 'trace'})
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(bundle.args, env=bundle.env, stdout=writer, stdin=subprocess.DEVNULL)
    os.close(writer)
    bundle.process = process
    with_exit = bundle.__exit__
    try:
        hero.wait_for(lambda: hero.accepts(bundle.path('template')), 'the socket')
        for _ in range(300):
            assert bundle.get('template', '/health')[0] == 200
        process.terminate()
        assert process.wait(hero.WAIT_S) == 0
    finally:
        os.close(reader)
        with_exit(None, None, None)


def test_lines_of_a_child_carry_its_service():
    with hero.Bundle(hero.template({'': {'log_format': 'json'}}, isolation='process')) as bundle:
        bundle.wait_ready()
        assert bundle.stop() == 0
        lines = [json.loads(line) for line in bundle.out.splitlines()]
        pids = {line['pid'] for line in lines}
        assert pids >= {bundle.pid}
        assert {line['service'] for line in lines if line['pid'] != bundle.pid} <= {'template'}
