import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The path of a program that is not ours, or undefined when this machine has none.
 *
 * On a newcomer's machine a test that needs it is skipped and says so; with CI=true it fails instead.
 */
export function findProgram(name: string): string | undefined {
  const configured = name === 'consul' ? process.env['CONSUL_BIN'] : undefined;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const found = [configured ?? [], folders.map((folder) => join(folder, name))].flat().find(isExecutable);
  if (found === undefined && process.env['CI'] === 'true') {
    throw new Error(
      `Cannot find "${name}": CI must have it installed${name === 'consul' ? ' or named by CONSUL_BIN' : ''}`,
    );
  }
  return found;
}

/** A suffix for the title of a suite that is skipped because of what `findProgram` did not find. */
export function unlessMissing(program: string, path: string | undefined): string {
  return path === undefined ? ` (skipped: no ${program} on this machine)` : '';
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
