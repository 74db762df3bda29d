/*
 * secrets.js: the Secrets tab: a value is asked for when somebody wants to see it, and is never part of the page. It is
 * shown in a dialog, which a live update of the table does not touch, and is gone when that closes.
 */
'use strict';
(function () {
  const SHOWN_MS = 60000;

  function show (secret) {
    const { el, copy } = Hero;
    const value = el('pre', { textContent: secret.value });
    const close = el('button', { textContent: 'Close', autofocus: true });
    const dialog = el('dialog', {}, el('form', { method: 'dialog' },
      el('h2', {}, secret.key), el('p', {}, `Version ${secret.version}, context ${secret.context}`), value,
      el('div', { className: 'row' }, el('button', { type: 'button', textContent: 'Copy', onclick: () => copy(secret.value) }), close)));
    const timer = setTimeout(() => dialog.close(), SHOWN_MS); // nobody leaves it open over lunch
    dialog.onclose = () => { clearTimeout(timer); dialog.remove(); };
    document.body.append(dialog);
    dialog.showModal();
  }

  /* Before the shell's own listener, which would only say that the call went well. */
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button.action[data-method="secret.get"]');
    if (button === null)
      return;
    event.stopImmediatePropagation();
    button.disabled = true;
    try {
      show(await Hero.rpc('secret.get', JSON.parse(button.dataset.params)));
    } catch (error) {
      Hero.report(error);
    }
    button.disabled = false;
  }, true);
})();
