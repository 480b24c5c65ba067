// Limits how long a save waits for the server. VS Code itself waits for code actions until the user cancels the save.
import { CancellationTokenSource, CodeActionKind, CodeActionTriggerKind, workspace } from 'vscode';
import type { CancellationToken, CodeAction, CodeActionContext } from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';

type Answer<T> = Promise<T | null | undefined>;

export class Saves {
  /** Number of requests that timed out during a save and are still unanswered. */
  private open = 0;
  /** Deadline for resolving each code action that a save requested. */
  private readonly ends = new WeakMap<object, number>();

  /** `late` is called with true when a save timed out, and with false when the server has answered again. */
  constructor(private readonly late: (is: boolean) => void) {}

  readonly middleware: Pick<Middleware, 'provideCodeActions' | 'resolveCodeAction' | 'willSaveWaitUntil'> = {
    provideCodeActions: async (document, range, context, token, next) => {
      if (!ofSave(context)) {
        return next(document, range, context, token);
      }
      const end = Date.now() + limit();
      const found = await this.until(end, token, (token) => next(document, range, context, token));
      found?.forEach((one) => this.ends.set(one, end));
      return found;
    },
    resolveCodeAction: async (action, token, next) => {
      const end = this.ends.get(action);
      const ask = (token: CancellationToken) => next(action, token);
      return end === undefined ? next(action, token) : this.until<CodeAction>(end, token, ask);
    },
    willSaveWaitUntil: async (event, next) => {
      if (workspace.getConfiguration('playpen').get<unknown>('fixOnSave') !== true) {
        return []; // the server would answer the same, but only after it has checked what the save just changed
      }
      const asked = () => Promise.resolve(next(event));
      return (await this.until(Date.now() + limit(), undefined, asked)) ?? [];
    },
  };

  /** The answer, or undefined at the deadline; undefined immediately while an earlier request is unanswered. */
  private async until<T>(
    end: number,
    token: CancellationToken | undefined,
    ask: (token: CancellationToken) => PromiseLike<T | null | undefined> | T | null | undefined,
  ): Answer<T> {
    if (this.open > 0) {
      return undefined;
    }
    const source = new CancellationTokenSource();
    const cancelled = token?.onCancellationRequested(() => source.cancel());
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    const answer = Promise.resolve(ask(source.token)).finally(() => {
      if (isLate && --this.open === 0) {
        this.late(false);
      }
    });
    const nothing = new Promise<undefined>((done) => {
      timer = setTimeout(() => {
        isLate = true;
        this.open += 1;
        this.late(true);
        source.cancel();
        done(undefined);
      }, end - Date.now());
    });
    try {
      return await Promise.race([answer, nothing]);
    } finally {
      clearTimeout(timer);
      cancelled?.dispose();
    }
  }
}

function ofSave({ only, triggerKind }: CodeActionContext): boolean {
  return triggerKind === CodeActionTriggerKind.Automatic && only !== undefined && CodeActionKind.Source.contains(only);
}

function limit(): number {
  const said = workspace.getConfiguration('playpen').get<unknown>('saveTimeout');
  return typeof said === 'number' ? said : 1_000;
}
