/** Errors, units, SOAP envelopes and traces: the small pieces everything else stands on. */
import { describe, expect, test } from 'vitest';
import { DryliftError, defineErrors, exitCodeOf, formatError, nearest } from './errors.ts';
import { canonicalLines, firstDivergence, traceHash } from './trace/canonical.ts';
import type { TraceEvent } from './trace/recorder.ts';
import {
  DAY,
  formatBytes,
  formatDuration,
  formatOffset,
  HOUR,
  MINUTE,
  parseDuration,
  parseSize,
  SECOND,
} from './units.ts';
import { parseEnvelope, SOAP_11 } from './wire/soap/envelope.ts';
import { childrenOf, childText, typeOf } from './wire/xml/element.ts';
import { parseXml } from './wire/xml/reader.ts';

describe('errors', () => {
  const table = defineErrors({
    'test.sample': { blame: 'input', why: 'Because.', next: 'Do this.' },
  });

  test('an error prints its five parts, with a caret under the place', () => {
    const error = table.make('test.sample', {
      what: '"servres" is not a key of estate.',
      where: { file: 'a.yaml', line: 6, column: 3, text: '  servres: 10' },
    });
    expect(formatError(error)).toBe(
      [
        'test.sample  "servres" is not a key of estate.',
        '  where: a.yaml:6:3',
        '           servres: 10',
        '           ^',
        '  why:   Because.',
        '  next:  Do this.',
      ].join('\n'),
    );
    expect(error).toBeInstanceOf(DryliftError);
    expect(exitCodeOf(error)).toBe(2);
    expect(exitCodeOf(new Error('x'))).toBe(5);
  });

  test('a code can be declared only once', () => {
    expect(() => defineErrors({ 'test.sample': { blame: 'us', why: '', next: '' } })).toThrow(
      'declared twice',
    );
  });

  test.each([
    ['servres', ['servers', 'hosts', 'mix'], 'servers'],
    ['vcenter.QueryPref', ['vcenter.QueryPerf', 'vcenter.Login'], 'vcenter.QueryPerf'],
    ['zzz', ['servers'], undefined],
  ])('nearest to %s', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });
});

describe('units', () => {
  test.each([
    ['20s', 20 * SECOND],
    ['5m', 5 * MINUTE],
    ['1d04h', DAY + 4 * HOUR],
    ['250ms', 250],
    ['1.5h', 90 * MINUTE],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(['', '5', 'five', '5 minutes', '4h1d', '5m3m', '-5m', '5m x'])('%j is not a duration', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'units.badDuration' }));
  });

  test('sizes are binary', () => {
    expect(parseSize('40GiB')).toBe(40 * 1024 ** 3);
    expect(() => parseSize('40GB')).toThrow(expect.objectContaining({ code: 'units.badSize' }));
    expect(formatBytes(1536)).toBe('1.5 KiB');
  });

  test('times are as exact as their scale', () => {
    expect(formatDuration(30 * DAY)).toBe('30d 00h');
    expect(formatDuration(4_100)).toBe('4.1 s');
    expect(formatOffset(DAY + 14 * HOUR + 22 * MINUTE + 10 * SECOND)).toBe('1d14:22:10');
    expect(formatOffset(250)).toBe('00:00:00.250');
  });
});

describe('XML elements', () => {
  const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

  test.each([
    ['x:type="vim:VirtualDisk"', 'VirtualDisk'],
    ['x:type="VirtualDisk"', 'VirtualDisk'],
    ['type="VirtualMachine"', undefined],
    ['y:type="other"', undefined],
  ])('the type of an element with %s is %s', (attribute, expected) => {
    expect(
      typeOf(parseXml(`<a xmlns:x="${XSI}" xmlns:y="urn:other" xmlns:vim="urn:vim25" ${attribute}/>`)),
    ).toBe(expected);
  });

  test('children are found by local name, in document order', () => {
    const root = parseXml('<a><b>1</b><c/><b>2</b></a>');
    expect(childrenOf(root, 'b').map((b) => b.text)).toEqual(['1', '2']);
    expect(childText(root, 'b')).toBe('1');
    expect(childText(root, 'd')).toBeUndefined();
  });
});

describe('SOAP envelopes', () => {
  test('header and body are told apart by namespace, not by prefix', () => {
    const envelope = parseEnvelope(
      `<Envelope xmlns="${SOAP_11}"><Header><operationID xmlns="">7</operationID></Header><Body><m:Login xmlns:m="urn:vim25"/></Body></Envelope>`,
    );
    expect(envelope.version).toBe('1.1');
    expect(envelope.header.map((h) => h.text)).toEqual(['7']);
    expect(envelope.body.map((b) => [b.namespace, b.name])).toEqual([['urn:vim25', 'Login']]);
  });

  test.each([
    '<a/>',
    `<Envelope xmlns="${SOAP_11}"/>`,
    '<Envelope xmlns="urn:other"><Body/></Envelope>',
  ])('%s is refused', (xml) => {
    expect(() => parseEnvelope(xml)).toThrow(expect.objectContaining({ code: 'soap.envelope' }));
  });
});

describe('traces', () => {
  const event = (at: number, what: string): TraceEvent => ({ at, kind: 'http', who: 'a', what });

  test('order inside an instant counts in the memory tier and not on loopback', () => {
    const one = [event(1, 'x'), event(1, 'y'), event(2, 'z')];
    const two = [event(1, 'y'), event(1, 'x'), event(2, 'z')];
    expect(traceHash(one, 'memory')).not.toBe(traceHash(two, 'memory'));
    expect(traceHash(one, 'loopback')).toBe(traceHash(two, 'loopback'));
    const late = [event(1, 'x'), event(2, 'y'), event(2, 'z')];
    expect(traceHash(late, 'loopback')).not.toBe(traceHash(one, 'loopback'));
  });

  test('the first difference is named, also where one trace just ends', () => {
    const lines = canonicalLines([event(1, 'x'), event(2, 'y')], 'memory');
    expect(firstDivergence(lines, lines)).toBeUndefined();
    expect(firstDivergence(lines, lines.slice(0, 1))).toMatchObject({
      index: 1,
      left: lines[1],
      right: undefined,
    });
  });
});
