// A language client that owns the server process, so that it can be ended while it starts and when it hangs.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { workspace } from 'vscode';
import { CloseAction, LanguageClient } from 'vscode-languageclient/node';
import type { ErrorHandler, LanguageClientOptions } from 'vscode-languageclient/node';
import type { Server } from './server';
import { invocation } from './spawning';

/** Milliseconds until the server must have answered `initialize`; on a busy machine Python takes seconds to start. */
const PATIENCE = 60_000;
/** Milliseconds that a server may take to shut down. */
const GRACE = 2_000;
/** Milliseconds to learn how a server exited, once its pipes have closed: either may be reported first. */
const LAST_WORDS = 1_000;
const ENDED = 'was stopped';

export class Client extends LanguageClient {
  private started = false;
  private ending = false;
  private usual: ErrorHandler | undefined;
  private readonly server: ServerProcess;

  constructor(server: Server, options: LanguageClientOptions) {
    const process = new ServerProcess(server);
    super('playpen', 'Playpen', () => process.spawn(), {
      ...options,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: (error, message, count) => this.handler().error(error, message, count),
        // A server that never started would not start the next time either.
        closed: () => (this.started ? this.handler().closed() : { action: CloseAction.DoNotRestart, handled: true }),
      },
    });
    this.server = process;
  }

  get failed(): boolean {
    return !this.started && this.server.failure !== undefined;
  }

  /** Start the server. Resolves to what went wrong, or to undefined if it runs or was stopped meanwhile. */
  async run(): Promise<string | undefined> {
    const timer = setTimeout(() => this.server.fail(`did not respond within ${PATIENCE / 1_000} seconds`), PATIENCE);
    try {
      await Promise.race([this.start(), this.server.failed]);
      this.started = true;
      return undefined;
    } catch (error) {
      await this.server.failsWithin(LAST_WORDS);
      this.server.kill();
      return this.ending ? undefined : (this.server.failure ?? `failed to start: ${error}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stop the server, even if it hangs or is still starting. */
  async end(): Promise<void> {
    this.ending = true;
    if (this.started) {
      await this.dispose(GRACE).then(
        () => setTimeout(() => this.server.kill(), GRACE).unref(),
        () => this.server.kill(),
      );
    } else {
      this.server.fail(ENDED);
      this.server.kill();
    }
  }

  // The base class shows up to three messages of its own when a start fails.
  override error(message: string, data?: unknown, shown?: boolean | 'force'): void {
    super.error(message, data, this.started ? shown : false);
  }

  private handler(): ErrorHandler {
    return (this.usual ??= this.createDefaultErrorHandler());
  }
}

class ServerProcess {
  failure: string | undefined;
  readonly failed: Promise<never>;
  private reject: (error: Error) => void = () => undefined;
  private child: ChildProcess | undefined;

  constructor(private readonly server: Server) {
    this.failed = new Promise((_, reject) => (this.reject = reject));
    this.failed.catch(() => undefined); // the server ended after it had started
  }

  async spawn(): Promise<ChildProcess> {
    if (this.failure === ENDED) {
      throw new Error(ENDED);
    }
    const folder = workspace.workspaceFolders?.[0]?.uri.fsPath;
    // A user's own command may depend on the folder (`uv run`), and then runs what lies in it: only where that is trusted.
    const cwd = workspace.isTrusted && folder && existsSync(folder) ? folder : __dirname;
    const child = this.spawned(cwd);
    this.child = child;
    child.on('error', (error) => this.fail(`cannot be run: ${error.message}`));
    child.on('exit', (code, signal) => this.fail(`exited immediately with ${signal ?? `exit code ${code}`}`));
    return child;
  }

  private spawned(cwd: string): ChildProcess {
    try {
      const { command, args, windowsVerbatimArguments } = invocation(this.server.command, this.server.args);
      return spawn(command, args, { cwd, windowsVerbatimArguments });
    } catch (error) {
      this.fail(`cannot be run: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  fail(what: string): void {
    this.failure ??= what;
    this.reject(new Error(this.failure));
  }

  /** Wait for a failure, at most for `time` milliseconds. */
  async failsWithin(time: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.failed.catch(() => undefined), new Promise((done) => (timer = setTimeout(done, time)))]);
    clearTimeout(timer);
  }

  kill(): void {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL'); // the only signal that a suspended process reacts to
    }
  }
}
