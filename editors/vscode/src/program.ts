// Programs, as a setting names them and as the PATH has them.
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import * as path from 'node:path';
import { workspace } from 'vscode';

export type Program = { place: string; wrong?: undefined } | { place: string; wrong: string };

/** A path, from the home folder (`~/`) or from the workspace's if it is relative; or a name that is on the PATH. */
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
    return { place: named, wrong: 'is relative to a folder, and none is open' };
  }
  // The user's own setting would run a program of the workspace.
  return workspace.isTrusted
    ? checked(path.join(folder, meant))
    : { place: named, wrong: 'lies in a workspace that you do not trust' };
}

export function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder)) // a relative one is a folder of the workspace
    .flatMap((folder) => ENDINGS.map((ending) => path.join(folder, name + ending)))
    .find((place) => checked(place).wrong === undefined);
}

const ENDINGS = process.platform === 'win32' ? ['.exe', '.cmd', '.bat', ''] : [''];

function checked(place: string): Program {
  try {
    if (statSync(place).isDirectory()) {
      return { place, wrong: 'is a folder; name the program in it' };
    }
  } catch {
    return { place, wrong: 'does not exist' };
  }
  try {
    accessSync(place, constants.X_OK);
    return { place };
  } catch {
    return { place, wrong: 'may not be run' };
  }
}
