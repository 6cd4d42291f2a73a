#!/bin/sh
# Makes the Debian package from what is built: `make deb` runs it. dpkg-deb is used and not a tool on top of it, because most of the
# package is no program of Cargo's: models, plugins, knowledge, units and policies, and files made from them. It is part of every
# Debian; the same files give the same bytes, since times and owners are set.
#   package/build.sh [OUTPUT-FOLDER]         target/package, if nothing is said
#   STEWARD_KNOWLEDGE=FOLDER                 a generation that was built already
#   STEWARD_COMPRESSION=none|zstd|xz         how it is packed; xz, if nothing is said
set -eu
cd "$(dirname "$0")/.."
programs="${CARGO_TARGET_DIR:-target}/release"
output="${1:-${CARGO_TARGET_DIR:-target}/package}"
version="$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)"
architecture="$(dpkg --print-architecture)"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}"
umask 022

fail() { echo "package: $*" >&2; exit 1; }
say() { echo "package: $*" >&2; }

mkdir -p "$output"
root="$(mktemp -d "$output/root.XXXXXX")"
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
share="$root/usr/share/steward"

# put MODE TARGET FILE...: copies files into a folder of the package.
put() {
    mode="$1" target="$root/$2"
    shift 2
    install -d "$target"
    install -m "$mode" "$@" "$target"
}

binaries() {
    for program in stewardd steward steward-plugin steward-navigation steward-simulator steward-package; do
        [ -x "$programs/$program" ] || fail "$program is not built; run \`make build\`."
    done
    for program in stewardd steward steward-plugin steward-navigation steward-simulator; do
        put 755 usr/bin "$programs/$program"
        strip "$root/usr/bin/$program"
    done
    library="$(find -L .steward/onnxruntime -name 'libonnxruntime.so.*' | head -1)"
    [ -n "$library" ] || fail "ONNX Runtime is missing; run \`make setup\`."
    put 644 usr/lib/steward "$library"
}

data() {
    mkdir -p "$share/plugins"
    cp -r models/shipped "$share/models"
    for plugin in plugins/*/plugin.toml; do
        folder="$(dirname "$plugin")"
        cp -r "$folder" "$share/plugins/"
        # What the sentences in there should become is checked before a package is made.
        rm -rf "$share/$folder/tests"
    done
    cp -r plugins/vss plugins/simulator "$share/plugins/"
    put 644 usr/share/steward assistant/policy.toml
    if [ -n "${STEWARD_KNOWLEDGE:-}" ]; then
        cp -r "$STEWARD_KNOWLEDGE" "$share/knowledge"
    else
        say "building the knowledge"
        STEWARD_ORT_LIB="$PWD/$library" "$programs/steward" knowledge build knowledge/kestrel -o "$share/knowledge" >&2
    fi
}

integration() {
    put 644 etc/steward daemon/steward.toml
    put 644 etc/steward/steward.d systemd/10-car.toml
    put 644 usr/lib/systemd/system systemd/*.service
    put 644 usr/lib/systemd/system/steward-plugin@navigation.service.d systemd/steward-plugin@navigation.service.d/program.conf
    put 644 usr/share/dbus-1/system.d systemd/dbus/org.steward1.conf
    put 644 usr/share/dbus-1/system-services systemd/dbus/org.steward1.service
    put 644 usr/share/polkit-1/actions systemd/polkit/org.steward1.policy
    put 644 usr/share/polkit-1/rules.d systemd/polkit/org.steward1.rules
    install -d "$root/usr/lib/sysusers.d" "$root/usr/lib/tmpfiles.d"
    install -m 644 systemd/sysusers.conf "$root/usr/lib/sysusers.d/steward.conf"
    install -m 644 systemd/tmpfiles.conf "$root/usr/lib/tmpfiles.d/steward.conf"
    "$programs/steward-package" --root "$root" plugins $(dirname plugins/*/plugin.toml)
    "$programs/steward-package" --root "$root" pages
    find "$root/usr/share/man" -type f -exec gzip -9n {} +
}

documents() {
    put 644 usr/share/doc/steward README.md NOTICE daemon/rights.toml contract/contract.md plugins/FORMAT.md
    install -m 644 LICENSE "$root/usr/share/doc/steward/copyright"
    for notice in LICENSE ThirdPartyNotices.txt; do
        install -m 644 ".steward/onnxruntime/$notice" "$root/usr/share/doc/steward/onnxruntime-$notice"
    done
    gzip -9nc CHANGELOG.md >"$root/usr/share/doc/steward/changelog.gz"
}

# The newest version of the C library that a program asks for.
libc() {
    find "$root/usr/bin" "$root/usr/lib/steward" -type f -exec objdump -T {} + | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1 | sed 's/GLIBC_//'
}

control() {
    install -d "$root/DEBIAN"
    sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@LIBC@/$(libc)/" \
        -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f 1)/" package/control.in >"$root/DEBIAN/control"
    find "$root/etc" -type f | sed "s#^$root##" | sort >"$root/DEBIAN/conffiles"
    install -m 755 package/postinst package/prerm package/postrm "$root/DEBIAN"
    (cd "$root" && find usr -type f | LC_ALL=C sort | xargs -d '\n' md5sum) >"$root/DEBIAN/md5sums"
}

binaries
data
integration
documents
control
find "$root" -type d -exec chmod 755 {} +
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
package="$output/steward_${version}_$architecture.deb"
dpkg-deb --root-owner-group -Z"${STEWARD_COMPRESSION:-xz}" --build "$root" "$package" >&2
echo "$package"
