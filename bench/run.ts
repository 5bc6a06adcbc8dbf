/**
 * `npm run bench [-- name…] [-- --json FILE]`: every suite under bench/suites, or those whose name contains
 * one of the words. Prints a line a bench; with --json also writes the figures. `--peer vcsim` adds a peer that
 * is another program.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Measured, measureBench } from './measure.ts';
import type { BenchSuite, Figure } from './suite.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, peer: { type: 'string', multiple: true } },
});

const folder = new URL('./suites/', import.meta.url);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.ts'))
  .filter((name) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`no suite matches ${positionals.join(' ')}; there are: ${readdirSync(folder).join(', ')}`);
  process.exit(2);
}

console.log(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`);
const results: Measured[] = [];
const figures: Array<Figure & { suite: string }> = [];
for (const file of files) {
  const { suite } = (await import(new URL(file, folder).href)) as { suite: BenchSuite };
  for (const bench of await suite.benches()) {
    const measured = await measureBench(suite.name, bench);
    results.push(measured);
    console.log(line(measured));
  }
  if (!suite.figures) continue;
  for await (const figure of suite.figures(new Set(values.peer))) {
    figures.push({ suite: suite.name, ...figure });
    console.log(lineOf(suite.name, figure));
  }
}
if (values.json) {
  const machine = { node: process.version, cores: cpus().length, model: cpus()[0]?.model ?? 'unknown' };
  writeFileSync(
    values.json,
    `${JSON.stringify({ format: 'drylift/bench/v1', machine, results, figures }, null, 2)}\n`,
  );
}
process.exit(0); // suites may leave worlds behind

function line({ suite, bench, unit, unitsPerSecond, peer, cpuMsPerUnit: cpu }: Measured): string {
  const rate = `${short(unitsPerSecond)} ${unit}/s`;
  const against = peer ? `  ${peer.ratio.toFixed(2)} × the time of ${peer.name}` : '';
  const spent = cpu ? `  CPU ${cpu.mine.toFixed(2)}, peer ${cpu.peer.toFixed(2)} ms/${unit}` : '';
  return `${suite.padEnd(22)} ${bench.padEnd(58)} ${rate.padStart(22)}${against}${spent}`;
}

function lineOf(suite: string, { name, value, unit, wanted, peer }: Figure): string {
  const against = peer ? `  ${peer.times.toFixed(2)} × as good as ${peer.name} (${short(peer.value)})` : '';
  const target = wanted ? `  [${wanted}]` : '';
  return `${suite.padEnd(22)} ${name.padEnd(72)} ${`${short(value)} ${unit}`.padStart(18)}${target}${against}`;
}

function short(n: number): string {
  for (const [suffix, factor] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const)
    if (n >= factor) return `${(n / factor).toPrecision(3)} ${suffix}`;
  return n.toPrecision(3);
}
