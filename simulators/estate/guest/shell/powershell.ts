/**
 * PowerShell inside a Windows guest: the command lines that discovery uses, as pipelines of objects. Cmdlets that it
 * does not have, and language beyond pipelines, fail as PowerShell fails: CommandNotFoundException, exit code 1.
 */
import { SECOND } from '#core/units.ts';
import { memoryOf } from '../load.ts';
import { registryPath } from '../registry.ts';
import { runKnownScript } from './known-scripts.ts';
import type { Io, Session } from './shell.ts';
import { step } from './shell.ts';

type Scalar = string | number | boolean | null;
export type Item = ReadonlyMap<string, Scalar | readonly Scalar[]> | Scalar;

class PowerShellError extends Error {
  readonly id: string;

  constructor(message: string, id: string) {
    super(message);
    this.id = id;
  }
}

/** @param args of powershell.exe. */
export function runPowerShell(args: readonly string[], io: Io, session: Session): number {
  const script = scriptOf(args);
  if (script === undefined) {
    io.err('The argument to the -File parameter does not exist.\r\n');
    return 64;
  }
  const known = runKnownScript(script, session);
  if (known !== undefined) return known;
  return runScript(script, session, {
    items: (items) => io.out(rendered(items)),
    failed: ({ message, id }) =>
      io.err(
        `${message}\r\n    + CategoryInfo          : ObjectNotFound: (:) []\r\n    + FullyQualifiedErrorId : ${id}\r\n`,
      ),
  });
}

/** What statements put out, and what they failed of, in order. */
export interface ScriptSink {
  items(items: readonly Item[]): void;
  failed(problem: { readonly message: string; readonly id: string }): void;
}

/** @returns 1 when the last statement failed, else 0 */
export function runScript(script: string, session: Session, sink: ScriptSink): number {
  let status = 0;
  for (const statement of splitOutside(script, /;|\r?\n/y)) {
    if (statement.trim() === '' || statement.trim().startsWith('#')) continue;
    step(session.machine);
    try {
      sink.items(runPipeline(statement.trim(), session));
      status = 0;
    } catch (error) {
      if (!(error instanceof PowerShellError)) throw error;
      sink.failed(error);
      status = 1;
    }
  }
  return status;
}

/** A command of a pipeline as PowerShell remoting sends it: a cmdlet with its arguments, or a script. */
export interface PipelineCommand {
  readonly text: string;
  readonly isScript: boolean;
  /** Without a name, by position; `true` for switches. */
  readonly arguments: ReadonlyArray<{ readonly name: string | undefined; readonly value: string | true }>;
}

/** @returns 1 when the last statement failed, else 0 */
export function runStatements(
  statements: ReadonlyArray<readonly PipelineCommand[]>,
  session: Session,
  sink: ScriptSink,
): number {
  let status = 0;
  for (const commands of statements) {
    step(session.machine);
    try {
      let items: Item[] = [];
      status = 0;
      for (const [i, command] of commands.entries()) {
        const script = command.isScript ? command.text : expressionOf(command);
        if (script === undefined) items = runCall(callOf(command), i === 0, items, session);
        else {
          const gathered: Item[] = [];
          const failed = sink.failed.bind(sink);
          status = runScript(script, session, { items: (more) => void gathered.push(...more), failed });
          items = gathered;
        }
      }
      sink.items(items);
    } catch (error) {
      if (!(error instanceof PowerShellError)) throw error;
      sink.failed(error);
      status = 1;
    }
  }
  return status;
}

/** The text that Invoke-Expression is given. */
function expressionOf({ text, arguments: given }: PipelineCommand): string | undefined {
  if (!/^(?:invoke-expression|iex)$/i.test(text)) return undefined;
  const value = given.find(({ name }) => name === undefined || /^-?command:?$/i.test(name))?.value;
  return typeof value === 'string' ? value : undefined;
}

function callOf({ text, arguments: given }: PipelineCommand): Call {
  const positional: string[] = [];
  const named = new Map<string, string>();
  for (const { name, value } of given) {
    const plain = value === true ? 'True' : value;
    if (name === undefined) positional.push(plain);
    else named.set(name.replace(/^-|:$/g, '').toLowerCase(), plain);
  }
  return { name: text, positional, named };
}

function scriptOf(args: readonly string[]): string | undefined {
  for (let i = 0; i < args.length; i++) {
    const option = args[i]!.toLowerCase().replace(/^[/-]/, '');
    if (!/^[/-]/.test(args[i]!)) return args.slice(i).join(' ');
    if (
      'encodedcommand'.startsWith(option) &&
      option.startsWith('e') &&
      option !== 'ex' &&
      !option.startsWith('exe')
    )
      return Buffer.from(args[i + 1] ?? '', 'base64').toString('utf16le');
    if ('command'.startsWith(option)) return args.slice(i + 1).join(' ');
    if (option === 'file') return undefined;
    // options that take a value
    if (/^(ex|ep|executionpolicy|inputformat|outputformat|version|windowstyle|w)$/.test(option)) i++;
  }
  return '';
}

/** Pieces between separators that stand outside quotes, braces and parentheses. */
function splitOutside(text: string, separator: RegExp): string[] {
  const pieces: string[] = [];
  let piece = '';
  let quote = '';
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === "'" || char === '"') quote = char;
    else if (/[{([]/.test(char)) depth++;
    else if (/[})\]]/.test(char)) depth--;
    separator.lastIndex = at;
    const match = quote === '' && depth === 0 ? separator.exec(text) : null;
    if (match) {
      pieces.push(piece);
      piece = '';
      at += match[0].length - 1;
    } else piece += char;
  }
  pieces.push(piece);
  return pieces;
}

function runPipeline(text: string, session: Session): Item[] {
  let items: Item[] = [];
  for (const [i, part] of splitOutside(text, /\|/y).entries())
    items = runCmdlet(part.trim(), i === 0, items, session);
  return items;
}

interface Call {
  readonly name: string;
  readonly positional: readonly string[];
  readonly named: ReadonlyMap<string, string>;
}

function parseCall(text: string): Call {
  const words = text.match(/\{[^}]*\}|(?:'[^']*'|"[^"]*"|[^\s'"{])+/g) ?? [];
  const [name = '', ...rest] = words;
  const positional: string[] = [];
  const named = new Map<string, string>();
  const plain = (word: string) =>
    word
      .split(/,\s*/)
      .map((part) => part.replace(/^(['"])(.*)\1$/, '$2'))
      .join(',');
  for (let i = 0; i < rest.length; i++) {
    let word = rest[i]!;
    // a list may have blanks behind its commas
    while (word.endsWith(',') && i + 1 < rest.length) word += rest[++i];
    const option = /^-([A-Za-z]\w*)(?::(.*))?$/.exec(word);
    if (!option) positional.push(plain(word));
    else if (option[2] !== undefined) named.set(option[1]!.toLowerCase(), plain(option[2]));
    else if (
      rest[i + 1] !== undefined &&
      !/^-[A-Za-z]/.test(rest[i + 1]!) &&
      !SWITCHES.has(option[1]!.toLowerCase())
    ) {
      let value = rest[++i]!;
      while (value.endsWith(',') && i + 1 < rest.length) value += rest[++i];
      named.set(option[1]!.toLowerCase(), plain(value));
    } else named.set(option[1]!.toLowerCase(), 'True');
  }
  return { name, positional, named };
}

const SWITCHES = new Set([
  'notypeinformation',
  'compress',
  'recurse',
  'force',
  'hidetableheaders',
  'autosize',
  'unique',
]);

const item = (fields: Record<string, Scalar | readonly Scalar[]>): Item => new Map(Object.entries(fields));
const fieldOf = (value: Item, name: string): Scalar | readonly Scalar[] | undefined => {
  if (!(value instanceof Map)) return undefined;
  for (const [key, inner] of value as ReadonlyMap<string, Scalar>)
    if (key.toLowerCase() === name.toLowerCase()) return inner;
  return undefined;
};

function runCmdlet(text: string, first: boolean, input: Item[], session: Session): Item[] {
  const { guest } = session.machine;
  const access = /^\(([\s\S]*)\)\.(\w+)$/.exec(text);
  if (first && access)
    return runPipeline(access[1]!, session).flatMap(
      (each) => (fieldOf(each, access[2]!) ?? []) as Item | Item[],
    );
  if (first && /^\$env:\w+$/i.test(text)) {
    const name = text.slice(5).toLowerCase();
    return [...session.variables].flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []));
  }
  if (first && /^\$PSVersionTable(\.PSVersion)?(\.\w+)?$/i.test(text)) {
    const version = String(
      guest.registry
        ?.key(registryPath('HKLM\\SOFTWARE\\Microsoft\\PowerShell\\1\\PowerShellEngine')!)
        ?.values.get('PowerShellVersion')?.value ?? '5.1',
    );
    const [major = '5', minor = '1'] = version.split('.');
    if (/Major$/i.test(text)) return [Number(major)];
    if (/Minor$/i.test(text)) return [Number(minor)];
    return [item({ Major: Number(major), Minor: Number(minor), Build: 17763, Revision: 1 })];
  }
  if (first && /^(['"]).*\1$/.test(text))
    return [
      text
        .slice(1, -1)
        .replace(
          /\$env:(\w+)/gi,
          (_, name: string) =>
            [...session.variables].find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? '',
        ),
    ];
  if (first && /^\d+(\s*[-+*/]\s*\d+)*$/.test(text))
    return [
      text
        .split(/(?=[+-])/)
        .reduce(
          (sum, part) =>
            sum + part.split('*').reduce((product, factor) => product * Number(factor.replace(/\s/g, '')), 1),
          0,
        ),
    ];
  if (/^\$(ErrorActionPreference|ProgressPreference)\s*=/i.test(text)) return [];
  return runCall(parseCall(text), first, input, session);
}

function runCall(call: Call, first: boolean, input: Item[], session: Session): Item[] {
  const { guest, now } = session.machine;
  const name = call.name.toLowerCase();
  const argument = (...names: string[]) =>
    names.map((each) => call.named.get(each)).find((value) => value !== undefined);
  switch (ALIASES[name] ?? name) {
    case 'get-wmiobject':
    case 'get-ciminstance':
      return cimInstances(
        argument('class', 'classname') ?? classOfQuery(argument('query')) ?? call.positional[0] ?? '',
        filterOf(argument('filter') ?? argument('query')?.split(/\bwhere\b/i)[1]),
        session,
      );
    case 'get-windowsfeature': {
      if (
        guest.os.family !== 'windows' ||
        !guest.os.server ||
        guest.os.release.startsWith('2008') ||
        guest.os.release === '2003'
      )
        throw notFound(call.name);
      return guest.features().map(({ name: id, displayName, type, parent, installed }) =>
        item({
          DisplayName: displayName,
          Name: id,
          FeatureType: type,
          Parent: parent === '' ? null : parent,
          Installed: installed,
          InstallState: installed ? 'Installed' : 'Available',
        }),
      );
    }
    case 'get-service':
      return guest.services(now).map((service) =>
        item({
          Status: service.state === 'running' ? 'Running' : 'Stopped',
          Name: service.name,
          DisplayName: service.displayName,
          StartType: service.start,
        }),
      );
    case 'get-process':
      return guest.processes(now).map((process) =>
        item({
          Id: process.pid,
          ProcessName: process.name.replace(/\.exe$/i, ''),
          Path: process.executable || null,
        }),
      );
    case 'get-itemproperty':
    case 'get-childitem':
      return registryItems(
        argument('path', 'literalpath') ?? call.positional[0] ?? '',
        name !== 'get-itemproperty' && name !== 'gp',
        session,
      );
    case 'write-output':
      return first ? [...call.positional] : input;
    case 'get-date':
      return [new Date(now).toISOString()];
    case 'start-sleep':
      session.machine.now +=
        Math.min(3600, Number(argument('seconds', 's') ?? call.positional[0]) || 0) * SECOND;
      return [];
    case 'hostname':
      return [guest.hostName];
    case 'select-object':
      return selected(call, input);
    case 'where-object':
      return input.filter(
        filterOf(
          call.positional.join(' ') + [...call.named].map(([key, value]) => ` -${key} ${value}`).join(''),
        ),
      );
    case 'sort-object': {
      const key = argument('property') ?? call.positional[0] ?? '';
      const of = (each: Item) =>
        (each instanceof Map ? (fieldOf(each, key) as Scalar) : (each as Scalar)) ?? '';
      return [...input].sort((a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0));
    }
    case 'measure-object':
      return [item({ Count: input.length })];
    case 'out-string':
    case 'format-list':
    case 'format-table':
      return [rendered(input).replace(/\r\n$/, '')];
    case 'out-null':
      return [];
    case 'foreach-object': {
      const property = /^\{\s*\$_\.(\w+)\s*\}$/.exec(call.positional[0] ?? '')?.[1];
      if (property === undefined) throw notFound(call.name);
      return input.flatMap((each) => (fieldOf(each, property) ?? []) as Item | Item[]);
    }
    case 'convertto-json': {
      const plain = input.map((each) => (each instanceof Map ? Object.fromEntries(each) : each));
      return [
        JSON.stringify(
          plain.length === 1 ? plain[0] : plain,
          undefined,
          call.named.has('compress') ? undefined : 2,
        ).replaceAll('\n', '\r\n'),
      ];
    }
    case 'convertto-csv': {
      const names = input[0] instanceof Map ? [...input[0].keys()] : [];
      const cell = (value: unknown) =>
        value === null || value === undefined ? '' : `"${String(boolean(value)).replaceAll('"', '""')}"`;
      return [
        names.map(cell).join(','),
        ...input.map((each) => names.map((key) => cell(fieldOf(each, key))).join(',')),
      ];
    }
    default:
      throw notFound(call.name);
  }
}

const ALIASES: Readonly<Record<string, string>> = {
  gwmi: 'get-wmiobject',
  gcim: 'get-ciminstance',
  gp: 'get-itemproperty',
  gci: 'get-childitem',
  dir: 'get-childitem',
  ls: 'get-childitem',
  gsv: 'get-service',
  gps: 'get-process',
  ps: 'get-process',
  echo: 'write-output',
  select: 'select-object',
  where: 'where-object',
  '?': 'where-object',
  sort: 'sort-object',
  measure: 'measure-object',
  fl: 'format-list',
  ft: 'format-table',
  '%': 'foreach-object',
  foreach: 'foreach-object',
  sleep: 'start-sleep',
  'hostname.exe': 'hostname',
};

const boolean = (value: unknown) => (value === true ? 'True' : value === false ? 'False' : value);

function notFound(name: string): PowerShellError {
  return new PowerShellError(
    `${name} : The term '${name}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the \r\nspelling of the name, or if a path was included, verify that the path is correct and try again.`,
    'CommandNotFoundException',
  );
}

function selected({ positional, named }: Call, input: Item[]): Item[] {
  const expand = named.get('expandproperty');
  if (expand !== undefined) return input.flatMap((each) => (fieldOf(each, expand) ?? []) as Item | Item[]);
  const properties = (named.get('property') ?? positional[0] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const first = named.get('first');
  const taken = first === undefined ? input : input.slice(0, Number(first));
  if (properties.length === 0 || properties[0] === '*') return taken;
  return taken.map((each) => new Map(properties.map((name) => [name, fieldOf(each, name) ?? null] as const)));
}

/** `{ $_.A -eq 'x' -and $_.B }`, `Name -eq x`, and the conditions of WQL. */
function filterOf(text: string | undefined): (each: Item) => boolean {
  if (text === undefined || text.trim() === '') return () => true;
  const conditions = text
    .replace(/^\s*\{|\}\s*$/g, '')
    .split(/\s+-?and\s+/i)
    .map((condition) => {
      const match =
        /^\(?\s*(?:\$_\.|\$PSItem\.)?(\w+)\s*(?:(-eq|-ne|-like|-match|-gt|-lt|=|<>|!=|like)\s*(?:'([^']*)'|"([^"]*)"|(\S+?)))?\s*\)?$/i.exec(
          condition.trim(),
        );
      return (
        match && {
          name: match[1]!,
          operator: match[2]?.toLowerCase(),
          value: match[3] ?? match[4] ?? match[5] ?? '',
        }
      );
    });
  return (each) =>
    conditions.every((condition) => {
      if (!condition) return false;
      const actual = fieldOf(each, condition.name);
      if (condition.operator === undefined)
        return actual !== undefined && actual !== null && actual !== false && actual !== '' && actual !== 0;
      const wanted = condition.value.replace(/^\$(true|false|null)$/i, (_, word: string) =>
        word.toLowerCase() === 'null' ? '' : word,
      );
      const a = String(boolean(actual ?? '')).toLowerCase();
      const b = wanted.toLowerCase();
      switch (condition.operator) {
        case '-eq':
        case '=':
          return a === b;
        case '-ne':
        case '<>':
        case '!=':
          return a !== b;
        case '-gt':
          return Number(a) > Number(b);
        case '-lt':
          return Number(a) < Number(b);
        case '-match':
          return a.includes(b);
        default: {
          const source = b
            .replace(/[.+^${}()|[\]\\]/g, '\\$&')
            .replace(/[*%]/g, '.*')
            .replace(/[?_]/g, '.');
          return new RegExp(`^${source}$`).test(a);
        }
      }
    });
}

function classOfQuery(query: string | undefined): string | undefined {
  return /\bfrom\s+(\w+)/i.exec(query ?? '')?.[1];
}

function cimInstances(name: string, filter: (each: Item) => boolean, session: Session): Item[] {
  const { guest, now } = session.machine;
  const { os, machine } = guest;
  if (os.family !== 'windows') return [];
  const memory = memoryOf(guest, now);
  const classes: Record<string, () => Item[]> = {
    win32_operatingsystem: () => [
      item({
        Caption: os.caption,
        Version: os.version,
        BuildNumber: os.build,
        OSArchitecture: os.architecture,
        CSName: guest.hostName.toUpperCase(),
        ProductType: os.server ? 3 : 1,
        TotalVisibleMemorySize: memory.totalKb,
        FreePhysicalMemory: memory.totalKb - memory.usedKb,
        LastBootUpTime: new Date(guest.bootedAt()).toISOString(),
      }),
    ],
    win32_computersystem: () => [
      item({
        Name: guest.hostName.toUpperCase(),
        DNSHostName: guest.hostName,
        Domain: machine.dnsName.split('.').slice(1).join('.') || 'WORKGROUP',
        PartOfDomain: machine.dnsName.includes('.'),
        Manufacturer: 'VMware, Inc.',
        Model: 'VMware Virtual Platform',
        TotalPhysicalMemory: memory.totalKb * 1024,
        NumberOfProcessors: machine.sockets,
        NumberOfLogicalProcessors: machine.cores,
      }),
    ],
    win32_computersystemproduct: () => [
      item({
        Name: 'VMware Virtual Platform',
        Vendor: 'VMware, Inc.',
        IdentifyingNumber: guest.serialNumber(),
        UUID: guest.hardware.uuid.toUpperCase(),
      }),
    ],
    win32_bios: () => [
      item({
        SerialNumber: guest.serialNumber(),
        Manufacturer: 'Phoenix Technologies LTD',
        SMBIOSBIOSVersion: '6.00',
      }),
    ],
    win32_processor: () =>
      Array.from({ length: machine.sockets }, (_, i) =>
        item({
          DeviceID: `CPU${i}`,
          Name: 'Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz',
          NumberOfCores: Math.max(1, Math.floor(machine.cores / machine.sockets)),
          NumberOfLogicalProcessors: Math.max(1, Math.floor(machine.cores / machine.sockets)),
          MaxClockSpeed: 2095,
        }),
      ),
    win32_process: () =>
      guest.processes(now).map(({ pid, parentPid, name: image, executable, commandLine }) =>
        item({
          ProcessId: pid,
          ParentProcessId: parentPid,
          Name: image,
          ExecutablePath: session.user.isRoot ? executable || null : null,
          CommandLine: session.user.isRoot ? commandLine || null : null,
        }),
      ),
    win32_service: () =>
      guest.services(now).map((service) =>
        item({
          Name: service.name,
          DisplayName: service.displayName,
          State: service.state === 'running' ? 'Running' : 'Stopped',
          StartMode: { auto: 'Auto', manual: 'Manual', disabled: 'Disabled' }[service.start],
          ProcessId: service.pid,
        }),
      ),
    win32_logicaldisk: () =>
      guest
        .disks()
        .flatMap(({ volumes }) => volumes)
        .map((volume) =>
          item({
            DeviceID: volume.name,
            DriveType: 3,
            FileSystem: volume.fileSystem,
            Size: volume.sizeBytes,
            FreeSpace: volume.sizeBytes - volume.usedBytes,
          }),
        ),
    win32_diskdrive: () =>
      guest.disks().map((disk) =>
        item({
          DeviceID: disk.name,
          Index: disk.index,
          Model: 'VMware Virtual disk SCSI Disk Device',
          Size: disk.sizeBytes,
          MediaType: 'Fixed hard disk media',
          InterfaceType: 'SCSI',
          Partitions: disk.volumes.length,
        }),
      ),
    win32_networkadapterconfiguration: () =>
      machine.nics.map((nic) =>
        item({
          Index: nic.index,
          Description: 'vmxnet3 Ethernet Adapter',
          MACAddress: nic.macAddress.toUpperCase(),
          IPAddress: nic.ipAddresses,
          IPEnabled: nic.connected,
          DHCPEnabled: false,
        }),
      ),
    win32_serverfeature: () =>
      guest
        .features()
        .filter(({ installed }) => installed)
        .map((feature, i) => item({ ID: i + 1, Name: feature.displayName, ParentID: 0 })),
  };
  const instances = classes[name.toLowerCase()];
  if (!instances)
    throw new PowerShellError(`Get-WmiObject : Invalid class "${name}"`, 'GetWMIManagementException');
  return instances().filter(filter);
}

/** Keys of the registry; a path that ends in \* means all keys directly below. */
function registryItems(paths: string, keysOnly: boolean, session: Session): Item[] {
  const { registry } = session.machine.guest;
  return paths.split(',').flatMap((given) => {
    const all = /\\\*$/.test(given);
    const path = registryPath(
      given
        .replace(/^(Microsoft\.PowerShell\.Core\\)?Registry::/i, '')
        .replace(/\\\*$/, '')
        .replace(':\\', '\\'),
    );
    const key = path === undefined ? undefined : registry?.key(path);
    if (!registry || !key)
      throw new PowerShellError(
        `Get-ItemProperty : Cannot find path '${given}' because it does not exist.`,
        'PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand',
      );
    return (all || keysOnly ? registry.below(key.path) : [key]).map((each) =>
      item({
        ...Object.fromEntries(
          [...each.values].map(([name, { value }]) => [
            name,
            Buffer.isBuffer(value) ? value.toString('hex') : (value as Scalar | readonly Scalar[]),
          ]),
        ),
        PSPath: `Microsoft.PowerShell.Core\\Registry::${each.path}`,
        PSChildName: each.path.slice(each.path.lastIndexOf('\\') + 1),
      }),
    );
  });
}

/** What the console shows: lines for text and numbers, a list of properties for objects. */
function rendered(items: readonly Item[]): string {
  return items
    .map((each) => {
      if (!(each instanceof Map)) return `${String(boolean(each ?? ''))}\r\n`;
      const width = Math.max(...[...each.keys()].map((key: string) => key.length));
      const lines = [...(each as ReadonlyMap<string, unknown>)].map(
        ([key, value]) =>
          `${key.padEnd(width)} : ${Array.isArray(value) ? `{${value.join(', ')}}` : String(boolean(value ?? ''))}\r\n`,
      );
      return `\r\n${lines.join('')}`;
    })
    .join('');
}
