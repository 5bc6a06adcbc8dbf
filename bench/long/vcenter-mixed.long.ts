/**
 * Mixed load on a served vCenter for an hour, or as many minutes as DRYLIFT_LOAD_MINUTES says: four clients over real
 * TLS read, search, query counters, take and remove snapshots, clone and destroy, rename, wait for updates, sign in and
 * out. What the server holds (heap and buffers after a collection) must not grow: the median of the last third stays
 * within a tenth and 16 MiB of that of the second third. Prints one line a tenth of the time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SoapCaller } from '../suites/soap-caller.ts';

const MINUTES = Number(process.env.DRYLIFT_LOAD_MINUTES ?? 60);
const MACHINES = 500;
const SIX = ['name', 'config.hardware', 'config.hardware.device', 'summary', 'guest', 'runtime'];
const COLLECTOR = 'PropertyCollector:propertyCollector';

/** What it holds after a collection, in MiB. */
async function held(child: ChildProcess): Promise<number> {
  child.send('held');
  const [answer] = (await once(child, 'message')) as [{ held: number }];
  return answer.held / 2 ** 20;
}

const idIn = (text: string) => /<returnval[^>]*>([^<]+)</.exec(text)![1]!;
const pathsXml = (paths: readonly string[]) => paths.map((path) => `<pathSet>${path}</pathSet>`).join('');
const vmSet = (paths: readonly string[]) =>
  `<propSet><type>VirtualMachine</type>${pathsXml(paths)}</propSet>`;
const viewSet = (view: string) =>
  `<objectSet><obj type="ContainerView">${view}</obj><skip>true</skip><selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>view</path></selectSet></objectSet>`;
const oneSet = (vm: string) => `<objectSet><obj type="VirtualMachine">${vm}</obj></objectSet>`;

class Client {
  readonly #caller: SoapCaller;
  readonly #machines: string[] = [];
  #view = '';
  #version = '';
  calls = 0;

  constructor(port: number) {
    this.#caller = new SoapCaller(port);
  }

  async signIn(): Promise<void> {
    await this.call(
      'Login',
      'SessionManager:SessionManager',
      '<userName>user</userName><password>pass</password>',
    );
    const made = await this.call(
      'CreateContainerView',
      'ViewManager:ViewManager',
      '<container type="Folder">group-d1</container><type>VirtualMachine</type><recursive>true</recursive>',
    );
    this.#view = idIn(made);
    this.#version = '';
    await this.call(
      'CreateFilter',
      COLLECTOR,
      `<spec>${vmSet(['name', 'runtime', 'snapshot', 'config'])}${viewSet(this.#view)}</spec><partialUpdates>true</partialUpdates>`,
    );
    const seen = await this.call(
      'RetrievePropertiesEx',
      COLLECTOR,
      `<specSet>${vmSet([])}${viewSet(this.#view)}</specSet><options/>`,
    );
    // Those that were there from the beginning: copies come and go.
    const all = [...seen.matchAll(/<obj type="VirtualMachine">vm-(\d+)</g)].map((match) => Number(match[1]));
    const first = Math.min(...all);
    const lasting = all.filter((number) => number < first + MACHINES).map((number) => `vm-${number}`);
    this.#machines.splice(0, Number.POSITIVE_INFINITY, ...lasting);
  }

  async call(method: string, self: string, inner = ''): Promise<string> {
    this.calls++;
    return (await this.#caller.call(method, self, inner)).text;
  }

  /** As `call`; what the server refuses is a part of the load. */
  async try(method: string, self: string, inner = ''): Promise<string | undefined> {
    try {
      return await this.call(method, self, inner);
    } catch {
      return undefined;
    }
  }

  async step(number: number): Promise<void> {
    const vm = this.#machines[(number * 7919) % this.#machines.length]!;
    const self = `VirtualMachine:${vm}`;
    switch (number % 12) {
      case 0:
        await this.call(
          'RetrievePropertiesEx',
          COLLECTOR,
          `<specSet>${vmSet(SIX)}${viewSet(this.#view)}</specSet><options><maxObjects>100</maxObjects></options>`,
        );
        return;
      case 1:
        await this.try(
          'CreateSnapshot_Task',
          self,
          `<name>s${number}</name><memory>false</memory><quiesce>false</quiesce>`,
        );
        return;
      case 2:
        await this.try(
          'RemoveAllSnapshots_Task',
          `VirtualMachine:${this.#machines[((number - 1) * 7919) % this.#machines.length]!}`,
        );
        return;
      case 3:
        await this.call(
          'QueryPerf',
          'PerformanceManager:PerfMgr',
          `<querySpec><entity type="VirtualMachine">${vm}</entity><maxSample>15</maxSample><intervalId>20</intervalId></querySpec>`,
        );
        return;
      case 4:
        await this.try('PowerOffVM_Task', self);
        return;
      case 5:
        await this.try(
          'PowerOnVM_Task',
          `VirtualMachine:${this.#machines[((number - 1) * 7919) % this.#machines.length]!}`,
        );
        return;
      case 6:
        await this.call(
          'QueryEvents',
          'EventManager:EventManager',
          '<filter><maxCount>50</maxCount></filter>',
        );
        return;
      case 7:
        await this.try('ReconfigVM_Task', self, `<spec><annotation>note ${number}</annotation></spec>`);
        return;
      case 8: {
        const task = await this.try(
          'CloneVM_Task',
          self,
          `<folder type="Folder">group-v3</folder><name>copy ${number} ${this.#view.length}</name><spec><location/><powerOn>false</powerOn><template>false</template></spec>`,
        );
        if (task) await this.#destroyResult(idIn(task));
        return;
      }
      case 9:
        await this.call(
          'RetrievePropertiesEx',
          COLLECTOR,
          `<specSet>${vmSet(['config'])}${oneSet(vm)}</specSet><options/>`,
        );
        return;
      default: {
        const update = await this.call(
          'WaitForUpdatesEx',
          COLLECTOR,
          `<version>${this.#version}</version><options><maxWaitSeconds>0</maxWaitSeconds><maxObjectUpdates>100</maxObjectUpdates></options>`,
        );
        this.#version = /<version>(\d+)</.exec(update)?.[1] ?? this.#version;
      }
    }
  }

  /** Waits for the machine of a clone and removes it again. */
  async #destroyResult(task: string): Promise<void> {
    for (let look = 0; look < 50; look++) {
      const info = await this.call(
        'RetrievePropertiesEx',
        COLLECTOR,
        `<specSet><propSet><type>Task</type><pathSet>info</pathSet></propSet><objectSet><obj type="Task">${task}</obj></objectSet></specSet><options/>`,
      );
      const made = /<result [^>]*type="VirtualMachine"[^>]*>([^<]+)</.exec(info)?.[1];
      if (made) return void (await this.try('Destroy_Task', `VirtualMachine:${made}`));
      if (info.includes('<state>error')) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async signOut(): Promise<void> {
    await this.call('Logout', 'SessionManager:SessionManager');
  }

  close(): void {
    this.#caller.close();
  }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

test(`a vCenter holds no more after ${MINUTES} minutes of mixed load than before`, async () => {
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      '--import',
      'tsx',
      fileURLToPath(new URL('../suites/served-vcenter.ts', import.meta.url)),
      String(MACHINES),
    ],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  try {
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const clients = Array.from({ length: 4 }, () => new Client(port));
    const until = Date.now() + MINUTES * 60_000;
    const samples: number[] = [];
    const drive = async (client: Client, first: number): Promise<void> => {
      await client.signIn();
      for (let number = first; Date.now() < until; number += clients.length) {
        await client.step(number);
        if (number % 1000 < clients.length) {
          await client.signOut();
          await client.signIn();
        }
      }
    };
    const work = Promise.all(clients.map(drive));
    const every = (MINUTES * 60_000) / 60;
    while (Date.now() < until - every / 2) {
      await Promise.race([work, new Promise((resolve) => setTimeout(resolve, every))]);
      samples.push(await held(child));
      if (samples.length % 6 === 0)
        process.stdout.write(
          `${samples.length / 6}/10: ${samples.at(-1)!.toFixed(0)} MiB, ${clients.reduce((sum, { calls }) => sum + calls, 0)} calls\n`,
        );
    }
    await work;
    for (const client of clients) client.close();
    const third = Math.floor(samples.length / 3);
    const middle = median(samples.slice(third, 2 * third));
    const end = median(samples.slice(2 * third));
    process.stdout.write(`second third ${middle.toFixed(0)} MiB, last third ${end.toFixed(0)} MiB\n`);
    expect(end).toBeLessThan(middle * 1.1 + 16);
  } finally {
    child.kill();
  }
});
