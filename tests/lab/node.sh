#!/bin/bash
# The first process of a node. It runs in the node's network namespace and in mount, UTS and PID namespaces of its own (node.py
# starts it so; not `ip netns exec`, which mounts a new /sys in which the cgroups are missing). Environment: NODE, ADDRESS, DIR
# (the node's directory), CACHE (which DIR lies in), PROGRAMS (directories for PATH), IMAGES (archives to load), CA (to trust).
set -eu

# 1. A root of its own: the machine's, read through an overlay whose upper layer is in memory. What a Pod writes by hostPath,
#    anywhere, stays in the node. (An upper layer on the same file system as its lower '/' is refused with ELOOP.)
mkdir -p "$DIR"/root "$DIR"/containerd "$DIR"/kubelet "$DIR"/log
mount -t tmpfs -o mode=755 lab "$DIR/root"
mkdir "$DIR"/root/upper "$DIR"/root/work "$DIR"/root/new
mount -t overlay -o "lowerdir=/,upperdir=$DIR/root/upper,workdir=$DIR/root/work" overlay "$DIR/root/new"
cd "$DIR/root/new"
mount --rbind /sys sys
mount --rbind /dev dev
mount -t proc proc proc
mount -t tmpfs -o mode=755 run run
mkdir -p run/old run/upper "./$CACHE" var/lib/containerd var/lib/kubelet var/log
mount --bind "$CACHE" "./$CACHE"
# Big and busy trees are real directories; containerd's own overlays could not lie on an overlay.
mount --bind "$DIR/containerd" var/lib/containerd
mount --bind "$DIR/kubelet" var/lib/kubelet
mount --bind "$DIR/log" var/log
# What the node changed, alone: the inventory reads it.
mount --bind "$DIR/root/upper" run/upper
pivot_root . run/old
cd /
umount -l /run/old
rmdir /run/old
# kubelet and containerd expect what systemd does: mounts spread from the node to its containers.
mount --make-rshared /

# 2. Its identity and configuration, written by node.py, and the lab's CA among those it trusts.
cp -r "$DIR"/etc/. /etc/
cat "$CA" >>/etc/ssl/certs/ca-certificates.crt
hostname "$NODE"
mkdir -p /var/log/pods /var/log/containers /run/containerd

# 3. Its three programs, each started again when it ends, as a service manager would. bash, being process 1, also reaps what
#    containers leave behind; with kubelet as process 1 every stopped Pod would leave a zombie.
export PATH="$PROGRAMS:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
keep() {
  local log=$1
  shift
  while :; do "$@" >>"$DIR/$log" 2>&1 || sleep 1; done
}
keep containerd.log containerd &
until ctr version >/dev/null 2>&1; do sleep 0.1; done
for archive in $IMAGES; do ctr -n k8s.io images import "$archive" >/dev/null; done
keep kubelet.log kubelet --config /etc/lab/kubelet.json --kubeconfig /etc/lab/kubelet.conf \
  --hostname-override "$NODE" --node-ip "$ADDRESS" &
keep kube-proxy.log kube-proxy --config /etc/lab/kube-proxy.json &
wait
