/** Every Markdown page of the repository. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Page, parsePage } from './markdown.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** In the order of their paths. Dependencies and hidden folders are not ours. */
export function allPages(): Page[] {
  return markdownBelow('')
    .sort()
    .map((path) => parsePage(path, readFileSync(join(ROOT, path), 'utf8')));
}

/** The pages whose commands are run: what a new user is told to type. */
export function isRun({ path }: Page): boolean {
  return path === 'README.md' || path.startsWith('docs/guides/');
}

function markdownBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return markdownBelow(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}
