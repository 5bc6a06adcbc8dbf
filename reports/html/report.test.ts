import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { buildSampleRecord } from '../samples/sample-record.ts';
import { unpack } from '../view/payload.ts';
import { linkPage } from './link-page.ts';
import { renderReport } from './report.ts';

const run = buildSampleRecord({ machines: 2, events: 300 });

describe('the report file', () => {
  const html = renderReport(run);

  test('is the same text for the same record', () => {
    expect(renderReport(run) === html).toBe(true);
  });

  // Matches, not the page, are compared: a failure must not print a megabyte.
  test('asks nobody for anything: no address, no source, no link out', () => {
    const markup = html.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '');
    expect(markup.match(/\b(?:src|href|url|action)\s*=/gi)).toBeNull();
    expect(markup).toContain(`default-src 'none'`);
    expect(html.match(/\burl\((?!#)|@import/g)).toBeNull();
  });

  test('names in its policy exactly the scripts and styles that it holds', () => {
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!;
    const hashes = (tag: string) =>
      [...html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))].map(
        ([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`,
      );
    expect(policy).toContain(`script-src ${hashes('script').join(' ')};`);
    expect(policy).toContain(`style-src ${hashes('style').join(' ')};`);
    expect(hashes('script')).toHaveLength(2);
  });

  test('keeps the licence of the library it carries', () => {
    expect(html.includes('Permission is hereby granted, free of charge')).toBe(true);
    expect(html.includes('https://github.com/leeoniya/uPlot')).toBe(true);
  });

  test('holds a record full of markup as data only', () => {
    const evil = '</script><script>alert(1)</script><!--<script>';
    const record = { ...run.record, scenario: evil, says: evil, utilisation: [] };
    const page = renderReport({ record, trace: [{ ...run.trace[0]!, what: evil }] });
    expect(page.includes('alert(1)</script>')).toBe(false);
    expect(page.includes('<title>&lt;/script&gt;&lt;script&gt;alert(1)')).toBe(true);
    expect(page.match(/<script/g)).toHaveLength(3);
    const packed = /id="payload">([A-Za-z0-9+/=]+)</.exec(page)![1]!;
    const payload = unpack(gunzipSync(Buffer.from(packed, 'base64')));
    expect(payload.record.says).toBe(evil);
    expect(payload.trace.what(0)).toBe(evil);
  });
});

describe('the linked page', () => {
  test('is one strict script without types, imports or exports, made without a warning', () => {
    const warned = vi.spyOn(process, 'emitWarning');
    const script = linkPage(new URL('app/main.ts', import.meta.url));
    expect(warned).not.toHaveBeenCalled();
    expect(script.slice(0, 13)).toBe("'use strict';");
    expect(script.match(/^\s*(?:import|export|interface)\b.*/gm)).toBeNull();
    expect(() => new Function(script)).not.toThrow();
    warned.mockRestore();
  });
});
