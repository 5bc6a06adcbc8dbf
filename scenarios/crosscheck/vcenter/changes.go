// Tags, a machine made and cloned, events and an export through govmomi, which we did not write.
//
//	changes.go URL
//
// URL holds user and password. Prints one line for each thing checked; panics at the first that fails.
package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/event"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func same(what string, got, want interface{}) {
	if fmt.Sprint(got) != fmt.Sprint(want) {
		panic(fmt.Sprintf("%s: got %v, want %v", what, got, want))
	}
}

func main() {
	ctx := context.Background()
	address, err := url.Parse(os.Args[1])
	must(err)
	client, err := govmomi.NewClient(ctx, address, true)
	must(err)

	finder := find.NewFinder(client.Client, true)
	dc, err := finder.DefaultDatacenter(ctx)
	must(err)
	finder.SetDatacenter(dc)
	pools, err := finder.ResourcePoolList(ctx, "*")
	must(err)
	stores, err := finder.DatastoreList(ctx, "*")
	must(err)
	folders, err := dc.Folders(ctx)
	must(err)

	devices := object.VirtualDeviceList{}
	scsi, err := devices.CreateSCSIController("pvscsi")
	must(err)
	devices = append(devices, scsi)
	disk := &types.VirtualDisk{
		CapacityInKB: 8192,
		VirtualDevice: types.VirtualDevice{
			Backing: &types.VirtualDiskFlatVer2BackingInfo{DiskMode: "persistent", ThinProvisioned: types.NewBool(true)},
		},
	}
	devices.AssignController(disk, scsi.(types.BaseVirtualController))
	changes, err := append(devices, disk).ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	must(err)
	task, err := folders.VmFolder.CreateVM(ctx, types.VirtualMachineConfigSpec{
		Name: "by-govmomi", GuestId: "otherLinux64Guest", NumCPUs: 1, MemoryMB: 512, DeviceChange: changes,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[" + stores[0].Name() + "]"},
	}, pools[0], nil)
	must(err)
	info, err := task.WaitForResult(ctx, nil)
	must(err)
	vm := object.NewVirtualMachine(client.Client, info.Result.(types.ManagedObjectReference))
	list, err := vm.Device(ctx)
	must(err)
	same("disks", len(list.SelectByType((*types.VirtualDisk)(nil))), 1)
	fmt.Println("made", vm.Reference())

	api := rest.NewClient(client.Client)
	must(api.Login(ctx, address.User))
	manager := tags.NewManager(api)
	category, err := manager.CreateCategory(ctx, &tags.Category{
		Name: "wave", Cardinality: "SINGLE", AssociableTypes: []string{"VirtualMachine"},
	})
	must(err)
	tag, err := manager.CreateTag(ctx, &tags.Tag{Name: "first", CategoryID: category})
	must(err)
	must(manager.AttachTag(ctx, tag, vm))
	attached, err := manager.GetAttachedTags(ctx, vm)
	must(err)
	same("tag", attached[0].Name, "first")
	objects, err := manager.GetAttachedObjectsOnTags(ctx, []string{"first"})
	must(err)
	same("tagged", objects[0].ObjectIDs[0].Reference(), vm.Reference())
	must(manager.DetachTag(ctx, "first", vm))
	must(manager.DeleteTag(ctx, &tags.Tag{ID: tag}))
	must(manager.DeleteCategory(ctx, &tags.Category{ID: category}))
	must(api.Logout(ctx))
	fmt.Println("tagged")

	lease, err := vm.Export(ctx)
	must(err)
	ready, err := lease.Wait(ctx, nil)
	must(err)
	updater := lease.StartUpdater(ctx, ready)
	for _, item := range ready.Items {
		stream, _, err := client.Download(ctx, item.URL, &soap.DefaultDownload)
		must(err)
		size, err := io.Copy(io.Discard, stream)
		must(err)
		fmt.Println("fetched", item.Path, size)
	}
	updater.Done()
	must(lease.Complete(ctx))

	events, err := event.NewManager(client.Client).QueryEvents(ctx, types.EventFilterSpec{
		Entity: &types.EventFilterSpecByEntity{Entity: vm.Reference(), Recursion: types.EventFilterSpecRecursionOptionAll},
	})
	must(err)
	created := false
	for _, each := range events {
		_, is := each.(*types.VmCreatedEvent)
		created = created || is
	}
	same("created", created, true)
	gone, err := vm.Destroy(ctx)
	must(err)
	must(gone.Wait(ctx))
	must(client.Logout(ctx))
	fmt.Println("done")
}
