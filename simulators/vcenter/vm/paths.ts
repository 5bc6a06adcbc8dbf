/** Datastore paths: "[datastore] folder/file.vmdk". */

export interface DatastorePath {
  readonly datastore: string;
  /** Below the datastore's root, without slashes at its ends; "" is the root. */
  readonly path: string;
}

/** Undefined when the text is no datastore path. */
export function parseDatastorePath(text: string): DatastorePath | undefined {
  const match = /^\[([^\]]+)\] ?(.*)$/.exec(text);
  return match ? { datastore: match[1]!, path: match[2]!.replace(/^\/+|\/+$/g, '') } : undefined;
}

export function formatDatastorePath({ datastore, path }: DatastorePath): string {
  return `[${datastore}] ${path}`;
}

export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** "dir/x.vmdk" → "dir/x" */
export function withoutExtension(path: string): string {
  return path.replace(/\.[^./]+$/, '');
}

/** "564d3c07-…" as VMX files write it: "56 4d 3c 07 .. ..-.. ..". */
export function vmxUuid(uuid: string): string {
  const bytes = uuid.replaceAll('-', '').match(/../g) ?? [];
  return `${bytes.slice(0, 8).join(' ')}-${bytes.slice(8).join(' ')}`;
}
