/**
 * Lines of Consul's command line, in the order in which they are run against a real Consul 1.8.7 and against ours. Both
 * must print the same and end with the same code: 0, where nothing else is said.
 */
export interface CommandLine {
  readonly line: string;
  readonly code?: number;
  /** Why ours prints something else, and what. */
  readonly differs?: { readonly why: string; readonly prints: string | RegExp };
}

export interface CommandScenario {
  readonly title: string;
  readonly lines: readonly (string | CommandLine)[];
}

/** Files that the lines name. */
export const FILES: Readonly<Record<string, string>> = {
  'web.json': '{"service": {"name": "web", "tags": ["rails"], "port": 80}}',
  'checked.json':
    '{"service": {"name": "checked", "port": 80, "check": {"http": "http://127.0.0.1:1/", "interval": "1h"}}}',
  'two.hcl': `
    services { id = "api-1"  name = "api"  port = 8080  tags = ["v1", "v2"]  meta = { a = "b" } }
    services { id = "api-2"  name = "api"  port = 8081  address = "127.0.0.2"  checks = [{ ttl = "1h"  status = "passing" }] }`,
  'scripted.json': '{"service": {"name": "scripted", "check": {"args": ["true"], "interval": "10s"}}}',
  'bad.json': '{"service": {"name": "x", "bogus": 1}}',
  'value.txt': 'from a file',
  'import.json': '[{"key": "imp/a", "flags": 7, "value": "YQ=="}, {"key": "imp/b", "flags": 0, "value": ""}]',
};

const indexOf = (key: string): string => `$(consul kv get -detailed ${key} | sed -n 's/ModifyIndex *//p')`;
const NOT_OFFERED = {
  why: 'B8: there is no Raft, mesh or storage to ask',
  prints: /code: 404 \(Cannot answer "\/v1\/[^"]+": this agent is one node that keeps its catalog in memory\)/,
};

export const SCENARIOS: readonly CommandScenario[] = [
  {
    title: 'H147 members',
    lines: [
      'consul members',
      'consul members -wan',
      'consul members -detailed',
      'consul members -detailed -wan',
      'consul members -status=alive',
      { line: 'consul members -status=left', code: 2 },
      { line: 'consul members -segment=alpha', code: 1 },
    ],
  },
  {
    title: 'H147 catalog',
    lines: [
      'consul catalog datacenters',
      'consul catalog nodes',
      'consul catalog nodes -detailed',
      'consul catalog nodes -service=consul',
      'consul catalog nodes -service=consul -detailed -near=srv-1',
      'consul catalog nodes -service=nope',
      'consul catalog nodes -near=_agent',
      'consul catalog nodes -node-meta=consul-network-segment=',
      'consul catalog nodes -node-meta=a=b',
      `consul catalog nodes -filter='Node == "srv-1" and Meta is not empty'`,
      { line: `consul catalog nodes -filter='Node is empty'`, code: 1 },
      { line: `consul catalog nodes -filter='Bogus == 1'`, code: 1 },
      { line: 'consul catalog nodes -datacenter=nope', code: 1 },
      'consul catalog services',
      'consul catalog services -tags',
      'consul catalog services -node=srv-1',
      'consul catalog services -node=nope',
      'consul catalog services -node-meta=a=b',
      'consul catalog services -stale',
    ],
  },
  {
    title: 'H148 services register and deregister',
    lines: [
      'consul services register web.json',
      'consul catalog services -tags',
      'consul services register two.hcl checked.json',
      'consul catalog services -tags',
      'consul catalog nodes -service=api',
      'consul services register -name=redis -id=r-1 -port=6379 -address=127.0.0.3 -tag=a -tag=b -meta=k=v',
      'consul catalog services -tags',
      'consul catalog services -node=srv-1 -tags',
      `consul catalog nodes -service=redis -filter='ServiceMeta.k == v'`,
      'consul services register -name=odd -kind=bogus',
      { line: 'consul services register scripted.json', code: 1 },
      { line: 'consul services register bad.json', code: 1 },
      { line: 'consul services register none.json', code: 1 },
      { line: 'consul services register', code: 1 },
      { line: 'consul services register -name=x web.json', code: 1 },
      'consul services deregister -id=r-1',
      'consul services deregister -id=nope',
      'consul services deregister web.json',
      'consul services deregister two.hcl checked.json',
      'consul services deregister -id=odd',
      { line: 'consul services deregister', code: 1 },
      'consul catalog services -tags',
    ],
  },
  {
    title: 'H148 kv',
    lines: [
      { line: 'consul kv get redis/config/minconns', code: 1 },
      'consul kv put redis/config/minconns 1',
      'consul kv put redis/config/maxconns 25',
      'consul kv put -flags=42 redis/config/users/admin abcd1234',
      'consul kv get redis/config/minconns',
      'consul kv get -detailed redis/config/users/admin',
      'consul kv get -recurse',
      'consul kv get -recurse -detailed redis/config/users',
      'consul kv get -keys redis/',
      'consul kv get -keys redis/config/',
      'consul kv get -keys -separator= redis',
      'consul kv get -keys -separator=x redis',
      `consul kv get -keys -separator=/ ''`,
      'consul kv get -keys nope',
      'consul kv get -recurse nope',
      'consul kv put empty',
      'consul kv get empty',
      'consul kv put file @value.txt',
      'consul kv get file',
      'printf piped | consul kv put pipe -',
      'consul kv get -base64 pipe',
      'consul kv put -base64 pipe cGlwZWQ=',
      'consul kv get pipe',
      `consul kv put 'sp ace/ü?#%&' x`,
      `consul kv get -recurse 'sp ace'`,
      `consul kv delete 'sp ace/ü?#%&'`,
      { line: 'consul kv put /leading x', code: 1 },
      { line: `consul kv put '' x`, code: 1 },
      `consul kv put -cas -modify-index=${indexOf('file')} file newer`,
      { line: 'consul kv put -cas -modify-index=1 file newest', code: 1 },
      'consul kv get file',
      { line: 'consul kv put -cas file newest', code: 1 },
      { line: 'consul kv delete -cas -modify-index=1 file', code: 1 },
      `consul kv delete -cas -modify-index=${indexOf('file')} file`,
      { line: 'consul kv put -acquire -session=abc locked x', code: 1 },
      { line: 'consul kv put -release -session=abc locked x', code: 1 },
      'consul kv export redis',
      'consul kv export',
      'consul kv import @import.json',
      'consul kv export imp',
      `consul kv export redis | sed 's#redis/#copy/#' | consul kv import -`,
      'consul kv get -recurse copy',
      { line: 'consul kv import @bad.json', code: 1 },
      'consul kv delete nope',
      'consul kv delete redis/config/minconns',
      'consul kv delete -recurse redis',
      { line: 'consul kv get -datacenter=nope empty', code: 1 },
      'consul kv delete -recurse',
      'consul kv export',
    ],
  },
  {
    title: 'H148 maint',
    lines: [
      'consul services register web.json',
      'consul maint',
      'consul maint -enable',
      'consul maint -enable -reason=later',
      'consul maint',
      'consul maint -disable',
      'consul maint -disable',
      `consul maint -enable -service=web -reason='being mended'`,
      'consul maint',
      'consul maint -disable -service=web',
      'consul maint -enable -service=web',
      'consul maint',
      'consul maint -disable -service=web',
      { line: 'consul maint -enable -service=nope', code: 1 },
      { line: 'consul maint -reason=x', code: 1 },
      'consul services deregister web.json',
    ],
  },
  {
    title: 'B10 events, locks and the cluster of one',
    lines: [
      'consul event -name=deploy 1.2.3',
      'consul event -name=deploy -node=srv -service=web -tag=a',
      { line: `consul event -name=deploy -service='('`, code: 1 },
      { line: 'consul event', code: 1 },
      `consul lock locks/a 'echo holding'`,
      `consul lock locks/a 'exit 3'`,
      { line: `consul lock -child-exit-code locks/a 'exit 3'`, code: 2 },
      'consul lock -n=2 -name=pair locks/b true',
      'printf piped | consul lock -pass-stdin locks/a cat',
      `consul lock locks/a 'consul lock -try=1s locks/a true || echo taken'`,
      'consul kv get -recurse locks',
      'consul operator raft list-peers',
      'consul operator raft list-peers -stale',
      'consul rtt -wan srv-1.dc1 srv-1.dc1',
      { line: 'consul rtt -wan srv-1.dc1 nope.dc1', code: 1 },
      { line: 'consul rtt nope', code: 1 },
      { line: 'consul force-leave nope', code: 1 },
      { line: 'consul acl token list', code: 1 },
      { line: 'consul acl bootstrap', code: 1 },
      'consul reload',
    ],
  },
  {
    title: 'B8 what a cluster has and one node in memory has not is refused',
    lines: [
      { line: 'consul snapshot save snap', differs: NOT_OFFERED },
      { line: 'consul snapshot restore value.txt', code: 1, differs: NOT_OFFERED },
      { line: 'consul operator raft remove-peer -id=nope', code: 1, differs: NOT_OFFERED },
      { line: 'consul operator autopilot get-config', differs: NOT_OFFERED },
      { line: 'consul connect ca get-config', differs: NOT_OFFERED },
      { line: 'consul config list -kind service-defaults', differs: NOT_OFFERED },
      { line: 'consul intention check a b', differs: NOT_OFFERED },
      { line: 'consul keyring -list', code: 1, differs: NOT_OFFERED },
      {
        line: 'consul join 127.0.0.1:1',
        code: 1,
        differs: { why: 'B8: there is no gossip', prints: /this agent joins no cluster/ },
      },
    ],
  },
];
