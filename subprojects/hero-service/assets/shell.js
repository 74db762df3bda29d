/*
 * shell.js: what every page can do: theme, messages to the frame around it, JSON-RPC, toasts, the question before a loss,
 * buttons and forms that call a method, keys. The other scripts meet it as `Hero`.
 */
'use strict';
const Hero = (function () {
  const root = document.documentElement;
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? '';
  const base = meta('base-path');

  /* Makes an element: el ('p', { className: 'x' }, 'text', child). Text stays text. */
  function el (tag, properties, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  }

  /* ---- theme */
  function setTheme (theme, keep) {
    if (theme !== 'dark' && theme !== 'light')
      return;
    root.dataset.bsTheme = theme;
    if (keep)
      try { localStorage.setItem('hero-theme', theme); } catch (_) { /* only this page then */ }
  }

  /* ---- the frame around us */
  function tellRoute () {
    if (window.parent === window)
      return;
    const crumbs = [...document.querySelectorAll('.crumbs li')].map((li) => ({
      label: li.textContent.trim(), href: li.querySelector('a')?.getAttribute('href') ?? null }));
    const main = document.querySelector('main');
    window.parent.postMessage({
      type: 'hero:route',
      route: { service: meta('hero-service'), tab: main?.dataset.tab ?? '', path: location.pathname.slice(base.length) || '/' },
      breadcrumbs: crumbs,
      actions: [...document.querySelectorAll('.actions button.action')].map((b) => ({ verb: b.textContent, method: b.dataset.method })),
    }, '*');
  }

  /* ---- calls */
  class CallError extends Error {
    constructor (message, hint, code, answer) { super(message); this.hint = hint; this.code = code; this.answer = answer; }
  }
  let nextId = 1;

  /* One JSON-RPC call, or, when method is a path, a POST of params there. Gives the answer as it came. */
  async function exchange (method, params) {
    const path = method.startsWith('/');
    const body = path ? params ?? {} : { jsonrpc: '2.0', id: nextId++, method, params: params ?? {} };
    let response;
    try {
      response = await fetch(base + (path ? method : '/rpc'), { method: 'POST', headers: { 'Content-Type': 'application/json' },
                                                                 body: JSON.stringify(body) });
    } catch (_) {
      throw new CallError('The service does not answer.', 'It may be restarting: try again in a moment.', 0);
    }
    const text = await response.text();
    let answer;
    try { answer = text === '' ? null : JSON.parse(text); } catch (_) { answer = text; }
    return { body, status: response.status, answer };
  }

  async function rpc (method, params) {
    const { status, answer } = await exchange(method, params);
    const error = answer?.error;
    if (error && typeof error === 'object')
      throw new CallError(error.message, error.data?.hint ?? (error.data?.incident ? `Incident ${error.data.incident}; see the Logs tab.` : ''),
                          error.code, answer);
    if (status >= 400)
      throw new CallError(typeof error === 'string' ? error : `HTTP ${status}`, answer?.hint ?? '', status, answer);
    return method.startsWith('/') ? answer : answer?.result;
  }

  /* ---- toasts: errors stay until closed, the rest goes by itself */
  function toast (text, options = {}) {
    const box = document.querySelector('.toasts');
    const close = el('button', { type: 'button', className: 'plain', ariaLabel: 'Close', textContent: '×' });
    const body = el('div', {}, text);
    if (options.hint)
      body.append(el('span', { className: 'hint' }, options.hint));
    const node = el('div', { className: options.bad ? 'toast bad' : 'toast' }, body, close);
    node.setAttribute('role', options.bad ? 'alert' : 'status');
    close.onclick = () => node.remove();
    box.append(node);
    while (box.children.length > 4)
      box.firstElementChild.remove();
    if (!options.bad)
      setTimeout(() => node.remove(), 4000);
  }
  const report = (error) => toast(error.code ? `${error.message} (${error.code})` : error.message, { bad: true, hint: error.hint });

  /* ---- the question before something is lost; the safe answer has the focus */
  function ask (title, text, verb) {
    return new Promise((resolve) => {
      const yes = el('button', { value: 'yes', className: 'danger', textContent: verb });
      const no = el('button', { value: 'no', autofocus: true, textContent: 'Cancel' });
      const form = el('form', { method: 'dialog' }, el('h2', {}, title), el('p', {}, text), el('div', { className: 'row' }, no, yes));
      const dialog = el('dialog', {}, form);
      dialog.onclose = () => { resolve(dialog.returnValue === 'yes'); dialog.remove(); };
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  async function act (button) {
    const { method, params, confirm } = button.dataset;
    const verb = button.textContent.trim();
    const what = button.closest('tr')?.querySelector('td')?.textContent.trim();
    if (confirm && !await ask(what ? `${verb} “${what}”?` : `${verb}?`, confirm, verb))
      return;
    button.disabled = true;
    try {
      await rpc(method, params ? JSON.parse(params) : {});
      toast(what ? `${verb}: ${what}` : `${verb}: done`);
      document.dispatchEvent(new Event('hero:changed'));
    } catch (error) {
      report(error);
    }
    button.disabled = false;
  }

  /* ---- forms: the field says of what type its value is */
  function fieldValue (field) {
    const text = field.value;
    switch (field.dataset.type) {
      case 'integer': case 'number': return Number(text);
      case 'boolean': return text === 'true';
      case 'strings': return text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
      case 'json': return JSON.parse(text);
      default: return text;
    }
  }
  function formParams (form) {
    const params = {};
    for (const field of form.querySelectorAll('[data-type]')) {
      if (field.value === '' && !(field.required && field.dataset.type === 'string'))
        continue;
      try {
        params[field.name] = fieldValue(field);
      } catch (error) {
        field.focus();
        throw new CallError(`“${field.name}” is not JSON.`, error.message, 0);
      }
    }
    return params;
  }

  async function submit (form) {
    const button = form.querySelector('button[type="submit"]');
    button.disabled = true;
    try {
      await rpc(form.dataset.method, formParams(form));
      toast(`${button.textContent.trim()}: done`);
      form.reset();
      document.dispatchEvent(new Event('hero:changed'));
    } catch (error) {
      report(error);
    }
    button.disabled = false;
  }

  async function copy (text) {
    try {
      await navigator.clipboard.writeText(text);
      toast('Copied');
    } catch (_) {
      toast('The browser does not allow copying here.', { bad: true, hint: 'Select the text and copy it by hand.' });
    }
  }

  /* ---- keys */
  const helpKeys = [['/', 'filter'], ['g then a letter', 'go to the tab that begins with it'], ['↑ ↓', 'move between tabs'],
                    ['t', 'switch the theme'], ['Esc', 'leave the filter, close a question'], ['?', 'this list']];
  function help () {
    const list = el('dl', {});
    for (const [key, text] of helpKeys)
      list.append(el('dt', {}, el('kbd', {}, key)), el('dd', {}, text));
    const dialog = el('dialog', {}, el('form', { method: 'dialog' }, el('h2', {}, 'Keys'), list,
                                       el('div', { className: 'row' }, el('button', { autofocus: true, textContent: 'Close' }))));
    dialog.onclose = () => dialog.remove();
    document.body.append(dialog);
    dialog.showModal();
  }

  let going = 0;
  function onKey (event) {
    const target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
      return;
    if (target.matches('input, textarea, select')) {
      if (event.key === 'Escape') {
        if (target.type === 'search' && target.value) { target.value = ''; target.dispatchEvent(new Event('input', { bubbles: true })); }
        else target.blur();
      }
      return;
    }
    const links = [...document.querySelectorAll('.tabs a')];
    const at = links.indexOf(target);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (at >= 0 && step) {
      links[(at + step + links.length) % links.length].focus();
      event.preventDefault();
      return;
    }
    if (Date.now() - going < 1500) {
      going = 0;
      links.find((a) => a.textContent.trim().toLowerCase().startsWith(event.key))?.click();
      return;
    }
    if (event.key === 'g') going = Date.now();
    else if (event.key === 't') document.querySelector('.theme')?.click();
    else if (event.key === '?') help();
    else if (event.key === '/') {
      const filter = [...document.querySelectorAll('input[type="search"]')].find((input) => input.offsetParent);
      if (filter) { filter.focus(); filter.select(); event.preventDefault(); }
    }
  }

  /* ---- times: relative in the text, exact on hover */
  function relative (ms) {
    const age = (Date.now() - ms) / 1000, s = Math.abs(age);
    const text = s < 1.5 ? 'now' : s < 60 ? `${Math.round(s)} s` : s < 3600 ? `${Math.round(s / 60)} min`
      : s < 86400 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`;
    return text === 'now' ? text : age > 0 ? `${text} ago` : `in ${text}`;
  }
  function updateTimes () {
    for (const node of document.querySelectorAll('time[data-ms]')) {
      const text = relative(Number(node.dataset.ms));
      if (node.textContent !== text)
        node.textContent = text;
    }
  }

  document.addEventListener('DOMContentLoaded', () => {
    document.querySelector('.theme')?.addEventListener('click', () => setTheme(root.dataset.bsTheme === 'light' ? 'dark' : 'light', true));
    document.addEventListener('keydown', onKey);
    document.addEventListener('click', (event) => {
      const button = event.target.closest('button.action');
      if (button)
        act(button);
    });
    document.addEventListener('submit', (event) => {
      if (event.target.matches('form.rpc:not([data-show])')) {
        event.preventDefault();
        submit(event.target);
      }
    });
    document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
    updateTimes();
    setInterval(() => { if (!document.hidden) updateTimes(); }, 5000);
    tellRoute();
  });
  window.addEventListener('message', (event) => {
    if (event.source === window.parent && event.data?.type === 'hero:theme')
      setTheme(event.data.theme, false);
  });

  return { base, meta, el, rpc, exchange, toast, report, ask, copy, formParams, updateTimes };
})();
