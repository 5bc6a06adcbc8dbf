/**
 * Measuring one bench with mitata, peer and subject by turns in one process, so that a drift of the machine's
 * speed meets both. Figures are medians; the ratio is that of the medians.
 */
import { measure as mitataMeasure } from 'mitata';
import type { Bench } from './suite.ts';

export interface Measured {
  readonly suite: string;
  readonly bench: string;
  readonly unit: string;
  /** Median over the rounds. */
  readonly unitsPerSecond: number;
  readonly nanosecondsPerUnit: number;
  readonly rounds: number;
  readonly peer?: {
    readonly name: string;
    readonly nanosecondsPerUnit: number /** Subject's time over the peer's: below 1 is faster. */;
    readonly ratio: number;
  };
  /** Of the processes that do the work. */
  readonly cpuMsPerUnit?: { readonly mine: number; readonly peer: number };
}

const ROUNDS = 5;
const LONG_ROUNDS = 3;

export async function measureBench(suite: string, bench: Bench): Promise<Measured> {
  await bench.setup?.();
  const mine: number[] = [];
  const theirs: number[] = [];
  const rounds = bench.isLong ? LONG_ROUNDS : ROUNDS;
  const time = bench.isLong ? once : medianNs;
  const own = counting(time, bench.cpu?.mine);
  const other = counting(time, bench.cpu?.peer);
  for (let round = 0; round < rounds; round++) {
    if (bench.peer && round % 2 === 1) theirs.push(await other.time(bench.peer.run));
    mine.push(await own.time(bench.run));
    if (bench.peer && round % 2 === 0) theirs.push(await other.time(bench.peer.run));
  }
  const ns = median(mine) / bench.work;
  const peerNs = bench.peer && median(theirs) / bench.work;
  return {
    suite,
    bench: bench.name,
    unit: bench.unit,
    unitsPerSecond: 1e9 / ns,
    nanosecondsPerUnit: ns,
    rounds,
    ...(bench.peer && peerNs
      ? { peer: { name: bench.peer.name, nanosecondsPerUnit: peerNs, ratio: ns / peerNs } }
      : {}),
    ...(bench.cpu
      ? { cpuMsPerUnit: { mine: own.cpuMs() / bench.work, peer: other.cpuMs() / bench.work } }
      : {}),
  };
}

/** Times calls, and says what CPU time of another process one of them cost on average. */
function counting(
  time: (run: () => unknown) => Promise<number>,
  cpu: () => number = () => 0,
): { time(run: () => unknown): Promise<number>; cpuMs(): number } {
  let calls = 0;
  let cpuMs = 0;
  return {
    async time(run) {
      const before = cpu();
      const ns = await time(() => {
        calls++;
        return run();
      });
      cpuMs += cpu() - before;
      return ns;
    },
    cpuMs: () => cpuMs / Math.max(1, calls),
  };
}

async function once(run: () => unknown): Promise<number> {
  const begun = performance.now();
  await run();
  return (performance.now() - begun) * 1e6;
}

async function medianNs(run: () => unknown): Promise<number> {
  const stats = await mitataMeasure(run, { min_cpu_time: 100e6, min_samples: 5, warmup_samples: 2 });
  return stats.p50;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
