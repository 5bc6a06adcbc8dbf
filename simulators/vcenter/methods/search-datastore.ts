/** SearchDatastore_Task: the files of one directory. */
import { type SearchSpec, searchDirectory, searchPlace } from '../folder/datastore-search.ts';
import { DatastoreBrowserObject } from '../objects/datastore.ts';
import { defineMethod, selfAs } from './method.ts';

export const searchDatastore = defineMethod<{ datastorePath: string; searchSpec?: SearchSpec }>({
  on: 'HostDatastoreBrowser',
  name: 'SearchDatastore_Task',
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
        descriptionId: 'HostDatastoreBrowser.search',
        entity: place.datastore,
        session: call.session,
        run: () => searchDirectory(call.vcenter, place, searchSpec),
      },
      call.taskFault,
    ).ref;
  },
});
