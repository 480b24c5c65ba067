// What a user does in VS Code, and sees.
import { readdirSync, readFileSync } from 'node:fs';
import { task, WAIT } from './session.mjs';

export function hasText(wanted) {
  return [...document.querySelectorAll('.view-line')].some((line) => line.textContent.replace(/\u00a0/g, ' ').includes(wanted));
}

export async function open(page, name) {
  await chosen(page, 'Control+p', name, name);
  await page.locator('.tab.active', { hasText: name }).waitFor();
}

// As with `open`, by its tab if it has one.
async function show(page, name) {
  const tab = page.locator('.tab', { hasText: name });
  if ((await tab.count()) === 0) return open(page, name);
  await tab.click();
  await page.locator('.tab.active', { hasText: name }).waitFor();
}

export async function command(page, title) {
  await chosen(page, 'F1', `>${title}`, title);
}

// Type into the box that a key opens, and click the row that it proposes: others move while the list is filtered. The box
// closes when the focus moves, as after a command that shows a panel; then the user presses the key again.
async function chosen(page, key, text, title) {
  const input = page.locator('.quick-input-widget input').first();
  const row = page.locator('.quick-input-list .monaco-list-row.focused', { hasText: title }).first();
  for (const end = Date.now() + WAIT; ; ) {
    try {
      await page.keyboard.press(key);
      await input.fill(text, { timeout: 5_000 });
      await row.click({ timeout: 10_000 });
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

// Waits for a squiggle under exactly these words; gives where they stand on the screen.
export async function squiggle(page, words) {
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

// Where the first of these words stand on the screen.
export async function place(page, words) {
  const found = await page.waitForFunction((words) => {
    for (const line of document.querySelectorAll('.editor-group-container.active .view-line')) {
      const at = line.textContent.replace(/\u00a0/g, ' ').indexOf(words);
      const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(), seen = 0; at >= 0 && node; seen += node.length, node = walker.nextNode()) {
        if (at >= seen + node.length) continue;
        const range = document.createRange();
        range.setStart(node, at - seen);
        range.setEnd(node, at - seen + 1);
        const box = range.getBoundingClientRect();
        return { x: box.left + 2, y: (box.top + box.bottom) / 2 };
      }
    }
    return null;
  }, words);
  return found.jsonValue();
}

// Click these words until `seen` is there: a lens that appears above moves them, and the project may not have been read.
export async function at(page, words, act, seen) {
  for (const end = Date.now() + WAIT; ; ) {
    const { x, y } = await place(page, words);
    await page.mouse.click(x, y);
    await act();
    if (await seen.first().waitFor({ timeout: 15_000 }).then(() => true, () => false)) return;
    if (Date.now() > end) throw new Error(`nothing happens at ${words}`);
    await page.keyboard.press('Escape');
  }
}

export async function problems(page) {
  await command(page, 'Problems: Focus on Problems View');
  await page.locator('.markers-panel .monaco-list-row .marker-code, .markers-panel .monaco-list-row .code-link').first().waitFor();
  const found = await rows(page);
  await command(page, 'View: Focus Active Editor Group');
  return found;
}

export function rows(page) {
  return page.locator('.markers-panel .monaco-list-row').evaluateAll((rows) =>
    rows.map((row) => ({ text: row.textContent, links: [...row.querySelectorAll('a')].map((one) => one.href || one.dataset.href) })));
}

// The menu of what can be done at these words. A lens that appears above moves them away under the mouse.
export async function menu(page, { name, words, fix }) {
  const row = page.locator('.action-widget .monaco-list-row', { hasText: fix }).first();
  for (const end = Date.now() + WAIT; ; ) {
    const box = await squiggle(page, words);
    await page.mouse.click(box.left + 4, (box.top + box.bottom) / 2);
    await page.keyboard.press('Control+.');
    if (await row.waitFor({ timeout: 10_000 }).then(() => true, () => false)) break;
    if (Date.now() > end) throw new Error(`nothing offers ${fix}`);
    await page.keyboard.press('Escape');
  }
  await page.screenshot({ path: `${task.screenshots}/${name}-menu.png` });
  return page.locator('.action-widget .monaco-list-row').evaluateAll((rows) => rows.map((row) => row.textContent));
}

export function text(page) {
  return page.locator('.view-line').evaluateAll((lines) =>
    lines.map((line) => [parseFloat(line.style.top), line.textContent.replace(/\u00a0/g, ' ')])
      .sort((a, b) => a[0] - b[0]).map(([, line]) => line));
}

export async function atEnd(page) {
  await intoText(page);
  await page.keyboard.press('Control+End');
}

async function intoText(page) {
  await page.mouse.move(0, 0); // away from what shows a tooltip over the first line
  const tooltip = page.locator('.hover-contents').first();
  for (const end = Date.now() + WAIT; ; ) {
    if (await tooltip.waitFor({ state: 'hidden', timeout: 2_000 }).then(() => true, () => false)) break;
    if (Date.now() > end) throw new Error('the tooltip stays');
    await page.keyboard.press('Escape'); // one that the keyboard has opened does not go with the mouse
  }
  await page.locator('.view-line').first().click();
}

export async function save(page) {
  await page.keyboard.press('Control+s');
  await page.locator('.tab.active:not(.dirty)').waitFor();
}

// The center of notifications: it keeps messages that came and went again. With `words`, when one of them says these.
export async function notifications(page, words = '') {
  const center = page.locator('.notifications-center');
  const wanted = words ? center.locator('.notification-list-item', { hasText: words }).first() : center;
  for (const end = Date.now() + WAIT; ; ) {
    await command(page, 'Notifications: Show Notifications');
    if (await wanted.waitFor({ timeout: 5_000 }).then(() => true, () => false)) return center;
    await page.keyboard.press('Escape');
    if (Date.now() > end) throw new Error(`no message says ${words}`);
  }
}

// In the editor, as a user: this VS Code is installed without its native watcher of files.
export async function changeSettings(page, settings, name) {
  await show(page, 'settings.json');
  await intoText(page);
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(JSON.stringify(settings));
  await save(page);
  await show(page, name);
}

// The language servers that this VS Code runs.
export function servers() {
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

export function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // the process that reads the project has come to its end
    }
  }
}

export async function changed(before) {
  for (let waited = 0; waited < WAIT; waited += 100) {
    const now = servers();
    if (now.length > 0 && now.every((pid) => !before.includes(pid))) return now;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`the server is still ${before}`);
}

// What the language status says, behind the braces in the status bar.
export async function status(page, wanted) {
  const item = page.locator('.hover-language-status .left', { hasText: wanted }).first();
  for (const end = Date.now() + WAIT; ; ) {
    await page.locator('#status\\.languageStatus').click();
    if (await item.waitFor({ timeout: 2_000 }).then(() => true, () => false)) break;
    if (Date.now() > end) throw new Error(`the status does not say ${wanted}`);
    await page.keyboard.press('Escape');
  }
  const text = await item.textContent();
  return text;
}
