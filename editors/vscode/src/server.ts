// Which server is run: the setting's, else that of the selected Python interpreter, else the one on the PATH.
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import * as path from 'node:path';
import { extensions, workspace } from 'vscode';

export interface Server {
  command: string;
  args: string[];
  /** Where it was found, for the status item. */
  found: string;
}

/** In a workspace that is not trusted, the two settings are those of the user only: VS Code leaves the others out. */
export async function findServer(log: (line: string) => void): Promise<Server | undefined> {
  const settings = workspace.getConfiguration('playpen');
  const [command, ...args] = settings.get<string[]>('server.command') ?? [];
  if (command) {
    return { command, args, found: 'the setting playpen.server.command' };
  }
  const interpreter = settings.get<string>('interpreter') || (await selectedInterpreter());
  if (interpreter) {
    if (await hasServer(interpreter)) {
      return { command: interpreter, args: ['-m', 'playpen_ls'], found: interpreter };
    }
    log(`${interpreter} has no playpen_ls`);
  }
  const onPath = which('playpen-ls');
  return onPath ? { command: onPath, args: [], found: onPath } : undefined;
}

/** That of the Python extension; without it, or in a workspace that is not trusted, none. */
async function selectedInterpreter(): Promise<string | undefined> {
  const python = extensions.getExtension('ms-python.python');
  if (!python || !workspace.isTrusted) {
    return undefined;
  }
  try {
    const api = await python.activate();
    const folder = workspace.workspaceFolders?.[0]?.uri;
    const chosen = api.environments.getActiveEnvironmentPath(folder);
    const environment = await api.environments.resolveEnvironment(chosen);
    return environment?.executable?.uri?.fsPath;
  } catch {
    return undefined;
  }
}

function hasServer(interpreter: string): Promise<boolean> {
  // -I: what lies in the workspace is no part of the search.
  const code = 'import importlib.util as u, sys; sys.exit(u.find_spec("playpen_ls") is None)';
  return new Promise((done) => {
    execFile(interpreter, ['-I', '-c', code], { timeout: 10_000 }, (error) => done(!error));
  });
}

function which(name: string): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const ending of endings) {
      const place = path.join(folder, name + ending);
      if (!path.isAbsolute(place)) {
        continue; // a relative folder on the PATH is one of the workspace
      }
      try {
        accessSync(place, constants.X_OK);
        return place;
      } catch {
        // the next one
      }
    }
  }
  return undefined;
}
