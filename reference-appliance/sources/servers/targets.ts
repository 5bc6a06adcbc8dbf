/** Servers to look at, as configured. */
import type { TlsClientOptions } from '#core/net/transport.ts';

export interface ServerTarget {
  /** Name or address to dial. */
  readonly address: string;
  readonly os: 'linux' | 'windows';
  /** Undefined: 22 for Linux; for Windows 5986, and 5985 when nothing answers there. */
  readonly port: number | undefined;
  /** Name of the one credential to use; undefined: all of the system's family, in order. */
  readonly credential: string | undefined;
  /** What to call the machine; undefined: as it names itself. */
  readonly name: string | undefined;
  /** Linux: "SHA256:…" of the one host key to accept; undefined: the one that is seen first. */
  readonly hostKey: string | undefined;
  /** Windows, 5986: whom to trust. */
  readonly tls: Omit<TlsClientOptions, 'serverName'>;
}

export const SSH_PORT = 22;
export const WINRM_HTTPS_PORT = 5986;
export const WINRM_HTTP_PORT = 5985;

/** Tells targets apart, in messages and as handle: the address, with the port where it is not the usual one. */
export function labelOf({ address, os, port }: Pick<ServerTarget, 'address' | 'os' | 'port'>): string {
  const isUsual = port === undefined || (os === 'linux' && port === SSH_PORT);
  return isUsual ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
