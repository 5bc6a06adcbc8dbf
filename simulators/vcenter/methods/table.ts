/** Every method on offer, once. Dispatch, the fault for anything else, the ledger and the WSDL follow from it. */

import { GUEST_ALIAS_METHODS } from '../guest/aliases.ts';
import { GUEST_FILE_METHODS } from '../guest/files.ts';
import { GUEST_PROCESS_METHODS } from '../guest/processes.ts';
import { GUEST_REGISTRY_METHODS } from '../guest/registry.ts';
import { AUTHORIZATION_METHODS } from './authorization.ts';
import { cancelRetrievePropertiesEx } from './cancel-retrieve-properties-ex.ts';
import { cancelWaitForUpdates } from './cancel-wait-for-updates.ts';
import { checkForUpdates } from './check-for-updates.ts';
import { continueRetrievePropertiesEx } from './continue-retrieve-properties-ex.ts';
import { createContainerView } from './create-container-view.ts';
import { createFilter } from './create-filter.ts';
import { createListView } from './create-list-view.ts';
import { createPropertyCollector } from './create-property-collector.ts';
import { createSnapshot } from './create-snapshot.ts';
import { createSnapshotEx } from './create-snapshot-ex.ts';
import { currentTime } from './current-time.ts';
import { CUSTOM_FIELD_METHODS } from './custom-fields.ts';
import { destroyPropertyCollector } from './destroy-property-collector.ts';
import { destroyPropertyFilter } from './destroy-property-filter.ts';
import { destroyView } from './destroy-view.ts';
import { ENTITY_METHODS } from './entities.ts';
import { ENVIRONMENT_METHODS } from './environment.ts';
import { fetch } from './fetch.ts';
import { FILE_METHODS } from './files.ts';
import { findByDnsName } from './find-by-dns-name.ts';
import { findByInventoryPath } from './find-by-inventory-path.ts';
import { findByIp } from './find-by-ip.ts';
import { findByUuid } from './find-by-uuid.ts';
import { findChild } from './find-child.ts';
import { HISTORY_METHODS } from './history.ts';
import { HOST_METHODS } from './hosts.ts';
import { LEASE_METHODS } from './leases.ts';
import { LICENSE_METHODS } from './licenses.ts';
import { LIFECYCLE_METHODS } from './lifecycle.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { MANAGER_METHODS } from './managers.ts';
import type { Method } from './method.ts';
import { modifyListView } from './modify-list-view.ts';
import { OVF_METHODS } from './ovf.ts';
import { POOL_METHODS } from './pools.ts';
import { powerOffVm } from './power-off-vm.ts';
import { powerOnVm } from './power-on-vm.ts';
import { queryAvailablePerfMetric } from './query-available-perf-metric.ts';
import { queryChangedDiskAreas } from './query-changed-disk-areas.ts';
import { queryPerf } from './query-perf.ts';
import { queryPerfComposite } from './query-perf-composite.ts';
import { queryPerfCounter } from './query-perf-counter.ts';
import { queryPerfCounterByLevel } from './query-perf-counter-by-level.ts';
import { queryPerfProviderSummary } from './query-perf-provider-summary.ts';
import { rebootGuest } from './reboot-guest.ts';
import { reconfigVm } from './reconfig-vm.ts';
import { removeAllSnapshots } from './remove-all-snapshots.ts';
import { removeSnapshot } from './remove-snapshot.ts';
import { resetListView } from './reset-list-view.ts';
import { resetVm } from './reset-vm.ts';
import { retrieveProperties } from './retrieve-properties.ts';
import { retrievePropertiesEx } from './retrieve-properties-ex.ts';
import { retrieveServiceContent } from './retrieve-service-content.ts';
import { revertToSnapshot } from './revert-to-snapshot.ts';
import { searchDatastore } from './search-datastore.ts';
import { searchDatastoreSubFolders } from './search-datastore-sub-folders.ts';
import { sessionIsActive } from './session-is-active.ts';
import { SESSION_METHODS } from './session-tickets.ts';
import { shutdownGuest } from './shutdown-guest.ts';
import { SNAPSHOT_METHODS } from './snapshots.ts';
import { suspendVm } from './suspend-vm.ts';
import { terminateSession } from './terminate-session.ts';
import { waitForUpdates } from './wait-for-updates.ts';
import { waitForUpdatesEx } from './wait-for-updates-ex.ts';

export const METHODS: readonly Method[] = [
  retrieveServiceContent,
  currentTime,
  login,
  logout,
  sessionIsActive,
  terminateSession,
  retrieveProperties,
  retrievePropertiesEx,
  continueRetrievePropertiesEx,
  fetch,
  cancelRetrievePropertiesEx,
  createPropertyCollector,
  destroyPropertyCollector,
  createFilter,
  destroyPropertyFilter,
  waitForUpdatesEx,
  waitForUpdates,
  checkForUpdates,
  cancelWaitForUpdates,
  createContainerView,
  createListView,
  modifyListView,
  resetListView,
  destroyView,
  findByUuid,
  findByInventoryPath,
  findByIp,
  findByDnsName,
  findChild,
  queryPerf,
  queryPerfComposite,
  queryPerfProviderSummary,
  queryAvailablePerfMetric,
  queryPerfCounter,
  queryPerfCounterByLevel,
  powerOnVm,
  powerOffVm,
  suspendVm,
  resetVm,
  shutdownGuest,
  rebootGuest,
  reconfigVm,
  createSnapshot,
  createSnapshotEx,
  removeSnapshot,
  removeAllSnapshots,
  revertToSnapshot,
  queryChangedDiskAreas,
  searchDatastore,
  searchDatastoreSubFolders,
  ...GUEST_PROCESS_METHODS,
  ...GUEST_FILE_METHODS,
  ...GUEST_REGISTRY_METHODS,
  ...GUEST_ALIAS_METHODS,
  ...SESSION_METHODS,
  ...AUTHORIZATION_METHODS,
  ...HISTORY_METHODS,
  ...ENTITY_METHODS,
  ...POOL_METHODS,
  ...LIFECYCLE_METHODS,
  ...SNAPSHOT_METHODS,
  ...LEASE_METHODS,
  ...MANAGER_METHODS,
  ...OVF_METHODS,
  ...FILE_METHODS,
  ...LICENSE_METHODS,
  ...ENVIRONMENT_METHODS,
  ...HOST_METHODS,
  ...CUSTOM_FIELD_METHODS,
];

const BY_NAME = new Map(METHODS.map((method) => [method.name, method]));

export function methodNamed(name: string): Method | undefined {
  return BY_NAME.get(name);
}
