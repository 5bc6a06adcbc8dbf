/**
 * One HTML file that shows a run: it opens by double click, travels as one file, asks nobody for anything.
 * The record is inside as compressed data and is never markup: the page builds text nodes from it, and its
 * content security policy names the two scripts it may run and no address it may fetch from.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { assert } from '#core/assert.ts';
import type { RunRecord } from '#core/contracts/run-record.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { SIMULATION_NOTICE, VERDICT_WORDS } from '../view/words.ts';
import { linkPage } from './link-page.ts';
import { DEFAULT_LIMITS, pack, type ReportLimits } from './pack.ts';

export interface ReportInput {
  readonly record: RunRecord;
  readonly trace: readonly TraceEvent[];
  /** An earlier run of the same story: its counters stand beside those of this one. */
  readonly previous?: RunRecord | undefined;
  /** What one page holds at most; what is left out is named on the page. */
  readonly limits?: Partial<ReportLimits>;
}

/** The whole file. The same input gives the same text; 200,000 events are about 1.3 MB. */
export function renderReport({ record, trace, previous, limits }: ReportInput): string {
  const payload = pack({ record, trace, previous, limits: { ...DEFAULT_LIMITS, ...limits } });
  const { uplot, uplotCss, uplotLicence } = plotter();
  const scripts = [`/*\n${uplotLicence}\n*/\n${uplot}`, pageScript()];
  const styles = [uplotCss, pageStyle()];
  const policy = [
    `default-src 'none'`,
    `script-src ${scripts.map(hashSource).join(' ')}`,
    `style-src ${styles.map(hashSource).join(' ')}`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  const title = `${record.scenario}, ${VERDICT_WORDS[record.verdict].toLowerCase()}`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="robots" content="noindex">',
    `<title>${escapeHtml(title)} · drylift</title>`,
    ...styles.map((style) => `<style>${style}</style>`),
    '</head>',
    '<body>',
    '<div id="page" aria-busy="true"></div>',
    `<noscript><p>${escapeHtml(`${title}. ${SIMULATION_NOTICE}. This page needs JavaScript to show the run; it fetches nothing.`)}</p></noscript>`,
    `<script type="application/octet-stream" id="payload">${payload.toString('base64')}</script>`,
    ...scripts.map((script) => `<script>${script}</script>`),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

let page: string | undefined;
/** Linked once in a process: it does not depend on the record. */
function pageScript(): string {
  page ??= inert(linkPage(new URL('app/main.ts', import.meta.url)), 'script');
  return page;
}

/** In this order: later ones override. */
const STYLES = ['base', 'frame', 'tables', 'ruler', 'sections', 'media'];

function pageStyle(): string {
  const read = (name: string) => readFileSync(new URL(`app/style/${name}.css`, import.meta.url), 'utf8');
  return inert(STYLES.map(read).join('\n'), 'style');
}

function plotter() {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  return {
    uplot: inert(readFileSync(join(folder, 'dist/uPlot.iife.min.js'), 'utf8'), 'script'),
    uplotCss: inert(readFileSync(join(folder, 'dist/uPlot.min.css'), 'utf8'), 'style'),
    uplotLicence: inert(readFileSync(join(folder, 'LICENSE'), 'utf8').trim(), 'script'),
  };
}

/** Our own scripts and styles must not close the element that holds them. */
function inert(text: string, element: 'script' | 'style'): string {
  assert(!text.toLowerCase().includes(`</${element}`), `a ${element} of the page would end too early`);
  assert(!text.includes('<!--'), `a ${element} of the page opens a comment`);
  return text;
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
