#!/usr/bin/env python3
"""A client that zeep, which we did not write, makes of the server's own WSDL, and nothing else. zeep takes an answer
apart strictly by that: an element too many, at the wrong place or of another type ends it.

    wsdl.py FACTS.json

FACTS.json: address, port, user, password, ca (path of the authority's certificate), and machines with their names.
Prints one JSON object with what was done."""
import json
import sys
import time

import requests
import zeep
from zeep.transports import Transport

FACTS = json.load(open(sys.argv[1], encoding="utf-8"))
URL = f"https://{FACTS['address']}:{FACTS['port']}/sdk"


def same(what, actual, expected):
    assert actual == expected, f"{what}: {actual!r}, expected {expected!r}"


session = requests.Session()
session.trust_env = False
session.verify = FACTS["ca"]
client = zeep.Client(f"{URL}/vimService.wsdl", transport=Transport(session=session))
vim = client.create_service("{urn:vim25}VimBinding", URL)


def made(kind, /, *args, **fields):
    return client.get_type(f"{{urn:vim25}}{kind}")(*args, **fields)


def fails(fault, call):
    """The fault, read by its element of the WSDL."""
    try:
        call()
    except zeep.exceptions.Fault as caught:
        detail = caught.detail[0]
        same("fault", detail.tag, f"{{urn:vim25}}{fault}Fault")
        return client.get_element(detail.tag).parse(detail, client.wsdl.types)
    raise AssertionError(f"expected {fault}")


def properties_of(collector, view, type_name):
    """Every property of every object of the view."""
    spec = made(
        "PropertyFilterSpec", propSet=[made("PropertySpec", type=type_name, all=True)],
        objectSet=[made("ObjectSpec", obj=view, skip=True, selectSet=[
            made("TraversalSpec", name="view", type="ContainerView", path="view", skip=False)])])
    page = vim.RetrievePropertiesEx(collector, [spec], made("RetrieveOptions", maxObjects=20))
    found = []
    while True:
        for one in page.objects:
            same("missing", list(one.missingSet), [])
            found.append({each.name: each.val for each in one.propSet})
        if page.token is None:
            return found
        page = vim.ContinueRetrievePropertiesEx(collector, page.token)


def wait_for(collector, task):
    spec = made("PropertyFilterSpec", propSet=[made("PropertySpec", type="Task", pathSet=["info"])],
                objectSet=[made("ObjectSpec", obj=task)])
    for _ in range(100):
        info = vim.RetrievePropertiesEx(collector, [spec], made("RetrieveOptions")).objects[0].propSet[0].val
        if info.state == "success":
            return
        assert info.state in ("queued", "running"), info.error
        time.sleep(0.1)
    raise AssertionError("a task did not end within 10 s")


content = vim.RetrieveServiceContent(made("ManagedObjectReference", "ServiceInstance", type="ServiceInstance"))
fails("InvalidLogin", lambda: vim.Login(content.sessionManager, FACTS["user"], "wrong"))
fault = fails("NotAuthenticated", lambda: vim.CreateContainerView(content.viewManager, content.rootFolder, [], True))
same("privilege that it lacks", fault.privilegeId, "System.View")
declared = client.wsdl.bindings["{urn:vim25}VimBinding"].get("Login").faults
assert {"InvalidLogin", "RuntimeFault"} <= set(declared), declared
same("session", vim.Login(content.sessionManager, FACTS["user"], FACTS["password"]).userName.split("\\")[-1],
     FACTS["user"].split("@")[0])
seen = {}
for kind in ("VirtualMachine", "HostSystem", "ClusterComputeResource", "Datastore", "Network", "ResourcePool", "Folder", "Datacenter"):
    view = vim.CreateContainerView(content.viewManager, content.rootFolder, [kind], True)
    objects = properties_of(content.propertyCollector, view, kind)
    seen[kind] = {"objects": len(objects), "properties": sum(map(len, objects))}
    if kind == "VirtualMachine":
        same("machines", sorted(one["name"] for one in objects), sorted(m["name"] for m in FACTS["machines"]))
        devices = [one["config"].hardware.device for one in objects if one.get("config") is not None]
        assert all("Virtual" in type(each).__name__ for device in devices for each in device)
        on = next(m["name"] for m in FACTS["machines"] if m["power"] == "on")
        vm = next(one["summary"].vm for one in objects if one["name"] == on)
        # what goes out by the WSDL is understood as well
        wait_for(content.propertyCollector,
                 vim.ReconfigVM_Task(vm, made("VirtualMachineConfigSpec", annotation="by zeep <&>")))
        samples = vim.QueryPerf(content.perfManager, [made(
            "PerfQuerySpec", entity=vm, maxSample=3, intervalId=20, format="normal")])
        same("samples", len(samples[0].sampleInfo), 3)
        assert all(len(series.value) == 3 for series in samples[0].value)
        again = properties_of(content.propertyCollector, view, kind)
        same("note", next(one["config"].annotation for one in again if one["name"] == on), "by zeep <&>")
vim.Logout(content.sessionManager)
print(json.dumps(seen))
