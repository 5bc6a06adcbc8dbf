/**
 * The service's configuration as a resource (`winrm/config`): read by clients that size packets by it, and changed by
 * administrators. Whole, or one of its branches by a longer URI (`…/config/service/auth`).
 */
import type { XmlElement } from '#core/wire/xml/element.ts';
import type { ServiceSettings } from './authentication/http-authentication.ts';
import type { Quotas } from './quotas.ts';
import { WsmanFault } from './wsman/fault.ts';
import { NS, RESOURCE } from './wsman/names.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Leaf {
  readonly read: () => string | number | boolean;
  /** Absent: nobody can change it here. */
  readonly write?: (text: string) => void;
}

interface Branch {
  readonly [name: string]: Leaf | Branch;
}

const UNLIMITED = 4_294_967_295;

export class ServiceConfig {
  readonly settings: Writable<ServiceSettings>;
  readonly quotas: Writable<Quotas>;
  readonly #tree: Branch;

  constructor(settings: ServiceSettings, quotas: Quotas) {
    this.settings = { ...settings };
    this.quotas = { ...quotas };
    this.#tree = this.#treeOf();
  }

  /** Does the URI name the configuration, or a branch of it? */
  static covers(resourceUri: string): boolean {
    const uri = resourceUri.toLowerCase();
    return uri === RESOURCE.config || uri.startsWith(`${RESOURCE.config}/`);
  }

  /** @throws WsmanFault when there is no such branch */
  get(resourceUri: string): string {
    const { name, branch } = this.#branch(resourceUri);
    return element(name, branch, ` xmlns:cfg="${NS.cfg}"`);
  }

  /** Changes the leaves that the body names; all, or none when one is wrong. Gives what is there now. @throws WsmanFault */
  put(resourceUri: string, body: XmlElement | undefined): string {
    const { name, branch } = this.#branch(resourceUri);
    if (body?.name !== name) throw new WsmanFault('representationInvalid');
    const changes: Array<() => void> = [];
    gather(body, branch, changes);
    for (const change of changes) change();
    return this.get(resourceUri);
  }

  #branch(resourceUri: string): { name: string; branch: Branch } {
    let name = 'Config';
    let branch = this.#tree;
    for (const step of resourceUri.slice(RESOURCE.config.length).split('/').filter(Boolean)) {
      const [found, next] =
        Object.entries(branch).find(([key]) => key.toLowerCase() === step.toLowerCase()) ?? [];
      if (found === undefined || next === undefined || isLeaf(next)) throw new WsmanFault('badResourceUri');
      name = found;
      branch = next;
    }
    return { name, branch };
  }

  #treeOf(): Branch {
    const { settings, quotas } = this;
    const flag = (name: 'basic' | 'allowUnencrypted'): Leaf => ({
      read: () => settings[name],
      write: (text) => {
        settings[name] = text.trim().toLowerCase() === 'true';
      },
    });
    const limit = (name: keyof Quotas, unit = 1): Leaf => ({
      read: () => quotas[name] / unit,
      write: (text) => {
        quotas[name] = Number(text) * unit;
      },
    });
    const fixed = (value: string | number | boolean): Leaf => ({ read: () => value });
    return {
      MaxEnvelopeSizekb: limit('envelopeBytesMax', 1024),
      MaxTimeoutms: limit('timeoutMsMax'),
      MaxBatchItems: limit('batchItemsMax'),
      MaxProviderRequests: fixed(UNLIMITED),
      Service: {
        MaxConcurrentOperations: fixed(UNLIMITED),
        MaxConcurrentOperationsPerUser: limit('operationsPerUser'),
        EnumerationTimeoutms: limit('enumerationIdleMs'),
        MaxConnections: limit('connectionsMax'),
        MaxPacketRetrievalTimeSeconds: fixed(120),
        AllowUnencrypted: flag('allowUnencrypted'),
        Auth: {
          Basic: flag('basic'),
          Kerberos: fixed(true),
          Negotiate: fixed(true),
          // listeners ask for certificates from their beginning, or never
          Certificate: fixed(settings.certificate ?? false),
          CredSSP: fixed(false),
          CbtHardeningLevel: fixed('Relaxed'),
        },
        DefaultPorts: { HTTP: fixed(5985), HTTPS: fixed(5986) },
      },
      Winrs: {
        AllowRemoteShellAccess: fixed(true),
        IdleTimeout: limit('shellIdleMs'),
        MaxConcurrentUsers: limit('shellUsersMax'),
        MaxShellRunTime: fixed(2_147_483_647),
        MaxProcessesPerShell: limit('commandsPerShell'),
        MaxMemoryPerShellMB: limit('memoryPerShellMb'),
        MaxShellsPerUser: limit('shellsPerUser'),
      },
    };
  }
}

function isLeaf(node: Leaf | Branch): node is Leaf {
  return typeof node['read'] === 'function';
}

function element(name: string, node: Leaf | Branch, declaration = ''): string {
  const inside = isLeaf(node)
    ? String(node.read())
    : Object.entries(node)
        .map(([key, below]) => element(key, below))
        .join('');
  return `<cfg:${name}${declaration}>${inside}</cfg:${name}>`;
}

function gather(body: XmlElement, branch: Branch, changes: Array<() => void>): void {
  for (const child of body.children) {
    const node = branch[child.name];
    if (!node) throw new WsmanFault('representationInvalid');
    if (!isLeaf(node)) {
      gather(child, node, changes);
      continue;
    }
    const now = node.read();
    const text = child.text.trim();
    if (text === String(now)) continue; // clients send back all that they got
    if (!node.write) throw new WsmanFault('readOnlySetting');
    const fits = typeof now === 'boolean' ? /^(?:true|false)$/i.test(text) : /^[1-9]\d{0,9}$/.test(text);
    if (!fits) throw new WsmanFault('representationInvalid');
    changes.push(() => node.write!(text));
  }
}
