/** Takes the payload apart and puts the page together. */
import type { RunRecord } from '#core/contracts/run-record.ts';
import { formatCount } from '../../view/format.ts';
import { type Payload, unpack } from '../../view/payload.ts';
import { assessmentSection } from './assessment.ts';
import { checksSection, faultsSection } from './checks.ts';
import { countersSection } from './counters.ts';
import { dependenciesSection } from './dependencies.ts';
import { append, h } from './dom.ts';
import { estateSection, runSection } from './estate.ts';
import { header, tiles } from './header.ts';
import { redrawPlots } from './plots.ts';
import { replicationSection } from './replication.ts';
import { rulerSection } from './ruler.ts';
import { traceSection } from './trace.ts';
import { utilisationSection } from './utilisation.ts';

async function readPayload(): Promise<Payload> {
  const text = document.getElementById('payload')!.textContent!;
  const binary = atob(text);
  const packed = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) packed[i] = binary.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return unpack(new Uint8Array(await new Response(stream).arrayBuffer()));
}

function build({ record, previous, cuts, trace }: Payload): HTMLElement {
  const { clock } = record;
  /** What was left out of this page, as a sentence. */
  const notice = (...what: string[]) => {
    const found = cuts.filter((cut) => what.includes(cut.what));
    if (found.length === 0) return undefined;
    const parts = found.map((cut) => `${formatCount(cut.kept)} of ${formatCount(cut.total)} ${cut.what}`);
    return `This page holds ${parts.join(' and ')}; the record has all.`;
  };
  const events = traceSection(trace, clock.start, notice('trace events'));
  const ruler = rulerSection(record, notice('timeline entries'), (at) => events.showFrom(at));
  const showAt = (at: number) => {
    ruler.show(at);
    ruler.element.scrollIntoView();
  };
  const sections = [
    checksSection(record.checks, clock.start, showAt),
    ruler.element,
    faultsSection(record.faults, record, showAt),
    utilisationSection(record.utilisation, notice('utilisation counters')),
    record.assessment && assessmentSection(record.assessment, notice('assessed machines')),
    record.dependencies && dependenciesSection(record.dependencies, clock.start),
    replicationSection(record.replications, clock.start, notice('replicated machines', 'replication cycles')),
    countersSection(record.counters, previous),
    estateSection(record.estate),
    events.element,
    runSection(record),
  ].filter((element) => element !== undefined);
  return h(
    'div',
    { class: 'frame' },
    navigation(record, sections),
    h('main', { id: 'top' }, header(record, showAt), tiles(record), sections),
  );
}

function navigation(record: RunRecord, sections: readonly HTMLElement[]): HTMLElement {
  const links = sections.map((element) => ({
    element,
    link: h('a', { href: `#${element.id}` }, element.querySelector('h2')!.textContent),
  }));
  const seen = new Map<Element, boolean>();
  const observer = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) seen.set(target, isIntersecting);
      const first = links.find(({ element }) => seen.get(element));
      for (const { element, link } of links)
        if (element === first?.element) link.setAttribute('aria-current', 'true');
        else link.removeAttribute('aria-current');
    },
    { rootMargin: '-15% 0px -60% 0px' },
  );
  for (const { element } of links) observer.observe(element);
  return h(
    'nav',
    { 'aria-label': 'Sections' },
    h('a', { class: 'home', href: '#top' }, record.scenario),
    links.map(({ link }) => link),
  );
}

/** Part after part, one a frame, once the first picture is there: searching and printing find all of it drawn. */
function drawRest(): void {
  const rest = [...document.querySelectorAll('section')];
  const next = () => {
    rest.shift()?.classList.add('drawn');
    if (rest.length > 0) requestAnimationFrame(next);
  };
  requestAnimationFrame(() => requestAnimationFrame(next));
}

async function start(): Promise<void> {
  const page = document.getElementById('page')!;
  try {
    append(page, [build(await readPayload())]);
  } catch (error) {
    append(page, [h('p', { class: 'broken' }, `This report cannot be shown: ${String(error)}`)]);
    throw error;
  } finally {
    page.removeAttribute('aria-busy');
  }
  // The page was empty when the browser looked for the part that its address names.
  if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  drawRest();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawPlots);
  const print = (printing: boolean) => () => {
    document.documentElement.classList.toggle('printing', printing);
    redrawPlots();
  };
  addEventListener('beforeprint', print(true));
  addEventListener('afterprint', print(false));
}

void start();
