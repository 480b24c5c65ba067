// Installs the server that the extension carries into an environment of the extension's own: only when the user says so,
// and never into one of the user's.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ProgressLocation, window } from 'vscode';
import type { ExtensionContext, LogOutputChannel } from 'vscode';
import { invocation } from './spawning';

/** Minutes that one of its steps may take: pip waits for an index that does not answer. */
const PATIENCE = 5;
const VERSION = 'import sys; print(*sys.version_info[:2])';
const PYTHON = process.platform === 'win32' ? path.join('Scripts', 'python.exe') : path.join('bin', 'python');

export class OwnServer {
  private readonly folder: string;
  private readonly carried: string;

  constructor(context: ExtensionContext) {
    this.folder = path.join(context.globalStorageUri.fsPath, 'server');
    this.carried = path.join(context.extensionPath, 'wheel');
  }

  /** The wheel of the server; an extension that was built without it has none. */
  get wheel(): string | undefined {
    const found = existsSync(this.carried) ? readdirSync(this.carried).find((name) => name.endsWith('.whl')) : undefined;
    return found ? path.join(this.carried, found) : undefined;
  }

  /** The interpreter of the environment, if it has the server of this version of the extension. */
  get interpreter(): string | undefined {
    const place = path.join(this.folder, PYTHON);
    return this.wheel && existsSync(place) && this.installed() === path.basename(this.wheel) ? place : undefined;
  }

  /** Make the environment anew with this interpreter. Resolves to what went wrong, with the remedy; else undefined. */
  async install(python: string | undefined, output: LogOutputChannel): Promise<string | undefined> {
    const wheel = this.wheel;
    if (!python || !wheel) {
      return 'No Python was found: install Python 3.11 or later, or select an interpreter that has it.';
    }
    const title = 'Playpen: installing the language server';
    return window.withProgress({ location: ProgressLocation.Notification, title }, async (progress) => {
      const [major = 0, minor = 0] = (await run(python, ['-I', '-c', VERSION])).out.split(' ').map(Number);
      if (major !== 3 || minor < 11) {
        return `\`${python}\` is ${major ? `Python ${major}.${minor}` : 'not a working Python'}: select Python 3.11 or later.`;
      }
      rmSync(this.folder, { recursive: true, force: true });
      mkdirSync(path.dirname(this.folder), { recursive: true });
      progress.report({ message: 'creating an environment' });
      const made = await run(python, ['-I', '-m', 'venv', this.folder]);
      if (made.failed) {
        output.error(made.said);
        return `\`${python} -m venv\` failed: on Debian and Ubuntu, \`apt install python3-venv\` provides it.`;
      }
      progress.report({ message: 'downloading its dependencies' });
      const flags = ['--disable-pip-version-check', '--no-input'];
      const done = await run(path.join(this.folder, PYTHON), ['-I', '-m', 'pip', 'install', ...flags, wheel]);
      if (done.failed) {
        output.error(done.said);
        return 'pip could not install it: check the network and the package index that pip uses.';
      }
      output.info(done.said);
      writeFileSync(path.join(this.folder, 'installed'), path.basename(wheel));
      return undefined;
    });
  }

  private installed(): string {
    try {
      return readFileSync(path.join(this.folder, 'installed'), 'utf8');
    } catch {
      return ''; // it was interrupted
    }
  }
}

interface Ended {
  failed: boolean;
  out: string;
  said: string;
}

function run(program: string, args: string[]): Promise<Ended> {
  try {
    const { command, args: words, windowsVerbatimArguments } = invocation(program, args);
    return new Promise((done) => {
      execFile(command, words, { timeout: PATIENCE * 60_000, cwd: __dirname, windowsVerbatimArguments }, (error, out, err) =>
        done({ failed: error !== null, out: out.trim(), said: [error?.message, out, err].filter(Boolean).join('\n') }),
      );
    });
  } catch (error) {
    return Promise.resolve({ failed: true, out: '', said: String(error) });
  }
}
