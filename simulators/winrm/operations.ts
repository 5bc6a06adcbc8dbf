/**
 * What WS-Management can be asked of a host: each operation with the resources that it is offered on. Whoever speaks
 * is known by then, and the message is plain.
 */
import { sleep } from '#core/time/clock.ts';
import { child } from '#core/wire/xml/element.ts';
import type { SimulatorContext } from '../kit/context.ts';
import type { Fault } from '../kit/fault-points.ts';
import type { WindowsAccount } from './accounts.ts';
import { CimService } from './cim/cim-service.ts';
import { ServiceConfig } from './config.ts';
import { CIM_FAULTS, HANG, POINTS, RESET, SHELL_FAULTS } from './fault-points.ts';
import type { HostFaults } from './host-faults.ts';
import { OperationCounts } from './operation-counts.ts';
import { PowerShellService } from './psrp/powershell-service.ts';
import type { WinrmHost } from './server.ts';
import { type ShellOperations, ShellService } from './shell/shell-service.ts';
import { ShellTable } from './shell/shell-table.ts';
import { Enumerations } from './wsman/enumeration.ts';
import { type FaultName, WsmanFault } from './wsman/fault.ts';
import { ACTION, RESOURCE, SELECTOR_DIALECT } from './wsman/names.ts';
import { selectorsOf, type WsmanRequest } from './wsman/request.ts';

export interface Call {
  readonly request: WsmanRequest;
  readonly account: WindowsAccount;
  readonly clientAddress: string;
  /** Aborted when the client goes away. */
  readonly gone: AbortSignal;
}

/** Thrown where a scenario cuts the connection. */
export class ConnectionCut extends Error {}

export type Family = 'cim' | 'cmd' | 'powershell' | 'shells' | 'config';

interface Operation {
  readonly name: string;
  readonly action: string;
  /** Inside of the answer's body, by what the resource is; others are refused. */
  readonly on: Partial<Record<Family, (operations: WsmanOperations, call: Call) => string | Promise<string>>>;
}

type Run = NonNullable<Operation['on'][Family]>;

const onShells = (
  run: (shells: ShellOperations, call: Call) => string | Promise<string>,
): Operation['on'] => ({
  cmd: (operations, call) => run(operations.cmd, call),
  powershell: (operations, call) => run(operations.powershell, call),
});

/** All of the account's shells; below …/Command the commands of the one that the filter names. */
function shellItems(shells: ShellTable, request: WsmanRequest, account: WindowsAccount): string[] {
  const filter = request.body && child(request.body, 'Filter');
  if (request.resourceUri.toLowerCase() === RESOURCE.shells) {
    if (filter) throw new WsmanFault('dialectUnavailable');
    return shells.of(account).map((shell) => shells.shellXml(shell));
  }
  const set = filter && child(filter, 'SelectorSet');
  if (filter?.attributes.get('Dialect')?.value !== SELECTOR_DIALECT || !set)
    throw new WsmanFault('dialectUnavailable');
  const id = selectorsOf(set).get('shellid');
  if (typeof id !== 'string') throw new WsmanFault('insufficientSelectors');
  return shells.commandsXml(id, account);
}

const deleteShell: Run = ({ shells }, { request, account }) => {
  shells.end(shells.find(request, account));
  return '';
};

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'Get',
    action: ACTION.get,
    on: {
      cim: ({ cim }, { request, account }) => cim.get(request, account),
      config: ({ config }, { request }) => config.get(request.resourceUri),
    },
  },
  {
    name: 'Put',
    action: ACTION.put,
    on: {
      cim: ({ cim }, { request, account }) => cim.put(request, account),
      config: ({ config }, { request, account }) => {
        if (!account.groups.includes('Administrators')) throw new WsmanFault('accessDenied');
        return config.put(request.resourceUri, request.body);
      },
    },
  },
  {
    name: 'Create',
    action: ACTION.create,
    on: {
      cim: ({ cim }, { request, account }) => cim.create(request, account),
      ...onShells((shells, { request, account, clientAddress }) =>
        shells.create(request, account, clientAddress),
      ),
    },
  },
  {
    name: 'Delete',
    action: ACTION.delete,
    on: {
      cim: ({ cim }, { request, account }) => {
        cim.delete(request, account);
        return '';
      },
      cmd: deleteShell,
      powershell: deleteShell,
    },
  },
  {
    name: 'Enumerate',
    action: ACTION.enumerate,
    on: {
      cim: ({ cim, enumerations }, { request, account }) => {
        const inside = enumerations.enumerate(request, account.name, cim.enumerate(request, account));
        return `<n:EnumerateResponse>${inside}</n:EnumerateResponse>`;
      },
      shells: ({ shells, enumerations }, { request, account }) => {
        const inside = enumerations.enumerate(request, account.name, shellItems(shells, request, account));
        return `<n:EnumerateResponse>${inside}</n:EnumerateResponse>`;
      },
    },
  },
  {
    name: 'Command',
    action: ACTION.command,
    on: onShells((shells, { request, account }) => shells.command(request, account)),
  },
  {
    name: 'Receive',
    action: ACTION.receive,
    on: onShells((shells, { request, account, gone }) => shells.receive(request, account, gone)),
  },
  {
    name: 'Send',
    action: ACTION.send,
    on: onShells((shells, { request, account }) => shells.send(request, account)),
  },
  {
    name: 'Signal',
    action: ACTION.signal,
    on: onShells((shells, { request, account }) => shells.signal(request, account)),
  },
];

/** Contexts are looked up by themselves: the resource in the request does not count. */
export const CONTEXT_OPERATIONS: ReadonlyArray<{
  readonly name: string;
  readonly action: string;
  readonly run: Run;
}> = [
  {
    name: 'Pull',
    action: ACTION.pull,
    run: ({ enumerations }, { request, account }) =>
      `<n:PullResponse>${enumerations.pull(request, account.name)}</n:PullResponse>`,
  },
  {
    name: 'Release',
    action: ACTION.release,
    run: ({ enumerations }, { request, account }) => {
      enumerations.release(request, account.name);
      return '';
    },
  },
];

export class WsmanOperations {
  readonly cim: CimService;
  readonly cmd: ShellService;
  readonly powershell: PowerShellService;
  readonly shells: ShellTable;
  readonly enumerations: Enumerations;
  readonly config: ServiceConfig;
  readonly #counts: OperationCounts;
  readonly #faults: HostFaults;
  readonly #context: SimulatorContext;

  constructor(options: {
    context: SimulatorContext;
    host: WinrmHost;
    config: ServiceConfig;
    faults: HostFaults;
  }) {
    const { context, host, config, faults } = options;
    const { clock, entropy } = context;
    const { quotas } = config;
    this.#context = context;
    this.#faults = faults;
    this.#counts = new OperationCounts(quotas);
    this.config = config;
    this.cim = new CimService(host.cim);
    this.shells = new ShellTable({ clock, entropy, quotas });
    const { shells: table } = this;
    this.cmd = new ShellService({ host: host.commands, clock, table, quotas });
    this.powershell = new PowerShellService({
      host: host.commands,
      osVersion: host.osVersion,
      clock,
      table,
      quotas,
    });
    this.enumerations = new Enumerations({ clock, entropy, quotas, operations: this.#counts });
  }

  /** Inside of the answer's body. @throws WsmanFault, ConnectionCut */
  async run(call: Call): Promise<string> {
    const { request, account } = call;
    const done = this.#counts.begin(account.name);
    try {
      const context = CONTEXT_OPERATIONS.find(({ action }) => action === request.action);
      if (context) {
        await this.#injectedInCim(context.name, call);
        return context.run(this, call);
      }
      const family = familyOf(request);
      const operation = OPERATIONS.find(({ action }) => action === request.action);
      if (!operation) {
        if (family !== 'cim') throw new WsmanFault('actionNotSupported');
        await this.#injectedInCim(request.action.slice(request.action.lastIndexOf('/') + 1), call);
        return this.cim.invoke(request, account);
      }
      const run = family && operation.on[family];
      if (!run) throw new WsmanFault(family ? 'actionNotSupported' : 'badResourceUri');
      if (family === 'cim') await this.#injectedInCim(operation.name, call);
      else if (family === 'cmd' || family === 'powershell')
        return await this.#inShell(operation.name, this[family], call, () => run(this, call));
      return await run(this, call);
    } finally {
      done();
    }
  }

  /** Everything that lives in the service's memory is gone. */
  stop(): void {
    this.shells.stop();
    this.enumerations.clear();
  }

  async #injectedInCim(name: string, call: Call): Promise<void> {
    const { request, account, gone } = call;
    const where = request.resourceUri.slice(RESOURCE.wmi.length);
    const fault = this.#faults.hit(POINTS.cim, () => [name, where, account.name]);
    if (!fault) return;
    if (fault.answer === HANG) {
      await sleep(this.#context.clock, request.operationTimeoutMs, 'winrm.hang', gone).catch(() => {});
      throw new WsmanFault('timedOut');
    }
    refuse(fault, CIM_FAULTS);
  }

  async #inShell(
    name: string,
    service: ShellOperations,
    { request, account }: Call,
    run: () => string | Promise<string>,
  ): Promise<string> {
    const fault = this.#faults.hit(POINTS.shell, () => [
      name,
      name === 'Create' ? '' : service.subject(request, account),
      account.name,
    ]);
    if (!fault) return run();
    if (fault.answer === 'lost' && name !== 'Create') this.shells.end(this.shells.find(request, account));
    if (fault.answer !== HANG) {
      refuse(fault, SHELL_FAULTS);
      return run();
    }
    // a command is silent from its beginning, one that runs from now on
    if (name !== 'Create' && name !== 'Command') service.silence(request, account, fault.until);
    const inside = await run();
    if (name === 'Command') service.silence(request, account, fault.until);
    return inside;
  }
}

function refuse(
  { answer }: Fault,
  faults: Readonly<Record<string, { name: FaultName; wmi?: WsmanFault['wmi'] }>>,
): void {
  if (answer === RESET) throw new ConnectionCut();
  const words = faults[answer];
  if (words) throw new WsmanFault(words.name, undefined, words.wmi);
}

/** What kind of thing the URI names; undefined for nothing that is here. */
function familyOf({ resourceUri }: WsmanRequest): Family | undefined {
  const uri = resourceUri.toLowerCase();
  if (uri.startsWith(RESOURCE.wmi)) return 'cim';
  if (uri === RESOURCE.cmd.toLowerCase()) return 'cmd';
  if (uri === RESOURCE.shells || uri === `${RESOURCE.shells}/command`) return 'shells';
  if (uri.startsWith(RESOURCE.powershell)) return 'powershell';
  return ServiceConfig.covers(uri) ? 'config' : undefined;
}
