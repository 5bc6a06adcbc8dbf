/**
 * House rules that no linter knows: who may import whom, where time and chance may come from, and what a
 * source file looks like. Each rule names the replacement.
 */
import { type SourceFile, sourceFiles } from './source-files.ts';

/** Folder → folders it may import. A test obeys the same table. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  simulators: ['core'],
  appliance: ['core'],
  reports: ['core'],
  scenarios: ['core', 'simulators', 'appliance', 'reports'],
  bench: ['core', 'simulators', 'appliance', 'scenarios', 'reports'],
};

/** Inside simulators: a protocol sees the kit and the estate, not another protocol. */
const PROTOCOLS = ['vcenter', 'azure', 'winrm', 'windows', 'hyperv', 'physical', 'internet'];
/** … but for these, which are made of others: docs/decisions/0011-windows-hosts.md. */
const BUILT_ON: Readonly<Record<string, readonly string[]>> = {
  windows: ['winrm'],
  hyperv: ['winrm', 'windows'],
};

/** Libraries that core may use: small and pure. */
const CORE_LIBRARIES = ['saxes', 'seedrandom', '@peculiar/x509', 'reflect-metadata'];

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Files in which it is allowed. */
  readonly except: RegExp;
}

const COMPOSITION_ROOTS =
  /^(scripts\/|bin\/|drylift\.ts|vitest\.|[a-z-]+\/cli\.ts|reference-appliance\/main\.ts)/;
const or = (...patterns: RegExp[]): RegExp => new RegExp(patterns.map((p) => p.source).join('|'));
const TESTS = /\.(test|long)\.ts$|^core\/testing\/|\/crosscheck\//;

const BANS: readonly Ban[] = [
  {
    pattern: /\bDate\.now\(/,
    instead: 'clock.wall() of core/time/clock.ts',
    except: or(/^core\/time\//, COMPOSITION_ROOTS, TESTS),
  },
  {
    pattern: /\bnew Date\(\)/,
    instead: 'new Date(clock.wall())',
    except: or(/^core\/time\//, COMPOSITION_ROOTS, TESTS),
  },
  {
    pattern: /\bperformance\.now\(/,
    instead: 'clock.monotonic()',
    except: or(/^core\/time\//, /^bench\//, COMPOSITION_ROOTS, TESTS),
  },
  {
    pattern: /\bMath\.random\(/,
    instead: 'entropy.ratio(stream, …keys) of core/entropy/entropy.ts',
    except: /^core\/entropy\//,
  },
  {
    pattern: /\b(randomUUID|randomBytes|randomInt|getRandomValues)\(/,
    instead: 'entropy.uuid or entropy.bytes; for real secrets core/secrets.ts',
    except: or(/^core\/entropy\//, /^core\/secrets\.ts/, COMPOSITION_ROOTS, TESTS),
  },
  {
    pattern: /(?<![.\w])(setTimeout|setInterval)\((?!\): this)/,
    instead: 'clock.schedule, sleep or deadline of core/time/clock.ts',
    except: or(/^core\/time\//, COMPOSITION_ROOTS, TESTS),
  },
  {
    pattern: /(?<![.\w])setImmediate\(/,
    instead: 'clock.schedule, or await',
    except: or(/^core\/(time|net)\//, TESTS),
  },
  {
    pattern: /\bprocess\.env\b/,
    instead: 'a setting handed down from the composition root',
    except: or(/^core\/config\.ts/, COMPOSITION_ROOTS, TESTS),
  },
  {
    pattern:
      /\b(createGzip|createGunzip|createDeflate|createInflate|createZstdCompress|createZstdDecompress|createBrotliCompress)\(/,
    instead: 'the …Sync functions of node:zlib: asynchronous streams are invisible to the virtual clock',
    except: TESTS,
  },
  { pattern: /@ts-(ignore|nocheck|expect-error)/, instead: 'a type that says what is meant', except: /^$/ },
  { pattern: /\bas any\b|: any(?=\s*[;,)=\]{]|$)/, instead: 'unknown, and a check', except: /^$/ },
  {
    pattern: /\b(it|test|describe)\.(only|todo)\b/,
    instead: 'nothing: finish it or leave it out',
    except: /^scripts\/rules\//,
  },
  {
    pattern: /(?<!['"`/\w])\/(work|farm|home|root)\//,
    instead: 'a path relative to import.meta.url',
    except: or(/^$/),
  },
];

export function checkSources(): string[] {
  const findings: string[] = [];
  for (const file of sourceFiles()) {
    findings.push(...importFindings(file), ...banFindings(file));
    if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*\.ts$/.test(file.path.split('/').at(-1)!))
      findings.push(`${file.path}: file names are kebab-case.ts`);
  }
  return findings;
}

function importFindings({ path, text }: SourceFile): string[] {
  const folder = path.split('/')[0]!.replace('reference-appliance', 'appliance');
  const allowed = MAY_IMPORT[folder];
  if (!allowed) return [];
  const findings: string[] = [];
  for (const [statement, specifier] of imports(text)) {
    const place = `${path}:${text.slice(0, text.indexOf(statement)).split('\n').length}`;
    const target = /^#([a-z]+)\//.exec(specifier)?.[1];
    if (target && target !== folder && !allowed.includes(target))
      findings.push(
        `${place}: ${folder} may not import ${specifier}; it may import ${allowed.join(', ') || 'nothing of ours'}`,
      );
    if (target === folder)
      findings.push(`${place}: inside ${folder}, import ${specifier} by its relative path`);
    if (folder === 'simulators') findings.push(...protocolFindings(path, specifier, place));
    if (/^\.\.?\//.test(specifier) && !/\.(ts|json)$/.test(specifier))
      findings.push(`${place}: write the extension: ${specifier}.ts`);
    const library = /^(@[^/]+\/[^/]+|[^./#@][^/]*)/.exec(specifier)?.[1];
    if (
      folder === 'core' &&
      library &&
      !specifier.startsWith('node:') &&
      !CORE_LIBRARIES.includes(library) &&
      !TESTS.test(path) &&
      !path.startsWith('core/testing/')
    )
      findings.push(`${place}: core may use only ${CORE_LIBRARIES.join(', ')} and node:*, not ${library}`);
  }
  if (
    /\/oracle|kit\/checks\//.test(path) &&
    /^import (?!type)[^;]*?from '#core\/(metrics|assessment)/m.test(text)
  )
    findings.push(
      `${path}: an oracle never imports the code it judges (core/metrics, core/assessment); compute it in the plainest way`,
    );
  return findings;
}

function protocolFindings(path: string, specifier: string, place: string): string[] {
  const mine = path.split('/')[1]!;
  if (!specifier.startsWith('.')) return [];
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1).split('/');
  const theirs = target[1]!;
  if (target[0] !== 'simulators' || theirs === mine || target.length < 3) return [];
  if (mine === 'estate' && theirs !== 'kit') return [`${place}: estate imports no protocol`];
  // what is put together to be served or tested as a whole is put together there
  const isOther = PROTOCOLS.includes(theirs) && !BUILT_ON[mine]?.includes(theirs);
  if (PROTOCOLS.includes(mine) && isOther && !/serve\.ts$|\.test\.ts$/.test(path))
    return [`${place}: ${mine} may import kit and estate, not ${theirs}`];
  return [];
}

function* imports(text: string): Generator<[statement: string, specifier: string]> {
  for (const match of text.matchAll(
    /^(?:import|export)\b[^'"`;]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
  ))
    yield [match[0], (match[1] ?? match[2] ?? match[3])!];
}

function banFindings({ path, text }: SourceFile): string[] {
  if (path === 'scripts/rules/sources.ts') return [];
  const findings: string[] = [];
  const lines = text.split('\n');
  for (const { pattern, instead, except } of BANS) {
    if (except.source !== '^$' && except.test(path)) continue;
    lines.forEach((line, i) => {
      if (pattern.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line))
        findings.push(`${path}:${i + 1}: ${pattern.exec(line)![0].trim()}: use ${instead}`);
    });
  }
  return findings;
}
