/* SPDX-License-Identifier: ISC */
/* What the C library makes of the calls: streams, trees, patterns, names. */
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

static char buffer[100000];

static void modes(void)
{
	static const char *const list[] = {"r",	 "w",	"a",  "r+",  "w+", "a+",
					   "wx", "w+x", "rb", "r+e", "q",  ""};

	for (size_t i = 0; i < COUNT(list); i++)
		for (int exists = 0; exists < 2; exists++) {
			char text[32] = "";
			FILE *f;

			unlink("f");
			if (exists)
				files_put("f", "0123456789", 10);
			errno = 0;
			f = fopen("f", list[i]);
			printf("fopen \"%s\", %d: %s\n", list[i], exists,
			       f ? "" : files_error(errno));
			if (!f)
				continue;
			printf("  %o %d", fcntl(fileno(f), F_GETFL),
			       fcntl(fileno(f), F_GETFD));
			printf(" %ld", ftell(f));
			printf(" %zu", fread(text, 1, 3, f));
			printf(" %d", fseek(f, 0, SEEK_CUR));
			printf(" %zu", fwrite("abc", 1, 3, f));
			printf(" %d", fflush(f) != 0);
			printf(" %ld", ftell(f));
			printf(" %d %d", ferror(f) != 0, feof(f) != 0);
			printf(" \"%s\" %d\n", text, fclose(f));
			files_show("f");
		}
	DO(fopen("none/f", "w") == NULL);
	DO(errno);
	DO(fopen(".", "r") != NULL);
	DO(fopen(".", "w") == NULL);
	DO(errno);
}

static void positions(void)
{
	FILE *f = fopen("f", "w+");
	fpos_t at;

	NEED(f);
	for (int i = 0; i < 5000; i++)
		fprintf(f, "line %d\n", i);
	DO(ftell(f));
	DO(fseek(f, 100, SEEK_SET));
	DO(fgetc(f));
	DO(ftell(f));
	DO(ungetc('x', f));
	DO(ftell(f));
	DO(fgetc(f));
	DO(ungetc('y', f));
	DO(fseek(f, 0, SEEK_CUR));
	DO(fgetc(f));
	DO(fgetpos(f, &at));
	DO(fseek(f, -5, SEEK_END));
	DO(fgets(buffer, 100, f) == buffer);
	printf("  %s", buffer);
	DO(fgetc(f));
	DO(feof(f) != 0);
	clearerr(f);
	DO(fsetpos(f, &at));
	DO(fgetc(f));
	rewind(f);
	DO(fgetc(f));
	DO(fseek(f, -1, SEEK_SET));
	DO(fseek(f, 1000000, SEEK_SET));
	DO(fputc('!', f));
	DO(ftell(f));
	DO(fflush(f));
	/* Between reading and writing a seek. */
	DO(fseek(f, 7, SEEK_SET));
	DO(fputs("changed", f) >= 0);
	DO(fseek(f, 0, SEEK_CUR));
	DO(fgets(buffer, 10, f) == buffer);
	printf("  %s", buffer);
	DO(fclose(f));
	files_show("f");
}

static void buffers(void)
{
	char small[16];
	int other;
	FILE *f;

	f = fopen("f", "w");
	other = open("f", O_RDONLY);
	DO(setvbuf(f, small, _IOFBF, sizeof(small)));
	fputs("five!", f);
	files_show_fd(other);
	fputs("more than there is room for", f);
	DO(fflush(f));
	files_show_fd(other);
	fputs("last", f);
	DO(fclose(f));
	files_show_fd(other);
	f = fopen("f", "a");
	setvbuf(f, NULL, _IONBF, 0);
	fputs("at once", f);
	files_show_fd(other);
	DO(fclose(f));
	f = fopen("f", "w");
	setvbuf(f, NULL, _IOLBF, 0);
	fputs("half a ", f);
	files_show_fd(other);
	fputs("line\nand", f);
	DO(ftell(f));
	DO(fclose(f));
	memset(buffer, 'b', sizeof(buffer));
	f = fopen("f", "w");
	DO(fwrite(buffer, 1000, 100, f));
	DO(fwrite(buffer, 0, 5, f));
	DO(fclose(f));
	f = fopen("f", "r");
	DO(fread(buffer, 333, 1000, f));
	DO(feof(f) != 0);
	DO(fread(buffer, 1, 1, f));
	DO(fclose(f));
}

static void reopened(void)
{
	FILE *f = fopen("one", "w");
	int fd;

	NEED(f);
	fputs("first", f);
	fd = fileno(f);
	DO(freopen("two", "w+", f) == f);
	DO(fileno(f) == fd);
	fputs("second", f);
	DO(freopen(NULL, "r", f) == f);
	DO(fgets(buffer, 100, f) == buffer);
	printf("  %s\n", buffer);
	DO(fclose(f));
	files_show("one");
	files_show("two");
	f = fopen("one", "r");
	DO(freopen("none/x", "r", f) == NULL);
	f = fdopen(open("three", O_RDWR | O_CREAT, 0600), "w");
	DO(fputs("third", f) >= 0);
	DO(fclose(f));
	files_show("three");
	DO(fdopen(99, "r") == NULL);
	DO(errno);
	f = fopen("three", "r");
	DO(fputs("x", f));
	DO(ferror(f) != 0);
	DO(fclose(f));
	/* Standard streams may be files too. */
	fflush(stdout);
	fd = dup(1);
	NEED(freopen("stdout", "w", stdout));
	printf("to a file\n");
	fflush(stdout);
	NEED(dup2(fd, 1) == 1);
	files_show("stdout");
	f = fopen("stdout", "r");
	NEED(dup2(fileno(f), 0) == 0);
	DO(scanf("to %99s", buffer));
	printf("  %s\n", buffer);
}

static void lines(void)
{
	size_t room = 0;
	char *line = NULL, word[32];
	int number;
	FILE *f;

	f = fopen("f", "w");
	fprintf(f, "short\n\n%05000d\nx 17 y\nno end", 7);
	fclose(f);
	f = fopen("f", "r");
	for (ssize_t n; (n = getline(&line, &room, f)) >= 0;)
		printf("  %zd %.10s\n", n, line);
	rewind(f);
	DO(getdelim(&line, &room, '7', f));
	DO(fscanf(f, " %31s %d", word, &number));
	printf("  %s %d\n", word, number);
	DO(fclose(f));
	free(line);
	f = fopen("f", "r+");
	DO(ftruncate(fileno(f), 3));
	DO(fread(buffer, 1, 10, f));
	DO(fclose(f));
}

/* Names are random; what they are like is not. */
static void temporary(void)
{
	char name[64] = "thing-XXXXXX", dir[64] = "dir-XXXXXX";
	char bad[64] = "thing-XXX";
	char suffix[64] = "aXXXXXX.c";
	struct stat st;
	FILE *f;
	int fd;

	fd = mkstemp(name);
	DO(fd >= 0);
	DO(strlen(name));
	DO(strcmp(name, "thing-XXXXXX") != 0);
	DO(fcntl(fd, F_GETFL));
	NEED(stat(name, &st) == 0);
	DO(st.st_mode);
	DO(mkdtemp(dir) == dir);
	NEED(stat(dir, &st) == 0);
	DO(st.st_mode);
	DO(mkstemp(bad));
	strcpy(bad, "none/XXXXXX");
	DO(mkstemp(bad));
	DO(mkdtemp(bad) == NULL);
	DO(mkstemps(suffix, 2) >= 0);
	DO(strcmp(suffix + 7, ".c"));
	f = tmpfile();
	DO(f != NULL);
	DO(fputs("gone when closed", f) >= 0);
	rewind(f);
	DO(fgets(buffer, 100, f) == buffer);
	printf("  %s\n", buffer);
	NEED(fstat(fileno(f), &st) == 0);
	DO(st.st_nlink);
	DO(fclose(f));
	DO(tmpnam(NULL) != NULL);
	DO(remove(name));
	DO(remove(dir));
	DO(remove("none"));
	DO(remove(suffix));
}

static int no_dots(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int backwards(const struct dirent **a, const struct dirent **b)
{
	return -alphasort(a, b);
}

static int visits;

static int visit(const char *path, const struct stat *st, int type,
		 struct FTW *at)
{
	printf("  %s %d %o %d %d\n", path, type, st->st_mode & S_IFMT, at->base,
	       at->level);
	return ++visits == 100 ? 42 : 0;
}

static int remove_it(const char *path, const struct stat *st, int type,
		     struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

/* In an order of their own: only directories that have one entry. */
static void trees(void)
{
	struct dirent **list;
	int n;

	files_tree_make();
	n = scandir(".", &list, no_dots, alphasort);
	DO(n);
	for (int i = 0; i < n; i++)
		printf("  %s %d\n", list[i]->d_name, list[i]->d_type);
	n = scandir(".", &list, NULL, backwards);
	for (int i = 0; i < n; i++)
		printf("  %s\n", list[i]->d_name);
	DO(scandir("none", &list, NULL, NULL));
	DO(scandir("file", &list, NULL, NULL));
	NEED(mkdir("t", 0755) == 0 && mkdir("t/u", 0755) == 0);
	NEED(mkdir("t/u/v", 0755) == 0);
	files_put("t/u/v/w", "", 0);
	visits = 0;
	DO(nftw("t", visit, 10, 0));
	DO(nftw("t", visit, 1, FTW_DEPTH));
	DO(nftw("t/", visit, 1, FTW_PHYS));
	NEED(unlink("t/u/v/w") == 0 && symlink("../../../dir", "t/u/v/l") == 0);
	DO(nftw("t", visit, 10, FTW_PHYS));
	NEED(unlink("t/u/v/l") == 0 && symlink("none", "t/u/v/l") == 0);
	DO(nftw("t", visit, 10, 0));
	DO(nftw("none", visit, 10, 0));
	DO(nftw("file", visit, 10, 0));
	visits = 98;
	DO(nftw("t", visit, 10, 0));
	DO(nftw("t", remove_it, 10, FTW_DEPTH | FTW_PHYS));
	DO(access("t", F_OK));
	DO(nftw("dir", remove_it, 10, FTW_DEPTH | FTW_PHYS));
	files_tree_check();
}

static void match(const char *pattern, int flags)
{
	glob_t g;
	int err = glob(pattern, flags, NULL, &g);

	printf("glob(\"%s\", %d) = %d\n", pattern, flags, err);
	if (err)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		printf("  %s\n", g.gl_pathv[i]);
	globfree(&g);
}

static void patterns(void)
{
	static const char *const list[] = {
		"*",
		"d*",
		"*/",
		"*/*",
		"dir/*",
		"dir/sub/*",
		"[fl]*",
		"[!f]*",
		"?i?",
		"f??e",
		"none*",
		"file",
		"none",
		"./f*",
		"*link/*",
		"*/../*",
		"dir/{a,inner}",
		".*",
		"\\file",
		"d*/s*/d*",
		"",
	};

	files_tree_make();
	files_put(".hidden", "", 0);
	for (size_t i = 0; i < COUNT(list); i++) {
		match(list[i], 0);
		match(list[i], GLOB_MARK);
		match(list[i], GLOB_NOCHECK);
		match(list[i], GLOB_PERIOD);
	}
	match("/", 0);
	match("/*/files_no", 0);
}

static void real(const char *path)
{
	char to[PATH_MAX], top[PATH_MAX];
	size_t n;

	NEED(getcwd(top, sizeof(top)));
	n = strlen(top);
	errno = 0;
	if (!realpath(path, to))
		printf("realpath(\"%s\") = %s\n", path, files_error(errno));
	else
		printf("realpath(\"%s\") = %s\n", path,
		       strncmp(to, top, n) ? to : to + n);
}

static void real_paths(void)
{
	static const char *const list[] = {
		"file",	     "dir",	 "dir/",       "dir/sub/../inner",
		"link",	     "dirlink",	 "dirlink/..", "dirlink/sub/deep",
		"slashlink", "dangling", "loop",       "loop/x",
		"none",	     "none/x",	 "file/x",     "file/",
		"",	     ".",	 "./././dir",  "dir/uplink",
		"/",	     "//",	 "/../..",     "/tmp/../tmp",
	};
	char *p;

	files_tree_make();
	NEED(symlink("/tmp", "absolute") == 0);
	for (size_t i = 0; i < COUNT(list); i++)
		real(list[i]);
	real("absolute");
	p = realpath(".", NULL);
	DO(p && chdir(p) == 0);
	free(p);
	DO(get_current_dir_name() != NULL);
}

/* Streams of directories. */
static void streams(void)
{
	struct dirent *e;
	int fd, count = 0;
	DIR *d;

	files_tree_make();
	fd = open(".", O_RDONLY);
	d = fdopendir(fd);
	DO(dirfd(d) == fd);
	DO(fcntl(fd, F_GETFD));
	while ((e = readdir(d)))
		count++;
	DO(count);
	DO(errno);
	rewinddir(d);
	DO(readdir(d) != NULL);
	DO(closedir(d));
	DO(close(fd));
	fd = open("file", O_RDONLY);
	DO(fdopendir(fd) == NULL);
	DO(errno);
	DO(fdopendir(99) == NULL);
	DO(errno);
	d = opendir(".");
	DO(fcntl(dirfd(d), F_GETFD));
	DO(closedir(d));
}

int main(int argc, char **argv)
{
	static const struct files_case cases[] = {
		{"modes", modes},
		{"positions", positions},
		{"buffers", buffers},
		{"reopened", reopened},
		{"lines", lines},
		{"temporary", temporary},
		{"trees", trees},
		{"patterns", patterns},
		{"real_paths", real_paths},
		{"streams", streams},
		{NULL, NULL},
	};

	return files_main(argc, argv, cases);
}
