// Shows the page of a rule as a read-only Markdown preview.
import { commands, languages, Uri, window } from 'vscode';
import type { TextDocumentContentProvider } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

interface RuleName {
  id: string;
  title: string;
}

export class Pages implements TextDocumentContentProvider {
  static readonly scheme = 'playpen-rule';
  private readonly texts = new Map<string, string>();

  provideTextDocumentContent(uri: Uri): string {
    return this.texts.get(uri.path) ?? '';
  }

  async show(client: LanguageClient, rule: string): Promise<void> {
    const params = { command: 'playpen-ls.rulePage', arguments: [rule] };
    const page = await client.sendRequest<string | null>('workspace/executeCommand', params);
    if (page) {
      const uri = Uri.from({ scheme: Pages.scheme, path: `/${rule.replace('/', ' ')}.md` });
      this.texts.set(uri.path, page);
      await commands.executeCommand('markdown.showPreviewToSide', uri); // beside the code that it is about
    }
  }

  /** Of several rules, the user chooses one. */
  async choose(client: LanguageClient, rules: readonly string[]): Promise<void> {
    const rule = rules.length > 1 ? await window.showQuickPick(rules, { placeHolder: 'Select a rule' }) : rules[0];
    if (rule) {
      await this.show(client, rule);
    }
  }
}

/** Let the user pick a rule, those with a finding at the cursor first, and show its page. */
export async function explain(client: LanguageClient, pages: Pages): Promise<void> {
  const params = { command: 'playpen-ls.rules', arguments: [] };
  const rules = await client.sendRequest<RuleName[]>('workspace/executeCommand', params);
  const editor = window.activeTextEditor;
  const here = new Set<unknown>();
  for (const one of editor ? languages.getDiagnostics(editor.document.uri) : []) {
    if (one.source === 'playpen' && editor && one.range.intersection(editor.selection)) {
      here.add(typeof one.code === 'object' ? one.code.value : one.code);
    }
  }
  const items = rules.map(({ id, title }) => ({ label: id, description: title }));
  items.sort((a, b) => Number(here.has(b.label)) - Number(here.has(a.label)));
  const chosen = await window.showQuickPick(items, { placeHolder: 'Select a rule', matchOnDescription: true });
  if (chosen) {
    await pages.show(client, chosen.label);
  }
}
