"""The Terminal tab of hero_proc in Debian's Chromium: open a shell, type, resize, leave it, come back to it, end it."""
import base64
import re

import pytest

import hero
from bridge import Bridge
from browser import looking_at

# How much the terminal shows: characters, or pixels unlike the ground where xterm.js draws a picture (3.8).
DRAWN = """(() => {
  const layer = document.querySelector('.xterm-text-layer');
  if (layer === null)
    return document.querySelector('.xterm-rows').textContent.replace(/\\s/g, '').length;
  const data = new Uint32Array(layer.getContext('2d').getImageData(0, 0, layer.width, layer.height).data.buffer);
  return data.filter((pixel) => pixel !== data[data.length - 1]).length;
})()"""


@pytest.fixture
def browser(proc):
    with looking_at(Bridge(proc.path('hero_proc', 'admin')).origin, '/terminal') as chromium:
        chromium.size(1280)
        yield chromium


def call(proc, method, **params):
    return proc.rpc('hero_proc', method, params)


def shown(proc, job):
    """What the terminal showed, as the service keeps it; what is drawn in the page is a picture in xterm.js 3.8."""
    return base64.b64decode(call(proc, 'job.scrollback', id=job)['data']).decode(errors='replace')


def ask(proc, browser, job, line, answer):
    """Types a line and gives what the program answered last."""
    known = len(re.findall(answer, shown(proc, job)))
    browser.type(line)
    browser.press('Enter')
    hero.wait_for(lambda: len(re.findall(answer, shown(proc, job))) > known, f'an answer to {line}')
    return re.findall(answer, shown(proc, job))[-1]


def status(browser):
    return browser.text('[data-terminal="status"]')


def connected(browser):
    browser.wait("document.querySelector('[data-terminal=\"status\"]')?.textContent === 'Connected'")
    browser.wait("document.activeElement.closest('.terminal-screen') !== null")


def test_terminal(proc, browser):
    """Check 15: the tab has live terminals only. Contract 9: closing detaches, the shell goes on."""
    call(proc, 'job.create', action={'name': 'plain', 'exec': 'sleep 1000'})
    call(proc, 'job.create', action={'name': 'over', 'tty': True, 'exec': 'true'}, wait_ms=10000)
    browser.wait("document.querySelector('.terminal-side').textContent.includes('No terminal is live')")
    assert 'Select a running job' in browser.text('main')
    assert {'bash', 'sh'} <= set(browser.js("return [...document.querySelectorAll('option')].map((o) => o.value);"))
    browser.js("document.querySelector('[name=shell]').value = 'sh';")
    browser.click('.terminal-new button')
    browser.wait("location.search.includes('job=')")
    connected(browser)
    job = int(browser.js("return new URLSearchParams(location.search).get('job');"))
    assert browser.js("return document.querySelectorAll('.terminal-side li').length;") == 1

    pid = ask(proc, browser, job, 'echo =$$=', r'=(\d+)=')
    assert int(pid) == call(proc, 'job.get', id=job)['pid']
    rows, cols = map(int, ask(proc, browser, job, 'stty size', r'(\d+ \d+)\r').split())
    browser.size(1000, 700)
    hero.wait_for(lambda: call(proc, 'job.scrollback', id=job)['rows'] < rows, 'the terminal follows the window')
    size = call(proc, 'job.scrollback', id=job)
    assert ask(proc, browser, job, 'stty size', r'(\d+ \d+)\r') == '%d %d' % (size['rows'], size['cols'])
    assert 20 < rows < 80 and 40 < size['cols'] < cols < 200

    browser.type('echo wrong')
    browser.press('Escape')  # the shell's, not the page's
    browser.wait("document.activeElement.closest('.terminal-screen') !== null")
    browser.chord('Control', 'c')
    address = browser.js('return location.href;')
    drawn = browser.wait(f'{DRAWN} > 30 && {DRAWN}')
    browser.open('about:blank')
    hero.wait_for(lambda: call(proc, 'job.scrollback', id=job)['viewers'] == 0, 'it is detached')
    assert call(proc, 'job.get', id=job)['phase'] == 'running'
    browser.open(address)
    connected(browser)
    browser.wait(f'{DRAWN} > {drawn} * 0.7')  # what was shown is there again
    assert ask(proc, browser, job, 'echo =$$=', r'=(\d+)=') == pid

    browser.chord('Control', 'Shift', 'F6')
    browser.wait("document.activeElement.dataset.terminal === 'connect'")
    browser.press('Enter')
    browser.wait("document.querySelector('[data-terminal=\"status\"]').textContent.startsWith('Detached')")
    hero.wait_for(lambda: call(proc, 'job.scrollback', id=job)['viewers'] == 0, 'it is detached')
    browser.press('Enter')
    connected(browser)

    browser.click('.terminal-side button.action')
    browser.wait("document.querySelector('dialog[open] .danger') !== null")
    browser.click('dialog .danger')
    browser.wait("document.querySelector('[data-terminal=\"status\"]').textContent.startsWith('The job ended: exit ')")
    browser.wait("document.querySelectorAll('.terminal-side li').length === 0")
    assert browser.text('[data-terminal="connect"]') == 'Connect again'
    browser.open(address)
    assert 'is over (cancelled)' in browser.text('main')


def test_two_below_a_prefix(proc):
    """Behind a proxy that shows the service below a path; the newest size counts for all who look on."""
    job = call(proc, 'job.create', action={'name': 'shell', 'tty': True, 'interpreter': 'sh'})['id']
    hero.wait_for(lambda: call(proc, 'job.get', id=job)['pid'], 'it runs')
    origin = Bridge(proc.path('hero_proc', 'admin'), '/edge/hero_proc').origin
    with looking_at(origin, f'/edge/hero_proc/terminal?job={job}') as browser:
        connected(browser)
        ask(proc, browser, job, 'echo =$$=', r'=(\d+)=')
        drawn = browser.js(f'return {DRAWN};')
        call(proc, 'job.resize', id=job, cols=70, rows=9)
        call(proc, 'job.input', id=job, text='echo something that was not typed in this page\r')
        browser.wait(f'{DRAWN} > {drawn}')
        assert ask(proc, browser, job, 'stty size', r'(\d+ \d+)\r') == '9 70'


def test_off():
    """Terminals that are not allowed: the page says what to do."""
    with hero.Bundle({'hero_proc': {'terminals': False}}, name='hero_proc_server') as proc:
        proc.wait_ready()
        status, headers, body = proc.get('hero_proc', '/terminal', role='admin')
        assert status == 200 and 'terminals = true' in body.decode() and 'New terminal' not in body.decode()
        assert "style-src 'self' 'unsafe-inline'" in headers['Content-Security-Policy']
