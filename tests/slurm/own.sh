# SPDX-License-Identifier: BSD-3-Clause
# own_machine "$@": first thing in a test that starts daemons and networks. Runs the script again
# with processes, network, /run and /dev/shm of its own, which end with it, whatever happens; or
# ends it as skipped where that cannot be. Installs SLURM.
own_machine() {
    if [ -z "${OWN_MACHINE:-}" ]; then
        [ "$(id -u)" -eq 0 ] || { echo "skipped: needs root, for namespaces"; exit 77; }
        unshare --net --uts --pid --mount --fork true 2>/dev/null ||
            { echo "skipped: namespaces are not permitted here"; exit 77; }
        "$(dirname "$0")/../../tools/deps.sh" slurm >&2 ||
            { echo "skipped: SLURM cannot be installed"; exit 77; }
        OWN_MACHINE=1 exec unshare --net --pid --mount --fork --kill-child --mount-proc \
            bash "$0" "$@"
    fi
    unset OWN_MACHINE
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs /dev/shm
    # MPI names its files by host and process, which others have too.
    export TMPDIR=/run/tmp
    mkdir "$TMPDIR"
    ip link set lo up
}
