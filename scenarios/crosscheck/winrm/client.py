"""Asks a served Windows host with pywinrm and writes down what it heard, as one JSON object.

Usage: client.py URL TRANSPORT USER PASSWORD CA
"""
import json
import re
import sys

import winrm
import xmltodict

ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"

url, transport, user, password, ca = sys.argv[1:]
options = {"transport": transport, "ca_trust_path": ca}


def text(answer):
    return answer.decode() if isinstance(answer, bytes) else answer


def query(protocol, namespace, wql, page):
    """All items of a query as text, and how many answers they came in."""
    uri = WMI + namespace + "/*"

    def say(action, element, content):
        envelope = protocol._get_soap_header(resource_uri=uri, action=ENUMERATION + action)
        envelope.setdefault("env:Body", {})[element] = content
        return text(protocol.send_message(xmltodict.unparse({"env:Envelope": envelope})))

    answer = say("Enumerate", "n:Enumerate", {"w:Filter": {"@Dialect": WQL, "#text": wql}})
    answers = [answer]
    while True:
        context = re.search(r"EnumerationContext>(uuid:[0-9A-Fa-f-]+)<", answer)
        if not context:
            return answers
        content = {"n:EnumerationContext": context.group(1), "n:MaxElements": str(page)}
        answer = say("Pull", "n:Pull", content)
        answers.append(answer)


def values(answers, name):
    return re.findall(r"<(?:\w+:)?%s>([^<]*)</" % name, "".join(answers))


session = winrm.Session(url, auth=(user, password), **options)
seen = {}
for name, command, arguments in [
    ("echo", "echo", ["one", "two"]),
    ("hostname", "hostname", []),
    ("unknown", "no-such-program", []),
    ("exit", "exit 7", []),
    ("long", "for /L %i in (1,1,3000) do @echo a line of some length that is said often: %i", []),
]:
    answer = session.run_cmd(command, arguments)
    seen[name] = {
        "status": answer.status_code,
        "out": text(answer.std_out) if name != "long" else len(answer.std_out),
        "err": text(answer.std_err),
    }
answer = session.run_ps("Get-CimInstance Win32_OperatingSystem | Select-Object Caption | ConvertTo-Json")
seen["powershell"] = {"status": answer.status_code, "out": text(answer.std_out)}

protocol = session.protocol
for name, namespace, wql, prop in [
    ("caption", "root/cimv2", "select Caption from Win32_OperatingSystem", "Caption"),
    ("services", "root/cimv2", "select Name, State from Win32_Service", "Name"),
    ("states", "root/cimv2", "select Name, State from Win32_Service", "State"),
    ("running", "root/cimv2", "select Name from Win32_Service where State = 'Running'", "Name"),
    ("disks", "root/cimv2", "select DeviceID from Win32_DiskDrive", "DeviceID"),
    ("machines", "root/virtualization/v2",
     "select ElementName from Msvm_ComputerSystem where Name != __SERVER", "ElementName"),
]:
    try:
        seen[name] = values(query(protocol, namespace, wql, 4), prop)
    except Exception as problem:  # what a host does not have is an answer, too
        seen[name] = str(problem)
for name, wql in [("badQuery", "select from"), ("badClass", "select * from Nothing")]:
    try:
        query(protocol, "root/cimv2", wql, 4)
        seen[name] = "no fault"
    except Exception as problem:
        seen[name] = str(problem)
try:
    winrm.Session(url, auth=(user, password + "x"), **options).run_cmd("hostname")
    seen["wrongPassword"] = "let in"
except Exception as problem:
    seen["wrongPassword"] = type(problem).__name__
print(json.dumps(seen))
