/**
 * Files that services of the cloud leave for clients to fetch, or wait for clients to bring: reports of
 * assessments, lists of jobs, lists of servers. They are blobs of one account, reached by a signature.
 */
import { HOUR, type Millis } from '#core/units.ts';
import type { SimulatorContext } from '../kit/context.ts';
import type { StorageService } from './storage/service.ts';

export interface PublishedFile {
  /** Without the signature. */
  readonly blobUri: string;
  readonly sasToken: string;
  readonly expiresAt: number;
}

export interface PublishedFiles {
  /** Stores a file. @param folder becomes the name of a container */
  publish(folder: string, name: string, content: Uint8Array, contentType: string): PublishedFile;
  /** Where a client may bring a file. */
  expect(folder: string, name: string): PublishedFile;
  /** What a client brought; undefined so far. */
  fetch(folder: string, name: string): Buffer | undefined;
}

const LIFE_MS: Millis = 4 * HOUR;

/** @param account name of an account that exists */
export function publishedFiles(
  { clock }: SimulatorContext,
  storage: StorageService,
  account: string,
): PublishedFiles {
  const granted = (folder: string, name: string, permissions: string): PublishedFile => {
    storage.container(account, folder);
    const expiresAt = clock.wall() + LIFE_MS;
    const url = storage.issueContainerSas({ account, container: folder, permissions, expiresAt });
    const [origin = '', sasToken = ''] = url.split('?');
    return { blobUri: `${origin}/${name}`, sasToken, expiresAt };
  };
  return {
    publish(folder, name, content, contentType) {
      storage.container(account, folder);
      storage.putBlob(account, folder, name, content, contentType);
      return granted(folder, name, 'r');
    },
    expect: (folder, name) => granted(folder, name, 'rcw'),
    fetch: (folder, name) => storage.readBlob(account, folder, name)?.content,
  };
}
