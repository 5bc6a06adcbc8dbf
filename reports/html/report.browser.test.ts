/**
 * Opens the report as a person does, by its file, in Debian's Chromium, and uses it. Skips where there is no
 * Chromium. Pictures are left in .cache/screenshots/ for people to look at.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunRecord } from '#core/contracts/run-record.ts';
import { buildSampleRecord, type SampleRun } from '../samples/sample-record.ts';
import { renderReport } from './report.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
];
const SHOTS = new URL('../../.cache/screenshots/', import.meta.url).pathname;

let browser: Browser | undefined;
let folder: string;
const files: Record<'passed' | 'failed' | 'hostile' | 'bare' | 'long', string> = {
  passed: '',
  failed: '',
  hostile: '',
  bare: '',
  long: '',
};

beforeAll(async () => {
  if (!existsSync(CHROMIUM)) return;
  mkdirSync(SHOTS, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'drylift-report-'));
  const previous: RunRecord = buildSampleRecord({ events: 100 }).record;
  const keep = (name: keyof typeof files, html: string) => {
    files[name] = pathToFileURL(join(folder, `${name}.html`)).href;
    writeFileSync(join(folder, `${name}.html`), html);
  };
  keep('passed', renderReport(buildSampleRecord()));
  keep('failed', renderReport({ ...buildSampleRecord({ variant: 'failed' }), previous }));
  keep('hostile', renderReport(hostileRun()));
  keep('bare', renderReport(bareRun()));
  keep('long', renderReport(buildSampleRecord({ events: 200_000 })));
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});

afterAll(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

beforeEach((ctx) => {
  ctx.skip(browser === undefined, `no Chromium at ${CHROMIUM}: apt-get install chromium`);
});

/** Every text a stranger could have written, in every place. */
function hostileRun(): SampleRun {
  const evil = '</script><img src=x onerror="window.broken=1"><script>window.broken=1</script>';
  const { record, trace } = buildSampleRecord({ variant: 'failed', machines: 2, events: 200 });
  const text = JSON.stringify(record, (key, value: unknown) =>
    [
      'says',
      'name',
      'machine',
      'label',
      'detail',
      'what',
      'why',
      'example',
      'reason',
      'os',
      'actual',
      'replay',
      'scenario',
    ].includes(key)
      ? `${evil} ${String(value)}`
      : Array.isArray(value) && key === 'reasons'
        ? [evil]
        : value,
  );
  return {
    record: JSON.parse(text) as RunRecord,
    trace: trace.map((event) => ({ ...event, what: evil, who: evil })),
  };
}

/** A run that broke before anything happened. */
function bareRun(): SampleRun {
  const { assessment: _, ...record } = buildSampleRecord({ machines: 1, events: 1 }).record;
  const { start } = record.clock;
  const nothing = { steps: [], timeline: [], checks: [], faults: [], utilisation: [], replications: [] };
  return {
    record: {
      ...record,
      ...nothing,
      clock: { start, end: start },
      verdict: 'error',
      failure: { code: 'estate.noMachines', what: 'No machine.', why: 'It is empty.', next: 'Add one.' },
      counters: {},
      traceEvents: 0,
    },
    trace: [],
  };
}

interface Opened {
  readonly page: Page;
  /** Console lines, uncaught errors, and requests other than the file itself. */
  readonly complaints: string[];
}

interface OpenOptions {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
}

async function open(
  name: keyof typeof files,
  { scheme = 'light', width = 1440 }: OpenOptions = {},
): Promise<Opened> {
  const page = await browser!.newPage({ colorScheme: scheme, viewport: { width, height: 1000 } });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.url() !== files[name]) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(files[name]);
  await page.waitForSelector('main');
  return { page, complaints };
}

/** First cells of a table, from the top. */
function column(table: Locator, nth: number): Promise<string[]> {
  return table.locator(`tbody tr:not(.detail) > td:nth-child(${nth})`).allInnerTexts();
}

/** The whole page, once all of its parts are drawn. */
async function picture(page: Page, name: string): Promise<void> {
  await page.locator('section:not(.drawn)').first().waitFor({ state: 'detached' });
  await page.locator('.plot canvas').nth(2).waitFor();
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

describe('the report in a browser', () => {
  test.each([
    ['passed', 'light', 1440],
    ['failed', 'dark', 1440],
    ['failed', 'light', 390],
    ['passed', 'dark', 720],
  ] as const)('opens a %s run from its file, %s, %d px wide, silently and without scrolling sideways', async (name, scheme, width) => {
    const { page, complaints } = await open(name, { scheme, width });
    await picture(page, `${name}-${scheme}-${width}`);
    expect(await page.title()).toBe(`first-migration, ${name} · drylift`);
    expect(await page.locator('h1').innerText()).toContain(name === 'passed' ? 'Passed' : 'Failed');
    expect(await page.getByText('Simulation, not Azure', { exact: true }).count()).toBe(1);
    expect(await page.locator('.replay code').innerText()).toContain('drylift replay 7.first-migration.9f3c');
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    expect(await page.locator('.plot canvas').count()).toBe(3);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('shows text of the record as text, wherever it stands', async () => {
    const { page, complaints } = await open('hostile');
    await picture(page, 'hostile');
    for (const row of await page.locator('tr.opens').all()) await row.click();
    for (const item of (await page.locator('.ruler .cluster').all()).slice(0, 5))
      await item.dispatchEvent('click');
    expect(await page.evaluate('window.broken')).toBeUndefined();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('of a run that broke at once has what there is and nothing else', async () => {
    const { page, complaints } = await open('bare');
    await page.locator('section:not(.drawn)').first().waitFor({ state: 'detached' });
    await page.screenshot({ path: join(SHOTS, 'bare.png'), fullPage: true });
    expect(await page.locator('h1').innerText()).toContain('Error');
    expect(await page.locator('.failure').innerText()).toContain('Add one.');
    expect(await page.locator('h2').allInnerTexts()).toEqual([
      'Checks',
      'Timeline',
      'Estate',
      'Trace',
      'This run',
    ]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('of 200,000 events is small, and there at once', async (ctx) => {
    const { page, complaints } = await open('long');
    const built = await page.evaluate<number>(
      `new Promise((done) => requestAnimationFrame(() => done(performance.now())))`,
    );
    await ctx.annotate(`first picture after ${Math.round(built)} ms`);
    const search = page.locator('#trace input[type=search]');
    await search.fill('QueryPerf vm-1003');
    expect(await page.locator('#trace output').innerText()).toMatch(/^2,000 of \d,\d{3} events$/);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

describe('a reader', () => {
  test('sorts the assessed machines by a header, up and down', async () => {
    const { page } = await open('passed');
    const table = page.locator('#assessment .scroll > table').first();
    const compute = table.getByRole('button', { name: 'Compute' });
    await compute.click();
    const amounts = (await column(table, 7))
      .filter((text) => text !== '–')
      .map((text) => Number(text.slice(1)));
    expect(amounts).toEqual([...amounts].sort((a, b) => b - a));
    expect(await table.locator('th[aria-sort=descending]').innerText()).toBe('Compute');
    await table.getByRole('button', { name: 'Machine' }).click();
    const names = await column(table, 2);
    expect(names).toEqual([...names].sort());
    await page.close();
  });

  test('filters by readiness, finds by name, and opens a row for its reasons and disks', async () => {
    const { page } = await open('passed');
    const section = page.locator('#assessment');
    const table = section.locator('.scroll > table').first();
    await section.getByRole('button', { name: 'Not ready 2' }).click();
    expect(await column(table, 2)).toEqual(['legacy-01', 'legacy-02']);
    await section.getByRole('button', { name: 'All 12' }).click();
    await section.getByLabel('Find').fill('db-02');
    expect(await column(table, 2)).toEqual(['db-02']);
    const opener = table.getByRole('button', { name: 'Details of db-02' });
    await opener.focus();
    await page.keyboard.press('Enter');
    expect(await opener.getAttribute('aria-expanded')).toBe('true');
    expect(await table.locator('.detail-body').innerText()).toMatch(
      /Why[\s\S]*cheapest size[\s\S]*Disks[\s\S]*Hard disk 2/,
    );
    await section.screenshot({ path: join(SHOTS, 'assessment-open.png') });
    await page.close();
  });

  test('zooms the timeline by button, wheel, drag and step, and opens an entry', async () => {
    const { page, complaints } = await open('passed');
    const section = page.locator('#timeline');
    await section.scrollIntoViewIfNeeded();
    const range = section.locator('output');
    const whole = await range.innerText();
    await section.getByRole('button', { name: 'Zoom in' }).click();
    const half = await range.innerText();
    expect(half).not.toBe(whole);
    const box = (await section.locator('.ruler').boundingBox())!;
    await page.mouse.move(box.x + 600, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, box.y + 10, { steps: 4 });
    await page.mouse.up();
    expect(await range.innerText()).not.toBe(half);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -200);
    await page.keyboard.up('Control');
    await section.getByLabel('Go to').selectOption({ label: 'replicate: web-01, app-01' });
    expect(await range.innerText()).toMatch(/^29d\d\d:\d\d:\d\d.*to 31d0/);
    await section.locator('.ruler .bar', { hasText: 'web-01 cycle-1 (initial)' }).click();
    expect(await section.locator('.entry-details').innerText()).toContain(
      'Appliance: web-01 cycle-1 (initial)',
    );
    await section.screenshot({ path: join(SHOTS, 'timeline-zoomed.png') });
    await section.getByRole('button', { name: 'Show the trace from here' }).click();
    await page.getByRole('button', { name: /^since 30d00:04:00/ }).waitFor();
    await section.getByRole('button', { name: 'Whole run' }).click();
    expect(await range.innerText()).toBe(whole);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('walks the timeline by keyboard alone', async () => {
    const { page } = await open('failed');
    const section = page.locator('#timeline');
    await section.scrollIntoViewIfNeeded();
    await section.locator('.ruler [tabindex="0"]').focus();
    const focused = () => page.evaluate<string>(`document.activeElement.getAttribute('aria-label') ?? ''`);
    const first = await focused();
    await page.keyboard.press('ArrowRight');
    const second = await focused();
    expect(second).not.toBe(first);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    expect(await focused()).toMatch(/entries from 30d.*broken/);
    await page.keyboard.press('Enter');
    expect(await section.locator('.entry-details').innerText()).toMatch(/^Faults: \d entries/);
    const before = await section.locator('output').innerText();
    await page.keyboard.press('+');
    expect(await section.locator('output').innerText()).not.toBe(before);
    await page.keyboard.press('0');
    expect(await section.locator('output').innerText()).toBe(before);
    await page.close();
  });

  test('goes from a broken check to its instant on the timeline', async () => {
    const { page } = await open('failed');
    await page.locator('#checks').getByRole('button', { name: '30d14:22:10' }).click();
    expect(await page.locator('#timeline output').innerText()).toMatch(/^30d08:\d\d:\d\d.* to 30d20:/);
    await page.close();
  });

  test('chooses machine and counter, and reads the percentile and its rank', async () => {
    const { page, complaints } = await open('passed');
    const section = page.locator('#utilisation');
    await section.scrollIntoViewIfNeeded();
    const summary = section.locator('.percentile');
    expect(await summary.innerText()).toMatch(/^P95 = [\d.]+ % \(rank 4,103 of 4,318\)$/);
    const before = await summary.innerText();
    await section.getByRole('combobox', { name: 'Machine', exact: true }).selectOption('db-01');
    await section.getByLabel('Counter').selectOption('net.transmitted.average');
    expect(await summary.innerText()).toMatch(/KBps/);
    await section.getByRole('button', { name: 'Next machine' }).click();
    expect(await section.getByRole('combobox', { name: 'Machine', exact: true }).inputValue()).toBe(
      'file-01',
    );
    expect(await summary.innerText()).not.toBe(before);
    expect(await section.locator('.plot').first().getAttribute('aria-label')).toContain('Ten-minute peaks');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('sees what grew since the run before, alone', async () => {
    const { page } = await open('failed');
    const section = page.locator('#counters');
    await section.getByLabel('Only what changed').check();
    expect(await column(section.locator('table'), 1)).toEqual(['vcenter.calls.QueryPerf']);
    expect(await column(section.locator('table'), 4)).toEqual(['+562 (×1.06)']);
    await page.close();
  });

  test('copies the replay line', async () => {
    const { page } = await open('failed');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy the replay command' }).click();
    await page.getByText('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      'drylift replay 7.first-migration.9f3c --to 30d14:22:10 --pause',
    );
    await page.close();
  });

  test('prints it in the colours of paper, without controls', async () => {
    const { page } = await open('passed', { scheme: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'light' });
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await page.locator('#assessment .controls').isVisible()).toBe(false);
    expect(await page.evaluate(`getComputedStyle(document.body).backgroundColor`)).toBe('rgb(255, 255, 255)');
    await page.screenshot({ path: join(SHOTS, 'print.png'), fullPage: true });
    await page.close();
  });
});
