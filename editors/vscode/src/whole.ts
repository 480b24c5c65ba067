// Commands for the whole workspace: check it, and apply the safe fixes that the user picks.
import { commands, ProgressLocation, window } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

interface Fixable {
  rule: string;
  title: string;
  fixes: number;
  files: number;
}

export async function checkWorkspace(client: LanguageClient): Promise<void> {
  const found = await waiting('Playpen: checking the workspace', () => ask<string>(client, 'checkWorkspace'));
  await commands.executeCommand('workbench.actions.view.problems');
  window.setStatusBarMessage(`Playpen: ${found}`, 10_000);
}

export async function fixWorkspace(client: LanguageClient): Promise<void> {
  const fixable = await waiting('Playpen: collecting safe fixes', () => ask<Fixable[]>(client, 'fixableInWorkspace'));
  if (fixable.length === 0) {
    void window.showInformationMessage('Playpen: there are no safe fixes to apply in the workspace.');
    return;
  }
  const items = fixable.map(({ rule, title, fixes, files }) => ({
    label: rule,
    description: `${fixes} in ${counted(files, 'file')}`,
    detail: title,
    picked: true,
  }));
  const chosen = await window.showQuickPick(items, {
    canPickMany: true,
    title: 'Choose the fixes to apply across the workspace (safe fixes only)',
  });
  if (chosen && chosen.length > 0) {
    const rules = chosen.map((one) => one.label);
    await waiting('Playpen: applying safe fixes', () => ask(client, 'fixWorkspace', rules));
  }
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function ask<T>(client: LanguageClient, command: string, ...given: unknown[]): Promise<T> {
  return client.sendRequest<T>('workspace/executeCommand', { command: `playpen-ls.${command}`, arguments: given });
}

function waiting<T>(title: string, work: () => Promise<T>): Thenable<T> {
  return window.withProgress({ location: ProgressLocation.Window, title }, work);
}
