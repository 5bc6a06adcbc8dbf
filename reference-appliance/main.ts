/**
 * The appliance as a process: the only file of this folder that sees files, signals and real time.
 *
 * `node --import tsx reference-appliance/main.ts appliance run --config FILE` is the same as `drylift appliance run`.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { Entropy } from '#core/entropy/entropy.ts';
import { exitCodeOf, formatError } from '#core/errors.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { SECOND } from '#core/units.ts';
import { type Appliance, type ApplianceStatus, startAppliance } from './appliance.ts';
import { registerAppliance } from './cli.ts';
import { type ApplianceConfig, resolveConfig } from './config.ts';
import { errors as configErrors, parseConfig } from './config-file.ts';
import {
  type Credentials,
  errors as credentialErrors,
  credentialsFrom,
  secretsOf,
  settleCredentials,
} from './credentials.ts';
import { createLog } from './log.ts';
import { preflight } from './preflight.ts';
import { SECRET_KEY_BYTES } from './store/secret-box.ts';
import { openStore, type Store } from './store/store.ts';

const STATUS_EVERY_MS = 60 * SECOND;
const FIRST_STATUS_MS = 5 * SECOND;

interface Loaded {
  readonly config: ApplianceConfig;
  readonly dataDirectory: string;
  readonly trust: readonly string[] | undefined;
}

/** Reads the file and all that it names. @throws `config.*` */
function load(path: string): Loaded {
  const folder = dirname(resolve(path));
  const read = (name: string): string => {
    try {
      return readFileSync(resolve(folder, name), 'utf8');
    } catch (cause) {
      throw configErrors.make('config.missing', {
        what: `${name} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
        where: { file: path },
        cause,
      });
    }
  };
  const file = parseConfig(read(resolve(path)), path);
  const config = resolveConfig(file, read);
  return {
    config,
    dataDirectory: resolve(folder, file.dataDirectory),
    trust: file.ca.length === 0 ? undefined : file.ca.map(read),
  };
}

function world() {
  const clock = new SystemClock();
  // chance is for jitter and request ids only; nobody may foresee it, and it need not repeat
  const entropy = new Entropy(randomBytes(16).toString('hex'));
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
  return { clock, entropy, network, transport: network.as('appliance') };
}

/** `drylift appliance check`: the file, and a sign-in to everything it names. Writes nothing. @throws coded errors */
export async function checkAppliance(path: string): Promise<void> {
  const loaded = load(path);
  const { clock, entropy, network, transport } = world();
  const log = createLog({ clock, level: 'silent', write: () => {} });
  try {
    await preflight({
      ...loaded,
      credentials: await credentialsOf(loaded),
      clock,
      entropy,
      transport,
      log,
      ...said,
    });
  } finally {
    await network.close();
  }
}

/** What is found beforehand, for people. */
const said = {
  onFine: (what: string): void => void process.stdout.write(`ok  ${what}\n`),
  onWarning: (what: string): void => void process.stdout.write(`!!  ${what}\n`),
};

/**
 * `drylift appliance run`: until Ctrl-C. The first time it refuses what cannot work; an appliance that has worked before
 * starts whatever answers, and keeps trying, as it would if it had never stopped.
 *
 * @throws coded errors before anything is written
 */
export async function runAppliance(path: string): Promise<void> {
  const loaded = load(path);
  const { config, dataDirectory, trust } = loaded;
  const { clock, entropy, network, transport } = world();
  const log = createLog({ clock, level: 'info', write: (line) => process.stderr.write(line) });
  try {
    const credentials = await credentialsOf(loaded);
    const hasWorked = existsSync(join(dataDirectory, 'appliance.db'));
    if (!hasWorked)
      await preflight({
        ...loaded,
        credentials,
        clock,
        entropy,
        transport,
        log: createLog({ clock, level: 'silent', write: () => {} }),
        ...said,
      });
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    const store = openAt(dataDirectory, clock);
    const appliance = startAppliance({ clock, transport, entropy, store, config, log, trust });
    const again = hasWorked ? '; what does not answer is tried until it does' : '';
    process.stdout.write(`ready  ${config.applianceName}, data in ${dataDirectory}${again}; Ctrl-C stops\n`);
    await untilSignal(appliance, clock);
  } finally {
    await network.close();
  }
}

/** Secrets of the configuration; what it leaves out comes from the store, if there is one. */
async function credentialsOf({ config, dataDirectory }: Loaded): Promise<Credentials> {
  const secrets = secretsOf(config);
  const missing = [...secrets].find(([, value]) => value === undefined)?.[0];
  if (missing === undefined) return credentialsFrom(config, secrets as Map<string, string>);
  if (!existsSync(join(dataDirectory, 'appliance.db')))
    throw credentialErrors.make('config.noSecret', { what: `There is no secret for "${missing}".` });
  const store = openAt(dataDirectory, new SystemClock());
  try {
    return await settleCredentials(config, store);
  } finally {
    store.crash(); // only looked: nothing is kept
  }
}

function openAt(dataDirectory: string, clock: SystemClock): Store {
  return openStore({
    path: join(dataDirectory, 'appliance.db'),
    key: keyAt(join(dataDirectory, 'appliance.key')),
    clock,
    synchronous: 'full',
  });
}

/** The key that credentials are sealed with: made at the first start, readable by its owner only. */
function keyAt(path: string): Buffer {
  if (!existsSync(path)) {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, randomBytes(SECRET_KEY_BYTES));
    closeSync(file);
  }
  return readFileSync(path);
}

/**
 * Prints how it stands once a minute when that changed, what does not work when it begins to, and stops the appliance
 * at SIGINT or SIGTERM.
 */
async function untilSignal(appliance: Appliance, clock: SystemClock): Promise<void> {
  let shown = '';
  let troubles = new Set<string>();
  const show = (): void => {
    const status = appliance.status();
    const line = statusLine(status);
    const at = new Date(clock.wall()).toISOString();
    if (line !== shown) process.stdout.write(`${at}  ${line}\n`);
    shown = line;
    const now = troublesOf(status);
    for (const trouble of now) if (!troubles.has(trouble)) process.stdout.write(`${at}  !! ${trouble}\n`);
    troubles = now;
    timer = clock.schedule(clock.wall() + STATUS_EVERY_MS, 'status', show);
  };
  let timer = clock.schedule(clock.wall() + FIRST_STATUS_MS, 'status', show);
  await new Promise<void>((stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
  timer.cancel();
  process.stdout.write('stopping\n');
  await appliance.stop();
  process.stdout.write('stopped\n');
}

/** What somebody has to know, in words. */
function troublesOf({ problems, warnings, unreached }: ApplianceStatus): Set<string> {
  return new Set([
    ...problems.map(({ job, code, what, next }) => `${job}: ${code}: ${what} ${next}`),
    ...unreached.map(({ code, what, next }) => `${code}: ${what} ${next}`),
    ...warnings.map(({ code, message }) => `${code}: ${message}`),
  ]);
}

function statusLine(status: ApplianceStatus): string {
  const { state, isRegistered, machines, samples, points, outbox, replications, problems, unreached } =
    status;
  const counts = `${machines} machines, ${samples} samples, ${points} points, ${outbox} batches waiting`;
  const replicating = replications.length === 0 ? '' : `, ${replications.length} replicating`;
  const away = unreached.length === 0 ? '' : `, ${unreached.length} unreached`;
  const trouble = problems.map(({ job, code }) => `  ! ${job}: ${code}`).join('');
  return `${state}${isRegistered ? '' : ', not registered'}: ${counts}${replicating}${away}${trouble}`;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const program = new Command('drylift').description('The reference appliance, at wall time.');
  registerAppliance(program);
  program.parseAsync(process.argv).catch((error: unknown) => {
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = exitCodeOf(error);
  });
}
