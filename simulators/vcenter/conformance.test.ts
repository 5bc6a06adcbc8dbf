/** Every value that the simulator can show, held against the schema. */
import { describe, expect, test } from 'vitest';
import { tierWorld } from '#core/testing/tier-world.ts';
import { Counters } from '#core/trace/recorder.ts';
import { Estate } from '../estate/estate.ts';
import { generateEstate } from '../estate/generate.ts';
import type { EstateFacts } from '../estate/model.ts';
import { FaultPoints } from '../kit/fault-points.ts';
import type { ManagedObject } from './objects/object.ts';
import type { Field } from './schema/notation.ts';
import { allTypes, enumValues, findType, isA, typeNamed } from './schema/schema.ts';
import { fieldValue, isData, isRef, type Value } from './values.ts';
import { Vcenter } from './vcenter.ts';
import { createSnapshot, stun } from './vm/operations.ts';

/** Machines of many kinds: every controller, adapter, firmware and state. */
function variedEstate(): EstateFacts {
  const facts = generateEstate({ seed: 'conformance', machines: 48, hosts: 3, variety: true });
  const controllers = ['pvscsi', 'lsilogic', 'lsilogicsas', 'sata', 'nvme', 'ide'] as const;
  const machines = facts.machines.slice(0, 8).map((machine, i) => ({
    ...machine,
    power: (['on', 'off', 'suspended'] as const)[i % 3]!,
    template: i === 4,
    ...(i === 4 ? { power: 'off' as const } : {}),
    tools: (['running', 'notRunning', 'notInstalled'] as const)[i % 3]!,
    firmware: i % 2 === 0 ? ('efi' as const) : ('bios' as const),
    hardwareVersion: i === 5 ? 4 : machine.hardwareVersion,
    disks: machine.disks.map((disk, d) => ({
      ...disk,
      controller: controllers[(i + d) % controllers.length]!,
      bus: d,
      unit: 0,
      raw: i === 6 && d === 0,
      usedBytes: Math.floor(disk.sizeBytes / 2),
    })),
  }));
  return { ...facts, machines: [...machines, ...facts.machines.slice(8)] };
}

async function variedVcenter(): Promise<Vcenter> {
  const tier = await tierWorld('memory');
  const recorder = { record() {} };
  const facts = variedEstate();
  const estate = new Estate(facts, { clock: tier.clock, entropy: tier.entropy });
  const vcenter = new Vcenter({
    context: {
      clock: tier.clock,
      entropy: tier.entropy,
      transport: tier.network.as('vcenter'),
      recorder,
      counters: new Counters(),
      faults: new FaultPoints({ clock: tier.clock, recorder }),
      identityFor: (names) => tier.authority.issue(names),
    },
    estate,
    users: [{ name: 'a', password: 'b', role: 'administrator' }],
    version: '8.0.3',
    sessionIdleMinutes: 30,
  });
  const vm = vcenter.inventory.vms()[0]!;
  vm.changeTrackingEnabled = true;
  stun(vcenter, vm);
  createSnapshot(vcenter, vm, { name: 'one', description: 'first', memory: true, quiesce: true });
  createSnapshot(vcenter, vm, { name: 'two', description: '', memory: false, quiesce: false });
  vcenter.tasks.start({
    method: 'PowerOnVM_Task',
    descriptionId: 'VirtualMachine.powerOn',
    entity: vm,
    session: undefined,
    run: () => undefined,
  });
  return vcenter;
}

const NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  byte: [-128, 127],
  short: [-32_768, 32_767],
  int: [-(2 ** 31), 2 ** 31 - 1],
  long: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  dateTime: [0, 4e12],
};

/** What is wrong with a value that stands where `field` is declared. */
function mistakes(
  value: Value | undefined,
  field: Pick<Field, 'type' | 'kind' | 'isArray'>,
  where: string,
): string[] {
  if (value === undefined) return [];
  if (field.isArray) {
    if (!Array.isArray(value)) return [`${where} is not an array`];
    return value.flatMap((item, i) => mistakes(item, { ...field, isArray: false }, `${where}[${i}]`));
  }
  if (Array.isArray(value)) return [`${where} is an array`];
  switch (field.kind) {
    case 'any':
      return [];
    case 'reference':
      return isRef(value) && (field.type === 'ManagedObject' || isA(value.type, field.type))
        ? []
        : [`${where} is not a reference to a ${field.type}`];
    case 'enumeration': {
      const values = enumValues(field.type);
      return values?.has(value as string) ? [] : [`${where}: "${String(value)}" is not a ${field.type}`];
    }
    case 'primitive': {
      const range = NUMBERS[field.type];
      if (range)
        return Number.isInteger(value) && (value as number) >= range[0] && (value as number) <= range[1]
          ? []
          : [`${where}: ${String(value)} is not of type ${field.type}`];
      return typeof value === (field.type === 'boolean' ? 'boolean' : 'string')
        ? []
        : [`${where}: ${String(value)} is not of type ${field.type}`];
    }
    case 'data':
      return dataMistakes(value, field.type, where);
  }
}

function dataMistakes(value: unknown, declared: string, where: string): string[] {
  if (!isData(value)) return [`${where} is not a ${declared}`];
  const type = findType(value.$);
  if (!type) return [`${where}: the schema does not describe ${value.$}`];
  if (!isA(type.name, declared)) return [`${where}: a ${type.name} is no ${declared}`];
  const found: string[] = [];
  for (const key of Object.keys(value))
    if (key !== '$' && !type.fields.has(key)) found.push(`${where}: ${type.name} has no field ${key}`);
  for (const field of type.fields.values()) {
    const inside = fieldValue(value, field.name);
    if (inside === undefined && !field.isOptional && !field.isArray)
      found.push(`${where}: ${type.name}.${field.name} is required and unset`);
    found.push(...mistakes(inside, field, `${where}.${field.name}`));
  }
  return found;
}

function everyObject(vcenter: Vcenter): ManagedObject[] {
  return [
    ...vcenter.inventory.entities(),
    ...vcenter.inventory.vms()[0]!.snapshots(),
    ...vcenter.tasks.recent(),
    ...vcenter.managers.values(),
    ...[...vcenter.inventory.datastores()].map((datastore) => datastore.browser),
    ...[...vcenter.inventory.hosts()].map((host) => host.compute.environmentBrowser),
  ];
}

describe('the schema', () => {
  test('every value of every property of every object is as the schema says', async () => {
    const vcenter = await variedVcenter();
    const session = vcenter.sessions.login('a', 'b', { address: '', userAgent: '' });
    const reading = vcenter.reading(session);
    const found: string[] = [];
    let values = 0;
    for (const object of everyObject(vcenter))
      for (const field of typeNamed(object.ref.type).fields.values()) {
        if (!object.offers(field.name)) continue;
        const value = object.read(field.name, reading);
        if (value === undefined && !field.isOptional)
          found.push(`${object.label}.${field.name} is required and unset`);
        found.push(...mistakes(value, field, `${object.ref.type} ${object.label}.${field.name}`));
        values++;
      }
    expect(found).toEqual([]);
    expect(values).toBeGreaterThan(500);
  });

  test('every property that an object offers exists in its type', async () => {
    const vcenter = await variedVcenter();
    const types = new Set(everyObject(vcenter).map((object) => object.ref.type));
    for (const type of types) expect(findType(type)?.kind, type).toBe('managed');
  });

  test('every type that a field can hold and that is described descends from what the field declares', () => {
    for (const type of allTypes())
      for (const field of type.own) {
        const declared = findType(field.type);
        if (declared && field.kind === 'data')
          expect(declared.kind, `${type.name}.${field.name}`).toBe('data');
      }
  });
});
