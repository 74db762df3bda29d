"""A bundle (or a program for one service) under test, as a black box: started in a home of its own, talked to over its
sockets, stopped by signal. Only the standard library. Everything a test writes lies in one short directory below /tmp,
since the path of a socket has at most 107 bytes.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SERVICES = ['mycelium', 'hero_db', 'hero_indexer', 'hero_code', 'hero_proc', 'hero_router']
PROGRAMS = {'mycelium': 'mycelium_server_msg', 'hero_db': 'hero_db_server', 'hero_indexer': 'hero_indexer_server',
            'hero_code': 'hero_code_server', 'hero_proc': 'hero_proc_server', 'hero_router': 'hero_router'}
WAIT_S = 60  # for what takes a moment; long, since a test machine may be busy

BUILD = pathlib.Path(os.environ.get('HERO_BUILD', pathlib.Path(__file__).resolve().parent.parent.parent / 'build'))

# Nothing of a test may need a port that somebody else has.
PORTS = {'hero_db': {'port': 0}, 'hero_router': {'bind': '127.0.0.1:0'}}


def program(name):
    """The path of a program of the build tree."""
    return str(BUILD / 'host' / name)


def toml(tables):
    """Keys and tables as text: {'': {'banner': True}, 'hero_db': {'port': 0}}."""
    lines = []
    for table, keys in sorted(tables.items(), key=lambda item: item[0] != ''):
        lines += [f'[{table}]'] if table else []
        lines += [f'{key} = {json.dumps(value)}' for key, value in keys.items()]
    return '\n'.join(lines) + '\n'


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout=WAIT_S):
        super().__init__('localhost', timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def request(path, method='GET', target='/', body=None, headers=None, timeout=WAIT_S):
    """(status, headers, body) of one request over a Unix socket."""
    connection = UnixConnection(path, timeout)
    try:
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def listening_tcp(pid):
    """Local ports on which a process listens."""
    inodes = set()
    for fd in os.scandir(f'/proc/{pid}/fd'):
        try:
            target = os.readlink(fd.path)
        except OSError:
            continue
        if target.startswith('socket:['):
            inodes.add(target[8:-1])
    ports = []
    for table in ('tcp', 'tcp6'):
        with open(f'/proc/{pid}/net/{table}') as lines:
            for line in list(lines)[1:]:
                fields = line.split()
                if fields[3] == '0A' and fields[9] in inodes:
                    ports.append(int(fields[1].rsplit(':', 1)[1], 16))
    return ports


class RpcError(Exception):
    """The error object of a JSON-RPC answer."""

    def __init__(self, error):
        super().__init__(f'{error["code"]} {error["message"]}')
        self.code = error['code']
        self.data = error.get('data', {})


def wait_for(condition, what, timeout=WAIT_S):
    """The first true value that `condition` gives."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'waited {timeout} s in vain: {what}')
        time.sleep(0.02)


def accepts(path):
    """Whether somebody listens there; a socket file alone says only that it is bound."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


class Bundle:
    """A program running in an environment of its own.

    tables    the configuration file, see toml(); ports are made free ones; False = no file is named
    name      the program
    args      further arguments
    env       further environment variables; a value of None takes one away
    top       a directory to go on in (a second life of the same data); kept then
    """

    def __init__(self, tables=None, name='hero_bundle', args=(), env=None, top=None, text=None):
        self.keep = top is not None
        self.top = pathlib.Path(top or tempfile.mkdtemp(prefix='hb', dir='/tmp'))
        self.home = self.top / 'h'
        self.sockets = self.top / 's'
        self.data = self.top / 'v'
        self.config = self.top / 'c.toml'
        self.home.mkdir(exist_ok=True)
        self.program = name
        self.env = {'PATH': os.environ['PATH'], 'HOME': str(self.home), 'USER': 'hero', 'HERO_SOCKET_DIR': str(self.sockets),
                    'PATH_VAR': str(self.data), 'LANG': 'C.UTF-8', **(env or {})}
        self.env = {key: value for key, value in self.env.items() if value is not None}
        for key in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS', 'LD_LIBRARY_PATH'):
            if key in os.environ:
                self.env.setdefault(key, os.environ[key])
        self.args = [program(name) if '/' not in name else name]
        if tables is not False:
            merged = {'': {}, **{table: dict(keys) for table, keys in PORTS.items()}}
            for table, keys in (tables or {}).items():
                merged.setdefault(table, {}).update(keys)
            self.config.write_text(text if text is not None else toml(merged))
            self.args += ['--config', str(self.config)]
        self.args += list(args)
        self.out_path, self.err_path = self.top / 'out', self.top / 'err'
        self.begun = len(self.out)  # an earlier life of the same directory wrote there too
        self.process = None

    # ---- life

    def start(self, pass_fds=()):
        self.begun = len(self.out)  # an earlier life of the same directory wrote there too
        with open(self.out_path, 'ab') as out, open(self.err_path, 'ab') as err:
            self.process = subprocess.Popen(self.args, env=self.env, stdout=out, stderr=err, cwd=self.top,
                                            stdin=subprocess.DEVNULL, pass_fds=pass_fds)
        return self

    def run(self, timeout=WAIT_S):
        """The exit code of a program that ends by itself."""
        self.start()
        return self.process.wait(timeout)

    def stop(self, number=signal.SIGTERM, timeout=WAIT_S):
        self.process.send_signal(number)
        return self.process.wait(timeout)

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, kind, value, trace):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind is not None:
            print(f'--- standard output of {self.program}\n{self.out}\n--- standard error\n{self.err}')
        if not self.keep:
            shutil.rmtree(self.top, ignore_errors=True)

    def wait_ready(self):
        """Until the start sequence is over, which the last line of the banner says."""
        def over():
            if self.process.poll() is not None:
                raise AssertionError(f'{self.program} ended with {self.process.returncode}:\n{self.out}\n{self.err}')
            out = self.out[self.begun:]
            return re.search(rf'^{self.program} ready: ', out, re.M) or '"event":"banner"' in out
        wait_for(over, f'{self.program} is ready')
        return self

    @property
    def out(self):
        return self.out_path.read_text(errors='replace') if self.out_path.exists() else ''

    @property
    def err(self):
        return self.err_path.read_text(errors='replace') if self.err_path.exists() else ''

    @property
    def pid(self):
        return self.process.pid

    # ---- sockets

    def path(self, service, role='rpc'):
        return self.sockets / service / f'{role}.sock'

    def public_sockets(self):
        """{'hero_db/rpc.sock', ..}: what clients may see; a leading dot is a service's own."""
        return {path for path in self.all_sockets() if not any(part.startswith('.') for part in path.split('/'))}

    def all_sockets(self):
        return {str(path.relative_to(self.sockets)) for path in self.sockets.rglob('*') if path.is_socket()}

    def get(self, service, target, role='rpc', **more):
        return request(self.path(service, role), 'GET', target, **more)

    def get_json(self, service, target, role='rpc'):
        status, _, body = self.get(service, target, role)
        assert status == 200, (service, target, status, body)
        return json.loads(body)

    def rpc(self, service, method, params=None, headers=None, role='rpc'):
        """The result of one call; RpcError if it has none."""
        call = {'jsonrpc': '2.0', 'id': 1, 'method': method, **({} if params is None else {'params': params})}
        status, _, body = request(self.path(service, role), 'POST', '/rpc', json.dumps(call),
                                  {'Content-Type': 'application/json', **(headers or {})})
        assert status == 200, (service, method, status, body)
        answer = json.loads(body)
        if 'error' in answer:
            raise RpcError(answer['error'])
        return answer['result']

    def status(self, name=None):
        """host.status, or the entry of one service."""
        status = self.rpc('hero_bundle', 'host.status')
        if name is None:
            return status
        return next(service for service in status['services'] if service['name'] == name)

    def wait_state(self, name, *states):
        return wait_for(lambda: (s := self.status(name))['state'] in states and s, f'{name} is {" or ".join(states)}')


def template(tables=None, **keys):
    """A configuration in which only the template plugin runs, as the service of that name."""
    merged = {**{service: {'enabled': False} for service in SERVICES}, 'template': {'plugin': 'template.so', **keys}}
    for table, more in (tables or {}).items():
        merged[table] = {**merged.get(table, {}), **more}
    return merged
