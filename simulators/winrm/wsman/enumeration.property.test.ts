/** Paging never loses or repeats an item, whatever the page sizes, and no page outgrows its envelope. */
import '#core/testing/random-seed.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { MINUTE } from '#core/units.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import { quotasOf } from '../quotas.ts';
import { Enumerations } from './enumeration.ts';
import { NS } from './names.ts';
import type { WsmanRequest } from './request.ts';

function world() {
  let now = Date.UTC(2026, 2, 2);
  const clock: Clock = { wall: () => now, monotonic: () => now, schedule: () => ({ cancel() {} }) };
  const advance = (ms: number): void => {
    now += ms;
  };
  return {
    advance,
    enumerations: new Enumerations({ clock, entropy: new Entropy('paging'), quotas: quotasOf('10.0.17763') }),
  };
}

function request(body: string, envelopeUnitsMax = 250_000): WsmanRequest {
  const element = parseXml(`<n:X xmlns:n="${NS.n}" xmlns:w="${NS.w}">${body}</n:X>`);
  return {
    action: '',
    messageId: '',
    resourceUri: '',
    selectors: new Map(),
    options: new Map(),
    operationTimeoutMs: 60_000,
    envelopeUnitsMax,
    body: element,
  };
}

const itemsOf = (xml: string): string[] => [...xml.matchAll(/<i>(\d+)_*<\/i>/g)].map(([, n]) => n!);
const contextOf = (xml: string): string | undefined => /EnumerationContext>(uuid:[^<]+)</.exec(xml)?.[1];
const isEnd = (xml: string): boolean => /<[nw]:EndOfSequence>/.test(xml);

test('every item comes once, in order, whatever the sizes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 3000 }), { maxLength: 40 }),
      fc.array(fc.option(fc.integer({ min: 1, max: 15 })), { minLength: 1, maxLength: 10 }),
      fc.boolean(),
      fc.integer({ min: 6000, max: 20_000 }),
      (lengths, sizes, optimised, room) => {
        const { enumerations } = world();
        const items = lengths.map((length, n) => `<i>${n}${'_'.repeat(length)}</i>`);
        const size = (n: number): string => {
          const wanted = sizes[n % sizes.length];
          return wanted == null ? '' : `<w:MaxElements>${wanted}</w:MaxElements>`;
        };
        const seen: string[] = [];
        let xml = enumerations.enumerate(
          request(`${optimised ? '<w:OptimizeEnumeration/>' : ''}${size(0)}`, room),
          'me',
          items,
        );
        for (let n = 1; ; n++) {
          const page = itemsOf(xml);
          seen.push(...page);
          const wanted = n === 1 && !optimised ? 0 : (sizes[(n - 1) % sizes.length] ?? 1);
          expect(page.length).toBeLessThanOrEqual(wanted);
          expect(xml.length).toBeLessThanOrEqual(room);
          if (isEnd(xml)) break;
          const context = contextOf(xml)!;
          xml = enumerations.pull(
            request(`<n:EnumerationContext>${context}</n:EnumerationContext>${size(n)}`, room),
            'me',
          );
          expect(n).toBeLessThan(200);
        }
        expect(seen).toEqual(lengths.map((_, n) => String(n)));
      },
    ),
  );
});

test('a context is unknown once finished, released, idle too long, or somebody else’s', () => {
  const { enumerations, advance } = world();
  const begin = (): string => contextOf(enumerations.enumerate(request(''), 'me', ['<i>0</i>', '<i>1</i>']))!;
  const pull = (context: string, who = 'me', more = ''): string =>
    enumerations.pull(request(`<n:EnumerationContext>${context}</n:EnumerationContext>${more}`), who);

  const finished = begin();
  expect(isEnd(pull(finished, 'me', '<n:MaxElements>5</n:MaxElements>'))).toBe(true);
  expect(() => pull(finished)).toThrow('enumeration context is invalid');

  const released = begin();
  enumerations.release(request(`<n:EnumerationContext>${released}</n:EnumerationContext>`), 'me');
  expect(() => pull(released)).toThrow('enumeration context is invalid');

  const idle = begin();
  advance(3 * MINUTE);
  pull(idle);
  advance(5 * MINUTE);
  expect(() => pull(idle)).toThrow('enumeration context is invalid');

  expect(() => pull(begin(), 'you')).toThrow('enumeration context is invalid');
});

test('nothing found is an empty page, not a fault', () => {
  const { enumerations } = world();
  const context = contextOf(enumerations.enumerate(request(''), 'me', []))!;
  expect(enumerations.pull(request(`<n:EnumerationContext>${context}</n:EnumerationContext>`), 'me')).toBe(
    '<n:Items></n:Items><n:EndOfSequence></n:EndOfSequence>',
  );
});

test('an item that fits into no page is refused, as are sizes that are none', () => {
  const { enumerations } = world();
  const big = request('<w:OptimizeEnumeration/>', 4096);
  expect(() => enumerations.enumerate(big, 'me', ['x'.repeat(5000)])).toThrow('MaxEnvelopeSize');
  const none = request('<w:OptimizeEnumeration/><w:MaxElements>0</w:MaxElements>');
  expect(() => enumerations.enumerate(none, 'me', [])).toThrow('MaxElements');
});
