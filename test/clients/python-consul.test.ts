import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Closable } from '../../src/lifecycle.js';
import { type Ran, Shell } from './shell.js';
import { SIDES } from './sides.js';

/** Debian's Python, which has Debian's modules. */
const PYTHON = '/usr/bin/python3';
const hasPythonConsul = spawnSync(PYTHON, ['-c', 'import consul']).status === 0;
if (!hasPythonConsul && process.env['CI'] === 'true') {
  throw new Error("Cannot find python3-consul: CI must have Debian's package installed");
}
const missing = hasPythonConsul ? '' : ' (skipped: no python3-consul on this machine)';

/** What each program starts with: `show` prints values as one line of JSON. */
const PRELUDE = `
import consul, json, threading
from consul import Check
c = consul.Consul()
def show(*values):
    print(json.dumps(values, default=lambda value: value.decode()))
`;

const withIndex = (value: unknown): unknown => [expect.stringMatching(/^[1-9]\d*$/), value];

describe.each(SIDES)(`python-consul 0.7.1 to $title${missing}`, ({ start, isOurs, isMissing }) => {
  let agent: Closable & { readonly url: string };
  let shell: Shell;
  const clientTest = test.skipIf(!hasPythonConsul || isMissing);

  beforeAll(async () => {
    agent = await start();
    shell = await Shell.open(agent.url);
  });
  afterAll(async () => {
    await shell?.[Symbol.asyncDispose]();
    await agent?.close();
  });

  /** What a program shows, line by line. */
  async function python(program: string): Promise<unknown[]> {
    await shell.write('program.py', PRELUDE + program);
    const { code, stdout, stderr }: Ran = await shell.run(`${PYTHON} program.py`);
    if (code !== 0) throw new Error(`The program ended with code ${code}: ${stderr}`);
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  clientTest('H154 a service with an HTTP check is registered, found and deregistered', async () => {
    const [registered, services, checks, found, deregistered, left] = await python(`
check = Check.http('http://127.0.0.1:1/health', '30s', timeout='2s', deregister='10m')
show(c.agent.service.register('web', service_id='web-1', address='127.0.0.1', port=8080, tags=['v1'], check=check))
show(c.agent.services()['web-1'])
show(c.agent.checks()['service:web-1'])
show(c.health.service('web', tag='v1'))
show(c.agent.service.deregister('web-1'))
show('web-1' in c.agent.services())
`);
    expect(registered).toEqual([true]);
    expect(services).toMatchObject([{ Service: 'web', Address: '127.0.0.1', Port: 8080, Tags: ['v1'] }]);
    expect(checks).toMatchObject([{ Status: 'critical', ServiceID: 'web-1', Type: 'http' }]);
    expect(found).toMatchObject([withIndex([{ Service: { ID: 'web-1' } }])]);
    // B4: this version sends GET, which Consul itself refuses.
    expect(deregistered).toEqual([isOurs]);
    expect(left).toEqual([!isOurs]);
  });

  clientTest('H154 a TTL check is passed, warned and failed', async () => {
    const shown = await python(`
show(c.agent.service.register('db', check=Check.ttl('10m')))
for tell in (c.agent.check.ttl_pass, c.agent.check.ttl_warn, c.agent.check.ttl_fail):
    told = tell('service:db', 'as told')
    show(told, c.agent.checks()['service:db']['Status'], len(c.health.service('db', passing=True)[1]))
`);
    const refused = [false, 'critical', 0];
    expect(shown).toEqual([
      [true],
      isOurs ? [true, 'passing', 1] : refused,
      isOurs ? [true, 'warning', 0] : refused,
      isOurs ? [true, 'critical', 0] : refused,
    ]);
  });

  clientTest('H154 checks of their own and maintenance', async () => {
    const shown = await python(`
show(c.agent.check.register('disk', Check.ttl('10m'), check_id='disk-1', notes='space'))
show(c.agent.checks()['disk-1'])
show(c.agent.maintenance(True, 'repair'), c.agent.checks()['_node_maintenance'])
show(c.agent.maintenance(False), '_node_maintenance' in c.agent.checks())
show(c.agent.self()['Config']['Datacenter'], c.agent.members()[0]['Name'])
`);
    expect(shown).toMatchObject([
      [true],
      [{ Name: 'disk', Notes: 'space', Status: 'critical', ServiceID: '' }],
      [true, { Status: 'critical', Notes: 'repair' }],
      [true, false],
      ['dc1', 'srv-1'],
    ]);
  });

  clientTest('H154 keys: a missing one has an index and no value', async () => {
    const shown = await python(`
show(c.kv.get('missing'))
show(c.kv.get('missing/', recurse=True))
show(c.kv.put('app/mode', 'on', flags=7), c.kv.put('app/mode', 'off', cas=0), c.kv.put('app/empty', None))
show(c.kv.get('app/mode'))
show(c.kv.get('app/', keys=True), c.kv.get('app/', recurse=True)[1][0])
show(c.kv.delete('app/mode'), c.kv.get('app/mode')[1], c.kv.delete('app/', recurse=True), c.kv.get('app/', keys=True))
`);
    expect(shown).toEqual([
      [withIndex(null)],
      [withIndex(null)],
      [true, false, true],
      [withIndex(expect.objectContaining({ Key: 'app/mode', Value: 'on', Flags: 7, LockIndex: 0 }))],
      [withIndex(['app/empty', 'app/mode']), expect.objectContaining({ Key: 'app/empty', Value: null })],
      [true, null, true, withIndex(null)],
    ]);
  });

  clientTest('H154 a read with an index waits for the change', async () => {
    const shown = await python(`
index, nothing = c.kv.get('switch')
threading.Timer(0.2, lambda: consul.Consul().kv.put('switch', 'on')).start()
later, pair = c.kv.get('switch', index=index, wait='1m')
show(nothing, pair['Value'], int(later) > int(index))
index, entries = c.health.service('late')
threading.Timer(0.2, lambda: consul.Consul().agent.service.register('late', port=1)).start()
later, entries = c.health.service('late', index=index, wait='1m')
show([entry['Service']['Port'] for entry in entries])
show(len(c.kv.get('switch', index=later, wait='10ms')[1]))
`);
    expect(shown).toMatchObject([[null, 'on', true], [[1]], [expect.any(Number)]]);
  });

  clientTest('H154 the catalog and external nodes', async () => {
    const shown = await python(`
service = {'service': 'search', 'id': 'search-1', 'port': 80, 'tags': ['ext']}
show(c.catalog.register('outside', '127.0.0.9', service=service))
show(c.catalog.datacenters(), [node['Node'] for node in c.catalog.nodes()[1]])
show(c.catalog.services()[1]['search'], c.catalog.service('search', tag='ext')[1][0]['Address'])
show(sorted(c.catalog.node('outside')[1]['Services']), c.health.node('outside')[1], c.health.state('critical')[1])
show(c.catalog.deregister('outside'), c.catalog.node('outside'))
`);
    expect(shown).toMatchObject([
      [true],
      [['dc1'], ['outside', 'srv-1']],
      [['ext'], '127.0.0.9'],
      [['search-1'], [], expect.any(Array)],
      [true, withIndex(null)],
    ]);
  });

  clientTest('H154 sessions hold and release locks', async () => {
    const shown = await python(`
mine, other = c.session.create('mine', behavior='delete', ttl=60), c.session.create('other')
show(c.kv.put('leader', 'me', acquire=mine), c.kv.put('leader', 'you', acquire=other))
show(c.kv.get('leader')[1]['Session'] == mine, c.session.info(mine)[1]['Behavior'], c.session.renew(mine)['TTL'])
show(len(c.session.list()[1]), len(c.session.node('srv-1')[1]))
show(c.session.destroy(mine), c.kv.get('leader')[1], c.session.destroy(other))
`);
    expect(shown).toEqual([
      [true, false],
      [true, 'delete', '60s'],
      [2, 2],
      [true, null, true],
    ]);
  });

  clientTest('H154 queries, events and the cluster', async () => {
    const shown = await python(`
c.agent.service.register('api', port=1)
made = c.query.create('api', name='find-api', regexp='^find-(.+)$')
show(c.query.get(made['ID'])[0]['Name'], c.query.execute('find-api')['Service'], len(c.query.list()))
show(c.query.delete(made['ID']))
show(c.event.fire('deploy', 'now')['Name'], c.event.list('deploy')[1][0]['Payload'])
show(c.status.leader().split(':')[0], len(c.status.peers()), len(c.operator.raft_config()['Servers']))
show([area['Datacenter'] for area in c.coordinate.datacenters()])
`);
    expect(shown).toEqual([
      ['find-api', 'api', 1],
      [true],
      ['deploy', expect.anything()],
      ['127.0.0.1', 1, 1],
      [expect.arrayContaining(['dc1'])],
    ]);
  });

  clientTest('H154 errors are the exceptions that they are for Consul', async () => {
    const shown = await python(`
def failure(call):
    try:
        return call()
    except consul.ConsulException as error:
        return [type(error).__name__, str(error)]
show(failure(lambda: c.catalog.nodes(dc='nope')))
show(failure(lambda: c.acl.list()))
show(failure(lambda: c.health.service('')))
show(failure(lambda: c.agent.service.register('x', check={'interval': '1s', 'ttl': '1s'})))
`);
    expect(shown).toEqual([
      [['ConsulException', '500 No path to datacenter']],
      [['ACLDisabled', 'ACL support disabled']],
      [['BadRequest', '400 Missing service name']],
      [['BadRequest', '400 Invalid check: Interval and TTL cannot both be specified']],
    ]);
  });
});
