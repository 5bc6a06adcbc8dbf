/** The verbs of a script: what the people at both ends do, in order. */
import { z } from 'zod';
import { HOUR, type Millis } from '#core/units.ts';
import { duration, filePath, machineName, machineNames, mistake, scenarioName } from './scenario-fields.ts';

/** Something a script can wait for. */
export type Condition =
  /** `inventory complete`: every machine of the estate is known at Azure. */
  | { readonly kind: 'inventory' }
  /** `delta sync`: every chosen machine has finished its first cycle. */
  | { readonly kind: 'deltaSync' }
  /** `cycles files-01 >= 3`: so many cycles of it were applied. */
  | { readonly kind: 'cycles'; readonly machine: string; readonly atLeast: number }
  /** `disk states written`: the guest has written the last of the states it was given. */
  | { readonly kind: 'diskStates' };

const CONDITIONS = ['inventory complete', 'delta sync', 'cycles <machine> >= <n>', 'disk states written'];

const condition = z.string().transform((text, ctx): Condition => {
  const words = text.trim().split(/\s+/).join(' ');
  const cycles = /^cycles (\S+) >= (\d{1,4})$/.exec(words);
  if (cycles) return { kind: 'cycles', machine: cycles[1]!, atLeast: Number(cycles[2]) };
  if (words === 'inventory complete') return { kind: 'inventory' };
  if (words === 'delta sync') return { kind: 'deltaSync' };
  if (words === 'disk states written') return { kind: 'diskStates' };
  return mistake(ctx, `"${text}" is nothing that can be waited for.`, {
    code: 'badValue',
    candidates: CONDITIONS,
  });
});

const wait = z
  .union([duration, z.strictObject({ until: condition, within: duration })])
  .transform(
    (value): WaitOptions =>
      typeof value === 'number' ? { ms: value } : { condition: value.until, within: value.within },
  );

type WaitOptions =
  | { readonly ms: Millis; readonly condition?: never }
  | { readonly condition: Condition; readonly within: Millis };

const assess = z.strictObject({
  name: scenarioName,
  servers: z.literal('all').default('all'),
  sizing: z.enum(['performance', 'as-on-premises']).default('performance'),
  percentile: z.literal([50, 90, 95, 99]).default(95),
  history: z.enum(['day', 'week', 'month']).default('month'),
  comfort: z.number().min(1).max(2).default(1.3),
  location: z.string().min(1).max(40).default('WestEurope'),
});
export type AssessOptions = Readonly<z.output<typeof assess>>;

const writeDiskStates = z.strictObject({
  machine: machineName,
  disk: z.int().min(0).max(59).default(0),
  states: z.array(filePath).min(1).max(100).describe('images, or differences to the state before'),
  every: duration.describe('from the beginning of one state to the beginning of the next'),
  over: duration.describe('how long the guest takes to write one state'),
});
export type WriteDiskStatesOptions = Readonly<z.output<typeof writeDiskStates>>;

const verbs = {
  register: z.strictObject({}).describe('the project is made, the appliance starts and registers with it'),
  discover: z
    .strictObject({ within: duration.default(2 * HOUR) })
    .describe('wait until every machine of the estate is known at Azure'),
  wait: wait.describe('30d, or { until: …, within: … }'),
  assess: assess.describe('somebody at Azure has an assessment made'),
  replicate: z.strictObject({ servers: machineNames }).describe('replication of these machines begins'),
  'write-disk-states': writeDiskStates.describe(
    'the guest writes successive states of its disk while the script goes on',
  ),
  cutover: z
    .strictObject({ servers: machineNames, shutdown: z.boolean().default(true) })
    .describe('migrate: a last cycle, after shutting the source down unless told otherwise'),
} as const;

export type Verb = keyof typeof verbs;
export const VERBS = Object.keys(verbs) as readonly Verb[];
const BARE_VERBS: readonly unknown[] = ['register', 'discover'];

export type Step =
  | { readonly verb: 'register' }
  | { readonly verb: 'discover'; readonly within: Millis }
  | ({ readonly verb: 'wait' } & WaitOptions)
  | ({ readonly verb: 'assess' } & AssessOptions)
  | { readonly verb: 'replicate'; readonly servers: readonly string[] }
  | ({ readonly verb: 'write-disk-states' } & WriteDiskStatesOptions)
  | { readonly verb: 'cutover'; readonly servers: readonly string[]; readonly shutdown: boolean };

const optionalVerbs = Object.fromEntries(VERBS.map((verb) => [verb, verbs[verb].optional()])) as unknown as {
  [V in Verb]: z.ZodOptional<(typeof verbs)[V]>;
};

/** `- discover`, or `- wait: 30d`: a bare verb, or one verb with its options. */
export const step = z
  .preprocess(
    (value) => (BARE_VERBS.includes(value) ? { [value as string]: {} } : value),
    z.strictObject(optionalVerbs).meta({ minProperties: 1, maxProperties: 1 }),
  )
  .transform((value, ctx): Step => {
    const given = VERBS.filter((verb) => value[verb] !== undefined);
    if (given.length === 1) return { verb: given[0], ...value[given[0]!] } as Step;
    return mistake(ctx, 'A step of the script is exactly one verb.', { code: 'badValue', candidates: VERBS });
  });
