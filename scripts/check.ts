/**
 * `npm run check`: types, format and lint, forgotten promises, import rules, determinism rules, test
 * projects, dead code and dependencies, and the appliance on its own. Every finding is an error; each names what to do instead.
 */
import { spawnSync } from 'node:child_process';
import { checkIsolation } from './rules/isolation.ts';
import { checkProjects } from './rules/projects.ts';
import { checkSources } from './rules/sources.ts';

interface Step {
  readonly name: string;
  /** Findings, one line or more each; none means passed. */
  readonly run: () => string[] | Promise<string[]>;
}

const STEPS: readonly Step[] = [
  { name: 'types', run: () => command('tsc', ['-b']) },
  { name: 'format and lint', run: () => command('biome', ['check', '--error-on-warnings', '.']) },
  {
    name: 'forgotten promises',
    run: () =>
      command('oxlint', [
        '--type-aware',
        '--disable-unicorn-plugin',
        '--disable-oxc-plugin',
        '-A',
        'all',
        '-D',
        'typescript/no-floating-promises',
        '-D',
        'typescript/no-misused-promises',
        '.',
      ]),
  },
  { name: 'imports, determinism and house rules', run: checkSources },
  { name: 'test projects', run: checkProjects },
  { name: 'dead code and dependencies', run: () => command('knip', ['--no-progress', '--no-config-hints']) },
  { name: 'the appliance without the simulators', run: checkIsolation },
];

let failed = 0;
for (const { name, run } of STEPS) {
  const started = performance.now();
  const findings = await run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${findings.length === 0 ? 'ok  ' : 'FAIL'}  ${name}  ${seconds} s`);
  for (const finding of findings) console.log(`      ${finding.replaceAll('\n', '\n      ')}`);
  if (findings.length > 0) failed++;
}
process.exitCode = failed === 0 ? 0 : 1;

function command(name: string, args: readonly string[]): string[] {
  const result = spawnSync(name, args, { encoding: 'utf8', shell: false });
  if (result.error) return [`${name} could not be started: ${result.error.message}. Run npm ci.`];
  return result.status === 0
    ? []
    : [`${result.stdout}${result.stderr}`.trim() || `${name} ended with ${result.status}`];
}
