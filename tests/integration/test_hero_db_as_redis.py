"""The same commands to hero_db and to Debian's redis-server: no reply may differ, but where Redis 7.2 differs from 7.0 or the
contract says so."""
import random
import shutil
import subprocess
import tempfile

import pytest

import hero
from resp import Resp

NAMES = [b'a', b'b', b'c', b'd', b'{x}', b'\x00\xff', b'']
VALUES = [b'', b'0', b'1', b'-1', b'10', b'abc', b'3.5', b'1e3', b' 1', b'01', b'9223372036854775807', b'-9223372036854775808',
          b'99999999999999999999', b'x' * 100, b'\r\n', b'nan', b'inf', b'0x10', b'+5', b'-0']
NUMBERS = [b'0', b'1', b'-1', b'2', b'5', b'100', b'-100', b'9223372036854775807', b'-9223372036854775808', b'x', b'', b'1.5', b'007']
ENDS = [b'500000', b'1000000', b'-5', b'0', b'x', b'9223372036854775807', b'99999999999', b'33177117420']
FLOATS = [b'1', b'-1', b'0.5', b'1.25', b'3.0e2', b'x', b'', b'inf', b'nan', b'1e400', b'-0.0', b'0.1']


@pytest.fixture(scope='module')
def servers():
    """(hero_db's socket, redis-server's socket)"""
    top = tempfile.mkdtemp(prefix='hb', dir='/tmp')
    other = subprocess.Popen(['redis-server', '--port', '0', '--unixsocket', f'{top}/r.sock', '--save', '', '--dir', top,
                              '--databases', '1000'], stdout=subprocess.DEVNULL)
    try:
        with hero.Bundle(name='hero_db_server') as ours:
            ours.wait_ready()
            hero.wait_for(lambda: subprocess.run(['redis-cli', '-s', f'{top}/r.sock', 'ping'], capture_output=True).returncode == 0, 'redis-server')
            yield str(ours.path('hero_db', 'resp')), f'{top}/r.sock'
    finally:
        other.kill()
        other.wait()
        shutil.rmtree(top)


@pytest.fixture(params=[2, 3])
def peers(servers, request):
    with Resp(servers[0]) as ours, Resp(servers[1]) as redis:
        for peer in (ours, redis):
            assert peer.command('HELLO', request.param)
            assert peer.command('FLUSHALL') == (b'+', b'OK')
        yield ours, redis


def random_command(rng):
    name, value, number = (lambda: rng.choice(NAMES)), (lambda: rng.choice(VALUES)), (lambda: rng.choice(NUMBERS))
    end, some = (lambda: rng.choice(ENDS)), (lambda make, most=3: [make() for _ in range(rng.randrange(1, most + 1))])
    set_option = lambda: rng.choice([['NX'], ['XX'], ['GET'], ['KEEPTTL'], ['EX', end()], ['PX', end()], ['EXAT', end()], ['PXAT', end()],
                                     ['EX'], ['foo'], ['nx']])
    options = lambda make: [word for _ in range(rng.randrange(3)) for word in make()]
    return rng.choice([
        lambda: ['SET', name(), value(), *options(set_option)],
        lambda: ['SET', name(), value()],
        lambda: ['GET', name()],
        lambda: ['GETSET', name(), value()],
        lambda: ['GETDEL', name()],
        lambda: ['GETEX', name(), *options(lambda: rng.choice([['PERSIST'], ['EX', end()], ['PXAT', end()], ['KEEPTTL'], ['EX']]))],
        lambda: ['SETNX', name(), value()],
        lambda: [rng.choice(['SETEX', 'PSETEX']), name(), end(), value()],
        lambda: ['STRLEN', name()],
        lambda: ['APPEND', name(), value()],
        lambda: [rng.choice(['GETRANGE', 'SUBSTR']), name(), number(), number()],
        lambda: ['SETRANGE', name(), rng.choice([b'0', b'3', b'-1', b'9223372036854775807', b'600000000', b'x']), value()],
        lambda: [rng.choice(['INCR', 'DECR']), name()],
        lambda: [rng.choice(['INCRBY', 'DECRBY']), name(), number()],
        lambda: ['INCRBYFLOAT', name(), rng.choice(FLOATS)],
        lambda: ['MGET', *some(name)],
        lambda: [rng.choice(['MSET', 'MSETNX']), *[word for _ in range(rng.randrange(1, 3)) for word in (name(), value())]],
        lambda: ['MSET', name()],
        lambda: [rng.choice(['DEL', 'UNLINK', 'EXISTS', 'TOUCH']), *some(name)],
        lambda: [rng.choice(['EXPIRE', 'PEXPIRE', 'EXPIREAT', 'PEXPIREAT']), name(), end(), *options(lambda: [rng.choice(['NX', 'XX', 'GT', 'LT', 'foo'])])],
        lambda: [rng.choice(['EXPIRETIME', 'PEXPIRETIME', 'TTL', 'PTTL', 'PERSIST', 'TYPE']), name()],
        lambda: [rng.choice(['RENAME', 'RENAMENX']), name(), name()],
        lambda: ['COPY', name(), name(), *options(lambda: rng.choice([['REPLACE'], ['DB', rng.choice([b'0', b'1', b'1000', b'x'])], ['foo']]))],
        lambda: ['MOVE', name(), rng.choice([b'0', b'1', b'1000', b'-1', b'x'])],
        lambda: ['SELECT', rng.choice([b'0', b'0', b'1', b'1000', b'-1', b'x', b'99999999999'])],
        lambda: ['KEYS', rng.choice([b'*', b'?', b'[ab]', b'[^a]', b'*x*', b'\\*', b'', b'a'])],
        lambda: ['DBSIZE'],
        lambda: ['ECHO', value()],
        lambda: ['PING', *options(lambda: [value()])],
        lambda: [rng.choice(['FLUSHDB', 'FLUSHALL']), rng.choice(['ASYNC', 'SYNC', 'foo'])] if rng.random() < 0.05 else ['DBSIZE'],
        lambda: [rng.choice([b'foo', b'LOLX', b'']), *options(lambda: [value()])],
        lambda: [rng.choice(['GET', 'SET', 'INCR', 'SCAN', 'CONFIG', 'CLIENT', 'EXPIRE', 'HELLO', 'SELECT', 'TIME', 'COMMAND'])] + ['x'] * rng.randrange(5, 8),
        lambda: ['CONFIG', rng.choice(['foo', 'GET'])],
        lambda: ['CLIENT', rng.choice(['foo', 'GETNAME', 'ID', 'SETNAME']), 'x', 'y'],
        lambda: ['SCAN', '0', *options(lambda: rng.choice([['COUNT', number()], ['MATCH', '*'], ['TYPE', 'string'], ['foo'], ['COUNT']]))],
        lambda: ['SCAN', rng.choice([b'x', b' 1', b'99999999999999999999'])],
    ])()


def comparable(words, reply):
    """What must be equal: without the order of keys, cursors, and the milliseconds between two servers."""
    kind, value = reply
    command = words[0]
    if kind == b'-' or command in ('ECHO', 'PING'):
        return reply
    if command == 'KEYS':
        return kind, sorted(value)
    if command == 'SCAN':
        return kind, 'a page'
    if command == 'DBSIZE':
        return kind, 'a number'  # Redis counts ended keys until it meets them
    if command in ('TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME') and int(value) > 0:
        return kind, 'some time'
    if command == 'CLIENT' and kind == b':':
        return kind, 'a number'  # of the connection
    return reply


@pytest.mark.parametrize('seed', range(4))
def test_random_commands(peers, seed):
    rng = random.Random(seed)
    ours, redis = peers
    for _ in range(100):
        batch = [random_command(rng) for _ in range(50)]
        for peer in peers:
            for words in batch:
                peer.send_command(*words)
        for words in batch:
            got, expected = ours.read_reply(), redis.read_reply()
            assert comparable(words, got) == comparable(words, expected), (words, got, expected)


def test_globs(peers):
    """KEYS finds what Redis finds, whatever the pattern."""
    rng = random.Random(3)
    ours, redis = peers
    names = {bytes(rng.choices(b'abc-]^\\*?[\xff', k=rng.randrange(1, 6))) for _ in range(300)}
    for peer in (ours, redis):
        assert peer.command('MSET', *[word for name in sorted(names) for word in (name, b'1')]) == (b'+', b'OK')
    for _ in range(1500):
        pattern = bytes(rng.choices(b'abc-]^\\*?[\xff', k=rng.randrange(1, 8)))
        assert sorted(ours.command('KEYS', pattern)[1]) == sorted(redis.command('KEYS', pattern)[1]), pattern


def by_name(reply):
    return {entry[1][0][1]: entry[1] for entry in reply[1]}


def test_command_table(peers):
    """Arity, flags, keys, categories and tips of each command are Redis's."""
    ours, redis = peers
    mine, theirs = by_name(ours.command('COMMAND')), by_name(redis.command('COMMAND'))
    assert set(mine) <= set(theirs)
    for name, entry in mine.items():
        for column in (1, 3, 4, 5):
            assert entry[column] == theirs[name][column], (name, column)
        for column in (2, 6, 7):
            assert sorted(entry[column][1]) == sorted(theirs[name][column][1]), (name, column)
        mine_below, theirs_below = by_name(entry[9]), by_name(theirs[name][9])
        for below in set(mine_below) & set(theirs_below):
            for column in (1, 3, 4, 5):
                assert mine_below[below][column] == theirs_below[below][column], below
            for column in (2, 6, 7):
                assert sorted(mine_below[below][column][1]) == sorted(theirs_below[below][column][1]), (below, column)


def test_key_specs(peers):
    """Where the keys stand: as Redis says it, but for its remarks in words."""
    ours, redis = peers
    for name, entry in by_name(ours.command('COMMAND')).items():
        theirs = by_name(redis.command('COMMAND'))[name]
        without_notes = [spec[1][-6:] for spec in theirs[8][1]]
        assert [normal(spec[1]) for spec in entry[8][1]] == [normal(spec) for spec in without_notes], name


def normal(spec):
    return [(kind, sorted(value)) if kind == b'~' else (kind, value) for kind, value in spec]
