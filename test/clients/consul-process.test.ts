import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { get } from '../agent/exchange.js';
import { eventually } from '../support/eventually.js';
import { unlessMissing } from '../support/external.js';
import { consulBinary } from '../support/real-consul.js';
import { DevProcess } from './dev-process.js';
import { Shell } from './shell.js';

const FILES = {
  'web.json': '{"service": {"name": "web", "tags": ["rails"], "port": 80, "check": {"ttl": "1h"}}}',
  'old.json': '{"service": {"name": "old"}}',
};

describe.skipIf(consulBinary === undefined)(
  `the process and the consul command${unlessMissing('consul', consulBinary)}`,
  () => {
    test.each(['consul reload', 'SIGHUP'] as const)(
      'H150 %s takes edited files, keeps the status of checks and what came over HTTP',
      async (means) => {
        await using dev = await DevProcess.start(FILES);
        await using shell = await Shell.open(dev.url);
        await shell.run('curl -s -X PUT $CONSUL_HTTP_ADDR/v1/agent/check/pass/service:web?note=fine');
        await shell.run('consul services register -name=by-http');
        await dev.write('web.json', FILES['web.json'].replace('rails', 'django'));
        await dev.write('new.json', '{"service": {"name": "new"}}');
        await rm(join(dev.folder, 'old.json'));

        if (means === 'SIGHUP') dev.hangUp();
        else
          expect(await shell.run(means)).toEqual({ code: 0, stdout: 'Configuration reload triggered\n', stderr: '' });

        const services = 'by-http \nconsul \nnew \nweb django\n';
        expect(
          await eventually(
            async () => (await shell.run('consul catalog services -tags | tr -s " "')).stdout,
            (stdout) => stdout === services,
          ),
        ).toBe(services);
        expect(await get(dev.url, '/v1/health/checks/web')).toMatchObject([{ Status: 'passing', Output: 'fine' }]);
      },
    );

    test('H151 a broken file is named by reload, logged on SIGHUP, and changes nothing', async () => {
      await using dev = await DevProcess.start(FILES);
      await using shell = await Shell.open(dev.url);
      await dev.write('new.json', '{"service": {"name": "new"}}');
      await dev.write('two.json', '{"service":');
      const problem = `failed to parse ${join(dev.folder, 'two.json')}: unexpected end of JSON input`;
      expect(await shell.run('consul reload')).toEqual({
        code: 1,
        stdout: '',
        stderr: `Error reloading: Unexpected response code: 500 (${problem})\n`,
      });
      dev.hangUp();
      expect(await dev.logged(/reload failed/)).toContain('two.json');
      expect((await shell.run('consul catalog services')).stdout).toBe('consul\nold\nweb\n');
    });

    test('H152 leave is answered, and the process ends with code 0', async () => {
      await using dev = await DevProcess.start(FILES);
      await using shell = await Shell.open(dev.url);
      // A client that waits for a change does not hold the process up.
      const waiting = shell.run('curl -s "$CONSUL_HTTP_ADDR/v1/health/service/web?index=99999&wait=10m"');
      expect(await shell.run('consul leave')).toEqual({ code: 0, stdout: 'Graceful leave complete\n', stderr: '' });
      expect(await dev.ended).toMatchObject({ code: 0 });
      await waiting;
      expect((await shell.run('consul members')).code).toBe(1);
    });
  },
);
