import { setFlagsFromString } from 'node:v8';

/**
 * Sets V8 up for a process whose memory should stay flat; to be called before anything is compiled, by whoever owns the
 * process. Measured with Node 20 and 10,000 services of 10 instances, all asked for.
 *
 * - While names are read for the first time, questions wait, and what belongs to them outlives a collection or two. V8 takes
 *   that for the rule, and goes on putting what lives for microseconds where only full collections find it.
 * - By default what is kept may double and more before there is a full collection. With more of them there are 45 MB
 *   less here. Another 25 MB could be had with 30%, but then packets wait longer for collections (p99 under change 3.1 ms
 *   in place of 2.7).
 */
export function keepHeapFlat(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--heap-growing-percent=60');
}
