// Messages for a server that is missing, misconfigured or fails to start: one message, with the remedy.
import { commands, env, window } from 'vscode';
import type { LogOutputChannel } from 'vscode';
import { commandLine } from './server';
import type { Server, Wrong } from './server';

const INSTALL = 'pip install playpen-ls';

/** `install` is undefined if the extension cannot install the server itself. */
export function tellOfInstallation(install: (() => unknown) | undefined): void {
  if (install) {
    const where = 'The extension can install it, with Python 3.11 or later, into an environment of its own.';
    tell(`the language server is not installed. ${where}`, { Install: install, ...opening('playpen.interpreter') });
    return;
  }
  const remedy = `Run \`${INSTALL}\` in your Python environment, then restart the server.`;
  tell(`the language server is not installed. ${remedy}`, { ...copying(INSTALL), ...opening('playpen.server.command') });
}

export function tellOfSettings(wrong: readonly Wrong[], server: Server | undefined, output: LogOutputChannel): void {
  const said = wrong.map(({ setting, says, run }) => `\`${setting}\` ${says}${run ? `: run \`${run}\`` : ''}`);
  const instead = server
    ? `Using \`${commandLine(server)}\` instead.`
    : `No other server was found: correct it or run \`${INSTALL}\` in your Python environment.`;
  output.warn(said.join('; '));
  const run = wrong.find((one) => one.run)?.run ?? (server ? undefined : INSTALL);
  tell(`${said.join('; ')}. ${instead}`, { ...(run ? copying(run) : {}), ...opening(wrong[0]?.setting ?? 'playpen') });
}

export function tellOfFailure(server: Server, problem: string, output: LogOutputChannel): void {
  output.error(`${commandLine(server)} ${problem}`);
  const remedy = server.setting
    ? `Check the setting \`${server.setting}\`: its program must start \`playpen-ls\`.`
    : `See the output for details; \`${INSTALL} --upgrade\` may help.`;
  const open = server.setting ? opening(server.setting) : {};
  tell(`the server \`${commandLine(server)}\` ${problem}. ${remedy}`, { 'Show Output': () => output.show(), ...open });
}

export function tellOfInstalling(problem: string, output: LogOutputChannel): void {
  tell(`the language server was not installed. ${problem}`, { 'Show Output': () => output.show() });
}

type Buttons = Record<string, () => unknown>;

function copying(text: string): Buttons {
  return { 'Copy Command': () => env.clipboard.writeText(text) };
}

function opening(setting: string): Buttons {
  return { 'Open Settings': () => commands.executeCommand('workbench.action.openSettings', setting) };
}

function tell(message: string, buttons: Buttons): void {
  void window
    .showWarningMessage(`Playpen: ${message}`, ...Object.keys(buttons))
    .then((chosen) => chosen && buttons[chosen]?.());
}
