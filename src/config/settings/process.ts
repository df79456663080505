import { formatHostPort, parseListenAddress } from '../addresses.js';
import { boolean, choice, integerOrAuto, list, path, port, single } from '../value-types.js';
import { hostIp, ip } from './listening.js';
import { setting } from './setting.js';

const listenAddress = single({
  expects: 'IP:port or [IPv6]:port',
  placeholder: 'address',
  parse: parseListenAddress,
  format: ({ host, port }) => formatHostPort(host, port),
});

/** Files, log, and what only the embedded agent of `dev` has. */
export const PROCESS_SETTINGS = {
  configDirs: setting({
    flag: '--config-dir',
    env: ['CONSUL_DNSD_CONFIG_DIR'],
    keys: [],
    type: list(path, { whole: true }),
    fallback: [],
    reloadable: false,
    help: 'Directory whose *.json files are read in the order of their names; later ones win',
  }),
  configFiles: setting({
    flag: '--config-file',
    env: ['CONSUL_DNSD_CONFIG_FILE'],
    keys: [],
    type: list(path, { whole: true }),
    fallback: [],
    reloadable: false,
    help: 'File to read after those',
  }),
  workers: setting({
    flag: '--workers',
    env: ['CONSUL_DNSD_WORKERS'],
    keys: ['consul_dnsd.workers'],
    type: integerOrAuto({ min: 1, max: 256 }),
    fallback: 1,
    reloadable: false,
    help: 'Processes that answer, besides one that watches Consul; auto is one for each core, 1 does all in one process',
  }),
  logLevel: setting({
    flag: '--log-level',
    env: ['CONSUL_DNSD_LOG_LEVEL'],
    keys: ['log_level'],
    type: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], { err: 'error' }),
    fallback: 'info',
    reloadable: true,
    help: 'The least serious lines to log',
  }),
  logJson: setting({
    flag: '--log-json',
    env: ['CONSUL_DNSD_LOG_JSON'],
    keys: ['log_json'],
    type: boolean,
    fallback: false,
    reloadable: false,
    help: 'Log JSON objects, one a line',
  }),
  adminAddr: setting<ReturnType<typeof parseListenAddress>>({
    flag: '--admin-addr',
    env: ['CONSUL_DNSD_ADMIN_ADDR'],
    keys: ['consul_dnsd.admin_addr'],
    type: listenAddress,
    fallback: undefined,
    reloadable: false,
    help: 'Serve /metrics (Prometheus), /health and /ready over HTTP there',
  }),
};

export const DEV_SETTINGS = {
  httpPort: setting({
    flag: '--http-port',
    env: ['CONSUL_DNSD_HTTP_PORT'],
    keys: ['ports.http'],
    type: port,
    fallback: 8500,
    passedOver: ['-1'],
    only: 'dev',
    reloadable: false,
    help: "Port of the agent's HTTP API",
  }),
  httpBind: setting({
    flag: '--client',
    env: ['CONSUL_DNSD_HTTP_BIND'],
    keys: ['addresses.http', 'client_addr'],
    type: list(ip, { words: true }),
    fallback: ['127.0.0.1'],
    only: 'dev',
    reloadable: false,
    help: "Address of the agent's HTTP API and of DNS, IPv4 or IPv6",
  }),
  agentAddress: setting({
    flag: '--bind',
    env: ['CONSUL_DNSD_AGENT_ADDRESS'],
    keys: ['advertise_addr', 'bind_addr'],
    type: hostIp,
    fallback: '127.0.0.1',
    passedOver: ['0.0.0.0', '::', '[::]'],
    only: 'dev',
    reloadable: false,
    help: "The node's address in the catalog",
  }),
  enableScriptChecks: setting({
    flag: '--enable-script-checks',
    env: ['CONSUL_DNSD_ENABLE_SCRIPT_CHECKS'],
    keys: ['enable_script_checks'],
    type: boolean,
    fallback: false,
    only: 'dev',
    reloadable: false,
    help: 'Run checks that are scripts, registered by file or over HTTP',
  }),
  enableLocalScriptChecks: setting({
    flag: '--enable-local-script-checks',
    env: ['CONSUL_DNSD_ENABLE_LOCAL_SCRIPT_CHECKS'],
    keys: ['enable_local_script_checks'],
    type: boolean,
    fallback: false,
    only: 'dev',
    reloadable: false,
    help: 'Run checks that are scripts, registered by file only',
  }),
};
