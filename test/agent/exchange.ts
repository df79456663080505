import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

export interface Exchange {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Names and values as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface AskOptions {
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One request on a connection of its own, sent byte for byte as it is written here. */
export async function ask(url: string, method: string, path: string, options: AskOptions = {}): Promise<Exchange> {
  const { body, headers = {}, signal } = options;
  const { hostname, port } = new URL(url);
  const outgoing = request({
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    path,
    method,
    headers: { host: new URL(url).host, ...headers },
    agent: false,
    ...(signal !== undefined && { signal }),
  });
  outgoing.end(body);
  const [incoming]: IncomingMessage[] = await once(outgoing, 'response');
  if (incoming === undefined) throw new Error('There was no response');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    body: Buffer.concat(chunks).toString(),
  };
}

/** The parsed body of a read that must succeed. */
export async function get(url: string, path: string): Promise<unknown> {
  const { status, body } = await ask(url, 'GET', path);
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
  return JSON.parse(body);
}

/** A write that must succeed; objects are sent as JSON. */
export async function put(url: string, path: string, body: unknown = ''): Promise<string> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await ask(url, 'PUT', path, { body: text });
  if (reply.status !== 200) throw new Error(`PUT ${path}: ${reply.status} ${reply.body}`);
  return reply.body;
}

/** `X-Consul-Index` of a read. */
export async function indexOf(url: string, path: string): Promise<string> {
  const { headers } = await ask(url, 'GET', path);
  return String(headers['x-consul-index']);
}
