import { TAG } from './catalog.js';

/** What is asked, over and over. */
export interface Load {
  readonly name: string;
  /** `name type`, one question a line. */
  readonly questions: readonly string[];
  /** With an OPT record that allows 4096 bytes, or none. */
  readonly hasEdns: boolean;
  /** How many times Consul's CPU per query ours is to be at most; undefined where Consul is not asked. */
  readonly goal: number | undefined;
}

const services = Array.from({ length: 200 }, (_, number) => `s${number}.service.consul`);

export const LOADS: readonly Load[] = [
  { name: 'A, 1 instance', questions: ['one.service.consul A'], hasEdns: false, goal: 4 },
  { name: 'A, 8 instances', questions: ['eight.service.consul A'], hasEdns: false, goal: 5 },
  { name: 'SRV, 8 instances', questions: ['eight.service.consul SRV'], hasEdns: true, goal: 9 },
  { name: 'SRV, 100 instances', questions: ['hundred.service.consul SRV'], hasEdns: true, goal: 90 },
  { name: 'AAAA, NODATA', questions: ['one.service.consul AAAA'], hasEdns: false, goal: 4 },
  { name: 'NXDOMAIN', questions: ['nope.service.consul A'], hasEdns: false, goal: 4 },
  { name: 'tag and SRV', questions: [`${TAG}.one.service.consul SRV`], hasEdns: false, goal: 5 },
  {
    name: '200 services, A and SRV',
    questions: services.flatMap((name) => [`${name} A`, `${name} SRV`]),
    hasEdns: true,
    goal: 5,
  },
];

/** A name that is not Consul's, answered from cache. */
export const FORWARDED: Load = {
  name: 'forwarded, cached',
  questions: ['www.example.net A'],
  hasEdns: false,
  goal: undefined,
};
