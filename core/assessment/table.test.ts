import { describe, expect, test } from 'vitest';
import { assessGroup, disk, flat, machine } from './machine.fixture.ts';
import { assessmentCsv, assessmentJson, assessmentTable } from './table.ts';

const LINUX = { name: 'Ubuntu', version: '20.04' };
const series = { cpu: flat(2500), memory: flat(5000), 'readIops d1': flat(10), 'outBps n1': flat(1e6) };
const group = assessGroup({ ruleset: 'seed', azureLocation: 'eastus' }, [
  [machine({ os: LINUX, disks: [disk('d1', 100, true), disk('d2', 30), disk('d3', 30)] }), series],
  [machine({ id: 'm-2', displayName: 'legacy "sql", old', bootType: 'EFI' }), {}],
  [machine({ id: 'm-3', displayName: '=HYPERLINK("x")\u001b[31m\nrow', os: { name: 'Other' } }), series],
]);

describe('the table', () => {
  const table = assessmentTable(group);

  test('one row per machine, aligned, the totals below', () => {
    expect(table.replace(/ +$/gm, '')).toBe(table);
    const lines = table.split('\n');
    expect(lines[0]).toMatch(/^Machine +Readiness +Size +Cores +Memory GiB +Disks +Compute\/month/);
    expect(lines[2]).toMatch(
      /^web-01 +Ready +Standard_D2_v3 +2 +8 +S10 2×E4 +71\.42 +11\.20 +★★☆☆☆ +1\.3 cores \(P95, point 137 of 144, 25 % of 4 cores × 1\.3\)/,
    );
    expect(lines[3]).toContain('UEFI boot is converted to BIOS by the migration');
    expect(lines[4]).toMatch(/Readiness unknown +- +- +- +- +- +-/);
    expect(table).toContain('3 machines: 1 ready, 1 ready with conditions, 1 readiness unknown.');
    expect(table).toContain('Prices: drylift sample prices (not for quotes), 2026-06-18.');
  });

  test('control characters of a name never reach the terminal', () => {
    expect(table).not.toMatch(/[^\P{Cc}\n]/u);
    expect(table.split('\n')).toHaveLength(2 + 3 + 1 + 4 + 1);
  });

  test('an empty group is a header and a line that says so', () => {
    expect(assessmentTable(assessGroup({ ruleset: 'seed' }, []))).toContain('0 machines: none.');
  });
});

describe('CSV', () => {
  const rows = assessmentCsv(group).split('\r\n');

  test('a header and a row per machine, quoted where RFC 4180 wants it', () => {
    expect(rows).toHaveLength(1 + 3 + 1);
    expect(rows[0]).toMatch(/^machine,readiness,suitability,/);
    expect(rows[1]).toMatch(/^web-01,Ready,Suitable,NotApplicable,None,Standard_/);
    expect(rows[2]).toMatch(/^"legacy ""sql"", old",Ready with conditions,/);
  });

  test('a name that a spreadsheet would run is marked as text', () => {
    expect(rows[3]).toMatch(/^"'=HYPERLINK\(""x""\) \[31m row",Readiness unknown/);
  });
});

describe('JSON', () => {
  test('it survives serialisation and carries the names of the API', () => {
    const json = assessmentJson(group);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json).toMatchObject({
      numberOfMachines: 3,
      percentileDefinition: expect.stringContaining('nearest rank') as string,
      history: { expectedPointsPerCounter: 144 },
      suitabilitySummary: { Suitable: 1, ConditionallySuitable: 1, ReadinessUnknown: 1, NotSuitable: 0 },
      assessedMachines: [
        {
          displayName: 'web-01',
          suitability: 'Suitable',
          percentageCoresUtilization: 25,
          disks: [{ recommendedDiskSize: 'Standard_S10', numberOfReadOperationsPerSecond: 10 }, {}, {}],
          networkAdapters: [{ megabytesPerSecondTransmitted: 1 }],
        },
        { suitabilityExplanation: 'BootTypeNotSupported', percentageCoresUtilization: null },
        { recommendedSize: null, suitabilityExplanation: 'GuestOperatingSystemUnknown' },
      ],
    });
  });

  test('an import without a rating is null, not missing', () => {
    const imported = assessGroup({ ruleset: 'seed' }, [[machine({ platform: 'Import' }), {}]]);
    expect(assessmentJson(imported)).toMatchObject({
      confidenceRatingInPercentage: null,
      assessedMachines: [{ confidenceRatingInPercentage: null }],
    });
  });
});
