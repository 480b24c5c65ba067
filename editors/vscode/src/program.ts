// Finds programs that a setting names, or that are on the PATH.
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import * as path from 'node:path';
import { workspace } from 'vscode';

export type Program = { place: string; wrong?: undefined } | { place: string; wrong: string };

/** Resolve a path (absolute, starting with `~/`, or relative to the workspace folder) or a name on the PATH. */
export function fromSetting(named: string): Program {
  if (!/[\\/]/.test(named)) {
    const place = onPath(named);
    return place ? { place } : { place: named, wrong: 'is not on the PATH' };
  }
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath;
  const meant = named.replace(/^~(?=[\\/])/, homedir()).replace(/^\$\{workspaceFolder\}[\\/]/, '');
  if (path.isAbsolute(meant)) {
    return checked(meant);
  }
  if (!folder) {
    return { place: named, wrong: 'is a relative path, but no folder is open' };
  }
  // Even a relative path in the user settings would run a program of the workspace.
  return workspace.isTrusted
    ? checked(path.join(folder, meant))
    : { place: named, wrong: 'is in an untrusted workspace' };
}

export function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder)) // a relative entry would be a folder of the workspace
    .flatMap((folder) => ENDINGS.map((ending) => path.join(folder, name + ending)))
    .find((place) => checked(place).wrong === undefined);
}

const ENDINGS = process.platform === 'win32' ? ['.exe', '.cmd', '.bat', ''] : [''];

function checked(place: string): Program {
  try {
    if (statSync(place).isDirectory()) {
      return { place, wrong: 'is a folder, not a program' };
    }
  } catch {
    return { place, wrong: 'does not exist' };
  }
  try {
    accessSync(place, constants.X_OK);
    return { place };
  } catch {
    return { place, wrong: 'is not executable' };
  }
}
