"""A headless Chromium over chromedriver's W3C protocol, with the standard library only.

It remembers every console message and every request of the page, so that a test can insist on a clean console and on no
request leaving the page's origin.
"""
import base64
import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio"]

KEYS = {"Escape": "\ue00c", "Enter": "\ue007", "Tab": "\ue004", "ArrowDown": "\ue015", "ArrowUp": "\ue013",
        "Control": "\ue009", "Shift": "\ue008", "F6": "\ue036"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class BrowserError(Exception):
    pass


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="hero-browser-")
        self.port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}", "--log-level=SEVERE"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.requests = []
        self.messages = []
        self.session = None
        try:
            self._wait_for_driver()
            self.session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                "goog:chromeOptions": {"args": FLAGS + [f"--user-data-dir={self.profile}"]}}}})["sessionId"]
        except BaseException:
            self.close()
            raise

    def _wait_for_driver(self):
        for _ in range(200):
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except OSError:
                time.sleep(0.05)
        raise BrowserError("chromedriver does not start")

    def _call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise BrowserError(f"{value['error']}: {value['message']}") from None

    def _do(self, method, path, body=None):
        return self._call(method, f"/session/{self.session}{path}", body)

    def close(self):
        try:
            if self.session is not None:
                self._do("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(20)
            shutil.rmtree(self.profile, ignore_errors=True)

    def cdp(self, command, **params):
        return self._do("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    # ---- what a person does

    def open(self, url):
        self._do("POST", "/url", {"url": url})

    def js(self, script, *args):
        """Runs a function body in the page; `return` gives the value."""
        return self._do("POST", "/execute/sync", {"script": script, "args": list(args)})

    def wait(self, expression, seconds=10):
        """Waits until a JavaScript expression is true and returns its value."""
        end = time.monotonic() + seconds
        while True:
            value = self.js(f"return {expression};")
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"still not true after {seconds} s: {expression}\n{self.text()[:2000]}")
            time.sleep(0.05)

    def press(self, *keys):
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._do("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def chord(self, *keys):
        """All of them down, then all of them up."""
        values = [KEYS.get(key, key) for key in keys]
        actions = [{"type": "keyDown", "value": value} for value in values]
        actions += [{"type": "keyUp", "value": value} for value in reversed(values)]
        self._do("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def type(self, text):
        self.press(*text)

    def click(self, selector):
        element = self._do("POST", "/element", {"using": "css selector", "value": selector})
        self._do("POST", f"/element/{next(iter(element.values()))}/click", {})

    def text(self, selector="body"):
        return self.js("return document.querySelector(arguments[0])?.innerText ?? '';", selector)

    def size(self, width, height=900):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def script_enabled(self, enabled):
        self.cdp("Emulation.setScriptExecutionDisabled", value=not enabled)

    def screenshot(self, path, full=False):
        if full:
            data = self.cdp("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        else:
            data = self._do("GET", "/screenshot")
        with open(path, "wb") as out:
            out.write(base64.b64decode(data))

    # ---- what the page did

    def collect(self):
        """Takes the messages and requests since the last call."""
        self.messages += self._do("POST", "/se/log", {"type": "browser"})
        for entry in self._do("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])

    def foreign_requests(self, origin):
        self.collect()
        return [url for url in self.requests
                if urlsplit(url).scheme not in ("data", "blob", "about", "chrome") and not url.startswith(origin + "/")]

    def errors(self, allowed=()):
        self.collect()
        return [entry["message"] for entry in self.messages
                if entry["level"] == "SEVERE" and not any(word in entry["message"] for word in allowed)]

    def check(self, origin, allowed=()):
        """No request left the origin, nothing was complained about in the console."""
        foreign, errors = self.foreign_requests(origin), self.errors(allowed)
        assert not foreign, f'requests left {origin}: {foreign}'
        assert not errors, f'the console complains: {errors}'

    def forget(self):
        self.collect()
        self.requests, self.messages = [], []


@contextlib.contextmanager
def looking_at(origin, path):
    """A browser on this page; at the end its console is clean, and no request has left the origin."""
    browser = Browser()
    try:
        browser.open(origin + path)
        yield browser
        browser.check(origin)
    finally:
        browser.close()
