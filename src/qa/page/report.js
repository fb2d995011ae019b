// SPDX-License-Identifier: BSD-3-Clause
(() => {
  'use strict';
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const columns = ['participant_id', 'session_id', 'scan', 'mask', 'rating', 'issues', 'comment', 'rater', 'time'];

  /* Ratings are kept in this browser until they are saved; where it keeps nothing, each page
   * still saves its own. */
  const shelf = 'ben-mpi ratings ' + document.body.dataset.cohort;
  const load = () => {
    try { return JSON.parse(localStorage.getItem(shelf)) || {}; } catch { return {}; }
  };
  const keep = (rating) => {
    const ratings = load();
    ratings[rating.scan] = rating;
    try { localStorage.setItem(shelf, JSON.stringify(ratings)); } catch { /* not allowed */ }
  };

  const download = (name, type, text) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const cell = (value) => {
    const text = (Array.isArray(value) ? value.join(',') : value || '').replace(/[\t\r\n]+/g, ' ').trim();
    return text || 'n/a';
  };
  const tsv = (ratings) =>
    [columns, ...ratings.map((r) => columns.map((c) => cell(r[c])))].map((row) => row.join('\t') + '\n').join('');
  const offer = (name, form, ratings) =>
    form === 'tsv' ? download(name + '.tsv', 'text/tab-separated-values', tsv(ratings))
      : download(name + '.json', 'application/json', JSON.stringify(ratings, null, 2) + '\n');

  /* The group's table: sort by a column, filter by text and state. */
  const table = $('table.sortable');
  if (table) {
    const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
    const words = rows.map((row) => row.textContent.toLowerCase());
    const choice = $('#sort'), text = $('#filter'), state = $('#state'), shown = $('#shown');
    const ratings = load();
    for (const row of rows) {
      const rating = ratings[row.dataset.scan];
      if (rating) row.cells[row.cells.length - 1].textContent = rating.rating || '';
    }
    const sort = (column, down) => {
      const number = heads[column].classList.contains('number');
      const key = (row) => {
        const said = row.cells[column].textContent.trim();
        const value = number ? parseFloat(said) : said;
        return said === '' || (number && Number.isNaN(value)) ? null : value;
      };
      const order = new Intl.Collator(undefined, { numeric: true });
      const keyed = rows.map((row, index) => ({ row, index, key: key(row) }));
      keyed.sort((a, b) => {
        if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.index - b.index;
        const by = number ? a.key - b.key : order.compare(a.key, b.key);
        return (down ? -by : by) || a.index - b.index;
      });
      body.append(...keyed.map((entry) => entry.row));
      heads.forEach((head, i) => {
        if (i === column) head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        else head.removeAttribute('aria-sort');
      });
      choice.value = column + (down ? 'd' : 'a');
    };
    const filter = () => {
      const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      rows.forEach((row, i) => {
        const flags = row.dataset.flags.split(' ');
        const fits = wanted.every((word) => words[i].includes(word)) && (!state.value || flags.includes(state.value));
        row.hidden = !fits;
        count += fits;
      });
      shown.textContent = count + ' of ' + rows.length + ' scans shown';
    };
    heads.forEach((head, i) => $('button', head).addEventListener('click', () =>
      sort(i, head.getAttribute('aria-sort') === 'ascending' ||
        (!head.hasAttribute('aria-sort') && head.classList.contains('number')))));
    choice.addEventListener('change', () => sort(parseInt(choice.value, 10), choice.value.endsWith('d')));
    text.addEventListener('input', filter);
    state.addEventListener('change', filter);
    filter();
    const rated = Object.values(ratings);
    $('#rated').textContent = rated.length + ' of ' + rows.length + ' scans rated in this browser.';
    all('[data-save-all]').forEach((button) => {
      button.disabled = rated.length === 0;
      button.addEventListener('click', () => offer('ratings', button.dataset.saveAll, rated));
    });
  }

  /* A scan's page: the rating form. */
  const form = $('#rating');
  let rate, saveRating;
  if (form) {
    const before = load()[form.dataset.scan];
    const read = () => ({
      participant_id: form.dataset.participant, session_id: form.dataset.session,
      scan: form.dataset.scan, mask: form.dataset.mask,
      rating: (form.elements.rating.value || ''),
      issues: all('[name=issue]:checked', form).map((box) => box.value),
      comment: form.elements.comment.value, rater: form.elements.rater.value,
      time: new Date().toISOString(), program: document.body.dataset.program,
    });
    if (before) {
      form.elements.rating.value = before.rating;
      form.elements.comment.value = before.comment || '';
      form.elements.rater.value = before.rater || '';
      all('[name=issue]', form).forEach((box) => { box.checked = (before.issues || []).includes(box.value); });
    } else {
      const last = Object.values(load()).pop();
      if (last) form.elements.rater.value = last.rater || '';
    }
    const told = $('#told');
    form.addEventListener('change', () => { keep(read()); told.textContent = 'Kept in this browser.'; });
    form.addEventListener('submit', (event) => event.preventDefault());
    const save = (kind) => {
      keep(read());
      offer('rating_' + document.body.dataset.page, kind, [read()]);
      told.textContent = 'Saved as ' + kind.toUpperCase() + '.';
    };
    all('[data-save]').forEach((button) => button.addEventListener('click', () => save(button.dataset.save)));
    rate = (number) => $('[name=rating][value=' + number + ']', form).click();
    saveRating = () => save('json');
  }

  /* Keys, but not while somebody writes. */
  const boxes = { m: '#show-mask', f: '#flicker', n: '#show-n4', b: '#flicker-n4', u: '#show-uncertainty', a: '#show-attention', c: '#show-redrawn' };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('textarea, input[type=text], input[type=search], select')) return;
    const box = boxes[event.key] && $(boxes[event.key]);
    const number = 'accept minor correct reject'.split(' ')[event.key - 1];
    const link = { j: 'a[rel=next]', k: 'a[rel=prev]' }[event.key];
    if (box) box.checked = !box.checked;
    else if (number && rate) rate(number);
    else if (event.key === 's' && saveRating) saveRating();
    else if (link && $(link)) $(link).click();
    else return;
    event.preventDefault();
  });
})();
