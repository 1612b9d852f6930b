"""The scheduler: introduces peers, leases runs of pieces so that each leaves the origin once, signs tickets."""
