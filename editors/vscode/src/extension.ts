import { commands, extensions, languages, window, workspace } from 'vscode';
import type { ExtensionContext, LogOutputChannel } from 'vscode';
import { RevealOutputChannelOn, State } from 'vscode-languageclient/node';
import type { DocumentSelector, LanguageClient } from 'vscode-languageclient/node';
import { Client } from './client';
import { explain, Pages } from './explain';
import { IGNORE, ignoreWithReason } from './ignore';
import { OwnServer } from './install';
import { tellOfFailure, tellOfInstallation, tellOfInstalling, tellOfSettings } from './messages';
import { peers } from './peers';
import { SHOW_REFERENCES, showReferences } from './references';
import { Saves } from './save';
import { anyInterpreter, commandLine, findServer, serverSettings } from './server';
import { Status } from './status';
import { checkWorkspace, fixWorkspace } from './whole';

// By language and by file name: contributing a language would take files away from other extensions.
const SELECTOR: DocumentSelector = [
  { language: 'dockerfile' },
  { pattern: '**/{Dockerfile,Dockerfile.*,*.Dockerfile,*.dockerfile,Containerfile,Containerfile.*}' },
  { pattern: '**/{Dockerfile[-_]*,dockerfile,dockerfile[-._]*,*[-_]Dockerfile}' },
  { language: 'groovy' },
  { language: 'jenkinsfile' },
  { pattern: '**/{Jenkinsfile,Jenkinsfile.*,Jenkinsfile[-_]*,*[-_]Jenkinsfile,jenkinsfile,JenkinsFile}' },
  { pattern: '**/*.{jenkinsfile,Jenkinsfile,jenkinsFile}' },
  { language: 'yaml' },
  { pattern: '**/*.{yaml,yml}' },
  { scheme: 'file', language: 'json' },
  { language: 'python' },
  // Files that are read for secrets only, whatever their language.
  { pattern: '**/{.env,.env.*,*.env,.envrc,alembic.ini,pip.conf,pip.ini,.pypirc,.npmrc,.netrc,_netrc,settings.xml}' },
  { pattern: '**/*.properties' },
  { pattern: '**/templates/**/*.tpl' }, // partials of Helm charts
  { pattern: '**/{playpen,pyproject}.toml' },
];

let client: Client | undefined;
let starting: Promise<void> = Promise.resolve();

export async function activate(context: ExtensionContext): Promise<void> {
  const output = window.createOutputChannel('Playpen', { log: true });
  const status = new Status(SELECTOR as never);
  const pages = new Pages();
  context.subscriptions.push(output, status, workspace.registerTextDocumentContentProvider(Pages.scheme, pages));

  // What the server is told when it starts.
  const told = () => JSON.stringify([serverSettings(), peers()]);
  let before = '';
  const own = new OwnServer(context);
  const restart = () => {
    before = told();
    void client?.end(); // otherwise the restart would wait for it, and it may never finish starting
    return (starting = starting.then(() => start(output, status, pages, own, install)));
  };
  const restartIfChanged = () => {
    if (told() !== before) {
      void restart();
    }
  };
  const install = async () => {
    const problem = await own.install(await anyInterpreter(), output);
    if (problem) {
      tellOfInstalling(problem, output);
    } else {
      await restart();
    }
  };
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
    commands.registerCommand(IGNORE, (where) => client && ignoreWithReason(client, where)),
    commands.registerCommand(SHOW_REFERENCES, (uri, at, places) => client && showReferences(client, uri, at, places)),
    workspace.onDidChangeConfiguration(restartIfChanged),
    extensions.onDidChange(restartIfChanged),
    workspace.onDidGrantWorkspaceTrust(restart),
    languages.onDidChangeDiagnostics(() => status.count()),
    window.onDidChangeActiveTextEditor(() => status.count()),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await client?.end();
}

async function start(
  output: LogOutputChannel,
  status: Status,
  pages: Pages,
  own: OwnServer,
  install: () => Promise<void>,
): Promise<void> {
  await client?.end();
  client = undefined;
  const { server, wrong } = await findServer(own, (line) => output.warn(line));
  if (wrong.length > 0) {
    tellOfSettings(wrong, server, output);
  } else if (!server) {
    // In an untrusted workspace nothing is installed: pip reads configuration, and can build packages.
    tellOfInstallation(own.wheel && workspace.isTrusted ? install : undefined);
  }
  if (!server) {
    status.state('missing');
    return;
  }
  output.info(`starting ${commandLine(server)} (found by ${server.found})`);
  const saves = new Saves((late) => status.late(late));
  const made = new Client(server, {
    documentSelector: SELECTOR,
    outputChannel: output,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: {
      playpen: workspace.getConfiguration('playpen'),
      commands: [IGNORE, SHOW_REFERENCES],
      peers: peers(),
    },
    synchronize: { configurationSection: 'playpen' },
    middleware: {
      ...saves.middleware,
      executeCommand: (command, given, next) =>
        command === 'playpen-ls.explainRule' && client ? pages.choose(client, given.map(String)) : next(command, given),
    },
  });
  made.onDidChangeState(({ newState }) => {
    if (!made.failed) {
      status.state(newState === State.Running ? 'running' : newState === State.Starting ? 'starting' : 'stopped');
    }
  });
  client = made;
  const problem = await made.run();
  if (problem) {
    status.state('failed');
    tellOfFailure(server, problem, output);
  }
}

async function createConfiguration(client: LanguageClient): Promise<void> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  if (!folder) {
    void window.showWarningMessage('Playpen: open a folder first; playpen.toml is created in it.');
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
