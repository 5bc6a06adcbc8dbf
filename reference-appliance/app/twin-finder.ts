/**
 * Keeps an eye on machines that two sources have: worked out anew when somebody asks and a source has changed, told as one
 * warning for each two sources, counted once.
 */
import { defineErrors } from '#core/errors.ts';
import { findTwins, type SameBecause, type Seen, type Twin } from './duplicates.ts';
import type { Warning } from './ports.ts';
import type { SourceMachine } from './source-machines.ts';
import type { Warnings } from './warnings.ts';

/** Never thrown: what `drylift explain` says of the warnings. */
const errors = defineErrors({
  'machine.twice': {
    blame: 'input',
    retry: 'after-change',
    why: 'The appliance discovers a machine through two sources. Both are told to the project, which counts it twice in assessments.',
    next: 'Take it from the list of servers, or out of the scope of one of the sources; assess only one of both.',
  },
  'machine.replica': {
    blame: 'input',
    retry: 'after-change',
    why: 'Copies that Hyper-V Replica keeps look like machines of their own, and spoil an assessment that counts them.',
    next: 'Leave the hosts that keep copies out of the configuration, or the copies out of the group that is assessed.',
  },
});

const KEYS = 'twins ';

interface TwinEnd {
  readonly source: string;
  readonly name: string;
  readonly instanceUuid: string;
}

/** One of them, as the status shows it. */
export interface TwinView {
  /** The view that counts. */
  readonly first: TwinEnd;
  readonly second: TwinEnd;
  readonly because: SameBecause;
  readonly evidence: string;
}

export class TwinFinder {
  readonly #warnings: Warnings;
  readonly #seen: () => Seen[];
  #isStale = true;
  #all: readonly Seen[] = [];
  #twins: readonly Twin[] = [];
  #firstOf = new Map<SourceMachine, SourceMachine>();

  /** @param seen views that count more come first */
  constructor(warnings: Warnings, seen: () => Seen[]) {
    this.#warnings = warnings;
    this.#seen = seen;
  }

  /** A source has changed. */
  expire(): void {
    this.#isStale = true;
  }

  views(): TwinView[] {
    this.#look();
    return this.#twins.map(({ first, second, because, evidence }) => ({
      first: endOf(first),
      second: endOf(second),
      because,
      evidence,
    }));
  }

  /** How many there are, each counted once. */
  count(): number {
    this.#look();
    return this.#all.length - this.#twins.length;
  }

  /** Each machine once. */
  firsts(): SourceMachine[] {
    this.#look();
    return this.#all.flatMap(({ machine }) => (this.#firstOf.has(machine) ? [] : [machine]));
  }

  /** The view that counts, of a machine that is another one's second. */
  firstOf(machine: SourceMachine): SourceMachine | undefined {
    this.#look();
    return this.#firstOf.get(machine);
  }

  #look(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    this.#all = this.#seen();
    const sources = new Set(this.#all.map(({ source }) => source));
    this.#twins = sources.size < 2 ? [] : findTwins(this.#all);
    this.#firstOf = new Map(this.#twins.map(({ first, second }) => [second.machine, first.machine]));
    this.#warnings.replace(KEYS, warningsOf(this.#twins));
  }
}

function endOf({ source, machine }: Seen): TwinEnd {
  return { source, name: machine.name, instanceUuid: machine.instanceUuid };
}

function warningsOf(twins: readonly Twin[]): Map<string, Warning> {
  const groups = Map.groupBy(
    twins,
    ({ first, second, because }) => `${because === 'replica'} ${first.source} ${second.source}`,
  );
  return new Map([...groups].map(([key, group]) => [`${KEYS}${key}`, warningOf(group)]));
}

function warningOf(group: readonly Twin[]): Warning {
  const { first, second, because, evidence } = group[0]!;
  const more = group.length === 1 ? '' : ` and ${group.length - 1} more`;
  const [one, other] = [
    `${second.machine.name} of ${second.source}`,
    `${first.machine.name} of ${first.source}`,
  ];
  const [code, what] =
    because === 'replica'
      ? (['machine.replica', `${one} is a copy of ${other}${more}.`] as const)
      : (['machine.twice', `${one} is ${other} (the same ${because}: ${evidence})${more}.`] as const);
  return { code, message: `${what} ${errors.make(code, { what }).next}` };
}
