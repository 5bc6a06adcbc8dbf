import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import { readServerList } from './server-list.ts';

const read = (text: string) => readServerList({ name: 'servers.csv', text });
const refusal = (text: string): DryliftError => {
  try {
    read(text);
  } catch (error) {
    if (error instanceof DryliftError) return error;
  }
  throw new Error('it was taken');
};

test('columns come in any order, in the words of people and spreadsheets; what is empty is left to the appliance', () => {
  const servers = read(
    '\uFEFFOS;IP Address/FQDN;Port;Friendly name\r\nLinux;10.0.0.5;;\r\nwindows server;app.corp.example;5985;"corp; admins"\r\n',
  );
  expect(
    servers.map(({ address, os, port, credential, name }) => [address, os, port, credential, name]),
  ).toEqual([
    ['10.0.0.5', 'linux', undefined, undefined, undefined],
    ['app.corp.example', 'windows', 5985, 'corp; admins', undefined],
  ]);
});

test('all mistakes are told at once, each by file, line, column and field', () => {
  const { code, message, where } = refusal(
    [
      'address,os,port,name',
      '10.0.0.1,linux,22,one',
      ',linux,,',
      '10.0.0.2,solaris,70000,two',
      '-oProxyCommand=x,linux,,',
      '10.0.0.1,linux,,again',
      '10.0.0.9,linux,,x,more',
    ].join('\n'),
  );
  expect(code).toBe('server.list');
  expect(where).toEqual({ file: 'servers.csv', line: 3, column: 1, field: 'address' });
  expect(message.split('\n').slice(1)).toEqual([
    '  servers.csv:3:1 (address): is empty',
    '  servers.csv:4:2 (os): "solaris" is neither linux nor windows',
    '  servers.csv:4:3 (port): "70000" is no port: 1 to 65535',
    '  servers.csv:5:1 (address): "-oProxyCommand=x" is no name and no address',
    '  servers.csv:6:1 (address): 10.0.0.1 is in line 2 already',
    '  servers.csv:7:5: the row has more cells than the head',
  ]);
});

test.each([
  ['adress,os\n10.0.0.1,linux\n', /adress\): there is no such column; did you mean "address"/],
  ['address,address,os\n', /twice/],
  ['address\n10.0.0.1\n', /\(os\): the column is missing/],
  ['', /\(address\): the column is missing/],
])('a head that will not do says why: %j', (text, why) => {
  expect(refusal(text).message).toMatch(why);
});

test('whatever stands in it, a list is read or refused with a place', () => {
  const cell = fc.oneof(
    fc.constantFrom('10.0.0.1', 'linux', 'windows', '22', '', '$(id)', '`x`', '\u0000'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(fc.array(cell, { maxLength: 6 }), { maxLength: 6 }), (rows) => {
      const text = `address,os,port,credential,name\n${rows.map((row) => row.join(',')).join('\n')}`;
      try {
        for (const { address } of read(text)) expect(address).toMatch(/^[\w.:][\w.:-]*$/);
      } catch (error) {
        expect(error).toBeInstanceOf(DryliftError);
        expect((error as DryliftError).where).toMatchObject({ file: 'servers.csv' });
      }
    }),
  );
});
