/** The first Node.js versions that let several sockets be bound to one address (SO_REUSEPORT), by major version. */
const SINCE: readonly (readonly [major: number, minor: number])[] = [
  [22, 12],
  [23, 1],
];

/**
 * Whether each worker can have sockets of its own on the same address. The kernel then gives each packet to one of them,
 * by the client's address and port; sockets that are shared wake every idle worker for each packet, which takes some 7 us of
 * each, but leave the packet to whoever is free.
 *
 * Linux alone is sure to spread packets over them, and gives them only to processes of one user.
 */
export function haveOwnSockets(platform: NodeJS.Platform, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (platform !== 'linux') return false;
  return major >= 24 || SINCE.some(([sinceMajor, sinceMinor]) => major === sinceMajor && minor >= sinceMinor);
}
