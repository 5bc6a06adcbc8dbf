/**
 * PowerShell remoting: [MS-PSRP] section 3.2 (server), over the shells of WS-Management. A shell is a runspace pool,
 * its commands are pipelines. What a pipeline does is the guest's affair; here are the messages around it.
 */
import type { Clock } from '#core/time/clock.ts';
import type { UnixMillis } from '#core/units.ts';
import { child, childrenOf, childText } from '#core/wire/xml/element.ts';
import { escapeAttribute, escapeText } from '#core/wire/xml/writer.ts';
import type { WindowsAccount } from '../accounts.ts';
import type { Quotas } from '../quotas.ts';
import type { CommandHost } from '../shell/command-host.ts';
import type { ShellOperations } from '../shell/shell-service.ts';
import type { Shell, ShellTable } from '../shell/shell-table.ts';
import { WaitingPlace } from '../shell/waiting-place.ts';
import { WsmanFault } from '../wsman/fault.ts';
import { NS } from '../wsman/names.ts';
import type { WsmanRequest } from '../wsman/request.ts';
import { readClixml } from './clixml.ts';
import {
  FragmentQueue,
  FragmentReader,
  MESSAGE,
  NO_PIPELINE,
  ObjectIds,
  type PsrpMessage,
} from './fragments.ts';
import { Pipeline } from './pipeline.ts';
import { availabilityXml, capabilityXml, poolStateXml, privateDataXml, RUNSPACES } from './pool-messages.ts';

interface Pool extends Shell {
  readonly outbox: FragmentQueue;
  readonly reader: FragmentReader;
  readonly ids: ObjectIds;
  readonly place: WaitingPlace;
  readonly pipelines: Map<string, Pipeline>;
  hasCapability: boolean;
  isOpen: boolean;
  silentUntil: UnixMillis;
}

/** In small letters; the session configurations of every Windows. */
const CONFIGURATIONS = ['microsoft.powershell', 'microsoft.powershell32'].map(
  (name) => `http://schemas.microsoft.com/powershell/${name}`,
);
const STATE = `${NS.rsp}/CommandState`;
/** Room in an answer for all that is not fragments, in UTF-16 units. */
const FRAME_UNITS = 2048;
/** Of one fragment; WinRM's own pieces of a stream are no larger. */
const FRAGMENT_BYTES_MAX = 32 * 1024;
const FRAGMENT_BYTES_MIN = 512;
/** Our own limit, where Windows has none any more. */
const PIPELINES_MAX = 1000;

export class PowerShellService implements ShellOperations {
  readonly #host: CommandHost;
  readonly #osVersion: string;
  readonly #clock: Clock;
  readonly #table: ShellTable;
  readonly #quotas: Quotas;

  constructor(options: {
    host: CommandHost;
    osVersion: string;
    clock: Clock;
    table: ShellTable;
    quotas: Quotas;
  }) {
    this.#host = options.host;
    this.#osVersion = options.osVersion;
    this.#clock = options.clock;
    this.#table = options.table;
    this.#quotas = options.quotas;
  }

  create({ body, resourceUri }: WsmanRequest, account: WindowsAccount, clientAddress: string): string {
    if (!CONFIGURATIONS.includes(resourceUri.toLowerCase()) || !this.#host.startPipelines)
      throw new WsmanFault('badResourceUri');
    const first = body?.name === 'Shell' ? childText(body, 'creationXml') : undefined;
    if (!body || first === undefined) throw new WsmanFault('schemaValidation');
    const pipelines = new Map<string, Pipeline>();
    const ids = new ObjectIds();
    const pool: Pool = {
      ...this.#table.admit(account, body.attributes.get('ShellId')?.value),
      resourceUri,
      clientAddress,
      streams: { input: 'stdin pr', output: 'stdout' },
      outbox: new FragmentQueue(ids),
      reader: new FragmentReader(),
      ids,
      place: new WaitingPlace(this.#clock),
      pipelines,
      hasCapability: false,
      isOpen: false,
      silentUntil: 0,
      commandIds: () => [...pipelines.values()].map(({ id }) => id),
      end() {
        for (const pipeline of pipelines.values()) pipeline.stop();
        pool.place.wake();
      },
    };
    this.#takeIn(pool, Buffer.from(first, 'base64'));
    this.#table.add(pool);
    return this.#table.createdXml(pool);
  }

  command(request: WsmanRequest, account: WindowsAccount): string {
    const pool = this.#pool(request, account);
    const { body } = request;
    if (body?.name !== 'CommandLine') throw new WsmanFault('schemaValidation');
    if (!pool.isOpen) throw new WsmanFault('schemaValidation', 'The runspace pool is not open.');
    if (pool.pipelines.size >= Math.min(this.#quotas.commandsPerShell, PIPELINES_MAX))
      throw new WsmanFault('commandsQuota');
    const id = body.attributes.get('CommandId')?.value ?? this.#table.newId();
    if (pool.pipelines.has(id.toUpperCase())) throw new WsmanFault('invalidSelectors');
    const pipeline = new Pipeline({
      id,
      host: this.#host,
      account,
      outbox: new FragmentQueue(pool.ids),
      poolId: pool.id,
      place: new WaitingPlace(this.#clock),
    });
    for (const { text } of childrenOf(body, 'Arguments')) pipeline.takeIn(Buffer.from(text, 'base64'));
    pool.pipelines.set(id.toUpperCase(), pipeline);
    return `<rsp:CommandResponse><rsp:CommandId>${escapeText(id)}</rsp:CommandId></rsp:CommandResponse>`;
  }

  /** @throws WsmanFault, among them TimedOut when nothing came in time */
  async receive(request: WsmanRequest, account: WindowsAccount, signal: AbortSignal): Promise<string> {
    const pool = this.#pool(request, account);
    const desired = request.body && child(request.body, 'DesiredStream');
    if (!desired) throw new WsmanFault('schemaValidation');
    const id = desired.attributes.get('CommandId')?.value;
    const pipeline = id === undefined ? undefined : this.#pipeline(pool, id);
    const { outbox, place } = pipeline ?? pool;
    const until = this.#clock.wall() + request.operationTimeoutMs;
    const hasNews = (): boolean =>
      pool.silentUntil <= this.#clock.wall() && (!outbox.isEmpty || pipeline?.isOver === true);
    while (!hasNews()) {
      const now = this.#clock.wall();
      if (now >= until || signal.aborted) throw new WsmanFault('timedOut');
      const end = pool.silentUntil > now ? Math.min(until, pool.silentUntil) : until;
      if (!(await place.wait(end - now, signal))) throw new WsmanFault('timedOut');
      this.#pool(request, account); // it may have been deleted meanwhile
    }
    pool.lastUsed = this.#clock.wall();
    return receiveXml(outbox, request.envelopeUnitsMax, pipeline);
  }

  send(request: WsmanRequest, account: WindowsAccount): string {
    const pool = this.#pool(request, account);
    for (const stream of request.body ? childrenOf(request.body, 'Stream') : []) {
      const id = stream.attributes.get('CommandId')?.value;
      const bytes = Buffer.from(stream.text, 'base64');
      if (id === undefined) this.#takeIn(pool, bytes);
      else this.#pipeline(pool, id).takeIn(bytes);
    }
    return '<rsp:SendResponse></rsp:SendResponse>';
  }

  /** `crtl_c`, as the specification spells it, stops a pipeline; terminate says farewell to it. */
  signal(request: WsmanRequest, account: WindowsAccount): string {
    const pool = this.#pool(request, account);
    const id = request.body?.attributes.get('CommandId')?.value;
    const code = (request.body && childText(request.body, 'Code')) ?? '';
    const word = code.slice(code.lastIndexOf('/') + 1).toLowerCase();
    if (word !== 'crtl_c' && word !== 'ctrl_c' && word !== 'terminate')
      throw new WsmanFault('schemaValidation', `The signal ${code.slice(0, 100)} is not known.`);
    if (id !== undefined) {
      const pipeline = this.#pipeline(pool, id);
      pipeline.stop();
      if (word === 'terminate') pool.pipelines.delete(id.toUpperCase());
    }
    return '<rsp:SignalResponse></rsp:SignalResponse>';
  }

  subject(request: WsmanRequest, account: WindowsAccount): string {
    return [...this.#pool(request, account).pipelines.values()].at(-1)?.text ?? '';
  }

  silence(request: WsmanRequest, account: WindowsAccount, until: UnixMillis): void {
    this.#pool(request, account).silentUntil = until;
  }

  #takeIn(pool: Pool, bytes: Buffer): void {
    for (const message of pool.reader.push(bytes)) this.#onMessage(pool, message);
  }

  #onMessage(pool: Pool, message: PsrpMessage): void {
    const tell = (type: number, xml: string): void => {
      pool.outbox.add({ type, poolId: pool.id, pipelineId: NO_PIPELINE, xml });
      pool.place.wake();
    };
    switch (message.type) {
      case MESSAGE.sessionCapability:
        pool.hasCapability = true;
        return tell(MESSAGE.sessionCapability, capabilityXml(this.#osVersion));
      case MESSAGE.initRunspacePool:
        if (!pool.hasCapability) throw new WsmanFault('schemaValidation', 'The session was not negotiated.');
        readClixml(message.xml);
        pool.isOpen = true;
        tell(MESSAGE.applicationPrivateData, privateDataXml(this.#osVersion));
        return tell(MESSAGE.runspacePoolState, poolStateXml('opened'));
      case MESSAGE.setMaxRunspaces:
      case MESSAGE.setMinRunspaces:
        return tell(MESSAGE.runspaceAvailability, availabilityXml(message.xml, true));
      case MESSAGE.getAvailableRunspaces:
        return tell(MESSAGE.runspaceAvailability, availabilityXml(message.xml, RUNSPACES));
      default:
        // the exchange of keys, among others: the protocol has no word of refusal but the end of the pool
        pool.isOpen = false;
        return tell(MESSAGE.runspacePoolState, poolStateXml('broken'));
    }
  }

  #pool(request: WsmanRequest, account: WindowsAccount): Pool {
    return this.#table.find(request, account) as Pool;
  }

  #pipeline(pool: Pool, id: string): Pipeline {
    const pipeline = pool.pipelines.get(id.toUpperCase());
    if (!pipeline) throw new WsmanFault('shellNotFound');
    return pipeline;
  }
}

/** As many fragments as fit, each in a Stream of its own: some clients cannot join one that is cut. */
function receiveXml(outbox: FragmentQueue, envelopeUnitsMax: number, pipeline: Pipeline | undefined): string {
  const id = pipeline && escapeAttribute(pipeline.id);
  const command = id === undefined ? '' : ` CommandId="${id}"`;
  let room = Math.floor(((envelopeUnitsMax - FRAME_UNITS) * 3) / 4);
  let streams = '';
  while (!outbox.isEmpty && room > FRAGMENT_BYTES_MIN) {
    const fragment = outbox.take(Math.min(room - 256, FRAGMENT_BYTES_MAX))!;
    room -= fragment.length + 128;
    streams += `<rsp:Stream Name="stdout"${command}>${fragment.toString('base64')}</rsp:Stream>`;
  }
  const isDone = pipeline?.isOver === true && outbox.isEmpty;
  const state = isDone
    ? `<rsp:CommandState${command} State="${STATE}/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>`
    : `<rsp:CommandState${command} State="${STATE}/Running"></rsp:CommandState>`;
  return `<rsp:ReceiveResponse>${streams}${pipeline ? state : ''}</rsp:ReceiveResponse>`;
}
