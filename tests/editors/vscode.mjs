// Drives VS Code (as code-server) in headless Chromium as a user would. The task comes as JSON in argv[2];
// what was seen goes to standard output as JSON, one object a step.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';

const task = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { chromium } = createRequire(`${task.editor}/x.js`)('playwright-core');
const WAIT = 30_000;
const say = (step) => console.log(JSON.stringify(step));
const settingsFile = `${task.data}/User/settings.json`;
// What names programs belongs to the machine, the rest to the user.
mkdirSync(`${task.data}/Machine`, { recursive: true });
writeFileSync(`${task.data}/Machine/settings.json`, JSON.stringify(task.machine));
const setSettings = (more) => {
  mkdirSync(`${task.data}/User`, { recursive: true });
  writeFileSync(settingsFile, JSON.stringify({ ...task.settings, ...more }));
};

const port = await new Promise((done) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => done(port));
  });
});
setSettings({});
const entry = `${task.editor}/node_modules/code-server/out/node/entry.js`;
const server = spawn(
  process.execPath,
  [entry, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--user-data-dir', task.data, '--extensions-dir',
    task.extensions, '--disable-telemetry', '--disable-update-check', '--disable-workspace-trust',
    '--reconnection-grace-time', '5', task.folder],
  { env: { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":"","itemUrl":""}' }, stdio: ['ignore', 'ignore', 2] },
);
let browser;
try {
  for (let ok = false; !ok; ) {
    ok = await fetch(`http://127.0.0.1:${port}/healthz`).then(() => true, () => false);
    if (!ok) await new Promise((done) => setTimeout(done, 100));
  }
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(WAIT);
  await page.goto(`http://127.0.0.1:${port}/?folder=${task.folder}`);
  await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
  await drive(page);
  say({ step: 'done' });
} catch (error) {
  say({ step: 'failed', error: String(error?.stack ?? error) });
  await browser?.contexts()[0]?.pages()[0]?.screenshot({ path: `${task.screenshots}/failed.png` }).catch(() => {});
} finally {
  await browser?.close();
  server.kill();
}

async function drive(page) {
  for (const file of task.files) {
    const seen = { step: file.name };
    await open(page, file.name);
    seen.squiggle = await squiggle(page, file.words);
    await page.screenshot({ path: `${task.screenshots}/${file.name}-squiggle.png` });
    seen.problems = await problems(page);
    seen.menu = await menu(page, file, seen.squiggle);
    await page.locator('.action-widget .monaco-list-row', { hasText: file.fix }).first().click();
    await page.waitForFunction(hasText, file.after);
    seen.text = await text(page);
    await page.keyboard.press('Control+s');
    await page.locator('.tab.active:not(.dirty)').waitFor();
    say(seen);
  }
  await open(page, 'app.py');
  await page.screenshot({ path: `${task.screenshots}/saved.png` });

  await open(page, task.live.name);
  await squiggle(page, task.live.words);
  await changeSettings(page, { 'playpen.ignore': [task.live.rule] });

  await page.waitForFunction((selector) => !document.querySelector(selector), '.squiggly-warning, .squiggly-info, .squiggly-error');
  say({ step: 'setting', clean: true });
  await changeSettings(page, {});
  await squiggle(page, task.live.words);

  const before = servers();
  await command(page, 'Playpen: Restart the Server');
  const after = await changed(before);
  await squiggle(page, task.live.words);
  say({ step: 'restart', before, after });

  for (const pid of after) process.kill(pid, 'SIGKILL');
  const revived = await changed(after);
  await page.locator('.view-line').first().click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('# typed');
  await squiggle(page, task.live.words);
  say({ step: 'killed', revived });

  await command(page, 'Playpen: Check the Whole Workspace');
  await page.locator('.markers-panel .monaco-list-row', { hasText: task.closed.name }).first().waitFor();
  say({ step: 'check', rows: await rows(page) });
  await page.screenshot({ path: `${task.screenshots}/workspace.png` });

  await command(page, 'Playpen: Explain a Rule');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'dockerfile/copy-before-install' }).first().click();
  await page.locator('.tab.active', { hasText: 'copy-before-install' }).waitFor();
  await page.frameLocator('iframe.webview').frameLocator('iframe').locator('h1', { hasText: 'copy-before-install' }).waitFor();
  await page.screenshot({ path: `${task.screenshots}/explain.png` });
  say({ step: 'explain' });

  await command(page, 'Playpen: Fix the Whole Workspace');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: task.closed.rule }).first().waitFor();
  await page.screenshot({ path: `${task.screenshots}/fix-workspace.png` });
  await page.locator('.quick-input-action .monaco-button', { hasText: 'OK' }).click();
  await page.locator('.markers-panel .monaco-list-row', { hasText: task.closed.name }).first().waitFor({ state: 'detached' });
  await command(page, 'File: Save All Files');
  say({ step: 'fix' });

  await command(page, 'Playpen: Create playpen.toml');
  await page.locator('.tab.active', { hasText: 'playpen.toml' }).waitFor();
  await command(page, 'File: Save All Files');
  await page.locator('.tab.active:not(.dirty)').waitFor();
  say({ step: 'create' });
}

// In the editor, as a user: this VS Code is installed without its native watcher of files.
async function changeSettings(page, settings) {
  await open(page, 'settings.json');
  await page.locator('.view-line').first().click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(JSON.stringify(settings));
  await page.keyboard.press('Control+s');
  await page.locator('.tab.active:not(.dirty)').waitFor();
  await open(page, task.live.name);
}

function hasText(wanted) {
  return [...document.querySelectorAll('.view-line')].some((line) => line.textContent.replace(/\u00a0/g, ' ').includes(wanted));
}

async function open(page, name) {
  await page.keyboard.press('Control+p');
  await page.locator('.quick-input-widget input').first().fill(name);
  const row = page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first();
  await row.waitFor();
  await row.click();
  await page.locator('.tab.active', { hasText: name }).waitFor();
}

async function command(page, title) {
  await page.keyboard.press('F1');
  await page.locator('.quick-input-widget input').first().fill(`>${title}`);
  const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
  await row.waitFor();
  await row.click();
}

// Waits for a squiggle under exactly these words; gives where they stand on the screen.
async function squiggle(page, words) {
  const found = await page.waitForFunction((words) => {
    const squiggles = [...document.querySelectorAll('[class*="squiggly-"]')].map((one) => one.getBoundingClientRect());
    for (const line of document.querySelectorAll('.view-line')) {
      const at = line.textContent.replace(/\u00a0/g, ' ').indexOf(words);
      if (at < 0) continue;
      const range = document.createRange();
      const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      let seen = 0, started = false;
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!started && at < seen + node.length) { range.setStart(node, at - seen); started = true; }
        if (started && at + words.length <= seen + node.length) { range.setEnd(node, at + words.length - seen); break; }
        seen += node.length;
      }
      const box = range.getBoundingClientRect();
      for (const one of squiggles) {
        const same = Math.abs(one.left - box.left) < 3 && Math.abs(one.right - box.right) < 3;
        if (same && one.top < box.bottom && one.bottom > box.top) {
          return { left: box.left, right: box.right, top: box.top, bottom: box.bottom };
        }
      }
    }
    return null;
  }, words);
  return found.jsonValue();
}

async function problems(page) {
  await command(page, 'Problems: Focus on Problems View');
  await page.locator('.markers-panel .monaco-list-row .marker-code, .markers-panel .monaco-list-row .code-link').first().waitFor();
  const found = await rows(page);
  await command(page, 'View: Focus Active Editor Group');
  return found;
}

function rows(page) {
  return page.locator('.markers-panel .monaco-list-row').evaluateAll((rows) =>
    rows.map((row) => ({ text: row.textContent, links: [...row.querySelectorAll('a')].map((one) => one.href || one.dataset.href) })));
}

async function menu(page, file, box) {
  await page.mouse.click(box.left + 4, (box.top + box.bottom) / 2);
  await page.keyboard.press('Control+.');
  await page.locator('.action-widget .monaco-list-row', { hasText: file.fix }).first().waitFor();
  await page.screenshot({ path: `${task.screenshots}/${file.name}-menu.png` });
  return page.locator('.action-widget .monaco-list-row').evaluateAll((rows) => rows.map((row) => row.textContent));
}

function text(page) {
  return page.locator('.view-line').evaluateAll((lines) =>
    lines.map((line) => [parseFloat(line.style.top), line.textContent.replace(/\u00a0/g, ' ')])
      .sort((a, b) => a[0] - b[0]).map(([, line]) => line));
}

// The language servers that this VS Code runs.
function servers() {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('playpen_ls')
        && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(task.mark)
        && !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('pytest');
    } catch {
      return false;
    }
  }).map(Number);
}

async function changed(before) {
  for (let waited = 0; waited < WAIT; waited += 100) {
    const now = servers();
    if (now.length > 0 && now.every((pid) => !before.includes(pid))) return now;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`the server is still ${before}`);
}
