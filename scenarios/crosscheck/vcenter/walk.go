// Walks a vCenter with govmomi, which we did not write:
//
//	walk FACTS.json
//
// FACTS.json is that of walk.py. Debian's golang-github-vmware-govmomi-dev builds it:
// GO111MODULE=off GOPATH=/usr/share/gocode go build walk.go
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/performance"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type machine struct {
	Name, InstanceUuid, Datacenter string
	Folder                         []string
	Cores, MemoryMiB               int32
	Disks                          []struct{ Path string }
}

type facts struct {
	Address, User, Password, Replicate string
	Port                               int
	Machines                           []machine
	Counters                           []string
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func same(what string, actual, expected interface{}) {
	if fmt.Sprint(actual) != fmt.Sprint(expected) {
		check(fmt.Errorf("%s: vCenter says %v, the estate says %v", what, actual, expected))
	}
}

func main() {
	var f facts
	raw, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(raw, &f))
	ctx := context.Background()
	address := &url.URL{Scheme: "https", Host: fmt.Sprintf("%s:%d", f.Address, f.Port), Path: "/sdk", User: url.UserPassword(f.User, f.Password)}
	client, err := govmomi.NewClient(ctx, address, true)
	check(err)
	same("vCenter", client.IsVC(), true)

	// the inventory, by finder and by view
	finder := find.NewFinder(client.Client, true)
	byName := map[string]*object.VirtualMachine{}
	for i, m := range f.Machines {
		if i >= 10 && m.Name != f.Replicate {
			continue // this finder reads everything of all siblings, each time
		}
		path := "/" + strings.Join(append(append([]string{m.Datacenter, "vm"}, m.Folder...), m.Name), "/")
		vm, err := finder.VirtualMachine(ctx, path)
		check(err)
		same("path of "+m.Name, vm.InventoryPath, path)
		byName[m.Name] = vm
	}
	views := view.NewManager(client.Client)
	all, err := views.CreateContainerView(ctx, client.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	check(err)
	var vms []mo.VirtualMachine
	check(all.Retrieve(ctx, []string{"VirtualMachine"}, nil, &vms))
	same("machines by a view", len(vms), len(f.Machines))
	whole := map[string]mo.VirtualMachine{}
	for _, vm := range vms {
		whole[vm.Name] = vm
	}
	for _, m := range f.Machines {
		vm := whole[m.Name]
		same(m.Name+" instanceUuid", vm.Config.InstanceUuid, m.InstanceUuid)
		same(m.Name+" cores", vm.Config.Hardware.NumCPU, m.Cores)
		same(m.Name+" memory", vm.Config.Hardware.MemoryMB, m.MemoryMiB)
		disks := object.VirtualDeviceList(vm.Config.Hardware.Device).SelectByType((*types.VirtualDisk)(nil))
		same(m.Name+" disks", len(disks), len(m.Disks))
	}

	// counters by name, as govc metric.sample reads them
	manager := performance.NewManager(client.Client)
	names := []string{}
	for _, counter := range f.Counters {
		names = append(names, counter+".average")
	}
	var running []types.ManagedObjectReference
	for _, vm := range vms {
		if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
			running = append(running, vm.Self)
		}
	}
	sample, err := manager.SampleByName(ctx, types.PerfQuerySpec{IntervalId: 20, MaxSample: 15, MetricId: []types.PerfMetricId{{Instance: "*"}}}, names, running)
	check(err)
	result, err := manager.ToMetricSeries(ctx, sample)
	check(err)
	same("entities with samples", len(result), len(running))
	samples := 0
	for _, entity := range result {
		for _, series := range entity.Value {
			same("samples of "+series.Name, len(series.Value), 15)
			samples += len(series.Value)
		}
	}

	// a machine through a snapshot and its power states, waiting as govc waits
	vm := byName[f.Replicate]
	task, err := vm.CreateSnapshot(ctx, "govmomi", "walk.go", false, false)
	check(err)
	info, err := task.WaitForResult(ctx, nil)
	check(err)
	same("result of a snapshot", info.Result.(types.ManagedObjectReference).Type, "VirtualMachineSnapshot")
	found, err := vm.FindSnapshot(ctx, "govmomi")
	check(err)
	same("the snapshot", *found, info.Result)
	consolidate := true
	task, err = vm.RemoveAllSnapshot(ctx, &consolidate)
	check(err)
	check(task.Wait(ctx))
	done := make(chan error)
	go func() {
		done <- property.Wait(ctx, property.DefaultCollector(client.Client), vm.Reference(), []string{"runtime.powerState"}, func(changes []types.PropertyChange) bool {
			return changes[0].Val == types.VirtualMachinePowerStatePoweredOff
		})
	}()
	task, err = vm.PowerOff(ctx)
	check(err)
	check(task.Wait(ctx))
	check(<-done)
	task, err = vm.PowerOff(ctx)
	check(err)
	if err = task.Wait(ctx); err == nil {
		check(fmt.Errorf("a machine that was off was powered off"))
	}
	task, err = vm.PowerOn(ctx)
	check(err)
	check(task.Wait(ctx))

	// a file of the machine, by the datastore path
	path := object.DatastorePath{}
	path.FromString(whole[f.Replicate].Config.Files.VmPathName)
	for _, m := range f.Machines {
		if m.Name == f.Replicate {
			datacenter, err := finder.Datacenter(ctx, m.Datacenter)
			check(err)
			finder.SetDatacenter(datacenter)
		}
	}
	datastore, err := finder.Datastore(ctx, path.Datastore)
	check(err)
	reader, _, err := datastore.Download(ctx, path.Path, &soap.DefaultDownload)
	check(err)
	var vmx bytes.Buffer
	_, err = vmx.ReadFrom(reader)
	check(err)
	same("the .vmx", bytes.Contains(vmx.Bytes(), []byte("displayName = \""+f.Replicate+"\"")), true)
	check(client.Logout(ctx))

	out, _ := json.Marshal(map[string]interface{}{"machines": len(vms), "samples": samples, "apiVersion": client.ServiceContent.About.ApiVersion})
	fmt.Println(string(out))
}
