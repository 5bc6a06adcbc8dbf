/** What a server says of a runspace pool: [MS-PSRP] sections 2.2.2.1, 2.2.2.4, 2.2.2.8 and 2.2.2.13. */
import { memberOf, messageXml, readClixml } from './clixml.ts';

/** Runspaces that are free: pipelines of a pool do not wait for each other here. */
export const RUNSPACES = 5;

/** RunspacePoolState, section 2.2.3.4. */
const STATES = { opened: 2, broken: 5 } as const;

/** @param osVersion "10.0.17763" */
export function capabilityXml(osVersion: string): string {
  const { protocol } = versionsOf(osVersion);
  return messageXml(
    `<Version N="protocolversion">${protocol}</Version><Version N="PSVersion">2.0</Version>` +
      '<Version N="SerializationVersion">1.1.0.1</Version>',
  );
}

export function poolStateXml(state: keyof typeof STATES): string {
  return messageXml(`<I32 N="RunspaceState">${STATES[state]}</I32>`);
}

/** @param xml the question, whose `ci` the answer repeats */
export function availabilityXml(xml: string, answer: number | true): string {
  const call = memberOf(readClixml(xml), 'ci')?.text ?? '';
  const value =
    answer === true
      ? '<B N="SetMinMaxRunspacesResponse">true</B>'
      : `<I64 N="SetMinMaxRunspacesResponse">${answer}</I64>`;
  return messageXml(`${value}<I64 N="ci">${/^-?\d{1,19}$/.test(call) ? call : '0'}</I64>`);
}

/** $PSVersionTable, as ApplicationPrivateData tells it. */
export function privateDataXml(osVersion: string): string {
  const { powerShell, clr, protocol, build } = versionsOf(osVersion);
  const entry = (key: string, value: string): string =>
    `<En><S N="Key">${key}</S><Version N="Value">${value}</Version></En>`;
  return messageXml(
    '<Obj N="ApplicationPrivateData" RefId="1"><TN RefId="0"><T>System.Management.Automation.PSPrimitiveDictionary</T>' +
      '<T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N="Key">PSVersionTable</S>' +
      `<Obj N="Value" RefId="2"><TNRef RefId="0"/><DCT>${entry('PSVersion', powerShell)}${entry('CLRVersion', clr)}` +
      `${entry('BuildVersion', build)}${entry('PSRemotingProtocolVersion', protocol)}${entry('WSManStackVersion', '3.0')}` +
      `${entry('SerializationVersion', '1.1.0.1')}</DCT></Obj></En></DCT></Obj>`,
  );
}

/** What each Windows comes with. */
function versionsOf(osVersion: string): {
  readonly powerShell: string;
  readonly clr: string;
  readonly protocol: string;
  readonly build: string;
} {
  const [major = 10, minor = 0, build = 0] = osVersion.split('.').map(Number);
  const own = `${major}.${minor}.${build}.0`;
  if (major >= 10)
    return {
      powerShell: `5.1.${build}.1`,
      clr: '4.0.30319.42000',
      protocol: '2.3',
      build: `10.0.${build}.1`,
    };
  if (minor === 3) return { powerShell: '4.0', clr: '4.0.30319.42000', protocol: '2.2', build: own };
  if (minor === 2) return { powerShell: '3.0', clr: '4.0.30319.42000', protocol: '2.2', build: own };
  return { powerShell: '2.0', clr: '2.0.50727.5420', protocol: '2.1', build: own };
}
