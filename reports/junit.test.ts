import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { describe, expect, test } from 'vitest';
import type { RunRecord } from '#core/contracts/run-record.ts';
import { renderJunit } from './junit.ts';
import { buildSampleRecord } from './samples/sample-record.ts';

function elements(parent: XmlElement, name?: string): XmlElement[] {
  return parent.children.filter(
    (child): child is XmlElement =>
      child instanceof XmlElement && (name === undefined || child.name === name),
  );
}

function suitesOf(records: readonly RunRecord[]): XmlElement {
  return parseXml(renderJunit(records)).root!;
}

const passed = buildSampleRecord({ machines: 2, events: 100 }).record;
const failed = buildSampleRecord({ variant: 'failed', machines: 2, events: 100 }).record;

describe('JUnit XML', () => {
  test('has a suite per run whose counts are those of its cases', () => {
    const root = suitesOf([passed, failed]);
    const suites = elements(root, 'testsuite');
    expect(suites.map(({ attributes }) => [attributes['failures'], attributes['skipped']])).toEqual([
      ['0', '1'],
      ['3', '1'],
    ]);
    expect(root.attributes['failures']).toBe('3');
    for (const suite of suites) {
      const cases = elements(suite, 'testcase');
      expect(String(cases.length)).toBe(suite.attributes['tests']);
      const outcomes = cases.flatMap((each) => elements(each).map(({ name }) => name));
      expect(String(outcomes.filter((name) => name === 'failure').length)).toBe(suite.attributes['failures']);
    }
  });

  test('says limit, actual, first breach and replay line of a broken check', () => {
    const [suite] = elements(suitesOf([failed]), 'testsuite');
    const broken = elements(suite!, 'testcase').find((each) =>
      each.attributes['name']!.startsWith('target-'),
    )!;
    const [failure] = elements(broken, 'failure');
    expect(failure!.attributes['message']).toContain('1 of 52 recovery points differs');
    expect(failure!.text).toContain('first broken at 30d14:22:10');
    expect(failure!.text).toContain('drylift replay 7.first-migration.9f3c');
  });

  test('counts an error that belongs to no check as an error of the run', () => {
    const crashed: RunRecord = {
      ...passed,
      verdict: 'error',
      failure: { code: 'sim.bug', what: 'A timer was lost.', why: 'Unknown.', next: 'Report it.' },
    };
    const [suite] = elements(suitesOf([crashed]), 'testsuite');
    expect(suite!.attributes['errors']).toBe('1');
    const [run] = elements(suite!, 'testcase');
    expect(elements(run!, 'error')[0]!.attributes).toMatchObject({
      type: 'sim.bug',
      message: 'A timer was lost.',
    });
  });

  test('shows a fault that was allowed to miss as skipped, not as broken', () => {
    const faults = passed.faults.map((fault) => ({ ...fault, fired: 0 }));
    const [suite] = elements(suitesOf([{ ...passed, faults }]), 'testsuite');
    expect(suite!.attributes['failures']).toBe('0');
    expect(suite!.attributes['skipped']).toBe(String(1 + faults.length));
  });

  test('stays well-formed with markup, control characters and lone surrogates in names', () => {
    const hostile = ']]></failure><x a="&\u0000\u0008\ud800\ufffe">\n\t\'';
    const check = {
      ...failed.checks[1]!,
      id: hostile,
      says: hostile,
      limit: hostile,
      actual: hostile,
      detail: hostile,
    };
    const [suite] = elements(suitesOf([{ ...failed, scenario: hostile, checks: [check] }]), 'testsuite');
    const names = elements(suite!, 'testcase').map((each) => each.attributes['name']);
    expect(names[1]).toContain(']]></failure><x a="&\ufffd\ufffd\ufffd\ufffd">');
    expect(elements(suite!).map(({ name }) => name)).not.toContain('x');
  });
});
