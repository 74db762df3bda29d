"""The whole bundle is killed while clients write to three of its services: nothing that was acknowledged is lost."""
import base64
import random
import shutil
import socket
import tempfile
import threading
import time

import hero

ROUNDS = 6


class Writer(threading.Thread):
    """Writes one item after the other until the bundle is gone, and keeps what was acknowledged."""

    def __init__(self, write, round_number):
        super().__init__(daemon=True)
        self.write = write
        self.round = round_number
        self.acknowledged = []

    def run(self):
        for number in range(10 ** 6):
            item = f'r{self.round}n{number}'
            try:
                self.write(item)
            except (OSError, EOFError, hero.http.client.HTTPException):
                return
            self.acknowledged.append(item)


class RespClient:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(hero.WAIT_S)
        self.socket.connect(str(path))
        self.reader = self.socket.makefile('rb')

    def __call__(self, line):
        self.socket.sendall(line.encode() + b'\r\n')
        answer = self.reader.readline()
        if not answer:
            raise EOFError
        assert not answer.startswith(b'-'), answer
        return answer


def writers(bundle, number):
    resp = RespClient(bundle.path('hero_db', 'resp'))
    topic = lambda item: base64.b64encode(item.encode()).decode()
    return {
        'hero_db': Writer(lambda item: resp(f'SET {item} {item}'), number),
        'mycelium': Writer(lambda item: bundle.rpc('mycelium', 'addTopic', {'topic': topic(item)}), number),
        'hero_proc': Writer(lambda item: bundle.rpc('hero_proc', 'service.set', {'name': item, 'exec': 'true'}), number),
    }


def stored(bundle, service):
    if service == 'hero_db':
        resp = RespClient(bundle.path('hero_db', 'resp'))
        return lambda item: resp(f'EXISTS {item}') == b':1\r\n'
    if service == 'mycelium':
        topics = {base64.b64decode(topic).decode() for topic in bundle.rpc('mycelium', 'getTopics')}
        return topics.__contains__
    names = {entry if isinstance(entry, str) else entry['name'] for entry in bundle.rpc('hero_proc', 'service.list')}
    return names.__contains__


def test_nothing_acknowledged_is_lost():
    top = tempfile.mkdtemp(prefix='hb', dir='/tmp')
    tables = {'': {'stagger_ms': 0}, 'hero_indexer': {'enabled': False}, 'hero_code': {'enabled': False}}
    acknowledged = {'hero_db': [], 'mycelium': [], 'hero_proc': []}
    try:
        for number in range(ROUNDS):
            with hero.Bundle(tables, top=top) as bundle:
                bundle.wait_ready()
                at_work = writers(bundle, number)
                for writer in at_work.values():
                    writer.start()
                # Everybody has something to lose before the end comes, at no chosen moment.
                hero.wait_for(lambda: all(len(writer.acknowledged) > 2 for writer in at_work.values()), 'all write')
                time.sleep(random.uniform(0, 0.4))
                bundle.process.kill()
                bundle.process.wait()
                for service, writer in at_work.items():
                    writer.join()
                    acknowledged[service] += writer.acknowledged
        with hero.Bundle(tables, top=top) as bundle:
            bundle.wait_ready()
            for service, items in acknowledged.items():
                is_stored = stored(bundle, service)
                assert [item for item in items if not is_stored(item)] == [], service
                assert len(items) > 2 * ROUNDS
            assert bundle.stop() == 0
    finally:
        shutil.rmtree(top)
