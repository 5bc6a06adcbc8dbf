#!/bin/bash
# Reads a machine's disk below /folder with curl, and opens it with qemu-img. Neither is ours.
#   files.sh FOLDER PORT DATACENTER "[datastore] dir/disk.vmdk" USER PASSWORD
# FOLDER holds ca.pem. Prints one line for each thing checked; stops at the first that fails.
set -euo pipefail
folder=$1 port=$2 datacenter=$3 path=$4 user=$5 password=$6
datastore=$(sed 's/^\[\(.*\)\] .*/\1/' <<< "$path")
file=$(sed 's/^\[.*\] //' <<< "$path")
stem=${file%.vmdk}
get() { curl -sS --cacert "$folder/ca.pem" --url-query "dcPath=$datacenter" --url-query "dsName=$datastore" "$@"; }
url() { echo "https://127.0.0.1:$port/folder/$(sed 's/ /%20/g' <<< "$1")"; }
login=(-u "$user:$password")
same() { [ "$2" = "$3" ] || { echo "$1: expected '$3', got '$2'" >&2; exit 1; }; }

mkdir -p "$folder/files"
cd "$folder/files"
same "without credentials" "$(get -o /dev/null -w '%{http_code}' "$(url "$file")")" 401
same "descriptor" "$(get "${login[@]}" -o "$(basename "$file")" -w '%{http_code}' "$(url "$file")")" 200
same "flat file" "$(get "${login[@]}" -o "$(basename "$stem")-flat.vmdk" -w '%{http_code}' "$(url "$stem-flat.vmdk")")" 200
size=$(stat -c %s "$(basename "$stem")-flat.vmdk")
head=$(get "${login[@]}" -I "$(url "$stem-flat.vmdk")" | tr -d '\r')
same "length" "$(sed -n 's/^Content-Length: //p' <<< "$head")" "$size"
same "ranges" "$(sed -n 's/^Accept-Ranges: //p' <<< "$head")" bytes
cookie=$(sed -n 's/^Set-Cookie: \([^;]*\);.*/\1/p' <<< "$head")
get -b "$cookie" -r 1000000-1999999 -o part "$(url "$stem-flat.vmdk")"
cmp part <(tail -c +1000001 "$(basename "$stem")-flat.vmdk" | head -c 1000000)
same "beyond the end" "$(get -b "$cookie" -r "$size-" -o /dev/null -w '%{http_code}' "$(url "$stem-flat.vmdk")")" 416
echo "curl: $size bytes, by password and by cookie"

same "virtual size" "$(qemu-img info --output json "$(basename "$file")" | sed -n 's/.*"virtual-size": \([0-9]*\).*/\1/p' | tail -1)" "$size"
qemu-img convert -O raw "$(basename "$file")" whole.raw
cmp whole.raw "$(basename "$stem")-flat.vmdk"
echo "qemu-img: the descriptor leads to the same bytes"
