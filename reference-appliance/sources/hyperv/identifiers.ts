/** How things of a virtual machine are named on a host, and as the rest of the appliance names them. */

const GUID = '[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}';
const IS_GUID = new RegExp(`^${GUID}$`);
const OF_MACHINE = new RegExp(`^Microsoft:(?:GuestNetwork\\\\)?(${GUID})(?:\\\\|$)`);

export function isGuid(text: string): boolean {
  return IS_GUID.test(text);
}

/** GUID of the machine (or checkpoint) that "Microsoft:GUID\…" is part of, in upper case. */
export function machineOf(instanceId: string): string | undefined {
  return OF_MACHINE.exec(instanceId)?.[1]?.toUpperCase();
}

/** The key in a path such as `\\HOST\root\virtualization\v2:Class.InstanceID="…"`, its escapes undone. */
export function keyInPath(path: string, key: string): string | undefined {
  const quoted = new RegExp(`[.,]${key}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(path)?.[1];
  return quoted?.replace(/\\(.)/g, '$1');
}

/** An InstanceID in the characters that identifiers may have; cut where it is beyond all measure. */
export function plainId(instanceId: string): string {
  return instanceId.replace(/[^\w.:{}-]/g, ':').slice(0, 128);
}

/** The instance name of a virtual disk's counters: backslashes and colons of its path are dashes. */
export function counterNameOfPath(path: string): string {
  return path.replace(/[\\:/]/g, '-').toLowerCase();
}

/** "\\\\server\\share" of a path on a file server. */
export function shareOf(path: string): string | undefined {
  return /^\\\\(?![?.]\\)[^\\]+\\[^\\]+/.exec(path)?.[0];
}
