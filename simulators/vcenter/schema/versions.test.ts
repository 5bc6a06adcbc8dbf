import { expect, test } from 'vitest';
import { requestedVersion, UNNAMED_VERSION, VERSIONS, versionOf } from './versions.ts';

const newest = versionOf('7.0.3.0');

test.each([
  [undefined, VERSIONS[UNNAMED_VERSION]],
  ['', VERSIONS[UNNAMED_VERSION]],
  ['""', VERSIONS[UNNAMED_VERSION]],
  ['urn:vim25', VERSIONS[UNNAMED_VERSION]],
  ['"urn:vim25/6.5"', '6.5'],
  ['urn:vim25/6.7.1', '6.7.1'],
  ['urn:vim25/2.5u2', '2.5u2'],
  ['urn:vim25/7.0.3.0', '7.0.3.0'],
  // govmomi's own ids: a whole line, and one newer than this server
  ['urn:vim25/7.0', '7.0.3.0'],
  ['urn:vim25/8.0.3.0', '7.0.3.0'],
  ['urn:vim25/99.9', '7.0.3.0'],
  ['urn:vim25/6.6', '6.5'],
  ['urn:vim25/1.0', undefined],
  ['urn:vim25/rubbish', undefined],
  ['urn:pbm/2.0', undefined],
  ['urn:vim25/', undefined],
])('the SOAPAction %s means %s', (header, id) => {
  const version = requestedVersion(header, newest);
  expect(version === undefined ? undefined : VERSIONS[version]).toBe(id);
});
