#!/bin/bash
# Makes a raw disk with as much of a Debian on it as an inspection looks at: partition table, ext4, release files, fstab, and
# the database of installed packages. Not bootable: there is no kernel.
#   make-guest.sh FOLDER      writes FOLDER/disk.raw, 32 MiB, the same bytes each time
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
cd "$1"
mkdir -p root/{etc,usr/bin,usr/sbin,var/lib/dpkg,boot,dev,proc,sys,tmp,home,root}
ln -sfn usr/bin root/bin
cat > root/etc/os-release <<'OS'
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
ID=debian
OS
echo 12.5 > root/etc/debian_version
echo judged-01 > root/etc/hostname
echo '127.0.0.1 localhost' > root/etc/hosts
echo '/dev/sda1 / ext4 errors=remount-ro 0 1' > root/etc/fstab
# the head of a program says what processor it is for
{
  printf '\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00\x01\x00\x00\x00'
  head -c 40 /dev/zero
} > root/usr/bin/ls
chmod +x root/usr/bin/ls
for package in 'dpkg 1.21.22 package manager' 'nginx 1.22.1-9 web server'; do
  read -r name version summary <<< "$package"
  printf 'Package: %s\nStatus: install ok installed\nPriority: optional\nSection: admin\nMaintainer: nobody <nobody@example>\nArchitecture: amd64\nVersion: %s\nDescription: %s\n\n' \
    "$name" "$version" "$summary"
done > root/var/lib/dpkg/status
truncate -s 31M root.ext4
mkfs.ext4 -q -F -L root -U 6d1f1c42-0000-4000-8000-000000000001 -d root root.ext4
truncate -s 32M disk.raw
printf 'label: dos\nlabel-id: 0x64726966\nstart=2048, type=83, bootable\n' | sfdisk -q disk.raw
dd if=root.ext4 of=disk.raw bs=1M seek=1 conv=notrunc status=none
rm -r root root.ext4
