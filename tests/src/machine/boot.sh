# The machine's first process, until systemd takes its place: this system's files, copied on write into the folder $1,
# a kernel's file systems of its own, and none of the services that are enabled here.
set -eu
mkdir "$1"
mount -t tmpfs -o mode=755 tmpfs "$1"
mkdir "$1/changes" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for folder in dev run tmp; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
chmod 1777 tmp
for node in full null random tty urandom zero; do : > "dev/$node"; mount --bind "/dev/$node" "dev/$node"; done
mkdir dev/pts dev/shm
ln -s pts/ptmx dev/ptmx
rm -rf etc/systemd/system/*.wants lib/systemd/system/*.wants usr/sbin/policy-rc.d
printf '[Unit]\nDescription=Nothing is running yet\n' > etc/systemd/system/nothing.target
mkdir .outside
pivot_root . .outside
umount -l /.outside
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=nothing.target --log-target=journal-or-kmsg
