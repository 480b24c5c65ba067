// The language status item: the state of the server and the number of findings.
import { DiagnosticSeverity, languages, LanguageStatusSeverity, window } from 'vscode';
import type { Diagnostic, DocumentSelector, LanguageStatusItem } from 'vscode';

const STATES = {
  starting: 'starting',
  running: 'running',
  stopped: 'stopped',
  failed: 'failed to start',
  missing: 'not installed',
};
export type ServerState = keyof typeof STATES;

export class Status {
  private readonly item: LanguageStatusItem;
  private now: ServerState = 'starting';
  private isLate = false;

  constructor(selector: DocumentSelector) {
    this.item = languages.createLanguageStatusItem('playpen.status', selector);
    this.item.name = 'Playpen';
    this.show();
  }

  state(now: ServerState): void {
    this.now = now;
    this.isLate = false;
    this.show();
  }

  /** Whether a save timed out and the server has not answered since. */
  late(is: boolean): void {
    this.isLate = is;
    this.show();
  }

  count(): void {
    this.show();
  }

  dispose(): void {
    this.item.dispose();
  }

  private show(): void {
    const running = this.now === 'running' && !this.isLate;
    const state = this.now === 'running' && this.isLate ? 'not responding' : STATES[this.now];
    const here = window.activeTextEditor?.document.uri;
    const inFile = here ? listed(languages.getDiagnostics(here)).length : 0;
    const ours = languages.getDiagnostics().flatMap(([, found]) => found.filter((one) => one.source === 'playpen'));
    const all = listed(ours).length;
    const hints = ours.length - all;
    this.item.text = running ? `Playpen: ${inFile} in this file, ${all} in total` : `Playpen: ${state}`;
    this.item.detail = `server ${state}${running && hints > 0 ? `; hints, which Problems does not list: ${hints}` : ''}`;
    this.item.busy = this.now === 'starting';
    this.item.severity =
      running || this.item.busy ? LanguageStatusSeverity.Information : LanguageStatusSeverity.Warning;
    this.item.command = running
      ? { command: 'playpen.showOutput', title: 'Show Output' }
      : { command: 'playpen.restart', title: 'Restart' };
  }
}

/** Our findings without hints: the Problems panel does not list hints, and both should show the same number. */
function listed(found: readonly Diagnostic[]): Diagnostic[] {
  return found.filter((one) => one.source === 'playpen' && one.severity !== DiagnosticSeverity.Hint);
}
