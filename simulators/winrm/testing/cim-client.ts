/** Asks a CIM service of a host directly, as requests that arrived: for tests of providers. */
import { parseXml } from '#core/wire/xml/reader.ts';
import type { WindowsAccount } from '../accounts.ts';
import { type CimHost, CimService } from '../cim/cim-service.ts';
import { NS, RESOURCE, WQL_DIALECT } from '../wsman/names.ts';
import type { SelectorValue, WsmanRequest } from '../wsman/request.ts';

const ADMINISTRATOR: WindowsAccount = { name: 'Administrator', password: 'x', groups: ['Administrators'] };

function request(change: Partial<WsmanRequest>): WsmanRequest {
  return {
    action: '',
    messageId: '',
    resourceUri: '',
    selectors: new Map(),
    options: new Map(),
    operationTimeoutMs: 60_000,
    envelopeUnitsMax: 250_000,
    body: undefined,
    ...change,
  };
}

export function cimClient(host: CimHost, account = ADMINISTRATOR) {
  const cim = new CimService(host);
  return {
    /** XML of each item. */
    ask(query: string, namespace: string, mode = ''): string[] {
      const escaped = query.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      const body = parseXml(
        `<n:Enumerate xmlns:n="${NS.n}" xmlns:w="${NS.w}">${mode === '' ? '' : `<w:EnumerationMode>${mode}</w:EnumerationMode>`}` +
          `<w:Filter Dialect="${WQL_DIALECT}">${escaped}</w:Filter></n:Enumerate>`,
      );
      return [...cim.enumerate(request({ resourceUri: `${RESOURCE.wmi}${namespace}/*`, body }), account)];
    },
    /** All of a class, without a filter. */
    enumerate: (namespace: string, className: string): string[] => [
      ...cim.enumerate(request({ resourceUri: `${RESOURCE.wmi}${namespace}/${className}` }), account),
    ],
    /** Body of the answer. @param input XML of the parameters, prefix p */
    invoke(
      namespace: string,
      className: string,
      method: string,
      input = '',
      selectors: Record<string, SelectorValue> = {},
    ): string {
      const uri = `${RESOURCE.wmi}${namespace}/${className}`;
      return cim.invoke(
        request({
          action: `${uri}/${method}`,
          resourceUri: uri,
          selectors: new Map(Object.entries(selectors)),
          body: parseXml(
            `<p:${method}_INPUT xmlns:p="${uri}" xmlns:a="${NS.a}" xmlns:w="${NS.w}">${input}</p:${method}_INPUT>`,
          ),
        }),
        account,
      );
    },
  };
}

/** Texts of all elements of the name, with any prefix. */
export function texts(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<(?:\\w+:)?${name}>([^<]*)</`, 'g'))].map(([, text]) =>
    text!.replaceAll('&quot;', '"').replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&'),
  );
}
