/**
 * The list of servers as a CSV file: columns `address` and `os`, and, as needed, `port`, `credential`, `name`, in any
 * order. Spreadsheets save with commas, semicolons or tabs, with quotes and a byte order mark: all are taken. Everything that
 * is wrong is told at once, each by line, column and field; then nothing of the file is used.
 */
import { type CsvRow, csvRows } from '#core/csv.ts';
import { formatWhere, nearest } from '#core/errors.ts';
import type { ServerConfig } from '../../config.ts';
import { errors } from './server-errors.ts';
import { labelOf } from './targets.ts';

const COLUMNS = ['address', 'os', 'port', 'credential', 'name'] as const;
type Column = (typeof COLUMNS)[number];
/** What people call them; those of the appliance's own "Import CSV" among them. */
const ALIASES: Readonly<Record<string, Column>> = {
  'ip address': 'address',
  'ip address/fqdn': 'address',
  fqdn: 'address',
  host: 'address',
  server: 'address',
  'operating system': 'os',
  'os type': 'os',
  'friendly name': 'credential',
  credentials: 'credential',
  'server name': 'name',
};

const SERVERS_MAX = 10_000;
const PROBLEMS_TOLD = 50;

interface Problem {
  readonly line: number;
  /** Of the cell in its row, from 1. */
  readonly column: number | undefined;
  readonly field: string | undefined;
  readonly what: string;
}

/** @param file its name, for messages. @throws `server.list` with all that is wrong; `csv.malformed` */
export function readServerList({
  name: file,
  text,
}: {
  readonly name: string;
  readonly text: string;
}): ServerConfig[] {
  const problems: Problem[] = [];
  const [head, ...rows] = [...csvRows([text], file)];
  const places = readHead(head, problems);
  const servers: ServerConfig[] = [];
  const seen = new Map<string, number>();
  if (places.has('address') && places.has('os'))
    for (const { line, cells } of rows) {
      if (cells.every((cell) => cell.trim() === '')) continue;
      const server = readRow(cells, line, places, problems);
      if (!server) continue;
      const label = labelOf(server).toLowerCase();
      const earlier = seen.get(label);
      if (earlier !== undefined)
        problems.push({
          line,
          column: places.get('address')! + 1,
          field: 'address',
          what: `${labelOf(server)} is in line ${earlier} already`,
        });
      else {
        seen.set(label, line);
        servers.push(server);
      }
    }
  if (servers.length > SERVERS_MAX)
    problems.push({
      line: 1,
      column: undefined,
      field: undefined,
      what: `${servers.length} servers: one appliance takes ${SERVERS_MAX} at most`,
    });
  if (problems.length === 0) return servers;
  const first = problems[0]!;
  throw errors.make('server.list', {
    what: `${file} cannot be used, for ${problems.length === 1 ? 'one reason' : `${problems.length} reasons`}:\n${problems
      .slice(0, PROBLEMS_TOLD)
      .map(({ what, ...where }) => `  ${formatWhere(whereOf(file, where))}: ${what}`)
      .join(
        '\n',
      )}${problems.length > PROBLEMS_TOLD ? `\n  and ${problems.length - PROBLEMS_TOLD} more` : ''}`,
    where: whereOf(file, first),
    data: { problems: problems.length },
  });
}

function whereOf(file: string, { line, column, field }: Omit<Problem, 'what'>) {
  return {
    file,
    line,
    ...(column === undefined ? {} : { column }),
    ...(field === undefined ? {} : { field }),
  };
}

function readHead(head: CsvRow | undefined, problems: Problem[]): Map<Column, number> {
  const places = new Map<Column, number>();
  for (const [i, cell] of (head?.cells ?? []).entries()) {
    const word = cell
      .trim()
      .toLowerCase()
      .replace(/^\*|\*$/g, '')
      .replaceAll('_', ' ')
      .trim();
    const column = COLUMNS.find((each) => each === word) ?? ALIASES[word];
    const tell = (what: string) =>
      problems.push({ line: head!.line, column: i + 1, field: cell.trim() || undefined, what });
    if (!column) {
      const near = nearest(word, COLUMNS);
      tell(`there is no such column${near === undefined ? '' : `; did you mean "${near}"?`}`);
    } else if (places.has(column)) tell(`the column "${column}" is there twice`);
    else places.set(column, i);
  }
  for (const column of ['address', 'os'] as const)
    if (!places.has(column))
      problems.push({
        line: head?.line ?? 1,
        column: undefined,
        field: column,
        what: 'the column is missing',
      });
  return places;
}

const ADDRESS =
  /^(?=.{1,253}$)(?:[A-Za-z0-9_](?:[\w-]*[A-Za-z0-9_])?)(?:\.[A-Za-z0-9_](?:[\w-]*[A-Za-z0-9_])?)*\.?$/;
const IPV6 = /^[\da-f:]*:[\da-f:.]+$/i;
const NAME = /^[^\u0000-\u001f\u007f]{1,256}$/;

function readRow(
  cells: readonly string[],
  line: number,
  places: ReadonlyMap<Column, number>,
  problems: Problem[],
): ServerConfig | undefined {
  const before = problems.length;
  const cell = (column: Column) => {
    const at = places.get(column);
    return at === undefined ? '' : (cells[at] ?? '').trim();
  };
  const wrong = (column: Column, what: string) =>
    void problems.push({ line, column: (places.get(column) ?? 0) + 1, field: column, what });
  const address = cell('address').replace(/^\[(.*)\]$/, '$1');
  if (address === '') wrong('address', 'is empty');
  else if (!ADDRESS.test(address) && !IPV6.test(address))
    wrong('address', `"${shown(address)}" is no name and no address`);
  const family = /^(linux|windows)/i.exec(cell('os'))?.[1]?.toLowerCase();
  if (family === undefined) wrong('os', `"${shown(cell('os'))}" is neither linux nor windows`);
  const port = cell('port') === '' ? undefined : Number(cell('port'));
  if (port !== undefined && !(/^\d+$/.test(cell('port')) && port >= 1 && port <= 65_535))
    wrong('port', `"${shown(cell('port'))}" is no port: 1 to 65535`);
  const [credential, name] = [cell('credential'), cell('name')];
  if (credential !== '' && !NAME.test(credential)) wrong('credential', `"${shown(credential)}" is no name`);
  if (name !== '' && !NAME.test(name)) wrong('name', `"${shown(name)}" is no name`);
  const end = Math.max(...places.values()) + 1;
  if (cells.slice(end).some((each) => each !== ''))
    problems.push({ line, column: end + 1, field: undefined, what: 'the row has more cells than the head' });
  if (problems.length > before) return undefined;
  return {
    address,
    os: family as ServerConfig['os'],
    port,
    credential: credential || undefined,
    name: name || undefined,
    hostKey: undefined,
    ca: undefined,
    fingerprint: undefined,
  };
}

/** What is quoted in a message: short, on one line. */
function shown(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]/g, '\uFFFD').slice(0, 60);
}
