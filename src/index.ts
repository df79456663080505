/** consul-dnsd as a library: the server, the embedded agent, configuration and codec. */
export type { AgentOptions, RunningAgent } from './agent/agent.js';
export { startAgent } from './agent/agent.js';
export { type Clock, systemClock } from './clock.js';
export { ConfigError } from './config/config-error.js';
export { type Credentials, readCredentials } from './config/credentials.js';
export { fromValues, type Layer } from './config/layer.js';
export { resolveConfig } from './config/resolve.js';
export { type Config, DEFAULT_CONFIG } from './config/settings.js';
export { ListenError } from './listen/listener.js';
export { type RunningServer, type ServerDeps, startServer } from './serve.js';
export { createLogger, type Log } from './telemetry/log.js';
export { Rcode, RecordClass, RecordType } from './wire/constants.js';
export { WireError } from './wire/error.js';
export { decodeMessage, encodeMessage, type Message, type Question } from './wire/message.js';
export { formatMessage, formatRecord } from './wire/present.js';
export type { Rdata, ResourceRecord } from './wire/rdata.js';
