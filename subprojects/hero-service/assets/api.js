/* api.js: the API tab: call a method, see the answer, its time and the same call as a curl command. */
'use strict';
(function () {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const curl = (body) => `curl -sS -H 'Content-Type: application/json' -d ${quote(JSON.stringify(body))} ${quote(`${location.origin}${Hero.base}/rpc`)}`;

  async function call (form) {
    const box = form.querySelector('.answer'), button = form.querySelector('button[type="submit"]');
    let params;
    try { params = Hero.formParams(form); } catch (error) { Hero.report(error); return; }
    button.disabled = true;
    const began = performance.now();
    try {
      const { body, status, answer } = await Hero.exchange(form.dataset.method, params);
      show(box, body, status, answer, performance.now() - began);
    } catch (error) {
      Hero.report(error);
    }
    button.disabled = false;
  }
  function show (box, body, status, answer, ms) {
    const bad = status >= 400 || answer?.error;
    const word = Hero.el('span', { className: bad ? 'state bad' : 'state good' }, bad ? `error ${answer?.error?.code ?? status}` : 'answered');
    const copyAnswer = Hero.el('button', { type: 'button', className: 'plain', textContent: 'Copy answer' });
    const copyCurl = Hero.el('button', { type: 'button', className: 'plain', textContent: 'Copy as curl' });
    const shown = answer?.error ?? (answer && 'result' in answer ? answer.result : answer);
    const text = typeof shown === 'string' ? shown : JSON.stringify(shown, null, 2);
    copyAnswer.onclick = () => Hero.copy(text);
    copyCurl.onclick = () => Hero.copy(curl(body));
    const head = Hero.el('div', { className: 'head' }, word, Hero.el('span', {}, `${ms.toFixed(ms < 10 ? 1 : 0)} ms`), copyAnswer, copyCurl);
    const pre = Hero.el('pre', { tabIndex: 0 }, text);
    pre.setAttribute('aria-label', 'Answer');
    box.replaceChildren(head, pre, Hero.el('pre', { className: 'curl' }, curl(body)));
    box.hidden = false;
  }

  document.addEventListener('DOMContentLoaded', () => {
    document.addEventListener('submit', (event) => {
      if (event.target.matches('form.rpc[data-show]')) {
        event.preventDefault();
        call(event.target);
      }
    });
    const open = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (open?.matches('details.method')) {
      open.open = true;
      open.scrollIntoView({ block: 'nearest' });
    }
  });
})();
