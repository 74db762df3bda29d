/* theme.js: runs before the first paint, so that the page never flashes in the wrong theme. Everything else waits. */
(function () {
  'use strict';
  const root = document.documentElement;
  let stored = null;
  try { stored = localStorage.getItem('hero-theme'); } catch (_) { /* storage is off: the default stays */ }
  if (stored === 'light' || stored === 'dark')
    root.dataset.bsTheme = stored;
  root.classList.add('js');
  if (window.parent !== window || new URLSearchParams(location.search).get('embedded') === '1')
    root.classList.add('framed');
})();
