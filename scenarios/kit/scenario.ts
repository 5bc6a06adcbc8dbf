/**
 * A story as data: an estate, what is done in it, what goes wrong, what must hold. One closed schema, so that
 * a misspelt word is a mistake and not a silent default; published as JSON Schema for editors
 * (`drylift check --schema`). `scenario-yaml.ts` reads it from YAML and knows the positions of mistakes,
 * `scenario-builder.ts` writes it from TypeScript.
 */
import { z } from 'zod';
import { defineErrors } from '#core/errors.ts';
import { type Bytes, type Millis, parseDuration, type UnixMillis } from '#core/units.ts';
import { type Expectation, expectation } from './expect.ts';
import { type Fault, fault, type Link, link } from './scenario-faults.ts';
import {
  duration,
  filePath,
  instant,
  machineName,
  mistake,
  percent,
  scenarioName,
  size,
} from './scenario-fields.ts';
import { type Step, step } from './scenario-steps.ts';

/** The accounts that an estate has, and one whose password is wrong everywhere. */
const GUEST_ACCOUNTS = [
  'linux',
  'windows',
  'test-linux',
  'test-windows',
  'stale-linux',
  'stale-windows',
] as const;

export const errors = defineErrors({
  'scenario.unknownKey': {
    blame: 'input',
    why: 'A scenario is a closed language: a word that it does not know would otherwise be ignored silently.',
    next: 'Correct the spelling; `drylift check --schema` prints all words, for editors to complete.',
  },
  'scenario.badValue': {
    blame: 'input',
    why: 'The value is not of the kind that belongs here.',
    next: 'Write a permitted value; `drylift check --schema` prints what each word takes.',
  },
  'scenario.badDuration': {
    blame: 'input',
    why: 'A duration is one or more numbers with a unit, largest unit first.',
    next: 'Write for example 5m, 1d04h or 30d; units are ms, s, m, h, d.',
  },
  'scenario.badYaml': {
    blame: 'input',
    why: 'The file is not YAML.',
    next: 'Correct the line shown; indentation, colons and quotes are the usual causes.',
  },
  'scenario.unknown': {
    blame: 'input',
    why: 'No scenario of that name is built in, and there is no such file.',
    next: 'Run `drylift list` for the names, or give the path of a .scenario.yaml file.',
  },
  'scenario.cannotRead': {
    blame: 'input',
    why: 'A file that the run needs could not be read.',
    next: "Check path and permissions; paths inside a scenario are relative to the scenario's own file.",
  },
});

const SHAPES = ['office', 'batch', 'bursty', 'idle', 'steady', 'leaking'] as const;
export const OPERATING_SYSTEMS = ['ubuntu-22.04', 'debian-12', 'windows-2019'] as const;

const disk = z
  .union([
    size,
    z.strictObject({
      image: filePath.describe('raw image (.img, .raw, .zst); the disk is as large as it, or as `size`'),
      size: size.optional(),
    }),
  ])
  .transform((value): DiskPlan => (typeof value === 'number' ? { size: value } : value));

export interface DiskPlan {
  readonly size?: Bytes | undefined;
  readonly image?: string;
}

const machine = z.strictObject({
  name: machineName,
  os: z.enum(OPERATING_SYSTEMS).optional(),
  cores: z.int().min(1).max(128).optional(),
  memory: size.optional(),
  disks: z.array(disk).min(1).max(60).optional(),
  shape: z.enum(SHAPES).optional(),
});
export type MachinePlan = Readonly<z.output<typeof machine>>;

const HYPERV_RELEASES = ['2012 R2', '2016', '2019', '2022', '2025'] as const;

const hyperv = z
  .strictObject({
    servers: z.int().min(1).max(5000).describe('machines, on all hosts in turn'),
    clusters: z
      .array(z.int().min(1).max(64))
      .max(16)
      .default([])
      .describe('hosts of each failover cluster: [2, 4]'),
    standalone: z.int().min(0).max(100).default(0).describe('hosts outside of clusters'),
    release: z.enum(HYPERV_RELEASES).default('2019').describe('of Windows Server on the hosts'),
  })
  .superRefine((value, ctx) => {
    if (value.clusters.length === 0 && value.standalone === 0)
      mistake(ctx, 'Hyper-V needs a host: in clusters, or standalone.', { code: 'badValue' });
  });

const servers = z
  .strictObject({
    windows: z.int().min(0).max(1000).default(0),
    linux: z.int().min(0).max(1000).default(0),
    also: z
      .array(machineName)
      .max(1000)
      .default([])
      .describe('machines of vCenter or Hyper-V that are listed as servers, too'),
  })
  .superRefine((value, ctx) => {
    if (value.windows + value.linux === 0)
      mistake(ctx, 'Servers are so many of windows or of linux, at least one.', { code: 'badValue' });
  });

const generate = z.strictObject({
  vcenter: z
    .strictObject({
      servers: z.int().min(1).max(10_000),
      hosts: z.int().min(1).max(1000).optional(),
    })
    .optional(),
  hyperv: hyperv.optional().describe('Hyper-V hosts, reached over WinRM, and the machines on them'),
  servers: servers.optional().describe('servers that stand by themselves, reached over WinRM and SSH'),
  mix: z.strictObject({ windows: percent, linux: percent }).optional(),
  shapes: z.partialRecord(z.enum(SHAPES), percent).optional(),
});
export type GeneratePlan = Readonly<z.output<typeof generate>>;

const estate = z
  .strictObject({
    import: z.strictObject({ rvtools: filePath.describe('RVTools workbook (.xlsx)') }).optional(),
    generate: generate.optional(),
    machines: z
      .array(machine)
      .max(1000)
      .default([])
      .describe('named exceptions: the machine of that name is changed, or added where there is none'),
  })
  .superRefine((value, ctx) => {
    const { vcenter, hyperv, servers } = value.generate ?? {};
    if ((value.import === undefined) === (vcenter === undefined) && !hyperv && !servers)
      mistake(ctx, 'An estate comes from exactly one of: import, generate.', { code: 'badValue' });
    else if (value.import !== undefined && vcenter !== undefined)
      mistake(ctx, 'What vCenter shows comes from exactly one of: import, generate.vcenter.', {
        code: 'badValue',
      });
  });

const linkQuality = z.strictObject({
  link,
  latency: duration.optional().describe('one way'),
  bandwidth: size.optional().describe('per second, in each direction'),
});

/** Invariants that a scenario may relax, with a reason that the report then carries. */
const relaxed = z.strictObject({ check: z.string().min(1), relax: z.string().min(1).max(500) });

export const scenarioSchema = z.strictObject({
  drylift: z.literal('scenario/v1'),
  name: scenarioName,
  says: z.string().min(1).max(1000).describe('the story in a sentence, for people'),
  tags: z.array(z.string().min(1).max(40)).max(20).default([]),
  seed: z
    .union([z.string().min(1).max(100), z.int()])
    .transform(String)
    .optional()
    .describe('a hash of the name unless given; --seed wins'),
  estate,
  clock: z
    .strictObject({
      start: instant.default(Date.parse('2026-03-02T08:00:00Z')),
      limit: duration.default(parseDuration('60d')),
    })
    .prefault({}),
  appliance: z
    .strictObject({
      'collect-every': duration
        .refine((ms) => ms >= 600_000 && ms <= 3_000_000 && ms % 600_000 === 0, {
          message: 'collect-every is 10m, 20m, 30m, 40m or 50m: vCenter keeps an hour',
        })
        .optional()
        .describe('between collections of performance: 10m to 50m, in steps of 10m'),
      guests: z
        .array(z.enum(GUEST_ACCOUNTS))
        .max(GUEST_ACCOUNTS.length)
        .optional()
        .describe('accounts of guests that it is given, in the order in which it tries them'),
    })
    .prefault({}),
  network: z.array(linkQuality).max(50).default([]).describe('what always holds of links'),
  script: z.array(step).min(1).max(200),
  faults: z.array(fault).max(200).default([]),
  expect: z.array(expectation).max(100).default([]),
  watch: z.array(relaxed).max(20).default([]),
});

export type GuestAccountName = (typeof GUEST_ACCOUNTS)[number];

export interface LinkQuality {
  readonly link: Link;
  readonly latency?: Millis | undefined;
  /** Bytes per second. */
  readonly bandwidth?: Bytes | undefined;
}

export interface Scenario {
  readonly drylift: 'scenario/v1';
  readonly name: string;
  readonly says: string;
  readonly tags: readonly string[];
  readonly seed?: string | undefined;
  readonly estate: {
    readonly import?: { readonly rvtools: string } | undefined;
    readonly generate?: GeneratePlan | undefined;
    readonly machines: readonly MachinePlan[];
  };
  readonly clock: { readonly start: UnixMillis; readonly limit: Millis };
  readonly appliance: {
    readonly 'collect-every'?: Millis | undefined;
    readonly guests?: readonly GuestAccountName[] | undefined;
  };
  readonly network: readonly LinkQuality[];
  readonly script: readonly Step[];
  readonly faults: readonly Fault[];
  readonly expect: readonly Expectation[];
  readonly watch: ReadonlyArray<{ readonly check: string; readonly relax: string }>;
}

/** The language as JSON Schema (draft 2020-12), for editors. */
export function scenarioJsonSchema(): unknown {
  return z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' });
}
