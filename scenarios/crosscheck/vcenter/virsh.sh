#!/bin/bash
# Asks a vCenter, or a host by itself, through libvirt's ESX driver, which we did not write.
#   virsh.sh FOLDER PORT DATACENTER CLUSTER/HOST MACHINE
#   virsh.sh FOLDER PORT - - MACHINE      the host alone
# FOLDER holds auth.conf. Lists and dumps every machine of the host's cluster, then takes MACHINE through its
# power states and two snapshots. Prints one line for each thing checked; stops at the first that fails.
set -euo pipefail
folder=$1 port=$2 datacenter=$3 place=$4 machine=$5
if [ "$datacenter" = - ]; then
  uri="esx://root@127.0.0.1:$port/?no_verify=1&authfile=$folder/auth.conf"
else
  uri="vpx://administrator%40vsphere.local@127.0.0.1:$port/${datacenter// /%20}/${place// /%20}?no_verify=1&authfile=$folder/auth.conf"
fi
unset LIBVIRT_DEBUG

ask() { virsh -q -c "$uri" "$@" 2> "$folder/virsh.err" || { echo "virsh $*: $(cat "$folder/virsh.err")" >&2; exit 1; }; }
same() { [ "$2" = "$3" ] || { echo "$1: expected '$3', got '$2'" >&2; exit 1; }; }

echo "version: $(ask version | grep -i running)"
echo "hostname: $(ask hostname)"
echo "processors: $(ask nodeinfo | awk '/^CPU\(s\)/ {print $2}')"
ask pool-list --all > "$folder/pools"
[ -s "$folder/pools" ] || { echo "no storage pools" >&2; exit 1; }
echo "pools: $(wc -l < "$folder/pools")"
pool=$(head -1 "$folder/pools" | awk '{print $1}')
ask vol-list "$pool" > "$folder/volumes"
echo "volumes in $pool: $(wc -l < "$folder/volumes")"

ask list --all --name | grep -v '^$' > "$folder/machines"
dumped=0
while IFS= read -r name; do
  ask dumpxml "$name" > "$folder/domain.xml"
  grep -q "<domain type='vmware'" "$folder/domain.xml"
  ask domstate "$name" > /dev/null
  dumped=$((dumped + 1))
done < "$folder/machines"
echo "machines: $dumped"
same "uuid" "$(ask dominfo "$machine" | awk '/^UUID:/ {print $2}')" "$(ask domuuid "$machine" | tr -d '\n ')"

same "state" "$(ask domstate "$machine")" running
ask suspend "$machine"; same "suspended" "$(ask domstate "$machine")" paused
ask resume "$machine"; same "resumed" "$(ask domstate "$machine")" running
ask destroy "$machine"; same "off" "$(ask domstate "$machine")" "shut off"
ask start "$machine"; same "on" "$(ask domstate "$machine")" running
ask snapshot-create-as "$machine" first "without memory" --disk-only
ask snapshot-create-as "$machine" second "with memory"
same "current" "$(ask snapshot-current "$machine" --name)" second
same "parent" "$(ask snapshot-parent "$machine" second)" first
ask snapshot-revert "$machine" first
same "reverted" "$(ask domstate "$machine")" "shut off"
ask snapshot-delete "$machine" first --children
same "none left" "$(ask snapshot-list "$machine" --name | tr -d '\n ')" ""
ask start "$machine"; same "on again" "$(ask domstate "$machine")" running
echo "power and snapshots: ok"
