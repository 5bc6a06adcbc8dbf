/** Faults of WS-Management and WMI as they arrive, and as the appliance tells them to its user. */
import { DryliftError, defineErrors } from '#core/errors.ts';
import { attribute, child, childText, type XmlElement } from '#core/wire/xml/element.ts';

export const errors = defineErrors({
  'winrm.login.refused': {
    blame: 'input',
    retry: 'after-change',
    why: 'The host does not know the account, the password is wrong, or the account may not log on over the network; it never says which. So that no account gets locked, a password that was refused twice is not shown again for half an hour.',
    next: 'Correct user and password of the credential (DOMAIN\\user for an account of a domain), or add one that works on this host.',
  },
  'winrm.login.locked': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The account worked on this host before: it was locked after wrong passwords, disabled, has expired, or its password was changed.',
    next: 'Look at the account (lusrmgr.msc, or Get-ADUser -Properties LockedOut,Enabled,PasswordExpired); unlock it, or give the appliance the new password. The appliance tries again by itself.',
  },
  'winrm.login.scheme': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The appliance signs in by Negotiate with NTLM, or by Basic over TLS. Kerberos, CredSSP and client certificates are not offered.',
    next: 'Allow Negotiate on the host: winrm set winrm/config/service/auth @{Negotiate="true"}; and see that no policy forbids NTLM to this account.',
  },
  'winrm.unencrypted.refused': {
    blame: 'input',
    retry: 'after-change',
    why: 'Without TLS the appliance sends nothing that is not sealed, and Basic would show the password to everybody on the way.',
    next: 'Allow Negotiate on the host, or reach it over HTTPS (port 5986).',
  },
  'winrm.certificate.expired': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The certificate of the HTTPS listener is not valid at this instant.',
    next: 'Renew it and give it to the listener (winrm set winrm/config/Listener?Address=*+Transport=HTTPS @{CertificateThumbprint="…"}), or correct the clock that is wrong.',
  },
  'winrm.certificate.untrusted': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The certificate of the HTTPS listener was not issued by an authority that the appliance was told to trust; those that Windows makes itself never are.',
    next: 'Give the authority ("ca") or the SHA-256 fingerprint of exactly this certificate ("fingerprint") with the host in the configuration, after checking it with the owner.',
  },
  'winrm.certificate.name': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The certificate of the HTTPS listener is for other names than the one in the configuration.',
    next: 'Write the host as the certificate names it, have the certificate reissued, or give its fingerprint.',
  },
  'winrm.denied': {
    blame: 'input',
    retry: 'after-change',
    why: 'The account may log on, but not use remote management.',
    next: 'Make it a member of the group Remote Management Users (or Administrators) on the host.',
  },
  'winrm.namespace.denied': {
    blame: 'input',
    retry: 'after-change',
    why: 'The account may use remote management, but not read this namespace of WMI.',
    next: 'Make it a member of Hyper-V Administrators and Performance Monitor Users on the host (of the cluster: an administrator of the nodes), or allow "Remote Enable" on the namespace in wmimgmt.msc.',
  },
  'winrm.namespace.missing': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The host has no such namespace: the role or feature that brings it is not installed.',
    next: 'root/virtualization/v2 comes with the role Hyper-V, root/MSCluster with Failover Clustering: check that this is the right host.',
  },
  'winrm.class.missing': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The host has no such class; counters of Hyper-V are missing when their performance library failed to load.',
    next: 'On the host, run lodctr /R and winmgmt /resyncperf; check that it runs Windows Server 2012 R2 or later.',
  },
  'winrm.quota': {
    blame: 'peer',
    retry: 'safe',
    why: 'The account has as many operations, shells or connections open as the host allows (MaxConcurrentOperationsPerUser, MaxShellsPerUser, MaxConnections), or its service is too busy.',
    next: 'Look at who else uses this account, or raise the quota (winrm get winrm/config); the appliance tries again by itself.',
  },
  'winrm.timeout': {
    blame: 'peer',
    retry: 'safe',
    why: 'The host took the request and did not come to an answer within the time of the operation.',
    next: 'Look at the load of the host and of its WMI service; the appliance tries again by itself.',
  },
  'winrm.envelope': {
    blame: 'peer',
    why: 'One object is larger than MaxEnvelopeSize of the host lets through.',
    next: 'Raise it on the host: winrm set winrm/config @{MaxEnvelopeSizekb="500"}.',
  },
  'winrm.session.lost': {
    blame: 'peer',
    retry: 'safe',
    why: 'The host forgot the enumeration or shell that this belonged to: it restarted, or its service did.',
    next: 'Nothing is to be done: the appliance begins again by itself.',
  },
  'winrm.unavailable': {
    blame: 'peer',
    retry: 'safe',
    why: 'What answers there gave an HTTP status that is none of WS-Management.',
    next: 'Check port, https and that the WinRM service runs (winrm quickconfig); a proxy may answer in its place.',
  },
  'winrm.protocol': {
    blame: 'peer',
    why: 'The answer does not follow WS-Management, or is not protected as it was agreed.',
    next: 'Look at what stands at that address; something on the way may change messages.',
  },
  'winrm.fault': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The host refused the request with the fault named above.',
    next: 'Look at the log Microsoft-Windows-WinRM/Operational of the host.',
  },
  'winrm.shell.slow': {
    blame: 'peer',
    retry: 'safe',
    why: 'The command did not come to an end in the time that it was given, and was ended.',
    next: 'Look at the load of the machine; the appliance tries again by itself.',
  },
  'winrm.shell.output': {
    blame: 'peer',
    why: 'The command wrote more than the appliance takes, and was ended.',
    next: 'Run the command by hand and look at what it writes.',
  },
});

/** A fault inside the protocol. Unwound to a DryliftError by `told` before it leaves this folder. */
export class WsmanFault extends Error {
  override readonly name = 'WsmanFault';
  /** Local name of the subcode: "TimedOut". */
  readonly subcode: string;
  /** Of WSManFault, or of the error inside a provider's; 0: none. */
  readonly code: number;
  /** CIM status of MSFT_WmiError (DSP0200): 2 access denied, 3 namespace, 5 class, 6 not found. */
  readonly cimStatus: number;

  constructor(options: { text: string; subcode: string; code: number; cimStatus: number }) {
    super(options.text);
    this.subcode = options.subcode;
    this.code = options.code;
    this.cimStatus = options.cimStatus;
  }
}

/** WSManFault codes [MS-WSMV 2.2.9; public wsmerror.h] and HRESULTs of WMI, by what they mean to us. */
const CODE = {
  accessDenied: [5, 0x80070005, 2150859012, 2150859013, 0x80041003],
  timedOut: [2150858793],
  contextGone: [2150858779],
  shellGone: [2150858843],
  quota: [0x8004106c, 2150859174, 2150859173, 2150858815, 2150859058, 2150859060],
  envelope: [2150858792, 2150858788],
  namespace: [0x8004100e],
  class: [0x80041010],
} as const;

const is = (fault: WsmanFault, kind: keyof typeof CODE): boolean =>
  (CODE[kind] as readonly number[]).includes(fault.code);

export const isTimedOut = (error: unknown): boolean =>
  error instanceof WsmanFault && (error.subcode === 'TimedOut' || is(error, 'timedOut'));

/** The host does not know the enumeration or the shell any more. */
export const isForgotten = (error: unknown): boolean =>
  error instanceof WsmanFault && (is(error, 'contextGone') || is(error, 'shellGone'));

/** The s:Fault element of SOAP 1.2 with what Windows puts into its detail, in either form. */
export function readFault(fault: XmlElement): WsmanFault {
  const reason = child(fault, 'Reason');
  const detail = child(fault, 'Detail');
  const subcode = subcodeOf(child(fault, 'Code'));
  const wmi = detail && child(detail, 'MSFT_WmiError');
  if (wmi) {
    const hresult = /0x[0-9a-f]{1,8}/i.exec(childText(wmi, 'MessageID') ?? '')?.[0];
    return new WsmanFault({
      text: cut(childText(wmi, 'Message') ?? (reason && childText(reason, 'Text')) ?? 'no reason'),
      subcode,
      code: hresult === undefined ? whole(childText(wmi, 'error_Code')) : Number(hresult),
      cimStatus: whole(childText(wmi, 'CIMStatusCode')),
    });
  }
  const wsman = detail && child(detail, 'WSManFault');
  const message = wsman && child(wsman, 'Message');
  return new WsmanFault({
    text: cut(
      (message && textIn(message)) || (reason && childText(reason, 'Text')) || subcode || 'no reason',
    ),
    subcode,
    code: whole(wsman && attribute(wsman, '', 'Code')),
    cimStatus: 0,
  });
}

function subcodeOf(code: XmlElement | undefined): string {
  const subcode = code && child(code, 'Subcode');
  const value = (subcode && childText(subcode, 'Value')) ?? (code && childText(code, 'Value')) ?? '';
  return value.trim().replace(/^.*:/, '');
}

/** A provider's fault wraps another message. */
function textIn(message: XmlElement): string {
  const inner = message.children.map(textIn).filter((text) => text !== '');
  return [message.text.trim(), ...inner].filter((text) => text !== '').join(' ');
}

function whole(text: string | undefined): number {
  const value = Number(text?.trim() || 0);
  return Number.isSafeInteger(value) ? value : 0;
}

const cut = (text: string): string => text.trim().replace(/\s+/g, ' ').slice(0, 500);

/**
 * A fault, or an error of TLS, as a coded error. Others pass through.
 * @param doing "read root/cimv2": follows "could not"
 */
export function told(error: unknown, host: string, doing: string): unknown {
  if (error instanceof DryliftError && error.code in CERTIFICATE)
    return errors.make(CERTIFICATE[error.code]!, { what: error.what, cause: error });
  if (!(error instanceof WsmanFault)) return error;
  const make = (code: keyof typeof errors.codes): DryliftError =>
    errors.make(code, {
      what: `${host} could not ${doing}: ${error.message}`,
      cause: error,
      data: { fault: error.code, subcode: error.subcode },
    });
  if (isTimedOut(error)) return make('winrm.timeout');
  if (isForgotten(error)) return make('winrm.session.lost');
  if (is(error, 'quota') || error.subcode === 'QuotaLimit') return make('winrm.quota');
  if (error.cimStatus === 2 || is(error, 'accessDenied') || error.subcode === 'AccessDenied')
    return make(/root[/\\]/.test(doing) ? 'winrm.namespace.denied' : 'winrm.denied');
  if (error.cimStatus === 3 || is(error, 'namespace')) return make('winrm.namespace.missing');
  if (error.cimStatus === 5 || is(error, 'class')) return make('winrm.class.missing');
  if (is(error, 'envelope') || error.subcode === 'EncodingLimit') return make('winrm.envelope');
  return make('winrm.fault');
}

const CERTIFICATE: Readonly<Record<string, keyof typeof errors.codes>> = {
  'net.tls.expired': 'winrm.certificate.expired',
  'net.tls.untrusted': 'winrm.certificate.untrusted',
  'net.tls.name': 'winrm.certificate.name',
};
