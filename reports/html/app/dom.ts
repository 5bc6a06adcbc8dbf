/** Elements from data. Text is always a text node: nothing in a record can become markup. */

export type Child = Node | string | number | null | undefined | false | readonly Child[];

export interface Props {
  readonly [attribute: string]: string | number | boolean | undefined | Handlers;
  readonly on?: Handlers;
}

// Handlers get the event they ask for; the DOM's own map is by element and says no more here.
type Handlers = Readonly<Record<string, (event: never) => void>>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), props, children);
}

const SVG = 'http://www.w3.org/2000/svg';

export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill<E extends Element>(element: E, props: Props, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(props)) {
    if (name === 'on') {
      for (const [type, handler] of Object.entries(value as Handlers))
        element.addEventListener(type, handler as (event: Event) => void);
    } else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

export function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(parent, child as readonly Child[]);
    else parent.append(child instanceof Node ? child : String(child));
  }
}

export function replace(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

export type Tone = 'plain' | 'good' | 'warning' | 'bad';

/** State is a shape before it is a colour. 16 × 16. */
const ICONS: Readonly<Record<Tone | 'skip', string>> = {
  good: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.6 5.2-4.3 4.9a.8.8 0 0 1-1.2 0L4.4 9.3l1.1-1.1 1.2 1.2 3.8-4.3 1.1 1.1Z',
  warning: 'M8 1.2 15.4 14.4H.6L8 1.2Zm-.9 4.9.2 4.2h1.4l.2-4.2H7.1Zm.1 5.2v1.6h1.6v-1.6H7.2Z',
  bad: 'M5 1h6l4 4v6l-4 4H5l-4-4V5l4-4Zm.2 5.3L6.9 8 5.2 9.7l1.1 1.1L8 9.1l1.7 1.7 1.1-1.1L9.1 8l1.7-1.7-1.1-1.1L8 6.9 6.3 5.2 5.2 6.3Z',
  plain: 'M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z',
  skip: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM4.5 7.2h7v1.6h-7V7.2Z',
};

export function icon(name: Tone | 'skip'): SVGSVGElement {
  return s(
    'svg',
    { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    s('path', { d: ICONS[name], 'fill-rule': 'evenodd' }),
  );
}

/** Shape, colour and a word. */
export function badge(tone: Tone | 'skip', text: string): HTMLSpanElement {
  return h('span', { class: `badge tone-${tone}` }, icon(tone), h('span', {}, text));
}

/** A block of the page with a heading that the navigation can name. */
export function section(id: string, title: string, lead: Child, ...content: Child[]): HTMLElement {
  return h(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    h('h2', { id: `${id}-title` }, title),
    lead ? h('p', { class: 'lead' }, lead) : null,
    ...content,
  );
}

/** Name and value pairs; a long value has a line of its own. */
export function facts(
  pairs: ReadonlyArray<readonly [name: string, value: Child, long?: 'long']>,
): HTMLDListElement {
  return h(
    'dl',
    { class: 'facts' },
    pairs.map(([name, value, long]) =>
      h('div', { class: long ?? '' }, h('dt', {}, name), h('dd', {}, value)),
    ),
  );
}

/** Copies `text`; says so in the button, to the eye and to a screen reader. */
export function copyButton(text: string, what: string): HTMLButtonElement {
  const label = h('span', { 'aria-live': 'polite' }, 'Copy');
  const copied = () => {
    label.textContent = 'Copied';
  };
  const button = h(
    'button',
    {
      type: 'button',
      class: 'copy',
      'aria-label': `Copy ${what}`,
      on: {
        click: () => {
          navigator.clipboard.writeText(text).then(copied, () => {
            label.textContent = 'Select and copy by hand';
          });
        },
        blur: () => {
          label.textContent = 'Copy';
        },
      },
    },
    label,
  );
  return button;
}
