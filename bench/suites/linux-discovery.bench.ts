/**
 * Linux servers discovered end to end by the appliance's source, the simulated servers in the same process, in the memory
 * tier: connection, key exchange, login and one script for each; then the same over the connections that are kept, and a
 * sample of all. CPU of both sides together: the key exchange of SSH is most of the first look, on either side.
 */
import { SECOND } from '#core/units.ts';
import { lookAt, serversStage } from '#scenarios/servers/servers-stage.ts';
import type { BenchSuite, Figure } from '../suite.ts';

const SERVERS = 1000;
const MIB = 1024 * 1024;
const NEVER = new AbortController().signal;

/** Heap and what is outside it, after whatever can be has been freed. */
function memoryMiB(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MIB;
}

export const suite: BenchSuite = {
  name: 'linux-discovery',
  benches: () => [],
  async *figures(): AsyncIterable<Figure> {
    await using stage = await serversStage(`linux: ${SERVERS}`);
    const source = stage.source();
    const before = memoryMiB();
    const timed = async (work: () => Promise<unknown>) => {
      const [cpu, begun, told] = [process.cpuUsage(), performance.now(), stage.world.clock.monotonic()];
      await stage.run(work);
      const { user, system } = process.cpuUsage(cpu);
      return {
        wallMs: performance.now() - begun,
        cpuMs: (user + system) / 1000,
        storySeconds: (stage.world.clock.monotonic() - told) / SECOND,
      };
    };
    let machines: Awaited<ReturnType<typeof lookAt>>['machines'] | undefined;
    const first = await timed(async () => {
      machines = (await lookAt(source)).machines;
    });
    const found = machines!.size;
    yield { name: 'servers discovered', value: found, unit: 'servers', wanted: `${SERVERS}` };
    yield* told('first look: connect, log in, configuration', first, found);
    yield {
      name: 'the same in the story',
      value: first.storySeconds,
      unit: 's',
      wanted: 'about 2 min per 100 servers, documented',
    };
    yield {
      name: 'memory for connections, machines and both ends',
      value: ((memoryMiB() - before) * 1024) / found,
      unit: 'KiB per server',
    };
    yield* told('second look, over kept connections', await timed(() => lookAt(source)), found);
    let values = 0;
    const all = [...machines!.values()];
    yield* told('a sample of all', await timed(() => source.sample(all, () => void values++, NEVER)), found);
    yield { name: 'memory after three rounds', value: memoryMiB(), unit: 'MiB' };
  },
};

function* told(
  name: string,
  { wallMs, cpuMs }: { readonly wallMs: number; readonly cpuMs: number },
  servers: number,
): Generator<Figure> {
  yield { name, value: wallMs / servers, unit: 'ms per server' };
  yield { name: `${name}: CPU of both sides`, value: cpuMs / servers, unit: 'ms per server' };
  yield { name: `${name}: pace`, value: (servers / wallMs) * 1000, unit: 'servers per second' };
}
