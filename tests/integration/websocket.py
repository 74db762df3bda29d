"""A strict WebSocket client (RFC 6455) over a Unix socket, with the standard library only: whatever a server may not do fails
the test."""
import base64
import hashlib
import os
import socket
import struct
import time

GUID = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """Another answer than 101."""

    def __init__(self, status, headers, body):
        super().__init__(status, body)
        self.status, self.headers, self.body = status, headers, body


class Closed(Exception):
    """The server has closed, with these words; code None: without any."""

    def __init__(self, code, reason):
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class WebSocket:
    def __init__(self, path, target, headers=None, protocols=(), timeout=60, receive_buffer=None):
        self.socket = socket.socket(socket.AF_UNIX)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.input = self.socket.makefile('rb')
        key = base64.b64encode(os.urandom(16))
        lines = {'Host': 'localhost', 'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Version': '13',
                 'Sec-WebSocket-Key': key.decode(), **(headers or {})}
        if protocols:
            lines['Sec-WebSocket-Protocol'] = ', '.join(protocols)
        self.socket.sendall((f'GET {target} HTTP/1.1\r\n' + ''.join(f'{n}: {v}\r\n' for n, v in lines.items()) + '\r\n').encode())
        try:
            self.protocol = self._read_answer(key, protocols)
        except BaseException:
            self.drop()
            raise

    def _read_answer(self, key, protocols):
        status = int(self.input.readline().split()[1])
        headers = {}
        while (line := self.input.readline().rstrip(b'\r\n')):
            name, value = line.decode().split(':', 1)
            headers[name.strip().lower()] = value.strip()
        if status != 101:
            raise Refused(status, headers, self.input.read(min(int(headers.get("content-length", 0)), 1000)))
        assert headers['upgrade'].lower() == 'websocket' and headers['connection'].lower() == 'upgrade', headers
        assert headers['sec-websocket-accept'] == base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        assert 'sec-websocket-extensions' not in headers
        protocol = headers.get('sec-websocket-protocol')
        assert protocol is None or protocol in protocols
        return protocol

    # ---- sending

    def send_frame(self, opcode, data=b'', fin=True):
        mask = os.urandom(4)
        size = len(data)
        head = bytes([opcode | (0x80 if fin else 0)])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack('>H', size)
        else:
            head += bytes([0x80 | 127]) + struct.pack('>Q', size)
        key = int.from_bytes((mask * (size // 4 + 1))[:size], 'big')
        self.socket.sendall(head + mask + (int.from_bytes(data, 'big') ^ key).to_bytes(size, 'big'))

    def send(self, message):
        """Text if it is a string, else binary."""
        if isinstance(message, str):
            self.send_frame(TEXT, message.encode())
        else:
            self.send_frame(BINARY, message)

    # ---- receiving

    def _exactly(self, size):
        data = self.input.read(size)
        if len(data) < size:
            raise Closed(None, 'cut off')
        return data

    def receive_frame(self):
        first, second = self._exactly(2)
        assert first & 0x70 == 0 and first & 0x80, 'no extension, no parts'
        assert second & 0x80 == 0, 'a server does not mask'
        size = second
        if size == 126:
            size, = struct.unpack('>H', self._exactly(2))
            assert size >= 126
        elif size == 127:
            size, = struct.unpack('>Q', self._exactly(8))
            assert size >= 65536
        assert first & 0x0f < CLOSE or size <= 125
        return first & 0x0f, self._exactly(size)

    def receive(self):
        """The next message; Closed when the server closes. Pings are answered."""
        while True:
            opcode, data = self.receive_frame()
            if opcode == PING:
                self.send_frame(PONG, data)
            elif opcode == CLOSE:
                assert len(data) != 1
                code = struct.unpack('>H', data[:2])[0] if data else None
                try:
                    self.send_frame(CLOSE, data[:2])
                except OSError:
                    pass
                self.drop()
                raise Closed(code, data[2:].decode())
            elif opcode == TEXT:
                return data.decode()
            elif opcode == BINARY:
                return data
            else:
                assert opcode == PONG, opcode

    def receive_until(self, text, seen=b''):
        """All binary messages, up to one with which `text` is there."""
        end = time.monotonic() + self.socket.gettimeout()
        while text not in seen:
            assert time.monotonic() < end, f'{text} does not come, but {seen[-1000:]}'
            message = self.receive()
            seen += message if isinstance(message, bytes) else b''
        return seen

    def wait_closed(self):
        """Reads on to the end; what came, and how it was closed."""
        messages = []
        while True:
            try:
                messages.append(self.receive())
            except Closed as closed:
                return messages, closed

    # ---- the end

    def close(self, code=1000):
        """Says goodbye and waits for the answer."""
        self.send_frame(CLOSE, struct.pack('>H', code))
        return self.wait_closed()

    def drop(self):
        """Gone without a word."""
        self.input.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()
