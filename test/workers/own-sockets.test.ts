import { expect, test } from 'vitest';
import { haveOwnSockets } from '../../src/workers/own-sockets.js';

test.each([
  { platform: 'linux', version: '20.20.2', have: false, why: 'Node 20 does not know SO_REUSEPORT' },
  { platform: 'linux', version: '22.11.0', have: false, why: 'nor did the first releases of 22' },
  { platform: 'linux', version: '22.12.0', have: true, why: 'it came with 22.12' },
  { platform: 'linux', version: '23.0.0', have: false, why: 'and with 23.1' },
  { platform: 'linux', version: '23.1.0', have: true, why: 'and with 23.1' },
  { platform: 'linux', version: '24.0.0', have: true, why: 'all later ones have it' },
  { platform: 'linux', version: '26.1.0', have: true, why: 'all later ones have it' },
  { platform: 'darwin', version: '24.0.0', have: false, why: 'elsewhere one socket may get everything' },
  { platform: 'win32', version: '24.0.0', have: false, why: 'elsewhere there is no such thing' },
] as const)('$platform, Node.js $version: $have ($why)', ({ platform, version, have }) => {
  expect(haveOwnSockets(platform, version)).toBe(have);
});
