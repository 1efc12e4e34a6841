#!/usr/bin/env bash
# Fetches one upstream source archive from the distribution's source packages
# into a directory, and checks it.
#
#   fetch-source.sh PACKAGE=VERSION FILE SHA256 DIRECTORY
#
# The source entry is derived from this machine's own apt configuration, in a
# temporary place: neither the machine's sources nor its lists are changed, and
# no root is needed.
set -euo pipefail

package=$1 file=$2 sha256=$3 directory=$4

good() {
	[ -f "$1" ] && echo "$sha256  $1" | sha256sum --check --status
}

fail() {
	echo "fetch-source: $*" >&2
	exit 1
}

mkdir -p "$directory"
good "$directory/$file" && exit 0
# Whatever else is there under that name is not what was asked for.
rm -f "$directory/$file"
command -v apt-get >/dev/null ||
	fail "no apt-get here; give the sources of ${package%%=*} by hand" \
		"(see MUSL_SRC in README.md)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/parts" "$work/lists/partial"

# Both of apt's formats: deb822 (.sources) and one line each (.list).
for source in /etc/apt/sources.list.d/*.sources; do
	[ -f "$source" ] || continue
	sed 's/^Types:.*/Types: deb-src/' "$source" \
		>"$work/parts/$(basename "$source")"
done
for source in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
	[ -f "$source" ] || continue
	sed -n 's/^deb\(-src\)\?[[:space:]]/deb-src /p' "$source" | sort -u \
		>"$work/parts/$(basename "$source")"
done

apt=(apt-get -qq
	-o Dir::Etc::sourcelist=/dev/null
	-o Dir::Etc::sourceparts="$work/parts"
	-o Dir::State::lists="$work/lists"
	-o Dir::Cache::pkgcache=
	-o Dir::Cache::srcpkgcache=
	-o APT::Sandbox::User=root)

"${apt[@]}" update ||
	fail "cannot read the lists of source packages; is there a network?"
(cd "$work" && "${apt[@]}" source --download-only "$package" >/dev/null) ||
	fail "cannot fetch the source package $package"
[ -f "$work/$file" ] || fail "$package has no file $file"
good "$work/$file" || fail "$package: $file has a wrong SHA-256"
cp "$work/$file" "$directory/$file.part"
mv "$directory/$file.part" "$directory/$file"
