/**
 * The named points at which a scenario may act on a WinRM host, and what each can answer. Every subject begins with
 * the host's DNS name, so that a fault can be of one host among many. Hosts that show more (Hyper-V) declare points
 * of their own and hand them to `startWinrm`.
 */
import { DAY, MINUTE, type Millis } from '#core/units.ts';
import type { FaultPoint } from '../kit/fault-points.ts';
import type { FaultName, WmiError } from './wsman/fault.ts';

/** The connection is cut without an answer. */
export const RESET = 'reset';
/** HTTP.sys answers in place of the service. */
export const UNAVAILABLE = '503';
/** No answer within the operation's time: TimedOut in the end. */
export const HANG = 'hang';

export const POINTS = {
  request: 'winrm.request',
  logon: 'winrm.logon',
  cim: 'winrm.cim',
  shell: 'winrm.shell',
  host: 'winrm.host',
  certificate: 'winrm.certificate',
  clock: 'winrm.clock',
} as const;

interface InjectedFault {
  readonly name: FaultName;
  readonly wmi?: WmiError;
}

/** Answers of operations on CIM, in the words of WMI. */
export const CIM_FAULTS: Readonly<Record<string, InjectedFault>> = {
  accessDenied: {
    name: 'accessDenied',
    wmi: { status: 2, hresult: '0x80041003', text: 'Access denied' },
  },
  quotaViolation: {
    name: 'internalError',
    wmi: { status: 27, hresult: '0x8004106C', text: 'Quota violation' },
  },
  providerFailure: {
    name: 'internalError',
    wmi: { status: 1, hresult: '0x80041004', text: 'Provider failure' },
  },
  shuttingDown: {
    name: 'internalError',
    wmi: { status: 1, hresult: '0x80041033', text: 'Shutting down' },
  },
  invalidContext: { name: 'invalidContext' },
  operationsQuota: { name: 'operationsQuota' },
};

/** Answers of operations on shells. */
export const SHELL_FAULTS: Readonly<Record<string, InjectedFault>> = {
  accessDenied: { name: 'accessDenied' },
  shellsQuota: { name: 'shellsQuota' },
  usersQuota: { name: 'shellUsersQuota' },
  operationsQuota: { name: 'operationsQuota' },
};

/** How far the host's clock is off while the fault lasts. */
export const CLOCK_ERRORS: Readonly<Record<string, Millis>> = {
  '+10min': 10 * MINUTE,
  '-10min': -10 * MINUTE,
  '+2d': 2 * DAY,
  '-2d': -2 * DAY,
};

export function winrmFaultPoints(): FaultPoint[] {
  return [
    {
      name: POINTS.request,
      says: 'any request to a Windows host, before anybody looks at it; the subject is the host and who dials',
      answers: [RESET, UNAVAILABLE],
    },
    {
      name: POINTS.logon,
      says: 'the end of a logon with the right password; the subject is the host and the user',
      answers: ['wrongPassword', 'locked'],
    },
    {
      name: POINTS.cim,
      says: 'an operation on CIM; the subject is the host, the operation, namespace/class or the context’s, and the user; hang answers TimedOut when the operation’s time is over',
      answers: [...Object.keys(CIM_FAULTS), HANG, RESET],
    },
    {
      name: POINTS.shell,
      says: 'an operation on a remote shell; the subject is the host, the operation, the command line and the user; lost ends the shell, hang keeps a command silent until the fault is over',
      answers: [...Object.keys(SHELL_FAULTS), HANG, 'lost', RESET],
    },
    {
      name: POINTS.host,
      says: 'a Windows host, from the fault on to its end: connections are cut and refused, shells and enumerations are gone; the subject is the host',
      answers: ['rebooting'],
    },
    {
      name: POINTS.certificate,
      says: 'the certificate that a Windows host shows on HTTPS; the subject is the host',
      answers: ['expired', 'otherName'],
    },
    {
      name: POINTS.clock,
      says: 'the clock of a Windows host, as its challenges and Date headers tell it; the subject is the host',
      answers: Object.keys(CLOCK_ERRORS),
    },
  ];
}
