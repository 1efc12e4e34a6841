# The table that make bench prints, of bench/out/bench.json.
def rounded: if . == null then "-"
	elif . >= 100 then round
	elif . >= 10 then . * 10 | round / 10
	else . * 100 | round / 100 end | tostring;
def figure($unit): if . == null then "-"
	else (.median | rounded) + " " + $unit
		+ (if .q1 then " [\(.q1 | rounded) .. \(.q3 | rounded)]"
			else "" end) end;
def hundredths: if . == null then "-"
	else . * 100 | round | "\(. / 100 | floor)." +
		("0\(. % 100)" | .[-2:]) end;
def spread: if . == null then "-" else
	"\(.median | hundredths) [\(.q1 | hundredths) .. " +
		"\(.q3 | hundredths)]" end;
def cells: [.name,
	(.skipped | if . then "skipped: " + . else empty end),
	(.failed | if . then "failed: " + . else empty end),
	(if .skipped or .failed then empty
	 else (.unit as $u | .ours | figure($u)),
	      (.unit as $u | .reference | figure($u)),
	      (.ratio | spread) end)]
	+ (if .skipped or .failed then ["", ""] else [] end)
	+ [(.unit as $u | .target | if . == null then "-"
		elif .of == "ratio" then "<= \(.max)"
		else "<= \(.max) " + $u end),
	   (if .holds == null then "-" elif .holds then "yes"
		else "NO" end)];
[["name", "ours", "reference", "ratio", "target", "holds"],
 (.rows[] | cells)]
| ([range(6) as $i | map(.[$i] | length) | max]) as $width
| .[] | [range(6) as $i | .[$i] + " " * ($width[$i] - (.[$i] | length))]
| join(" | ") | sub(" +$"; "")
