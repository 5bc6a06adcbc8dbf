/** What the documentation says is true: its commands run, its links lead somewhere, its names exist. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '#appliance/config-file.ts';
import { declaredErrors } from '#core/errors.ts';
import { requireInstalled } from '#core/testing/installed.ts';
import { COUNTERS as SERIES_COUNTERS } from '#simulators/azure/discovery-service/inventory.ts';
import { COUNTERS } from '#simulators/estate/workload-curve.ts';
import { loadDeclarations } from './commands/explain.ts';
import type { Fence, Page } from './docs/markdown.ts';
import { allPages, isRun, ROOT } from './docs/pages.ts';
import { Sandbox } from './docs/shell.ts';
import { parseScenario } from './kit/scenario-yaml.ts';

const PAGES = allPages();
const LIMIT_MS = 300_000;

/** Commands that stand in the documentation and are not run here, with the reason. Nothing else is left out. */
const NOT_RUN_HERE: Readonly<Record<string, string>> = {
  'npm test': 'this test is part of it',
};

/** What may be said of a block after ```sh. */
const SETTINGS = ['exit', 'needs'];

/** Programs of others that a block can need: how to ask for them, and where Debian has them. */
const CLIENTS: Readonly<Record<string, [command: string, args: readonly string[], debianPackage: string]>> = {
  ansible: ['ansible-playbook', ['--version'], 'ansible'],
  azurePython: ['/usr/bin/python3', ['-c', 'import azure.identity, azure.mgmt.resource'], 'azure-cli'],
  curl: ['curl', ['--version'], 'curl'],
  ssh: ['ssh', ['-V'], 'openssh-client'],
  pyVmomi: ['/usr/bin/python3', ['-c', 'import pyVmomi'], 'python3-pyvmomi'],
  virsh: ['virsh', ['--version'], 'libvirt-clients'],
};

for (const page of PAGES.filter(isRun)) {
  const blocks = page.fences.filter(
    (fence) => fence.language === 'sh' && !(commandsOf(fence) in NOT_RUN_HERE),
  );
  if (blocks.length === 0) continue;
  describe(`the commands of ${page.path}`, () => {
    let sandbox: Sandbox;
    let isBroken = false;
    beforeAll(() => {
      sandbox = new Sandbox();
    });
    afterAll(() => sandbox.remove());

    test.for(blocks.map((block) => [titleOf(block), block] as const))(
      'line %s',
      { timeout: LIMIT_MS + 10_000 },
      async ([, block], context) => {
        for (const name of block.settings.keys()) expect(SETTINGS, 'a setting of a block').toContain(name);
        const client = block.settings.get('needs');
        if (client !== undefined) requireInstalled(context, ...CLIENTS[client]!);
        expect(isBroken, 'a block above failed, and the blocks of a page build on one another').toBe(false);
        isBroken = true;
        const outcome = await sandbox.run(commandsOf(block), LIMIT_MS);
        expect(outcome.code, outcome.output).toBe(Number(block.settings.get('exit') ?? 0));
        isBroken = false;
      },
    );
  });
}

/** What is typed, less the installation, which a test that runs has behind it. */
function commandsOf({ text }: Fence): string {
  return text.replace(/^npm ci && /, '').trim();
}

function titleOf({ line, text }: Fence): string {
  const [first = '', ...others] = text.trim().split('\n');
  return `${line}: ${first}${others.length > 0 ? ' …' : ''}`;
}

describe('the pages', () => {
  test('every relative link leads to a file, and to a heading in it', () => {
    const known = new Map(PAGES.map((page) => [page.path, page]));
    const broken = PAGES.flatMap((page) =>
      page.links
        .filter(({ target }) => !/^[a-z]+:/.test(target))
        .filter(({ target }) => !leadsSomewhere(page, target, known))
        .map(({ target, line }) => `${page.path}:${line}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test('every error code, fault point and counter they name exists', async () => {
    await loadDeclarations();
    const codes = declaredErrors().map(([code]) => code);
    const families = new Set(codes.map((code) => code.split('.')[0]));
    const points = drylift('explain', 'points')
      .split('\n')
      .filter((row) => /^\S/.test(row));
    expect(points).toContain('vcenter.QueryPerf');
    for (const point of points) families.add(point.split('.')[0]);
    const known = new Set<string>([...codes, ...points, ...COUNTERS, ...Object.keys(SERIES_COUNTERS)]);
    const exists = (name: string): boolean =>
      name.endsWith('.*') ? codes.some((code) => code.startsWith(name.slice(0, -1))) : known.has(name);
    const unknown = PAGES.filter((page) => isRun(page) || page.path.startsWith('docs/')).flatMap((page) =>
      namesIn(page)
        .filter(({ name }) => families.has(name.split('.')[0]!) && !exists(name))
        .map(({ name, line }) => `${page.path}:${line}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  test('every scenario and configuration they show is well formed', () => {
    const read: Record<string, (text: string, file: string) => unknown> = {
      'scenario/v1': parseScenario,
      'appliance/v1': parseConfig,
    };
    for (const page of PAGES)
      for (const { language, text, line } of page.fences) {
        const format = language === 'yaml' && /^drylift: (\S+)$/m.exec(text)?.[1];
        if (format) read[format]!(text, `${page.path}:${line}`);
      }
  });

  test('every command and option of drylift they name is one that --help knows', () => {
    const helps = new Map<string, string>();
    const helpOf = (words: readonly string[]): string => {
      const key = words.join(' ');
      const known = helps.get(key);
      if (known !== undefined) return known;
      const help = drylift(...words, '--help');
      helps.set(key, help);
      return help;
    };
    const wrong = PAGES.filter(isRun).flatMap((page) =>
      commandsIn(page).flatMap(({ command, line }) =>
        mistakesIn(command, helpOf).map((mistake) => `${page.path}:${line}: ${command}: ${mistake}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test(`not run above, and still in the pages: ${Object.keys(NOT_RUN_HERE).join(', ')}`, () => {
    const told = PAGES.filter(isRun).flatMap(({ fences }) => fences.map(commandsOf));
    for (const [commands, reason] of Object.entries(NOT_RUN_HERE)) expect(told, reason).toContain(commands);
  });

  test('blocks that nobody runs say so: sh is run, text, console and yaml are not', () => {
    const allowed = ['sh', 'text', 'console', 'yaml', 'ts', 'json'];
    const strange = PAGES.filter(isRun).flatMap((page) =>
      page.fences
        .filter(({ language }) => !allowed.includes(language))
        .map(({ language, line }) => `${page.path}:${line}: ${language || 'no language'}`),
    );
    expect(strange).toEqual([]);
  });
});

function leadsSomewhere(page: Page, target: string, known: ReadonlyMap<string, Page>): boolean {
  const [file = '', anchor] = target.split('#', 2);
  const path = file === '' ? page.path : normalize(join(dirname(page.path), decodeURI(file)));
  if (path.startsWith('..') || !existsSync(join(ROOT, path))) return false;
  return anchor === undefined || (known.get(path)?.anchors.has(anchor) ?? false);
}

/** What the command prints. @throws when it fails */
function drylift(...words: string[]): string {
  const run = spawnSync(process.execPath, ['bin/drylift.mjs', ...words], { cwd: ROOT, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`drylift ${words.join(' ')} ended with ${run.status}: ${run.stderr}`);
  return run.stdout;
}

/** Dotted names: whole code spans, and words that begin a line of shown output, as codes do. */
function namesIn({ spans, fences }: Page): Array<{ name: string; line: number }> {
  const DOTTED = /^[a-z][A-Za-z]*(?:\.[A-Za-z]+)+$|^[a-z][A-Za-z]*(?:\.[A-Za-z]+)*\.\*$/;
  const FILES = /\.(?:ts|md|csv|json|yaml|xlsx|xml|html|env|log|db|key|pem|gz)$/;
  const shown = fences
    .filter(({ language }) => language === 'text' || language === 'console')
    .flatMap(({ text, line }) =>
      text.split('\n').flatMap((row, i) => {
        const name = /^\s*([a-z][A-Za-z]*(?:\.[A-Za-z]+)+) {2}/.exec(row)?.[1];
        return name === undefined ? [] : [{ name, line: line + 1 + i }];
      }),
    );
  return [...spans.map(({ text, line }) => ({ name: text, line })), ...shown].filter(
    ({ name }) => DOTTED.test(name) && !FILES.test(name),
  );
}

/** `npx drylift …` and `drylift …`, in code spans and in every fenced line. */
function commandsIn({ spans, fences }: Page): Array<{ command: string; line: number }> {
  const lines = [
    ...spans,
    ...fences
      .filter(({ language }) => ['sh', 'text', 'console'].includes(language))
      .flatMap(({ text, line }) =>
        text
          .replaceAll('\\\n', '  ')
          .split('\n')
          .map((row, i) => ({ text: row, line: line + 1 + i })),
      ),
  ];
  return lines.flatMap(({ text, line }) => {
    const command = /(?:^|[\s;&|(]|\$ )(?:npx )?drylift ([a-z][^;&|>#)]*)/.exec(text)?.[1];
    return command === undefined ? [] : [{ command: command.trim(), line }];
  });
}

function mistakesIn(command: string, helpOf: (words: readonly string[]) => string): string[] {
  const words = command.split(/\s+/);
  const path: string[] = [];
  for (const word of words) {
    const help = helpOf(path);
    const isCommand = new RegExp(`^  ${word}\\b`, 'm').test(help.split(/^Commands:$/m)[1] ?? '');
    if (!/^[a-z][a-z-]*$/.test(word) || !isCommand) break;
    path.push(word);
  }
  if (path.length === 0) return [`"${words[0]}" is no command`];
  const help = helpOf(path);
  return words
    .filter((word) => word.startsWith('--'))
    .map((word) => word.split('=')[0]!)
    .filter((option) => option !== '--' && !help.includes(`${option} `) && !help.includes(`${option}\n`))
    .map((option) => `${option} is no option of drylift ${path.join(' ')}`);
}
