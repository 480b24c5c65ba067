// What users are told when there is no server, or not the one that they named: one message, with what mends it.
import { commands, env, window } from 'vscode';
import type { LogOutputChannel } from 'vscode';
import { commandLine } from './server';
import type { Server, Wrong } from './server';

const INSTALL = 'pip install playpen-ls';

export function tellOfInstallation(): void {
  const remedy = `Run \`${INSTALL}\` in your Python environment, then restart the server.`;
  tell(`the server is not installed. ${remedy}`, { ...copying(INSTALL), ...opening('playpen.server.command') });
}

export function tellOfSettings(wrong: readonly Wrong[], server: Server | undefined, output: LogOutputChannel): void {
  const said = wrong.map(({ setting, says, run }) => `\`${setting}\` ${says}${run ? `: run \`${run}\`` : ''}`);
  const instead = server
    ? `Until it is mended \`${commandLine(server)}\` runs.`
    : `And no other server was found: name one there, or run \`${INSTALL}\` in your Python environment.`;
  output.warn(said.join('; '));
  const run = wrong.find((one) => one.run)?.run ?? (server ? undefined : INSTALL);
  tell(`${said.join('; ')}. ${instead}`, { ...(run ? copying(run) : {}), ...opening(wrong[0]?.setting ?? 'playpen') });
}

export function tellOfFailure(server: Server, problem: string, output: LogOutputChannel): void {
  output.error(`${commandLine(server)} ${problem}`);
  const remedy = server.setting
    ? `\`${server.setting}\` names it: it must be a program that starts \`playpen-ls\`.`
    : `The output says more; \`${INSTALL} --upgrade\` may mend it.`;
  const open = server.setting ? opening(server.setting) : {};
  tell(`the server \`${commandLine(server)}\` ${problem}. ${remedy}`, { 'Show Output': () => output.show(), ...open });
}

type Buttons = Record<string, () => unknown>;

function copying(text: string): Buttons {
  return { 'Copy the Command': () => env.clipboard.writeText(text) };
}

function opening(setting: string): Buttons {
  return { 'Open Settings': () => commands.executeCommand('workbench.action.openSettings', setting) };
}

function tell(message: string, buttons: Buttons): void {
  void window
    .showWarningMessage(`Playpen: ${message}`, ...Object.keys(buttons))
    .then((chosen) => chosen && buttons[chosen]?.());
}
