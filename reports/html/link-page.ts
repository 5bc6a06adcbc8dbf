/**
 * Joins the TypeScript modules of the report page into one script, with no bundler: types are blanked out by
 * Node, each module becomes a function scope, imports become destructuring. That is possible because our
 * modules only use `import { a } from 'x'` and `export function|const|class`; anything else is refused here.
 */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { assert } from '#core/assert.ts';

const IMPORT = /^import\s*\{([^}]*)\}\s*from\s*'([^']+)';/gm;
const EXPORT = /^export (async function|function|const|class) ([A-Za-z_]\w*)/gm;

/** Root of the package: `#core/x.ts` is a path from there, as package.json's `imports` say. */
const ROOT = new URL('../../', import.meta.url);

/** @param entry the module that is run last. @returns one classic script in strict mode. */
export function linkPage(entry: URL): string {
  const done = new Map<string, string>();
  const scopes: string[] = [];
  const visit = (url: URL, importers: readonly string[]): string => {
    assert(!importers.includes(url.href), `modules of the page import one another in a circle: ${url.href}`);
    const known = done.get(url.href);
    if (known !== undefined) return known;
    let code = blankTypes(readFileSync(url, 'utf8'));
    code = code.replace(IMPORT, (_, names: string, from: string) => {
      const target = from.startsWith('#') ? new URL(from.slice(1), ROOT) : new URL(from, url);
      const scope = visit(target, [...importers, url.href]);
      return `const {${names.replaceAll(' as ', ': ')}} = ${scope};`;
    });
    const exported: string[] = [];
    code = code.replace(EXPORT, (_, what: string, name: string) => {
      exported.push(name);
      return `${what} ${name}`;
    });
    const left = /^(?:import|export)\b.*/m.exec(code);
    assert(left === null, `the page cannot be linked: ${url.pathname.split('/').pop()} has "${left?.[0]}"`);
    const name = `module${done.size}`;
    done.set(url.href, name);
    scopes.push(`const ${name} = (() => {\n${code}\nreturn { ${exported.join(', ')} };\n})();`);
    return name;
  };
  visit(entry, []);
  return `'use strict';\n(() => {\n${scopes.join('\n')}\n})();\n`;
}

/** Node calls `stripTypeScriptTypes` experimental, on the terminal; the page is proved by its own tests. */
function blankTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source)
      .replace(/[ \t]+$/gm, '')
      .replace(/\n{3,}/g, '\n\n');
  } finally {
    process.emitWarning = emitWarning;
  }
}
