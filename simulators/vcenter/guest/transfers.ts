/**
 * /guestFile: the content of one file, once, by an address that GuestFileManager gave. An address is good for ten
 * minutes and one transfer, and dies with the machine's power. [vSphere API, FileTransferInformation]
 */
import type { IncomingMessage } from 'node:http';
import type { HttpResponseOut } from '#core/net/http-server.ts';
import { type Bytes, MINUTE, type Millis, type UnixMillis } from '#core/units.ts';
import { FileProblem } from '../../estate/guest/file-tree.ts';
import type { Call } from '../methods/method.ts';
import type { Vcenter } from '../vcenter.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';

export type Transfer =
  | { readonly kind: 'from'; readonly content: Buffer }
  | { readonly kind: 'to'; readonly size: Bytes; readonly store: (content: Buffer, now: UnixMillis) => void };

interface Open {
  readonly token: string;
  readonly vm: VirtualMachine;
  readonly poweredAt: UnixMillis;
  readonly expiresAt: UnixMillis;
  readonly transfer: Transfer;
}

const LIFE: Millis = 10 * MINUTE;
const OPEN_MAX = 1000;
const UPLOAD_BYTES_MAX: Bytes = 128 * 1024 * 1024;

class Transfers {
  readonly open = new Map<number, Open>();
  count = 0;
}

const TRANSFERS = new WeakMap<Vcenter, Transfers>();

function transfersOf(vcenter: Vcenter): Transfers {
  let transfers = TRANSFERS.get(vcenter);
  if (!transfers) {
    transfers = new Transfers();
    TRANSFERS.set(vcenter, transfers);
  }
  return transfers;
}

/** The address of one transfer; `*` stands for the host that the client is connected to. */
export function issueTransfer(
  { vcenter, now, client }: Call,
  vm: VirtualMachine,
  transfer: Transfer,
): string {
  const transfers = transfersOf(vcenter);
  for (const [id, { expiresAt }] of transfers.open)
    if (expiresAt <= now || transfers.open.size >= OPEN_MAX) transfers.open.delete(id);
  const id = ++transfers.count;
  const token = vcenter.context.entropy.hex(40, 'vcenter.guestFile', vm.machine.id, id);
  transfers.open.set(id, {
    token,
    vm,
    poweredAt: vcenter.estate.powerSince(vm.machine.id),
    expiresAt: now + LIFE,
    transfer,
  });
  const port = /:(\d{1,5})$/.exec(client.host)?.[1] ?? '443';
  return `https://*:${port}/guestFile?id=${id}&token=${token}`;
}

export async function handleGuestFile(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
  url: URL,
): Promise<void> {
  const { method = 'GET' } = request;
  response.operation = method === 'PUT' ? 'PutGuestFile' : 'GetGuestFile';
  const fault = vcenter.context.faults.hit('vcenter.guestFile', url.pathname);
  if (fault?.answer === 'reset') return void response.destroy();
  if (fault) return answer(response, Number(fault.answer));
  const transfers = transfersOf(vcenter);
  const id = Number(url.searchParams.get('id'));
  const open = transfers.open.get(id);
  const now = Math.floor(vcenter.context.clock.wall());
  const isGood =
    open !== undefined &&
    open.token === url.searchParams.get('token') &&
    now < open.expiresAt &&
    open.vm.isOn &&
    vcenter.estate.powerSince(open.vm.machine.id) === open.poweredAt;
  if (!isGood) return answer(response, 404);
  const { transfer } = open;
  if (transfer.kind === 'from') {
    if (method !== 'GET') return answer(response, 405);
    transfers.open.delete(id);
    response.statusCode = 200;
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Content-Length', transfer.content.length);
    response.end(transfer.content);
    return;
  }
  if (method !== 'PUT') return answer(response, 405);
  transfers.open.delete(id);
  const content = await bodyOf(request);
  if (content === undefined) return answer(response, 413);
  if (content.length !== transfer.size) return answer(response, 400);
  try {
    transfer.store(content, now);
  } catch (error) {
    if (error instanceof FileProblem) return answer(response, error.kind === 'tooLarge' ? 507 : 403);
    throw error;
  }
  answer(response, 200);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > UPLOAD_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answer(response: HttpResponseOut, status: number): void {
  response.statusCode = status;
  response.setHeader('Content-Length', 0);
  if (status === 413) response.setHeader('Connection', 'close');
  response.end();
}
