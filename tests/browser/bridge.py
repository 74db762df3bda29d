"""A TCP port in front of a Unix socket, byte for byte: lets a browser open a service's own admin.sock.

With a prefix it is a proxy that shows the service below that path, one request a connection. With hold, requests whose first
line contains that wait until release().
"""
import re
import socket
import threading


class Bridge:
    def __init__(self, path, prefix='', hold=None):
        self.path = str(path)
        self.prefix = prefix
        self.hold = hold
        self.held, self.released = threading.Event(), threading.Event()
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
            if self.prefix or self.hold:
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
        if self.hold and self.hold in line:
            self.held.set()
            self.released.wait(30)
        line = line.replace(b' ' + self.prefix.encode(), b' ', 1)
        rest = re.sub(rb'(?i)connection: keep-alive', b'Connection: close', rest, count=1)
        prefix = b'X-Forwarded-Prefix: ' + self.prefix.encode() + b'\r\n' if self.prefix else b''
        service.sendall(line + b'\r\n' + prefix + rest)
        threading.Thread(target=self._copy, args=(client, service), daemon=True).start()
        self._copy(service, client)

    def release(self):
        self.released.set()

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
