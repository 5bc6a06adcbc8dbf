"""Guest operations through pyVmomi: what this file expects of a vCenter, it expects of any."""
import json
import re
import ssl
import sys
import time
import urllib.request

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim

CHOICE = json.loads(sys.argv[1])


def connect(name, password):
    context = ssl.create_default_context(cafile=CHOICE["ca"])
    return SmartConnect(host=CHOICE["host"], port=CHOICE["port"], user=name, pwd=password, sslContext=context)


def transfer(url, data=None):
    url = re.sub(r"^https://\*:", "https://" + CHOICE["host"] + ":", url)
    context = ssl.create_default_context(cafile=CHOICE["ca"])
    request = urllib.request.Request(url, data=data, method="GET" if data is None else "PUT")
    with urllib.request.urlopen(request, context=context) as answer:
        return answer.read()


def fails(work, fault):
    try:
        work()
    except fault as error:
        return error
    raise AssertionError("no " + fault.__name__)


service = connect(CHOICE["user"], CHOICE["password"])
content = service.RetrieveContent()
manager = content.guestOperationsManager
auth, files, processes, registry = (
    manager.authManager,
    manager.fileManager,
    manager.processManager,
    manager.guestWindowsRegistryManager,
)
linux, windows, off = (
    content.searchIndex.FindByUuid(None, CHOICE[name]["uuid"], True, True) for name in ("linux", "windows", "off")
)


def login(who, password=None):
    return vim.NamePasswordAuthentication(
        interactiveSession=False, username=who["user"], password=password or who["password"]
    )


on_linux, on_windows = login(CHOICE["linux"]), login(CHOICE["windows"])
auth.ValidateCredentialsInGuest(linux, on_linux)
fails(lambda: auth.ValidateCredentialsInGuest(linux, login(CHOICE["linux"], "wrong")), vim.fault.InvalidGuestLogin)
fails(lambda: auth.ValidateCredentialsInGuest(off, on_linux), vim.fault.InvalidPowerState)
ticket = auth.AcquireCredentialsInGuest(linux, on_linux)
assert isinstance(ticket, vim.TicketedSessionAuthentication)


def run(vm, who, program, arguments):
    """Starts a program, waits for its end, fetches what it wrote: as tools do."""
    out = files.CreateTemporaryFileInGuest(vm, who, "py", ".out", None)
    spec = vim.vm.guest.ProcessManager.ProgramSpec(programPath=program, arguments=arguments.replace("OUT", out))
    pid = processes.StartProgramInGuest(vm, who, spec)
    for _ in range(100):
        found = processes.ListProcessesInGuest(vm, who, [pid])
        assert len(found) == 1 and found[0].pid == pid, found
        if found[0].endTime is not None:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("the program does not end")
    info = files.InitiateFileTransferFromGuest(vm, who, out)
    data = transfer(info.url)
    assert len(data) == info.size
    fails(lambda: transfer(info.url), urllib.error.HTTPError)  # once only
    files.DeleteFileInGuest(vm, who, out)
    return found[0].exitCode, data.decode()


code, text = run(linux, ticket, "/bin/sh", "-c 'hostname -f; ss -tan | grep -c ESTAB' > OUT 2>&1")
assert code == 0 and text.splitlines()[0] == CHOICE["linux"]["dnsName"], text
code, text = run(linux, on_linux, "/bin/bash", "-c 'frobnicate' > OUT 2>&1")
assert code == 127 and "command not found" in text, (code, text)
fails(
    lambda: processes.StartProgramInGuest(
        linux, on_linux, vim.vm.guest.ProcessManager.ProgramSpec(programPath="/no/such", arguments="")
    ),
    vim.fault.FileNotFound,
)
everything = processes.ListProcessesInGuest(linux, on_linux, None)
assert any(p.name == "sshd" and p.owner == "root" and p.pid > 0 for p in everything)
assert any(v.startswith("PATH=") for v in processes.ReadEnvironmentVariableInGuest(linux, on_linux, ["PATH"]))

# files: up, listed, changed, moved, gone
posix = vim.vm.guest.FileManager.PosixFileAttributes(permissions=0o750)
url = files.InitiateFileTransferToGuest(linux, on_linux, "/tmp/up.sh", posix, 22, False)
transfer(url, b"#!/bin/sh\necho ran $1\n")
listed = files.ListFilesInGuest(linux, on_linux, "/tmp", 0, 100, r"up\.sh")
assert [(f.path, f.type, f.size) for f in listed.files] == [("up.sh", "file", 22)], listed
assert listed.files[0].attributes.permissions == 0o750 and listed.remaining == 0
fails(
    lambda: files.InitiateFileTransferToGuest(linux, on_linux, "/tmp/up.sh", posix, 1, False),
    vim.fault.FileAlreadyExists,
)
code, text = run(linux, on_linux, "/tmp/up.sh", "well > OUT")
assert (code, text) == (0, "ran well\n"), (code, text)
files.MakeDirectoryInGuest(linux, on_linux, "/tmp/a/b", True)
files.MoveFileInGuest(linux, on_linux, "/tmp/up.sh", "/tmp/a/b/c", False)
fails(lambda: files.DeleteDirectoryInGuest(linux, on_linux, "/tmp/a", False), vim.fault.DirectoryNotEmpty)
files.DeleteDirectoryInGuest(linux, on_linux, "/tmp/a", True)
fails(lambda: files.InitiateFileTransferFromGuest(linux, on_linux, "/tmp/a/b/c"), vim.fault.FileNotFound)
fails(lambda: files.InitiateFileTransferFromGuest(linux, on_linux, "/etc/shadow"), vim.fault.GuestPermissionDenied)

# Windows: programs, and the registry
code, text = run(windows, on_windows, r"C:\Windows\System32\cmd.exe", '/c "hostname > OUT & netstat -ano >> OUT"')
assert code == 0 and text.splitlines()[0] == CHOICE["windows"]["hostName"] and "LISTENING" in text, text
key = vim.vm.guest.WindowsRegistryManager.RegistryKeyName(
    registryPath=r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall", wowBitness="WOWNative"
)
records = registry.ListRegistryKeysInGuest(windows, on_windows, key, False, None)
names = []
for record in records:
    for value in registry.ListRegistryValuesInGuest(windows, on_windows, record.key.keyName, False, "^DisplayName$"):
        names.append(value.data.value)
assert set(CHOICE["windows"]["software"]) <= set(names), names
own = vim.vm.guest.WindowsRegistryManager.RegistryKeyName(
    registryPath=r"HKEY_LOCAL_MACHINE\SOFTWARE\Drylift", wowBitness="WOWNative"
)
registry.CreateRegistryKeyInGuest(windows, on_windows, own, False, None)
value_name = vim.vm.guest.WindowsRegistryManager.RegistryValueName(keyName=own, name="n")
registry.SetRegistryValueInGuest(
    windows,
    on_windows,
    vim.vm.guest.WindowsRegistryManager.RegistryValue(
        name=value_name, data=vim.vm.guest.WindowsRegistryManager.RegistryValueDword(value=7)
    ),
)
assert registry.ListRegistryValuesInGuest(windows, on_windows, own, False, None)[0].data.value == 7
registry.DeleteRegistryValueInGuest(windows, on_windows, value_name)
registry.DeleteRegistryKeyInGuest(windows, on_windows, own, False)
fails(lambda: registry.ListRegistryValuesInGuest(windows, on_windows, own, False, None), vim.fault.GuestRegistryKeyInvalid)
Disconnect(service)

# an account that may read, and no more
reader = connect(CHOICE["reader"]["user"], CHOICE["reader"]["password"])
denied = fails(
    lambda: reader.RetrieveContent().guestOperationsManager.authManager.ValidateCredentialsInGuest(
        vim.VirtualMachine(linux._moId, reader._stub), on_linux
    ),
    vim.fault.NoPermission,
)
assert denied.privilegeId == "VirtualMachine.GuestOperations.Query", denied
Disconnect(reader)
print("guest operations are as pyVmomi expects them")
