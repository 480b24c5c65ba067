// Ignores a rule with a reason: the server makes the edit, but only the editor can ask for words.
import { window } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

export const IGNORE = 'playpen.ignoreWithReason';

/** Where the findings are, as the server says it. */
interface Where {
  rules: string[];
}

const SCOPES = [
  { label: 'Here', description: 'a comment above the line', scope: 'here' },
  { label: 'In this file', description: 'a comment at the top', scope: 'file' },
  { label: 'In playpen.toml', description: 'in all files of the project', scope: 'project' },
];

export async function ignoreWithReason(client: LanguageClient, where: Where): Promise<void> {
  const rule =
    where.rules.length > 1
      ? await window.showQuickPick(where.rules, { placeHolder: 'Select the rule to ignore' })
      : where.rules[0];
  const scope = rule && (await window.showQuickPick(SCOPES, { placeHolder: `Where is \`${rule}\` ignored?` }))?.scope;
  if (!rule || !scope) {
    return;
  }
  const reason = scope === 'project' ? '' : await window.showInputBox({ prompt: `Why is \`${rule}\` ignored?` });
  if (reason !== undefined) {
    const params = { command: 'playpen-ls.ignore', arguments: [where, rule, scope, reason] };
    await client.sendRequest('workspace/executeCommand', params);
  }
}
