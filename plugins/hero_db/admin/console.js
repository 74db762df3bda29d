/* console.js: the Console tab: one command a line, with a history on the arrow keys. */
'use strict';
(function () {
  const history = [];
  let at = 0, running = Promise.resolve(); // one after the other, as typed

  /* A reply as redis-cli would show it: elements numbered, strings quoted. */
  function show (reply, type, depth = 0) {
    if (reply === null)
      return '(nil)';
    if (Array.isArray(reply)) {
      if (reply.length === 0)
        return '(empty)';
      const indent = '   '.repeat(depth);
      return reply.map((element, i) => `${i === 0 && depth > 0 ? '' : indent}${i + 1}) ${show(element, '', depth + 1)}`).join('\n');
    }
    if (typeof reply === 'number' || type === 'integer')
      return `(integer) ${reply}`;
    if (typeof reply === 'object')
      return `(base64) ${reply.b64}`;
    return type === 'status' || type === 'verbatim' ? reply : JSON.stringify(reply);
  }

  async function run (line, db) {
    let text;
    try {
      const { answer } = await Hero.exchange('command.exec', { args: line, db });
      const result = answer?.result;
      if (answer?.error)
        text = `(error) ${answer.error.message}`;
      else
        text = result.error ? `(error) ${result.error.code} ${result.error.text}` : show(result.reply, result.type);
    } catch (error) {
      text = `(error) ${error.message}`;
    }
    const output = document.getElementById('console-output');
    output.textContent += `${db}> ${line}\n${text}\n`;
    output.hidden = false;
    document.getElementById('console').scrollIntoView({ block: 'nearest' });
  }

  document.addEventListener('submit', (event) => {
    if (event.target.id !== 'console')
      return;
    event.preventDefault();
    const form = event.target, line = form.line.value.trim(), db = Number(form.db.value);
    if (line === '')
      return;
    history.push(line);
    at = history.length;
    form.line.value = '';
    running = running.then(() => run(line, db));
  });
  document.addEventListener('keydown', (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step === undefined || !event.target.matches('#console input[name="line"]'))
      return;
    event.preventDefault();
    at = Math.min(Math.max(at + step, 0), history.length);
    event.target.value = history[at] ?? '';
  });
})();
