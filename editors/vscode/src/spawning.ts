// How a program is started, which on Windows can be a batch file (pyenv's shims are).
import * as path from 'node:path';

export interface Invocation {
  command: string;
  args: string[];
  windowsVerbatimArguments?: boolean;
}

/**
 * Node does not start .cmd and .bat files without a shell (CVE-2024-27980), so cmd.exe runs them.
 *
 * Throws for an argument that cmd.exe would change, even in quotes.
 */
export function invocation(
  command: string,
  args: string[],
  platform: string = process.platform,
  system: string = process.env.SystemRoot ?? 'C:\\Windows',
): Invocation {
  if (platform !== 'win32' || !/\.(?:cmd|bat)$/i.test(command)) {
    return { command, args };
  }
  const words = [command, ...args];
  const changed = words.find((word) => /["%\r\n]|\\$/.test(word));
  if (changed !== undefined) {
    throw new Error(`a batch file cannot get the argument \`${changed}\``);
  }
  const line = words.map((word) => `"${word}"`).join(' ');
  return {
    // Not by name: the current folder can be the workspace.
    command: path.win32.join(system, 'System32', 'cmd.exe'),
    args: ['/d', '/v:off', '/s', '/c', `"${line}"`],
    windowsVerbatimArguments: true,
  };
}
