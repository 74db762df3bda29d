"""The Schedules tab of hero_proc in Debian's Chromium: set one, pause it, start it by hand, and see what came of it."""
import pytest

from bridge import Bridge
from browser import looking_at


@pytest.fixture
def browser(proc):
    with looking_at(Bridge(proc.path('hero_proc', 'admin')).origin, '/schedules') as chromium:
        yield chromium


def fill(browser, method, **fields):
    for name, value in fields.items():
        browser.js("document.querySelector(`form[data-method='${arguments[0]}'] [name=${arguments[1]}]`).value = arguments[2];", method, name, value)
    browser.click(f'form[data-method="{method}"] button[type=submit]')


def status(proc):
    return proc.rpc('hero_proc', 'schedule.status', {'action': 'tidy'})


def test_schedules(proc, browser):
    assert 'The clock starts nothing yet' in browser.text('main')
    proc.rpc('hero_proc', 'action.set', {'name': 'tidy', 'exec': 'true'})
    fill(browser, 'schedule.set', action='tidy', policy='{"cron": "0 9 * * 1", "timezone": "Europe/Brussels"}')
    browser.wait("document.querySelector('tbody tr') !== null")
    assert 'every Monday at 09:00:00' in browser.text('tbody tr')

    browser.click('button[data-method="schedule.pause"]')
    browser.wait("document.querySelector('button[data-method=\"schedule.resume\"]') !== null")
    assert status(proc)['state'] == 'paused' and 'paused' in browser.text('tbody tr')
    browser.click('button[data-method="schedule.resume"]')
    browser.wait("document.querySelector('button[data-method=\"schedule.pause\"]') !== null")
    assert status(proc)['state'] == 'active'

    browser.click('button[data-method="schedule.trigger"]')
    browser.wait("document.querySelector('tbody tr').textContent.includes('succeeded')")
    assert status(proc)['fired_count'] == 1

    browser.click('tbody a')
    browser.wait("document.querySelectorAll('tbody tr').length === 5")
    assert 'Europe/Brussels' in browser.text('main') and browser.text('main').count(' 09:00:00') == 6

    browser.js("history.back();")
    browser.wait("document.querySelector('button[data-method=\"schedule.delete\"]') !== null && location.pathname.endsWith('/schedules')")
    browser.click('button[data-method="schedule.delete"]')
    browser.wait("document.querySelector('dialog[open] .danger') !== null")
    browser.click('dialog .danger')
    browser.wait("document.querySelector('button[data-method=\"schedule.delete\"]') === null")
    assert proc.rpc('hero_proc', 'schedule.list') == []
    assert proc.rpc('hero_proc', 'action.get', {'name': 'tidy'})['schedule_policy'] is None
