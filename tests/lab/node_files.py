"""What is written into a node before it starts: the configuration of containerd, CNI, kubelet and kube-proxy."""

from __future__ import annotations

import textwrap

from tests.lab import images, network


def containerd(version: str) -> str:
    """restrict_oom_score_adj: without CAP_SYS_RESOURCE nobody may lower oom_score_adj, and runc would die of trying."""
    if version.startswith("1."):
        return textwrap.dedent(f"""\
            version = 2
            [plugins."io.containerd.grpc.v1.cri"]
              restrict_oom_score_adj = true
              sandbox_image = "{images.PAUSE}"
            [plugins."io.containerd.grpc.v1.cri".registry]
              config_path = "/etc/containerd/certs.d"
            [plugins."io.containerd.grpc.v1.cri".cni]
              bin_dir = "/usr/lib/cni"
              conf_dir = "/etc/cni/net.d"
            """)
    return textwrap.dedent(f"""\
        version = 3
        [plugins."io.containerd.cri.v1.images".pinned_images]
          sandbox = "{images.PAUSE}"
        [plugins."io.containerd.cri.v1.images".registry]
          config_path = "/etc/containerd/certs.d"
        [plugins."io.containerd.cri.v1.runtime"]
          restrict_oom_score_adj = true
        [plugins."io.containerd.cri.v1.runtime".cni]
          bin_dirs = ["/usr/lib/cni"]
          conf_dir = "/etc/cni/net.d"
        """)


def cni(host: str) -> dict[str, object]:
    """ptp, not bridge: every packet of a Pod is routed, so Service rewriting also works between two Pods of one node."""
    ranges = [[{"subnet": network.pod_cidr(host)}]]
    routes = [{"dst": "0.0.0.0/0"}]
    ipam = {"type": "host-local", "dataDir": "/run/cni-ipam", "ranges": ranges, "routes": routes}
    ptp = {"type": "ptp", "ipMasq": False, "ipam": ipam}
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "lab", "plugins": [ptp, portmap]}


def kubelet(host: str, cgroup: str) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": network.address(host),
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup}",
        "cgroupsPerQOS": True,
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDNS": [network.address(network.CONTROL)],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        # The machine's disk is everybody's: its ordinary fill must not evict the lab's Pods.
        "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%"},
        "imageGCHighThresholdPercent": 100,
        "podCIDR": network.pod_cidr(host),
        "resolvConf": "/etc/resolv.conf",
        "oomScoreAdj": 0,  # less than it was started with is not ours to ask for
        "registryPullQPS": 0,
        "serializeImagePulls": False,
    }


def kube_proxy(name: str) -> dict[str, object]:
    """The connection-tracking limits are the whole machine's, and not ours to change: 0 leaves each alone."""
    timeouts = ("tcpEstablishedTimeout", "tcpCloseWaitTimeout", "udpTimeout", "udpStreamTimeout")
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": "/etc/lab/kube-proxy.conf"},
        "clusterCIDR": network.POD_CIDR,
        "hostnameOverride": name,
        "mode": "nftables",
        "oomScoreAdj": 0,
        "conntrack": {"maxPerCore": 0, "min": 0} | dict.fromkeys(timeouts, "0s"),
    }
