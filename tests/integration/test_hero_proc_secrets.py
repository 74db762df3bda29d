"""Secrets and contexts of hero_proc as its clients see them: in a thread of the bundle and in a process of its own."""
import os
import pathlib
import shutil
import tempfile
import threading
import time

import pytest

import hero
from hero_proc import alive, call, children_of, crash, define, fails, lines, SERVICE, start, tables, wait_status

ISOLATION = os.environ.get('HERO_ISOLATION', 'thread')
VALUE = 'correct-horse-battery-staple'


def run(top=None, **keys):
    return hero.Bundle(tables(ISOLATION, keys), top=top)


@pytest.fixture
def bundle():
    with run() as running:
        yield running.wait_ready()
        if running.process.poll() is None:
            running.stop()


@pytest.fixture
def top():
    """A directory that several lives of one hero_proc share; nothing started in it outlives the test."""
    path = pathlib.Path(tempfile.mkdtemp(prefix='hb', dir='/tmp'))
    yield path
    for pid in children_of(path):
        os.kill(pid, 9)
    shutil.rmtree(path, ignore_errors=True)


def as_context(bundle, own, method, /, **params):
    return bundle.rpc(SERVICE, method, params, headers={'X-Hero-Context': str(own)})


def as_context_fails(bundle, own, code, method, /, **params):
    with pytest.raises(hero.RpcError) as caught:
        as_context(bundle, own, method, **params)
    assert caught.value.code == code
    return caught.value


def key_file(bundle):
    return bundle.data / SERVICE / 'secret.key'


def places_of(bundle, text):
    """Files that hold a text: the data, the logs, and what the host prints."""
    found = []
    for path in [*bundle.data.rglob('*'), bundle.out_path, bundle.err_path]:
        if path.is_file() and text.encode() in path.read_bytes():
            found.append(str(path))
    return found


def test_set_and_get(bundle):
    assert call(bundle, 'secret.set', key='db/password', value=VALUE, description='of the shop') == {
        'ok': True, 'key': 'db/password', 'context': 0, 'version': 1}
    assert call(bundle, 'secret.put', name='db/password', value='second')['version'] == 2
    secret = call(bundle, 'secret.get', 'db/password')
    assert secret['value'] == 'second' and secret['version'] == 2 and secret['context'] == 0 and secret['description'] == ''
    assert secret['created_at'] <= secret['updated_at']
    call(bundle, 'secret.set', key='other', value='x' * 65536)
    listed = call(bundle, 'secret.list')
    assert [(one['key'], one['length'], one['version']) for one in listed] == [('db/password', 6, 2), ('other', 65536, 1)]
    assert all('value' not in one for one in listed)
    assert [one['key'] for one in call(bundle, 'secret.list', prefix='db/')] == ['db/password']
    status = call(bundle, 'secret.status')
    assert status['state'] == 'ok' and status['count'] == 2 and status['key_file'] == str(key_file(bundle))
    assert len(status['key_id']) == 16
    assert call(bundle, 'secret.exists', 'other') is True and call(bundle, 'secret.exists', 'nothing') is False
    assert call(bundle, 'secret.remove', 'other') == {'ok': True}
    assert fails(bundle, -32000, 'secret.get', key='other').data['code_name'] == 'secret_not_found'
    assert fails(bundle, -32000, 'secret.delete', key='other').data['code_name'] == 'secret_not_found'


def test_bad_input(bundle):
    for key in ['', 'a b', '-a', '.a', 'x' * 129, 'ä']:
        fails(bundle, -32602, 'secret.set', key=key, value='v')
    error = fails(bundle, -32602, 'secret.set', key='a', value='x' * 65537)
    assert error.data['param'] == 'value'
    fails(bundle, -32602, 'secret.set', key='a')
    assert fails(bundle, -32000, 'secret.get', key='a', context='nobody').data['code_name'] == 'context_not_found'
    call(bundle, 'secret.set', key='a', value='v')
    assert fails(bundle, -32007, 'secret.set', key='a', value='w', if_absent=True).data['code_name'] == 'already_exists'
    assert call(bundle, 'secret.get', 'a')['value'] == 'v'
    assert fails(bundle, -32018, 'secret.rotate_key').data['code_name'] == 'confirmation_required'


def test_versions_of_many_at_once(bundle):
    """Each of many simultaneous sets gets a version of its own."""
    versions = []
    threads = [threading.Thread(target=lambda i=i: versions.append(call(bundle, 'secret.set', key='k', value=f'v{i}')['version']))
               for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(versions) == list(range(1, 21))


def test_rotate_and_restart(top):
    values = {f'key.{i}': f'value of {i}' for i in range(50)}
    with run(top) as bundle:
        bundle.wait_ready()
        for key, value in values.items():
            call(bundle, 'secret.set', key=key, value=value)
        before, old = call(bundle, 'secret.status')['key_id'], key_file(bundle).read_bytes()
        assert call(bundle, 'secret.rotate_key', confirm=True) == {'ok': True, 'reencrypted': 50}
        after = call(bundle, 'secret.status')['key_id']
        assert before != after and key_file(bundle).read_bytes() != old
        assert key_file(bundle).stat().st_mode & 0o7777 == 0o600
        bundle.stop()
    with run(top) as bundle:
        bundle.wait_ready()
        assert call(bundle, 'secret.status')['key_id'] == after
        assert {key: call(bundle, 'secret.get', key)['value'] for key in values} == values
        assert all(one['version'] == 1 for one in call(bundle, 'secret.list'))
        bundle.stop()


def test_kill_during_rotation(top):
    """kill -9 at any moment of a rotation: afterwards all values are there, and the store is open."""
    values = {f'key.{i}': f'value of {i} ' * 20 for i in range(100)}
    ids = set()
    for life in range(12):
        with run(top) as bundle:
            bundle.wait_ready()
            if life == 0:
                for key, value in values.items():
                    call(bundle, 'secret.set', key=key, value=value)
            status = call(bundle, 'secret.status')
            assert status['state'] == 'ok', status
            ids.add(status['key_id'])
            assert {key: call(bundle, 'secret.get', key)['value'] for key in values} == values
            assert not key_file(bundle).with_name('secret.key.new').exists()
            rotating = threading.Thread(target=rotate_until_death, args=[bundle])
            rotating.start()
            time.sleep(0.003 * life)
            crash(bundle)
            rotating.join()
    assert len(ids) > 1  # some of them did rotate


def rotate_until_death(bundle):
    try:
        while True:
            call(bundle, 'secret.rotate_key', confirm=True)
    except (OSError, hero.http.client.HTTPException):
        pass


def test_locked(top):
    with run(top) as bundle:
        bundle.wait_ready()
        call(bundle, 'secret.set', key='a', value=VALUE)
        bundle.stop()
    key = key_file(bundle).read_bytes()
    key_file(bundle).chmod(0o644)
    with run(top) as bundle:
        bundle.wait_ready()
        status = call(bundle, 'secret.status')
        assert status['state'] == 'locked' and '0644' in status['reason'] and status['count'] == 1
        for method, params in [('secret.get', {'key': 'a'}), ('secret.set', {'key': 'b', 'value': 'c'}),
                               ('secret.rotate_key', {'confirm': True})]:
            error = fails(bundle, -32015, method, **params)
            assert error.data['code_name'] == 'secret_store_locked' and not error.data['retryable']
        code, _, body = bundle.get(SERVICE, '/health')
        health = hero.json.loads(body)
        assert code == 503 and health['status'] == 'degraded' and health['secrets'] == 'locked'
        assert call(bundle, 'secret.exists', 'a') is True and len(call(bundle, 'secret.list')) == 1  # the rest works
        define(bundle, 'web', 'while sleep 0.1; do :; done')
        assert alive(start(bundle, 'web'))
        assert key_file(bundle).read_bytes() == key  # nothing was overwritten
        key_file(bundle).chmod(0o600)
        assert call(bundle, 'secret.get', 'a')['value'] == VALUE  # open again, without a restart
        assert bundle.get_json(SERVICE, '/health')['secrets'] == 'ok'
        key_file(bundle).unlink()
        assert 'missing' in call(bundle, 'secret.status')['reason']
        key_file(bundle).write_bytes(bytes(32))
        key_file(bundle).chmod(0o600)
        assert 'put that one back' in call(bundle, 'secret.status')['reason']
        bundle.stop()
    assert key_file(bundle).read_bytes() == bytes(32)


def test_contexts(bundle):
    assert [(one['id'], one['name']) for one in call(bundle, 'context.list')] == [(0, 'core')]
    made = call(bundle, 'context.set', id=5, name='shop', description='The shop')
    assert made['id'] == 5 and made['name'] == 'shop' and made['description'] == 'The shop' and made['created_at'] > 0
    fails(bundle, -32007, 'context.set', id=6, name='shop')
    fails(bundle, -32007, 'context.set', id=6, name='admin')
    for name in ['Shop', '12', '', 'a b', '-']:
        fails(bundle, -32602, 'context.set', id=6, name=name)
    fails(bundle, -32602, 'context.set', id=0, name='mine')
    call(bundle, 'secret.set', key='a', value='in five', context='shop')
    assert call(bundle, 'secret.get', key='a', context=5)['value'] == 'in five'
    assert call(bundle, 'service.list', context='shop') == []
    call(bundle, 'service.set', name='web', context=5, start=True,
         actions=[{'name': 'web', 'interpreter': 'sh', 'is_process': True, 'script': 'while sleep 0.1; do :; done'}])
    call(bundle, 'service.set', name='named', context='shop', start=True, actions=[
        {'name': 'named', 'interpreter': 'sh', 'script': 'test "$A$B" = "in fivein five"',
         'env_secrets': {'A': 'a', 'B': {'key': 'a', 'context': 'shop'}}}])
    assert wait_status(bundle, 'named', state='success') and call(bundle, 'service.get', 'named')['context'] == 5
    assert fails(bundle, -32000, 'service.set', name='x', context='nobody', actions=['web']).data['code_name'] == 'context_not_found'
    assert fails(bundle, -32002, 'context.delete', id='shop').data['code_name'] == 'service_is_up'
    call(bundle, 'service.stop', name='web')
    assert call(bundle, 'context.delete', id='shop') == {'ok': True}
    fails(bundle, -32000, 'secret.get', key='a', context='shop')
    assert call(bundle, 'secret.get', key='a', context=5)['value'] == 'in five'  # the number is a context still
    fails(bundle, -32000, 'context.delete', id=5)


def test_contexts_do_not_leak(bundle):
    """Contract check 28: for a caller of context 5 only 5 exists."""
    call(bundle, 'secret.set', key='a', value='of zero')
    call(bundle, 'context.set', id=6, name='six')
    assert as_context_fails(bundle, 5, -32000, 'secret.get', key='a').data['code_name'] == 'secret_not_found'
    assert as_context(bundle, 5, 'secret.exists', key='a') is False
    assert as_context(bundle, 5, 'secret.list') == []
    assert as_context(bundle, 5, 'secret.status')['count'] == 0
    for context in [0, 6, 'core', 'six']:
        for method, params in [('secret.get', {}), ('secret.set', {'value': 'x'}), ('secret.delete', {}), ('secret.exists', {})]:
            as_context_fails(bundle, 5, -32094, method, key='a', context=context, **params)
        as_context_fails(bundle, 5, -32094, 'secret.list', context=context)
    as_context_fails(bundle, 5, -32094, 'secret.rotate_key', confirm=True)
    as_context_fails(bundle, 5, -32094, 'context.set', id=5, name='mine')
    as_context_fails(bundle, 5, -32094, 'context.delete', id=5)
    as_context(bundle, 5, 'secret.set', key='a', value='of five')
    assert as_context(bundle, 5, 'secret.get', key='a', context=5)['value'] == 'of five'
    assert call(bundle, 'secret.get', 'a')['value'] == 'of zero'
    assert [one['context'] for one in call(bundle, 'secret.list')] == [0, 5]
    assert [one['context'] for one in as_context(bundle, 5, 'secret.list')] == [5]
    assert [one['id'] for one in as_context(bundle, 5, 'context.list')] == [5]
    for context, name in [(0, 'zero'), (5, 'five')]:
        as_context(bundle, context, 'service.set', name=name, start=True,
                   actions=[{'name': name, 'interpreter': 'sh', 'script': f'echo said by {name}'}])
        wait_status(bundle, name, state='success')
        hero.wait_for(lambda name=name: lines(bundle, name), 'it has spoken')
    assert [one['name'] for one in as_context(bundle, 5, 'service.list')] == ['five']
    assert [one['content'] for one in as_context(bundle, 5, 'logs.query')['entries']] == ['said by five']


ECHO = 'while :; do echo "it is $TOKEN, really"; echo "$TOKEN" >&2; printf "%s\\n" "$PEM"; sleep 0.1; done'
PEM = '-----BEGIN KEY-----\nbGluZSBvbmUgb2YgaXQ=\nshrt\n-----END KEY-----\n'


def test_secrets_of_a_job(bundle):
    """Contract check 27: the value is nowhere on the disk while a job echoes it."""
    call(bundle, 'secret.set', key='token', value=VALUE)
    call(bundle, 'secret.set', key='pem', value=PEM, context=7)
    define(bundle, 'web', ECHO, env={'TOKEN': 'of the environment'},
           env_secrets={'TOKEN': 'token', 'PEM': {'key': 'pem', 'context': 7}})
    pid = start(bundle, 'web')
    assert f'TOKEN={VALUE}\0' in pathlib.Path(f'/proc/{pid}/environ').read_text()  # it did get it
    said = hero.wait_for(lambda: len(text := lines(bundle, 'web')) > 20 and text, 'it has spoken')
    assert set(said) == {'it is ***, really', '***', 'shrt', ''}
    assert call(bundle, 'service.get', 'web')['actions'] == ['web']
    assert places_of(bundle, 'it is ***')  # the search does find what is there
    for secret in [VALUE, 'bGluZSBvbmUgb2YgaXQ=', 'BEGIN KEY', 'of the environment, really']:
        assert places_of(bundle, secret) == [], secret
    call(bundle, 'service.stop', name='web')
    assert places_of(bundle, VALUE) == []


def test_without_redaction(top):
    with run(top, redact=False) as bundle:
        bundle.wait_ready()
        call(bundle, 'secret.set', key='token', value=VALUE)
        define(bundle, 'web', 'echo "$TOKEN"; sleep 1000', env_secrets={'TOKEN': 'token'})
        start(bundle, 'web')
        hero.wait_for(lambda: lines(bundle, 'web') == [VALUE], 'it has spoken')
        bundle.stop()


def test_missing_secret(bundle):
    define(bundle, 'web', 'while sleep 0.1; do :; done', env_secrets={'TOKEN': 'token'},
           retry_policy={'delay_ms': 100, 'max_attempts': 3, 'jitter': 0})
    call(bundle, 'service.start', name='web')
    status = wait_status(bundle, 'web', state='failed', restarting=False)
    assert status['failure'] == 'secret_missing' and status['restart_count'] == 2 and status['pid'] == 0
    assert status['error'] == "the secret 'token' of context 0 is not there"
    fails(bundle, -32011, 'service.start', name='web', wait=True, timeout_ms=60000)
    define(bundle, 'patient', 'while sleep 0.1; do :; done', env_secrets={'TOKEN': 'token'}, retry_policy={'delay_ms': 100})
    call(bundle, 'service.start', name='patient')
    wait_status(bundle, 'patient', restarting=True)
    call(bundle, 'secret.set', key='token', value=VALUE)
    wait_status(bundle, 'patient', state='running')  # the next attempt finds it


def test_changed_secret(bundle):
    """A change restarts nothing; those who got the old value are told."""
    call(bundle, 'secret.set', key='token', value='first value')
    define(bundle, 'web', 'echo "$TOKEN"; while sleep 0.1; do :; done', env_secrets={'TOKEN': 'token'})
    define(bundle, 'other', 'while sleep 0.1; do :; done')
    pid, other = start(bundle, 'web'), start(bundle, 'other')
    assert not call(bundle, 'service.status', 'web')['needs_restart']
    call(bundle, 'secret.rotate_key', confirm=True)
    assert not call(bundle, 'service.status', 'web')['needs_restart']  # the same value under another key
    call(bundle, 'secret.set', key='token', value='second value')
    status = call(bundle, 'service.status', 'web')
    assert status['needs_restart'] and status['pid'] == pid
    assert not call(bundle, 'service.status', 'other')['needs_restart'] and alive(other)
    call(bundle, 'service.restart', name='web', wait=True)
    status = call(bundle, 'service.status', 'web')
    assert not status['needs_restart'] and status['pid'] != pid
    assert 'TOKEN=second value\0' in pathlib.Path(f'/proc/{status["pid"]}/environ').read_text()
    call(bundle, 'secret.delete', 'token')
    assert call(bundle, 'service.status', 'web')['needs_restart']


def test_adopted_job_is_still_redacted(top):
    with run(top) as bundle:
        bundle.wait_ready()
        call(bundle, 'secret.set', key='token', value=VALUE)
        define(bundle, 'web', ECHO, env_secrets={'TOKEN': 'token'})
        pid = start(bundle, 'web')
        hero.wait_for(lambda: lines(bundle, 'web'), 'it has spoken')
        crash(bundle)
    with run(top) as bundle:
        bundle.wait_ready()
        assert call(bundle, 'service.status', 'web')['pid'] == pid
        assert not call(bundle, 'service.status', 'web')['needs_restart']
        before = len(lines(bundle, 'web'))
        hero.wait_for(lambda: len(lines(bundle, 'web')) > before + 10, 'it has spoken')
        assert {'it is ***, really', '***'} <= set(lines(bundle, 'web')) and places_of(bundle, VALUE) == []
        call(bundle, 'secret.set', key='token', value='another value')  # what it says is not the newest any more
        crash(bundle)
    with run(top) as bundle:
        bundle.wait_ready()
        before = len(lines(bundle, 'web'))
        hero.wait_for(lambda: len(lines(bundle, 'web')) > before + 10, 'it has spoken')
        assert set(lines(bundle, 'web')[before:]) == {'***', ''} and places_of(bundle, VALUE) == []
        assert 'its output is hidden until it is started anew' in bundle.out
        bundle.stop()


def test_foreign_secrets(bundle):
    """A caller of context 5 cannot have the secrets of context 0 through a job."""
    call(bundle, 'secret.set', key='token', value=VALUE)
    action = {'name': 'thief', 'interpreter': 'sh', 'script': 'echo "<$TOKEN>"'}
    for secret in [{'key': 'token', 'context': 0}, {'key': 'token', 'context': 'core'}]:
        as_context_fails(bundle, 5, -32094, 'service.set', name='thief', actions=[{**action, 'env_secrets': {'TOKEN': secret}}])
        as_context_fails(bundle, 5, -32094, 'service.set', name='thief', actions=[action], env_secrets={'TOKEN': secret})
    as_context(bundle, 5, 'service.set', name='thief', actions=[{**action, 'env_secrets': {'TOKEN': 'token'}}], start=True)
    wait_status(bundle, 'thief', failure='secret_missing')
    assert call(bundle, 'service.status', 'thief')['error'] == "the secret 'token' of context 5 is not there"
    for bad in [{'A-B': 'token'}, {'A': '../x'}, {'A': 5}, {'A': {'context': 1}}, ['token']]:
        assert 'env_secrets' in fails(bundle, -32602, 'service.set', name='x', actions=[{**action, 'env_secrets': bad}]).data['param']


def test_events(bundle):
    """Names of changed secrets, never values; a store that locks says so."""
    call(bundle, 'secret.set', key='a', value=VALUE)
    call(bundle, 'secret.delete', 'a')
    key_file(bundle).chmod(0o640)
    call(bundle, 'secret.status')
    with hero.socket.socket(hero.socket.AF_UNIX) as client:
        client.settimeout(hero.WAIT_S)
        client.connect(str(bundle.path(SERVICE)))
        client.sendall(b'GET /api/secrets/events?last_event_id=0 HTTP/1.1\r\nHost: localhost\r\n\r\n')
        text = b''
        while b'secret.locked' not in text.partition(b'event: secret.locked')[2]:
            text += client.recv(65536)
    text = text.decode()
    assert text.index('event: secret.changed') < text.index('event: secret.deleted') < text.index('event: secret.locked')
    assert VALUE not in text and '"key":"a"' in text.replace(' ', '') and '0640' in text
