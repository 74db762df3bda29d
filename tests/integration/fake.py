"""A service of any behaviour below the socket root: what the router meets, a test decides."""
import os
import socket
import threading


class FakeService:
    """Serves <root>/<name>/<socket>. answer(head, body, connection) returns bytes to send, or None when it sent itself."""

    def __init__(self, root, name, file, answer):
        self.path = root / name / file
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.answer = answer
        self.connections = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            while self._exchange(connection):
                pass
        except OSError:
            pass
        finally:
            connection.close()

    def _exchange(self, connection):
        """One request; True when another may follow it on the connection: after an answer with a length."""
        data = b''
        while b'\r\n\r\n' not in data:
            more = connection.recv(65536)
            if not more:
                return False
            data += more
        head, _, body = data.partition(b'\r\n\r\n')
        answer = self.answer(head.decode('latin-1'), body, connection)
        if answer is not None:
            connection.sendall(answer)
        return answer is not None and b'Content-Length' in answer

    def close(self, unlink=True):
        """Ends as a killed process does, with unlink=False leaving its file behind."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if unlink:
            os.unlink(self.path)


def answer(body=b'', status='200 OK', *fields):
    """An HTTP answer with a length."""
    lines = [f'HTTP/1.1 {status}', f'Content-Length: {len(body)}', *fields]
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + body


def whole(head, body, connection):
    """The body to its end: what came with the head may be a part of it, or nothing."""
    fields = (line.split(':') for line in head.lower().split('\r\n')[1:])
    length = next((int(field[1]) for field in fields if field[0] == 'content-length'), 0)
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            raise OSError('the client went in the middle of a body')
        body += more
    return body


DOCUMENT = b'{"openrpc":"1.2.6","info":{"title":"Fake","version":"1.0.0"},"methods":[{"name":"a.b","params":[],"tags":[{"name":"main"}]}]}'


def service(document=DOCUMENT):
    """The answers of a small well-behaved service."""
    def reply(head, body, connection):
        target = head.split(' ')[1]
        if target == '/health':
            return answer(b'{"status":"ok","service":"fake","version":"1.0.0"}')
        if target == '/openrpc.json':
            return answer(document)
        if target == '/api/domains.json':
            return answer(b'["main"]')
        if target == '/.well-known/heroservice.json':
            return answer(b'{"protocol":"openrpc","name":"fake","title":"Fake","version":"1.0.0","description":"d","socket":"rpc"}')
        return answer(head.encode() + b'\n\n' + whole(head, body, connection), '200 OK', 'Content-Type: text/plain')
    return reply
