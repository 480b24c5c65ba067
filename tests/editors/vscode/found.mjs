// Which server is run: that of the interpreter, of the PATH, of the setting, or none.
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { say, session, task, WAIT } from './session.mjs';
import { changeSettings, command, notifications, open, servers, squiggle, status } from './user.mjs';

await session(async (page) => {
  await open(page, task.file.name);
  await squiggle(page, task.file.words);
  say({ step: 'interpreter', commands: commands(), status: await status(page, 'Playpen: 1 in this file') });

  const before = servers();
  writeFileSync(task.interpreter, task.another);
  await command(page, 'Playpen: Restart Server');
  await gone(before);
  await squiggle(page, task.file.words);
  say({ step: 'path', commands: commands() });

  rmSync(task.onPath);
  await command(page, 'Playpen: Restart Server');
  const message = page.locator('.notification-list-item', { hasText: 'not installed' }).first();
  await message.waitFor();
  const said = await message.locator('.notification-list-item-message').textContent();
  const count = await page.locator('.notification-list-item', { hasText: 'not installed' }).count();
  await message.hover(); // it stays
  await page.screenshot({ path: `${task.screenshots}/missing.png` });
  say({ step: 'missing', said, count, status: await status(page, 'not installed'), servers: servers() });
  await page.keyboard.press('Escape');

  const install = async () => {
    await notifications(page, 'is not installed');
    const asking = page.locator('.notification-list-item', { hasText: 'is not installed' }).first();
    await asking.hover();
    await asking.locator('.monaco-button', { hasText: 'Install' }).click();
  };
  await install();
  const center = await notifications(page, 'was not installed');
  say({ step: 'refused', said: await center.locator('.notification-list-item-message', { hasText: 'was not installed' }).textContent() });
  await command(page, 'Notifications: Clear All Notifications');
  writeFileSync(task.interpreter, task.bare);
  await command(page, 'Playpen: Restart Server');
  await install();
  await open(page, task.file.name);
  await squiggle(page, task.file.words);
  await page.screenshot({ path: `${task.screenshots}/installed.png` });
  say({ step: 'own', commands: commands() });
  await command(page, 'Notifications: Clear All Notifications');

  const own = servers();
  writeFileSync(task.onPath, task.script);
  chmodSync(task.onPath, 0o755);
  await command(page, 'Playpen: Restart Server');
  await gone(own);
  await squiggle(page, task.file.words);
  say({ step: 'installed', commands: commands() });

  for (const { step, settings, says, state } of task.named) {
    const before = servers();
    await changeSettings(page, settings, task.file.name);
    await gone(before);
    const seen = { step };
    if (state) seen.status = await status(page, state);
    else await squiggle(page, task.file.words);
    const center = await notifications(page, says);
    const messages = center.locator('.notification-list-item-message', { hasText: /^Playpen: / });
    await page.screenshot({ path: `${task.screenshots}/${step}.png` });
    say({ ...seen, commands: commands(), said: await messages.allTextContents() });
    await command(page, 'Notifications: Clear All Notifications');
  }
});

// Without the process that reads the project for the server: its child, which comes and goes.
function commands() {
  const pids = servers();
  return pids.flatMap((pid) => {
    try {
      const parent = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1]);
      return pids.includes(parent) ? [] : [readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)];
    } catch {
      return [];
    }
  }).filter((words) => words.length > 0);
}

async function gone(before) {
  for (const end = Date.now() + WAIT; servers().some((pid) => before.includes(pid)); ) {
    if (Date.now() > end) throw new Error('the server was not ended');
    await new Promise((done) => setTimeout(done, 100));
  }
}
