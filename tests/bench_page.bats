#!/usr/bin/env bats
# shellcheck shell=bats
# SPDX-License-Identifier: ISC
# What make bench measures with, and the page that it draws.

load lib

# Rows of every kind that there is.
setup_file() {
	gcc -O2 -D_GNU_SOURCE "$REPO/tests/bench/launch.c" \
		-o "$BATS_FILE_TMPDIR/launch"
	cat >"$BATS_FILE_TMPDIR/bench.json" <<'END'
{"version": "tender 0", "date": "2000-01-01T00:00Z",
 "host": {"cpu": "a <CPU>", "cpus": 2, "kernel": "Linux", "kind": "KVM"},
 "rows": [
  {"part": "one", "name": "quick & good", "unit": "ms", "runs": 9,
   "ratio": {"median": 1.1, "q1": 1.05, "q3": 1.2},
   "ours": {"median": 1.1, "q1": 1, "q3": 1.2},
   "reference": {"median": 1, "q1": 0.9, "q3": 1.1},
   "target": {"of": "ratio", "max": 1.2}, "holds": true},
  {"part": "one", "name": "too large", "unit": "KiB",
   "ours": {"median": 300}, "reference": null,
   "target": {"of": "value", "max": 100}, "holds": false},
  {"part": "one", "name": "not here", "unit": "ms", "skipped": "no such host",
   "ours": null, "reference": null, "target": null, "holds": null},
  {"part": "two", "name": "broken", "unit": "ms", "failed": "it <died>",
   "ours": null, "reference": null,
   "target": {"of": "ratio", "max": 2}, "holds": null},
  {"part": "two", "name": "no longer, the larger", "unit": "ms", "runs": 9,
   "ratio": {"median": 2, "q1": 1.9, "q3": 2.1},
   "ours": {"median": 2, "q1": 1, "q3": 3},
   "reference": {"median": 1, "q1": 1, "q3": 1},
   "points": [["1M", 1000000], ["2M", 2000000]],
   "target": null, "holds": null}]}
END
	"$REPO/scripts/bench-page.sh" "$BATS_FILE_TMPDIR/bench.json" \
		"$BATS_FILE_TMPDIR/page.html" 2>"$BATS_FILE_TMPDIR/said"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	PAGE=$BATS_FILE_TMPDIR/page.html
	LAUNCH=$BATS_FILE_TMPDIR/launch
}

# report NAME DIGEST: a program that says it took a second.
report() {
	printf '#!/bin/sh\necho digest %s\necho ns 1000000000\n' "$2" >"$1"
	chmod +x "$1"
}

@test "no ratio where the two sides computed different things" {
	report a 1234
	report b 1234
	"$LAUNCH" own 3 ./a :: ./b | jq -e '.ratio.median == 1'
	report b 1235
	run "$LAUNCH" own 3 ./a :: ./b
	[ "$status" -eq 3 ]
	[ "$output" = "launch: digests differ: 1234 and, from ./b, 1235" ]
}

@test "no figure of a program that fails" {
	run "$LAUNCH" start 3 true :: false
	[ "$status" -eq 1 ]
	[ "$output" = "launch: false: status 1" ]
}

@test "the page has every row, and says what holds" {
	cat "$BATS_FILE_TMPDIR/said"
	[ ! -s "$BATS_FILE_TMPDIR/said" ]
	for text in 'quick &amp; good' 'too large' 'skipped: no such host' \
		'failed: it &lt;died&gt;' 'no longer, the larger' 'a &lt;CPU&gt;' \
		'<b>1</b> of 2 targets hold, <b class=bad>1</b> do not' \
		'2 not measured'; do
		grep -aqF -- "$text" "$PAGE" || { echo "no '$text'"; return 1; }
	done
}

@test "the page needs no other file" {
	run grep -aE '<(script|link|img|iframe|object)|@import|url\(.?http' \
		"$PAGE"
	[ "$status" -eq 1 ]
}

# What a browser makes of a page: rows and plots that cannot be seen.
unseen() {
	local browser

	browser=$(command -v chromium || command -v chromium-browser) ||
		skip "no chromium: make bench-page-test installs it"
	{
		cat "$1"
		cat <<-'END'
		<script>
		const unseen = [], wide = document.documentElement.clientWidth;
		const bad = (e, r) => r.width < 5 || r.height < 5 ||
			r.left < 0 || r.right > wide + 1 ||
			getComputedStyle(e).visibility != "visible";
		const rows = document.querySelectorAll("#rows tr, #quoted tr");
		for (const row of rows)
			for (const cell of row.cells)
				if (bad(cell, cell.getBoundingClientRect()) ||
				    !cell.innerText.trim())
					unseen.push("row " + row.textContent);
		const plots = document.querySelectorAll("figure svg");
		for (const svg of plots) {
			const box = svg.getBoundingClientRect();
			const drawn = [...svg.querySelectorAll(
				"[id*=plot_] path, [id*=plot_] polygon, " +
				"[id*=plot_] use")].filter(e => {
				const r = e.getBoundingClientRect();
				return r.width + r.height > 4 &&
					r.right <= box.right + 1 &&
					r.bottom <= box.bottom + 1;
			});
			if (bad(svg, box) || drawn.length < 2)
				unseen.push("plot with " + drawn.length);
		}
		document.body.innerHTML = "<pre>rows " + rows.length + " plots " +
			plots.length + " unseen " + unseen.length + "\n" +
			unseen.join("\n") + "</pre>";
		</script>
		END
	} >looked.html
	timeout 60 "$browser" --headless --no-sandbox --disable-gpu \
		--user-data-dir="$PWD/profile" --window-size=1040,900 \
		--dump-dom "file://$PWD/looked.html" 2>browser.err |
		sed -n '/<pre>/,/<\/pre>/p' | sed 's/<[^>]*>//g' >unseen
	cat unseen
	[ -s unseen ] || cat browser.err
}

@test "a browser shows every row, and something in each plot" {
	unseen "$PAGE"
	# With two heads, and one for each part.
	quoted=$(jq length "$REPO/bench/quoted.json")
	says unseen "^rows $((5 + 2 + 2 + quoted)) plots 3 unseen 0$"
}

@test "a browser that does not show a row or a plot is noticed" {
	sed 's/<\/style>/tr.failed { visibility: hidden } &/' "$PAGE" >hidden.html
	unseen hidden.html
	says unseen 'unseen [1-9]'
	says unseen '^row .*broken'
	sed 's/<polygon[^>]*>//; s/<path[^>]*>//g; s/<use[^>]*>//g' "$PAGE" >bare.html
	unseen bare.html
	says unseen '^plot with 0'
}

@test "the page in docs is shown as well" {
	[ -f "$REPO/docs/bench.html" ] || skip "there is none"
	unseen "$REPO/docs/bench.html"
	says unseen '^rows [1-9][0-9]* plots [1-9] unseen 0$'
}
