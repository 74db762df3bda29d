/*
 * logs.js: the tab Job logs: follows new lines that match the form, by server-sent events, until paused; saves what is
 * shown as text.
 */
'use strict';
(function () {
  const MAX_LINES = 2000;
  let list, button, status, stream = null, last = '', following = false;

  function tone (level) {
    return level >= 40 ? 'error' : level >= 30 ? 'warn' : level >= 10 ? 'info' : 'debug';
  }

  function show (entry) {
    const { el } = Hero, time = new Date(entry.ts_ms);
    const two = (n, width = 2) => String(n).padStart(width, '0');
    const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${two(time.getMilliseconds(), 3)}`;
    list.append(el('li', { className: tone(entry.level) },
      el('time', { title: time.toLocaleString(), textContent: clock }),
      el('span', { className: 'level', textContent: entry.level_name }),
      el('span', { className: 'src', textContent: entry.src }),
      el('span', { className: 'text', textContent: entry.content })));
    while (list.children.length > MAX_LINES)
      list.firstElementChild.remove();
    document.querySelector('[data-logs="empty"]')?.remove();
  }

  function note (text) {
    list.append(Hero.el('li', { className: 'warn' }, Hero.el('time', { textContent: '' }),
      Hero.el('span', { className: 'level', textContent: 'note' }), Hero.el('span', { className: 'src', textContent: '' }),
      Hero.el('span', { className: 'text', textContent: text })));
  }

  function url () {
    const form = new FormData(document.querySelector('.logs-form')), query = new URLSearchParams();
    for (const name of ['src', 'level', 'text', 'context'])
      if (form.get(name))
        query.set(name, form.get(name));
    if (last)
      query.set('last_event_id', last);
    return `${Hero.base}/api/logs/events?${query}`;
  }

  function stop (text) {
    following = false;
    stream?.close();
    stream = null;
    button.textContent = 'Follow';
    button.setAttribute('aria-pressed', 'false');
    status.textContent = text;
  }

  function follow () {
    following = true;
    button.textContent = 'Pause';
    button.setAttribute('aria-pressed', 'true');
    status.textContent = 'Connecting';
    stream = new EventSource(url());
    stream.onopen = () => { status.textContent = 'Following'; };
    stream.onerror = () => { status.textContent = 'Connection lost, trying again'; };
    const on = (name, func) => stream.addEventListener(name, (event) => {
      last = event.lastEventId || last;
      func(JSON.parse(event.data).data);
    });
    on('log.line', show);
    on('log.dropped', (data) => note(`${data.lines} lines of ${data.src} were dropped`));
    on('gap', (data) => note(data.missed > 0 ? `${data.missed} events were missed` : 'Lines may be missing here'));
  }

  function save () {
    const lines = [...list.children].map((li) => [li.querySelector('time').title || li.querySelector('time').textContent,
      ...['level', 'src', 'text'].map((name) => li.querySelector(`.${name}`).textContent)].join('\t'));
    const link = Hero.el('a', { href: URL.createObjectURL(new Blob([lines.join('\n') + '\n'], { type: 'text/plain' })) });
    link.download = 'logs.txt';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    status.textContent = `${lines.length} lines saved`;
  }

  document.addEventListener('DOMContentLoaded', () => {
    list = document.querySelector('.logs ol');
    button = document.querySelector('[data-logs="follow"]');
    status = document.querySelector('[data-logs="status"]');
    if (!list)
      return;
    button.addEventListener('click', () => following ? stop('Paused') : follow());
    document.querySelector('[data-logs="export"]').addEventListener('click', save);
    const range = document.querySelector('.logs-form [name="range"]');
    const update = () => document.querySelectorAll('.logs-form .own').forEach((label) => { label.hidden = range.value !== 'own'; });
    range.addEventListener('change', update);
    update();
    window.addEventListener('pagehide', () => stream?.close());
  });
})();
