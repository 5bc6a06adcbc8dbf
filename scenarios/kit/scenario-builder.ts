/**
 * Scenarios in TypeScript: for whoever needs a loop or a condition. The result is the same plan that YAML
 * gives, and can be written as YAML, which is how a run record keeps it.
 *
 * ```ts
 * export const outage = scenario({
 *   drylift: 'scenario/v1', name: 'outage', says: 'vCenter is away for an hour.',
 *   estate: { generate: { vcenter: { servers: 20 } } },
 *   script: ['register', 'discover', { wait: days(2) }],
 *   faults: [link('appliance', 'vcenter').from(hours(5)).for(hours(1)).stall()],
 * });
 * ```
 */
import { stringify } from 'yaml';
import type { z } from 'zod';
import type { Scenario, scenarioSchema } from './scenario.ts';
import { parseScenario } from './scenario-yaml.ts';

/** What YAML would say, with its own names for keys. */
export type ScenarioInput = z.input<typeof scenarioSchema>;
/** One entry of `faults`. */
type FaultInput = NonNullable<ScenarioInput['faults']>[number];

export interface BuiltScenario {
  readonly plan: Scenario;
  readonly yaml: string;
}

/** @throws the errors of `parseScenario` */
export function scenario(input: ScenarioInput): BuiltScenario {
  const yaml = stringify(input);
  return { plan: parseScenario(yaml, `${input.name}.scenario.ts`), yaml };
}

export const days = (n: number): string => `${n}d`;
export const hours = (n: number): string => `${n}h`;
export const minutes = (n: number): string => `${n}m`;

interface Timed<Self> {
  /** After the beginning of the story, or of the step that `after` names. */
  from(offset: string): Self;
  after(verb: string): Self;
  times(n: number): Self;
  for(duration: string): Self;
}

export interface PointFaultBuilder extends Timed<PointFaultBuilder> {
  on(subject: string): PointFaultBuilder;
  answer(answer: string | number): FaultInput;
}

/** A fault at a named point of a simulator. */
export function at(point: string): PointFaultBuilder {
  return pointFault({ at: point });
}

function pointFault(fault: Record<string, unknown>): PointFaultBuilder {
  return {
    ...timed(fault, pointFault),
    on: (subject) => pointFault({ ...fault, subject }),
    answer: (answer) => ({ ...fault, answer }) as FaultInput,
  };
}

export interface LinkFaultBuilder extends Timed<LinkFaultBuilder> {
  delay(ms: string): FaultInput;
  stall(): FaultInput;
  throttle(bytesPerSecond: string): FaultInput;
  reset(afterBytes: string): FaultInput;
  refuse(): FaultInput;
}

/** A fault of the link from a node to a host. */
export function link(from: string, to: string): LinkFaultBuilder {
  return linkFault({ link: `${from} -> ${to}` });
}

function linkFault(fault: Record<string, unknown>): LinkFaultBuilder {
  const done = (action: Record<string, unknown>) => ({ ...fault, ...action }) as FaultInput;
  return {
    ...timed(fault, linkFault),
    delay: (ms) => done({ do: 'delay', ms }),
    stall: () => done({ do: 'stall' }),
    throttle: (bytes) => done({ do: 'throttle', bytes }),
    reset: (bytes) => done({ do: 'reset', bytes }),
    refuse: () => done({ do: 'refuse' }),
  };
}

function timed<Self>(
  fault: Record<string, unknown>,
  again: (fault: Record<string, unknown>) => Self,
): Timed<Self> {
  return {
    from: (from) => again({ ...fault, from }),
    after: (after) => again({ ...fault, after }),
    times: (times) => again({ ...fault, times }),
    for: (duration) => again({ ...fault, for: duration }),
  };
}
