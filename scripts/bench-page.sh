#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Draws what bench.sh measured: one page that needs no other file.
#
#   bench-page.sh BENCH.JSON PAGE.HTML
set -euo pipefail

[ $# -eq 2 ] || {
	sed -n 's/^#   //p' "$0" >&2
	exit 2
}
command -v gnuplot >/dev/null || {
	echo "bench-page: no gnuplot: run scripts/setup.sh bench" >&2
	exit 1
}
results=$(realpath "$1")
page=$(realpath "$2")
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# data NAME JQ-PROGRAM: lines for gnuplot.
data() {
	jq -r "$2 | @tsv" "$results" >"$scratch/$1"
}

# plot NAME WIDTH HEIGHT: the program comes on standard input. No data, no plot.
plot() {
	: >"$scratch/$1.svg"
	if [ ! -s "$scratch/$1" ]; then
		cat >/dev/null
		return 0
	fi
	{
		echo "set terminal svg size $2,$3 noenhanced name '$1' \
			font 'sans-serif,12' background rgb 'white'"
		echo "set output '$scratch/$1.raw'"
		echo "data = '$scratch/$1'"
		cat
	} | gnuplot
	sed '1,/^<svg/{/^<svg/!d}' "$scratch/$1.raw" >"$scratch/$1.svg"
}

# bars NAME: a line for each row, the first on top, on a scale of ratios.
bars() {
	local lines

	lines=$(wc -l <"$scratch/$1")
	{
		cat <<-END
			set datafile separator tab
			set logscale x
			set yrange [$lines-0.4:-0.6]
			set lmargin 46
			set rmargin 3
			set grid xtics lc rgb '#dddddd'
			set ytics scale 0
			set arrow 1 from 1, graph 0 to 1, graph 1 nohead \
				lc rgb '#444444' lw 1.5 back
			unset key
		END
		cat
	} | plot "$1" 900 $((lines * 19 + 60))
}

# A count's target is what it was, so that nothing is to be seen there.
# shellcheck disable=SC2016 # $figure is of jq
data targets '[.rows[] | select(.target and .holds != null and
		.part != "counts")
	| (if .target.of == "ratio" then .ratio.median else .ours.median end)
		as $figure
	| [.name, (if .target.max == 0 then (if .holds then 0.02 else 50 end)
		else [[$figure / .target.max, 0.02] | max, 50] | min end),
	   (if .holds then 1 else 0 end)]]
	| to_entries[] | [.key] + .value'
bars targets <<'END'
set xrange [0.02:50]
set xtics ('1/50' 0.02, '1/10' 0.1, '1/4' 0.25, '1/2' 0.5, 'target' 1, '2' 2, \
	'4' 4, '10' 10, '50' 50)
green = '#2a9d55'
red = '#d0392b'
plot data using (1):1:ytic(2) with dots lc rgb '#444444', \
	data using ($4 == 1 ? $3 : 1/0):1:(1):3:($1-.36):($1+.36) \
		with boxxyerror fs solid 0.85 noborder lc rgb green, \
	data using ($4 == 0 ? $3 : 1/0):1:(1):3:($1-.36):($1+.36) \
		with boxxyerror fs solid 0.85 noborder lc rgb red, \
	data using ($4 == 1 ? $3 : 1/0):1 with points pt 7 ps 0.7 lc rgb green, \
	data using ($4 == 0 ? $3 : 1/0):1 with points pt 7 ps 0.7 lc rgb red
END

data ratios '[.rows[] | select(.ratio and .points == null)
	| [.name, .ratio.median, .ratio.q1, .ratio.q3,
	   (if .target.of == "ratio" then .target.max else "" end)]
	| map(if type == "number" then [[., 0.001] | max, 100] | min else . end)]
	| to_entries[] | [.key] + .value'
bars ratios <<'END'
set xtics ('1/1000' 0.001, '1/100' 0.01, '1/10' 0.1, '1/2' 0.5, '1' 1, '2' 2, \
	'10' 10, '100' 100)
plot data using 3:1:4:5:ytic(2) with xerrorbars pt 7 ps 0.6 lw 1.6 \
		lc rgb '#1f5fa8', \
	data using 6:1:(0):(0.36) with vectors nohead lw 2 lc rgb '#d0392b', \
	data using 6:1:(0):(-0.36) with vectors nohead lw 2 lc rgb '#d0392b'
END

# Blocks of points, two blank lines apart, each headed by its row's name.
jq -r '[.rows[] | select(.points)] | .[]
	| .name, (.points | to_entries[] | [.key, .value[0], .value[1] / 1e6]
		| @tsv), "", ""' "$results" >"$scratch/growth"
growth=$(jq '[.rows[] | select(.points)] | length' "$results")
lines=$(((growth + 1) / 2))
plot growth 900 $((lines * 200 + 20)) <<END
set datafile separator tab
set multiplot layout $lines,2
set yrange [0:*]
set offsets 0.3, 0.3, 0, 0
set grid ytics lc rgb '#dddddd'
set key autotitle columnheader
unset key
do for [i = 0:$((growth - 1))] {
	stats data index i every ::0::0 using 1 nooutput
	set title system(sprintf("awk -v n=%d 'BEGIN {RS = \"\\\\n\\\\n\\\\n\"; \
		FS = \"\\\\n\"} NR == n {print \$1}' %s", i + 1, data))
	plot data index i using 1:3:xtic(2) with linespoints pt 7 lw 2 \
		lc rgb '#1f5fa8'
}
unset multiplot
END

jq -r -L scripts/bench/lib --slurpfile quoted bench/quoted.json \
	--rawfile targets "$scratch/targets.svg" \
	--rawfile ratios "$scratch/ratios.svg" \
	--rawfile growth "$scratch/growth.svg" \
	-f scripts/bench/lib/page.jq "$results" >"$scratch/page"
mv "$scratch/page" "$page"
