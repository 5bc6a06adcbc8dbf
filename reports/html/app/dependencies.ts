/** Who talks to whom: servers as a graph, column by column from those that use to those that are used, and every line of it. */
import type { DependencyView } from '#core/contracts/run-record.ts';
import { formatOffset } from '#core/units.ts';
import { formatCount } from '../../view/format.ts';
import { h, s, section } from './dom.ts';
import { type Column, dataTable } from './table.ts';

const MOST_SERVERS = 60;
const COLUMN = 190;
const ROW = 22;
const BOX = 130;

export function dependenciesSection(
  dependencies: readonly DependencyView[],
  start: number,
): HTMLElement | undefined {
  if (dependencies.length === 0) return undefined;
  const name = (server: string) => h('strong', { class: 'name', title: server }, server);
  const what = (process: string, application: string) =>
    [process, application].filter((text) => text !== '').join(', ') || '–';
  const columns: Array<Column<DependencyView>> = [
    { label: 'Server', sort: (d) => d.source, cell: (d) => name(d.source) },
    {
      label: 'Process',
      sort: (d) => d.sourceProcess,
      cell: (d) => what(d.sourceProcess, d.sourceApplication),
    },
    { label: 'Uses', sort: (d) => d.destination, cell: (d) => name(d.destination) },
    { label: 'Port', numeric: true, sort: (d) => d.port, cell: (d) => String(d.port) },
    {
      label: 'Its process',
      sort: (d) => d.destinationProcess,
      cell: (d) => what(d.destinationProcess, d.destinationApplication),
    },
    { label: 'Seen', numeric: true, sort: (d) => d.observations, cell: (d) => formatCount(d.observations) },
    { label: 'Last', numeric: true, sort: (d) => d.lastSeen, cell: (d) => formatOffset(d.lastSeen - start) },
  ];
  const servers = new Set(dependencies.flatMap(({ source, destination }) => [source, destination]));
  const table = dataTable<DependencyView>({
    caption: 'Dependencies',
    columns,
    rows: dependencies,
    empty: 'No dependency was seen.',
  });
  return section(
    'dependencies',
    'Dependencies',
    `${formatCount(dependencies.length)} dependencies between ${formatCount(servers.size)} servers, as their own connection lists showed them every five minutes.`,
    graph(dependencies),
    table.element,
  );
}

/** The servers that most others use or that use most others; depth is the longest way from one that nobody uses. */
function graph(dependencies: readonly DependencyView[]): HTMLElement {
  const weight = new Map<string, number>();
  for (const { source, destination } of dependencies)
    for (const server of [source, destination]) weight.set(server, (weight.get(server) ?? 0) + 1);
  const shown = new Set(
    [...weight]
      .sort(([, a], [, b]) => b - a)
      .slice(0, MOST_SERVERS)
      .map(([server]) => server),
  );
  const ports = new Map<string, Set<number>>();
  for (const { source, destination, port } of dependencies) {
    if (!shown.has(source) || !shown.has(destination)) continue;
    const key = JSON.stringify([source, destination]);
    ports.set(key, (ports.get(key) ?? new Set()).add(port));
  }
  const edges = [...ports].map(([key, used]) => {
    const [source, destination] = JSON.parse(key) as [string, string];
    return { source, destination, used: [...used].sort((a, b) => a - b) };
  });
  const depth = depths(shown, edges);
  const columns: string[][] = [];
  for (const server of shown) {
    const column = depth.get(server)!;
    const names = columns[column] ?? [];
    names.push(server);
    columns[column] = names;
  }
  const places = new Map<string, { x: number; y: number }>();
  for (const [column, names] of columns.entries())
    for (const [row, server] of (names ?? []).sort().entries())
      places.set(server, { x: column * COLUMN + 4, y: row * ROW + 16 });
  const width = columns.length * COLUMN;
  const height = Math.max(...columns.map((names) => names?.length ?? 0)) * ROW + 16;
  const lines = edges.map(({ source, destination, used }) => {
    const from = places.get(source)!;
    const to = places.get(destination)!;
    const middle = (from.x + BOX + to.x) / 2;
    return s(
      'path',
      {
        d: `M${from.x + BOX} ${from.y} C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`,
        fill: 'none',
        stroke: 'currentColor',
        'stroke-opacity': 0.25,
      },
      s('title', {}, `${source} → ${destination}: ${used.join(', ')}`),
    );
  });
  const labels = [...places].map(([server, { x, y }]) =>
    s(
      'text',
      { x, y: y + 4, 'font-size': 12, fill: 'currentColor' },
      server.length > 20 ? `${server.slice(0, 19)}…` : server,
    ),
  );
  const label = `Graph of ${edges.length} uses among ${places.size} servers; the table below has all of them.`;
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Dependency graph' },
    s(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': label },
      lines,
      labels,
    ),
  );
}

/** Longest ways, cut where a cycle would begin anew. */
function depths(
  servers: ReadonlySet<string>,
  edges: ReadonlyArray<{ readonly source: string; readonly destination: string }>,
): ReadonlyMap<string, number> {
  const depth = new Map<string, number>([...servers].map((server) => [server, 0]));
  const most = 6;
  for (let round = 0; round < most; round++)
    for (const { source, destination } of edges) {
      const next = depth.get(source)! + 1;
      if (next > depth.get(destination)! && next < most) depth.set(destination, next);
    }
  return depth;
}
