/**
 * Command lines inside guests through vCenter's guest operations: a temporary file takes what the program writes; the
 * program is started, waited for, the file fetched and deleted. Nothing is installed, nothing stays.
 * [vSphere API, GuestOperationsManager, GuestProcessManager.StartProgramInGuest]
 */
import type { DryliftError } from '#core/errors.ts';
import type { HttpClient } from '#core/net/http-client.ts';
import { type Clock, sleep } from '#core/time/clock.ts';
import { type Bytes, MIB, MINUTE, type Millis, SECOND } from '#core/units.ts';
import { child, childText, type XmlElement } from '#core/wire/xml/element.ts';
import type { XmlWriter } from '#core/wire/xml/writer.ts';
import { errors } from '../../app/guest-errors.ts';
import type { GuestCredential, GuestScript } from '../../app/ports.ts';
import { type ManagedObject, readReference, type VsphereConnection, writeReference } from './connection.ts';
import { VimFault } from './faults.ts';
import { readObject } from './property-collector.ts';

const PATIENCE: Millis = 2 * MINUTE;
const FIRST_LOOK: Millis = SECOND;
const OUTPUT_BYTES_MAX: Bytes = 16 * MIB;
const XSI_TYPE = 'xsi:type';

interface Managers {
  readonly files: ManagedObject;
  readonly processes: ManagedObject;
}

const MANAGERS = new WeakMap<VsphereConnection, { session: number; managers: Promise<Managers> }>();

/** The managers, looked up once per session: by the first who asks, for all others that ask meanwhile. */
async function managersOf(connection: VsphereConnection, signal: AbortSignal): Promise<Managers> {
  const { guestOperationsManager } = await connection.content(signal);
  const known = MANAGERS.get(connection);
  if (known?.session === connection.session) return known.managers;
  const managers = lookUpManagers(connection, guestOperationsManager, signal);
  MANAGERS.set(connection, { session: connection.session, managers });
  managers.catch(() => MANAGERS.delete(connection));
  return managers;
}

/** @throws `guest.unsupported` when the server lacks them */
async function lookUpManagers(
  connection: VsphereConnection,
  manager: ManagedObject | undefined,
  signal: AbortSignal,
): Promise<Managers> {
  if (!manager)
    throw errors.make('guest.unsupported', { what: `${connection.host} has no guest operations.` });
  const values = await readObject(connection, manager, ['fileManager', 'processManager'], signal);
  const reference = (name: string): ManagedObject => {
    const value = values.get(name);
    if (!value)
      throw errors.make('guest.unsupported', { what: `${connection.host} has no ${name} for guests.` });
    return readReference(value);
  };
  return { files: reference('fileManager'), processes: reference('processManager') };
}

export interface GuestRunner {
  readonly connection: VsphereConnection;
  readonly http: HttpClient;
  readonly clock: Clock;
}

/**
 * Runs a script and gives what it wrote on standard output.
 * @throws `guest.*`; `vcenter.*` and `net.*` when it is vCenter that fails
 */
export async function runInGuest(
  { connection, http, clock }: GuestRunner,
  machine: ManagedObject,
  name: string,
  credential: GuestCredential,
  script: GuestScript,
  signal: AbortSignal,
): Promise<string> {
  const { files, processes } = await managersOf(connection, signal);
  const ask = async (
    manager: ManagedObject,
    method: string,
    fields: (xml: XmlWriter) => void,
  ): Promise<XmlElement[]> => {
    try {
      return await connection.ask(
        method,
        manager,
        (xml) => {
          writeReference(xml, 'vm', machine);
          writeAuth(xml, credential);
          fields(xml);
        },
        signal,
      );
    } catch (error) {
      throw error instanceof VimFault ? toldOf(error, name, credential) : error;
    }
  };
  const [made] = await ask(files, 'CreateTemporaryFileInGuest', (xml) => {
    xml.leaf('prefix', 'azm').leaf('suffix', '.txt');
  });
  const path = made?.text ?? '';
  try {
    const [started] = await ask(processes, 'StartProgramInGuest', (xml) => writeProgram(xml, script, path));
    await ended(ask, processes, started?.text ?? '', name, clock, signal);
    const [transfer] = await ask(files, 'InitiateFileTransferFromGuest', (xml) => {
      xml.leaf('guestFilePath', path);
    });
    const url = (transfer && childText(transfer, 'url')) ?? '';
    const answer = await fetchFile(connection, http, url, signal);
    if (answer.status !== 200)
      throw errors.make('guest.answer', {
        what: `The output of ${name} was answered with status ${answer.status}.`,
      });
    return answer.body.toString('utf8');
  } finally {
    await ask(files, 'DeleteFileInGuest', (xml) => {
      xml.leaf('filePath', path);
    }).catch(() => {}); // it is in a temporary folder; and whatever kept it from being deleted, the cause is told above
  }
}

type Ask = (
  manager: ManagedObject,
  method: string,
  fields: (xml: XmlWriter) => void,
) => Promise<XmlElement[]>;

async function ended(
  ask: Ask,
  processes: ManagedObject,
  pid: string,
  name: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const until = clock.wall() + PATIENCE;
  for (let wait = FIRST_LOOK; ; wait = Math.min(wait * 2, 10 * SECOND)) {
    await sleep(clock, wait, 'appliance.guest.wait', signal);
    const [process] = await ask(processes, 'ListProcessesInGuest', (xml) => {
      xml.leaf('pids', pid);
    });
    // a process that is forgotten has ended long ago
    if (!process || child(process, 'endTime')) return;
    if (clock.wall() > until) {
      await ask(processes, 'TerminateProcessInGuest', (xml) => {
        xml.leaf('pid', pid);
      }).catch(() => {});
      throw errors.make('guest.slow', { what: `${name} did not come to an end with what it was asked.` });
    }
  }
}

/** `*` as the host means the server that the client is connected to; another one is the machine's host. */
async function fetchFile(connection: VsphereConnection, http: HttpClient, text: string, signal: AbortSignal) {
  const url = URL.parse(text.replace('://*', '://connected.invalid'));
  if (!url) throw errors.make('guest.answer', { what: 'vCenter gave no address of the file.' });
  if (url.hostname === 'connected.invalid') return connection.get(`${url.pathname}${url.search}`, {}, signal);
  return http.fetch({ method: 'GET', url, signal, bodyBytesMax: OUTPUT_BYTES_MAX });
}

function writeAuth(xml: XmlWriter, { user, password }: GuestCredential): void {
  xml.open('auth', { [XSI_TYPE]: 'NamePasswordAuthentication' });
  xml.leaf('interactiveSession', 'false').leaf('username', user).leaf('password', password);
  xml.close();
}

/** Linux: a shell, whose output goes to the file. Windows: cmd.exe, command by command. */
function writeProgram(xml: XmlWriter, { family, commands }: GuestScript, path: string): void {
  xml.open('spec');
  if (family === 'linux')
    xml
      .leaf('programPath', '/bin/sh')
      .leaf('arguments', `-c '${commands.join('\n').replaceAll("'", "'\\''")}' > '${path}' 2>/dev/null`);
  else
    xml
      .leaf('programPath', 'C:\\Windows\\System32\\cmd.exe')
      .leaf('arguments', `/c "${commands.map((command) => `${command} >> "${path}" 2>nul`).join(' & ')}"`);
  xml.close();
}

function toldOf(fault: VimFault, name: string, { user, name: label }: GuestCredential): Error {
  const make = (code: keyof typeof errors.codes, what: string): DryliftError =>
    errors.make(code, { what, cause: fault });
  switch (fault.type) {
    case 'InvalidGuestLogin':
      return make('guest.login.refused', `${name} refused ${user} (credential "${label}").`);
    case 'GuestOperationsUnavailable':
    case 'GuestComponentsOutOfDate':
      return make('guest.tools.notRunning', `VMware Tools do not run in ${name}.`);
    case 'InvalidPowerState':
      return make('guest.off', `${name} is not running.`);
    case 'OperationNotSupportedByGuest':
      return make('guest.unsupported', `${name} does not support guest operations.`);
    case 'GuestPermissionDenied':
    case 'CannotAccessFile':
    case 'FileNotFound':
      return make('guest.denied', `${name} let ${user} in, but not do what was asked: ${fault.type}.`);
    default:
      return fault;
  }
}
