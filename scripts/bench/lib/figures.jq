# How a figure is written: in the table and in the page.
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
def limit: .unit as $unit | .target
	| if . == null then "-"
	  elif .of == "ratio" then "<= \(.max)"
	  else "<= \(.max | rounded) " + $unit end;
def verdict: if .skipped then "skipped" elif .failed then "failed"
	elif .holds == null then "-" elif .holds then "yes" else "NO" end;
def why: (.skipped // empty | "skipped: " + .),
	(.failed // empty | "failed: " + .);
