/** What Azure shows of the datacentre is what there is: machine by machine, through ARM. */
import type { Machine } from '#simulators/estate/model.ts';
import { itemsOf, type Json, numberOf, textOf } from '../arm-client.ts';
import { type Check, someOf } from './check.ts';

export const inventoryEqualsEstate: Check = {
  id: 'inventory-equals-estate',
  says: 'the machines that Azure shows are those of the datacentre, with their cores, memory, disks, adapters and power',
  async judge({ world }) {
    if (!world.hasVcenter) return undefined;
    const machines = world.estate.machines();
    const shown = await world.operator.discovered();
    const wrong: string[] = [];
    for (const machine of machines) {
      const view = shown.get(machine.name)?.['properties'];
      if (!view) wrong.push(`${machine.name} is missing`);
      else wrong.push(...differences(machine, world.estate.power(machine.id) === 'on', view));
    }
    const known = new Set(machines.map(({ name }) => name));
    for (const name of shown.keys()) if (!known.has(name)) wrong.push(`${name} does not exist`);
    return {
      holds: wrong.length === 0,
      limit: `${machines.length} machines, no difference`,
      actual: wrong.length === 0 ? `${shown.size} machines, no difference` : `${wrong.length} differences`,
      ...(wrong.length > 0 ? { detail: someOf(wrong, 6) } : {}),
    };
  },
};

function differences(machine: Machine, isOn: boolean, view: Json): string[] {
  const wrong: string[] = [];
  const same = (what: string, truth: unknown, told: unknown): void => {
    if (truth !== told)
      wrong.push(`${machine.name}: ${what} is ${String(truth)}, Azure says ${String(told)}`);
  };
  same('cores', machine.cores, numberOf(view['numberOfProcessorCore']));
  same('memory in MiB', machine.memoryMiB, numberOf(view['allocatedMemoryInMB']));
  same('firmware', machine.firmware.toUpperCase(), textOf(view['firmware']));
  same('power', isOn ? 'ON' : 'OFF', textOf(view['powerStatus']));
  same('instance UUID', machine.instanceUuid.toLowerCase(), textOf(view['instanceUuid'])?.toLowerCase());
  const disks = itemsOf(view['disks']);
  same('number of disks', machine.disks.length, disks.length);
  for (const disk of machine.disks) {
    const told = disks.find((d) => textOf(d['uuid'])?.toLowerCase() === disk.uuid.toLowerCase());
    if (told) same(`size of ${disk.label}`, disk.sizeBytes, numberOf(told['maxSizeInBytes']));
    else wrong.push(`${machine.name}: ${disk.label} is missing`);
  }
  const adapters = itemsOf(view['networkAdapters']);
  same('number of adapters', machine.nics.length, adapters.length);
  const macs = new Set(adapters.map((nic) => textOf(nic['macAddress'])?.toLowerCase()));
  for (const nic of machine.nics)
    if (!macs.has(nic.macAddress.toLowerCase()))
      wrong.push(`${machine.name}: adapter ${nic.macAddress} is missing`);
  return wrong;
}
