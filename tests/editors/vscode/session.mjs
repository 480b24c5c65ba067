// Runs VS Code (as code-server) in headless Chromium, for a user who is written in JavaScript. The task comes as JSON
// in argv[2]; what the user sees goes to standard output as JSON, one object a step.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';

export const task = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { chromium } = createRequire(`${task.editor}/x.js`)('playwright-core');
export const WAIT = 180_000; // as long as it takes on a busy machine; what is there earlier is seen earlier
export const say = (step) => console.log(JSON.stringify(step));

/** Have `user` use the page, and end it all. */
export async function session(user) {
  for (const [place, settings] of Object.entries({ Machine: task.machine, User: task.settings })) {
    mkdirSync(`${task.data}/${place}`, { recursive: true });
    writeFileSync(`${task.data}/${place}/settings.json`, JSON.stringify(settings));
  }
  const port = await free();
  const entry = `${task.editor}/node_modules/code-server/out/node/entry.js`;
  const server = spawn(
    process.execPath,
    [entry, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--user-data-dir', task.data, '--extensions-dir',
      task.extensions, '--disable-telemetry', '--disable-update-check', ...task.flags, '--reconnection-grace-time', '5',
      task.folder],
    // VSCODE_CLI: the environment is the test's, and not that of the user's shell.
    { env: { ...process.env, VSCODE_CLI: '1', EXTENSIONS_GALLERY: '{"serviceUrl":"","itemUrl":""}' }, stdio: ['ignore', 'ignore', 2] },
  );
  let browser;
  try {
    for (const end = Date.now() + WAIT; ; ) {
      if (await fetch(`http://127.0.0.1:${port}/healthz`).then(() => true, () => false)) break;
      if (Date.now() > end) throw new Error('VS Code does not start');
      await new Promise((done) => setTimeout(done, 100));
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
    await user(page);
    say({ step: 'done' });
  } catch (error) {
    say({ step: 'failed', error: String(error?.stack ?? error) });
    await browser?.contexts()[0]?.pages()[0]?.screenshot({ path: `${task.screenshots}/failed.png` }).catch(() => {});
  } finally {
    await browser?.close();
    server.kill();
  }
}

function free() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}
