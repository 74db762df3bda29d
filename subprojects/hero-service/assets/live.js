/*
 * live.js: keeps a page fresh. Events of the service (or, where a tab asks for it, the clock) make it load the page again
 * and take over what changed. The state of the connection is visible and can be paused. A hidden page holds no connection,
 * because a browser opens only six to one host.
 */
'use strict';
(function () {
  let main, widget, stream = null, retry = 0, timer = 0, paused = false, loading = null, again = false;

  function say (state, text) {
    if (widget.dataset.state === state && widget.textContent === text)
      return;
    widget.dataset.state = state;
    widget.textContent = text;
  }

  /* ---- taking over a freshly rendered page */
  function merge (fresh) {
    const pill = document.querySelector('.top .state'), pillNew = fresh.querySelector('.top .state');
    if (pill && pillNew && pill.outerHTML !== pillNew.outerHTML)
      pill.replaceWith(document.importNode(pillNew, true));
    const old = [...main.querySelectorAll('[data-live]')], next = [...fresh.querySelectorAll('main [data-live]')];
    if (old.length !== next.length || old.some((part, at) => part.dataset.live !== next[at].dataset.live)) {
      replaceAll(fresh);
      return;
    }
    old.forEach((part, at) => {
      if (part.dataset.grid)
        Hero.grid.get(part.dataset.grid)?.update(next[at]);
      else if (part.dataset.live === 'log')
        mergeLog(part, next[at]);
      else if (part.innerHTML !== next[at].innerHTML && !part.contains(document.activeElement))
        part.innerHTML = next[at].innerHTML;
    });
    Hero.updateTimes();
  }
  /* The page has other parts than before: all of it is taken, unless somebody is at work in it. */
  function replaceAll (fresh) {
    if (main.contains(document.activeElement) && document.activeElement !== main)
      return;
    main.replaceChildren(...[...fresh.querySelector('main').childNodes].map((node) => document.importNode(node, true)));
    Hero.grid.adopt(main);
    Hero.updateTimes();
  }
  function mergeLog (log, fresh) {
    const list = log.querySelector('ol');
    const last = Number(list.lastElementChild?.dataset.seq ?? -1);
    const lines = [...fresh.querySelectorAll('li')].filter((li) => Number(li.dataset.seq) > last);
    if (lines.length === 0)
      return;
    list.append(...lines.map((li) => document.importNode(li, true)));
    while (list.children.length > 2000)
      list.firstElementChild.remove();
    document.dispatchEvent(new Event('hero:log'));
  }

  /* Loads the page again; calls that come meanwhile are one more load. */
  function reload () {
    if (loading) { again = true; return loading; }
    loading = load().finally(() => {
      loading = null;
      if (again) { again = false; setTimeout(reload, 200); }
    });
    return loading;
  }
  async function load () {
    try {
      const response = await fetch(location.href, { headers: { Accept: 'text/html' } });
      if (!response.ok)
        throw new Error(`HTTP ${response.status}`);
      merge(new DOMParser().parseFromString(await response.text(), 'text/html'));
      if (!main.dataset.events)
        say('live', 'Live');
      return true;
    } catch (_) {
      if (!main.dataset.events)
        say('lost', 'Connection lost');
      return false;
    }
  }

  /* ---- the event stream, read by hand because EventSource cannot listen to "note.*" */
  async function listen () {
    stop();
    const control = stream = new AbortController();
    say('wait', 'Connecting');
    try {
      const url = `${Hero.base}/api/${main.dataset.domain}/events?types=${encodeURIComponent(main.dataset.events)}`;
      const response = await fetch(url, { signal: control.signal, headers: { Accept: 'text/event-stream' } });
      if (!response.ok)
        throw new Error(`HTTP ${response.status}`);
      retry = 0;
      reload(); // what happened before the stream began is in no event
      say('live', 'Live');
      await read(response.body.getReader());
    } catch (_) { /* told below */ }
    if (stream === control && !paused)
      later();
  }
  async function read (reader) {
    const decoder = new TextDecoder();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done)
        return;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop();
      if (blocks.some((block) => /^event: (?!hello$|shutdown$)/m.test(block)))
        reload();
    }
  }
  function later () {
    const wait = Math.min(1000 * 2 ** retry++, 15000);
    say('lost', `Connection lost, next try in ${Math.round(wait / 1000)} s`);
    timer = setTimeout(listen, wait);
  }
  function tick () {
    timer = setTimeout(async () => { await reload(); if (!paused) tick(); }, Number(main.dataset.refresh) * 1000);
  }
  function stop () {
    clearTimeout(timer);
    const old = stream;
    stream = null;
    old?.abort();
  }
  function start () {
    if (main.dataset.events)
      listen();
    else if (main.dataset.refresh) {
      say('live', 'Live');
      tick();
    }
  }

  document.addEventListener('DOMContentLoaded', () => {
    main = document.querySelector('main');
    widget = document.querySelector('.live');
    if (!main || !widget || !(main.dataset.events || main.dataset.refresh))
      return;
    widget.hidden = false;
    widget.addEventListener('click', () => {
      paused = !paused;
      widget.setAttribute('aria-pressed', String(!paused));
      stop();
      if (paused) say('paused', 'Paused');
      else { reload(); start(); }
    });
    document.addEventListener('visibilitychange', () => {
      if (paused) return;
      if (document.hidden) stop();
      else { reload(); start(); }
    });
    window.addEventListener('pagehide', stop);
    start();
  });
  document.addEventListener('hero:changed', () => { if (main) reload(); });
})();
