/**
 * As much of Markdown as is needed to judge our own pages: fenced blocks, code spans, links, and the anchors that
 * GitHub gives to headings. CommonMark says more; our pages do not use it.
 */

export interface Fence {
  /** First word after the backticks: `sh`, `yaml`, `text`. */
  readonly language: string;
  /** The words after it, `exit=2 needs=virsh`, by name. */
  readonly settings: ReadonlyMap<string, string>;
  readonly text: string;
  /** Of the line that opens it, from 1. */
  readonly line: number;
}

export interface Link {
  /** As written: `../README.md#one-command`. */
  readonly target: string;
  readonly line: number;
}

export interface Page {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly fences: readonly Fence[];
  /** Content of `code spans` outside fences. */
  readonly spans: ReadonlyArray<{ readonly text: string; readonly line: number }>;
  readonly links: readonly Link[];
  /** What may stand after `#` in a link to this page. */
  readonly anchors: ReadonlySet<string>;
}

const FENCE = /^(`{3,}|~{3,})\s*(.*)$/;
const SPAN = /(`+)(.+?)\1(?!`)/g;
/** `[text](target)`, with or without a title; images as well. */
const INLINE_LINK = /\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const REFERENCE = /^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s+"[^"]*")?\s*$/;

export function parsePage(path: string, source: string): Page {
  const fences: Fence[] = [];
  const spans: Array<{ text: string; line: number }> = [];
  const links: Link[] = [];
  const anchors = new Set<string>();
  let open: { mark: string; info: string; line: number; lines: string[] } | undefined;
  for (const [index, text] of source.split('\n').entries()) {
    const line = index + 1;
    const mark = FENCE.exec(text.trimStart());
    if (open) {
      const closes = mark !== null && mark[1]!.startsWith(open.mark) && mark[2] === '';
      if (!closes) open.lines.push(text);
      else {
        fences.push(fenceOf(open));
        open = undefined;
      }
      continue;
    }
    if (mark) {
      open = { mark: mark[1]!, info: mark[2]!, line, lines: [] };
      continue;
    }
    for (const span of text.matchAll(SPAN)) spans.push({ text: span[2]!.trim(), line });
    const prose = text.replaceAll(SPAN, (span) => ' '.repeat(span.length));
    for (const link of prose.matchAll(INLINE_LINK)) links.push({ target: link[1]!, line });
    const reference = REFERENCE.exec(prose);
    if (reference) links.push({ target: reference[1]!, line });
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(text);
    if (heading) anchors.add(anchorOf(heading[1]!, anchors));
  }
  if (open) throw new Error(`${path}:${open.line}: the block is not closed`);
  return { path, fences, spans, links, anchors };
}

function fenceOf({ info, line, lines }: { info: string; line: number; lines: readonly string[] }): Fence {
  const [language = '', ...words] = info.split(/\s+/);
  const settings = new Map(
    words.map((word): [string, string] => {
      const [name, value] = word.split('=', 2);
      return [name!, value ?? ''];
    }),
  );
  return { language, settings, text: `${lines.join('\n')}\n`, line };
}

/** GitHub's rule: lower case, spaces become hyphens, other punctuation goes, a repeated one is numbered. */
function anchorOf(heading: string, taken: ReadonlySet<string>): string {
  const plain = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  const base = plain.replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '').replaceAll(/\s/g, '-');
  for (let n = 0; ; n++) {
    const anchor = n === 0 ? base : `${base}-${n}`;
    if (!taken.has(anchor)) return anchor;
  }
}
