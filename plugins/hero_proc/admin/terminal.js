/*
 * terminal.js: the tab Terminal: shows one terminal by xterm.js (3.8 of Debian, or a later one) over a WebSocket, fits it to
 * the window, and opens new ones. Closing it, in any way, detaches: the job goes on.
 */
'use strict';
(function () {
  const MESSAGE_MAX = 65536, SCROLLBAR = 15, SIDE_MAX = 1000;
  const AT_ONCE = 1 << 15, BEHIND_MAX = 1 << 19; /* characters; the half that stays about fills the scrollback */
  const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
  const COLOURS = {
    dark: ['#29323c', '#ff8585', '#62cf8e', '#e3b558', '#79b0ff', '#d79bf0', '#5ecdd6', '#b6c0ca',
           '#6b7886', '#ffa8a8', '#8ee3b0', '#f2cd83', '#a5caff', '#e6bdf7', '#8fe2e8', '#ffffff'],
    light: ['#10161d', '#b3261e', '#14713f', '#855600', '#1a5fc4', '#8a2fa8', '#0b6b75', '#5b6774',
            '#3b4651', '#d13b32', '#1b8a4e', '#a06a00', '#2f75dc', '#a244c2', '#0f828e', '#2a333d'],
  };

  let term, host, status, button, socket = null, shared = null;

  /* ---- looks */
  function theme () {
    const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(name).trim();
    const colours = COLOURS[document.documentElement.dataset.bsTheme] ?? COLOURS.dark;
    const selection = `${colour('--accent')}55`;
    const look = { background: colour('--bg'), foreground: colour('--text'), cursor: colour('--accent'), cursorAccent: colour('--bg'),
                   selection, selectionBackground: selection };
    NAMES.forEach((name, at) => {
      look[name] = colours[at];
      look[`bright${name[0].toUpperCase()}${name.slice(1)}`] = colours[at + 8];
    });
    return look;
  }

  function setTheme () {
    if (term.setOption)
      term.setOption('theme', theme()); /* 3.8 */
    else
      term.options.theme = theme();
  }

  /* ---- size: as many cells as there is room for */
  function fit () {
    const screen = host.querySelector('.xterm-screen').getBoundingClientRect(), style = getComputedStyle(host);
    const width = screen.width / term.cols, height = screen.height / term.rows;
    const clamp = (n) => Math.max(2, Math.min(SIDE_MAX, Math.floor(n)));
    if (!(width > 0 && height > 0))
      return;
    const cols = clamp((host.clientWidth - parseFloat(style.paddingLeft) - SCROLLBAR) / width);
    const rows = clamp((host.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom)) / height);
    if (cols !== term.cols || rows !== term.rows)
      term.resize(cols, rows);
    if (socket?.readyState === WebSocket.OPEN && (cols !== shared?.cols || rows !== shared?.rows)) {
      shared = { cols, rows };
      socket.send(JSON.stringify({ resize: shared }));
    }
  }

  /* Somebody else who looks on made it another size: what is shown is meant for that. */
  function follow (size) {
    shared = size;
    if (size.cols !== term.cols || size.rows !== term.rows)
      term.resize(size.cols, size.rows);
  }

  /* ---- output: xterm takes all it is given and reads it later; what comes quicker than it reads waits here, bounded */
  const output = { waiting: '', unread: 0, timer: 0 };

  /* xterm has read what it was given. 3.8 calls nobody back, so its queue is looked at. */
  function isIdle () {
    return term.setOption ? term._core.writeBuffer.length === 0 : output.unread === 0;
  }

  function flush () {
    output.timer = 0;
    if (output.waiting === '')
      return;
    if (isIdle()) {
      const now = output.waiting.slice(0, AT_ONCE);
      output.waiting = output.waiting.slice(AT_ONCE);
      output.unread++;
      term.write(now, () => { output.unread--; });
    }
    output.timer = setTimeout(flush, 4);
  }

  function show (text) {
    output.waiting += text;
    if (output.waiting.length > BEHIND_MAX)
      output.waiting = `\r\n[some output left out]\r\n${output.waiting.slice(-BEHIND_MAX / 2)}`;
    if (!output.timer)
      flush();
  }

  function clear () {
    clearTimeout(output.timer);
    output.waiting = '';
    output.timer = 0;
    term.reset();
  }

  /* ---- connection */
  function url (forWebSocket) {
    const address = new URL(`${Hero.base}/api/jobs/${host.dataset.job}/pty`, location.href);
    address.search = new URLSearchParams({ cols: term.cols, rows: term.rows, events: 1 });
    if (forWebSocket)
      address.protocol = address.protocol.replace('http', 'ws');
    return address;
  }

  function say (text, verb) {
    status.textContent = text;
    button.textContent = verb;
  }

  /* A browser does not tell why a WebSocket was refused; the same address does. */
  async function explain () {
    try {
      const response = await fetch(url(false));
      const { error } = await response.json();
      return response.status === 426 ? 'No connection: a proxy in between may not forward WebSockets' : `Refused: ${error}`;
    } catch (_) {
      return 'The service does not answer';
    }
  }

  async function ended (event, wasOpen) {
    const reason = event.code === 1000 ? `The job ended: ${event.reason}`
      : event.reason ? `Closed: ${event.reason}` : wasOpen ? 'The connection was lost' : await explain();
    if (socket === null)
      say(reason, 'Connect again');
  }

  function take (message, decoder) {
    if (typeof message !== 'string')
      return show(decoder.decode(message, { stream: true }));
    const { hello, resize } = JSON.parse(message);
    if (hello || resize)
      follow(hello ?? resize);
  }

  function connect () {
    const decoder = new TextDecoder();
    let wasOpen = false;
    clear();
    fit();
    const own = socket = new WebSocket(url(true));
    own.binaryType = 'arraybuffer';
    say('Connecting', 'Detach');
    own.onopen = () => {
      wasOpen = true;
      say('Connected', 'Detach');
      term.focus();
    };
    own.onmessage = (event) => { if (socket === own) take(event.data, decoder); };
    own.onclose = (event) => {
      if (socket !== own)
        return; /* detached */
      socket = null;
      ended(event, wasOpen);
    };
  }

  function detach () {
    const own = socket;
    socket = null;
    own.close(1000);
    say('Detached, the job goes on', 'Connect again');
  }

  function type (bytes) {
    if (socket?.readyState === WebSocket.OPEN)
      for (let at = 0; at < bytes.length; at += MESSAGE_MAX)
        socket.send(bytes.subarray(at, at + MESSAGE_MAX));
  }

  /* The way out for who has no pointer: Tab belongs to the shell. */
  function mayHaveKey (event) {
    if (!(event.ctrlKey && event.shiftKey && event.key === 'F6'))
      return true;
    if (event.type === 'keydown')
      button.focus();
    event.preventDefault();
    return false;
  }

  function begin () {
    const encoder = new TextEncoder(), typed = (text) => type(encoder.encode(text));
    term = new Terminal({ theme: theme(), fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--mono').trim(),
                          fontSize: window.innerWidth < 600 ? 12 : 14, scrollback: 5000, minimumContrastRatio: 4.5 });
    term.open(host);
    if (term.onData) {
      term.onData(typed);
      term.onBinary((text) => type(Uint8Array.from(text, (c) => c.charCodeAt(0))));
    } else {
      term.on('data', typed); /* 3.8 */
    }
    term.attachCustomKeyEventHandler(mayHaveKey);
    term.textarea.setAttribute('aria-describedby', 'terminal-keys');
    host.addEventListener('keydown', (event) => event.stopPropagation()); /* the page's keys are not for here */
    host.addEventListener('focusin', fit); /* the size of who is at work counts */
    new ResizeObserver(fit).observe(host);
    new MutationObserver(setTheme).observe(document.documentElement, { attributeFilter: ['data-bs-theme'] });
    button.addEventListener('click', () => socket === null ? connect() : detach());
    connect();
  }

  /* ---- a new one */
  async function started (id) {
    for (;;) {
      const job = await Hero.rpc('job.get', { id });
      if (job.pid !== 0)
        return;
      if (job.finished_at !== null)
        throw new Error(job.error || `The job ${job.phase}.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function open (shell) {
    const program = shell === 'tmux' ? { exec: shell } : { interpreter: shell };
    const job = await Hero.rpc('job.create', { action: { name: `terminal.${shell}`, tty: true, ...program } });
    await started(job.id);
    const address = new URL(location.href);
    address.searchParams.set('job', job.id);
    location.assign(address);
  }

  document.addEventListener('DOMContentLoaded', () => {
    const form = document.querySelector('.terminal-new');
    form?.addEventListener('submit', async (event) => {
      const submit = form.querySelector('button');
      event.preventDefault();
      submit.disabled = true;
      try {
        await open(form.elements.shell.value);
      } catch (error) {
        Hero.report(error);
      }
      submit.disabled = false;
    });
    host = document.querySelector('.terminal-screen');
    status = document.querySelector('[data-terminal="status"]');
    button = document.querySelector('[data-terminal="connect"]');
    if (host)
      begin();
  });
})();
