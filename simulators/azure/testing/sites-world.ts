/** A test world with sites of any kind, their data plane, and the projects that assess their machines. */
import { assert } from '#core/assert.ts';
import { PUBLIC_CLOUD } from '../cloud.ts';
import { createDiscoveryService } from '../discovery-service/service.ts';
import { createMigrate } from '../migrate/provider.ts';
import { offAzureProvider } from '../off-azure/provider.ts';
import { Sites } from '../off-azure/sites.ts';
import { type ArmWorld, armWorld, GROUP, TENANT } from './arm-world.ts';
import { type TestFiles, testFiles } from './files.ts';
import type { Answer } from './test-world.ts';

export const V20 = '2020-07-07';
export const V23 = '2023-06-06';
export const SITES = `${GROUP}/providers/Microsoft.OffAzure`;

export interface SitesWorld extends ArmWorld {
  readonly sites: Sites;
  readonly files: TestFiles;
  /** Makes a site. @returns a way to call its data plane */
  make(
    type: string,
    name: string,
  ): Promise<(method: string, path: string, body?: unknown) => Promise<Answer>>;
  wait(ms: number): Promise<void>;
}

export async function inSites(script: (world: SitesWorld) => Promise<void>): Promise<void> {
  const sites = new Sites();
  const files = testFiles();
  await using arm = await armWorld(({ context }) => [
    offAzureProvider({ context, sites, files }),
    createMigrate({ context, sites, files, ruleset: 'seed' }).provider,
  ]);
  const { world, identity, authorization } = arm;
  const service = createDiscoveryService({
    context: world.context,
    cloud: PUBLIC_CLOUD,
    identity,
    authorization,
    tenantId: TENANT,
    site: (token) => sites.byToken(token),
    explanations: () => undefined,
  });
  await world.serve(['*.discoverysrv.windowsazure.com'], service);
  const { clock } = world.tier;
  await world.run(() =>
    script({
      ...arm,
      sites,
      files,
      async make(type, name) {
        const body = { location: 'westeurope', properties: { applianceName: 'appliance-1' } };
        const made = await arm.ask('PUT', `${SITES}/${type}/${name}`, V23, { body });
        assert(made.status === 201, 'the site was made');
        const base = made.json.properties.serviceEndpoint;
        return async (method, path, sent) =>
          world.ask(method, `${base}${path}`, {
            ...(sent === undefined ? {} : { body: sent }),
            token: await arm.token(undefined, 'https://discoverysrv.windowsazure.com'),
          });
      },
      wait: (ms) => new Promise<void>((done) => void clock.schedule(clock.wall() + ms, 'test.wait', done)),
    }),
  );
}
