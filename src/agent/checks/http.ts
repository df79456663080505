import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HttpProbe } from '../registration/check.js';
import { TailBuffer } from './output.js';
import { type CheckResult, dialProblem, type ProbeOptions } from './result.js';

const MAX_REDIRECTS = 10;

/** Asks a URL: 2xx passes, 429 warns, everything else is critical. */
export async function probeHttp(probe: HttpProbe, options: ProbeOptions): Promise<CheckResult> {
  const { method, url } = probe;
  try {
    const response = await follow(probe, options);
    const body = new TailBuffer(options.outputMaxBytes);
    for await (const chunk of response) body.append(chunk);
    const code = response.statusCode ?? 0;
    const status = code >= 200 && code < 300 ? 'passing' : code === 429 ? 'warning' : 'critical';
    return { status, output: `HTTP ${method} ${url}: ${code} ${response.statusMessage} Output: ${body.text()}` };
  } catch (error) {
    const verb = `${method.charAt(0)}${method.slice(1).toLowerCase()}`;
    return { status: 'critical', output: `${verb} "${url}": ${reasonOf(error, url, options.signal)}` };
  }
}

/** The answer behind all redirects. As in Go, a redirect turns any method but GET and HEAD into GET without a body. */
async function follow(probe: HttpProbe, { signal }: ProbeOptions): Promise<IncomingMessage> {
  let { url, method, body } = probe;
  for (let hops = 0; ; hops += 1) {
    const response = await ask(probe, { url, method, body, signal });
    const { location } = response.headers;
    const code = response.statusCode ?? 0;
    if (!probe.followsRedirects || location === undefined || ![301, 302, 303, 307, 308].includes(code)) return response;
    response.resume();
    if (hops >= MAX_REDIRECTS) throw new Error(`stopped after ${MAX_REDIRECTS} redirects`);
    url = new URL(location, url).href;
    if (code < 307 && method !== 'GET' && method !== 'HEAD') [method, body] = ['GET', ''];
  }
}

interface Ask {
  readonly url: string;
  readonly method: string;
  readonly body: string;
  readonly signal: AbortSignal;
}

function ask({ headers, tls }: HttpProbe, { url, method, body, signal }: Ask): Promise<IncomingMessage> {
  const target = new URL(url);
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw new Error(`unsupported protocol scheme "${target.protocol.slice(0, -1)}"`);
  }
  const sent: OutgoingHttpHeaders = {
    'User-Agent': 'Consul Health Check',
    Accept: 'text/plain, text/*, */*',
    ...Object.fromEntries(
      [...headers].map(([name, values]) => [name, name.toLowerCase() === 'host' ? values[0] : values]),
    ),
    ...(body === '' ? {} : { 'Content-Length': Buffer.byteLength(body) }),
  };
  const request = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // No agent: a check gets a connection of its own, which is closed behind it.
    const options = {
      method,
      headers: sent,
      agent: false,
      signal,
      rejectUnauthorized: !tls.skipVerify,
      ...(tls.serverName === '' ? {} : { servername: tls.serverName }),
    };
    request(target, options, resolve).on('error', reject).end(body);
  });
}

function reasonOf(error: unknown, url: string, signal: AbortSignal): string {
  if (signal.aborted) return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  if (!URL.canParse(url)) return 'unsupported protocol scheme ""';
  const { hostname, port, protocol } = new URL(url);
  const isSystemError = error instanceof Error && 'syscall' in error;
  if (!isSystemError) return error instanceof Error ? error.message : String(error);
  return dialProblem(error, 'tcp', `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`);
}
