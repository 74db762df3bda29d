"""The logs of hero_proc as clients see them: insert, search, follow, limits; in a thread and in a process of its own.

HERO_FULL=1 runs the noisy children at the length of the contract (500 MB, 60 s).
"""
import json
import os
import threading
import time

import pytest

import hero
from hero_proc import (call, crash, define, fails, lines, rss, SERVICE, service_pid, start, stop_all, tables, top,
                       wait_status)

ISOLATION = os.environ.get('HERO_ISOLATION', 'thread')
FULL = os.environ.get('HERO_FULL') == '1'


def logs(top=None, **keys):
    return hero.Bundle(tables(ISOLATION, keys), top=top)


@pytest.fixture
def bundle():
    with logs() as running:
        yield running.wait_ready()
        stop_all(running)


@pytest.fixture
def slow_bundle():
    """A rate so low that any machine can go beyond it."""
    with logs(log_rate_lines=50) as running:
        yield running.wait_ready()


def insert(bundle, src, *contents, **more):
    assert call(bundle, 'logs.insert', entries=[{'src': src, 'content': text, **more} for text in contents]) == {
        'inserted': len(contents), 'dropped': 0}
    call(bundle, 'logs.flush')


def found(bundle, **query):
    return [entry['content'] for entry in call(bundle, 'logs.query', **query)['entries']]


def log_file(bundle, src):
    return bundle.data / 'logs' / (src.replace('.', '/') + '.log')


def test_insert(bundle):
    before = int(time.time() * 1000)
    assert call(bundle, 'logs.add', 'app.web', 'over\nthere\tnow\r', 'warn', {'user': 'ann'}, None, 7) == {'inserted': 1, 'dropped': 0}
    call(bundle, 'logs.flush')
    entry, = call(bundle, 'logs.query', src='app')['entries']
    assert before <= entry.pop('ts_ms') <= time.time() * 1000 and entry.pop('cursor') and entry.pop('epoch') >= before // 1000
    assert entry == {'src': 'app.web', 'context': 0, 'job_id': 7, 'level': 30, 'level_name': 'warning', 'stream': 'api',
                     'tags': {'user': 'ann'}, 'content': 'over[BR]there now', 'truncated': False}
    fields = log_file(bundle, 'app.web').read_text().rstrip('\n').split('\t')
    assert fields[1:4] == ['0', '7', '30'] and fields[5] == 'over[BR]there now'
    assert fields[4].startswith('ms:') and fields[4].endswith('st:api,user:ann')
    assert log_file(bundle, 'app.web').stat().st_mode & 0o777 == 0o640
    for bad in [{'src': '../x', 'content': 'x'}, {'src': 'a.b.c.d', 'content': 'x'}, {'src': 'a'}, {'content': 'x'},
                {'src': 'a', 'content': 'x', 'level': 256}, {'src': 'a', 'content': 'x', 'level': 'loud'},
                {'src': 'a', 'content': 'x', 'tags': {'ms': '1'}}, {'src': 'a', 'content': 'x', 'tags': 'k'},
                {'src': 'a', 'content': 'x', 'ts': 'soon'}, {'src': 'a', 'content': 'x', 'ts': before + 3600000},
                {'entries': []}, {'entries': [{'src': 'a', 'content': 'good'}, {'src': '.'}]}, {'entries': [1]},
                {'entries': [{'src': 'a', 'content': 'x'}] * 1001}]:
        fails(bundle, -32602, 'logs.insert', **bad)
    call(bundle, 'logs.flush')
    assert found(bundle, src='a') == [], 'nothing of a call with an error in it'
    insert(bundle, 'hero_router.main', 'mine')  # the host's own programs keep their names
    assert found(bundle, src='hero_router_') == ['mine'] and not log_file(bundle, 'hero_router.main').exists()


def test_query(bundle):
    now = int(time.time() * 1000)
    for age, level, text in [(9000, 'debug', 'one'), (6000, 'info', 'Two'), (3000, 30, 'three'), (0, 'error', 'four')]:
        insert(bundle, 'web.main', text, ts=now - age, level=level, tags={'n': text})
    insert(bundle, 'web2', 'other', ts=now)
    for query, expected in [
            ({'src': 'web'}, 'one Two three four'), ({'prefix': 'web*'}, 'one Two three four other'),
            ({'service': 'web.main'}, 'one Two three four'), ({'name': 'nothing'}, ''),
            ({'src': 'web', 'level': 'warn'}, 'three four'), ({'src': 'web', 'min_level': 254}, 'four'),
            ({'src': 'web', 'from': now - 6000, 'to': now - 3000}, 'Two'), ({'src': 'web', 'since': (now - 3000) / 1000}, 'three four'),
            ({'src': 'web', 'until': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(now / 1000 - 7))}, 'one'),
            ({'src': 'web', 'search': 'TWO'}, 'Two'), ({'src': 'web', 'regex': '^t.*e$'}, 'three'),
            ({'src': 'web', 'tag': 'n:four'}, 'four'), ({'src': 'web', 'stream': 'stdout'}, ''), ({'src': 'web', 'stream': 'api', 'lines': 1}, 'one'),
            ({'src': 'web', 'order': 'desc', 'limit': 2}, 'four three'), ({'src': 'web', 'range': '24h'}, 'one Two three four'),
            ({'src': 'web', 'last_ms': 8000}, 'Two three four'), ({'src': 'web', 'run_id': 99}, ''), ({'src': 'web', 'job_id': 5}, ''),
            ({'src': 'web', 'context': 0, 'limit': 3}, 'one Two three')]:
        assert found(bundle, **query) == expected.split(), query
    for bad in [{'level': 'x'}, {'from': 'x'}, {'regex': '('}, {'stream': 'x'}, {'order': 'x'}, {'range': '1d'}, {'limit': 0},
                {'limit': 1001}, {'cursor': 'x'}, {'job_id': 0}]:
        fails(bundle, -32602, 'logs.query', **bad)
    insert(bundle, 'bad', 'a' * 5000 + '!')
    assert found(bundle, src='bad', regex='(a+)+$') == [], 'a hostile pattern ends'


def test_formats(bundle):
    insert(bundle, 'web.main', 'one', 'two', 'three')
    assert call(bundle, 'logs.get', src='web', limit=2)[0]['content'] == 'one'
    assert [entry['content'] for entry in call(bundle, 'logs.filter', src='web', order='desc', limit=2)] == ['two', 'three']
    assert [entry['content'] for entry in call(bundle, 'logs.tail', 'web', 2)] == ['two', 'three']
    text, = call(bundle, 'logs.tail', src='web', lines=1, format='text')
    assert text.split(' ', 1)[0].isdigit() and text.endswith(' [api] three')
    record, = call(bundle, 'logs.tail', src='web', lines=1, format='zinit')
    assert record == {'timestamp_ms': int(text.split()[0]), 'service': 'web', 'stream': 'api', 'content': 'three'}
    fails(bundle, -32602, 'logs.tail', format='xml')
    define(bundle, 'talk', 'echo hello; echo "error: no" >&2', restart='never')
    call(bundle, 'service.start', name='talk')
    wait_status(bundle, 'talk', state='exited')
    call(bundle, 'logs.flush')
    entries = hero.wait_for(lambda: len(e := call(bundle, 'service.logs', 'talk')) == 2 and e, 'both lines are there')
    assert sorted((e['content'], e['level'], e['stream'], e['job_id']) for e in entries) == [
        ('error: no', 254, 'stderr', 1), ('hello', 10, 'stdout', 1)]
    run = call(bundle, 'service.start', name='talk')['run_id']
    hero.wait_for(lambda: len(call(bundle, 'service.logs', name='talk', run_id=run)) == 2, 'only of the newest run')
    fails(bundle, -32000, 'service.logs', name='nobody')


def test_sources(bundle):
    insert(bundle, 'app.web.api', 'x' * 100, 'y')
    insert(bundle, 'app', 'z')
    sources = {source['src']: source for source in call(bundle, 'logs.sources')}
    host = f'hero_bundle.{SERVICE}'
    assert {'app.web.api', 'app', host} <= sources.keys(), 'what the host writes can be read'
    one = sources['app.web.api']
    assert one['lines'] == 2 and one['segments'] == 1 and one['bytes'] == log_file(bundle, 'app.web.api').stat().st_size
    assert one['first_epoch'] <= one['last_epoch'] <= time.time() and one['dropped_lines'] == one['dropped_bytes'] == 0
    assert 0 < one['rate_1m'] <= 2
    assert found(bundle, src=host, limit=1)
    tree = [(node['depth'], node['part'], node['src']) for node in call(bundle, 'logs.tree', prefix='app')]
    assert tree == [(0, 'app', 'app'), (1, 'web', 'app.web'), (2, 'api', 'app.web.api')]
    stats = call(bundle, 'logs.stats')
    assert stats['written_lines'] == 3 and stats['queued'] == 0 and stats['dropped_total'] == 0 and not stats['disk_guard']
    assert stats.keys() == {'queued', 'queued_bytes', 'written_lines', 'written_bytes', 'dropped_total', 'dropped_rate',
                            'dropped_queue', 'dropped_disk', 'flush_ms', 'disk_bytes', 'disk_guard'}


def test_rotate_and_delete(bundle):
    insert(bundle, 'app.a', 'one', 'two')
    page = call(bundle, 'logs.query', src='app', limit=1)
    call(bundle, 'logs.rotate', src='app')
    insert(bundle, 'app.a', 'three')
    assert log_file(bundle, 'app.a').with_suffix('.log.1').exists()
    more = call(bundle, 'logs.query', src='app', cursor=page['next_cursor'])
    assert [e['content'] for e in more['entries']] == ['two', 'three'] and not more['gap']
    back = call(bundle, 'logs.query', src='app', cursor=more['entries'][-1]['cursor'], order='desc')
    assert [e['content'] for e in back['entries']] == ['two', 'one']
    insert(bundle, 'other', 'stays')
    host = sum(f.stat().st_size for f in (bundle.data / 'logs' / 'hero_bundle').iterdir())
    assert fails(bundle, -32018, 'logs.delete').data['code_name'] == 'confirmation_required'
    assert call(bundle, 'logs.delete', src='app', before=1)['deleted_segments'] == 0
    answer = call(bundle, 'logs.clean', src='app')
    assert answer['ok'] and answer['deleted_segments'] == 2 and answer['deleted_bytes'] > 50
    assert found(bundle, src='app') == [] and found(bundle, src='other') == ['stays']
    gone = call(bundle, 'logs.query', src='app', cursor=page['next_cursor'])
    assert gone['gap'] and gone['entries'] == []
    call(bundle, 'logs.delete', confirm=True)
    assert found(bundle, src='other') == []
    assert sum(f.stat().st_size for f in (bundle.data / 'logs' / 'hero_bundle').iterdir()) >= host
    assert not [s for s in call(bundle, 'logs.sources') if not s['src'].startswith('hero_bundle')]


def test_contexts(bundle):
    call(bundle, 'context.set', id=5, name='five')
    insert(bundle, 'mine', 'public')
    insert(bundle, 'five', 'private', context=5)

    def as_five(method, **params):
        return bundle.rpc(SERVICE, method, params, headers={'X-Hero-Context': '5'})
    assert [e['content'] for e in as_five('logs.query')['entries']] == ['private']
    assert [s['src'] for s in as_five('logs.sources')] == ['five']
    assert as_five('logs.insert', src='five', content='by me')['inserted'] == 1
    for method, params in [('logs.query', {'context': 0}), ('logs.delete', {'confirm': True}), ('logs.rotate', {})]:
        with pytest.raises(hero.RpcError) as caught:
            as_five(method, **params)
        assert caught.value.code == -32094
    with pytest.raises(hero.RpcError):
        as_five('logs.insert', src='x', content='x', context=0)


def test_rate(slow_bundle):
    """Beyond the burst lines are dropped, counted, and told of in the source itself."""
    bundle = slow_bundle
    answers = [call(bundle, 'logs.insert', entries=[{'src': 'loud', 'content': f'{i}'} for i in range(1000)]) for _ in range(9)]
    dropped = sum(answer['dropped'] for answer in answers)
    assert 4000 <= dropped <= 9000 - 250 and all(a['inserted'] + a['dropped'] == 1000 for a in answers)
    insert(bundle, 'quiet', 'word')
    assert call(bundle, 'logs.stats')['dropped_rate'] == dropped == bundle.get_json(SERVICE, '/health')['log_dropped_total']
    source, = call(bundle, 'logs.sources', prefix='loud')
    assert source['dropped_lines'] == dropped and source['lines'] >= 9000 - dropped
    summary = hero.wait_for(lambda: call(bundle, 'logs.query', src='loud', tag='dropped')['entries'], 'it is told')
    assert sum(int(entry['tags']['dropped']) for entry in summary) == dropped and summary[0]['level'] == 30


def test_outage(top):
    """Check 3: ten lines a second, five seconds without hero_proc: all of them are there, in order."""
    with logs(top) as bundle:
        bundle.wait_ready()
        define(bundle, 'count', 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done')
        start(bundle, 'count')
        hero.wait_for(lambda: len(lines(bundle, 'count')) > 5, 'it counts')
        time.sleep(0.5)
        crash(bundle)
    time.sleep(5)
    (top / 'out').unlink()
    with logs(top) as bundle:
        bundle.wait_ready()
        seen = hero.wait_for(lambda: len(s := [int(line) for line in lines(bundle, 'count')]) > 60 and s, 'the outage is told')
        assert seen == sorted(set(seen)) and len(set(range(1, seen[-1] + 1)) - set(seen)) <= 2
        stop_all(bundle)


def test_noisy_child(top):
    """Check 7: hundreds of MB from one child: memory stays, drops are counted, the neighbour loses nothing."""
    size = 500 if FULL else 120
    with logs(top) as bundle:
        bundle.wait_ready()
        define(bundle, 'quiet', 'i=0; while [ $i -lt 80 ]; do i=$((i+1)); echo $i; sleep 0.1; done', restart='never')
        define(bundle, 'loud', f'yes "nothing but noise, over and over again, nothing but noise" | head -c {size}M', restart='never')
        start(bundle, 'quiet')
        before = rss(service_pid(bundle))
        call(bundle, 'service.start', name='loud')
        peak = before
        while call(bundle, 'service.status', 'loud')['state'] not in ('exited', 'success', 'failed'):
            peak = max(peak, rss(service_pid(bundle)))
            time.sleep(0.05)
        if 'ASAN_OPTIONS' not in os.environ:  # which keeps what is freed, to find who still uses it
            assert peak - before < 32 << 20
        wait_status(bundle, 'quiet', state='exited')
        hero.wait_for(lambda: lines(bundle, 'quiet') == [str(i) for i in range(1, 81)], 'the quiet one was heard')
        stats = call(bundle, 'logs.stats')
        assert stats['dropped_total'] > size * 10000 and stats['dropped_queue'] == 0
        stop_all(bundle)


def test_small_disk_share(top):
    """Check 8: a child that never stops shouting fits into log_total_max_mb, and calls stay quick."""
    with logs(top, log_total_max_mb=8, log_rate_lines=1000000, log_rate_kb=1000000) as bundle:
        bundle.wait_ready()
        define(bundle, 'yes', 'exec yes "over and over again, nothing but noise"')
        start(bundle, 'yes')
        slowest, begun_at = 0, time.monotonic()
        until, written = begun_at + (60 if FULL else 6), 0
        while time.monotonic() < until or written < 16 << 20:  # until the limit was met, however slow the machine is
            assert time.monotonic() < begun_at + 120
            written = call(bundle, 'logs.stats')['written_bytes']
            begun = time.monotonic()
            call(bundle, 'service.status', 'yes')
            call(bundle, 'logs.tail', src='yes', lines=10)
            slowest = max(slowest, time.monotonic() - begun)
            kept = sum(f.stat().st_size for f in (bundle.data / 'logs' / 'yes').rglob('*.log*') if f.exists())
            assert kept < 10 << 20
            time.sleep(0.1)
        assert slowest < 2
        stop_all(bundle)


class Stream:
    """A reader of /api/logs/events."""

    def __init__(self, bundle, query='', headers=None):
        self.connection = hero.UnixConnection(bundle.path(SERVICE))
        self.connection.request('GET', f'/api/logs/events?{query}', headers=headers or {})
        self.response = self.connection.getresponse()
        assert self.response.status == 200
        self.next()  # hello: the stream stands

    def next(self):
        """(event, id, data) of the next event."""
        event = ident = None
        while True:
            line = self.response.readline().decode().rstrip('\n')
            if line.startswith('event: '):
                event = line[7:]
            elif line.startswith('id: '):
                ident = int(line[4:])
            elif line.startswith('data: '):
                return event, ident, json.loads(line[6:])['data']

    def close(self):
        self.connection.close()


def test_follow(bundle):
    everything, errors, five = Stream(bundle), Stream(bundle, 'src=web&level=error&text=BROKEN'), Stream(bundle, headers={'X-Hero-Context': '5'})
    insert(bundle, 'web.main', 'fine')
    insert(bundle, 'web.main', 'broken glass', level='error')
    insert(bundle, 'web2', 'broken too', level='error', context=5)
    seen = [everything.next() for _ in range(3)]
    assert [(event, data['content']) for event, _, data in seen] == [
        ('log.line', 'fine'), ('log.line', 'broken glass'), ('log.line', 'broken too')]
    assert [ident for _, ident, _ in seen] == sorted({ident for _, ident, _ in seen})
    assert errors.next()[2] == seen[1][2] == call(bundle, 'logs.query', text='glass')['entries'][0], 'a whole LogEntry, cursor too'
    assert five.next()[2]['content'] == 'broken too'
    everything.close()
    insert(bundle, 'web.main', 'meanwhile')
    again = Stream(bundle, f'last_event_id={seen[0][1]}')
    assert [again.next()[2]['content'] for _ in range(3)] == ['broken glass', 'broken too', 'meanwhile']
    new = Stream(bundle, f'src=db&last_event_id={seen[0][1]}')
    assert new.next()[0] == 'gap', 'nobody asked for these before: what went by is not known'
    for stream in (errors, five, again, new):
        stream.close()
    for query in ('level=loud', 'job_id=x', 'context=nowhere'):
        assert bundle.get(SERVICE, f'/api/logs/events?{query}')[0] == 400


def test_slow_follower(bundle):
    """A reader that does not read costs itself: a quick one gets all, the slow one is told of the gap."""
    slow, quick = Stream(bundle, 'src=bulk'), Stream(bundle, 'src=bulk')
    seen = []

    def read():
        while len(seen) < 3000:
            event, _, data = quick.next()
            assert event == 'log.line', 'no gap here'
            seen.append(data['content'])
    thread = threading.Thread(target=read)
    thread.start()
    for i in range(30):
        call(bundle, 'logs.insert', entries=[{'src': 'bulk', 'content': f'{i * 100 + j} ' + 'x' * 2000} for j in range(100)])
        hero.wait_for(lambda: len(seen) >= i * 100 - 100 or not thread.is_alive(), 'the quick one follows')
    thread.join(hero.WAIT_S)
    assert [int(text.split()[0]) for text in seen] == list(range(3000))
    events = [slow.next()[0]]
    while events[-1] != 'gap':
        events.append(slow.next()[0])
    assert len(events) < 2000
    slow.close()
    quick.close()


def test_dropped_event(slow_bundle):
    stream = Stream(slow_bundle, 'types=log.dropped')
    call(slow_bundle, 'logs.insert', entries=[{'src': 'loud', 'content': 'x'}] * 1000)
    event, _, data = stream.next()
    assert event == 'log.dropped' and data['src'] == 'loud' and data['lines'] > 0
    stream.close()


def test_page(bundle):
    insert(bundle, 'web.main', '<b>hello</b>')
    insert(bundle, 'db', 'quiet', level='debug')
    _, _, body = bundle.get(SERVICE, '/output?src=web&level=10&range=today', role='admin')
    page = body.decode()
    assert '&lt;b&gt;hello' in page and 'quiet' not in page and '/output?src=db' in page and 'logs.js' in page
