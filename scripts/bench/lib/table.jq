# The table that make bench prints, of bench/out/bench.json.
include "figures";
def cells: .unit as $unit | [.name,
	(if .skipped or .failed then why, "", ""
	 else (.ours | figure($unit)), (.reference | figure($unit)),
	      (.ratio | spread) end),
	limit, verdict];
[["name", "ours", "reference", "ratio", "target", "holds"],
 (.rows[] | cells)]
| ([range(6) as $i | map(.[$i] | length) | max]) as $width
| .[] | [range(6) as $i | .[$i] + " " * ($width[$i] - (.[$i] | length))]
| join(" | ") | sub(" +$"; "")
