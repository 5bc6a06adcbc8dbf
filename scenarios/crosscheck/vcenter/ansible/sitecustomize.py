# Debian's pyVmomi (6.7.1) is older than its Ansible collection, which asks it for a JSON encoder of later versions.
import datetime, json
try:
    from pyVmomi import VmomiSupport
    if not hasattr(VmomiSupport, "VmomiJSONEncoder"):
        class VmomiJSONEncoder(json.JSONEncoder):
            def __init__(self, *args, explode=None, strip_dynamic=False, **kwargs):
                super().__init__(*args, **kwargs)

            def default(self, value):
                if isinstance(value, VmomiSupport.ManagedObject):
                    return str(value)
                if isinstance(value, VmomiSupport.DataObject):
                    return {p.name: getattr(value, p.name) for p in value._GetPropertyList()}
                if isinstance(value, datetime.datetime):
                    return value.isoformat()
                return str(value)
        VmomiSupport.VmomiJSONEncoder = VmomiJSONEncoder
except ImportError:
    pass
