/**
 * docs/errors.md: every error that the appliance can meet, with cause and remedy, made from the tables in the code
 * themselves (core/errors.ts); a test keeps both equal.
 */
import type { Blame, ErrorDeclaration, Retry } from '#core/errors.ts';

const BLAME: Readonly<Record<Blame, string>> = {
  input: 'the configuration, or what was given',
  prepare: 'the machine that the appliance runs on',
  check: 'a check that failed',
  peer: 'the other side',
  us: 'the appliance itself: a bug, please report it',
};
const RETRY: Readonly<Record<Retry, string>> = {
  never: 'not before the cause is gone',
  safe: 'safe to try again; where the appliance collects, it does so by itself',
  'after-change': 'tried again by itself, and can only succeed after the remedy',
  'outcome-unknown': 'it may have been carried out: look first, then try again',
};

/** What the first word of a code is about, in the order of the page; the rest follows by name. */
const AREAS: Readonly<Record<string, string>> = {
  config: 'Configuration',
  credentials: 'Credentials',
  preflight: 'Preflight',
  net: 'Network and TLS',
  vcenter: 'vCenter',
  hyperv: 'Hyper-V hosts and clusters',
  winrm: 'WinRM: Hyper-V hosts and Windows servers',
  ssh: 'SSH: Linux servers',
  server: 'Servers of the list',
  guest: 'The inside of machines: applications and dependencies',
  azure: 'Azure',
  replication: 'Replication',
  store: "The appliance's store",
  limit: 'Limits',
  machine: 'Machines that two sources have',
  job: 'Recurring work',
  csv: 'Files: CSV',
  units: 'Values: units',
  points: 'Stored points',
  soap: 'Messages: SOAP',
  xml: 'Messages: XML',
};

/** @param codes as `declaredErrors` gives them */
export function errorsPage(codes: ReadonlyArray<readonly [string, ErrorDeclaration]>): string {
  const areaOf = (code: string) => code.split('.', 1)[0]!;
  const groups = Map.groupBy(codes, ([code]) => areaOf(code));
  const order = [
    ...Object.keys(AREAS).filter((area) => groups.has(area)),
    ...[...groups.keys()].filter((area) => !(area in AREAS)).sort(),
  ];
  const sections = order.map(
    (area) => `## ${AREAS[area] ?? area}\n\n${groups.get(area)!.map(entry).join('\n')}`,
  );
  return `# Errors of the appliance

Made from the tables of errors in \`reference-appliance\` and \`core\`; a test keeps both equal. The appliance shows a code with what happened, to which
machine, why, and what to do next: in its log, in the status of a site, and for each machine that it could not reach. \`drylift explain CODE\` prints
the same offline. Where a message knows more than the table, the message counts.

${sections.join('\n')}`;
}

function entry([code, { blame, retry, why, next, more }]: readonly [string, ErrorDeclaration]): string {
  return `### \`${code}\`

- Cause: ${why}
- Remedy: ${next}
- Whose: ${BLAME[blame]}
- Again: ${RETRY[retry ?? 'never']}
${more === undefined ? '' : `\n${more}\n`}`;
}
