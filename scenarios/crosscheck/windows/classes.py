"""Asks a served Windows host for whole classes and methods with pywinrm, and writes down what it heard as one JSON object.

Usage: classes.py URL USER PASSWORD QUESTIONS, with QUESTIONS a JSON list of
  {"name", "namespace", "class"}                   every instance, by a raw enumeration without a filter
  {"name", "namespace", "wql"}                     a query
  {"name", "namespace", "class", "method", "input", "selectors"}   a method; input and selectors are name -> text
  {"name", "powershell"}                           a script by an encoded command
"""
import json
import re
import sys

import winrm
import xmltodict

ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
PAGE = 20

url, user, password, questions = sys.argv[1:]
session = winrm.Session(url, auth=(user, password), transport="ntlm")
protocol = session.protocol


def text(answer):
    return answer.decode() if isinstance(answer, bytes) else answer


def send(uri, action, body):
    envelope = protocol._get_soap_header(resource_uri=uri, action=action)
    envelope["env:Body"] = body
    return envelope


def post(envelope):
    return xmltodict.parse(text(protocol.send_message(xmltodict.unparse({"env:Envelope": envelope}))))


def body_of(answer):
    return answer["s:Envelope"]["s:Body"]


def plain(value):
    """An element as text, None, a list, or what is nested in it; prefixes and attributes left out."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return "" if value is None else value
    if value.get("@xsi:nil") == "true":
        return None
    children = {re.sub(r"^\w+:", "", k): plain(v) for k, v in value.items() if not k.startswith("@")}
    if not children:
        return ""
    if list(children) == ["#text"] or list(children) in (["Datetime"], ["Interval"]):
        return list(children.values())[0]
    return children


def items(answer):
    inside = answer.get("n:Items") or {}
    return [
        each
        for name, value in inside.items()
        for each in (value if isinstance(value, list) else [value])
    ]


def enumerate_all(namespace, class_name, wql):
    uri = WMI + namespace + "/" + (class_name or "*")
    body = {"w:Filter": {"@Dialect": WQL, "#text": wql}} if wql else {}
    answer = body_of(post(send(uri, ENUMERATION + "Enumerate", {"n:Enumerate": body})))["n:EnumerateResponse"]
    found = []
    while answer.get("n:EnumerationContext"):
        pull = {"n:EnumerationContext": answer["n:EnumerationContext"], "n:MaxElements": str(PAGE)}
        answer = body_of(post(send(uri, ENUMERATION + "Pull", {"n:Pull": pull})))["n:PullResponse"]
        found += [plain(each) for each in items(answer)]
    return found


def invoke(namespace, class_name, method, given, selectors):
    uri = WMI + namespace + "/" + class_name
    body = {"@xmlns:p": uri}
    body.update({"p:" + name: value for name, value in given.items()})
    envelope = send(uri, uri + "/" + method, {"p:" + method + "_INPUT": body})
    if selectors:
        envelope["env:Header"]["w:SelectorSet"] = {
            "w:Selector": [{"@Name": name, "#text": value} for name, value in selectors.items()]
        }
    (_, answer), = body_of(post(envelope)).items()
    return plain(answer)


seen = {}
for question in json.loads(questions):
    try:
        if "powershell" in question:
            answer = session.run_ps(question["powershell"])
            heard = {"status": answer.status_code, "out": text(answer.std_out)}
        elif "method" in question:
            heard = invoke(
                question["namespace"],
                question["class"],
                question["method"],
                question.get("input", {}),
                question.get("selectors", {}),
            )
        else:
            heard = enumerate_all(question["namespace"], question.get("class"), question.get("wql"))
    except Exception as problem:  # what a host refuses is an answer, too
        heard = {"refused": str(problem)}
    seen[question["name"]] = heard
print(json.dumps(seen))
