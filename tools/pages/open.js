// SPDX-License-Identifier: BSD-3-Clause
// open.js DIR [PAGE...]: looks at DIR/out/report.html, the page of its second scan, and other pages of
// DIR/out, through Chromium's debugging pipe. Prints what it measured; ends with 1 and the reasons where something is wrong.
const { spawn } = require('child_process');
const fs = require('fs');

const folder = process.argv[2], faults = [], events = [];
const browser = spawn('chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars',
  '--remote-debugging-pipe', '--user-data-dir=' + folder + '/chromium', 'about:blank'],
{ stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
const waiting = {};
let last = 0, rest = '', session, loaded = () => {};

browser.stdio[4].on('data', (data) => {
  rest += data;
  for (let end = rest.indexOf('\0'); end >= 0; end = rest.indexOf('\0')) {
    const message = JSON.parse(rest.slice(0, end));
    rest = rest.slice(end + 1);
    if (message.id) waiting[message.id](message);
    else events.push(message);
    if (message.method === 'Page.loadEventFired') loaded();
  }
});
const send = (method, params = {}) => new Promise((resolve, reject) => {
  waiting[++last] = (message) => (message.error ? reject(new Error(method + ': ' + message.error.message)) : resolve(message.result));
  browser.stdio[3].write(JSON.stringify({ id: last, method, params, sessionId: session }) + '\0');
});
const run = async (expression) => {
  const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(expression + ': ' + JSON.stringify(exceptionDetails));
  return result.value;
};
const must = (what, holds) => { if (!holds) faults.push(what); };
const resize = (width, mobile) => send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile });
const open = async (page) => {
  const load = new Promise((resolve) => { loaded = resolve; }), start = performance.now();
  await send('Page.navigate', { url: 'file://' + folder + '/out/' + page });
  await load;
  await run('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  return performance.now() - start;
};
const picture = async (name, height) => {
  const { cssContentSize: size } = await send('Page.getLayoutMetrics');
  const { data } = await send('Page.captureScreenshot', { captureBeyondViewport: true,
    clip: { x: 0, y: 0, width: size.width, height: Math.min(size.height, height), scale: 1 } });
  fs.writeFileSync(folder + '/' + name + '.png', Buffer.from(data, 'base64'));
};
const press = async (key) => {
  await send('Input.dispatchKeyEvent', { type: 'keyDown', key, text: key.length === 1 ? key : undefined, windowsVirtualKeyCode: key === 'Tab' ? 9 : undefined });
  await send('Input.dispatchKeyEvent', { type: 'keyUp', key });
};

async function look(page, name, height = 3000) {
  for (const [width, mobile] of [[1280, false], [390, true]])
    for (const scheme of ['light', 'dark']) {
      await resize(width, mobile);
      await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
      const took = await open(page);
      console.log(`${name}, ${width} pixels, ${scheme}: open after ${(took / 1000).toFixed(2)} s`);
      must(`${name} scrolls sideways at ${width}`, await run('document.documentElement.scrollWidth <= innerWidth'));
      await picture(`${name}-${width}-${scheme}`, height);
    }
}

async function tryGroup() {
  await resize(1280, false);
  await open('report.html');
  const sorted = await run(`(() => { const start = performance.now();
    const column = [...document.querySelectorAll('th')].findIndex((head) => head.textContent.startsWith('Uncertainty'));
    document.querySelectorAll('th button')[column].click(); document.body.offsetHeight;
    const took = performance.now() - start;
    const values = [...document.querySelectorAll('tbody tr')].map((row) => parseFloat(row.cells[column].textContent)).filter((v) => !Number.isNaN(v));
    return { took, falls: values.every((v, i) => i === 0 || v <= values[i - 1]) }; })()`);
  console.log(`sorted after ${sorted.took.toFixed(0)} ms`);
  must('sorting by uncertainty', sorted.falls);
  const left = await run(`(() => { const box = document.querySelector('#filter'); box.value = 'sub-00001'; box.dispatchEvent(new Event('input'));
    return document.querySelectorAll('tbody tr:not([hidden])').length; })()`);
  must('filtering by a name', left === 1);
}

async function tryScan(page) {
  await open(page);
  await press('m');
  must('m switches the mask off', await run(`getComputedStyle(document.querySelector('path.mask')).display === 'none'`));
  await press('2');
  must('2 rates', await run(`document.querySelector('#rating').elements.rating.value === 'minor'`));
  await run('document.activeElement.blur()');
  let seen = 0;
  for (let i = 0; i < 12; i++) {
    await press('Tab');
    seen += await run(`(() => { const at = document.activeElement, shown = at.matches('.looks > input') ? at.nextSibling : at;
      return getComputedStyle(shown).outlineStyle !== 'none' ? 1 : 0; })()`);
  }
  must('the focus is visible', seen >= 11);
  await open('report.html');
  must('the rating is known to all', (await run(`document.querySelector('#rated').textContent`)).startsWith('1 of'));
}

async function main() {
  const { targetInfos } = await send('Target.getTargets');
  const target = targetInfos.find((info) => info.type === 'page').targetId;
  session = (await send('Target.attachToTarget', { targetId: target, flatten: true })).sessionId;
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(domain + '.enable');
  const page = fs.readdirSync(folder + '/out').filter((name) => name.startsWith('sub-') && name.endsWith('.html')).sort()[1];
  await look('report.html', 'report');
  await look(page, 'scan');
  for (const other of process.argv.slice(3)) await look(other, other.replace('.html', ''), 30000);
  await tryGroup();
  await tryScan(page);
  const asked = events.filter((e) => e.method === 'Network.requestWillBeSent').map((e) => e.params.request.url);
  must('a page loads something', asked.every((url) => url.startsWith('data:') || url.startsWith('file://' + folder + '/out/')));
  must('a page complains', !events.some((e) => e.method === 'Log.entryAdded' || e.method === 'Runtime.exceptionThrown'));
}

main().catch((error) => faults.push(error.message)).finally(() => {
  browser.kill();
  faults.forEach((fault) => console.error('FAILED: ' + fault));
  process.exit(faults.length ? 1 : 0);
});
