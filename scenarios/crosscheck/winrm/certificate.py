"""Runs a command on a served Windows host with pywinrm and a client certificate; writes what came of it as JSON.

Usage: certificate.py URL CA CERTIFICATE KEY COMMAND [ARGUMENT...]
"""
import hashlib
import json
import sys

import winrm

url, ca, certificate, key, command, *arguments = sys.argv[1:]
session = winrm.Session(
    url,
    auth=("nobody", "no password"),
    transport="certificate",
    ca_trust_path=ca,
    cert_pem=certificate,
    cert_key_pem=key,
)
try:
    answer = session.run_cmd(command, arguments)
    print(json.dumps({
        "status": answer.status_code,
        "out": answer.std_out.decode("latin1")[:200],
        "sha256": hashlib.sha256(answer.std_out).hexdigest(),
    }))
except Exception as problem:
    print(json.dumps({"problem": type(problem).__name__}))
