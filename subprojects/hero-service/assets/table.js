/*
 * table.js: every table of a page filters and sorts, every list with a filter field filters. A live update changes cells in place; what would move rows waits while
 * the pointer rests on the table. Filter and order survive updates and, within the browser tab, leaving the page.
 */
'use strict';
Hero.grid = (function () {
  const hovers = window.matchMedia('(hover: hover)').matches;
  const grids = new Map();

  const value = (cell) => {
    if (!cell) return '';
    const raw = cell.dataset.v ?? cell.textContent.trim();
    return cell.classList.contains('num') || cell.dataset.v !== undefined ? (raw === '' ? -Infinity : Number(raw)) : raw;
  };
  function compare (a, b) {
    if (typeof a === 'number' && typeof b === 'number')
      return a - b;
    return String(a).localeCompare(String(b), undefined, { numeric: true, sensitivity: 'base' });
  }

  class Grid {
    constructor (box) {
      this.box = box;
      this.id = box.dataset.grid;
      this.body = box.querySelector('tbody');
      this.filter = box.querySelector('.grid-filter');
      this.count = box.querySelector('.grid-count');
      this.storeKey = `hero-grid:${location.pathname}:${this.id}`;
      this.state = { filter: '', column: -1, down: false };
      try { Object.assign(this.state, JSON.parse(sessionStorage.getItem(this.storeKey) ?? '{}')); } catch (_) { /* start anew */ }
      this.heads = [...box.querySelectorAll('thead th')];
      this.heads.forEach((th, column) => this.makeSortable(th, column));
      [...this.body.rows].forEach((row, order) => { row.heroOrder = order; });
      this.filter.value = this.state.filter;
      this.filter.addEventListener('input', () => { this.state.filter = this.filter.value; this.save(); this.show(); });
      box.addEventListener('pointerleave', () => { if (this.held) { const rows = this.held; this.held = null; this.place(rows); } });
      /* Few rows are read faster than filtered. Decided once, so that nothing moves later. */
      box.querySelector('.grid-bar').hidden = this.body.rows.length < 6 && this.body.rows.length > 0 && this.state.filter === '';
      this.sort();
      this.show();
    }
    makeSortable (th, column) {
      if (th.classList.contains('act'))
        return;
      const button = Hero.el('button', { type: 'button' }, th.textContent);
      th.replaceChildren(button);
      button.addEventListener('click', () => {
        const first = th.classList.contains('num') || th.dataset.kind === 'time';
        if (this.state.column !== column) this.state = { ...this.state, column, down: first };
        else if (this.state.down === first) this.state.down = !first;
        else this.state = { ...this.state, column: -1, down: false };
        this.save();
        this.sort();
      });
    }
    save () {
      try { sessionStorage.setItem(this.storeKey, JSON.stringify(this.state)); } catch (_) { /* not kept, no harm */ }
    }
    sort () {
      const { column, down } = this.state;
      this.heads.forEach((th, at) => {
        if (at === column) th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        else th.removeAttribute('aria-sort');
      });
      const rows = [...this.body.rows];
      rows.sort((a, b) => (column < 0 ? 0 : (down ? -1 : 1) * compare(value(a.cells[column]), value(b.cells[column]))) || a.heroOrder - b.heroOrder);
      if (rows.some((row, at) => row !== this.body.rows[at]))
        this.body.append(...rows);
    }
    show () {
      const words = wordsOf(this.state.filter);
      let shown = 0;
      for (const row of this.body.rows) {
        const text = words.length ? row.textContent.toLowerCase() : '';
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      const all = this.body.rows.length;
      this.count.textContent = shown === all ? `${all}` : `${shown} of ${all}`;
      this.box.classList.toggle('is-empty', all === 0);
      const empty = this.box.querySelector('.empty');
      if (empty)
        empty.hidden = all !== 0;
    }
    /* Takes over the rows of the same table as the server just rendered it. */
    update (fresh) {
      const rows = new Map([...this.body.rows].map((row) => [row.dataset.key, row]));
      const wanted = [...fresh.querySelectorAll('tbody > tr')];
      const moves = wanted.length !== rows.size || wanted.some((row) => !rows.has(row.dataset.key));
      for (const next of wanted) {
        const row = rows.get(next.dataset.key);
        if (row)
          this.updateRow(row, next);
      }
      const busy = this.box.contains(document.activeElement) && document.activeElement !== this.filter;
      if (moves && ((hovers && this.body.matches(':hover')) || busy)) {
        this.held = wanted;
        this.count.textContent = `${this.count.textContent.replace(/ · .*/, '')} · changes wait while you point here`;
      } else
        this.place(wanted);
    }
    updateRow (row, next) {
      [...next.cells].forEach((cell, at) => {
        const old = row.cells[at];
        if (!old)
          return;
        if (cell.dataset.v !== undefined)
          old.dataset.v = cell.dataset.v;
        if (old.innerHTML !== cell.innerHTML && !old.contains(document.activeElement))
          old.innerHTML = cell.innerHTML;
      });
    }
    place (wanted) {
      const rows = new Map([...this.body.rows].map((row) => [row.dataset.key, row]));
      wanted.forEach((next, order) => {
        const row = rows.get(next.dataset.key) ?? this.body.appendChild(document.importNode(next, true));
        row.heroOrder = order;
        rows.delete(next.dataset.key);
      });
      for (const gone of rows.values())
        gone.remove();
      this.sort();
      this.show();
    }
  }

  /* ---- lists: <input data-filter="selector of the items"> and the count after it */
  const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
  function filterList (input) {
    const words = wordsOf(input.value), items = document.querySelectorAll(input.dataset.filter);
    let shown = 0;
    for (const item of items) {
      const text = (item.querySelector('summary') ?? item).textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
      shown += item.hidden ? 0 : 1;
    }
    input.nextElementSibling.textContent = shown === items.length ? `${shown}` : `${shown} of ${items.length}`;
  }
  const filterLists = () => document.querySelectorAll('input[data-filter]').forEach(filterList);

  function adopt (scope) {
    for (const box of scope.querySelectorAll('[data-grid]'))
      grids.set(box.dataset.grid, new Grid(box));
  }
  document.addEventListener('DOMContentLoaded', () => { adopt(document); filterLists(); });
  document.addEventListener('input', (event) => { if (event.target.matches('input[data-filter]')) filterList(event.target); });
  document.addEventListener('hero:log', filterLists);
  return { adopt, get: (id) => grids.get(id) };
})();
