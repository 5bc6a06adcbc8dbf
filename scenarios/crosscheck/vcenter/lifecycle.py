#!/usr/bin/env python3
"""Makes, changes, clones, moves and removes machines of a vCenter with pyVmomi, which we did not write, and looks
at the events, tasks, permissions and exported disks that come of it.

    lifecycle.py SERVER.json

SERVER.json: address, port, ca, user, password, reader. Prints one JSON object with what was done; the first
difference ends it with an AssertionError."""
import json
import random
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

SERVER = json.load(open(sys.argv[1], encoding="utf-8"))
TLS = ssl.create_default_context(cafile=SERVER["ca"])
DONE = {}


def connect(user):
    return SmartConnect(host=SERVER["address"], port=SERVER["port"], user=user, pwd=SERVER["password"],
                        sslContext=TLS)


def same(what, actual, expected):
    assert actual == expected, f"{what}: {actual!r}, expected {expected!r}"


def fails(fault, call):
    try:
        call()
    except fault as caught:
        return caught
    raise AssertionError(f"expected {fault.__name__}")


def wait(task):
    while task.info.state in ("queued", "running"):
        time.sleep(0.2)
    if task.info.state == "error":
        raise task.info.error
    return task.info.result


def disk_spec(size_kb, unit, key=-101):
    spec = vim.vm.device.VirtualDeviceSpec(operation="add", fileOperation="create")
    spec.device = vim.vm.device.VirtualDisk(key=key, controllerKey=-1, unitNumber=unit, capacityInKB=size_kb)
    spec.device.backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(
        diskMode="persistent", thinProvisioned=True)
    return spec


def create(content, dc, pool, datastore, network):
    scsi = vim.vm.device.VirtualDeviceSpec(operation="add")
    scsi.device = vim.vm.device.ParaVirtualSCSIController(key=-1, busNumber=0, sharedBus="noSharing")
    nic = vim.vm.device.VirtualDeviceSpec(operation="add")
    nic.device = vim.vm.device.VirtualVmxnet3(key=-201)
    if isinstance(network, vim.dvs.DistributedVirtualPortgroup):
        nic.device.backing = vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(
            port=vim.dvs.PortConnection(portgroupKey=network.key,
                                        switchUuid=network.config.distributedVirtualSwitch.uuid))
    else:
        nic.device.backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(
            network=network, deviceName=network.name)
    config = vim.vm.ConfigSpec(
        name="made/by pyVmomi", numCPUs=2, memoryMB=1024, guestId="ubuntu64Guest", annotation="made",
        files=vim.vm.FileInfo(vmPathName=f"[{datastore.name}]"),
        deviceChange=[scsi, disk_spec(8 * 1024, 0), nic])
    folder = dc.vmFolder.CreateFolder("Made here")
    fails(vim.fault.DuplicateName, lambda: dc.vmFolder.CreateFolder("Made here"))
    vm = wait(folder.CreateVM_Task(config=config, pool=pool))
    same("name", vm.name, "made%2fby pyVmomi")
    same("power", vm.runtime.powerState, "poweredOff")
    same("size", (vm.config.hardware.numCPU, vm.config.hardware.memoryMB), (2, 1024))
    same("guest id", vm.config.guestId, "ubuntu64Guest")
    disks = [d for d in vm.config.hardware.device if isinstance(d, vim.vm.device.VirtualDisk)]
    same("disks", [(d.key, d.capacityInKB, d.controllerKey) for d in disks], [(2000, 8 * 1024, 1000)])
    nics = [d for d in vm.config.hardware.device if isinstance(d, vim.vm.device.VirtualEthernetCard)]
    assert nics[0].macAddress.startswith("00:50:56:"), nics[0].macAddress
    same("folder", vm.parent, folder)
    assert vm in folder.childEntity and vm in datastore.vm and vm in network.vm and vm in pool.vm
    same("found by path", content.searchIndex.FindByInventoryPath(f"{dc.name}/vm/Made here/made%2fby pyVmomi"), vm)
    fails(vim.fault.DuplicateName, lambda: wait(folder.CreateVM_Task(config=config, pool=pool)))
    return folder, vm


def reconfigure(vm):
    add = disk_spec(4 * 1024, 1)
    add.device.controllerKey = 1000
    wait(vm.ReconfigVM_Task(vim.vm.ConfigSpec(numCPUs=4, deviceChange=[add], changeTrackingEnabled=True,
                                              extraConfig=[vim.option.OptionValue(key="a.b", value="c")],
                                              cpuHotAddEnabled=True)))
    same("cores", vm.config.hardware.numCPU, 4)
    same("hot add", vm.config.cpuHotAddEnabled, True)
    disks = [d for d in vm.config.hardware.device if isinstance(d, vim.vm.device.VirtualDisk)]
    same("disks", [d.key for d in disks], [2000, 2001])
    grow = vim.vm.device.VirtualDeviceSpec(operation="edit", device=disks[1])
    grow.device.capacityInKB = 6 * 1024
    grow.device.capacityInBytes = 6 * 1024 * 1024
    wait(vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[grow])))
    same("grown", [d.capacityInKB for d in vm.config.hardware.device if d.key == 2001], [6 * 1024])
    shrink = vim.vm.device.VirtualDeviceSpec(operation="edit", device=disks[1])
    shrink.device.capacityInKB = 1024
    shrink.device.capacityInBytes = 1024 * 1024
    fails(vim.fault.InvalidDeviceSpec,
          lambda: wait(vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[shrink]))))
    remove = vim.vm.device.VirtualDeviceSpec(operation="remove", fileOperation="destroy", device=disks[1])
    wait(vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[remove])))
    same("disks", [d.key for d in vm.config.hardware.device
                   if isinstance(d, vim.vm.device.VirtualDisk)], [2000])
    wait(vm.PowerOnVM_Task())
    fails(vim.fault.InvalidPowerState, lambda: wait(vm.PowerOnVM_Task()))
    fails(vim.fault.InvalidPowerState, lambda: wait(vm.Destroy_Task()))


def clone(folder, vm, pool, datastore):
    wait(vm.CreateSnapshot_Task(name="s", description="d", memory=False, quiesce=False))
    vm.snapshot.currentSnapshot.RenameSnapshot(name="renamed", description="other")
    same("snapshot", vm.snapshot.rootSnapshotList[0].name, "renamed")
    spec = vim.vm.CloneSpec(location=vim.vm.RelocateSpec(pool=pool, datastore=datastore), powerOn=False,
                            template=False)
    full = wait(vm.CloneVM_Task(folder=folder, name="full", spec=spec))
    same("clone", (full.name, full.runtime.powerState, full.snapshot), ("full", "poweredOff", None))
    assert full.config.instanceUuid != vm.config.instanceUuid
    spec.location.diskMoveType = "createNewChildDiskBacking"
    spec.snapshot = vm.snapshot.currentSnapshot
    linked = wait(vm.CloneVM_Task(folder=folder, name="linked", spec=spec))
    disk = [d for d in linked.config.hardware.device if isinstance(d, vim.vm.device.VirtualDisk)][0]
    assert disk.backing.parent is not None
    wait(vm.RemoveAllSnapshots_Task())
    wait(vm.ConsolidateVMDisks_Task())
    wait(linked.Destroy_Task())
    fails(vmodl.fault.ManagedObjectNotFound, lambda: linked.name)
    return full


def move(dc, folder, full, pool):
    hosts = [h for h in full.resourcePool.owner.host if h != full.runtime.host]
    if hosts:
        wait(full.MigrateVM_Task(host=hosts[0], priority="defaultPriority"))
        same("host", full.runtime.host, hosts[0])
    others = [d for d in full.runtime.host.datastore if d not in full.datastore]
    wait(full.RelocateVM_Task(vim.vm.RelocateSpec(datastore=others[0])))
    same("datastore", list(full.datastore), [others[0]])
    assert full.config.files.vmPathName.startswith(f"[{others[0].name}]")
    gold = pool.CreateResourcePool(name="gold", spec=pool.config)
    gold.MoveIntoResourcePool([full])
    same("pool", full.resourcePool, gold)
    gold.UpdateConfig(name="silver")
    same("pool's name", gold.name, "silver")
    wait(gold.Destroy_Task())
    same("pool", full.resourcePool, pool)
    other = dc.vmFolder.CreateFolder("Other")
    wait(other.MoveIntoFolder_Task([full]))
    same("folder", full.parent, other)
    wait(other.Rename_Task("Another"))
    same("folder's name", full.parent.name, "Another")
    path = full.config.files.vmPathName
    wait(full.Rename_Task("renamed"))
    same("path after renaming", full.config.files.vmPathName, path)
    full.MarkAsTemplate()
    same("template", (full.config.template, full.resourcePool), (True, None))
    full.MarkAsVirtualMachine(pool=pool)
    disk = full.config.hardware.device[-1]
    full.UnregisterVM()
    fails(vmodl.fault.ManagedObjectNotFound, lambda: full.name)
    again = wait(folder.RegisterVM_Task(path=path, asTemplate=False, pool=pool))
    same("registered", (again.name, again.config.files.vmPathName), ("renamed", path))
    wait(other.Destroy_Task())
    DONE["last device of the registered"] = type(disk).__name__
    return again


def history(content, vm):
    by_vm = vim.event.EventFilterSpec(entity=vim.event.EventFilterSpec.ByEntity(entity=vm, recursion="self"))
    names = [type(event).__name__.split(".")[-1] for event in content.eventManager.QueryEvents(by_vm)]
    for name in ("VmBeingCreatedEvent", "VmCreatedEvent", "VmReconfiguredEvent", "VmPoweredOnEvent",
                 "VmBeingClonedEvent", "TaskEvent"):
        assert name in names, f"{name} is not among {names}"
    collector = content.eventManager.CreateCollectorForEvents(vim.event.EventFilterSpec())
    collector.SetCollectorPageSize(5)
    same("page", len(collector.latestPage), 5)
    seen = []
    while True:
        page = collector.ReadNextEvents(10)
        if not page:
            break
        seen += [event.key for event in page]
    same("keys grow", seen, sorted(seen))
    collector.DestroyCollector()
    tasks = content.taskManager.CreateCollectorForTasks(vim.TaskFilterSpec(
        entity=vim.TaskFilterSpec.ByEntity(entity=vm, recursion="self"), state=["success"]))
    kinds = {info.descriptionId for info in tasks.ReadNextTasks(100)}
    assert "VirtualMachine.reconfigure" in kinds, kinds
    tasks.DestroyCollector()
    same("latest", content.eventManager.latestEvent.key >= seen[-1], True)
    DONE["events"] = len(seen)


def permissions(content, vm):
    session = connect(SERVER["reader"])
    theirs = session.RetrieveContent()
    same_vm = theirs.searchIndex.FindByUuid(uuid=vm.config.instanceUuid, vmSearch=True, instanceUuid=True)
    denied = fails(vim.fault.NoPermission, lambda: same_vm.PowerOffVM_Task())
    same("denied", (denied.object, denied.privilegeId), (same_vm, "VirtualMachine.Interact.PowerOff"))
    manager = content.authorizationManager
    role = manager.AddAuthorizationRole(name="Operators", privIds=["VirtualMachine.Interact.PowerOff"])
    manager.SetEntityPermissions(entity=vm, permission=[vim.AuthorizationManager.Permission(
        principal=SERVER["reader"], group=False, roleId=role, propagate=False)])
    key = theirs.sessionManager.currentSession.key
    same("has", list(theirs.authorizationManager.HasPrivilegeOnEntity(
        entity=same_vm, sessionId=key,
        privId=["VirtualMachine.Interact.PowerOff", "VirtualMachine.Interact.Reset"])), [True, False])
    wait(same_vm.PowerOffVM_Task())
    manager.RemoveEntityPermission(entity=vm, user=SERVER["reader"], isGroup=False)
    fails(vim.fault.NoPermission, lambda: same_vm.PowerOnVM_Task())
    manager.RemoveAuthorizationRole(roleId=role, failIfUsed=True)
    Disconnect(session)


def lease_of(lease):
    while lease.state == "initializing":
        time.sleep(0.1)
    same("lease", lease.state, "ready")
    return lease.info


def address(url):
    return url.replace("*", f"{SERVER['address']}:{SERVER['port']}")


def fetch(lease, folder, name):
    paths = []
    for url in lease_of(lease).deviceUrl:
        path = f"{folder}/{name}-{url.targetId}"
        with urllib.request.urlopen(address(url.url), context=TLS) as answer, open(path, "wb") as out:
            out.write(answer.read())
        lease.HttpNfcLeaseProgress(50)
        paths.append((url, path))
    return paths


def raw(path):
    subprocess.run(["qemu-img", "check", "-f", "vmdk", path], check=True, capture_output=True)
    subprocess.run(["qemu-img", "convert", "-f", "vmdk", "-O", "raw", path, path + ".raw"], check=True)
    with open(path + ".raw", "rb") as image:
        return image.read()


def noise(size):
    """Content with holes: every other piece of a hundred thousand bytes is zero."""
    pieces = [random.Random(n).randbytes(100_000) if n % 2 else bytes(100_000) for n in range(size // 100_000 + 1)]
    return b"".join(pieces)[:size]


def disks(content, dc, pool, datastore, network, small):
    with tempfile.TemporaryDirectory() as folder:
        lease = small.ExportVm()
        fetched = fetch(lease, folder, "export")
        manifest = lease.HttpNfcLeaseGetManifest()
        lease.HttpNfcLeaseComplete()
        same("lease", lease.state, "done")
        images = [raw(path) for _, path in fetched]
        flat = small.config.hardware.device
        first = [d for d in flat if isinstance(d, vim.vm.device.VirtualDisk)][0]
        same("size", len(images[0]), first.capacityInBytes)
        same("manifest", [entry.key for entry in manifest], [url.targetId for url, _ in fetched])
        descriptor = content.ovfManager.CreateDescriptor(small, vim.OvfManager.CreateDescriptorParams(
            name="moved", ovfFiles=[vim.OvfManager.OvfFile(
                deviceId=url.key, path=url.targetId, size=len(image))
                for (url, _), image in zip(fetched, images)]))
        same("errors", list(descriptor.error or []), [])
        parsed = content.ovfManager.ParseDescriptor(
            descriptor.ovfDescriptor, vim.OvfManager.ParseDescriptorParams(locale="", deploymentOption=""))
        same("name", parsed.defaultEntityName, "moved")
        result = content.ovfManager.CreateImportSpec(
            descriptor.ovfDescriptor, pool, datastore, vim.OvfManager.CreateImportSpecParams(
                entityName="brought", locale="", deploymentOption="", diskProvisioning="thin",
                networkMapping=[vim.OvfManager.NetworkMapping(name=parsed.network[0].name, network=network)]))
        # What is brought was written by qemu-img.
        images = [noise(len(image)) for image in images]
        for (_, path), image in zip(fetched, images):
            with open(path + ".raw", "wb") as out:
                out.write(image)
            subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized",
                            path + ".raw", path], check=True)
        lease = pool.ImportVApp(result.importSpec, folder=dc.vmFolder)
        info = lease_of(lease)
        paths = {url.targetId: path for url, path in fetched}
        for item in result.fileItem:
            url = next(url for url in info.deviceUrl if url.importKey == item.deviceId)
            with open(paths[item.path], "rb") as image:
                request = urllib.request.Request(address(url.url), data=image.read(), method="POST", headers={
                    "Content-Type": "application/x-vnd.vmware-streamVmdk"})
            urllib.request.urlopen(request, context=TLS).read()
        lease.HttpNfcLeaseProgress(100)
        brought = info.entity
        lease.HttpNfcLeaseComplete()
        same("brought", (brought.name, brought.config.hardware.numCPU),
             ("brought", small.config.hardware.numCPU))
        again = brought.ExportVm()
        back = [raw(path) for _, path in fetch(again, folder, "again")]
        again.HttpNfcLeaseComplete()
        assert back == images, "what was brought differs from what was fetched"
        wait(brought.CreateSnapshot_Task(name="s", memory=False, quiesce=False))
        lease = brought.snapshot.currentSnapshot.ExportSnapshot()
        assert [raw(path) for _, path in fetch(lease, folder, "snapshot")] == images
        lease.HttpNfcLeaseAbort()
        wait(brought.Destroy_Task())
        DONE["disks fetched"] = len(images)
    files, manager = content.fileManager, content.virtualDiskManager
    files.MakeDirectory(f"[{datastore.name}] loose/deep", dc, True)
    name = f"[{datastore.name}] loose/deep/a.vmdk"
    wait(manager.CreateVirtualDisk_Task(name, dc, vim.VirtualDiskManager.FileBackedVirtualDiskSpec(
        capacityKb=4096, diskType="thin", adapterType="lsiLogic")))
    wait(manager.CopyVirtualDisk_Task(name, dc, f"[{datastore.name}] loose/b.vmdk", dc))
    assert manager.QueryVirtualDiskUuid(name, dc) != manager.QueryVirtualDiskUuid(
        f"[{datastore.name}] loose/b.vmdk", dc)
    attach = vim.vm.device.VirtualDeviceSpec(operation="add", device=vim.vm.device.VirtualDisk(
        key=-1, capacityInKB=0, backing=vim.vm.device.VirtualDisk.FlatVer2BackingInfo(
            fileName=name, diskMode="persistent")))
    wait(small.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[attach])))
    fails(vim.fault.FileFault, lambda: wait(manager.DeleteVirtualDisk_Task(name, dc)))
    device = [d for d in small.config.hardware.device if isinstance(d, vim.vm.device.VirtualDisk)][-1]
    same("attached", device.backing.fileName, name)
    wait(small.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[
        vim.vm.device.VirtualDeviceSpec(operation="remove", device=device)])))
    found = wait(datastore.browser.SearchDatastoreSubFolders_Task(f"[{datastore.name}] loose"))
    same("files", sorted(file.path for each in found for file in each.file if not isinstance(
        file, vim.host.DatastoreBrowser.FolderInfo)), ["a-flat.vmdk", "a.vmdk", "b-flat.vmdk", "b.vmdk", "deep"])
    wait(files.DeleteDatastoreFile_Task(f"[{datastore.name}] loose", dc))
    fails(vim.fault.FileNotFound,
          lambda: wait(datastore.browser.SearchDatastore_Task(f"[{datastore.name}] loose")))


def main():
    session = connect(SERVER["user"])
    content = session.RetrieveContent()
    dc = content.rootFolder.childEntity[0]
    compute = dc.hostFolder.childEntity[0]
    pool, datastore, network = compute.resourcePool, compute.host[0].datastore[0], compute.network[0]
    folder, vm = create(content, dc, pool, datastore, network)
    reconfigure(vm)
    full = clone(folder, vm, pool, datastore)
    full = move(dc, folder, full, pool)
    history(content, vm)
    permissions(content, vm)
    disks(content, dc, pool, datastore, network, vm)
    wait(folder.Destroy_Task())
    fails(vmodl.fault.ManagedObjectNotFound, lambda: vm.name)
    Disconnect(session)
    print(json.dumps(DONE))


main()
