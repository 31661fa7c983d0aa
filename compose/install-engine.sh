#!/bin/sh
# Install Docker Engine, Compose and buildx from the distribution's own packages, as root on Debian or Ubuntu.
# Beside it, the base of all images is built from Debian's packages into the file that the first argument names.
# Debian 12's engine (20.10) knows no start_interval, so there the five engine packages come from Debian 13,
# pinned so that nothing else does.
set -eu

. /etc/os-release
export DEBIAN_FRONTEND=noninteractive

use_packages_of_trixie() {
    # From wherever this machine gets its own packages.
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Release: bookworm' | head -n 1)
    [ -n "$uri" ] || { echo "apt has no source of Debian 12's own packages" >&2; exit 1; }
    cat > /etc/apt/sources.list.d/pattern-er-engine.sources <<SOURCE
Types: deb
URIs: $uri
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCE
    cat > /etc/apt/preferences.d/pattern-er-engine <<PINS
Package: *
Pin: release n=trixie
Pin-Priority: 50

Package: docker.io docker-cli docker-compose docker-buildx containerd
Pin: release n=trixie
Pin-Priority: 600
PINS
}

case "$ID" in
    debian)
        [ "${VERSION_ID:-13}" != 12 ] || use_packages_of_trixie
        packages="docker.io docker-cli docker-compose docker-buildx" ;;
    ubuntu)
        packages="docker.io docker-compose-v2 docker-buildx" ;;
    *)
        echo "only Debian and Ubuntu are known here, this is $ID" >&2
        exit 1 ;;
esac

apt-get -q update
apt-get -q install -y --no-install-recommends mmdebstrap ca-certificates
mmdebstrap --quiet --variant=minbase --include=ca-certificates --format=tar trixie "$1.part" &
base=$!
# shellcheck disable=SC2086 # a list of packages
apt-get -q install -y --no-install-recommends $packages iptables
# Without it the base is pulled, or built, when the first image is.
if wait "$base"; then mv "$1.part" "$1"; else rm -f "$1.part"; fi
