#!/bin/sh
# Makes the disk of files-01: a real ext4 file system and four later states of it, as a file server's day
# would leave them. Needs e2fsprogs (mke2fs, debugfs, e2fsck) and Node. Every run gives the same bytes: UUID,
# hash seed and times are fixed, and files are written one by one (mke2fs -d would take the host's directory
# order and change times). Each state is a clean file system, checked by e2fsck.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
disk=$work/files-01.img

export LC_ALL=C TZ=UTC MKE2FS_CONFIG=$work/mke2fs.conf
# Every feature is named below, so that the host's own configuration plays no part.
printf '[defaults]\n\tbase_features = none\n[fs_types]\n\text4 = {\n\t\tinode_size = 256\n\t}\n\tsmall = {\n\t\tblocksize = 1024\n\t}\n' >"$MKE2FS_CONFIG"
# All times inside the file systems: 2026-03-02T08:00:00Z and then an hour later per state.
now=1772438400
export E2FSPROGS_FAKE_TIME=$now

# Text that does not compress away: words drawn by a small linear congruence (seed, lines).
words() {
  awk -v x="$1" -v lines="$2" 'BEGIN {
    split("harbour crane tide quay ledger cargo mast sluice anchor berth beacon hull pilot rope salt wind", w, " ")
    for (l = 0; l < lines; l++) {
      line = ""
      for (i = 0; i < 9; i++) { x = (x * 16807) % 2147483647; line = line w[x % 16 + 1] "-" (x % 8999 + 1000) " " }
      print line
    }
  }'
}

# put <path in the image> <seed> <lines>: replaces the file
put() {
  words "$2" "$3" >"$work/content-$2-$3"
  printf 'rm %s\nwrite %s %s\n' "$1" "$work/content-$2-$3" "$1" >>"$work/commands"
}
say() { printf '%s\n' "$*" >>"$work/commands"; }

# Runs the collected commands on the disk and keeps the state.
state() {
  debugfs -w -f "$work/commands" "$disk" >"$work/log" 2>&1
  if grep -v -e '^debugfs' -e 'Allocated inode' -e 'File not found by ext2_lookup' -e '^$' "$work/log"; then exit 1; fi
  : >"$work/commands"
  e2fsck -fn "$disk" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  cp "$disk" "$work/state$1.img"
  now=$((now + 3600))
  export E2FSPROGS_FAKE_TIME=$now
}

truncate -s 32M "$disk"
mke2fs -q -F -t ext4 -b 1024 -I 256 -N 2048 -L files-01 \
  -O has_journal,ext_attr,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum \
  -U 8f3c1f52-7f5e-4b0a-9d52-6a1c0f6e0001 -E hash_seed=8f3c1f52-7f5e-4b0a-9d52-6a1c0f6e0002,lazy_itable_init=0,lazy_journal_init=0,nodiscard \
  -J size=4 "$disk"
: >"$work/commands"

# state 0: as it stands when replication begins
for folder in etc srv srv/accounts srv/plans var var/log; do say mkdir "$folder"; done
put etc/hostname 1 1
put srv/accounts/2025.txt 11 4000
put srv/accounts/2026.txt 12 900
put srv/plans/quay-3.txt 13 2500
put var/log/files.log 14 300
state 0

# state 1: this year's accounts grow, the log grows
put srv/accounts/2026.txt 12 1400
put var/log/files.log 14 700
state 1

# state 2: a folder with new plans, one old plan goes
say mkdir srv/plans/new
put srv/plans/new/quay-4.txt 21 1800
put srv/plans/new/quay-5.txt 22 1200
say rm srv/plans/quay-3.txt
put var/log/files.log 14 1100
state 2

# state 3: last year's accounts are corrected in place, a link is made
put srv/accounts/2025.txt 31 4000
say symlink srv/current accounts/2026.txt
put var/log/files.log 14 1600
state 3

# state 4: the log is rotated (the freed blocks are used again), accounts are closed
put var/log/files.log.1 14 1600
put var/log/files.log 41 60
put srv/accounts/2026.txt 42 2200
state 4

node pack-images.ts files-01 "$work/state0.img" "$work/state1.img" "$work/state2.img" "$work/state3.img" "$work/state4.img"
sha256sum files-01.*
