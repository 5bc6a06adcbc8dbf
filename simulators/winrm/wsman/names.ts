/** Namespaces, actions and resource URIs of WS-Management as Windows speaks it: DSP0226, [MS-WSMV] section 2.2. */
export const NS = {
  s: 'http://www.w3.org/2003/05/soap-envelope',
  a: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  x: 'http://schemas.xmlsoap.org/ws/2004/09/transfer',
  n: 'http://schemas.xmlsoap.org/ws/2004/09/enumeration',
  w: 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
  p: 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
  rsp: 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell',
  f: 'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault',
  cfg: 'http://schemas.microsoft.com/wbem/wsman/1/config',
  cim: 'http://schemas.dmtf.org/wbem/wscim/1/common',
  identity: 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd',
} as const;

export const ANONYMOUS = `${NS.a}/role/anonymous`;

export const ACTION = {
  get: `${NS.x}/Get`,
  create: `${NS.x}/Create`,
  delete: `${NS.x}/Delete`,
  enumerate: `${NS.n}/Enumerate`,
  pull: `${NS.n}/Pull`,
  release: `${NS.n}/Release`,
  command: `${NS.rsp}/Command`,
  send: `${NS.rsp}/Send`,
  receive: `${NS.rsp}/Receive`,
  signal: `${NS.rsp}/Signal`,
  fault: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault',
  addressingFault: `${NS.a}/fault`,
} as const;

export const RESOURCE = {
  wmi: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/',
  cmd: `${NS.rsp}/cmd`,
  config: 'http://schemas.microsoft.com/wbem/wsman/1/config',
} as const;

export const WQL_DIALECT = 'http://schemas.microsoft.com/wbem/wsman/1/WQL';
