"""The Secrets tab of hero_proc in Debian's Chromium: a value is in no page, only in the dialog somebody asked for."""
import pytest

from bridge import Bridge
from browser import looking_at

VALUE = 'correct-horse <b>battery</b>'


@pytest.fixture
def browser(proc):
    with looking_at(Bridge(proc.path('hero_proc', 'admin')).origin, '/secrets') as chromium:
        yield chromium


def fill(browser, **fields):
    for name, value in fields.items():
        browser.js("document.querySelector(`form.rpc [name=${arguments[0]}]`).value = arguments[1];", name, value)


def test_secrets(proc, browser):
    assert 'set the first one below' in browser.text('main')
    fill(browser, key='db/password', value=VALUE, context='7', description='Of the shop')
    browser.click('form.rpc button[type=submit]')
    browser.wait("document.querySelectorAll('tbody tr').length === 1")
    assert proc.rpc('hero_proc', 'secret.get', {'key': 'db/password', 'context': 7})['value'] == VALUE
    assert 'correct-horse' not in browser.js("return document.documentElement.outerHTML;")
    assert 'correct-horse' not in proc.get('hero_proc', '/secrets', role='admin')[2].decode()

    browser.click('button[data-method="secret.get"]')
    browser.wait("document.querySelector('dialog[open] pre') !== null")
    assert browser.text('dialog pre') == VALUE
    browser.click('dialog .row button:last-child')
    browser.wait("document.querySelector('dialog') === null")
    assert 'correct-horse' not in browser.js("return document.documentElement.outerHTML;")

    browser.click('button[data-method="secret.delete"]')
    browser.wait("document.querySelector('dialog[open] .danger') !== null")
    browser.click('dialog .danger')
    browser.wait("document.querySelectorAll('button[data-method=\"secret.delete\"]').length === 0")
    assert proc.rpc('hero_proc', 'secret.list') == []


def test_locked(proc, browser):
    proc.rpc('hero_proc', 'secret.set', {'key': 'a', 'value': VALUE})
    (proc.data / 'hero_proc' / 'secret.key').chmod(0o644)
    proc.rpc('hero_proc', 'secret.status')  # looks, and tells the page
    browser.wait("document.querySelector('main').textContent.includes('Locked, no value can be read or set')")
    assert browser.js("return document.querySelectorAll('form.rpc, button[data-method=\"secret.get\"]').length;") == 0
