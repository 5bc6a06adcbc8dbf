import { XmlWriter } from '#core/wire/xml/writer.ts';
import { defineOperation } from '../operation.ts';
import {
  PROPERTIES_XML_LIMITS,
  readServiceProperties,
  writeServiceProperties,
  writeServiceStats,
} from '../service-properties.ts';
import { badParameter } from '../storage-fault.ts';

/** Get Blob Service Properties. */
export const getBlobServiceProperties = defineOperation({
  name: 'GetBlobServiceProperties',
  on: 'service',
  methods: ['GET'],
  restype: 'service',
  comp: 'properties',
  permission: { level: 's', letters: 'r', accountOnly: true },
  run: ({ account }) => ({ status: 200, body: writeServiceProperties(account.properties.blob, 'blob') }),
});

/** Set Blob Service Properties: what the request leaves out stays as it is. */
export const setBlobServiceProperties = defineOperation({
  name: 'SetBlobServiceProperties',
  on: 'service',
  methods: ['PUT'],
  restype: 'service',
  comp: 'properties',
  permission: { level: 's', letters: 'w', accountOnly: true },
  body: { kind: 'memory', bytesMax: PROPERTIES_XML_LIMITS.bytesMax },
  run({ account, body }) {
    const xml = Buffer.concat(body.pieces);
    account.properties.blob = readServiceProperties(xml, account.properties.blob, 'blob');
    return { status: 202 };
  },
});

/** Get Blob Service Stats: of the secondary endpoint only. */
export const getBlobServiceStats = defineOperation({
  name: 'GetBlobServiceStats',
  on: 'service',
  methods: ['GET'],
  restype: 'service',
  comp: 'stats',
  permission: { level: 's', letters: 'r', accountOnly: true },
  run({ request, account, tools }) {
    if (!request.isSecondary) throw badParameter('comp', 'stats');
    const out = new XmlWriter();
    writeServiceStats(out, tools.geoStatus(account));
    return { status: 200, body: out.toString() };
  },
});
