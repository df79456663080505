import { setFlagsFromString } from 'node:v8';

/**
 * Sets V8 up for a process whose memory should stay flat; to be called before anything is compiled, by whoever owns the
 * process. Measured with Node 20 and 10,000 services of 10 instances, all asked for.
 *
 * - While names are read for the first time, questions wait, and what belongs to them outlives a collection or two. V8 takes
 *   that for the rule, and goes on putting what lives for microseconds where only full collections find it.
 * - By default what is kept may double and more before there is a full collection. They are concurrent and take few
 *   milliseconds, so that there can be more of them.
 */
export function keepHeapFlat(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--heap-growing-percent=30');
}
