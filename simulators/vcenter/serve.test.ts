/** The served vCenter over a real socket: found by its authority, stopped without a trace. */
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { serveVcenter } from './serve.ts';

function get(url: string, ca: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { ca, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode!, body }), reject);
    })
      .on('error', reject)
      .end();
  });
}

test('its variables lead to it, its certificate is by the authority that it writes, and it stops', async () => {
  const served = await serveVcenter({ machines: 3, port: 0, password: 'a&b/c', pace: 60 });
  const { VSPHERE_URL, GOVC_URL, VSPHERE_USER, VSPHERE_PASSWORD } = served.exports;
  const govc = new URL(GOVC_URL!);
  expect([decodeURIComponent(govc.username), decodeURIComponent(govc.password)]).toEqual([
    VSPHERE_USER,
    VSPHERE_PASSWORD,
  ]);
  expect(`${govc.origin}${govc.pathname}`).toBe(VSPHERE_URL);
  const ca = served.files!.VSPHERE_CA!.content;
  const answer = await get(`${VSPHERE_URL}/vimServiceVersions.xml`, ca);
  expect([answer.status, answer.body.includes('8.0.3.0')]).toEqual([200, true]);
  await served.stop();
  await expect(get(`${VSPHERE_URL}/vimServiceVersions.xml`, ca)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

test('a workbook that is not there is told before anything listens', async () => {
  await expect(serveVcenter({ estate: 'nowhere.xlsx', port: 0 })).rejects.toMatchObject({
    code: 'serve.noEstateFile',
    blame: 'input',
  });
});
