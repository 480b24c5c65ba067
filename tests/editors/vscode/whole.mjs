// From a squiggle to a mended workspace.
import { readFileSync } from 'node:fs';
import { say, session, task } from './session.mjs';
import {
  atEnd, changed, changeSettings, command, hasText, menu, open, problems, rows, save, servers, signal, squiggle, status, text,
} from './user.mjs';

await session(async (page) => {
  for (const file of task.files) {
    const seen = { step: file.name };
    await open(page, file.name);
    seen.squiggle = await squiggle(page, file.words);
    await page.screenshot({ path: `${task.screenshots}/${file.name}-squiggle.png` });
    seen.problems = await problems(page);
    seen.menu = await menu(page, file);
    await page.locator('.action-widget .monaco-list-row', { hasText: file.fix }).first().click();
    await page.waitForFunction(hasText, file.after);
    seen.text = await text(page);
    await save(page);
    say(seen);
  }
  await open(page, 'app.py');
  await page.screenshot({ path: `${task.screenshots}/saved.png` });

  await open(page, task.live.name);
  await squiggle(page, task.live.words);
  await changeSettings(page, { 'playpen.ignore': [task.live.rule] }, task.live.name);
  await page.waitForFunction((selector) => !document.querySelector(selector), '.squiggly-warning, .squiggly-info, .squiggly-error');
  say({ step: 'setting', clean: true });
  await changeSettings(page, {}, task.live.name);
  await squiggle(page, task.live.words);

  const before = servers();
  await command(page, 'Playpen: Restart Server');
  const after = await changed(before);
  await status(page, 'in this file'); // it runs: one that is killed while it starts is not started again
  await page.keyboard.press('Escape');
  await squiggle(page, task.live.words);
  say({ step: 'restart', before, after });

  signal(after, 'SIGKILL');
  const revived = await changed(after);
  await atEnd(page);
  await page.keyboard.type('# typed');
  await squiggle(page, task.live.words);
  say({ step: 'killed', revived });

  const { name, typed, words } = task.hanging;
  const asSaved = async () => ({ text: await text(page), disk: readFileSync(`${task.folder}/${name}`, 'utf8') });
  await changeSettings(page, { 'playpen.saveTimeout': 200 }, name);
  await atEnd(page);
  signal(servers(), 'SIGSTOP');
  await page.keyboard.insertText(typed);
  await save(page);
  const first = await asSaved();
  await page.keyboard.insertText('!');
  await save(page); // while the question of the first is open
  const second = await asSaved();
  await page.screenshot({ path: `${task.screenshots}/hanging.png` });
  say({ step: 'hanging', first, second, status: await status(page, 'not responding') });
  await page.keyboard.press('Escape');
  signal(servers(), 'SIGCONT');
  await squiggle(page, words);
  const answering = await status(page, 'in this file');
  await page.keyboard.press('Escape');
  const late = await asSaved();
  await changeSettings(page, {}, name);
  await atEnd(page);
  let fixed;
  // A server that is slow to answer holds no save up either: then the user saves again.
  for (let attempt = 1; attempt <= 5; attempt++) {
    await page.keyboard.insertText('?');
    await save(page);
    fixed = await asSaved();
    if (fixed.disk !== `${late.disk}?`) break;
    await page.keyboard.press('Backspace');
  }
  say({ step: 'answering', status: answering, late, fixed });

  await command(page, 'Playpen: Check Workspace');
  await page.locator('.markers-panel .monaco-list-row', { hasText: task.closed.name }).first().waitFor();
  const said = page.locator('.statusbar-item', { hasText: 'Playpen: ' }).first();
  await said.waitFor();
  say({ step: 'check', rows: await rows(page), said: await said.textContent() });
  await page.screenshot({ path: `${task.screenshots}/workspace.png` });

  await command(page, 'Playpen: Explain Rule');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'dockerfile/copy-before-install' }).first().click();
  await page.locator('.tab.active', { hasText: 'copy-before-install' }).waitFor();
  await page.frameLocator('iframe.webview').frameLocator('iframe').locator('h1', { hasText: 'copy-before-install' }).waitFor();
  await page.mouse.move(640, 300); // away from the tab, which tells its name
  await page.locator('.monaco-hover:visible').waitFor({ state: 'detached' });
  await page.screenshot({ path: `${task.screenshots}/explain.png` });
  const beside = page.locator('.tab', { hasText: 'copy-before-install' }); // in a group of its own
  await beside.click({ button: 'middle' });
  await beside.waitFor({ state: 'detached' });
  say({ step: 'explain' });

  // The list closes when the focus moves, as when the page of the rule above takes it late; then the user asks again.
  for (let attempt = 1; ; attempt++) {
    await command(page, 'Playpen: Apply Safe Fixes in Workspace');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: task.closed.rule }).first().waitFor();
    await page.screenshot({ path: `${task.screenshots}/fix-workspace.png` });
    try {
      await page.locator('.quick-input-action .monaco-button', { hasText: 'OK' }).click({ timeout: 5000 });
      break;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
  // It is open now and changed, to be read and saved.
  const changedTab = page.locator('.tab.dirty', { hasText: task.closed.name });
  await changedTab.waitFor();
  await page.locator('.markers-panel .monaco-list-row', { hasText: task.closed.name }).first().waitFor({ state: 'detached' });
  await command(page, 'File: Save All Files');
  await changedTab.waitFor({ state: 'detached' });
  say({ step: 'fix' });

  await command(page, 'Playpen: Create playpen.toml');
  await page.locator('.tab.active', { hasText: 'playpen.toml' }).waitFor();
  await command(page, 'File: Save All Files');
  await page.locator('.tab.active:not(.dirty)').waitFor();
  await page.locator('.monaco-editor.focused, .monaco-editor').first().click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.insertText(task.configuration.text);
  for (const words of task.configuration.wrong) await squiggle(page, words);
  await command(page, 'Problems: Focus on Problems View');
  await page.locator('.markers-panel .monaco-list-row', { hasText: 'invalid-config' }).first().waitFor();
  await page.screenshot({ path: `${task.screenshots}/configuration.png` });
  say({ step: 'create', rows: await rows(page) });

  await command(page, 'Playpen: Show Output');
  // Nothing stands in it: this VS Code is installed without its native writer of logs.
  await page.waitForFunction(() => [...document.querySelectorAll('.part.panel select')].some((one) => one.selectedOptions[0]?.textContent === 'Playpen'));
  say({ step: 'output' });
});
