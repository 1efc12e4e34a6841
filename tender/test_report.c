/* SPDX-License-Identifier: ISC */
#include "test_report.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define TAIL_BYTES 4000

/* The end of a file that a run left; "" when there is none. */
static void read_tail(const struct test_run *r, const char *name,
		      char text[TAIL_BYTES + 1])
{
	char path[PATH_MAX];
	FILE *f;
	size_t n;

	*text = '\0';
	test_run_file(r, name, path, sizeof(path));
	f = fopen(path, "re");
	if (!f)
		return;
	if (fseek(f, -TAIL_BYTES, SEEK_END) < 0)
		rewind(f);
	n = fread(text, 1, TAIL_BYTES, f);
	text[n] = '\0';
	fclose(f);
}

static void reason(const struct test_run *r, const struct test_plan *plan,
		   char *text, size_t bytes)
{
	const char *means = "";

	if (r->status == 124)
		means = " (time limit)";
	else if (r->status == 125)
		means = " (the tender failed)";
	else if (r->status == 126 || r->status == 127)
		means = " (no image)";
	else if (r->status > 128 && r->status < 160)
		means = " (a trap)";
	if (r->status < 0)
		snprintf(text, bytes, "could not be started");
	else
		snprintf(text, bytes, "status %d%s, expected %d", r->status,
			 means, plan->expected);
}

/* TAP ends a description at a '#', and a line is a line. */
static void put_name(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc(*name == '#' || *name < ' ' ? '_' : *name, out);
}

static void put_comment(FILE *out, const char *name, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "# %s:\n", name);
	while (*text) {
		size_t n = strcspn(text, "\n");

		fprintf(out, "#   %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

void test_report_tap(FILE *out, const struct test_run *r,
		     const struct test_plan *plan, unsigned index)
{
	bool passed = test_run_passed(r, plan);
	char text[TAIL_BYTES + 1];

	fprintf(out, "%sok %u - ", passed ? "" : "not ", index + 1);
	put_name(out, r->image);
	fprintf(out, " # time=%.3fs\n", (double)r->ns / 1e9);
	if (!passed) {
		reason(r, plan, text, sizeof(text));
		fprintf(out, "# %s; see %s\n", text, r->path);
		read_tail(r, "out", text);
		put_comment(out, "out", text);
		read_tail(r, "err", text);
		put_comment(out, "err", text);
	}
	fflush(out);
}

/* Only ASCII, as nobody knows what else the bytes of a guest mean. */
static void put_xml(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\n':
		case '\t':
			fputc(*text, out);
			break;
		default:
			fputc(*text < ' ' || *text > '~' ? '?' : *text, out);
		}
	}
}

static void put_case(FILE *out, const struct test_run *r,
		     const struct test_plan *plan)
{
	char text[TAIL_BYTES + 1];

	fputs("    <testcase classname=\"tender\" name=\"", out);
	put_xml(out, r->image);
	fprintf(out, "\" time=\"%.3f\"", (double)r->ns / 1e9);
	if (test_run_passed(r, plan)) {
		fputs("/>\n", out);
		return;
	}
	reason(r, plan, text, sizeof(text));
	fputs(">\n      <failure message=\"", out);
	put_xml(out, text);
	fputs("\">", out);
	read_tail(r, "err", text);
	put_xml(out, text);
	fputs("</failure>\n      <system-out>", out);
	read_tail(r, "out", text);
	put_xml(out, text);
	fputs("</system-out>\n    </testcase>\n", out);
}

int test_report_junit(const char *path, const struct test_run *runs,
		      unsigned count, const struct test_plan *plan)
{
	FILE *out = fopen(path, "we");
	unsigned failures = 0;
	uint64_t ns = 0;

	if (!out)
		return -errno;
	for (unsigned i = 0; i < count; i++) {
		failures += !test_run_passed(&runs[i], plan);
		ns += runs[i].ns;
	}
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites>\n"
		"  <testsuite name=\"tender\" tests=\"%u\" failures=\"%u\" "
		"errors=\"0\" skipped=\"0\" time=\"%.3f\">\n",
		count, failures, (double)ns / 1e9);
	for (unsigned i = 0; i < count; i++)
		put_case(out, &runs[i], plan);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return fclose(out) ? -errno : 0;
}
