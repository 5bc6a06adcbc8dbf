/** SearchDatastoreSubFolders_Task: the files of a directory and of all below it. */
import { type SearchSpec, searchPlace, searchTree } from '../folder/datastore-search.ts';
import { DatastoreBrowserObject } from '../objects/datastore.ts';
import { arrayOf } from '../values.ts';
import { defineMethod, selfAs } from './method.ts';

export const searchDatastoreSubFolders = defineMethod<{ datastorePath: string; searchSpec?: SearchSpec }>({
  on: 'HostDatastoreBrowser',
  name: 'SearchDatastoreSubFolders_Task',
  takes: 'datastorePath string, searchSpec HostDatastoreBrowserSearchSpec?',
  returns: '&Task',
  privilege: 'Datastore.Browse',
  faults: ['FileFault', 'InvalidDatastore'],
  run({ datastorePath, searchSpec }, call) {
    const browser = selfAs(call, DatastoreBrowserObject);
    const place = searchPlace(browser, datastorePath);
    return call.vcenter.tasks.start(
      {
        method: call.method,
        descriptionId: 'HostDatastoreBrowser.searchSubFolders',
        entity: place.datastore,
        session: call.session,
        run: () => arrayOf('HostDatastoreBrowserSearchResults', searchTree(call.vcenter, place, searchSpec)),
      },
      call.taskFault,
    ).ref;
  },
});
