/** Sends the same requests to a real Consul and to ours and brings the answers into a form in which they must be equal. */
import { ask, type Exchange } from '../exchange.js';

export interface Comparable {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Headers that clients read. Index values differ; that there is one does not. */
const COMPARED_HEADERS = [
  'allow',
  'content-type',
  'location',
  'vary',
  'x-cache',
  'x-consul-effective-consistency',
  'x-consul-index',
  'x-consul-knownleader',
  'x-consul-lastcontact',
  'x-consul-reason',
];
/** Where Consul's own text ends and that of a library it uses begins: what comes behind is Go's, not Consul's. */
const GO_TEXT = [
  /(?<=Go value of type).*/s,
  // Which field it is, ours says more exactly.
  /(?<=Go struct field )\S* of type.*/s,
  /(?<=illegal base64 data at input byte )\d+/,
  /(?<=error parsing regexp: ).*/,
  /(?<=: no match found).*/,
];
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** One side of a comparison; it remembers the ids that it gave, so that later requests can name them. */
export class Side {
  readonly #url: string;
  readonly #ids: string[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  /** Sends `METHOD PATH [BODY]`; `{N}` stands for the N-th id this side has handed out. */
  async send(line: string): Promise<Comparable> {
    const [, method = '', path = '', body] = /^(\S+) (\S+)(?: (.*))?$/s.exec(this.#withIds(line)) ?? [];
    const reply = await ask(this.#url, method, path, body === undefined ? {} : { body });
    if (method !== 'GET') this.#ids.push(...(reply.body.match(UUID) ?? []));
    return comparable(reply, path);
  }

  #withIds(line: string): string {
    return line.replace(/\{([0-9]+)\}/g, (_, position: string) => this.#ids[Number(position)] ?? 'no-such-id');
  }
}

function comparable({ status, headers, body }: Exchange, path: string): Comparable {
  const compared = COMPARED_HEADERS.flatMap((name): [string, string][] => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, name === 'x-consul-index' ? indexShape(value) : value]] : [];
  });
  // A redirect is where it goes.
  if (status === 301) return { status, headers: { location: headers.location ?? '' }, body: '' };
  const isJson = headers['content-type'] === 'application/json';
  return { status, headers: Object.fromEntries(compared), body: isJson ? jsonShape(body, path) : textShape(body) };
}

function indexShape(value: string): string {
  return value === '1' ? '1' : 'some';
}

/** JSON as text, to hold order of keys, indentation and escapes to be the same, without what must differ. */
function jsonShape(body: string, path: string): string {
  const lines = body
    .replace(UUID, 'ID')
    .replace(/"(CreateIndex|ModifyIndex|LTime)": [1-9][0-9]*/g, '"$1": N')
    .replace(/"ContentHash": "[0-9a-f]{16}"/, '"ContentHash": "HASH"')
    .replace(/"(Service)?Port": (?:83[0-9][0-9]|[1-6][0-9]{4})\b/g, '"$1Port": PORT')
    .replace(/"(port|wan_join_port)": "[0-9]+"/g, '"$1": "PORT"')
    .replace(/"(127\.0\.0\.1|srv-1\.dc1):[0-9]+"/g, '"$1:PORT"')
    .split('\n');
  // In Consul, the tags of catalog/services and the checks of agent/health stand in random order, queries by their ids.
  if (!/^\/v1\/(?:catalog\/services|agent\/health|query$)/.test(path)) return lines.join('\n');
  return lines
    .map((line) => line.replace(/,$/, ''))
    .sort()
    .join('\n');
}

function textShape(body: string): string {
  const withoutIds = body
    .replace(UUID, 'ID')
    .replace(/<a href.*/s, '')
    .trim();
  return GO_TEXT.reduce((text, pattern) => text.replace(pattern, '...'), withoutIds);
}
