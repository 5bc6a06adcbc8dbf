/**
 * Properties and statistics of a storage service as XML; the same for blobs, queues and tables.
 * @see learn.microsoft.com, rest/api/storageservices/set-blob-service-properties, get-blob-service-stats
 */
import { child, childrenOf, childText, type XmlElement } from '#core/wire/xml/element.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import type {
  AnalyticsSettings,
  CorsRule,
  RetentionPolicy,
  ServiceName,
  ServiceProperties,
} from './account.ts';
import type { GeoStatus } from './operation.ts';
import { storageFault } from './storage-fault.ts';
import { isSignatureVersion } from './versions.ts';
import { readXmlBody } from './xml-body.ts';

export const PROPERTIES_XML_LIMITS = { bytesMax: 64 * 1024, depthMax: 8, elementsMax: 200 };

const CORS_RULES_MAX = 5;
const RETENTION_DAYS_MAX = 365;
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS', 'MERGE', 'PUT', 'DELETE', 'PATCH', 'CONNECT', 'TRACE'];
const LOGGING_FLAGS = ['Delete', 'Read', 'Write'];
const METRICS_FLAGS = ['Enabled', 'IncludeAPIs'];
const SETTINGS = ['Logging', 'HourMetrics', 'MinuteMetrics', 'Cors'];
const BLOB_SETTINGS = [...SETTINGS, 'DefaultServiceVersion', 'DeleteRetentionPolicy', 'StaticWebsite'];

/** @throws StorageFault InvalidXmlDocument, InvalidXmlNodeValue, UnsupportedXmlNode */
export function readServiceProperties(
  xml: Uint8Array,
  before: ServiceProperties,
  service: ServiceName,
): ServiceProperties {
  const root = readXmlBody(xml, PROPERTIES_XML_LIMITS, 'StorageServiceProperties');
  for (const { name } of root.children)
    if (!(service === 'blob' ? BLOB_SETTINGS : SETTINGS).includes(name))
      throw storageFault('UnsupportedXmlNode', { detail: { XmlNodeName: name } });
  const website = child(root, 'StaticWebsite');
  // pages of websites are not served here
  if (website && flag(website, 'Enabled') === true)
    throw storageFault('UnsupportedXmlNode', { detail: { XmlNodeName: 'StaticWebsite' } });
  const part = <T>(name: string, read: (element: XmlElement) => T, otherwise: T): T => {
    const element = child(root, name);
    return element ? read(element) : otherwise;
  };
  return {
    logging: part('Logging', (element) => readAnalytics(element, LOGGING_FLAGS), before.logging),
    hourMetrics: part('HourMetrics', (element) => readAnalytics(element, METRICS_FLAGS), before.hourMetrics),
    minuteMetrics: part(
      'MinuteMetrics',
      (element) => readAnalytics(element, METRICS_FLAGS),
      before.minuteMetrics,
    ),
    cors: part('Cors', readCors, before.cors),
    defaultVersion: part('DefaultServiceVersion', readVersion, before.defaultVersion),
    deleteRetention: part('DeleteRetentionPolicy', readRetention, before.deleteRetention),
  };
}

export function writeServiceProperties(properties: ServiceProperties, service: ServiceName): string {
  const out = new XmlWriter().open('StorageServiceProperties');
  writeAnalytics(out, 'Logging', properties.logging);
  writeAnalytics(out, 'HourMetrics', properties.hourMetrics);
  writeAnalytics(out, 'MinuteMetrics', properties.minuteMetrics);
  out.open('Cors');
  for (const rule of properties.cors) {
    out.open('CorsRule').leaf('AllowedOrigins', rule.origins.join(','));
    out.leaf('AllowedMethods', rule.methods.join(',')).leaf('MaxAgeInSeconds', rule.maxAgeSeconds);
    out.leaf('ExposedHeaders', rule.exposedHeaders.join(','));
    out.leaf('AllowedHeaders', rule.allowedHeaders.join(',')).close();
  }
  out.close();
  if (service === 'blob') {
    if (properties.defaultVersion !== undefined) out.leaf('DefaultServiceVersion', properties.defaultVersion);
    writeRetention(out, 'DeleteRetentionPolicy', properties.deleteRetention);
    out.open('StaticWebsite').leaf('Enabled', false).close();
  }
  return out.close().toString();
}

export function writeServiceStats(out: XmlWriter, { status, lastSyncTime }: GeoStatus): void {
  out.open('StorageServiceStats').open('GeoReplication').leaf('Status', status);
  out.leaf('LastSyncTime', lastSyncTime === undefined ? '' : new Date(lastSyncTime).toUTCString());
  out.close().close();
}

function badNode(name: string): never {
  throw storageFault('InvalidXmlNodeValue', { detail: { XmlNodeName: name } });
}

function flag(element: XmlElement, name: string): boolean | undefined {
  const text = childText(element, name)?.trim();
  if (text === undefined) return undefined;
  if (text !== 'true' && text !== 'false') return badNode(name);
  return text === 'true';
}

function readAnalytics(element: XmlElement, names: readonly string[]): AnalyticsSettings {
  const flags: Record<string, boolean> = {};
  for (const name of names) {
    const value = flag(element, name);
    if (value !== undefined) flags[name] = value;
    else if (name !== 'IncludeAPIs') return badNode(name);
  }
  const retention = child(element, 'RetentionPolicy');
  return {
    version: childText(element, 'Version')?.trim() || '1.0',
    flags,
    retention: retention ? readRetention(retention) : { enabled: false },
  };
}

function readRetention(element: XmlElement): RetentionPolicy {
  const enabled = flag(element, 'Enabled') ?? badNode('Enabled');
  if (flag(element, 'AllowPermanentDelete') === true)
    throw storageFault('UnsupportedXmlNode', { detail: { XmlNodeName: 'AllowPermanentDelete' } });
  if (!enabled) return { enabled };
  const days = Number(childText(element, 'Days')?.trim() ?? '');
  if (!Number.isInteger(days) || days < 1 || days > RETENTION_DAYS_MAX) return badNode('Days');
  return { enabled, days };
}

function readVersion(element: XmlElement): string {
  const version = element.text.trim();
  return isSignatureVersion(version) ? version : badNode('DefaultServiceVersion');
}

function readCors(element: XmlElement): CorsRule[] {
  const rules = childrenOf(element, 'CorsRule').map((rule): CorsRule => {
    const list = (name: string): string[] =>
      (childText(rule, name) ?? '')
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    const maxAgeSeconds = Number(childText(rule, 'MaxAgeInSeconds')?.trim() || '0');
    if (!Number.isInteger(maxAgeSeconds) || maxAgeSeconds < 0) badNode('MaxAgeInSeconds');
    const methods = list('AllowedMethods');
    const origins = list('AllowedOrigins');
    if (origins.length === 0) badNode('AllowedOrigins');
    if (methods.length === 0 || methods.some((name) => !METHODS.includes(name))) badNode('AllowedMethods');
    return {
      origins,
      methods,
      allowedHeaders: list('AllowedHeaders'),
      exposedHeaders: list('ExposedHeaders'),
      maxAgeSeconds,
    };
  });
  if (rules.length > CORS_RULES_MAX) badNode('Cors');
  return rules;
}

function writeAnalytics(out: XmlWriter, name: string, settings: AnalyticsSettings): void {
  out.open(name).leaf('Version', settings.version);
  for (const [flagName, value] of Object.entries(settings.flags)) out.leaf(flagName, value);
  writeRetention(out, 'RetentionPolicy', settings.retention);
  out.close();
}

function writeRetention(out: XmlWriter, name: string, { enabled, days }: RetentionPolicy): void {
  out.open(name).leaf('Enabled', enabled);
  if (days !== undefined) out.leaf('Days', days);
  out.close();
}
