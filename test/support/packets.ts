import { readdirSync, readFileSync } from 'node:fs';

const directory = new URL('../../fixtures/packets/', import.meta.url);

/** The bytes of `fixtures/packets/<name>.hex`: hexadecimal digits, spaces wherever they help, `#` starts a comment. */
export function readPacket(name: string): Uint8Array {
  const text = readFileSync(new URL(`${name}.hex`, directory), 'utf8');
  const digits = text.replaceAll(/#.*$/gm, '').replaceAll(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`Cannot read packet "${name}": not an even run of hex digits`);
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** The names of all packets there are. */
export function packetNames(): string[] {
  return readdirSync(directory).flatMap((file) => (file.endsWith('.hex') ? [file.slice(0, -4)] : []));
}
