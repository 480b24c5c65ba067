// From an image to its Dockerfile, its route and its stages, beside servers for Python and YAML.
import { say, session, task } from './session.mjs';
import { at, changeSettings, command, hasText, open, place, rows, text } from './user.mjs';

const texts = (found) => found.evaluateAll((all) => all.map((one) => one.textContent.replace(/\u00a0/g, ' ').trim()));

await session(async (page) => {
  const picture = (name) => page.screenshot({ path: `${task.screenshots}/${name}.png` });
  const key = (name) => () => page.keyboard.press(name);
  const tab = (name) => page.locator('.tab.active', { hasText: name });

  await open(page, 'shop.yaml');
  await page.locator('.codelens-decoration', { hasText: 'built from' }).first().waitFor();
  say({ step: 'lens', titles: await texts(page.locator('.codelens-decoration a, .codelens-decoration span:not(.codicon)')) });

  const hover = page.locator('.monaco-hover:visible', { hasText: 'built from' });
  for (let attempt = 1; attempt <= 20 && (await hover.count()) === 0; attempt++) {
    const { x, y } = await place(page, 'nexus:5000/shop');
    await page.mouse.move(x + attempt, y);
    await hover.first().waitFor({ timeout: 3_000 }).catch(() => {});
  }
  say({ step: 'hover', text: await hover.first().textContent() });
  await page.waitForTimeout(500); // until it has faded in, for the picture
  await picture('hover');
  await page.mouse.move(0, 0);

  await at(page, 'nexus:5000/shop', key('F12'), tab('Dockerfile'));
  say({ step: 'definition' });
  await open(page, 'shop.yaml');
  await at(page, '/health', key('F12'), tab('main.py'));
  await at(page, '/health', key('Shift+F12'), page.locator('.peekview-widget'));
  await page.locator('.peekview-widget .monaco-list-row').first().waitFor();
  say({ step: 'references', rows: await texts(page.locator('.peekview-widget .monaco-list-row')) });
  await picture('references');
  await page.keyboard.press('Escape');

  const box = page.locator('.rename-box input, .rename-box textarea, .rename-input').first();
  const rename = async (words, name) => {
    await at(page, words, key('F2'), box);
    await box.fill(name);
    await page.keyboard.press('Enter');
    await page.waitForFunction(hasText, name);
  };
  await rename('helper', 'assistant'); // pyright does
  say({ step: 'rename of a function', text: await text(page) });
  await command(page, 'Fold All');
  await page.waitForFunction(() => document.querySelector('.folding.codicon-folding-collapsed, .codicon-folding-collapsed'));
  say({ step: 'folding', text: await text(page) });
  await command(page, 'Unfold All');

  await open(page, 'Dockerfile');
  await rename('built', 'runtime');
  say({ step: 'rename of a stage', text: await text(page) });
  await at(page, 'COPY', key('Control+End'), page.locator('.view-line'));
  await page.keyboard.type('COPY --from=');
  const proposed = page.locator('.suggest-widget.visible .monaco-list-row', { hasText: 'runtime' });
  if (!(await proposed.first().waitFor({ timeout: 5_000 }).then(() => true, () => false))) {
    await page.keyboard.press('Control+Space');
    await proposed.first().waitFor();
  }
  say({ step: 'completion', rows: await texts(page.locator('.suggest-widget.visible .monaco-list-row .label-name')) });
  await page.keyboard.press('Escape');

  await open(page, 'Jenkinsfile');
  await page.locator('.codelens-decoration').first().waitFor();
  await page.keyboard.press('Control+Shift+o');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Image' }).first().waitFor();
  say({ step: 'symbols', rows: await texts(page.locator('.quick-input-list .monaco-list-row .label-name')) });
  await picture('symbols');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+t');
  await page.locator('.quick-input-widget input').first().fill('#Deployment shop');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Deployment shop' }).first().waitFor();
  say({ step: 'workspace symbols' });
  await page.keyboard.press('Escape');

  const features = { inlayHint: ['dockerfile', 'kubernetes'] };
  await changeSettings(page, { 'playpen.diagnostics.scope': 'workspace', 'playpen.features': features }, 'Dockerfile');
  await page.waitForFunction(hasText, '=3.12}');
  say({ step: 'hints', text: await text(page) });
  await picture('hints');
  await command(page, 'Problems: Focus on Problems View');
  await page.locator('.markers-panel .monaco-list-row', { hasText: 'closed.py' }).first().waitFor();
  say({ step: 'workspace', rows: await rows(page) });
});
