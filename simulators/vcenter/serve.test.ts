/** The served vCenter over a real socket: found by its authority, stopped without a trace. */
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { HOUR } from '#core/units.ts';
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
    code: 'estate.noFile',
    blame: 'input',
  });
});

describe('the control endpoint', () => {
  const send = (url: string, ca: string, token: string, method = 'GET', body?: unknown) =>
    new Promise<{ status: number; json: unknown }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      request(url, { ca, agent: false, method, headers }, (response) => {
        text(response).then(
          (answer) =>
            resolve({ status: response.statusCode!, json: answer === '' ? undefined : JSON.parse(answer) }),
          reject,
        );
      })
        .on('error', reject)
        .end(body === undefined ? undefined : JSON.stringify(body));
    });

  test('moves time, switches machines, arms and lifts faults, for whoever has the token', async () => {
    const served = await serveVcenter({
      machines: 3,
      port: 0,
      controlToken: 'secret',
      fault: ['at: vcenter.CurrentTime, answer: 503'],
    });
    const { CONTROL_URL: url, CONTROL_TOKEN: token, GUEST_LOGIN } = served.exports;
    expect([token, GUEST_LOGIN]).toEqual(['secret', 'drylift:drylift-1']);
    const ca = served.files!.VSPHERE_CA!.content;
    const ask = (method: string, path: string, body?: unknown) =>
      send(`${url}${path}`, ca, 'secret', method, body);
    expect((await send(`${url}/time`, ca, 'wrong')).status).toBe(401);
    const before = (await ask('GET', '/time')).json as { now: string };
    const after = (await ask('POST', '/time', { advance: '2h', pace: 10 })).json as {
      now: string;
      pace: number;
    };
    expect(Date.parse(after.now) - Date.parse(before.now)).toBeGreaterThanOrEqual(2 * HOUR);
    expect(after.pace).toBe(10);
    const [first] = (await ask('GET', '/machines')).json as Array<{ name: string; power: string }>;
    const power = first!.power === 'on' ? 'off' : 'on';
    expect((await ask('POST', `/machines/${first!.name}`, { power })).json).toMatchObject({ power });
    expect((await ask('POST', `/machines/${first!.name}`, { power: 'up' })).status).toBe(400);
    expect((await ask('DELETE', `/machines/${first!.name}`)).status).toBe(204);
    expect((await ask('GET', '/machines')).json).toHaveLength(2);
    const armed = await ask('POST', '/faults', { spec: 'at: vcenter.Login, answer: 503' });
    expect(armed.status).toBe(201);
    expect((await ask('GET', '/faults')).json).toHaveLength(2);
    expect((await ask('DELETE', `/faults/${(armed.json as { id: string }).id}`)).status).toBe(204);
    expect((await ask('POST', '/faults', { spec: 'at: vcenter.Logni, answer: 503' })).json).toMatchObject({
      code: 'fault.unknownPoint',
    });
    expect((await ask('GET', '/points')).json).not.toHaveLength(0);
    expect((await ask('GET', '/nothing')).status).toBe(404);
    await served.stop();
  });

  test('a fault that is no fault ends it before it serves', async () => {
    await expect(
      serveVcenter({ machines: 2, port: 0, fault: ['at: nowhere, answer: 1'] }),
    ).rejects.toMatchObject({ code: 'fault.unknownPoint' });
  });

  test('one host by itself is a HostAgent without clusters', async () => {
    const served = await serveVcenter({ machines: 6, port: 0, flavour: 'esx' });
    const ca = served.files!.VSPHERE_CA!.content;
    const body =
      '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
      '<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>' +
      '</soapenv:Body></soapenv:Envelope>';
    const answer = await new Promise<string>((resolve, reject) => {
      request(served.exports.VSPHERE_URL!, { ca, agent: false, method: 'POST' }, (response) => {
        text(response).then(resolve, reject);
      })
        .on('error', reject)
        .end(body);
    });
    expect(answer).toContain('<apiType>HostAgent</apiType>');
    await served.stop();
  });
});
