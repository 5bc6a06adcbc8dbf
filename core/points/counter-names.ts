/**
 * Counters as people name them in files, with the unit that the name says: `cpu` in percent, `readMBps` in 10^6
 * bytes a second, `readKBps` in 1,024 (vSphere's, A19). What the engine keeps is in machine-facts.ts.
 */
import type { CounterName } from '../assessment/machine-facts.ts';

export interface NamedCounter {
  readonly counter: CounterName;
  /** What a value is multiplied with to become the engine's unit. */
  readonly factor: number;
  /** Largest value that can be meant. */
  readonly largest: number;
}

/** Hyper-V guests may press for more memory than they have; more than ten times is a mistake. */
const PERCENT_MAX = 1_000;
const OPERATIONS_MAX = 1e8;
const BYTES_MAX = 1e12;

const TABLE = new Map<string, NamedCounter>();

function name(counter: CounterName, factor: number, largest: number, ...names: readonly string[]): void {
  for (const each of names) TABLE.set(plain(each), { counter, factor, largest });
}

name(
  'cpu',
  100,
  PERCENT_MAX,
  'cpu',
  'cpuPercent',
  'cpuUtilization',
  'CPU utilization percentage',
  'cpu.usage',
);
name(
  'memory',
  100,
  PERCENT_MAX,
  'memory',
  'memoryPercent',
  'mem',
  'memPercent',
  'Memory utilization percentage',
  'mem.usage',
);
name('readIops', 1, OPERATIONS_MAX, 'readIops', 'diskReadIops', 'readOps');
name('writeIops', 1, OPERATIONS_MAX, 'writeIops', 'diskWriteIops', 'writeOps');
for (const [counter, ...words] of [
  ['readBps', 'read', 'diskRead'],
  ['writeBps', 'write', 'diskWrite'],
  ['inBps', 'in', 'networkIn', 'received'],
  ['outBps', 'out', 'networkOut', 'transmitted'],
] as const)
  for (const word of words) {
    name(counter, 1, BYTES_MAX, `${word}Bps`, `${word} bytes per second`);
    name(counter, 1024, BYTES_MAX / 1024, `${word}KBps`, `${word} KB/s`);
    name(counter, 1e6, BYTES_MAX / 1e6, `${word}MBps`, `${word} MB/s`);
  }

/** What `drylift` pages list; the spelling with fewest letters of each. */
export const COUNTER_SPELLINGS = [
  'cpu',
  'memory',
  'readIops',
  'writeIops',
  'readMBps',
  'writeMBps',
  'inMBps',
  'outMBps',
] as const;

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Undefined: no counter of that name. */
export function counterNamed(text: string): NamedCounter | undefined {
  return TABLE.get(plain(text));
}

/** The counter's name and instance in `readIops:disk1`, `cpu`, `outMBps[nic1]` or `readIops disk 2`. */
export function splitHeader(header: string): { counter: NamedCounter; instance: string } | undefined {
  const whole = counterNamed(header);
  if (whole) return { counter: whole, instance: '' };
  const match = /^([^:[(]+?)\s*[:[(]\s*([^\])]+?)\s*[\])]?$/.exec(header);
  const counter = match ? counterNamed(match[1]!) : undefined;
  return counter && { counter, instance: match![2]! };
}
