/** What WMI says when something is not there or not to be had: MSFT_WmiError with its HRESULT. */
import { WsmanFault } from '../wsman/fault.ts';

export function invalidClass(name: string): WsmanFault {
  return new WsmanFault('noSuchInstance', undefined, {
    status: 5,
    hresult: '0x80041010',
    text: `Invalid class ${name.slice(0, 100)}`,
  });
}

export function invalidNamespace(): WsmanFault {
  return new WsmanFault('noSuchInstance', undefined, {
    status: 3,
    hresult: '0x8004100E',
    text: 'Invalid namespace',
  });
}

export function noSuchInstance(): WsmanFault {
  return new WsmanFault('noSuchInstance', undefined, { status: 6, hresult: '0x80041002', text: 'Not found' });
}

export function invalidQuery(why: string): WsmanFault {
  return new WsmanFault('cannotProcessFilter', undefined, {
    status: 15,
    hresult: '0x80041017',
    text: `Invalid query: ${why}.`,
  });
}

export function namespaceDenied(): WsmanFault {
  return new WsmanFault('accessDenied', undefined, {
    status: 2,
    hresult: '0x80041003',
    text: 'Access denied',
  });
}

export function alreadyExists(): WsmanFault {
  return new WsmanFault('alreadyExists', undefined, {
    status: 11,
    hresult: '0x80041019',
    text: 'Object or property already exists',
  });
}

export function invalidParameter(): WsmanFault {
  return new WsmanFault('representationInvalid', undefined, {
    status: 4,
    hresult: '0x80041008',
    text: 'Invalid parameter',
  });
}

/** Put, Create and Delete of instances whose provider lets nobody do so. */
export function notCapable(): WsmanFault {
  return new WsmanFault('internalError', undefined, {
    status: 7,
    hresult: '0x80041024',
    text: 'Provider is not capable of the attempted operation',
  });
}
