"""RESP as bytes, for tests that look at every one of them."""
import socket

import hero


class Resp:
    """One connection: a path, or (host, port)."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.connect(address)  # waits while the backlog is full, which a socket with a timeout would not
        self.socket.settimeout(hero.WAIT_S)
        self.buffer = b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def try_send(self, data):
        """Some bytes to a peer that may have hung up."""
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def send_command(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.send(b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(word), word) for word in words))

    def command(self, *words):
        """Sends one command and reads its reply as it came."""
        self.send_command(*words)
        return self.read_reply()

    def _more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise EOFError
        self.buffer += data

    def read(self, length):
        parts, got = [self.buffer], len(self.buffer)
        while got < length:
            data = self.socket.recv(1 << 20)
            if not data:
                raise EOFError
            parts.append(data)
            got += len(data)
        whole = b''.join(parts)
        self.buffer = whole[length:]
        return whole[:length]

    def read_line(self):
        while b'\r\n' not in self.buffer:
            self._more()
        line, self.buffer = self.buffer.split(b'\r\n', 1)
        return line

    def read_all(self):
        """Until the peer closes."""
        data = self.buffer
        self.buffer = b''
        try:
            while more := self.socket.recv(1 << 20):
                data += more
        except ConnectionResetError:
            pass
        return data

    def read_reply(self):
        """One whole reply: (kind, value), aggregates with a list of such."""
        line = self.read_line()
        kind, rest = line[:1], line[1:]
        if kind in b'$=':
            return kind, None if rest == b'-1' else self.read(int(rest) + 2)[:-2]
        if kind in b'*~>':
            return kind, None if rest == b'-1' else [self.read_reply() for _ in range(int(rest))]
        if kind == b'%':
            return kind, [self.read_reply() for _ in range(2 * int(rest))]
        return kind, rest
