// A workspace that names a program of its own, before and after its user trusts it.
import { existsSync } from 'node:fs';
import { say, session, task, WAIT } from './session.mjs';
import { command, open, squiggle, status } from './user.mjs';

await session(async (page) => {
  await page.locator('#status\\.workspaceTrust').waitFor();
  await open(page, task.file.name);
  const said = await page.locator('.notification-list-item-message', { hasText: /^Playpen: / }).first().textContent();
  await squiggle(page, task.file.words);
  await page.screenshot({ path: `${task.screenshots}/untrusted.png` });
  say({ step: 'untrusted', said, status: await status(page, 'Playpen: 1 in this file'), ran: existsSync(task.ran) });
  await page.keyboard.press('Escape');
  await command(page, 'Workspaces: Manage Workspace Trust');
  await page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click();
  for (const end = Date.now() + WAIT; !existsSync(task.ran); ) {
    if (Date.now() > end) throw new Error('the program of a trusted workspace is not run');
    await new Promise((done) => setTimeout(done, 100));
  }
  say({ step: 'trusted', ran: true });
});
