/**
 * What a benchmark is. A suite is data: run.ts warms it, runs it, and prints figures. Absolute times say
 * something about the machine; a `peer` in the same run says something about us.
 */
export interface Bench {
  name: string;
  /** What one unit of work is: "samples", "points", "machines". */
  unit: string;
  /** units of work per call */
  work: number;
  /** measured as a ratio against this peer or limit in the same run */
  peer?: { name: string; run: () => unknown };
  run: () => unknown | Promise<unknown>;
  /** CPU time, in ms, that the processes which do the work have used so far, where they are not this one. */
  cpu?: { mine: () => number; peer: () => number };
  setup?: () => void | Promise<void>;
  /** One call takes seconds: each round is one call, timed as it is. */
  isLong?: true;
}

/** A figure that a suite measures by itself: start-up, memory, what needs a server beside it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it shall be, in words. */
  readonly wanted?: string;
  /** The same of a peer in the same run, and how many times better ours is. */
  readonly peer?: { readonly name: string; readonly value: number; readonly times: number };
}

export interface BenchSuite {
  name: string;
  benches: () => Promise<Bench[]> | Bench[];
  /** @param peers programs of others that the caller wants to be compared with, where they are installed. */
  figures?: (peers: ReadonlySet<string>) => AsyncIterable<Figure>;
}
