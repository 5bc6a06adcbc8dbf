#!/usr/bin/env python3
"""Walks a vCenter with pyVmomi, which we did not write, and holds what it sees against expected facts.

    walk.py FACTS.json

FACTS.json: address, port, user, password, ca (path of the authority's certificate), control (URL of a small
server beside the estate that plays the guest: POST /write?disk=&offset=&length=&byte=, GET /sha256?disk=), and
machines with what the estate says of each. Prints one JSON object with what was done; the first difference
ends it with an AssertionError."""
import base64
import hashlib
import json
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

FACTS = json.load(open(sys.argv[1], encoding="utf-8"))
TLS = ssl.create_default_context(cafile=FACTS["ca"])
DONE = {}


def same(what, actual, expected):
    assert actual == expected, f"{what}: vCenter says {actual!r}, the estate says {expected!r}"


def fails(fault, call):
    try:
        call()
    except fault as caught:
        return caught
    raise AssertionError(f"expected {fault.__name__}")


def connect(password=None):
    return SmartConnect(
        host=FACTS["address"], port=FACTS["port"], user=FACTS["user"],
        pwd=FACTS["password"] if password is None else password, sslContext=TLS)


def every(content, kind):
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    found = list(view.view)
    view.Destroy()
    return found


def wait_for(si, task):
    """Waits as VMware's own samples do: a filter on the task's info, and WaitForUpdatesEx."""
    collector = si.content.propertyCollector
    spec = vmodl.query.PropertyCollector.FilterSpec(
        objectSet=[vmodl.query.PropertyCollector.ObjectSpec(obj=task)],
        propSet=[vmodl.query.PropertyCollector.PropertySpec(type=vim.Task, pathSet=["info.state", "info.progress"])])
    filter_ = collector.CreateFilter(spec, True)
    states = []
    try:
        version = ""
        while True:
            update = collector.WaitForUpdatesEx(version, vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=30))
            assert update is not None, "a task did not move for 30 s"
            version = update.version
            for change in (c for f in update.filterSet for o in f.objectSet for c in o.changeSet):
                if change.name == "info.state":
                    states.append(change.val)
            if states and states[-1] in ("success", "error"):
                break
    finally:
        filter_.Destroy()
    assert states[0] in ("queued", "running"), f"a task began as {states[0]}"
    if task.info.state == "error":
        raise task.info.error
    return task.info.result


def control(path):
    with urllib.request.urlopen(urllib.request.Request(FACTS["control"] + path, method="POST")) as answer:
        return json.load(answer)


def check_about(si):
    about = si.content.about
    same("apiType", about.apiType, "VirtualCenter")
    same("instanceUuid", about.instanceUuid, FACTS["vcenterUuid"])
    assert about.licenseProductName and about.productLineId == "vpx"
    assert abs((si.CurrentTime() - datetime.now(timezone.utc)).total_seconds()) < 60
    return about.fullName


def check_machine(vm, facts):
    name = facts["name"]
    config, summary, runtime, guest = vm.config, vm.summary, vm.runtime, vm.guest
    same(f"{name} name", vm.name, name)
    same(f"{name} instanceUuid", config.instanceUuid, facts["instanceUuid"])
    same(f"{name} uuid", config.uuid, facts["biosUuid"])
    same(f"{name} cores", config.hardware.numCPU, facts["cores"])
    same(f"{name} memory", config.hardware.memoryMB, facts["memoryMiB"])
    same(f"{name} firmware", config.firmware, facts["firmware"])
    same(f"{name} os", summary.config.guestFullName, facts["osFullName"])
    same(f"{name} annotation", summary.config.annotation, facts["annotation"])
    same(f"{name} template", summary.config.template, facts["template"])
    same(f"{name} power", runtime.powerState, {"on": "poweredOn", "off": "poweredOff", "suspended": "suspended"}[facts["power"]])
    # the summary repeats what it summarises
    same(f"{name} summary", (summary.config.numCpu, summary.config.memorySizeMB, summary.config.uuid, summary.config.instanceUuid),
         (config.hardware.numCPU, config.hardware.memoryMB, config.uuid, config.instanceUuid))
    same(f"{name} vmPathName", summary.config.vmPathName, config.files.vmPathName)
    same(f"{name} runtime", summary.runtime.powerState, runtime.powerState)
    same(f"{name} tools", summary.guest.toolsRunningStatus, guest.toolsRunningStatus)
    same(f"{name} host", runtime.host.name, facts["host"])
    devices = config.hardware.device
    keys = [device.key for device in devices]
    same(f"{name} device keys", len(keys), len(set(keys)))
    for device in devices:
        assert device.controllerKey is None or device.controllerKey in keys, f"{name}: {device.key} hangs nowhere"
    disks = [device for device in devices if isinstance(device, vim.vm.device.VirtualDisk)]
    same(f"{name} disks", [(d.deviceInfo.label, d.capacityInBytes, d.backing.fileName) for d in disks],
         [(d["label"], d["sizeBytes"], d["path"]) for d in facts["disks"]])
    same(f"{name} number of disks", summary.config.numVirtualDisks, len(disks))
    for disk in disks:
        same(f"{name} disk summary", disk.deviceInfo.summary, f"{disk.capacityInKB:,} KB")
        assert disk.controllerKey in keys
    adapters = [device for device in devices if isinstance(device, vim.vm.device.VirtualEthernetCard)]
    same(f"{name} adapters", [a.macAddress for a in adapters], [n["macAddress"] for n in facts["nics"]])
    if guest.toolsRunningStatus == "guestToolsRunning":
        same(f"{name} addresses", [list(n.ipAddress) for n in guest.net], [n["ipAddresses"] for n in facts["nics"]])
        for nic in guest.net:
            same(f"{name} ipConfig", [i.ipAddress for i in nic.ipConfig.ipAddress], list(nic.ipAddress))
    same(f"{name} CBT", config.changeTrackingEnabled, False)
    assert vm.capability.changeTrackingSupported == (int(config.version.split("-")[1]) >= 7)
    assert vm.environmentBrowser is not None and (facts["template"] or vm.resourcePool is not None)
    assert vm.layoutEx.file and vm.storage.perDatastoreUsage is not None
    path = []
    at = vm.parent
    while at is not None:
        path.append(at.name)
        at = at.parent
    same(f"{name} path", path[::-1], ["Datacenters", facts["datacenter"], "vm", *facts["folder"]])


def check_all_properties(si):
    """Every property of every object, in one call: pyVmomi knows each type, field and enumeration value, or stops."""
    content = si.content
    objects = [o for o in every(content, vim.ManagedEntity)] + [content.rootFolder]
    collector = content.propertyCollector
    spec = vmodl.query.PropertyCollector.FilterSpec(
        objectSet=[vmodl.query.PropertyCollector.ObjectSpec(obj=o) for o in objects],
        propSet=[vmodl.query.PropertyCollector.PropertySpec(type=vim.ManagedEntity, all=True)])
    page = collector.RetrievePropertiesEx([spec], vmodl.query.PropertyCollector.RetrieveOptions(maxObjects=10))
    objects_seen, properties = 0, 0
    while True:
        objects_seen += len(page.objects)
        for one in page.objects:
            assert not one.missingSet
            properties += len(one.propSet)
        if not page.token:
            break
        page = collector.ContinueRetrievePropertiesEx(page.token)
    same("objects with all properties", objects_seen, len(objects))
    return {"objects": objects_seen, "properties": properties}


def check_performance(si, by_name):
    perf = si.content.perfManager
    ids = {f"{c.groupInfo.key}.{c.nameInfo.key}.{c.rollupType}": c.key for c in perf.perfCounter}
    for name in FACTS["counters"]:
        assert f"{name}.average" in ids, f"no counter {name}"
    assert perf.QueryPerfCounter([ids["cpu.usage.average"]])[0].unitInfo.key == "percent"
    assert perf.QueryPerfCounterByLevel(1)
    checked = 0
    for facts in FACTS["machines"]:
        vm = by_name[facts["name"]]
        provider = perf.QueryPerfProviderSummary(vm)
        same("provider", (provider.currentSupported, provider.refreshRate), (True, 20))
        available = perf.QueryAvailablePerfMetric(vm, None, None, 20)
        assert {m.counterId for m in available} <= {c.key for c in perf.perfCounter}
        metrics = [vim.PerformanceManager.MetricId(counterId=ids[f"{c}.average"], instance="*") for c in FACTS["counters"]]
        end = datetime.now(timezone.utc).replace(microsecond=0)
        spec = lambda form: vim.PerformanceManager.QuerySpec(
            entity=vm, metricId=metrics, intervalId=20, format=form,
            startTime=end - timedelta(minutes=10), endTime=end)
        normal = perf.QueryPerf([spec("normal")])[0]
        csv = perf.QueryPerf([spec("csv")])[0]
        stamps = csv.sampleInfoCSV.split(",")[1::2] if csv.sampleInfoCSV else []
        same("time stamps", [s.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ") for s in normal.sampleInfo], stamps)
        if facts["power"] != "on":
            same(f"{facts['name']} is off and has", len(stamps), 0)
            continue
        assert 29 <= len(stamps) <= 30, f"{len(stamps)} samples in ten minutes"
        same("csv and normal", [(s.id.counterId, s.id.instance, list(s.value)) for s in normal.value],
             [(s.id.counterId, s.id.instance, [int(v) for v in s.value.split(",")]) for s in csv.value])
        assert "*" not in {s.id.instance for s in normal.value}
        disks = {s.id.instance for s in normal.value if s.id.counterId == ids["virtualDisk.read.average"]}
        same("disk instances", disks, {d["instance"] for d in facts["disks"]})
        nics = {s.id.instance for s in normal.value if s.id.counterId == ids["net.received.average"]} - {""}
        same("adapter instances", nics, {str(4000 + i) for i in range(len(facts["nics"]))})
        # the same question has the same answer, and the answer is the estate's
        again = perf.QueryPerf([spec("csv")])[0]
        same("asked again", [s.value for s in again.value], [s.value for s in csv.value])
        for series in csv.value:
            name = next(n for n in FACTS["counters"] if ids[f"{n}.average"] == series.id.counterId)
            if series.id.instance == "" and name.startswith("net."):
                continue
            query = urllib.parse.urlencode({"machine": facts["name"], "counter": name, "instance": series.id.instance,
                                            "first": stamps[0], "count": len(stamps)})
            same(f"{facts['name']} {name} {series.id.instance}", [int(v) for v in series.value.split(",")], control("/curve?" + query))
            checked += len(stamps)
    return {"counters": len(ids), "samples checked": checked}


def check_history(si, by_name):
    """Every value of a coarser interval is those of the finer one in it; hosts, clusters and pools have what their
    machines have."""
    perf = si.content.perfManager
    ids = {f"{c.groupInfo.key}.{c.nameInfo.key}.{c.rollupType}": c.key for c in perf.perfCounter}
    same("intervals", sorted(i.samplingPeriod for i in perf.historicalInterval), [300, 1800, 7200, 86400])
    end = si.CurrentTime()

    def ask(entity, seconds, hours, names):
        """{counter: {time stamp: value}}"""
        answers = perf.QueryPerf([vim.PerformanceManager.QuerySpec(
            entity=entity, intervalId=seconds, format="normal", startTime=end - timedelta(hours=hours), endTime=end,
            metricId=[vim.PerformanceManager.MetricId(counterId=ids[name], instance="") for name in names])])
        stamps = [int(s.timestamp.timestamp()) for s in answers[0].sampleInfo]
        same("periods", {s.interval for s in answers[0].sampleInfo}, {seconds})
        return {next(n for n in names if ids[n] == v.id.counterId): dict(zip(stamps, v.value)) for v in answers[0].value}

    averages = ["cpu.usagemhz.average", "cpu.usage.average", "mem.usage.average", "mem.consumed.average", "net.usage.average"]
    names = [*averages, "sys.uptime.latest"]
    checked = 0

    def hold(what, whole, parts, step, size):
        nonlocal checked
        for name, values in whole.items():
            for stamp, value in values.items():
                inside = [parts[name].get(stamp - step * i) for i in range(size)]
                if None in inside:
                    continue  # older than the samples that are kept
                expected = inside[0] if name.endswith(".latest") else sum(inside) / size
                assert abs(value - expected) <= (0 if name.endswith(".latest") else 1), f"{what} {name} at {stamp}: {value}, of {inside}"
                checked += 1

    running = [m["name"] for m in FACTS["machines"] if m["power"] == "on"][:10]
    for name in running:
        vm = by_name[name]
        finer, step = ask(vm, 20, 1, names), 20
        for seconds, hours in ((300, 12), (1800, 24), (7200, 120), (86400, 480)):
            coarser = ask(vm, seconds, hours, names)
            assert set(coarser) == set(names), f"{name} lacks a counter at {seconds} s"
            before = checked
            hold(f"{name} {seconds} s", coarser, finer, step, seconds // step)
            assert checked > before, f"{name} has no value of {seconds} s whose parts are known"
            finer, step = coarser, seconds
    host = by_name[running[0]].runtime.host
    sums = ["cpu.usagemhz.average", "mem.consumed.average"]
    on = lambda machines: [vm for vm in machines if vm.runtime.powerState == "poweredOn"]
    total = lambda parts, name, stamp: min(2**31 - 1, sum(part[name].get(stamp, 0) for part in parts))
    pool = host.parent.resourcePool
    for owner, machines in ((host, host.vm), (pool, [vm for each in host.parent.host for vm in each.vm])):
        whole = ask(owner, 20, 1, sums)
        parts = [ask(vm, 20, 1, sums) for vm in on(machines)]
        for name in sums:
            for stamp, value in whole[name].items():
                same(f"{name} of {owner.name} at {stamp}", value, total(parts, name, stamp))
                checked += 1
    if isinstance(host.parent, vim.ClusterComputeResource):  # which has history only
        whole = ask(host.parent, 300, 12, sums)
        parts = [ask(each, 300, 12, sums) for each in host.parent.host]
        for name in sums:
            for stamp, value in whole[name].items():
                # each host's mean has been rounded
                assert abs(value - total(parts, name, stamp)) <= len(parts), f"{name} of {host.parent.name} at {stamp}"
                checked += 1
    return {"values checked": checked}


def check_search(si, by_name):
    index = si.content.searchIndex
    facts = FACTS["machines"][0]
    vm = by_name[facts["name"]]
    same("FindByUuid", index.FindByUuid(None, facts["biosUuid"], True), vm)
    same("FindByUuid instance", index.FindByUuid(None, facts["instanceUuid"], True, True), vm)
    path = "/".join([facts["datacenter"], "vm", *facts["folder"], facts["name"]])
    same("FindByInventoryPath", index.FindByInventoryPath(path), vm)
    same("FindChild", index.FindChild(vm.parent, facts["name"]), vm)
    same("FindByUuid of nobody", index.FindByUuid(None, "00000000-0000-0000-0000-000000000000", True), None)
    running = next((m for m in FACTS["machines"] if m["power"] == "on" and by_name[m["name"]].guest.ipAddress), None)
    if running:
        found = by_name[running["name"]]
        same("FindByIp", index.FindByIp(None, found.guest.ipAddress, True), found)
        same("FindByDnsName", index.FindByDnsName(None, found.guest.hostName, True), found)


def file_url(vm, file_name, datacenter):
    datastore, path = file_name[1:].split("] ", 1)
    query = urllib.parse.urlencode({"dcPath": datacenter, "dsName": datastore})
    return f"https://{FACTS['address']}:{FACTS['port']}/folder/{urllib.parse.quote(path)}?{query}"


def read_range(url, start, length):
    token = base64.b64encode(f"{FACTS['user']}:{FACTS['password']}".encode()).decode()
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {token}", "Range": f"bytes={start}-{start + length - 1}"})
    with urllib.request.urlopen(request, context=TLS) as answer:
        assert answer.status == 206, f"a range was answered {answer.status}"
        data = answer.read()
    same("length of a range", len(data), length)
    return data


def changed(vm, snapshot, key, capacity, change_id):
    """All changed areas, window by window; the loop ends only when a window ends at the capacity."""
    areas, at, windows = [], 0, 0
    while at < capacity:
        info = vm.QueryChangedDiskAreas(snapshot, key, at, change_id)
        same("start of a window", info.startOffset, at)
        assert info.length > 0
        areas += [(a.start, a.length) for a in info.changedArea]
        at = info.startOffset + info.length
        windows += 1
    same("end of the last window", at, capacity)
    assert areas == sorted(areas) and all(a + n <= b for (a, n), (b, _) in zip(areas, areas[1:]))
    return areas, windows


def check_replication(si, by_name):
    """One migration cycle: track changes, snapshot, full copy, delta, last delta with the machine off."""
    facts = next(m for m in FACTS["machines"] if m["name"] == FACTS["replicate"])
    vm, disk_facts = by_name[facts["name"]], facts["disks"][0]
    key, capacity = disk_facts["key"], disk_facts["sizeBytes"]
    wait_for(si, vm.ReconfigVM_Task(vim.vm.ConfigSpec(changeTrackingEnabled=True)))
    assert vm.config.changeTrackingEnabled
    assert "ctkEnabled" in {o.key for o in vm.config.extraConfig}
    target = bytearray(capacity)
    url = file_url(vm, disk_facts["path"].replace(".vmdk", "-flat.vmdk"), facts["datacenter"])
    last, sizes = "*", []
    for cycle in range(3):
        if cycle == 2:
            wait_for(si, vm.PowerOffVM_Task())
            same("power", vm.runtime.powerState, "poweredOff")
        snapshot = wait_for(si, vm.CreateSnapshot_Task(f"cycle {cycle}", "walk.py", False, False))
        same("current snapshot", vm.snapshot.currentSnapshot, snapshot)
        live = next(d for d in vm.config.hardware.device if d.key == key)
        assert live.backing.fileName.endswith("-000001.vmdk"), live.backing.fileName
        same("parent of the delta", live.backing.parent.fileName, disk_facts["path"])
        frozen = next(d for d in snapshot.config.hardware.device if d.key == key)
        same("file of the snapshot", frozen.backing.fileName, disk_facts["path"])
        change_id = frozen.backing.changeId
        assert change_id.count("/") == 1, change_id
        # the guest goes on writing: the snapshot must not see it
        before = control(f"/sha256?disk={urllib.parse.quote(disk_facts['id'])}")
        if cycle < 2:
            for n in range(5):
                control(f"/write?disk={urllib.parse.quote(disk_facts['id'])}&offset={(cycle * 7 + n) * 1048576 + 4096}&length=8192&byte={65 + cycle * 5 + n}")
        areas, windows = changed(vm, snapshot, key, capacity, last)
        for start, length in areas:
            target[start:start + length] = read_range(url, start, length)
        sizes.append(sum(n for _, n in areas))
        same(f"content after cycle {cycle}", hashlib.sha256(target).hexdigest(), before)
        wait_for(si, snapshot.RemoveSnapshot_Task(False))
        assert vm.snapshot is None
        last = change_id
    assert sizes[1] == 5 * 65536 and sizes[2] == 5 * 65536, sizes
    caught = fails(vim.fault.FileFault, lambda: vm.QueryChangedDiskAreas(None, key, 0, "52 00 00 00 00 00 00 00-00 00 00 00 00 00 00 00/1"))
    assert caught.file == disk_facts["path"]
    fails(vmodl.fault.InvalidArgument, lambda: vm.QueryChangedDiskAreas(None, key, capacity, last))
    fails(vim.fault.NotFound, lambda: vm.QueryChangedDiskAreas(None, 1, 0, last))
    fails(vim.fault.InvalidPowerState, lambda: wait_for(si, vm.PowerOffVM_Task()))
    wait_for(si, vm.PowerOnVM_Task())
    same("power", vm.runtime.powerState, "poweredOn")
    return {"bytes per cycle": sizes}


def check_waiting(si, by_name):
    """A container view is watched; versions can be asked for again; paging by maxObjectUpdates loses nothing."""
    content = si.content
    collector = content.propertyCollector.CreatePropertyCollector()
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    traversal = vmodl.query.PropertyCollector.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)
    spec = vmodl.query.PropertyCollector.FilterSpec(
        objectSet=[vmodl.query.PropertyCollector.ObjectSpec(obj=view, skip=True, selectSet=[traversal])],
        propSet=[vmodl.query.PropertyCollector.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "runtime.powerState"])])
    collector.CreateFilter(spec, False)
    options = vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=10, maxObjectUpdates=5)
    version, seen = "", []
    while True:
        update = collector.WaitForUpdatesEx(version, options)
        seen += [o.obj for f in update.filterSet for o in f.objectSet]
        version = update.version
        if not update.truncated:
            break
    same("machines in pages", sorted(v._moId for v in seen), sorted(v._moId for v in by_name.values()))
    same("nothing new", collector.WaitForUpdatesEx(version, vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=0)), None)
    vm = by_name[FACTS["replicate"]]
    wait_for(si, vm.SuspendVM_Task())
    first = collector.WaitForUpdatesEx(version, options)
    again = collector.WaitForUpdatesEx(version, options)
    tell = lambda u: [(o.kind, o.obj, [(c.name, c.op, c.val) for c in o.changeSet]) for f in u.filterSet for o in f.objectSet]
    same("the same version again", tell(again), tell(first))
    same("what changed", tell(first), [("modify", vm, [("runtime.powerState", "assign", "suspended")])])
    wait_for(si, vm.PowerOnVM_Task())
    fails(vmodl.query.InvalidCollectorVersion, lambda: collector.WaitForUpdatesEx("-", options))
    collector.Destroy()
    view.Destroy()


def check_faults(si):
    fails(vim.fault.InvalidLogin, lambda: connect(password="wrong"))
    ghost = vim.VirtualMachine("vm-999999", si._stub)
    fails(vmodl.fault.ManagedObjectNotFound, lambda: ghost.name)
    collector = si.content.propertyCollector
    spec = vmodl.query.PropertyCollector.FilterSpec(
        objectSet=[vmodl.query.PropertyCollector.ObjectSpec(obj=si.content.rootFolder)],
        propSet=[vmodl.query.PropertyCollector.PropertySpec(type=vim.Folder, pathSet=["nosuch"])])
    same("InvalidProperty", fails(vmodl.query.InvalidProperty, lambda: collector.RetrieveContents([spec])).name, "nosuch")
    compute = si.content.rootFolder.childEntity[0].hostFolder.childEntity[0]
    fails(vmodl.fault.NotSupported, lambda: compute.host[0].licensableResource)
    fails(vmodl.fault.InvalidRequest, lambda: si.content.scheduledTaskManager.RetrieveEntityScheduledTask())
    url = file_url(None, "[nowhere] x/x.vmdk", FACTS["machines"][0]["datacenter"])
    for expected, headers in ((401, {}), (404, {"Authorization": "Basic " + base64.b64encode(f"{FACTS['user']}:{FACTS['password']}".encode()).decode()})):
        try:
            urllib.request.urlopen(urllib.request.Request(url, headers=headers), context=TLS)
            raise AssertionError("a file that does not exist was served")
        except urllib.error.HTTPError as error:
            same("status", error.code, expected)


def main():
    began = time.monotonic()
    si = connect()
    DONE["server"] = check_about(si)
    machines = every(si.content, vim.VirtualMachine)
    by_name = {vm.name: vm for vm in machines}
    same("machines", sorted(by_name), sorted(m["name"] for m in FACTS["machines"]))
    for facts in FACTS["machines"]:
        check_machine(by_name[facts["name"]], facts)
    DONE["machines"] = len(machines)
    for kind, expected in FACTS["counts"].items():
        same(kind, len(every(si.content, getattr(vim, kind))), expected)
    DONE["all properties"] = check_all_properties(si)
    DONE["performance"] = check_performance(si, by_name)
    DONE["history"] = check_history(si, by_name)
    check_search(si, by_name)
    DONE["replication"] = check_replication(si, by_name)
    check_waiting(si, by_name)
    check_faults(si)
    same("sessions", [s.userName for s in si.content.sessionManager.sessionList if s.key == si.content.sessionManager.currentSession.key],
         [si.content.sessionManager.currentSession.userName])
    root = si.content.rootFolder
    Disconnect(si)
    fails(vim.fault.NotAuthenticated, lambda: root.name)
    DONE["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(DONE))


main()
