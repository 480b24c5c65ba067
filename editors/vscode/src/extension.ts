import { commands, languages, window, workspace, env } from 'vscode';
import type { ExtensionContext, LogOutputChannel } from 'vscode';
import { LanguageClient, RevealOutputChannelOn, State } from 'vscode-languageclient/node';
import type { DocumentSelector } from 'vscode-languageclient/node';
import { explain, Pages } from './explain';
import { checkWorkspace, fixWorkspace } from './whole';
import { findServer } from './server';
import { Status } from './status';

// Chosen by language and by name, so that no language has to be contributed: that would take files from others.
const SELECTOR: DocumentSelector = [
  { language: 'dockerfile' },
  { pattern: '**/{Dockerfile,Dockerfile.*,*.Dockerfile,*.dockerfile,Containerfile,Containerfile.*}' },
  { language: 'groovy' },
  { language: 'jenkinsfile' },
  { pattern: '**/{Jenkinsfile,Jenkinsfile.*,Jenkinsfile-*,*.jenkinsfile}' },
  { language: 'yaml' },
  { pattern: '**/*.{yaml,yml}' },
  { scheme: 'file', language: 'json' },
  { language: 'python' },
  { pattern: '**/{playpen,pyproject}.toml' },
];

const INSTALL = 'pip install playpen-ls';

let client: LanguageClient | undefined;
let starting: Promise<void> = Promise.resolve();

export async function activate(context: ExtensionContext): Promise<void> {
  const output = window.createOutputChannel('Playpen', { log: true });
  const status = new Status(SELECTOR as never);
  const pages = new Pages();
  context.subscriptions.push(output, status, workspace.registerTextDocumentContentProvider(Pages.scheme, pages));

  const restart = () => (starting = starting.then(() => start(output, status, pages)));
  const asked = (what: (client: LanguageClient) => Promise<void>) => async () => {
    if (!client?.isRunning()) {
      await restart();
    }
    if (client?.isRunning()) {
      await what(client);
    }
  };
  context.subscriptions.push(
    commands.registerCommand('playpen.restart', restart),
    commands.registerCommand('playpen.showOutput', () => output.show()),
    commands.registerCommand('playpen.checkWorkspace', asked(checkWorkspace)),
    commands.registerCommand('playpen.fixWorkspace', asked(fixWorkspace)),
    commands.registerCommand('playpen.explainRule', asked((client) => explain(client, pages))),
    commands.registerCommand('playpen.createConfiguration', asked(createConfiguration)),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('playpen.server') || event.affectsConfiguration('playpen.interpreter')) {
        void restart();
      }
    }),
    workspace.onDidGrantWorkspaceTrust(restart),
    languages.onDidChangeDiagnostics(() => status.count()),
    window.onDidChangeActiveTextEditor(() => status.count()),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await starting;
  await client?.dispose();
}

async function start(output: LogOutputChannel, status: Status, pages: Pages): Promise<void> {
  await client?.dispose().catch(() => undefined); // a server that is dead already
  client = undefined;
  const server = await findServer((line) => output.warn(line));
  if (!server) {
    status.state('missing');
    void tellOfInstallation();
    return;
  }
  output.info(`running ${[server.command, ...server.args].join(' ')}, found as ${server.found}`);
  const made = new LanguageClient(
    'playpen',
    'Playpen',
    { command: server.command, args: server.args },
    {
      documentSelector: SELECTOR,
      outputChannel: output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: { playpen: workspace.getConfiguration('playpen') },
      synchronize: { configurationSection: 'playpen' },
      middleware: {
        executeCommand: (command, given, next) =>
          command === 'playpen-ls.explainRule' && client ? pages.show(client, String(given[0])) : next(command, given),
      },
    },
  );
  made.onDidChangeState(({ newState }) => {
    status.state(newState === State.Running ? 'running' : newState === State.Starting ? 'starting' : 'stopped');
  });
  client = made;
  try {
    await made.start();
  } catch (error) {
    status.state('failed');
    output.error(String(error));
    void window
      .showErrorMessage(`Playpen: the server (${server.found}) does not start`, 'Show Output')
      .then((chosen) => chosen && output.show());
  }
}

async function createConfiguration(client: LanguageClient): Promise<void> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  if (!folder) {
    void window.showWarningMessage('Playpen: open a folder first; playpen.toml stands at its top');
    return;
  }
  const uri = client.code2ProtocolConverter.asUri(folder);
  const params = { command: 'playpen-ls.createConfiguration', arguments: [uri] };
  const made = await client.sendRequest<string | null>('workspace/executeCommand', params);
  if (made) {
    const shown = await window.showTextDocument(client.protocol2CodeConverter.asUri(made));
    await shown.document.save();
  }
}

async function tellOfInstallation(): Promise<void> {
  const copy = 'Copy the Command';
  const chosen = await window.showWarningMessage(
    `Playpen: the server is not installed. Run \`${INSTALL}\` in your Python environment, then restart the server.`,
    copy,
    'Open Settings',
  );
  if (chosen === copy) {
    await env.clipboard.writeText(INSTALL);
  } else if (chosen) {
    await commands.executeCommand('workbench.action.openSettings', 'playpen.server.command');
  }
}

