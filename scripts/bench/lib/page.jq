# The page of bench.json: called with the arguments quoted, and targets, ratios
# and growth, which are plots.
include "figures";
def cell: "<td>\(@html)</td>";
def row: .unit as $unit | verdict as $verdict
	| "<tr class=\"\($verdict | if . == "-" then "none" else ascii_downcase end)\">"
	+ "<th>\(.name | @html)</th>"
	+ (if .skipped or .failed then "<td colspan=3>\(why | @html)</td>"
	   else ([(.ours | figure($unit)), (.reference | figure($unit)),
		  (.ratio | spread)] | map(cell) | add) end)
	+ "<td>\(limit | sub("<= "; "≤ ") | @html)</td>"
	+ "<td>\($verdict)</td></tr>";
def part: "<tbody><tr><th colspan=6 class=part>\(.[0].part | @html)</th></tr>"
	+ (map(row) | join("\n")) + "</tbody>";
def parts: [foreach .rows[] as $r ({}; {$r, new: (.r.part != $r.part)}; .)]
	| reduce .[] as $x ([]; if $x.new then . + [[$x.r]]
		else .[-1] += [$x.r] end);
def plot($title; $what; $svg): if $svg == "" then ""
	else "<h2>\($title)</h2><p>\($what)</p><figure>\($svg)</figure>" end;
def peer: "<tr><th>\(.who | @html)</th>\(.what | cell)\(.figure | cell)"
	+ "<td><a href=\"\(.source | @html)\">source</a>, \(.date | @html)"
	+ "</td></tr>";

[.rows[] | select(.target and .holds != null)] as $judged
| [$judged[] | select(.holds)] as $good
| [.rows[] | select(.skipped or .failed)] as $none
| "<!DOCTYPE html>
<html lang=en><meta charset=utf-8><title>Figures</title>
<meta name=viewport content=\"width=device-width\">
<style>
body { font: 15px/1.45 sans-serif; color: #222; max-width: 62rem;
	margin: 2rem auto; padding: 0 1rem }
h1 { margin-bottom: 0 }
h2 { margin-top: 2.2rem }
.sum { font-size: 1.5rem; margin: 1rem 0 0.3rem }
.sum b { color: #1d7f45 } .sum b.bad { color: #c0392b }
figure { margin: 0 } svg { max-width: 100%; height: auto }
table { border-collapse: collapse; width: 100%; font-size: 13px }
td, th { text-align: left; padding: 2px 8px; border-bottom: 1px solid #ddd;
	font-weight: normal }
thead th { font-weight: bold; border-bottom: 2px solid #888 }
th.part { font-weight: bold; padding-top: 0.9rem }
tr.yes td:last-child { background: #d9f2e2 }
tr.no td:last-child { background: #f7d3ce; font-weight: bold }
tr.failed td, tr.skipped td { color: #8a5a00 }
</style>
<h1>Figures</h1>
<p>\(.date | @html), \(.version | @html), \(.host.cpu | @html),
\(.host.cpus) CPUs, \(.host.kernel | @html), \(.host.kind // "" | @html)</p>
<p class=sum><b>\($good | length)</b> of \($judged | length) targets hold\(
	if $good != $judged then ", <b class=bad>\(
		($judged | length) - ($good | length))</b> do not" else "" end)\(
	if $none != [] then "; \($none | length) not measured" else "" end).</p>
<p>Ours and the reference ran in turns, so that a busy host slowed both: a
figure is the median of its runs [quartiles], a ratio the median of the ratios
of neighbours. Rows are of guests on KVM where they do not say process.</p>
"
+ plot("What holds"; "The figure ÷ its target: a bar to the left of 1 holds.";
	$targets)
+ plot("Beside the reference"; "Ours ÷ the reference, with quartiles; | is a target."; $ratios)
+ plot("What makes a start longer"; "Milliseconds from start to exit."; $growth)
+ "<h2>All rows</h2><table id=rows><thead><tr><th>row<th>ours<th>reference
<th>ratio<th>target<th>holds</tr></thead>
" + (parts | map(part) | join("\n")) + "</table>
<h2>Peers, as published</h2>
<p>Quoted, not measured: other hosts, other programs, other meanings of boot.</p>
<table id=quoted><thead><tr><th>who<th>what<th>figure<th>where</tr></thead>
" + ($quoted[0] | map(peer) | join("\n")) + "</table></html>"
