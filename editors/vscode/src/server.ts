// Finds the server to run: from the settings, else in the selected Python interpreter, on the PATH, or its own.
import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { extensions, workspace } from 'vscode';
import type { OwnServer } from './install';
import { fromSetting, onPath } from './program';
import { invocation } from './spawning';
import type { Invocation } from './spawning';

export interface Server {
  command: string;
  args: string[];
  /** Where it was found: the setting or the program, for the log. */
  found: string;
  setting?: string;
}

/** A setting that does not lead to a server: its value, and what would be right. */
export interface Wrong {
  setting: string;
  says: string;
  /** The command that would fix it, if any. */
  run?: string;
}

export interface Search {
  server?: Server;
  wrong: Wrong[];
}

const COMMAND = 'playpen.server.command';
const INTERPRETER = 'playpen.interpreter';

/** The values that name the server. VS Code may tell of one change twice. */
export function serverSettings(): string {
  const values = workspace.getConfiguration();
  return JSON.stringify([values.get(COMMAND), values.get(INTERPRETER)]);
}

/** Invalid settings are reported, and the search continues with the next place. */
export async function findServer(own: OwnServer, log: (line: string) => void): Promise<Search> {
  const wrong: Wrong[] = [];
  const server = ofCommand(wrong) ?? (await ofInterpreter(wrong)) ?? (await ofSelected(log)) ?? ofPath() ?? ofOwn(own);
  return { server, wrong };
}

export function commandLine(server: Server): string {
  return [server.command, ...server.args].join(' ');
}

// In an untrusted workspace VS Code ignores the workspace values of both settings.
function ofCommand(wrong: Wrong[]): Server | undefined {
  const setting = COMMAND;
  const value = workspace.getConfiguration().get<unknown>(setting) ?? [];
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) {
    wrong.push({ setting, says: `is ${JSON.stringify(value)}; it must be a list of strings, such as ["playpen-ls"]` });
    return undefined;
  }
  const [named, ...args] = value;
  if (!named) {
    return undefined;
  }
  const program = fromSetting(named);
  if (program.wrong) {
    wrong.push({ setting, says: `is \`${named}\`, which ${program.wrong}` });
    return undefined;
  }
  return { command: program.place, args, found: setting, setting };
}

async function ofInterpreter(wrong: Wrong[]): Promise<Server | undefined> {
  const setting = INTERPRETER;
  const named = workspace.getConfiguration().get<unknown>(setting);
  if (!named) {
    return undefined;
  }
  if (typeof named !== 'string') {
    wrong.push({ setting, says: `is ${JSON.stringify(named)}; it must be the path of a Python interpreter` });
    return undefined;
  }
  const program = fromSetting(named);
  const { server, problem } = program.wrong ? { problem: program.wrong } : await ofPython(program.place);
  if (!server) {
    const run = problem === NO_SERVER ? `${quoted(program.place)} -m pip install playpen-ls` : undefined;
    wrong.push({ setting, says: `is \`${named}\`, which ${problem}`, run });
    return undefined;
  }
  return { ...server, found: setting, setting };
}

/** The server of the interpreter that is selected in the Python extension; never in an untrusted workspace. */
async function ofSelected(log: (line: string) => void): Promise<Server | undefined> {
  const interpreter = await selectedInterpreter();
  if (!interpreter) {
    return undefined;
  }
  const { server, problem } = await ofPython(interpreter);
  if (problem) {
    log(`the selected interpreter ${interpreter} ${problem}`);
  }
  return server;
}

function ofPath(): Server | undefined {
  const place = onPath('playpen-ls');
  return place ? { command: place, args: [], found: place } : undefined;
}

function ofOwn(own: OwnServer): Server | undefined {
  const place = own.interpreter;
  return place ? { command: place, args: [...ISOLATED, '-m', 'playpen_ls'], found: 'the extension' } : undefined;
}

/** The interpreter with which an environment is made: the selected one, else that on the PATH. */
export async function anyInterpreter(): Promise<string | undefined> {
  return (await selectedInterpreter()) ?? onPath('python3') ?? onPath('python');
}

// Python imports nothing from the folder that it is started in, and ignores PYTHONPATH: both may lead into the workspace.
const ISOLATED = ['-I'];
/** The same with what `pip install --user` has installed. */
const WITH_USER = ['-E', '-P'];

async function ofPython(place: string): Promise<{ server?: Server; problem?: string }> {
  const problem = await lacking(place, ISOLATED);
  const flags = !problem ? ISOLATED : problem === NO_SERVER && !(await lacking(place, WITH_USER)) ? WITH_USER : undefined;
  return flags ? { server: { command: place, args: [...flags, '-m', 'playpen_ls'], found: place } } : { problem };
}

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

const NO_SERVER = 'does not have playpen-ls installed';

/** Why a Python interpreter that is started with these flags cannot run the server; undefined if it can. */
function lacking(interpreter: string, flags: string[]): Promise<string | undefined> {
  const code = "import importlib.util as u; print('playpen-ls', u.find_spec('playpen_ls') is not None)";
  let started: Invocation;
  try {
    started = invocation(interpreter, [...flags, '-c', code]);
  } catch (error) {
    return Promise.resolve(`cannot be run: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { command, args, windowsVerbatimArguments } = started;
  return new Promise((done) => {
    execFile(command, args, { timeout: 10_000, windowsVerbatimArguments }, (error, out) => {
      const said = out.trim();
      done(said === 'playpen-ls True' ? undefined : said === 'playpen-ls False' ? NO_SERVER : notPython(error));
    });
  });
}

function notPython(error: Error | null): string {
  return error && 'killed' in error && error.killed ? 'does not respond' : 'is not a working Python interpreter';
}

function quoted(place: string): string {
  return /\s/.test(place) ? `"${path.normalize(place)}"` : place;
}
