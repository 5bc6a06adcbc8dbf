/** Versions of the blob service that are accepted in `x-ms-version`, and of signatures in `sv`. */
import { badHeader } from './storage-fault.ts';

/** learn.microsoft.com, rest/api/storageservices/versioning-for-the-azure-storage-services; in order. */
const SERVICE_VERSIONS: readonly string[] = [
  ...['2019-12-12', '2020-02-10', '2020-04-08', '2020-06-12', '2020-08-04', '2020-10-02', '2020-12-06'],
  ...['2021-02-12', '2021-04-10', '2021-06-08', '2021-08-06', '2021-10-04', '2021-12-02', '2022-11-02'],
  ...['2023-01-03', '2023-05-03', '2023-08-03', '2023-11-03', '2024-02-04', '2024-05-04', '2024-08-04'],
  ...['2024-11-04', '2025-01-05', '2025-05-05', '2025-07-05', '2025-11-05', '2026-02-06', '2026-04-06'],
  ...['2026-06-06', '2026-10-06'],
];

/** A signature may be older than the request that carries it. */
const SIGNATURE_VERSIONS: readonly string[] = [
  ...['2015-04-05', '2015-07-08', '2015-12-11', '2016-05-31', '2017-04-17', '2017-07-29', '2017-11-09'],
  ...['2018-03-28', '2018-11-09', '2019-02-02', '2019-07-07', '2019-10-10'],
  ...SERVICE_VERSIONS,
];

/** The oldest that blobs and queues are spoken to in; tables keep to older ones. */
export const OLDEST_VERSION = SERVICE_VERSIONS[0]!;

export function isSignatureVersion(version: string): boolean {
  return SIGNATURE_VERSIONS.includes(version);
}

/**
 * Version of a request: its header, else that of its signature, else the one given.
 * @param oldest that the service accepts
 * @throws StorageFault InvalidHeaderValue when it is none of ours
 */
export function serviceVersion(
  header: string | undefined,
  signatureVersion: string | undefined,
  oldest: string,
  otherwise: string = oldest,
): string {
  const isOurs = (version: string): boolean => version >= oldest && isSignatureVersion(version);
  if (header !== undefined) {
    if (!isOurs(header)) throw badHeader('x-ms-version', header);
    return header;
  }
  return signatureVersion !== undefined && isOurs(signatureVersion) ? signatureVersion : otherwise;
}
