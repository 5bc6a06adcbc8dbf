/** Shapes of the ruler: a bar, a mark, a cluster with its count. The tone has a shape as well as a colour. */
import type { TimelineEntry } from '#core/contracts/run-record.ts';
import { formatDuration, formatOffset } from '#core/units.ts';
import type { Item } from '../../view/ruler-layout.ts';
import { h, s, type Tone } from './dom.ts';

const BAR_HEIGHT = 18;
/** Width of a character of a label, px; labels are cut by it rather than measured. */
const CHARACTER = 6.4;

export const TONE_WORDS: Readonly<Record<Tone, string>> = {
  plain: 'normal',
  good: 'good',
  warning: 'disturbed',
  bad: 'broken',
};

export interface ItemOptions {
  readonly item: Item;
  readonly entries: readonly TimelineEntry[];
  /** Left edge of the window. */
  readonly x: number;
  readonly y: number;
  /** Free px beside a mark. */
  readonly room: number;
  readonly current: boolean;
  readonly start: number;
  readonly open: () => void;
}

export function drawItem({ item, entries, x, y, room, current, start, open }: ItemOptions): SVGGElement {
  const first = entries[item.entries[0]!]!;
  const name = nameOf(item, entries, start);
  const group = s(
    'g',
    {
      class: `item ${item.kind} tone-${item.tone}${current ? ' current' : ''}`,
      'data-current': current,
      transform: `translate(${(x + item.x).toFixed(1)} ${y})`,
      role: 'button',
      tabindex: -1,
      'aria-label': name,
      on: {
        click: open,
        keydown: (event: KeyboardEvent) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          open();
        },
      },
    },
    s('title', {}, name),
  );
  if (item.kind === 'bar') group.append(...bar(item, first));
  else if (item.kind === 'cluster') group.append(...cluster(item));
  else group.append(...mark(item.tone, first, room));
  return group;
}

function nameOf(item: Item, entries: readonly TimelineEntry[], start: number): string {
  const first = entries[item.entries[0]!]!;
  const at = formatOffset(first.from - start);
  const tone = item.tone === 'plain' ? '' : `, ${TONE_WORDS[item.tone]}`;
  if (item.kind === 'cluster') return `${item.entries.length} entries from ${at}${tone}`;
  const length = first.to === undefined ? '' : ` for ${formatDuration(first.to - first.from)}`;
  return `${first.label}, at ${at}${length}${tone}`;
}

function bar({ width, tone, x }: Item, entry: TimelineEntry): SVGElement[] {
  // A bar that began before the window keeps its label in sight.
  const hidden = Math.max(0, -x);
  const glyph = tone === 'plain' || width < 16 ? 0 : 15;
  const label = cut(entry.label, width - hidden - 12 - glyph);
  return [
    s('rect', { class: 'shape', width: Math.max(2, width - 1).toFixed(1), height: BAR_HEIGHT, rx: 3 }),
    ...(glyph > 0 ? [toneShape(tone, hidden + 10, BAR_HEIGHT / 2)] : []),
    ...(label === '' ? [] : [s('text', { x: hidden + 6 + glyph, y: 13 }, label)]),
  ];
}

function mark(tone: Tone, entry: TimelineEntry, room: number): SVGElement[] {
  const label = room > 70 ? cut(entry.label, room - 24) : '';
  return [
    s('rect', { class: 'target', x: -10, width: 20, height: BAR_HEIGHT }),
    toneShape(tone, 0, BAR_HEIGHT / 2),
    ...(label === '' ? [] : [s('text', { x: 10, y: 13 }, label)]),
  ];
}

function cluster({ entries, tone, width }: Item): SVGElement[] {
  const size = entries.length;
  const text = size < 1000 ? String(size) : `${(size / 1000).toFixed(size < 10_000 ? 1 : 0)}k`;
  const half = width / 2 - 1;
  return [
    s('rect', { class: 'shape', x: -half, width: half * 2, height: BAR_HEIGHT, rx: 9 }),
    s('text', { x: 0, y: 13, 'text-anchor': 'middle' }, text),
    ...(tone === 'warning' || tone === 'bad' ? [toneShape(tone, half - 3, 1)] : []),
  ];
}

/** Ring, disc, triangle, crossed square. */
function toneShape(tone: Tone, x: number, y: number): SVGElement {
  const at = { class: `glyph tone-${tone}`, transform: `translate(${x} ${y})` };
  if (tone === 'plain') return s('circle', { ...at, class: 'glyph hollow', r: 4 });
  if (tone === 'good') return s('circle', { ...at, r: 4.5 });
  if (tone === 'warning') return s('path', { ...at, d: 'M0-5.5 5.5 4.5h-11Z' });
  return s('path', {
    ...at,
    d: 'M-4-2.4-2.4-4 0-1.6 2.4-4 4-2.4 1.6 0 4 2.4 2.4 4 0 1.6-2.4 4-4 2.4-1.6 0Z',
  });
}

function cut(text: string, px: number): string {
  const fits = Math.floor(px / CHARACTER);
  if (text.length <= fits) return text;
  return fits < 4 ? '' : `${text.slice(0, fits - 1)}…`;
}

export function toneLegend(): HTMLElement {
  const tones: readonly Tone[] = ['plain', 'good', 'warning', 'bad'];
  return h(
    'p',
    { class: 'legend' },
    tones.map((tone) =>
      h(
        'span',
        {},
        s(
          'svg',
          { width: 14, height: 14, viewBox: '-7 -7 14 14', 'aria-hidden': 'true' },
          toneShape(tone, 0, 0),
        ),
        TONE_WORDS[tone],
      ),
    ),
    h(
      'span',
      { class: 'keys' },
      'Drag to move, Ctrl + wheel to zoom; keys: + − 0, arrows, Shift + arrows, Enter',
    ),
  );
}
