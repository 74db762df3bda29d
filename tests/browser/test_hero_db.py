"""hero_db's own tabs in Debian's Chromium: keys by page, one key, the console."""
import pytest
import redis

import hero
from bridge import Bridge
from browser import Browser


@pytest.fixture(scope='module')
def db():
    with hero.Bundle(name='hero_db_server') as running:
        yield running.wait_ready()


@pytest.fixture(scope='module')
def origin(db):
    return Bridge(db.path('hero_db', 'admin')).origin


@pytest.fixture
def client(db):
    client = redis.Redis(unix_socket_path=str(db.path('hero_db', 'resp')))
    client.flushall()
    return client


@pytest.fixture
def browser(origin):
    chromium = Browser()
    try:
        yield chromium
        chromium.check(origin)
    finally:
        chromium.close()


def test_keys(client, browser, origin):
    client.mset({f'user:{i}': i for i in range(250)})
    client.set('<b>bold</b>', '<script>document.title = "x"</script>')
    browser.open(f'{origin}/keys')
    assert browser.js("return document.querySelectorAll('tbody tr').length;") == 100
    browser.click('a[href*="cursor="]')
    browser.wait("location.search.includes('cursor')")
    assert browser.js("return document.querySelectorAll('tbody tr').length;") == 100

    browser.open(f'{origin}/keys?match=*bold*')
    assert '<b>bold</b>' in browser.text('tbody')
    browser.click('tbody a')
    browser.wait("location.pathname === '/keys/key'")
    assert '<script>' in browser.text('main') and browser.js("return document.title;") != 'x'


def test_console(client, browser, origin):
    browser.open(f'{origin}/console')
    browser.js("document.querySelector('#console [name=line]').focus();")
    for line in ('SET x 5', 'incr x', 'mget x "no such"', 'foo', 'get x'):
        browser.type(line)
        browser.press('Enter')
    browser.wait("document.getElementById('console-output').innerText.includes('> get x')")
    assert browser.text('#console-output').split('\n')[:10] == [
        '0> SET x 5', 'OK', '0> incr x', '(integer) 6', '0> mget x "no such"', '1) "6"', '2) (nil)', '0> foo',
        "(error) ERR unknown command 'foo', with args beginning with: ", '0> get x']
    browser.press('ArrowUp', 'ArrowUp')
    assert browser.js("return document.querySelector('#console [name=line]').value;") == 'foo'
    assert client.get('x') == b'6'
