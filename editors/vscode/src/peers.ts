// The languages for which another extension has a server, too: there the server leaves to it what that answers.
import { extensions } from 'vscode';

const PEERS: Record<string, string[]> = {
  python: ['ms-python.python'],
  yaml: ['redhat.vscode-yaml'],
  dockerfile: ['ms-azuretools.vscode-docker', 'ms-azuretools.vscode-containers', 'docker.docker'],
};

export function peers(): string[] {
  return Object.keys(PEERS).filter((language) => PEERS[language].some((id) => extensions.getExtension(id)));
}
