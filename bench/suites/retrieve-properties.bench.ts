/**
 * RetrievePropertiesEx of all machines in one call through HTTP in the memory tier, without parsing the
 * answer: names only, and the six properties that a discovery reads. The peer moves the same number of bytes
 * with Buffer.copy.
 */
import type { Bench, BenchSuite } from '../suite.ts';
import { type VcenterWorld, vcenterWorld } from './vcenter-world.ts';

const DISCOVERY = ['name', 'config.hardware', 'config.hardware.device', 'summary', 'guest', 'runtime'];

function request(paths: readonly string[]): string {
  return (
    `<specSet><propSet><type>VirtualMachine</type>${paths.map((path) => `<pathSet>${path}</pathSet>`).join('')}</propSet>` +
    '<objectSet><obj type="Folder">group-d1</obj><skip>true</skip>' +
    '<selectSet xsi:type="TraversalSpec"><name>f</name><type>Folder</type><path>childEntity</path><skip>false</skip>' +
    '<selectSet xsi:type="SelectionSpec"><name>f</name></selectSet>' +
    '<selectSet xsi:type="TraversalSpec"><type>Datacenter</type><path>vmFolder</path><skip>false</skip>' +
    '<selectSet xsi:type="SelectionSpec"><name>f</name></selectSet></selectSet></selectSet></objectSet></specSet><options/>'
  );
}

export const suite: BenchSuite = {
  name: 'retrieve-properties',
  async benches(): Promise<Bench[]> {
    const benches: Bench[] = [];
    for (const machines of [1000, 10_000]) {
      const world = await vcenterWorld(machines);
      benches.push(await bench(world, 'names', ['name']), await bench(world, 'six properties', DISCOVERY));
    }
    return benches;
  },
};

async function bench(world: VcenterWorld, what: string, paths: readonly string[]): Promise<Bench> {
  const ask = () => world.call('RetrievePropertiesEx', 'PropertyCollector:propertyCollector', request(paths));
  const bytes = await ask();
  const from = Buffer.alloc(bytes, 'x');
  const to = Buffer.alloc(bytes);
  const machines = world.machines.length;
  return {
    name: `${what} of ${machines.toLocaleString('en')} machines, ${(bytes / machines / 1000).toFixed(1)} kB each`,
    unit: 'machines',
    work: machines,
    peer: { name: 'copying the bytes', run: () => from.copy(to) },
    run: ask,
  };
}
