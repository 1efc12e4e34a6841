#!/usr/bin/env bash
# Fetches upstream source archives from the distribution's source packages
# into a directory, and checks them.
#
#   fetch-source.sh {PACKAGE[=VERSION] FILE SHA256}... DIRECTORY
#
# Without VERSION it is the package that has this very file: the revisions of
# a package come and go, the upstream archive stays. What is there already is
# not fetched again, and needs no network.
#
# The source entry is derived from this machine's own apt configuration, in a
# temporary place: neither the machine's sources nor its lists are changed, and
# no root is needed.
set -euo pipefail

# good FILE SHA256
good() {
	[ -f "$1" ] && echo "$2  $1" | sha256sum --check --status
}

fail() {
	echo "fetch-source: $*" >&2
	exit 1
}

[ $(($# % 3)) -eq 1 ] ||
	fail "usage: {PACKAGE[=VERSION] FILE SHA256}... DIRECTORY"
directory=${!#}
mkdir -p "$directory"
wanted=()
while [ $# -ge 3 ]; do
	if ! good "$directory/$2" "$3"; then
		# Whatever else is there under that name is not what was
		# asked for.
		rm -f "$directory/$2"
		wanted+=("$1" "$2" "$3")
	fi
	shift 3
done
[ ${#wanted[@]} -gt 0 ] || exit 0
command -v apt-get >/dev/null ||
	fail "no apt-get here; give the sources of ${wanted[0]%%=*} by hand" \
		"(see MUSL_SRC in README.md), or put ${wanted[1]} into" \
		"$directory"

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

options=(-qq
	-o Dir::Etc::sourcelist=/dev/null
	-o Dir::Etc::sourceparts="$work/parts"
	-o Dir::State::lists="$work/lists"
	-o Dir::Cache::pkgcache=
	-o Dir::Cache::srcpkgcache=
	-o APT::Sandbox::User=root)

# Prints the versions of the source package $1 that have the file $2, of SHA-256
# $3, the last one first.
find_versions() {
	apt-cache "${options[@]}" showsrc --only-source "$1" |
		awk -v file="$2" -v sha256="$3" '
			$1 == "Version:" {version = $2}
			$1 == sha256 && $3 == file {print version}' | tac | uniq
}

# download PACKAGE=VERSION...: the first of these that the archive still holds.
download() {
	local package

	for package in "$@"; do
		(cd "$work" && apt-get "${options[@]}" source --only-source \
			--download-only --tar-only "$package") \
			>/dev/null 2>>"$work/log" && return
	done
	cat "$work/log" >&2
	return 1
}

# fetch PACKAGE[=VERSION] FILE SHA256
fetch() {
	local package=$1 file=$2 sha256=$3
	local versions=("$package")

	case $package in
	*=*) ;;
	*)
		mapfile -t versions \
			< <(find_versions "$package" "$file" "$sha256")
		[ ${#versions[@]} -gt 0 ] ||
			fail "no source package $package with this $file"
		versions=("${versions[@]/#/$package=}")
		;;
	esac
	download "${versions[@]}" ||
		fail "cannot fetch the source package $package"
	[ -f "$work/$file" ] || fail "$package has no file $file"
	good "$work/$file" "$sha256" ||
		fail "$package: $file has a wrong SHA-256"
	cp "$work/$file" "$directory/$file.part"
	mv "$directory/$file.part" "$directory/$file"
}

apt-get "${options[@]}" update ||
	fail "cannot read the lists of source packages; is there a network?"
set -- "${wanted[@]}"
while [ $# -gt 0 ]; do
	fetch "$1" "$2" "$3"
	shift 3
done
