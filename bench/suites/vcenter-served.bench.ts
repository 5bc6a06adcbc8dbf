/**
 * A served vCenter as a client over real TLS meets it: start-up and memory, one read of what a discovery reads of
 * all machines, QueryPerf, one property after another, and how soon a change of power is told. With
 * `--peer vcsim` the same client asks vcsim of Debian's golang-github-vmware-govmomi-dev, by turns in the same run;
 * nothing depends on it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchSuite, Figure } from '../suite.ts';
import { SoapCaller } from './soap-caller.ts';

const SIX = ['name', 'config.hardware', 'config.hardware.device', 'summary', 'guest', 'runtime'];
/** Counters that vcsim has too; ids as vCenter 6.5 gives them. */
const COUNTERS = [2, 6, 12, 24, 33, 98, 125, 143, 155, 131];
const PERF_MACHINES = 100;
const ONE_BY_ONE = 1000;
/** So many, since a round takes a fraction of a second: what is compared is measured side by side, round by round. */
const ONE_BY_ONE_ROUNDS = 25;
/** Rates are those of a server that has been asked for a while: its code is compiled in some thousand requests. */
const ONE_BY_ONE_BEFORE = 8000;
const ROUNDS = 5;

interface Subject {
  readonly caller: SoapCaller;
  readonly port: number;
  readonly machines: readonly string[];
  readonly refs: Readonly<
    Record<'propertyCollector' | 'viewManager' | 'perfManager' | 'rootFolder' | 'sessionManager', string>
  >;
  readonly view: string;
  stop(): void;
}

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  readonly readyMs: number;
}

export const suite: BenchSuite = {
  name: 'vcenter-served',
  benches: () => [],
  async *figures(peers) {
    for (const count of [1000, 10_000]) {
      const { child, port, readyMs } = await start(String(count));
      const subject = await connect(port, child);
      const of = `of ${count.toLocaleString('en')} machines`;
      yield {
        name: `ready, ${of}`,
        value: readyMs,
        unit: 'ms',
        ...(count > 1000 ? { wanted: '≤ 2000' } : {}),
      };
      yield {
        name: `memory when ready, ${of}`,
        value: await memory(child),
        unit: 'MiB',
        ...(count > 1000 ? { wanted: '≤ 300' } : {}),
      };
      const peer = count === 1000 && peers.has('vcsim') ? await startVcsim(count) : undefined;
      if (peer) yield { name: `vcsim ready, ${of}`, value: peer.readyMs, unit: 'ms' };
      yield* reading(subject, peer?.subject, of);
      yield { name: `memory after reading all, ${of}`, value: await memory(child), unit: 'MiB' };
      if (count === 1000) {
        yield* performance(subject, peer?.subject);
        yield* oneByOne(subject, peer?.subject);
        yield* updates(subject, child, peer?.subject);
      }
      subject.stop();
      peer?.subject.stop();
    }
  },
};

function ratio(ours: number, theirs: number | undefined, isRate: boolean): Partial<Figure> {
  if (theirs === undefined) return {};
  return { peer: { name: 'vcsim', value: theirs, times: isRate ? ours / theirs : theirs / ours } };
}

async function* reading(ours: Subject, theirs: Subject | undefined, of: string): AsyncIterable<Figure> {
  for (const [what, paths, wanted] of [
    ['names', ['name'], undefined],
    ['six properties', SIX, '≥ 12000, twice the peer'],
  ] as const) {
    const rate = async (subject: Subject) => {
      const began = process.hrtime.bigint();
      await subject.caller.call(
        'RetrievePropertiesEx',
        subject.refs.propertyCollector,
        readAll(subject, paths),
      );
      return subject.machines.length / seconds(began);
    };
    yield { name: `${what} for the first time, ${of}`, value: await rate(ours), unit: 'machines/s' };
    const [mine, other] = await byTurns(() => rate(ours), theirs && (() => rate(theirs)));
    yield {
      name: `${what}, ${of}`,
      value: mine,
      unit: 'machines/s',
      ...(wanted ? { wanted } : {}),
      ...ratio(mine, other, true),
    };
  }
}

async function* performance(ours: Subject, theirs: Subject | undefined): AsyncIterable<Figure> {
  for (const format of ['normal', 'csv']) {
    const query = (subject: Subject) =>
      subject.machines
        .slice(0, PERF_MACHINES)
        .map(
          (vm) =>
            `<querySpec><entity type="VirtualMachine">${vm}</entity><maxSample>15</maxSample>` +
            COUNTERS.map(
              (id) => `<metricId><counterId>${id}</counterId><instance></instance></metricId>`,
            ).join('') +
            `<intervalId>20</intervalId><format>${format}</format></querySpec>`,
        )
        .join('');
    const time = async (subject: Subject, inner: string) => {
      const began = process.hrtime.bigint();
      for (let i = 0; i < 10; i++) await subject.caller.call('QueryPerf', subject.refs.perfManager, inner);
      return seconds(began) * 100;
    };
    const [mine, other] = await byTurns(
      () => time(ours, query(ours)),
      theirs && (() => time(theirs, query(theirs))),
    );
    yield {
      name: `QueryPerf, ${PERF_MACHINES} machines × ${COUNTERS.length} counters × 15 samples, ${format}`,
      value: mine,
      unit: 'ms',
      wanted: 'a third of the peer',
      ...ratio(mine, other, false),
    };
  }
}

async function* oneByOne(ours: Subject, theirs: Subject | undefined): AsyncIterable<Figure> {
  const empty = await start('empty');
  const nothing = new SoapCaller(empty.port);
  const ask = async (caller: SoapCaller, subject: Subject, count = ONE_BY_ONE) => {
    const began = process.hrtime.bigint();
    for (let i = 0; i < count; i++)
      await caller.call(
        'RetrievePropertiesEx',
        subject.refs.propertyCollector,
        '<specSet><propSet><type>VirtualMachine</type><pathSet>name</pathSet></propSet>' +
          `<objectSet><obj type="VirtualMachine">${subject.machines[i % subject.machines.length]}</obj></objectSet></specSet><options/>`,
      );
    return count / seconds(began);
  };
  await ask(nothing, ours, ONE_BY_ONE_BEFORE);
  await ask(ours.caller, ours, ONE_BY_ONE_BEFORE);
  if (theirs) await ask(theirs.caller, theirs, ONE_BY_ONE_BEFORE);
  const rounds: Array<{ floor: number; mine: number; other: number | undefined }> = [];
  for (let round = 0; round < ONE_BY_ONE_ROUNDS; round++)
    rounds.push({
      floor: await ask(nothing, ours),
      mine: await ask(ours.caller, ours),
      other: theirs && (await ask(theirs.caller, theirs)),
    });
  const rate = (of: (round: (typeof rounds)[number]) => number) => median(rounds.map(of));
  const share = rate(({ mine, floor }) => mine / floor);
  yield {
    name: 'requests to an empty node:https handler',
    value: rate(({ floor }) => floor),
    unit: 'requests/s',
  };
  yield {
    name: `one property after another, ${share.toFixed(2)} of the empty handler`,
    value: rate(({ mine }) => mine),
    unit: 'requests/s',
    wanted: '≥ 0.7 of it, twice the peer',
    ...(theirs && {
      peer: {
        name: 'vcsim',
        value: rate(({ other }) => other!),
        times: rate(({ mine, other }) => mine / other!),
      },
    }),
  };
  nothing.close();
  empty.child.kill();
}

const CHANGES = 20;

/** A filter of the power of all machines, and its next update. */
async function powerFilter({ caller, refs, view }: Subject): Promise<() => Promise<void>> {
  await caller.call(
    'CreateFilter',
    refs.propertyCollector,
    `<spec><propSet><type>VirtualMachine</type><pathSet>runtime.powerState</pathSet></propSet><objectSet><obj type="ContainerView">${view}</obj><skip>true</skip>${VIEW}</objectSet></spec><partialUpdates>false</partialUpdates>`,
  );
  let version = '';
  return async () => {
    const { text } = await caller.call(
      'WaitForUpdatesEx',
      refs.propertyCollector,
      `<version>${version}</version><options/>`,
    );
    version = /<version>([^<]+)</.exec(text)![1]!;
  };
}

/**
 * Time from a change of power in the server to the last byte of the answer that tells it. Nobody can reach into the
 * peer, so there it counts from the call that asks for the change.
 */
async function* updates(
  ours: Subject,
  child: ChildProcess,
  theirs: Subject | undefined,
): AsyncIterable<Figure> {
  const wait = await powerFilter(ours);
  await wait();
  const times: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const waiting = wait();
    await memory(child); // by now the call waits
    child.send('power');
    const [{ at }] = (await once(child, 'message')) as [{ at: string }];
    await waiting;
    times.push(seconds(BigInt(at)) * 1000);
  }
  const mine = median(times);
  yield {
    name: 'from a change of power to its update, of 1,000 machines',
    value: mine,
    unit: 'ms',
    wanted: '≤ 10, half of the peer',
    ...ratio(mine, theirs && (await peerUpdates(theirs)), false),
  };
}

async function peerUpdates(theirs: Subject): Promise<number> {
  const wait = await powerFilter(theirs);
  await wait();
  const other = new SoapCaller(theirs.port);
  await other.call('Login', theirs.refs.sessionManager, '<userName>user</userName><password>pass</password>');
  const times: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const waiting = wait();
    await other.call('CurrentTime', 'ServiceInstance:ServiceInstance', ''); // by now the call waits
    const began = process.hrtime.bigint();
    const switched = other.call(
      i % 2 === 0 ? 'PowerOffVM_Task' : 'PowerOnVM_Task',
      `VirtualMachine:${theirs.machines[0]}`,
      '',
    );
    await waiting;
    times.push(seconds(began) * 1000);
    await switched;
  }
  other.close();
  return median(times);
}

const VIEW =
  '<selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>view</path><skip>false</skip></selectSet>';

function readAll({ view }: Subject, paths: readonly string[]): string {
  return (
    `<specSet><propSet><type>VirtualMachine</type>${paths.map((path) => `<pathSet>${path}</pathSet>`).join('')}</propSet>` +
    `<objectSet><obj type="ContainerView">${view}</obj><skip>true</skip>${VIEW}</objectSet></specSet><options/>`
  );
}

function seconds(since: bigint): number {
  return Number(process.hrtime.bigint() - since) / 1e9;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** Medians of both, measured in turns, so that a drift of the machine's speed meets both. */
async function byTurns(
  ours: () => Promise<number>,
  theirs: (() => Promise<number>) | undefined,
): Promise<[number, number | undefined]> {
  const mine: number[] = [];
  const others: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    mine.push(await ours());
    if (theirs) others.push(await theirs());
  }
  return [median(mine), theirs && median(others)];
}

async function start(argument: string): Promise<Started> {
  const began = process.hrtime.bigint();
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./served-vcenter.ts', import.meta.url)), argument],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port, readyMs: seconds(began) * 1000 };
}

/** Resident memory in MiB. */
async function memory(child: ChildProcess): Promise<number> {
  child.send('memory');
  const [{ rss }] = (await once(child, 'message')) as [{ rss: number }];
  return rss / 2 ** 20;
}

async function startVcsim(count: number): Promise<{ subject: Subject; readyMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'drylift-vcsim-'));
  const program = join(folder, 'vcsim');
  const built = spawnSync(
    'go',
    ['build', '-o', program, fileURLToPath(new URL('./vcsim.go', import.meta.url))],
    {
      env: {
        PATH: '/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin',
        HOME: folder,
        GOPATH: '/usr/share/gocode',
        GO111MODULE: 'off',
      },
    },
  );
  if (built.status !== 0)
    throw new Error(`vcsim cannot be built: ${built.stderr?.toString() ?? 'there is no go'}`);
  const began = process.hrtime.bigint();
  const child = spawn(program, [String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill()); // never without its parent, even when that fails
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const readyMs = seconds(began) * 1000;
  const subject = await connect(Number(new URL(line.toString().trim()).port), child);
  rmSync(folder, { recursive: true });
  return { subject, readyMs };
}

async function connect(port: number, child: ChildProcess): Promise<Subject> {
  const caller = new SoapCaller(port);
  const content = await caller.call('RetrieveServiceContent', 'ServiceInstance:ServiceInstance', '');
  const find = (field: string) => {
    const [, type, id] = new RegExp(`<${field} type="(\\w+)"[^>]*>([^<]+)<`).exec(content.text)!;
    return `${type}:${id}`;
  };
  const refs = {
    propertyCollector: find('propertyCollector'),
    viewManager: find('viewManager'),
    perfManager: find('perfManager'),
    rootFolder: find('rootFolder'),
    sessionManager: find('sessionManager'),
  };
  await caller.call('Login', refs.sessionManager, '<userName>user</userName><password>pass</password>');
  const made = await caller.call(
    'CreateContainerView',
    refs.viewManager,
    `<container type="Folder">${refs.rootFolder.split(':')[1]}</container><type>VirtualMachine</type><recursive>true</recursive>`,
  );
  const view = /<returnval[^>]*>([^<]+)</.exec(made.text)![1]!;
  const machines = await listMachines(caller, refs.propertyCollector, view);
  return {
    caller,
    port,
    machines,
    refs,
    view,
    stop() {
      caller.close();
      child.kill();
    },
  };
}

async function listMachines(caller: SoapCaller, collector: string, view: string): Promise<string[]> {
  const { text, bytes } = await caller.call(
    'RetrievePropertiesEx',
    collector,
    `<specSet><propSet><type>ContainerView</type><pathSet>view</pathSet></propSet><objectSet><obj type="ContainerView">${view}</obj></objectSet></specSet><options/>`,
  );
  const found = [...text.matchAll(/<ManagedObjectReference [^>]*>([^<]+)</g)].map((match) => match[1]!);
  // The whole list is longer than what the caller keeps: as many as were seen stand for all.
  const all = Math.round((found.length * bytes) / Math.min(bytes, text.length));
  return Array.from({ length: all }, (_, i) => found[i % found.length]!);
}
