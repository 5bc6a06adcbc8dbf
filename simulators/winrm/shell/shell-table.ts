/**
 * The remote shells of a host, whatever runs in them: who has which, how many are allowed, and what is known of each.
 * [MS-WSMV] section 2.2.4.37 (Shell).
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import type { UnixMillis } from '#core/units.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import type { WindowsAccount } from '../accounts.ts';
import type { Quotas } from '../quotas.ts';
import { WsmanFault } from '../wsman/fault.ts';
import { ANONYMOUS } from '../wsman/names.ts';
import type { WsmanRequest } from '../wsman/request.ts';

export interface Shell {
  readonly id: string;
  readonly resourceUri: string;
  readonly account: WindowsAccount;
  readonly clientAddress: string;
  readonly streams: { readonly input: string; readonly output: string };
  readonly createdAt: UnixMillis;
  lastUsed: UnixMillis;
  /** Of what runs in it, or has run and was not said farewell to. */
  commandIds(): Iterable<string>;
  /** Kills what runs in it; whoever waits goes home. */
  end(): void;
}

/** Where Windows has no limit any more, this side still has one. */
const SHELLS_MAX = 2000;
const ID_CHARS_MAX = 64;
/** Who may open one: others read CIM at most (RootSDDL of the service, and of the endpoints of PowerShell). */
const SHELL_GROUPS = ['Administrators', 'Remote Management Users'];

export class ShellTable {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #quotas: Quotas;
  readonly #shells = new Map<string, Shell>();
  #made = 0;

  constructor(options: { clock: Clock; entropy: Entropy; quotas: Quotas }) {
    this.#clock = options.clock;
    this.#entropy = options.entropy;
    this.#quotas = options.quotas;
  }

  /**
   * What a new shell begins with.
   * @param proposed the client's own id for it
   * @throws WsmanFault when the user may have none, or the user, or the host, has as many shells as are allowed
   */
  admit(
    account: WindowsAccount,
    proposed: string | undefined,
  ): Pick<Shell, 'id' | 'account' | 'createdAt' | 'lastUsed'> {
    if (!account.groups.some((group) => SHELL_GROUPS.includes(group))) throw new WsmanFault('accessDenied');
    this.#forgetIdle();
    const shells = [...this.#shells.values()];
    const mine = shells.filter((shell) => shell.account === account).length;
    if (mine >= this.#quotas.shellsPerUser) throw new WsmanFault('shellsQuota');
    const users = new Set(shells.map((shell) => shell.account));
    if (mine === 0 && users.size >= this.#quotas.shellUsersMax) throw new WsmanFault('shellUsersQuota');
    if (shells.length >= SHELLS_MAX) throw new WsmanFault('serviceBusy');
    if (
      proposed !== undefined &&
      (proposed.length > ID_CHARS_MAX || this.#shells.has(proposed.toUpperCase()))
    )
      throw new WsmanFault('invalidSelectors');
    const now = this.#clock.wall();
    return { id: proposed ?? this.newId(), account, createdAt: now, lastUsed: now };
  }

  add(shell: Shell): void {
    this.#shells.set(shell.id.toUpperCase(), shell);
  }

  /** The shell that the selectors name, if it is the account's own. @throws WsmanFault */
  find({ selectors, resourceUri }: WsmanRequest, account: WindowsAccount): Shell {
    this.#forgetIdle();
    const id = selectors.get('shellid');
    const shell = typeof id === 'string' ? this.#shells.get(id.trim().toUpperCase()) : undefined;
    if (!shell || shell.account !== account || shell.resourceUri.toLowerCase() !== resourceUri.toLowerCase())
      throw new WsmanFault('shellNotFound');
    shell.lastUsed = this.#clock.wall();
    return shell;
  }

  /** Shells of the account, for clients that look what is there. */
  of(account: WindowsAccount): Shell[] {
    this.#forgetIdle();
    return [...this.#shells.values()].filter((shell) => shell.account === account);
  }

  /** rsp:Command of each command of one of the account's shells. @throws WsmanFault */
  commandsXml(shellId: string, account: WindowsAccount): string[] {
    const shell = this.of(account).find(({ id }) => id.toUpperCase() === shellId.trim().toUpperCase());
    if (!shell) throw new WsmanFault('shellNotFound');
    return [...shell.commandIds()].map(
      (id) =>
        `<rsp:Command><rsp:ShellId>${escapeText(shell.id)}</rsp:ShellId>` +
        `<rsp:CommandId>${escapeText(id)}</rsp:CommandId></rsp:Command>`,
    );
  }

  end(shell: Shell): void {
    this.#shells.delete(shell.id.toUpperCase());
    shell.end();
  }

  stop(): void {
    for (const shell of this.#shells.values()) this.end(shell);
  }

  newId(): string {
    return this.#entropy.uuid('winrm.shell', this.#made++).toUpperCase();
  }

  /** The answer to a Create. */
  createdXml(shell: Shell): string {
    const selector = `<w:Selector Name="ShellId">${escapeText(shell.id)}</w:Selector>`;
    return (
      `<x:ResourceCreated><a:Address>${ANONYMOUS}</a:Address><a:ReferenceParameters>` +
      `<w:ResourceURI>${shell.resourceUri}</w:ResourceURI><w:SelectorSet>${selector}</w:SelectorSet>` +
      `</a:ReferenceParameters></x:ResourceCreated>${this.shellXml(shell)}`
    );
  }

  shellXml(shell: Shell): string {
    const now = this.#clock.wall();
    const since = (at: UnixMillis): string => `P0DT0H0M${Math.floor((now - at) / 1000)}S`;
    const idle = (this.#quotas.shellIdleMs / 1000).toFixed(3);
    return (
      `<rsp:Shell><rsp:ShellId>${escapeText(shell.id)}</rsp:ShellId><rsp:ResourceUri>${shell.resourceUri}</rsp:ResourceUri>` +
      `<rsp:Owner>${escapeText(shell.account.name)}</rsp:Owner><rsp:ClientIP>${escapeText(shell.clientAddress)}</rsp:ClientIP>` +
      `<rsp:IdleTimeOut>PT${idle}S</rsp:IdleTimeOut><rsp:InputStreams>${shell.streams.input}</rsp:InputStreams>` +
      `<rsp:OutputStreams>${shell.streams.output}</rsp:OutputStreams><rsp:ShellRunTime>${since(shell.createdAt)}</rsp:ShellRunTime>` +
      `<rsp:ShellInactivity>${since(shell.lastUsed)}</rsp:ShellInactivity></rsp:Shell>`
    );
  }

  #forgetIdle(): void {
    const oldest = this.#clock.wall() - this.#quotas.shellIdleMs;
    for (const shell of this.#shells.values()) if (shell.lastUsed < oldest) this.end(shell);
  }
}
