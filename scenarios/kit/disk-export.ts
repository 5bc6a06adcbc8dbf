/**
 * A managed disk taken out of Azure as a person does: a snapshot of it is made, since the disk of a machine that
 * runs gives no access; read access is granted, the page blob behind the SAS is downloaded (its used ranges only),
 * access is revoked. What lies there is a fixed VHD: the disk, then a 512-byte footer. [docs: articles/virtual-machines/linux/disks-upload-vhd-to-managed-disk-cli.md]
 */
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { defineErrors } from '#core/errors.ts';
import type { HttpAnswer, HttpClient } from '#core/net/http-client.ts';
import { type Bytes, MIB } from '#core/units.ts';
import { type ArmClient, textOf } from './arm-client.ts';

export const errors = defineErrors({
  'export.failed': {
    blame: 'check',
    why: 'The disk that the migration produced could not be read, or is not a fixed VHD.',
    next: 'Look at the answer named above; the exchange is in the trace of the run.',
  },
});

const DISKS = '2023-04-02';
const BLOB_VERSION = '2021-08-06';
const FOOTER_BYTES = 512;
const STEP_BYTES: Bytes = 4 * MIB;

export interface ExportedDisk {
  /** Of the disk itself, without the footer. */
  readonly sizeBytes: Bytes;
  /** SHA-256, hex, over every byte of the disk. */
  readonly sha256: string;
}

/**
 * Downloads a managed disk into a file, as a fixed VHD.
 * @param diskId ARM id of the disk.
 * @throws `export.failed`
 */
export async function exportDisk(
  arm: ArmClient,
  http: HttpClient,
  diskId: string,
  file: string,
): Promise<ExportedDisk> {
  const { location } = await arm.get(diskId, DISKS);
  const snapshot = `${diskId.replace(/\/disks\/([^/]+)$/i, '/snapshots/$1')}-export`;
  await arm.put(snapshot, DISKS, {
    location,
    properties: { creationData: { createOption: 'Copy', sourceResourceId: diskId } },
  });
  const granted = await arm.post(`${snapshot}/beginGetAccess`, DISKS, {
    access: 'Read',
    durationInSeconds: 3600,
  });
  const sas = textOf(granted['accessSAS']) ?? textOf(granted['properties']?.['output']?.['accessSAS']);
  if (sas === undefined) throw failed(`${diskId}: no SAS was granted`);
  try {
    return await download(http, sas, file);
  } finally {
    await arm.post(`${snapshot}/endGetAccess`, DISKS);
    await arm.delete(snapshot, DISKS);
  }
}

async function download(http: HttpClient, sas: string, file: string): Promise<ExportedDisk> {
  const ask = (method: string, query = '', headers: Record<string, string> = {}) =>
    http.fetch({
      method,
      url: `${sas}${query}`,
      headers: { 'x-ms-version': BLOB_VERSION, ...headers },
      bodyBytesMax: 2 * STEP_BYTES + MIB,
    });
  const head = expect(await ask('HEAD'), 200, 'properties');
  const totalBytes = Number(head.headers['content-length']);
  const sizeBytes = totalBytes - FOOTER_BYTES;
  const ranges = pageRanges(expect(await ask('GET', '&comp=pagelist'), 200, 'page ranges'));
  const hash = createHash('sha256');
  const zeros = Buffer.alloc(STEP_BYTES);
  const out = openSync(file, 'w');
  try {
    for (let at = 0; at < totalBytes; at += STEP_BYTES) {
      const end = Math.min(totalBytes, at + STEP_BYTES);
      const used = ranges.some(([start, stop]) => start < end && stop > at);
      const range = { 'x-ms-range': `bytes=${at}-${end - 1}` };
      const content = used
        ? expect(await ask('GET', '', range), 206, 'content').body
        : zeros.subarray(0, end - at);
      if (content.length !== end - at) throw failed(`${content.length} of ${end - at} bytes came`);
      if (used) writeSync(out, content, 0, content.length, at);
      hash.update(content.subarray(0, Math.max(0, Math.min(sizeBytes, end) - at)));
      if (
        end === totalBytes &&
        content.toString('latin1', content.length - FOOTER_BYTES).slice(0, 8) !== 'conectix'
      )
        throw failed('the footer of a VHD is missing at its end');
    }
    ftruncateSync(out, totalBytes);
  } finally {
    closeSync(out);
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** `<PageList><PageRange><Start>0</Start><End>511</End></PageRange>…`; End is inclusive. */
function pageRanges({ body }: HttpAnswer): Array<readonly [start: Bytes, end: Bytes]> {
  const text = body.toString('utf8');
  if (/<NextMarker>[^<]+<\/NextMarker>/.test(text)) throw failed('the list of page ranges has a second page');
  return [...text.matchAll(/<PageRange>\s*<Start>(\d+)<\/Start>\s*<End>(\d+)<\/End>\s*<\/PageRange>/g)].map(
    ([, start, end]) => [Number(start), Number(end) + 1] as const,
  );
}

function expect(answer: HttpAnswer, status: number, what: string): HttpAnswer {
  if (answer.status === status) return answer;
  throw failed(`${what}: ${answer.status} ${String(answer.headers['x-ms-error-code'] ?? '')}`);
}

function failed(what: string): Error {
  return errors.make('export.failed', { what: `The disk could not be exported: ${what}.` });
}
