import { expect, test } from 'vitest';
import { machine } from '../testing/fake-source.ts';
import { beyondLimits, type Load } from './limits.ts';

type Vcenter = Load['vcenters'][number];

const vcenter = (name: string, more: Partial<Vcenter> = {}): Vcenter => ({
  name,
  instanceUuid: name,
  machines: new Map(),
  replicating: [],
  ...more,
});
const codes = (vcenters: readonly Vcenter[]): string[] =>
  [...beyondLimits({ vcenters, hyperv: { hosts: 0, machines: 0 }, servers: 0 }).values()].map(
    ({ code }) => code,
  );
const many = (n: number) => Array.from({ length: n }, (_, i) => machine(i));

test('at a documented limit nothing is said, one beyond it is', () => {
  const machines = (n: number) => new Map(many(n).map((each) => [each.instanceUuid, each]));
  expect(
    codes([vcenter('a', { machines: machines(4_000) }), vcenter('b', { machines: machines(6_000) })]),
  ).toEqual([]);
  expect(
    codes([vcenter('a', { machines: machines(4_000) }), vcenter('b', { machines: machines(6_001) })]),
  ).toEqual(['limit.machines']);
  const vcenters = Array.from({ length: 11 }, (_, i) => vcenter(`vc${i}`));
  expect(codes(vcenters.slice(1))).toEqual([]);
  expect(codes(vcenters)).toEqual(['limit.vcenters']);
  expect(codes([vcenter('a', { replicating: many(300) })])).toEqual([]);
  expect(codes([vcenter('a', { replicating: many(301) })])).toEqual(['limit.replications']);
});

test('disks are counted of machines under replication', () => {
  const withDisks = (n: number) =>
    machine(1, { disks: Array.from({ length: n }, () => machine(1).disks[0]!) });
  expect(codes([vcenter('a', { replicating: [withDisks(60)] })])).toEqual([]);
  expect([
    ...beyondLimits({
      hyperv: { hosts: 0, machines: 0 },
      servers: 0,
      vcenters: [vcenter('a', { replicating: [withDisks(61)] })],
    }).values(),
  ]).toEqual([{ code: 'limit.disks', message: expect.stringMatching(/^web-1 has 61 disks; .* 60\./) }]);
});

test('one vCenter under two names is noticed, once it says who it is', () => {
  expect(codes([vcenter('a'), vcenter('b', { instanceUuid: 'a' })])).toEqual(['vcenter.twice']);
  expect(
    codes([vcenter('a', { instanceUuid: undefined }), vcenter('b', { instanceUuid: undefined })]),
  ).toEqual([]);
});
