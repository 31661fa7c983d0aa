#!/bin/sh
# Install Docker Engine, Compose and buildx from the distribution's own packages, as root on Debian or Ubuntu.
# At the same time, build the base of all images from Debian's packages, into the file that the first argument names.
# Debian 12's engine (20.10) does not support start_interval. There, the five engine packages come from Debian 13, and a
# pin keeps every other package at Debian 12.
set -eu

# shellcheck source=/dev/null
. /etc/os-release
export DEBIAN_FRONTEND=noninteractive

own_mirror() {
    # shellcheck disable=SC2016 # apt-get replaces the variable
    apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Release: bookworm' | head -n 1
}

use_packages_of_trixie() {
    # The mirror is the one from which this machine gets its own packages. apt knows it once it has their lists.
    uri=$(own_mirror)
    [ -n "$uri" ] || { apt-get -q update; uri=$(own_mirror); }
    [ -n "$uri" ] || { echo "apt has no source for the packages of Debian 12" >&2; exit 1; }
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
        echo "the distribution must be Debian or Ubuntu, not $ID" >&2
        exit 1 ;;
esac

apt-get -q update
apt-get -q install -y --no-install-recommends mmdebstrap ca-certificates
mmdebstrap --quiet --variant=minbase --include=ca-certificates --format=tar trixie "$1.part" &
base=$!
# shellcheck disable=SC2086 # a list of packages
apt-get -q install -y --no-install-recommends $packages iptables
# If this failed, er pulls or builds the base when it builds the first image.
if wait "$base"; then mv "$1.part" "$1"; else rm -f "$1.part"; fi
