/*
 * editor.js: opens files without loading the page anew: the server's page is fetched and its content taken over. Without
 * it the same links work by themselves. ?line=N goes to a line.
 */
(function () {
  'use strict';

  const goToLine = () => {
    const line = new URLSearchParams(location.search).get('line');
    const target = document.getElementById(location.hash.slice(1) || 'L' + line);
    if (target)
      target.scrollIntoView({ block: 'center' });
  };

  /* The last click wins, however the answers come in. */
  let latest = 0;
  const show = async (url, push) => {
    const mine = ++latest;
    let page;
    try {
      const response = await fetch(url, { headers: { Accept: 'text/html' } });
      page = new DOMParser().parseFromString(await response.text(), 'text/html');
    } catch (_) {
      location.href = url;
      return;
    }
    if (mine !== latest)
      return;
    const scroll = document.getElementById('tree')?.scrollTop || 0;
    document.getElementById('editor').replaceWith(document.adoptNode(page.getElementById('editor')));
    document.title = page.title;
    if (push)
      history.pushState(null, '', url);
    const tree = document.getElementById('tree');
    if (tree)
      tree.scrollTop = scroll;
    document.getElementById('text').focus({ preventScroll: true });
    goToLine();
  };

  document.addEventListener('click', (event) => {
    const link = event.target.closest('#tree a');
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey)
      return;
    event.preventDefault();
    show(link.href, true);
  });
  window.addEventListener('popstate', () => show(location.href, false));
  goToLine();
})();
