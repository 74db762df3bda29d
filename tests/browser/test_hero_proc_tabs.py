"""The tabs Actions, Jobs and Runs of hero_proc in Debian's Chromium: run an action, see the output of a job and the order of
a run, cancel, retry and delete them."""
import pytest

import hero
from bridge import Bridge
from browser import looking_at


@pytest.fixture(scope='module')
def proc():
    with hero.Bundle(name='hero_proc_server') as running:
        yield running.wait_ready()


@pytest.fixture(scope='module')
def chromium(proc):
    origin = Bridge(proc.path('hero_proc', 'admin')).origin
    with looking_at(origin, '/jobs') as browser:
        browser.origin = origin
        yield browser


@pytest.fixture
def browser(chromium):
    chromium.size(1280)
    return chromium


def button(method):
    return f'document.querySelector(\'button[data-method="{method}"]\')'


def confirm(browser, method):
    browser.click(f'button[data-method="{method}"]')
    browser.wait("document.querySelector('dialog[open] .danger') !== null")
    browser.click('dialog .danger')


def extents(browser, selector):
    return browser.js("return [...document.querySelectorAll(`.run-graph ${arguments[0]}`)].map((shape) => shape.getBoundingClientRect().toJSON());",
                      selector)


def test_jobs(proc, browser):
    assert 'No job matches' in browser.text('main')
    said = proc.rpc('hero_proc', 'job.create', {'action': {'name': 'hello', 'exec': 'echo <b>good day'},
                                                'tags': ['greeting'], 'wait_ms': 10000})
    browser.wait("document.querySelector('tbody tr')?.textContent.includes('succeeded')")
    browser.click('tbody a')
    browser.wait("location.pathname.endsWith('/jobs/%d')" % said['id'])
    browser.wait("document.querySelector('main pre') !== null")
    assert '<b>good day' in browser.text('main pre')

    long = proc.rpc('hero_proc', 'job.create', {'action': {'name': 'long', 'exec': 'sleep 600'}})
    browser.open(f"{browser.origin}/jobs/{long['id']}")
    browser.wait(f'{button("job.cancel")} !== null')
    confirm(browser, 'job.cancel')
    browser.wait(f'{button("job.retry")} !== null')
    assert proc.rpc('hero_proc', 'job.get', {'id': long['id']})['phase'] == 'cancelled'
    browser.click('button[data-method="job.retry"]')
    hero.wait_for(lambda: len(proc.rpc('hero_proc', 'job.list', {'action': 'long'})) == 2, 'the job is there again')
    browser.open(f'{browser.origin}/jobs?action=long&phase=active')
    browser.wait(f'{button("job.cancel")} !== null')
    confirm(browser, 'job.cancel')
    hero.wait_for(lambda: not proc.rpc('hero_proc', 'job.list', {'action': 'long', 'active': True}), 'the job is over')

    browser.open(f'{browser.origin}/jobs?tag=greeting')
    assert browser.js("return document.querySelectorAll('tbody tr').length;") == 1
    browser.size(320)
    assert browser.js('return document.documentElement.scrollWidth;') <= 320
    confirm(browser, 'job.delete')
    browser.wait(f'{button("job.delete")} === null')
    assert [job['id'] for job in proc.rpc('hero_proc', 'job.list')].count(said['id']) == 0


def test_actions(proc, browser):
    proc.rpc('hero_proc', 'action.set', {'name': 'tidy', 'script': 'echo <i>tidy\necho done', 'tags': ['night'],
                                         'env': {'LEVEL': '<3>'}, 'schedule_policy': {'cron': '0 9 * * 1'}})
    proc.rpc('hero_proc', 'service.set', {'name': 'web', 'status': 'stop', 'actions': [{'name': 'serve', 'exec': 'sleep 600'}]})
    browser.open(f'{browser.origin}/actions')
    browser.wait("document.querySelectorAll('tbody tr').length === 2")
    serve, tidy = browser.js("return [...document.querySelectorAll('tbody tr')].map((row) => row.innerText);")
    assert 'web' in serve and 'Delete' not in serve
    assert 'every Monday at 09:00:00' in tidy and 'night' in tidy and 'Delete' in tidy

    browser.open(f'{browser.origin}/actions?tag=night')
    browser.click('tbody a')
    browser.wait("location.pathname.endsWith('/actions/tidy')")
    assert 'echo <i>tidy' in browser.text('main pre') and '<3>' in browser.text('[data-grid=environment]')
    assert 'It has not run yet' in browser.text('main')
    browser.click('button[data-method="job.create"]')
    browser.wait("document.querySelector('[data-grid=jobs] tbody tr')?.textContent.includes('succeeded')")
    browser.open(f'{browser.origin}/actions')
    confirm(browser, 'action.delete')
    browser.wait("document.querySelectorAll('tbody tr').length === 1")
    assert proc.rpc('hero_proc', 'action.list', {'names_only': True}) == ['serve']


def test_many_actions(proc, browser):
    for i in range(103):
        proc.rpc('hero_proc', 'action.set', {'name': f'a{i:03}', 'exec': 'true'})
    browser.open(f'{browser.origin}/actions?prefix=a')
    assert browser.js("return document.querySelectorAll('tbody tr').length;") == 100
    browser.click('nav[data-live=turn] a')
    browser.wait("document.querySelectorAll('tbody tr').length === 3")
    browser.click('nav[data-live=turn] a')
    browser.wait("document.querySelectorAll('tbody tr').length === 100")


def test_runs(proc, browser):
    run = proc.rpc('hero_proc', 'run.submit', {'name': 'release', 'jobs': [
        {'key': 'build', 'action': {'name': 'build', 'exec': 'true'}},
        {'key': 'test', 'action': {'name': 'test', 'exec': 'sleep 600'}, 'depends_on': ['build']},
        {'key': 'publish', 'action': {'name': 'publish', 'exec': 'true'}, 'depends_on': ['build', 'test']}]})
    browser.open(f'{browser.origin}/runs')
    browser.wait("document.querySelector('tbody tr').textContent.includes('1 waiting, 1 running, 1 succeeded')")
    browser.click('tbody a')
    browser.wait("location.pathname.endsWith('/runs/%d')" % run['id'])
    browser.wait("document.querySelectorAll('.run-graph a').length === 3")
    build, test, publish = extents(browser, 'rect')
    assert build['right'] < test['left'] and test['right'] < publish['left']
    for edge, box in zip(extents(browser, '.edge'), [build, build, test], strict=True):
        assert abs(edge['left'] - box['right']) < 3 and abs(edge['top'] - box['top']) < box['bottom'] - box['top']
    assert 'build, test' in browser.text('[data-grid=jobs] tbody tr:last-child')
    browser.size(320)
    assert browser.js('return document.documentElement.scrollWidth;') <= 320

    confirm(browser, 'run.cancel')
    browser.wait("document.querySelector('.run-graph').textContent.includes('cancelled')")
    browser.wait(f'{button("run.retry")} !== null')
    assert proc.rpc('hero_proc', 'run.get', {'id': run['id']})['state'] == 'cancelled'
    browser.click('button[data-method="run.retry"]')
    hero.wait_for(lambda: len(proc.rpc('hero_proc', 'run.list')) == 2, 'the run is there again')
    browser.open(f'{browser.origin}/runs?state=running')
    browser.wait("document.querySelectorAll('tbody tr').length === 1")
    confirm(browser, 'run.cancel')
    hero.wait_for(lambda: len(proc.rpc('hero_proc', 'run.list', {'state': 'cancelled'})) == 2, 'both are cancelled')
    browser.open(f'{browser.origin}/runs?state=cancelled')
    browser.wait("document.querySelectorAll('button[data-method=\\'run.delete\\']').length === 2")
    confirm(browser, 'run.delete')
    browser.wait("document.querySelectorAll('tbody tr').length === 1")
    assert [left['id'] for left in proc.rpc('hero_proc', 'run.list')] == [run['id']]


def test_what_happens_before_the_events_begin(proc):
    """No event tells of it, and the page shows it all the same."""
    bridge = Bridge(proc.path('hero_proc', 'admin'), hold=b'/events?')
    with looking_at(bridge.origin, '/jobs?tag=between') as browser:
        assert bridge.held.wait(10)
        proc.rpc('hero_proc', 'job.create', {'action': {'name': 'between', 'exec': 'true'}, 'tags': ['between'], 'wait_ms': 10000})
        assert 'No job matches' in browser.text('main')
        bridge.release()
        browser.wait("document.querySelector('tbody tr')?.textContent.includes('between')")
