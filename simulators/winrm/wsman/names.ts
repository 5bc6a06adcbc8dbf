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
  b: 'http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd',
  cim: 'http://schemas.dmtf.org/wbem/wscim/1/common',
  identity: 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd',
} as const;

export const ANONYMOUS = `${NS.a}/role/anonymous`;

export const ACTION = {
  get: `${NS.x}/Get`,
  put: `${NS.x}/Put`,
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
  /** In small letters: any configuration of PowerShell below it. */
  powershell: 'http://schemas.microsoft.com/powershell/',
  /** What all shells are seen by. */
  shells: NS.rsp,
  config: 'http://schemas.microsoft.com/wbem/wsman/1/config',
} as const;

export const WQL_DIALECT = 'http://schemas.microsoft.com/wbem/wsman/1/WQL';
/** DSP0226 section 8.3.1: what the selectors of a filter name. */
export const SELECTOR_DIALECT = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter';
/** DSP0227 section 8.3; its last word is written with a small or a capital a. */
export const ASSOCIATION_DIALECT = 'http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationfilter';
/** Of fragments, and the one that counts when none is named. */
export const XPATH_DIALECT = 'http://www.w3.org/TR/1999/REC-xpath-19991116';
