#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { Command, Option } from 'commander';
import { formatHostPort } from './config/addresses.js';
import { ConfigError } from './config/config-error.js';
import { describeSettings, formatConfig } from './config/describe.js';
import { type LoadedConfig, loadConfig } from './config/load.js';
import { parseDuration } from './config/parse.js';
import { type Config, flagFor, type Command as Mode } from './config/settings.js';
import type { RunningDev } from './dev.js';
import { keepHeapFlat } from './heap.js';
import type { RunningServer } from './serve.js';
import type { Log } from './telemetry/log.js';

const EXIT_FAILED = 1;
const EXIT_MISCONFIGURED = 2;

/** Errors that are the user's to mend; known by name, because their classes come with what is loaded only when needed. */
const MISCONFIGURATIONS: ReadonlySet<string> = new Set(['ConfigError', 'DefinitionError', 'LookupError']);

/** Flags of Consul's agent that an agent of one node, without storage, has no use for. */
const FLAGS_WITHOUT_EFFECT = [
  '--server [bool]',
  '--bootstrap [bool]',
  '--bootstrap-expect <n>',
  '--ui [bool]',
  '--data-dir <dir>',
  '--join <address>',
  '--retry-join <address>',
];

type Flags = Map<string, string[]>;

function createProgram(): Command {
  const program = new Command('consul-dnsd')
    .description('An authoritative DNS server for Consul')
    .version(readVersion())
    .configureHelp({ optionDescription: ({ description }) => description })
    .addHelpText('after', '\nSettings: consul-dnsd serve --help')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_MISCONFIGURED));

  const serveFlags: Flags = new Map();
  const serve = program
    .command('serve', { isDefault: true })
    .description('Answer DNS from the catalog of a Consul agent (this is what happens without a command)')
    .allowExcessArguments(true)
    .action(() => {
      const [unknown] = serve.args;
      if (unknown !== undefined) serve.error(`error: unknown command '${unknown}'`);
      return finish(run('serve', { flags: serveFlags, idle: [] }));
    });
  addSettings(serve, 'serve', serveFlags);

  const devFlags: Flags = new Map();
  const idle: string[] = [];
  const dev = program
    .command('dev')
    .alias('agent')
    .description('The same, together with a small Consul-compatible agent of its own: for trying out and for tests')
    .action(() => finish(run('dev', { flags: devFlags, idle })));
  addSettings(dev, 'dev', devFlags);
  dev.addOption(new Option('--dev').hideHelp());
  for (const flag of FLAGS_WITHOUT_EFFECT) {
    dev.addOption(new Option(flag).hideHelp());
    const [name = ''] = flag.split(' ');
    dev.on(`option:${name.slice(2)}`, () => idle.push(name));
  }

  const checkFlags: Flags = new Map();
  const check = program
    .command('check')
    .description('Check the configuration of serve and show what it comes to')
    .action(() => finish(checkConfig(checkFlags)));
  addSettings(check, 'serve', checkFlags);

  program
    .command('lookup')
    .description('Ask a DNS server and print the reply as dig does')
    .argument('<name>', 'a domain name; one without a dot means the service of that name')
    .argument('[type]', 'a record type', 'A')
    .option('--server <host:port>', 'whom to ask (default: 127.0.0.1:8600)', '127.0.0.1:8600')
    .option('--domain <domain>', "the zone of services' names (default: consul)", 'consul')
    .option('--timeout <duration>', 'how long to wait for the reply (default: 5s)', '5s')
    .option('--tcp', 'ask over TCP')
    .option('--short', 'print the data of the answers only')
    .action((name: string, type: string, options: LookupFlags) => finish(lookup({ name, type, ...options })));

  return program;
}

/** Gives a command a flag for each of its settings; what is given ends up in `flags`. */
function addSettings(command: Command, mode: Mode, flags: Flags): void {
  // By flag, because Consul's --client is two settings at once; the second one's help speaks for both.
  const settings = new Map(describeSettings(mode).map((setting) => [setting.flag, setting]));
  for (const { flag, placeholder, isSwitch, help, fallback, group } of settings.values()) {
    const value = isSwitch ? `[${placeholder}]` : `<${placeholder}>`;
    const option = new Option(`${flag} ${value}`, fallback === '' ? help : `${help} (default: ${fallback})`)
      .helpGroup(`${group}:`)
      .argParser((text: string) => flags.set(flag, [...(flags.get(flag) ?? []), text]));
    command.addOption(isSwitch ? option.preset('true') : option);
  }
}

interface LookupFlags {
  readonly server: string;
  readonly domain: string;
  readonly timeout: string;
  readonly tcp?: true;
  readonly short?: true;
}

async function lookup(given: LookupFlags & { readonly name: string; readonly type: string }): Promise<number> {
  const timeoutMs = parseDuration(given.timeout);
  if (timeoutMs === undefined || timeoutMs <= 0) {
    throw new ConfigError([
      { code: 'bad-value', where: '--timeout', message: `must be a duration such as "5s", not "${given.timeout}"` },
    ]);
  }
  const { runLookup } = await import('./lookup.js');
  return runLookup({
    name: given.name,
    type: given.type,
    server: /:\d+$/.test(given.server) && !isIPv6(given.server) ? given.server : formatHostPort(given.server, 8600),
    domain: given.domain,
    transport: given.tcp === true ? 'tcp' : 'udp',
    short: given.short === true,
    timeoutMs,
    write: (text) => void process.stdout.write(text),
  });
}

async function run(mode: Mode, given: { readonly flags: Flags; readonly idle: readonly string[] }): Promise<number> {
  keepHeapFlat();
  const request = { command: mode, flags: given.flags, env: process.env };
  const [loaded, { createLogger }, { runUntilSignal }] = await Promise.all([
    loadConfig(request),
    import('./telemetry/log.js'),
    import('./lifecycle.js'),
  ]);
  const { config } = loaded;
  const rootLog = await createLogger({ level: config.logLevel, json: config.logJson });
  const log = rootLog.child({ part: 'cli' });
  for (const { level, message, fields } of loaded.notes) log[level](message, fields);
  if (given.idle.length > 0) log.info('flags without effect', { flags: given.idle });

  const running = await start(mode, loaded, rootLog);
  const reload = async (): Promise<void> => {
    const settings = await running.reload((await loadConfig(request)).config);
    const waiting = settings.map((name) => flagFor(mode, name));
    log.info('configuration read again', waiting.length > 0 ? { waitingForRestart: waiting } : {});
  };
  // Before the line is printed: whoever reads it may send a signal at once.
  const ended = runUntilSignal(running, reload, 'left' in running ? { log, left: running.left } : { log });
  process.stdout.write(`${readyLines(config, running).join('\n')}\n`);
  return ended;
}

async function start(mode: Mode, { config, credentials }: LoadedConfig, log: Log): Promise<RunningServer | RunningDev> {
  if (mode === 'dev') return (await import('./dev.js')).startDev(config, { log });
  return (await import('./serve.js')).startServer(config, { log, credentials });
}

/** One line that says what is up and where; for `dev` also what to try. */
function readyLines(config: Config, running: RunningServer | RunningDev): readonly string[] {
  const dns = running.addresses.map(({ host, port }) => formatHostPort(host, port)).join(', ');
  const services = running.services();
  const catalog =
    services === undefined
      ? 'the catalog is not known yet'
      : `${services.size} ${services.size === 1 ? 'service' : 'services'}`;
  const zones = [config.domain, ...(config.altDomain === undefined ? [] : [config.altDomain])].join(' and ');
  const line = `consul-dnsd answers for ${zones} on ${dns} (UDP and TCP); ${catalog}`;
  const [first] = running.addresses;
  if (!('httpAddress' in running) || first === undefined) return [`${line} from ${config.httpAddr.join(', ')}`];
  const { host, port } = running.httpAddress;
  const dig = `dig @${isAnyAddress(first.host) ? '127.0.0.1' : first.host} -p ${first.port}`;
  const zone = config.domain.replace(/\.$/, '');
  const [sample = 'consul'] = [...(services ?? [])]
    .filter((name) => name !== 'consul')
    .sort()
    .reverse();
  return [
    `${line}; HTTP API on http://${formatHostPort(host, port)}`,
    `  try: ${dig} ${sample}.service.${zone} SRV`,
    `  try: ${dig} ${config.nodeName}.node.${zone} ANY`,
  ];
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

async function checkConfig(flags: Flags): Promise<number> {
  const { config, origins, notes } = await loadConfig({ command: 'serve', flags, env: process.env });
  for (const { message, fields } of notes) process.stderr.write(`note: ${message} ${JSON.stringify(fields)}\n`);
  process.stdout.write(`${formatConfig('serve', config, origins)}\n`);
  return 0;
}

/** Consul's flags have one dash; ours have two, as everywhere else. Both are taken. */
function withTwoDashes(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((arg, at) => ((end < 0 || at < end) && /^-[a-z][a-z-]/i.test(arg) ? `-${arg}` : arg));
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
}

/** Ends the process with the code that the work comes to. */
async function finish(work: Promise<number>): Promise<void> {
  const code = await work.catch((error: unknown) => {
    process.stderr.write(`consul-dnsd: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof Error && MISCONFIGURATIONS.has(error.name) ? EXIT_MISCONFIGURED : EXIT_FAILED;
  });
  process.exit(code);
}

await createProgram().parseAsync(withTwoDashes(process.argv.slice(2)), { from: 'user' });
