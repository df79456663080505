import { findProgram } from './external.js';

/** What the tests run that Node does not bring, and what they need it for. */
const PROGRAMS: Readonly<Record<string, string>> = {
  consul: 'comparisons with a real Consul, and its command against ours (CONSUL_BIN or PATH)',
  curl: "the commands of Consul's tutorials",
  dig: 'what people see who ask with dig, and the commands of README',
  unbound: 'a resolver in front of us',
};

/** Says before the tests what this machine lacks, so that nobody has to wonder about the skipped ones. */
export function setup(): void {
  for (const [program, purpose] of Object.entries(PROGRAMS)) {
    if (findProgram(program) !== undefined) continue;
    process.stdout.write(`No ${program} on this machine, so these tests are skipped: ${purpose}\n`);
  }
}
