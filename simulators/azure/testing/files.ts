/** Published files that stay in memory, for tests that serve no storage. */
import type { PublishedFiles } from '../published-files.ts';

export interface TestFiles extends PublishedFiles {
  /** By "folder/name". */
  readonly stored: Map<string, Buffer>;
}

export function testFiles(): TestFiles {
  const stored = new Map<string, Buffer>();
  const file = (folder: string, name: string) => ({
    blobUri: `https://files.test/${folder}/${name}`,
    sasToken: 'sig=test',
    expiresAt: 0,
  });
  return {
    stored,
    publish(folder, name, content) {
      stored.set(`${folder}/${name}`, Buffer.from(content));
      return file(folder, name);
    },
    expect: file,
    fetch: (folder, name) => stored.get(`${folder}/${name}`),
  };
}
