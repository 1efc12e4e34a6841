/* SPDX-License-Identifier: ISC */
/* Names: made, removed, moved and looked up, by every kind of path. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"

static const char *const plain[] = {
	"file",
	"hard",
	"file/",
	"file/.",
	"file/..",
	"file/x",
	"dir",
	"dir/",
	"dir//",
	"dir/.",
	"dir/..",
	"dir/inner",
	"dir/inner/",
	"dir/sub",
	"dir/sub/",
	"dir/sub/deep",
	"dir/sub/../inner",
	"dir//inner",
	"./dir/./inner",
	"dir/uplink",
	"dir/none",
	"dir/sub/none",
	"empty",
	"empty/",
	"empty/.",
	"link",
	"link/",
	"dirlink",
	"dirlink/",
	"dirlink/.",
	"dirlink/..",
	"dirlink/inner",
	"dirlink/sub",
	"slashlink",
	"slashlink/",
	"slashlink/deep",
	"dangling",
	"dangling/",
	"dangling/x",
	"loop",
	"loop/",
	"loop/x",
	"fifo",
	"none",
	"none/",
	"none/.",
	"none/..",
	"none/x",
	"none/x/",
	"",
	".",
	"./",
	"..",
};

/* Of which every pair is tried; less of them. */
static const char *const pairs[] = {
	"file",	      "hard",	      "file/",	    "file/x",
	"dir",	      "dir/",	      "dir/.",	    "dir/inner",
	"dir/inner/", "dir/sub",      "dir/sub/",   "dir/sub/..",
	"dir/none",   "dir/sub/none", "empty",	    "empty/",
	"empty/none", "link",	      "link/",	    "dirlink",
	"dirlink/",   "dirlink/x",    "dangling",   "dangling/",
	"loop",	      "loop/",	      "fifo",	    "none",
	"none/",      "none/x",	      "",	    ".",
	"..",	      "slashlink",    "slashlink/", "dir/sub/deep",
};

static char name255[256], name256[257], path4095[4096], path4096[4097];

static const struct {
	const char *label, *path;
} long_ones[] = {
	{"255 bytes", name255},
	{"256 bytes", name256},
	{"a path of 4095", path4095},
	{"a path of 4096", path4096},
};

static void make_long(void)
{
	memset(name255, 'n', 255);
	memset(name256, 'n', 256);
	for (int i = 0; i < 4096; i += 2)
		memcpy(path4096 + i, "./", 2);
	memcpy(path4096 + 4091, "/none", 5);
	for (int i = 0; i < 4094; i += 2)
		memcpy(path4095 + i, "./", 2);
	memcpy(path4095 + 4090, "/none", 5);
}

static long do_mkdir(const char *p)
{
	return mkdir(p, 0777);
}

static long do_mknod(const char *p)
{
	return mknod(p, S_IFREG | 0640, 0);
}

static long do_mkfifo(const char *p)
{
	return mkfifo(p, 0640);
}

static long do_mknod_dir(const char *p)
{
	return mknod(p, S_IFDIR | 0640, 0);
}

static long do_symlink(const char *p)
{
	return symlink("file", p);
}

static long do_symlink_to(const char *p)
{
	return symlink(p, "new");
}

static long do_readlink(const char *p)
{
	char to[8] = "";
	long n = readlink(p, to, 5);

	if (n > 0)
		printf("  %s\n", to);
	return n;
}

static long do_link_from(const char *p)
{
	return link(p, "new");
}

static long do_link_from_slash(const char *p)
{
	return link(p, "new/");
}

static long do_link_to(const char *p)
{
	return link("other", p);
}

static long do_linkat_follow(const char *p)
{
	return linkat(AT_FDCWD, p, AT_FDCWD, "new", AT_SYMLINK_FOLLOW);
}

static long do_linkat_bad(const char *p)
{
	return linkat(AT_FDCWD, p, AT_FDCWD, "new", AT_SYMLINK_NOFOLLOW);
}

static long do_truncate(const char *p)
{
	return truncate(p, 3);
}

static long do_chmod(const char *p)
{
	return chmod(p, 0600);
}

static long do_chown(const char *p)
{
	return chown(p, 0, 0);
}

static long do_lchown(const char *p)
{
	return lchown(p, 0, 0);
}

static long do_utimensat(const char *p)
{
	return utimensat(AT_FDCWD, p, NULL, 0);
}

static long do_utimensat_link(const char *p)
{
	return utimensat(AT_FDCWD, p, NULL, AT_SYMLINK_NOFOLLOW);
}

static long do_stat(const char *p)
{
	struct stat st;
	long err = stat(p, &st);

	if (!err)
		printf("  %o\n", st.st_mode);
	return err;
}

static long do_lstat(const char *p)
{
	struct stat st;
	long err = lstat(p, &st);

	if (!err)
		printf("  %o\n", st.st_mode);
	return err;
}

static long do_statfs(const char *p)
{
	struct statfs st;

	return statfs(p, &st);
}

static long do_access(const char *p)
{
	return access(p, F_OK);
}

static long do_access_r(const char *p)
{
	return access(p, R_OK);
}

static long do_access_w(const char *p)
{
	return access(p, W_OK);
}

static long do_access_x(const char *p)
{
	return access(p, X_OK);
}

static long do_chdir(const char *p)
{
	long err = chdir(p);
	struct stat st;

	if (!err && !stat("inner", &st))
		puts("  in dir");
	return err;
}

static long do_opendir(const char *p)
{
	DIR *d = opendir(p);

	if (!d)
		return -1;
	closedir(d);
	return 0;
}

static long do_rename_from(const char *p)
{
	return rename(p, "new");
}

static long do_unlinkat_bad(const char *p)
{
	return unlinkat(AT_FDCWD, p, 0x1000000);
}

static const struct {
	const char *name;
	long (*run)(const char *path);
} calls[] = {
	{"mkdir", do_mkdir},
	{"rmdir", (long (*)(const char *))NULL},
	{"unlink", (long (*)(const char *))NULL},
	{"unlinkat, bad flag", do_unlinkat_bad},
	{"mknod", do_mknod},
	{"mkfifo", do_mkfifo},
	{"mknod, directory", do_mknod_dir},
	{"symlink", do_symlink},
	{"symlink to", do_symlink_to},
	{"readlink", do_readlink},
	{"link from", do_link_from},
	{"link from, slash", do_link_from_slash},
	{"link to", do_link_to},
	{"linkat, follow", do_linkat_follow},
	{"linkat, bad flag", do_linkat_bad},
	{"truncate", do_truncate},
	{"chmod", do_chmod},
	{"chown", do_chown},
	{"lchown", do_lchown},
	{"utimensat", do_utimensat},
	{"utimensat, link", do_utimensat_link},
	{"stat", do_stat},
	{"lstat", do_lstat},
	{"statfs", do_statfs},
	{"access", do_access},
	{"access R", do_access_r},
	{"access W", do_access_w},
	{"access X", do_access_x},
	{"chdir", do_chdir},
	{"opendir", do_opendir},
	{"rename from", do_rename_from},
};

static void call(size_t i, const char *label, const char *path)
{
	char what[128];
	long result;

	errno = 0;
	if (!strcmp(calls[i].name, "rmdir"))
		result = rmdir(path);
	else if (!strcmp(calls[i].name, "unlink"))
		result = unlink(path);
	else
		result = calls[i].run(path);
	snprintf(what, sizeof(what), "%s(%s)", calls[i].name, label);
	files_told(what, result);
	files_tree_check();
}

static void each(void)
{
	make_long();
	files_tree_make();
	for (size_t i = 0; i < COUNT(calls); i++) {
		for (size_t j = 0; j < COUNT(plain); j++)
			call(i, plain[j], plain[j]);
		for (size_t j = 0; j < COUNT(long_ones); j++)
			/* How long a link may be depends on the disk. */
			if (calls[i].run != do_symlink_to ||
			    strlen(long_ones[j].path) != PATH_MAX - 1)
				call(i, long_ones[j].label, long_ones[j].path);
	}
}

static void rename_pairs(unsigned flags)
{
	char what[128];

	files_tree_make();
	for (size_t i = 0; i < COUNT(pairs); i++)
		for (size_t j = 0; j < COUNT(pairs); j++) {
			errno = 0;
			snprintf(what, sizeof(what), "rename(%s, %s)", pairs[i],
				 pairs[j]);
			files_told(what,
				   syscall(SYS_renameat2, AT_FDCWD, pairs[i],
					   AT_FDCWD, pairs[j], flags));
			files_tree_check();
		}
}

static void rename_plain(void)
{
	rename_pairs(0);
}

static void rename_noreplace(void)
{
	rename_pairs(1);
}

static void rename_exchange(void)
{
	rename_pairs(2);
}

static void rename_rest(void)
{
	make_long();
	files_tree_make();
	DO(syscall(SYS_renameat2, AT_FDCWD, "file", AT_FDCWD, "new", 3));
	DO(syscall(SYS_renameat2, AT_FDCWD, "file", AT_FDCWD, "new", 6));
	DO(syscall(SYS_renameat2, AT_FDCWD, "file", AT_FDCWD, "new", 8));
	DO(syscall(SYS_renameat2, -1, "file", AT_FDCWD, "new", 0));
	DO(syscall(SYS_renameat2, AT_FDCWD, "file", -1, "new", 0));
	DO(rename("file", name255));
	files_tree_check();
	DO(rename("file", name256));
	DO(rename(name256, "file"));
	DO(rename("file", path4095));
	files_tree_check();
	DO(rename("file", path4096));
	DO(rename("empty", "dir/sub/empty"));
	DO(rename("dir/sub", "dir/sub/empty/sub"));
	DO(rename("dir/sub/empty", "dir"));
	DO(rename("dir/sub/empty", "dir/sub"));
	DO(rename("dir/sub", "sub"));
	files_tree_check();
	/* ".." follows a directory to its new parent. */
	DO(rename("dir/sub", "empty/moved"));
	DO(access("empty/moved/../moved/deep", F_OK));
	DO(access("empty/moved/../../file", F_OK));
	DO(chdir("empty/moved"));
	DO(access("../../dir/inner", F_OK));
	DO(fchdir(files_home));
	files_tree_check();
}

static void link_pairs(void)
{
	char what[128];

	files_tree_make();
	for (size_t i = 0; i < COUNT(pairs); i++)
		for (size_t j = 0; j < COUNT(pairs); j++) {
			errno = 0;
			snprintf(what, sizeof(what), "link(%s, %s)", pairs[i],
				 pairs[j]);
			files_told(what, link(pairs[i], pairs[j]));
			files_tree_check();
		}
}

int main(int argc, char **argv)
{
	static const struct files_case cases[] = {
		{"each", each},
		{"rename_plain", rename_plain},
		{"rename_noreplace", rename_noreplace},
		{"rename_exchange", rename_exchange},
		{"rename_rest", rename_rest},
		{"link_pairs", link_pairs},
		{NULL, NULL},
	};

	return files_main(argc, argv, cases);
}
