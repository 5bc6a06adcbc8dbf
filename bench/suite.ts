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
  setup?: () => void | Promise<void>;
  /** One call takes seconds: each round is one call, timed as it is. */
  isLong?: true;
}

export interface BenchSuite {
  name: string;
  benches: () => Promise<Bench[]> | Bench[];
}
