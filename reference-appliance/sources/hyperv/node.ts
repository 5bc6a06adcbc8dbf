/**
 * One host as the source keeps it: two connections (an inventory that takes long shall not hold up samples), what it said
 * last, and why it could not be asked, if it could not.
 */
import { DryliftError } from '#core/errors.ts';
import { type Clock, DeadlineExceeded, deadline } from '#core/time/clock.ts';
import { MINUTE, type Millis, SECOND } from '#core/units.ts';
import type { LiveSink, Warning } from '../../app/ports.ts';
import type { Unreached } from '../../app/source-machines.ts';
import { winrmConnection } from '../winrm/connection.ts';
import type { WinrmConnection, WinrmOptions } from '../winrm/types.ts';
import { errors } from './errors.ts';
import { HostReader, type HostReading } from './host-reader.ts';
import type { HostCounters } from './performance.ts';
import { CIMV2, COUNTER_QUERIES } from './queries.ts';

/** All that a host says of its machines. */
const READ_MS: Millis = 10 * MINUTE;
/** A sample must not last into the next one. */
const SAMPLE_MS: Millis = 20 * SECOND;

export class HypervNode {
  /** What is dialled. */
  readonly address: string;
  readonly inventory: WinrmConnection;
  readonly #samples: WinrmConnection;
  readonly #reader: HostReader;
  readonly #clock: Clock;
  reading: HostReading | undefined;
  unreached: Unreached | undefined;
  /** Why, as it was thrown. */
  failure: unknown;

  constructor(address: string, options: Omit<WinrmOptions, 'host' | 'purpose'>) {
    this.address = address;
    this.inventory = winrmConnection({ ...options, host: address, purpose: 'inventory' });
    this.#samples = winrmConnection({ ...options, host: address, purpose: 'samples' });
    this.#reader = new HostReader(this.inventory);
    this.#clock = options.clock;
  }

  /** By which its machines name it. */
  get name(): string {
    return this.reading?.host.fqdn ?? this.address;
  }

  /** @throws `winrm.*`, `net.*`, `hyperv.*` */
  async host(signal: AbortSignal): ReturnType<HostReader['host']> {
    try {
      return await this.#reader.host(signal);
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** Reads it anew, or notes why not. Throws only what is not the host's doing. */
  async read(signal: AbortSignal): Promise<boolean> {
    try {
      using timer = deadline(this.#clock, READ_MS, 'appliance.hyperv.read', signal);
      this.reading = await this.#reader.read(timer.signal);
      this.unreached = this.failure = undefined;
      return true;
    } catch (error) {
      signal.throwIfAborted();
      this.miss(this.#told(error));
      return false;
    }
  }

  /** In the words of Hyper-V, where they say more. */
  #told(error: unknown): unknown {
    if (error instanceof DeadlineExceeded)
      return errors.make('hyperv.slow', {
        what: `${this.name} did not answer everything in time.`,
        cause: error,
      });
    if (!(error instanceof DryliftError) || error.code !== 'net.refused') return error;
    return errors.make('hyperv.remoting', { what: error.what, cause: error });
  }

  miss(error: unknown): void {
    if (!(error instanceof DryliftError)) throw error;
    const { code, what, why, next } = error;
    this.failure = error;
    this.unreached = { name: this.name, code, what, why, next };
  }

  /** @throws `winrm.*`, `net.*` */
  async sample(counters: HostCounters, sink: LiveSink, signal: AbortSignal): Promise<void> {
    using timer = deadline(this.#clock, SAMPLE_MS, 'appliance.hyperv.sample', signal);
    try {
      await counters.sample(this.#samples, sink, timer.signal);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#told(error);
    }
  }

  /** Whether counters can be read: the account may lack a group for these alone. */
  async counterWarning(signal: AbortSignal): Promise<Warning | undefined> {
    const { className } = COUNTER_QUERIES.processors;
    try {
      await this.inventory.rows(CIMV2, className, ['Name'], () => {}, signal);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (
        !(error instanceof DryliftError) ||
        !/^winrm\.(namespace\.denied|denied|class\.missing)$/.test(error.code)
      )
        return undefined; // it is told as unreached when that lasts
      const remedy =
        error.code === 'winrm.class.missing'
          ? 'run lodctr /R and winmgmt /resyncperf there.'
          : 'make the account a member of Performance Monitor Users there.';
      return {
        code: 'hyperv.counters',
        message: `${this.name} tells no performance of its machines: ${remedy}`,
      };
    }
  }

  close(): void {
    this.inventory.close();
    this.#samples.close();
  }
}
