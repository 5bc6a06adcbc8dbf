/** Faults in the forms that Windows has for them, and what the appliance calls them. */
import { expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import { readFault, told } from './errors.ts';

const NS =
  'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" ' +
  'xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
  'xmlns:p="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

const fault = (subcode: string, detail: string): string =>
  `<s:Fault ${NS}><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>${subcode}</s:Value></s:Subcode></s:Code>` +
  `<s:Reason><s:Text xml:lang="en-US">The reason. </s:Text></s:Reason><s:Detail>${detail}</s:Detail></s:Fault>`;
const wsman = (code: number | string, inside = 'The message. '): string =>
  `<f:WSManFault Code="${code}" Machine="hv1"><f:Message>${inside}</f:Message></f:WSManFault>`;
const wmi = (status: number, hresult: string): string =>
  `<p:MSFT_WmiError xsi:type="p:MSFT_WmiError_Type"><p:CIMStatusCode>${status}</p:CIMStatusCode><p:Message>What WMI says. </p:Message>` +
  `<p:MessageID>HRESULT ${hresult}</p:MessageID><p:error_Code xsi:nil="true"/></p:MSFT_WmiError>`;

test.each([
  ['w:TimedOut', wsman(2150858793), 'winrm.timeout'],
  ['w:InternalError', wsman(2150858793), 'winrm.timeout'],
  ['n:InvalidEnumerationContext', wsman(2150858779), 'winrm.session.lost'],
  ['w:InvalidSelectors', wsman(2150858843), 'winrm.session.lost'],
  ['w:InternalError', wsman(2150859174), 'winrm.quota'],
  ['w:QuotaLimit', wsman(2150859173), 'winrm.quota'],
  ['w:QuotaLimit', '', 'winrm.quota'],
  ['w:InternalError', wmi(27, '0x8004106C'), 'winrm.quota'],
  ['w:AccessDenied', wsman(5), 'winrm.denied'],
  ['w:AccessDenied', wmi(2, '0x80041003'), 'winrm.denied'],
  ['a:DestinationUnreachable', wmi(3, '0x8004100E'), 'winrm.namespace.missing'],
  ['a:DestinationUnreachable', wmi(5, '0x80041010'), 'winrm.class.missing'],
  ['w:EncodingLimit', wsman(2150858792), 'winrm.envelope'],
  ['w:SchemaValidationError', wsman(2150858817), 'winrm.fault'],
  ['w:InternalError', wsman('no number'), 'winrm.fault'],
  ['', '', 'winrm.fault'],
])('%s %s is %s', (subcode, detail, code) => {
  const error = told(readFault(parseXml(fault(subcode, detail))), 'hv1', 'run a command') as DryliftError;
  expect(error).toBeInstanceOf(DryliftError);
  expect(error.code).toBe(code);
  expect(error.what).toMatch(/^hv1 could not run a command: .+/);
});

test('what is refused of a namespace is told with it', () => {
  const denied = readFault(parseXml(fault('w:AccessDenied', wmi(2, '0x80041003'))));
  expect(told(denied, 'hv1', 'read root/virtualization/v2')).toMatchObject({
    code: 'winrm.namespace.denied',
    what: 'hv1 could not read root/virtualization/v2: What WMI says.',
  });
});

test('the fault of a provider is told with all of its words, and with no more than a screenful', () => {
  const inner = `<f:ProviderFault provider="Shell cmd plugin" path="x.dll">${wsman(2147942402, 'The system cannot find the file specified. ')}</f:ProviderFault>`;
  const provider = readFault(parseXml(fault('w:InternalError', wsman(2147942402, inner))));
  expect(provider.message).toBe('The system cannot find the file specified.');
  const long = readFault(parseXml(fault('w:InternalError', wsman(1, 'x '.repeat(5000)))));
  expect(long.message).toHaveLength(500);
});

test('errors of TLS are told in the words of a listener, all others as they are', () => {
  const net = new DryliftError('net.tls.expired', { blame: 'peer', why: '', next: '' }, { what: 'Too old.' });
  expect(told(net, 'hv1', 'x')).toMatchObject({ code: 'winrm.certificate.expired', what: 'Too old.' });
  const other = new Error('a bug');
  expect(told(other, 'hv1', 'x')).toBe(other);
});
