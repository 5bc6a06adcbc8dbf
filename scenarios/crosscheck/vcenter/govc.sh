#!/bin/bash
# Asks a served vCenter through govc, which we did not write: what people and scripts do with it all day.
#   govc.sh FOLDER DATACENTER CLUSTER DATASTORE NETWORK MACHINE
# GOVC_URL, GOVC_TLS_CA_CERTS and GOVC_GUEST_LOGIN say where and as whom. MACHINE runs, with a guest that lets that
# login in. Stops at the first command that fails or says something else than it should.
set -euo pipefail
folder=$1 datacenter=$2 cluster=$3 datastore=$4 network=$5 machine=$6
export GOVC_PERSIST_SESSION=false GOVC_DATACENTER=$datacenter GOVC_DATASTORE=$datastore GOVC_NETWORK=$network
export GOVC_RESOURCE_POOL=/$datacenter/host/$cluster/Resources
cd "$folder"

says() { # PATTERN COMMAND...: the command succeeds, and says that
  local pattern=$1; shift
  local said; said=$("$@" 2>&1) || { echo "$*: $said" >&2; exit 1; }
  grep -qE -- "$pattern" <<< "$said" || { echo "$*: expected '$pattern' in: $said" >&2; exit 1; }
  done=$((done + 1))
}
done=0
vm=$(govc find / -type m -name "$machine" | head -1)

says 'VMware vCenter Server' govc about
says "^/$datacenter/vm$" govc ls
says "$machine" govc ls "$(dirname "$vm")"
says 'poweredOn' govc vm.info "$vm"
says "$vm" govc find / -type m -runtime.powerState poweredOn
says '^poweredOn$' govc object.collect -s "$vm" runtime.powerState
says 'cpu.usage.average +[0-9.]+,[0-9.]+' govc metric.sample -n 2 "$vm" cpu.usage.average
says 'cpu.usage.average' govc metric.ls "$vm"
says 'vmdk' govc datastore.ls -R "$(basename "$(dirname "$(govc object.collect -s "$vm" config.files.vmPathName | sed 's/^\[.*\] //')")")"
says 'Hard disk 1' govc device.info -vm "$vm" 'disk-*'
says 'Cores|CPU' govc host.info
says 'CPU capacity' govc cluster.usage "$cluster"
says 'eval' govc license.ls
says "00000-00000" govc license.assigned.ls
says 'vmx-' govc vm.option.ls -cluster "$cluster"
says 'ntpd' govc host.service.ls
govc vm.power -off "$vm" > /dev/null
says 'poweredOff' govc vm.info "$vm"
govc vm.power -on "$vm" > /dev/null
govc snapshot.create -vm "$vm" first
says 'first' govc snapshot.tree -vm "$vm"
govc snapshot.remove -vm "$vm" first
says 'is powered off' govc events "$vm"
says 'is powered on' govc events -type VmPoweredOnEvent "$vm"
says 'PowerOffVM +'"$machine" govc tasks
says '.' govc guest.run -vm "$vm" hostname
says 'PRETTY_NAME' govc guest.download -vm "$vm" /etc/os-release -

govc pool.create -cpu.limit 2000 -cpu.reservation 100 "$GOVC_RESOURCE_POOL/gold"
says 'CPU Limit: +2000MHz' govc pool.info "$GOVC_RESOURCE_POOL/gold"
govc pool.destroy "$GOVC_RESOURCE_POOL/gold"
says '^[0-9]+$' govc fields.add wave
govc fields.set wave 3 "$vm"
says 'wave +3' govc fields.info -n wave "$vm"
govc role.create mig VirtualMachine.Interact.PowerOn
govc permissions.set -principal reader@vsphere.local -role mig "$vm"
says 'mig .*reader' govc permissions.ls "$vm"
govc permissions.remove -principal reader@vsphere.local "$vm"
govc tags.category.create wave > /dev/null
govc tags.create -c wave first > /dev/null
govc tags.attach first "$vm"
says 'VirtualMachine' govc tags.attached.ls first

govc vm.create -on=false -c 2 -m 1024 -g ubuntu64Guest -disk 10MB -disk.controller pvscsi made-1
govc vm.change -vm made-1 -c 4
govc vm.disk.create -vm made-1 -name made-1/extra -size 20M > /dev/null
govc vm.clone -vm made-1 -on=false made-2 > /dev/null
govc folder.create "/$datacenter/vm/made"
govc object.mv "/$datacenter/vm/made-2" "/$datacenter/vm/made" > /dev/null
says 'made-2' govc ls "/$datacenter/vm/made"
govc vm.unregister made-1
govc vm.register made-1/made-1.vmx
says 'CPU: +4' govc vm.info made-1
govc export.ovf -vm made-1 exported > /dev/null
govc import.ovf -name made-3 exported/made-1/made-1.ovf > /dev/null
says 'Memory: +1024MB' govc vm.info made-3
for name in made-1 made-3; do govc vm.destroy "$name"; done
govc object.destroy "/$datacenter/vm/made" > /dev/null
echo "checked: $done"
