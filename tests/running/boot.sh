#!/bin/sh
# Boots systemd as PID 1 over a copy-on-write view of this machine's root, in namespaces of its own.
# usage: unshare --mount --pid --uts --ipc --net --fork boot.sh WORK CGROUP BIND...
set -e
work=$1 cgroup=$2
shift 2
root=$work/root

# /proc/self of this PID namespace, and a place of its own in the hierarchy of control groups.
mount -t proc proc /proc
mkdir "$work/cgroup"
mount -t cgroup2 cgroup2 "$work/cgroup"
mkdir "$work/cgroup/$cgroup"
echo 0 > "$work/cgroup/$cgroup/cgroup.procs"
umount "$work/cgroup"

mkdir "$work/changes"
mount -t tmpfs -o mode=0755 tmpfs "$work/changes"
mkdir "$work/changes/upper" "$work/changes/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$work/changes/upper,workdir=$work/changes/work" overlay "$root"
for place; do
    mkdir -p "$root$place"
    mount --rbind "$place" "$root$place"
done

mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys" # read-only: networkd then knows that no udev tells it of links
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"

# Nothing of what this machine was told to run, and none of what it remembers.
rm -rf "$root/etc/systemd/system" "$root/etc/systemd/network" "$root/var/lib/provision" "$root/var/log/journal"
mkdir "$root/etc/systemd/system" "$root/etc/systemd/network"
# Each reload would wait for all of them, and they are about this machine's disks and its cloud.
mkdir -p "$root/etc/systemd/system-generators"
for generator in "$root"/usr/lib/systemd/system-generators/*; do
    ln -sf /dev/null "$root/etc/systemd/system-generators/${generator##*/}"
done
for unit in systemd-udevd.service systemd-udev-trigger.service systemd-timesyncd.service apparmor.service; do
    ln -s /dev/null "$root/etc/systemd/system/$unit"
done
: > "$root/etc/machine-id"

exec unshare --cgroup sh -c '
    mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
    cd "$1"
    exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        unshare --root="$1" --wd=/ /lib/systemd/systemd --unit=basic.target --log-target=console --show-status=no
' sh "$root"
