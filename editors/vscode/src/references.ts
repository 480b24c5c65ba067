// Shows the places that a code lens leads to: the server cannot run commands of the editor.
import { commands } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { Location, Position } from 'vscode-languageclient/node';

export const SHOW_REFERENCES = 'playpen.showReferences';

/** Goes to the only place, or shows several in a peek view. */
export async function showReferences(
  client: LanguageClient,
  uri: string,
  position: Position,
  places: Location[],
): Promise<void> {
  const to = client.protocol2CodeConverter;
  const locations = places.map((one) => to.asLocation(one));
  await commands.executeCommand('editor.action.goToLocations', to.asUri(uri), to.asPosition(position), locations, 'peek');
}
