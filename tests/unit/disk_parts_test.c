/* SPDX-License-Identifier: ISC */
/* The parts of `imgbuild disk` that need no disk. */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "disk_dir_write.h"
#include "disk_inode.h"
#include "disk_path.h"
#include "disk_text.h"
#include "tap.h"

static void sizes_are_parsed(void)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: refused */
	} table[] = {
		{"1", 1},
		{"4096", 4096},
		{"64K", 65536},
		{"64M", (uint64_t)64 << 20},
		{"2G", (uint64_t)2 << 30},
		{"16T", (uint64_t)16 << 40},
		{"8388607T", (uint64_t)8388607 << 40},
		{"9223372036854775807", INT64_MAX},
		{"9223372036854775808", 0},
		{"8388608T", 0},
		{"18446744073709551616", 0},
		{"0", 0},
		{"0M", 0},
		{"", 0},
		{"M", 0},
		{"-1", 0},
		{"+1", 0},
		{" 1", 0},
		{"1m", 0},
		{"1MB", 0},
		{"1.5M", 0},
		{"0x10", 0},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		uint64_t bytes = 0;
		bool good = disk_text_parse_size(table[i].text, &bytes);

		EXPECT(good == !!table[i].bytes && bytes == table[i].bytes,
		       "'%s' is %llu", table[i].text,
		       (unsigned long long)bytes);
	}
	promise("a size is a number with K, M, G or T, above 0 and below 2^63");
}

static void owners_are_parsed(void)
{
	static const char *const bad[] = {
		"",	 "0",	 ":",	 "0:",		 ":0",		"a:b",
		"0:0:0", "-1:0", "0: 1", "4294967295:0", "0:4294967296"};
	uint32_t uid = 1, gid = 1;

	EXPECT(disk_text_parse_owner("0:4294967294", &uid, &gid) && uid == 0 &&
		       gid == 4294967294,
	       "0:4294967294 is %u:%u", uid, gid);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		EXPECT(!disk_text_parse_owner(bad[i], &uid, &gid),
		       "'%s' is taken", bad[i]);
	promise("an owner is two numbers, neither of them -1");
}

static void sizes_are_shown(void)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} table[] = {
		{0, "0"},
		{1023, "1023"},
		{1024, "1K"},
		{1536, "1.5K"},
		{1048575, "1023.9K"},
		{(uint64_t)64 << 20, "64M"},
		{(uint64_t)16 << 40, "16T"},
		{UINT64_MAX, "15.9E"},
	};
	char text[24];

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		disk_text_size(text, table[i].bytes);
		EXPECT(!strcmp(text, table[i].text), "%s for %s", text,
		       table[i].text);
	}
	promise("a size is shown in the largest unit that it fills");
}

static void modes_are_shown(void)
{
	static const struct {
		unsigned mode;
		const char *text;
	} table[] = {
		{0100644, "-rw-r--r--"}, {0040755, "drwxr-xr-x"},
		{0120777, "lrwxrwxrwx"}, {0010600, "prw-------"},
		{0140000, "s---------"}, {0020666, "crw-rw-rw-"},
		{0060640, "brw-r-----"}, {0104755, "-rwsr-xr-x"},
		{0104644, "-rwSr--r--"}, {0102711, "-rwx--s--x"},
		{0041777, "drwxrwxrwt"}, {0041776, "drwxrwxrwT"},
	};
	char text[11];

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		disk_text_mode(text, table[i].mode);
		EXPECT(!strcmp(text, table[i].text), "%s for %s", text,
		       table[i].text);
	}
	promise("a mode is shown as ls does");
}

static void paths_are_parsed(void)
{
	static const struct {
		const char *text, *image, *path;
	} table[] = {
		{"a.img:/", "a.img", "/"},
		{"a.img:/etc/x", "a.img", "/etc/x"},
		{"dir/a.img:/x", "dir/a.img", "/x"},
		{"/tmp/a.img:/x:/y", "/tmp/a.img", "/x:/y"},
		{"a:b", "", "a:b"},
		{"./a:b", "", "./a:b"},
		{"a:", "", "a:"},
		{":/x", "", ":/x"},
		{"a:b.img:/x", "a:b.img", "/x"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct disk_path p;

		EXPECT(disk_path_parse(&p, table[i].text) == 0 &&
			       !strcmp(p.image, table[i].image) &&
			       !strcmp(p.path, table[i].path),
		       "%s is %s and %s", table[i].text, p.image, p.path);
	}
	promise("a path in an image begins with the first colon and slash");
}

static void base_names_are_found(void)
{
	static const char *const table[][2] = {
		{"/etc/x", "x"}, {"x", "x"},	{"/x//", "x"}, {"/", ""},
		{"", ""},	 {".", ""},	{"a/..", ""},  {"a/.", ""},
		{"../b", "b"},	 {"...", "..."}};
	char name[EXT2_NAME_LEN + 1];

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		disk_path_base(table[i][0], name);
		EXPECT(!strcmp(name, table[i][1]), "'%s' for '%s'", name,
		       table[i][0]);
	}
	promise("the last name of a path is none where it is no new name");
}

static void times_are_kept(void)
{
	static const int64_t seconds[] = {INT32_MIN,
					  -1,
					  0,
					  1,
					  INT32_MAX,
					  1LL << 31,
					  UINT32_MAX,
					  1LL << 32,
					  (1LL << 33) - 1,
					  (3LL << 32) + INT32_MAX};
	struct ext2_super_block super = {.s_rev_level = EXT2_DYNAMIC_REV,
					 .s_inode_size = 256};
	struct struct_ext2_filsys fs = {.super = &super};
	struct disk_inode inode;

	for (size_t i = 0; i < COUNT_OF(seconds); i++) {
		struct timespec t = {seconds[i], 999999999}, got;

		disk_inode_init(&fs, &inode, 0100644, 0, 0);
		disk_inode_set_mtime(&inode, t);
		got = disk_inode_mtime(&inode);
		EXPECT(got.tv_sec == t.tv_sec && got.tv_nsec == t.tv_nsec,
		       "%lld is %lld.%09ld", (long long)t.tv_sec,
		       (long long)got.tv_sec, got.tv_nsec);
	}
	disk_inode_set_mtime(&inode, (struct timespec){1LL << 40, 0});
	EXPECT(disk_inode_mtime(&inode).tv_sec == (3LL << 32) + INT32_MAX,
	       "a time too late is %lld",
	       (long long)disk_inode_mtime(&inode).tv_sec);
	promise("times from 1901 to 2446 are kept, with their nanoseconds");

	super.s_inode_size = 128;
	disk_inode_init(&fs, &inode, 0100644, 0, 0);
	disk_inode_set_mtime(&inode, (struct timespec){1LL << 33, 5});
	EXPECT(disk_inode_mtime(&inode).tv_sec == INT32_MAX &&
		       disk_inode_mtime(&inode).tv_nsec == 0,
	       "it is %lld", (long long)disk_inode_mtime(&inode).tv_sec);
	promise("a small inode keeps what it has room for");
}

static void devices_are_kept(void)
{
	static const unsigned table[][2] = {{0, 0},	   {1, 3},   {255, 255},
					    {256, 0},	   {8, 256}, {4095, 7},
					    {259, 1048575}};
	struct ext2_super_block super = {.s_rev_level = EXT2_DYNAMIC_REV,
					 .s_inode_size = 256};
	struct struct_ext2_filsys fs = {.super = &super};
	struct disk_inode inode;

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		dev_t dev = makedev(table[i][0], table[i][1]);

		disk_inode_init(&fs, &inode, 0060644, 0, 0);
		disk_inode_set_rdev(&inode, dev);
		EXPECT(disk_inode_rdev(&inode) == dev, "%u, %u", table[i][0],
		       table[i][1]);
	}
	promise("numbers of devices are kept, small ones and large ones");
}

static void directories_are_measured(void)
{
	struct disk_dir_size size;
	char longest[256];

	memset(longest, 'n', 255);
	longest[255] = '\0';
	disk_dir_size_begin(&size, 4096, false);
	EXPECT(size.blocks == 1, "empty: %llu",
	       (unsigned long long)size.blocks);
	/* 24 bytes for "." and ".."; 264 for each of these. */
	for (int i = 0; i < 15; i++)
		disk_dir_size_add(&size, longest);
	EXPECT(size.blocks == 1, "15: %llu", (unsigned long long)size.blocks);
	disk_dir_size_add(&size, longest);
	EXPECT(size.blocks == 2, "16: %llu", (unsigned long long)size.blocks);
	/* 112 bytes are left behind the fifteen, less 12 of checksum. */
	disk_dir_size_begin(&size, 4096, true);
	for (int i = 0; i < 15; i++)
		disk_dir_size_add(&size, longest);
	longest[92] = '\0';
	disk_dir_size_add(&size, longest);
	EXPECT(size.blocks == 1, "and 92: %llu",
	       (unsigned long long)size.blocks);
	disk_dir_size_add(&size, "a");
	EXPECT(size.blocks == 2, "and 1: %llu",
	       (unsigned long long)size.blocks);
	promise("a directory is as many blocks as its names take");
}

int main(void)
{
	sizes_are_parsed();
	owners_are_parsed();
	sizes_are_shown();
	modes_are_shown();
	paths_are_parsed();
	base_names_are_found();
	times_are_kept();
	devices_are_kept();
	directories_are_measured();
	return promises_end();
}
