#!/usr/bin/env python3
"""Holds the vCenter simulator's schema against pyVmomi's own: every type, base, field, order, optionality,
first version, enumeration value, method, parameter, result and privilege up to the newest version pyVmomi
knows. Reads the JSON of print-schema.ts from standard input; prints what differs and what pyVmomi does not
know; exits 1 if anything differs."""
import json
import sys

from pyVmomi import VmomiSupport as V
from pyVmomi import vim, vmodl  # noqa: F401  (loads the types)

KNOWN = {
    "vim.version.version1": "2.0", "vim.version.version2": "2.5", "vim.version.version3": "2.5u2",
    "vim.version.version4": "2.5u2server", "vim.version.version5": "4.0", "vim.version.version6": "4.1",
    "vim.version.version7": "5.0", "vim.version.version8": "5.1", "vim.version.version9": "5.5",
    "vim.version.version10": "6.0", "vim.version.version11": "6.5", "vim.version.version12": "6.7",
    "vim.version.version13": "6.7.1", "vim.version.unstable": None,
    "vmodl.version.version0": "2.0", "vmodl.version.version1": "2.0", "vmodl.version.version2": "2.0",
    "vmodl.query.version.version1": "2.0", "vmodl.query.version.version2": "2.0",
    "vmodl.query.version.version3": "4.1", "vmodl.query.version.version4": "5.0",
}
# Versions before 4.0 are one to us: no client is older.
OLD = {"2.0", "2.5", "2.5u2", "2.5u2server"}
NEWEST = ["4.0", "4.1", "5.0", "5.1", "5.5", "6.0", "6.5", "6.7", "6.7.1"]
STRINGS = {"PropertyPath", "TypeName", "MethodName", "Link"}

differences = []
unverified = []


def version(v):
    v = KNOWN.get(v, v)
    return "2.0" if v in OLD else v


def kind_and_type(t):
    is_array = False
    if isinstance(t, type) and issubclass(t, list):
        is_array, t = True, t.Item
    name = V.GetWsdlName(t)
    if name in STRINGS:
        return "primitive", "string", is_array
    if isinstance(t, type):
        if issubclass(t, V.ManagedObject):
            return "reference", name, is_array
        if issubclass(t, V.Enum):
            return "enumeration", name, is_array
        if issubclass(t, vmodl.MethodFault):
            return "data", "LocalizedMethodFault", is_array
        if t is object:
            return "any", "anyType", is_array
        if issubclass(t, V.DataObject):
            return "data", name, is_array
    return "primitive", name, is_array


def find(name):
    for ns in ("urn:vim25", "urn:vim2"):
        try:
            return V.GetWsdlType(ns, name)
        except KeyError:
            pass
    return None


def differ(where, what, ours, theirs):
    if ours != theirs:
        differences.append(f"{where}: {what} is {ours!r}, pyVmomi says {theirs!r}")


def compare_fields(where, ours, theirs, since):
    newer = [f for f in ours if f["since"] not in OLD and f["since"] not in NEWEST]
    for f in newer:
        unverified.append(f"{where}.{f['name']} ({f['since']})")
    ours = [f for f in ours if f not in newer]
    theirs = [p for p in theirs if KNOWN.get(p.version, p.version) != "vim.version.legacy"]
    differ(where, "order of fields", [f["name"] for f in ours], [p.name for p in theirs])
    by_name = {p.name: p for p in theirs}
    for f in ours:
        p = by_name.get(f["name"])
        if p is None:
            continue
        kind, name, is_array = kind_and_type(p.type)
        at = f"{where}.{f['name']}"
        differ(at, "kind", f["kind"], kind)
        differ(at, "type", f["type"], name)
        differ(at, "array", f["isArray"], is_array)
        differ(at, "optional", f["isOptional"], bool(p.flags & V.F_OPTIONAL))
        theirs_since = version(p.version)
        differ(at, "first version", version(f["since"]), theirs_since if theirs_since != "2.0" else version(since))


def own_fields(t):
    inherited = {p.name for p in t.__bases__[0]._GetPropertyList()} if hasattr(t.__bases__[0], "_GetPropertyList") else set()
    return [p for p in t._GetPropertyList(False) if p.name not in inherited]


schema = json.load(sys.stdin)
for ours in schema["types"]:
    name = ours["name"]
    if name in ("LocalizedMethodFault",):
        continue  # pyVmomi reads it away; its two fields are in the published WSDL
    t = find(name)
    if t is None:
        unverified.append(name)
        continue
    base = V.GetWsdlName(t.__bases__[0])
    differ(name, "base", ours["base"], None if base in ("DynamicData", "DataObject", "ManagedObject", "anyType") else base)
    differ(name, "first version", version(ours["since"]), version(t._version))
    fields = own_fields(t)
    if name == "MethodFault":
        fields = [p for p in fields if p.name != "msg"]  # pyVmomi's own
    compare_fields(name, ours["own"], fields, ours["since"])
for ours in schema["enums"]:
    t = find(ours["name"])
    if t is None:
        unverified.append(ours["name"])
        continue
    theirs = [k for k, x in vars(t).items() if isinstance(x, t)]
    differ(ours["name"], "values", sorted(ours["values"]), sorted(theirs))
for ours in schema["methods"]:
    where = f"{ours['on']}.{ours['name']}"
    t = find(ours["on"])
    info = next((i for i in t._methodInfo.values() if i.wsdlName == ours["name"]), None) if t else None
    if info is None:
        differences.append(f"{where}: pyVmomi knows no such method")
        continue
    compare_fields(where, ours["parameters"], info.params, ours["since"])
    differ(where, "first version", version(ours["since"]), version(info.version))
    if info.result and info.result is not type(None):
        kind, name, is_array = kind_and_type(info.result)
        if name != "void":
            differ(where, "result", ours["returns"], {"type": name, "kind": kind, "isArray": is_array})
        else:
            differ(where, "result", ours["returns"], None)
    if ours["privilege"] is not None and info.privId:
        differ(where, "privilege", ours["privilege"], info.privId)

print(f"{len(schema['types'])} types, {len(schema['enums'])} enumerations, {len(schema['methods'])} methods compared")
for line in unverified:
    print(f"unverified: {line}")
for line in differences:
    print(f"differs: {line}")
sys.exit(1 if differences else 0)
