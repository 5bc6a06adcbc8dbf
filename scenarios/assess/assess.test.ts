/** The engine on anybody's files: what is read, what comes out, and that the number of threads is no matter. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { read, utils } from '@e965/xlsx';
import { afterAll, describe, expect, test } from 'vitest';
import { assess as assessAll } from '#core/assessment/assess.ts';
import type { MachineFacts } from '#core/assessment/machine-facts.ts';
import { builtInCatalogue, planAssessment } from '#core/assessment/plan.ts';
import { assessmentProperties } from '#core/assessment/properties.ts';
import { assessmentJson, machineJson } from '#core/assessment/table.ts';
import { WhatIf } from '#core/assessment/what-if.ts';
import { Points } from '#core/metrics/points.ts';
import { openPackedStore } from '#core/points/packed-store.ts';
import { GIB } from '#core/units.ts';
import { assess } from '../commands/assess.ts';
import { planOf, type Wants } from './chunk.ts';
import type { AssessOptions } from './options.ts';
import { asOfOf, sourceOf } from './options.ts';
import { propertiesOf, readWords } from './property-words.ts';
import { runAssessment } from './run.ts';
import { runAssessmentFile, writeRunPoints } from './run-files.ts';
import { pointSource } from './sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'drylift-assess-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
function file(text: string | Buffer, ending: string): string {
  const path = join(folder, `${++files}.${ending}`);
  writeFileSync(path, text);
  return path;
}

const ONE = { cores: '4', memoryGib: '16', os: 'Microsoft Windows Server 2016 (64-bit)', diskGib: '128' };
const SEED = new Map([
  ['ruleset', 'seed'],
  ['region', 'eastus'],
  ['comfort', '1.3'],
  ['percentile', '95'],
]);

/** JSON of the machines, as `drylift assess --json` gives it. */
async function machinesOf(options: AssessOptions, words: ReadonlyMap<string, string> = SEED) {
  const source = await sourceOf(options);
  const plan = planOf(propertiesOf(words), undefined, asOfOf(options, source));
  const { assessMachine } = await import('#core/assessment/assess.ts');
  const machines: Array<Record<string, unknown>> = [];
  for await (const { facts, points } of source.read(0, source.count))
    machines.push(machineJson(plan, assessMachine(plan, facts, points)));
  await source.close();
  return machines;
}

describe('points of one machine', () => {
  test('wide and long CSV, with and without times, and JSON say the same', async () => {
    const values = [10, 35, 20, 30, 5, 90, 15, 25, 40, 12];
    const time = (i: number) => new Date(Date.UTC(2026, 2, 1) + i * 600_000).toISOString();
    const wide = file(
      `time,cpu,memory\n${values.map((v, i) => `${time(i)},${v},${v / 2}`).join('\n')}`,
      'csv',
    );
    const timeless = file(
      `cpu;memory\n${values.map((v) => `${v};${String(v / 2).replace('.', ',')}`).join('\n')}`,
      'csv',
    );
    const long = file(
      `server,timestamp,metric,value\n${values.flatMap((v, i) => [`m,${time(i)},CPU utilization percentage,${v}`, `m,${time(i)},mem,${v / 2}`]).join('\n')}`,
      'csv',
    );
    const json = file(
      JSON.stringify({
        machines: [
          {
            name: 'm',
            cores: 4,
            memoryGiB: 16,
            firmware: 'BIOS',
            os: ONE.os,
            disks: [{ sizeGiB: 128 }],
            adapters: [{}],
            cpu: values,
            memory: values.map((v) => v / 2),
          },
        ],
      }),
      'json',
    );
    const figures = (m: Record<string, unknown>) => [
      m['percentageCoresUtilization'],
      m['effectiveCores'],
      m['effectiveMemoryMiB'],
      m['recommendedSize'],
      m['confidenceRatingInPercentage'],
    ];
    const all = await Promise.all([wide, timeless, long].map((points) => machinesOf({ points, ...ONE })));
    const [fromJson] = await machinesOf({ points: json });
    for (const [machine] of all) expect(figures(machine!)).toEqual(figures(fromJson!));
    // nearest rank by hand: the 10th of 10
    expect(fromJson).toMatchObject({
      percentageCoresUtilization: 90,
      effectiveCores: ((4 * 90) / 100) * 1.3,
    });
  });

  test('samples are rolled up by peak, each belonging to the window it ends in', async () => {
    const points = file('time,cpu\n1772323200,10\n1772323220,70\n1772323800,30\n1772323820,50\n', 'csv');
    const [machine] = await machinesOf({ points, samples: '20', ...ONE });
    // …200 ends the window before, …800 ends the one that …220 is in: points 10, 70, 50
    expect(machine!['why']).toMatchObject({ picked: [{ counter: 'cpu', rank: 3, points: 3, value: 70 }] });
  });

  test('a disk is named by id, label or number, and left out where there is one', async () => {
    const csv = (instance: string) => file(`time,readIops${instance}\n1772323200,400\n`, 'csv');
    for (const instance of ['', ':disk1', '[Disk 1]', ':1']) {
      const [machine] = await machinesOf({ points: csv(instance), ...ONE });
      expect(machine!['disks'], instance).toMatchObject([
        { numberOfReadOperationsPerSecond: 400, effectiveIops: 520 },
      ]);
    }
    await expect(machinesOf({ points: csv(':disk2'), ...ONE })).rejects.toMatchObject({
      code: 'assess.unknownInstance',
      what: 'machine has no disk "disk2"; it has disk1.',
    });
  });

  test('a folder may hold a file a machine, called after it, and the facts of all', async () => {
    const inside = join(folder, `folder-${++files}`);
    mkdirSync(inside);
    writeFileSync(
      join(inside, 'machines.csv'),
      'Server name,Cores,Memory,OS name\nweb,2,4096,Debian\ndb,8,65536,Debian\n',
    );
    writeFileSync(join(inside, 'web.csv'), 'time,cpu\n1772323200,50\n');
    writeFileSync(join(inside, 'db.csv'), 'time,cpu\n1772323800,25\n');
    const machines = await machinesOf({ points: inside });
    expect(machines.map((m) => [m['displayName'], m['percentageCoresUtilization']])).toEqual([
      ['web', 50],
      ['db', 25],
    ]);
  });

  test('any whole percentile is taken, not only the four of the portal', async () => {
    const points = file(`cpu\n${Array.from({ length: 100 }, (_, i) => i).join('\n')}`, 'csv');
    const [machine] = await machinesOf({ points, ...ONE }, new Map([...SEED, ['percentile', '73']]));
    expect(machine!['percentageCoresUtilization']).toBe(72);
  });
});

describe('bad input', () => {
  test.each([
    [
      'a cell that is no number',
      'time,cpu\n1772323200,ten\n',
      'points.badFile',
      'line 2, column cpu: "ten" is not a number',
    ],
    [
      'a negative value',
      'time,cpu\n1772323200,-1\n',
      'points.badFile',
      'line 2, column cpu: -1 is not between',
    ],
    ['a formula', 'time,cpu\n1772323200,=1+1\n', 'points.badFile', 'line 2, column cpu'],
    ['a time that is none', 'time,cpu\nyesterday,1\n', 'points.badFile', 'line 2, column time'],
    [
      'a counter that is none',
      'time,counter,value\n1772323200,cpuu,1\n',
      'points.badFile',
      'line 2, column counter: "cpuu" is no counter (cpu?)',
    ],
    ['a column that is none', 'time,cpu,memroy\n1772323200,1,1\n', 'points.noColumn', '"memroy"'],
    ['no column of a counter', 'a,b\n1,2\n', 'points.noColumn', 'no column of a counter'],
    ['an open quotation mark', 'time,cpu\n"1772323200,1\n', 'csv.malformed', 'not closed'],
  ])('%s is told by line and column', async (_, text, code, part) => {
    const failure = await machinesOf({ points: file(text, 'csv'), ...ONE }).catch(
      (error: unknown) => error as { what: string; why: string; code: string },
    );
    expect(failure).toMatchObject({ code });
    expect(`${(failure as { what: string }).what} ${(failure as { why: string }).why}`).toContain(part);
  });

  test.each([
    ['{"machines":[{"name":"a","cores":0,"memoryGiB":1,"os":"x"}]}', 'machines[0].cores'],
    ['{"machines":[{"name":"a","cores":1,"memoryGiB":1,"os":"x","cpu":[1,-1]}]}', 'machines[0].cpu'],
    ['{"machines":[{"name":"a","cores":1,"memoryGiB":1,"os":"x","cup":[1]}]}', 'machines[0]'],
    ['{"machines":[', 'is no JSON'],
  ])('%s is told by its path', async (text, part) => {
    await expect(machinesOf({ points: file(text, 'json') })).rejects.toMatchObject({
      code: 'assess.badJson',
    });
    const failure = (await machinesOf({ points: file(text, 'json') }).catch((error: unknown) => error)) as {
      what: string;
      why: string;
    };
    expect(`${failure.what} ${failure.why}`).toContain(part);
  });

  test('a machine without facts, a file that is not there, one of no known form', async () => {
    const points = file('machine,time,cpu\nweb-1,1772323200,1\n', 'csv');
    const machines = file('Server name,Cores,Memory,OS name\nweb-2,2,2048,Debian\n', 'csv');
    await expect(machinesOf({ points, machines })).rejects.toMatchObject({
      code: 'assess.noFacts',
      what: expect.stringContaining('web-2 is known'),
    });
    await expect(machinesOf({ points: 'no-such-file.csv' })).rejects.toMatchObject({ code: 'assess.noFile' });
    await expect(machinesOf({ points: file('', 'zip') })).rejects.toMatchObject({
      code: 'assess.unknownForm',
    });
    await expect(machinesOf({ points, cores: '2' })).rejects.toMatchObject({ code: 'assess.badOption' });
  });

  test('a property that is none, or has no such value, is refused with the nearest', () => {
    expect(() => propertiesOf(new Map([['percentil', '9']]))).toThrow(/did you mean percentile/);
    expect(() => propertiesOf(new Map([['percentile', '0']]))).toThrow(/from 1 to 100/);
    expect(() => planOf(propertiesOf(new Map([['comfort', '3']])), undefined, 0)).toThrow(/between 1 and 2/);
    expect(() => readWords('percentile')).toThrow(/not name=value/);
  });
});

/** Many small machines in a packed store. */
async function storeOf(machines: number): Promise<string> {
  const path = join(folder, `${++files}.db`);
  const store = openPackedStore(path, 600_000);
  for (let i = 0; i < machines; i++) {
    const facts: MachineFacts = {
      id: `m${i}`,
      displayName: `srv-${i}`,
      platform: 'VMware',
      cores: 1 + (i % 16),
      memoryMiB: 1_024 * (1 + (i % 40)),
      bootType: i % 3 === 0 ? 'EFI' : 'BIOS',
      os: { name: i % 2 ? 'Microsoft Windows Server 2019 (64-bit)' : 'Debian GNU/Linux 11 (64-bit)' },
      disks: [{ id: 'd', label: 'Hard disk 1', sizeBytes: (20 + (i % 300)) * GIB, isOs: true }],
      nics: [{ id: 'n' }],
    };
    await store.putMachine(facts);
    const points = new Points(600_000);
    for (let w = 0; w < 5; w++) points.raise(2_900_000 + w, (i * 733 + w * 977) % 10_000);
    await store.raise(facts.id, [{ counter: 'cpu', instance: '', points }]);
  }
  await store.settle();
  await store.close();
  return path;
}

test('one thread, two and three give the same bytes, in the order of the machines', {
  timeout: 60_000,
}, async () => {
  const path = await storeOf(1_130);
  const set = propertiesOf(
    new Map([
      ['region', 'westeurope'],
      ['comfort', '1.37'],
    ]),
  );
  const wants: Wants = { json: 'plain', csv: true, workbook: true, table: true };
  const outcomes: string[] = [];
  for (const threads of [1, 2, 3]) {
    const source = await sourceOf({ points: path });
    const asOf = asOfOf({}, source);
    const plan = planOf(set, undefined, asOf);
    const results: unknown[] = [];
    const totals = await runAssessment(
      plan,
      source,
      { set, prices: undefined, asOf, wants },
      threads,
      (result) => results.push(result),
    );
    outcomes.push(JSON.stringify({ totals, results }));
    await source.close();
  }
  expect(JSON.parse(outcomes[0]!).totals.machines).toBe(1_130);
  expect(outcomes[1]).toBe(outcomes[0]);
  expect(outcomes[2]).toBe(outcomes[0]);
});

test('the workbook has the sheets and headers of the portal, and no formula', async () => {
  const machines = file(
    'Server name,Cores,Memory,OS name,Disk 1 size\n=1+1,2,4096,Debian 11,64\nb,4,8192,Solaris,5000000\n',
    'csv',
  );
  const skipped = join(folder, 'portal.xlsx');
  await expect(assess({ machines, xlsx: skipped } as never)).rejects.toMatchObject({
    code: 'assess.badServers',
  });
  const write = process.stdout.write;
  process.stdout.write = () => true;
  try {
    await assess({ machines, xlsx: skipped, skipBadRows: true, sizing: 'as-on-premises' } as never);
  } finally {
    process.stdout.write = write;
  }
  const book = read(readFileSync(skipped), { cellFormula: true });
  expect(book.SheetNames).toEqual([
    'Assessment_Summary',
    'All_Assessed_Machines',
    'All_Assessed_Disks',
    'Assessment_Properties',
  ]);
  const rows = utils.sheet_to_json<Record<string, unknown>>(book.Sheets['All_Assessed_Machines']!);
  expect(rows).toMatchObject([
    {
      Machine: '=1+1',
      'Azure VM readiness': 'Ready with conditions',
      Cores: 2,
      'Memory(MB)': 4096,
      'Premium disks': 1,
    },
  ]);
  expect(
    Object.values(book.Sheets['All_Assessed_Machines']!).some(
      (cell) => (cell as { f?: string }).f !== undefined,
    ),
  ).toBe(false);
  expect(utils.sheet_to_json(book.Sheets['All_Assessed_Disks']!)).toMatchObject([
    { 'Recommended disk size SKU': 'Premium_P6', 'Recommended disk type': 'Premium managed disks' },
  ]);
});

test('what a run keeps of its assessment can be assessed again, and comes out the same', async () => {
  const facts: MachineFacts = {
    id: '/sites/s/machines/m',
    displayName: 'web-01',
    platform: 'VMware',
    cores: 8,
    memoryMiB: 32_768,
    bootType: 'BIOS',
    os: { name: 'Debian GNU/Linux 11 (64-bit)' },
    disks: [{ id: 'uuid-1', label: 'Hard disk 1', sizeBytes: 100 * GIB, isOs: true }],
    nics: [{ id: '4000' }],
  };
  const series = (['cpu', 'memory'] as const).map((counter) => {
    const points = new Points(600_000);
    for (let w = 0; w < 400; w++) points.raise(2_900_000 + w, (w * 37) % 9_000);
    return { counter, instance: '', points };
  });
  const properties = assessmentProperties({ ruleset: 'seed', azureLocation: 'eastus' });
  const done = assessAll(properties, builtInCatalogue(), 2_900_400 * 600_000, [
    { facts, points: pointSource(series) },
  ]);
  writeFileSync(join(folder, 'assessment.json'), JSON.stringify(assessmentJson(done)));
  expect(writeRunPoints(folder, done)).toBe('points.db');
  const kept = runAssessmentFile(folder);
  expect(kept.assessedMachines[0]!.why.picked[0]).toMatchObject({ counter: 'cpu', points: 144, rank: 137 });
  const source = await sourceOf({ points: join(folder, 'points.db') });
  const plan = planAssessment(properties, builtInCatalogue(), Date.parse(kept.asOf));
  const whatIf = new WhatIf([{ name: 'again', plan }], [50, 95, 100]);
  for await (const { facts: f, points } of source.read(0, 9)) whatIf.add(f, points);
  await source.close();
  const { sets, curve } = whatIf.result();
  expect(sets[0]!.totals).toEqual(done.totals);
  expect(curve[1]!.monthlyComputeCost).toBe(done.totals.monthlyComputeCost);
  rmSync(join(folder, 'assessment.json'));
  expect(() => runAssessmentFile(folder)).toThrow(expect.objectContaining({ code: 'run.noAssessment' }));
});
