"""A TCP port in front of a Unix socket, byte for byte: lets a browser open a service's own admin.sock.

With a prefix it is a proxy that shows the service below that path, one request a connection.
"""
import re
import socket
import threading


class Bridge:
    def __init__(self, path, prefix=''):
        self.path = str(path)
        self.prefix = prefix
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.origin = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            service = socket.socket(socket.AF_UNIX)
            try:
                service.connect(self.path)
            except OSError:
                client.close()
                service.close()
                continue
            if self.prefix:
                threading.Thread(target=self._forward, args=(client, service), daemon=True).start()
                continue
            for source, target in ((client, service), (service, client)):
                threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    def _forward(self, client, service):
        head = b''
        while b'\r\n\r\n' not in head:
            data = client.recv(65536)
            if not data:
                break
            head += data
        line, _, rest = head.partition(b'\r\n')
        line = line.replace(b' ' + self.prefix.encode(), b' ', 1)
        rest = re.sub(rb'(?i)connection: keep-alive', b'Connection: close', rest, count=1)
        service.sendall(line + b'\r\nX-Forwarded-Prefix: ' + self.prefix.encode() + b'\r\n' + rest)
        threading.Thread(target=self._copy, args=(client, service), daemon=True).start()
        self._copy(service, client)

    @staticmethod
    def _copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
