/**
 * The commands of Consul's own introduction and guides ("Registering Services", "Health Checks", "KV Data", "Registering
 * an External Service", the API's examples), as they stand there, in their order. What they print must match.
 */
export interface Step {
  readonly line: string;
  readonly prints: RegExp | readonly RegExp[];
  readonly code?: number;
}

export interface Chapter {
  readonly title: string;
  readonly steps: readonly Step[];
}

/** What comes before the agent is started. */
export const BEFORE: readonly string[] = [
  'mkdir ./consul.d',
  `echo '{"service": {"name": "web", "tags": ["rails"], "port": 80}}' > ./consul.d/web.json`,
];

export const START = 'consul agent -dev -enable-script-checks -config-dir=./consul.d';

export const CHAPTERS: readonly Chapter[] = [
  {
    title: 'H082 to H087 registering services',
    steps: [
      { line: 'consul members', prints: /^box +127\.0\.0\.1:8301 +alive +server +1\.8\.7 +2 +dc1 +<all>$/m },
      { line: 'curl localhost:8500/v1/catalog/nodes', prints: /"Node": "box"/ },
      { line: 'dig @127.0.0.1 -p 8600 box.node.consul', prints: /^box\.node\.consul\.\s+0\s+IN\s+A\s+127\.0\.0\.1$/m },
      {
        line: 'dig @127.0.0.1 -p 8600 web.service.consul',
        prints: /^web\.service\.consul\.\s+0\s+IN\s+A\s+127\.0\.0\.1$/m,
      },
      {
        line: 'dig @127.0.0.1 -p 8600 web.service.consul SRV',
        prints: [
          /^web\.service\.consul\.\s+0\s+IN\s+SRV\s+1 1 80 box\.node\.dc1\.consul\.$/m,
          /ADDITIONAL SECTION:\nbox\.node\.dc1\.consul\.\s+0\s+IN\s+A\s+127\.0\.0\.1$/m,
        ],
      },
      {
        line: 'dig @127.0.0.1 -p 8600 rails.web.service.consul',
        prints: /^rails\.web\.service\.consul\.\s+0\s+IN\s+A\s+127\.0\.0\.1$/m,
      },
      {
        line: 'dig @127.0.0.1 -p 8600 rails.web.service.consul SRV',
        prints: /^rails\.web\.service\.consul\.\s+0\s+IN\s+SRV\s+1 1 80 box\.node\.dc1\.consul\.$/m,
      },
      {
        line: 'curl http://localhost:8500/v1/catalog/service/web',
        prints:
          /"ServiceName": "web",\s+"ServiceTags": \[\s+"rails"\s+\],\s+"ServiceAddress": "",.*"ServicePort": 80,/s,
      },
      {
        line: `curl 'http://localhost:8500/v1/health/service/web?passing'`,
        prints: [/"Service": "web",\s+"Tags": \[\s+"rails"\s+\]/, /"CheckID": "serfHealth"/],
      },
      { line: 'consul catalog services', prints: /^consul\nweb\n$/ },
    ],
  },
  {
    title: 'H126 H150 health checks',
    steps: [
      {
        line: `echo '{"service": {"name": "web", "tags": ["rails"], "port": 80,
  "check": {"args": ["curl", "localhost"], "interval": "10s"}}}' \\
  >./consul.d/web.json`,
        prints: /^$/,
      },
      { line: 'consul reload', prints: /^Configuration reload triggered\n$/ },
      {
        line: 'curl http://localhost:8500/v1/health/state/critical',
        prints: /"CheckID": "service:web",\s+"Name": "Service 'web' check",\s+"Status": "critical"/,
      },
      { line: `curl 'http://localhost:8500/v1/health/service/web?passing'`, prints: /^\[\]\n$/ },
      { line: 'dig @127.0.0.1 -p 8600 web.service.consul', prints: /status: NXDOMAIN.*ANSWER: 0/s },
    ],
  },
  {
    title: 'H143 KV data with the command',
    steps: [
      {
        line: 'consul kv get redis/config/minconns',
        prints: /^Error! No key exists at: redis\/config\/minconns\n$/,
        code: 1,
      },
      {
        line: 'consul kv put redis/config/minconns 1',
        prints: /^Success! Data written to: redis\/config\/minconns\n$/,
      },
      { line: 'consul kv put redis/config/maxconns 25', prints: /^Success!/ },
      { line: 'consul kv put -flags=42 redis/config/users/admin abcd1234', prints: /^Success!/ },
      { line: 'consul kv get redis/config/minconns', prints: /^1\n$/ },
      {
        line: 'consul kv get -detailed redis/config/minconns',
        prints: [/^Flags +0$/m, /^Key +redis\/config\/minconns$/m, /^LockIndex +0$/m, /^Session +-$/m, /^Value +1$/m],
      },
      {
        line: 'consul kv get -recurse',
        prints: /^redis\/config\/maxconns:25\nredis\/config\/minconns:1\nredis\/config\/users\/admin:abcd1234\n$/,
      },
      { line: 'consul kv delete redis/config/minconns', prints: /^Success! Deleted key: redis\/config\/minconns\n$/ },
      { line: 'consul kv delete -recurse redis', prints: /^Success! Deleted keys with prefix: redis\n$/ },
      { line: 'consul kv put foo bar', prints: /^Success! Data written to: foo\n$/ },
      { line: 'consul kv get foo', prints: /^bar\n$/ },
      { line: 'consul kv put foo zip', prints: /^Success!/ },
      { line: 'consul kv get foo', prints: /^zip\n$/ },
      { line: 'consul kv put -cas -modify-index=123 foo bar', prints: /^Success! Data written to: foo\n$/ },
      {
        line: 'consul kv put -cas -modify-index=123 foo bar',
        prints: /^Error! Did not write to foo: CAS failed\n$/,
        code: 1,
      },
      { line: 'consul kv delete foo', prints: /^Success!/ },
    ],
  },
  {
    title: 'H143 H144 KV data over HTTP',
    steps: [
      { line: 'curl -v http://localhost:8500/v1/kv/?recurse', prints: /^< HTTP\/1\.1 404 Not Found/m },
      { line: `curl -X PUT -d 'test' http://localhost:8500/v1/kv/web/key1`, prints: /^true\n?$/ },
      { line: `curl -X PUT -d 'test' http://localhost:8500/v1/kv/web/key2?flags=42`, prints: /^true\n?$/ },
      { line: `curl -X PUT -d 'test'  http://localhost:8500/v1/kv/web/sub/key3`, prints: /^true\n?$/ },
      {
        line: 'curl http://localhost:8500/v1/kv/?recurse',
        prints:
          /"Key": "web\/key1",.*"Key": "web\/key2",\s+"Flags": 42,\s+"Value": "dGVzdA==",.*"Key": "web\/sub\/key3",/s,
      },
      {
        line: 'curl http://localhost:8500/v1/kv/web/key1',
        prints: /"Key": "web\/key1",\s+"Flags": 0,\s+"Value": "dGVzdA=="/,
      },
      { line: 'curl -X DELETE http://localhost:8500/v1/kv/web/sub?recurse', prints: /^true\n?$/ },
      { line: 'curl http://localhost:8500/v1/kv/web?recurse', prints: /^(?:(?!key3).)*key2(?:(?!key3).)*$/s },
      { line: `curl -X PUT -d 'newval' http://localhost:8500/v1/kv/web/key1?cas=97`, prints: /^true\n?$/ },
      { line: `curl -X PUT -d 'newval' http://localhost:8500/v1/kv/web/key1?cas=97`, prints: /^false\n?$/ },
      {
        line: 'curl "http://localhost:8500/v1/kv/web/key2?index=101&wait=5s"',
        prints: /"Key": "web\/key2",\s+"Flags": 42/,
      },
    ],
  },
  {
    title: 'H132 external services',
    steps: [
      {
        line: `curl -X PUT -d '{"Datacenter": "dc1", "Node": "google",
   "Address": "www.google.com",
   "Service": {"Service": "search", "Port": 80}}' \\
   http://127.0.0.1:8500/v1/catalog/register`,
        prints: /^true\n?$/,
      },
      {
        line: 'dig @127.0.0.1 -p 8600 search.service.consul.',
        prints: /^search\.service\.consul\.\s+0\s+IN\s+CNAME\s+www\.google\.com\.$/m,
      },
      {
        line: `curl -X PUT -d '{"Datacenter": "dc1", "Node": "google"}' http://127.0.0.1:8500/v1/catalog/deregister`,
        prints: /^true\n?$/,
      },
      { line: 'dig @127.0.0.1 -p 8600 search.service.consul.', prints: /status: NXDOMAIN/ },
    ],
  },
  {
    title: 'H089 H148 the API and the command register, too',
    steps: [
      {
        line: `echo '{"ID": "redis1", "Name": "redis", "Tags": ["primary", "v1"], "Address": "127.0.0.1", "Port": 8000,
  "Meta": {"redis_version": "4.0"}, "EnableTagOverride": false, "Weights": {"Passing": 10, "Warning": 1},
  "Check": {"DeregisterCriticalServiceAfter": "90m", "Args": ["/usr/local/bin/check_redis.py"],
    "Interval": "10s", "Timeout": "5s"}}' > payload.json`,
        prints: /^$/,
      },
      {
        line: 'curl --request PUT --data @payload.json http://127.0.0.1:8500/v1/agent/service/register?replace-existing-checks=true',
        prints: /^$/,
      },
      {
        line: 'curl http://127.0.0.1:8500/v1/agent/services',
        prints: /"redis1": \{\s+"ID": "redis1",\s+"Service": "redis"/,
      },
      {
        line: 'curl http://127.0.0.1:8500/v1/agent/health/service/name/redis',
        prints: /"AggregatedStatus": "critical"/,
      },
      { line: 'curl --request PUT http://127.0.0.1:8500/v1/agent/service/deregister/redis1', prints: /^$/ },
      { line: 'consul services register -name=search -port=8080', prints: /^Registered service: search\n$/ },
      {
        line: 'dig @127.0.0.1 -p 8600 search.service.consul SRV',
        prints: /IN\s+SRV\s+1 1 8080 box\.node\.dc1\.consul\.$/m,
      },
      { line: 'consul catalog services -tags', prints: /^consul +\nsearch +\nweb +rails\n$/ },
      { line: 'consul services deregister -id search', prints: /^Deregistered service: search\n$/ },
      { line: 'consul leave', prints: /^Graceful leave complete\n$/ },
    ],
  },
];
