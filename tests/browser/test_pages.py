"""The pages of the stack in Debian's Chromium, through the router as a person meets them."""
import pytest

import hero
from bridge import Bridge
from browser import Browser

SERVICES = ['hero_bundle', *hero.SERVICES, 'template']


@pytest.fixture(scope='module')
def bundle():
    tables = {'': {'stagger_ms': 0}, 'template': {'plugin': 'template.so'}, 'hero_proc': {}}
    with hero.Bundle(tables) as running:
        yield running.wait_ready()


@pytest.fixture(scope='module')
def origin(bundle):
    listener = bundle.get_json('hero_router', '/health')['listeners'][0]
    hero.wait_for(lambda: len(bundle.rpc('hero_router', 'router.services', {'status': 'healthy'})) >= 3, 'services are found')
    return f'http://{listener}'


@pytest.fixture(scope='module')
def chromium():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium, origin):
    chromium.size(1280)
    chromium.open(f'{origin}/')
    chromium.js("localStorage.clear(); sessionStorage.clear();")
    chromium.forget()
    yield chromium
    chromium.check(origin)


def running(bundle):
    """Services whose page can be looked at: a plugin that is not built is not there."""
    return [item['name'] for item in bundle.rpc('hero_router', 'router.services') if item['has_ui'] and item['healthy']]


def no_overflow(browser):
    """The page is not wider than the window; what is wide scrolls inside."""
    return browser.js("return document.documentElement.scrollWidth <= document.documentElement.clientWidth;")


def test_home_has_a_tile_for_each_service(bundle, browser, origin):
    browser.open(f'{origin}/')
    text = browser.text('.tiles')
    for item in bundle.rpc('hero_router', 'router.services'):
        assert item['title'] in text and item['status'] in text
    browser.wait("document.querySelector('.live').dataset.state === 'live'")
    browser.click('.tile a[href*="/template/admin/"]')
    browser.wait("location.pathname === '/template/admin/'")
    assert browser.text('.top h1').startswith('Template')


def test_every_tab_of_every_service(bundle, browser, origin):
    for name in running(bundle):
        browser.open(f'{origin}/{name}/admin/')
        tabs = browser.js("return [...document.querySelectorAll('.tabs a')].map((a) => a.pathname);")
        assert len(tabs) >= 4, (name, tabs)
        for path in tabs:
            browser.open(origin + path)
            assert browser.js("return document.querySelector('main').innerText.trim().length > 0;"), path
            assert browser.js("return document.querySelector('.tabs [aria-current]') !== null;"), path
            assert browser.js("return document.querySelectorAll('[style]').length;") == 0, path
            browser.check(origin)


def test_both_themes_and_320_pixels(bundle, browser, origin):
    def colours():
        return browser.js("const c = getComputedStyle(document.body); return [c.backgroundColor, c.color];")
    browser.open(f'{origin}/template/admin/notes')
    dark = colours()
    browser.press('t')
    light = colours()
    assert dark != light and browser.js("return document.documentElement.dataset.bsTheme;") == 'light'
    browser.open(f'{origin}/hero_bundle/admin/')
    assert colours() == light  # it stays
    browser.size(320)
    for name in running(bundle):
        browser.open(f'{origin}/{name}/admin/')
        for path in browser.js("return [...document.querySelectorAll('.tabs a')].map((a) => a.pathname);"):
            browser.open(origin + path)
            assert no_overflow(browser), path
    for path in ('/', '/router', '/service/template', '/router-logs'):
        browser.open(origin + path)
        assert no_overflow(browser), path


def test_theme_by_message(browser, origin):
    browser.open(f'{origin}/')
    browser.js("""const frame = document.createElement('iframe'); frame.src = '/template/admin/notes'; window.routes = [];
                  addEventListener('message', (event) => routes.push(event.data)); document.body.append(frame);""")
    browser.wait("window.routes.length > 0")
    route = browser.js("return routes[0];")
    assert route['type'] == 'hero:route' and route['route']['tab'] == 'notes' and route['breadcrumbs'][-1]['label'] == 'Notes'
    frame = "document.querySelector('iframe').contentDocument.documentElement"
    assert browser.js(f"return {frame}.classList.contains('framed');")
    browser.js("document.querySelector('iframe').contentWindow.postMessage({ type: 'hero:theme', theme: 'light' }, '*');")
    browser.wait(f"{frame}.dataset.bsTheme === 'light'")
    browser.js("document.querySelector('iframe').contentWindow.postMessage({ type: 'hero:theme', theme: '<x>' }, '*');")
    assert browser.js(f"return {frame}.dataset.bsTheme;") == 'light'


def test_notes_by_hand(bundle, browser, origin):
    """Add by the form, see it live, filter, delete after the question, get an error with its hint."""
    browser.open(f'{origin}/template/admin/notes')
    browser.wait("document.querySelector('.live').dataset.state === 'live'")
    browser.js("document.querySelector('[name=title]').focus();")
    browser.type('By hand')
    browser.press('Enter')
    browser.wait("document.querySelector('tbody').innerText.includes('By hand')")
    browser.js("document.activeElement.blur();")
    for n in range(8):
        bundle.rpc('template', 'note.add', {'title': f'Live {n}'})
    browser.wait("document.querySelectorAll('tbody tr').length === 9")

    browser.open(f'{origin}/template/admin/notes')
    browser.press('/')
    browser.type('live 3')
    assert browser.js("return [...document.querySelectorAll('tbody tr')].filter((r) => !r.hidden).length;") == 1
    bundle.rpc('template', 'note.add', {'title': 'Another'})
    browser.wait("document.querySelectorAll('tbody tr').length === 10")
    assert browser.js("return [...document.querySelectorAll('tbody tr')].filter((r) => !r.hidden).length;") == 1  # it stays filtered
    browser.press('Escape', 'Escape')

    browser.js("[...document.querySelectorAll('tbody tr')].find((r) => r.innerText.includes('By hand')).querySelector('.action').click();")
    browser.wait("document.querySelector('dialog[open]')")
    assert 'gone for good' in browser.text('dialog') and browser.js("return document.activeElement.textContent;") == 'Cancel'
    browser.click('dialog .danger')
    browser.wait("!document.querySelector('tbody').innerText.includes('By hand')")


def test_sorts(bundle, browser, origin):
    browser.open(f'{origin}/router')
    browser.click('th button')
    names = "return [...document.querySelectorAll('[data-grid=services] tbody tr')].map((r) => r.cells[0].innerText);"
    ascending = browser.js(names)
    browser.click('th button')
    assert browser.js(names) == ascending[::-1] and ascending == sorted(ascending)
    assert browser.js("return document.querySelector('th').getAttribute('aria-sort');") == 'descending'


def test_try_it(browser, origin):
    browser.open(f'{origin}/template/admin/api#note.list')
    browser.js("document.getElementById('note.list').querySelector('button[type=submit]').click();")
    browser.wait("document.querySelector('#note\\\\.list .answer pre')")
    answer = browser.text('#note\\.list .answer')
    assert 'answered' in answer and ' ms' in answer and f"{origin}/template/admin/rpc" in answer


def test_reads_without_scripts(browser, origin):
    browser.script_enabled(False)
    try:
        for path in ('/', '/template/admin/', '/template/admin/notes', '/template/admin/api', '/template/admin/logs'):
            browser.open(origin + path)
        source = browser.cdp('DOM.getOuterHTML', nodeId=browser.cdp('DOM.getDocument')['root']['nodeId'])['outerHTML']
        assert '<ol>' in source
    finally:
        browser.script_enabled(True)


def test_keyboard(browser, origin):
    browser.open(f'{origin}/template/admin/')
    browser.press('Tab')
    assert browser.js("return document.activeElement.className;") == 'skip'
    browser.js("document.querySelector('.tabs a').focus();")
    browser.press('ArrowDown')
    assert browser.js("return document.activeElement.innerText;") == 'Notes'
    assert browser.js("return getComputedStyle(document.activeElement).outlineStyle;") == 'solid'
    browser.js("document.activeElement.blur();")
    browser.press('g', 'l')
    browser.wait("location.pathname === '/template/admin/logs'")
    browser.press('?')
    browser.wait("document.querySelector('dialog[open]')")


def test_page_of_a_service_alone(bundle, chromium):
    """Straight from admin.sock, without the router."""
    bridge = Bridge(bundle.path('template', 'admin'))
    try:
        chromium.forget()
        chromium.open(f'{bridge.origin}/notes')
        chromium.wait("document.querySelector('.live').dataset.state === 'live'")
        chromium.check(bridge.origin)
    finally:
        bridge.close()
