// With pyright and ruff on the same module, and yaml-language-server on the same manifest.
import { say, session, task } from './session.mjs';
import { command, menu, open, rows, status } from './user.mjs';

await session(async (page) => {
  for (const file of task.files) {
    await open(page, file.name);
    await command(page, 'Problems: Focus on Problems View');
    for (const words of file.said) await page.locator('.markers-panel .monaco-list-row', { hasText: words }).first().waitFor();
    const seen = { step: file.name, rows: await rows(page) };
    await command(page, 'View: Focus Active Editor Group');
    await page.screenshot({ path: `${task.screenshots}/${file.name}-problems.png` });
    seen.menus = [];
    for (const one of file.menus) {
      seen.menus.push(await menu(page, { ...one, name: file.name }));
      await page.keyboard.press('Escape');
    }
    seen.status = await status(page, 'Playpen');
    await page.screenshot({ path: `${task.screenshots}/${file.name}-status.png` });
    await page.keyboard.press('Escape');
    await page.locator('.view-line').first().click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('# typed');
    await page.keyboard.press('Control+s');
    await page.locator('.tab.active:not(.dirty)').waitFor();
    await command(page, 'View: Close All Editors'); // so that the next one's problems fit into the panel
    say(seen);
  }
});
