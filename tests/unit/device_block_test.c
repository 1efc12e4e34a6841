/* SPDX-License-Identifier: ISC */
/* Disks: transfers at every edge, and who may attach a file together. */
#include "device_block.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "tap.h"

#define BLOCKS 16u

static char dir[] = "/tmp/device_block_test.XXXXXX";
static char path[64], symbolic[64], hard[64];
static int said; /* where standard error goes while a disk is attached */

static void host_write(uint64_t at, const void *bytes, size_t count)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || pwrite(fd, bytes, count, (off_t)at) != (ssize_t)count)
		exit(1);
	close(fd);
}

/* The whole file; its size is returned. */
static size_t host_read(uint8_t *bytes, size_t room)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, room);

	if (n < 0)
		exit(1);
	close(fd);
	return (size_t)n;
}

/* A file of so many bytes, each block different. */
static void host_file(size_t bytes)
{
	uint8_t *content = malloc(bytes + 1);
	uint64_t seed = 3;

	unlink(path);
	close(open(path, O_CREAT | O_RDWR, 0600));
	for (size_t i = 0; i < bytes; i++)
		content[i] = (uint8_t)random_next(&seed);
	host_write(0, content, bytes);
	free(content);
}

static int attach(struct block_dev *dev, const char *name, bool read_only,
		  uint32_t block_bytes)
{
	struct disk_option o = {.name = "data",
				.read_only = read_only,
				.block_bytes = block_bytes};
	int err, kept = dup(STDERR_FILENO);

	o.path = strdup(name);
	dup2(said, STDERR_FILENO);
	err = block_dev_open(dev, &o);
	dup2(kept, STDERR_FILENO);
	close(kept);
	free(o.path);
	return err;
}

/* The one line on standard error since the last call, or NULL. */
static const char *said_line(void)
{
	static char line[2048];
	ssize_t n = pread(said, line, sizeof(line) - 1, 0);

	if (n <= 0 || ftruncate(said, 0) || lseek(said, 0, SEEK_SET))
		return NULL;
	line[n] = 0;
	return strchr(line, '\n') == line + n - 1 ? line : NULL;
}

static void expect_refused(const char *name, bool read_only, uint32_t block,
			   int want, const char *words)
{
	struct block_dev dev;
	int err = attach(&dev, name, read_only, block);
	const char *line = said_line();

	EXPECT(err == want, "%s: %d instead of %d", name, err, want);
	EXPECT(line && !strncmp(line, "tender: disk data: ", 19) &&
		       strstr(line, name) && strstr(line, words),
	       "%s: not one line with '%s': %s", name, words,
	       line ? line : "(nothing)");
	if (!err)
		block_dev_close(&dev);
}

static void test_open(void)
{
	char fifo[64], missing[64], below[80];
	struct block_dev dev;

	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	snprintf(missing, sizeof(missing), "%s/missing", dir);
	snprintf(below, sizeof(below), "%s/below", path);
	host_file(8192);
	if (mkfifo(fifo, 0600))
		exit(1);
	EXPECT(!attach(&dev, path, false, 512) && dev.capacity_bytes == 8192 &&
		       dev.block_bytes == 512 && !dev.read_only,
	       "a good file");
	block_dev_close(&dev);
	for (int ro = 0; ro < 2; ro++) {
		expect_refused(missing, ro, 512, -ENOENT, "no such file");
		expect_refused(below, ro, 512, -ENOTDIR, "");
		expect_refused(fifo, ro, 512, -EINVAL, "neither");
		expect_refused("/dev/null", ro, 512, -EINVAL, "neither");
		expect_refused(path, ro, 16384, -EINVAL, "multiple");
	}
	expect_refused(dir, false, 512, -EISDIR, "a directory");
	expect_refused(dir, true, 512, -EINVAL, "neither");
	if (truncate(path, 8191))
		exit(1);
	expect_refused(path, true, 512, -EINVAL, "8191 bytes");
	if (truncate(path, 0))
		exit(1);
	expect_refused(path, false, 512, -EINVAL, "empty");
	unlink(fifo);
	promise("a file that is no disk is refused in one line that names it");
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Attaches two at once; whether the second was refused. */
static void expect_lock(const char *second, bool first_ro, bool second_ro,
			bool good)
{
	struct block_dev a, b;
	int err;

	EXPECT(!attach(&a, path, first_ro, 512), "the first is refused");
	err = attach(&b, second, second_ro, 512);
	EXPECT(err == (good ? 0 : -EBUSY), "%s, ro %d, then ro %d: %d", second,
	       first_ro, second_ro, err);
	if (!good)
		EXPECT(said_line() != NULL, "refused without a line");
	if (!err)
		block_dev_close(&b);
	block_dev_close(&a);
	err = attach(&b, second, second_ro, 512);
	EXPECT(!err, "still locked after the first is closed");
	if (!err)
		block_dev_close(&b);
}

static void test_lock(void)
{
	const char *second[] = {path, symbolic, hard};
	int before;

	host_file(8192);
	if (symlink(path, symbolic) || link(path, hard))
		exit(1);
	before = count_fds();
	for (unsigned i = 0; i < COUNT_OF(second); i++) {
		expect_lock(second[i], false, false, false);
		expect_lock(second[i], false, true, false);
		expect_lock(second[i], true, false, false);
		expect_lock(second[i], true, true, true);
	}
	EXPECT(count_fds() == before, "descriptors are left open");
	unlink(symbolic);
	unlink(hard);
	promise("a file is written by one disk alone, by whatever name, and "
		"read by many");
}

static void test_lock_held(void)
{
	struct block_dev dev;
	int fd;

	host_file(8192);
	EXPECT(!attach(&dev, path, false, 512), "refused");
	fd = open(path, O_RDONLY);
	close(fd); /* a POSIX lock would be gone now */
	expect_refused(path, false, 512, -EBUSY, "in use");
	block_dev_close(&dev);
	promise("the lock stays when the file is opened and closed elsewhere");
}

/* One transfer over @n vectors of @each bytes, and what it must come to. */
static void expect_transfer(struct block_dev *dev, bool write, uint64_t offset,
			    unsigned n, size_t each, enum bp_status want)
{
	size_t bytes = n * each;
	uint8_t *memory = malloc(bytes + 1), *file = malloc(1 << 20);
	uint8_t *before = malloc(1 << 20);
	struct iovec iov[BP_MAX_SEGMENTS];
	size_t size = host_read(before, 1 << 20), now;
	enum bp_status got;

	memset(memory, 0x33, bytes);
	for (unsigned i = 0; i < n; i++)
		iov[i] = (struct iovec){memory + i * each, each};
	got = block_dev_transfer(dev, write, offset, iov, n);
	EXPECT(got == want, "%s at %llu, %u times %zu bytes: status %d",
	       write ? "write" : "read", (unsigned long long)offset, n, each,
	       got);
	now = host_read(file, 1 << 20);
	EXPECT(now == size, "the file's size changed");
	if (got == BP_OK && want == BP_OK && write)
		memcpy(before + offset, memory, bytes);
	EXPECT(!memcmp(file, before, size), "the file is not as it should be");
	for (size_t i = 0; i < bytes && got == want; i++)
		if (memory[i] !=
		    (got == BP_OK && !write ? before[offset + i] : 0x33)) {
			EXPECT(false, "memory byte %zu of %zu", i, bytes);
			break;
		}
	free(memory);
	free(file);
	free(before);
}

static void test_transfer(uint32_t block)
{
	const uint64_t all = BLOCKS * block;
	struct block_dev dev;
	char text[100];

	host_file(all);
	EXPECT(!attach(&dev, path, false, block), "refused");
	for (int write = 0; write < 2; write++) {
		expect_transfer(&dev, write, 0, 1, block, BP_OK);
		expect_transfer(&dev, write, all - block, 1, block, BP_OK);
		expect_transfer(&dev, write, 0, 1, all, BP_OK);
		expect_transfer(&dev, write, block, 64, block / 64, BP_OK);
		expect_transfer(&dev, write, 0, 64, block / 8, BP_OK);
		expect_transfer(&dev, write, all, 1, block, BP_RANGE);
		expect_transfer(&dev, write, all - block, 2, block, BP_RANGE);
		expect_transfer(&dev, write, 0, 1, all + block, BP_RANGE);
		expect_transfer(&dev, write, -(uint64_t)block, 1, block,
				BP_RANGE);
		expect_transfer(&dev, write, -(uint64_t)block, 2, block,
				BP_RANGE);
		expect_transfer(&dev, write, 1ULL << 63, 1, block, BP_RANGE);
		expect_transfer(&dev, write, 1, 1, block, BP_INVALID);
		expect_transfer(&dev, write, block - 1, 1, block, BP_INVALID);
		expect_transfer(&dev, write, block / 2, 1, block, BP_INVALID);
		expect_transfer(&dev, write, 0, 1, block - 1, BP_INVALID);
		expect_transfer(&dev, write, 0, 1, block + 1, BP_INVALID);
		expect_transfer(&dev, write, 0, 3, block / 2, BP_INVALID);
		expect_transfer(&dev, write, 0, 0, block, BP_INVALID);
		expect_transfer(&dev, write, 0, 5, 0, BP_INVALID);
		expect_transfer(&dev, write, all - block, 2, block / 2, BP_OK);
	}
	block_dev_close(&dev);
	snprintf(text, sizeof(text),
		 "blocks of %u bytes move whole or not at all", block);
	promise(text);
}

static void test_empty_segments(void)
{
	uint8_t memory[1024], file[8192];
	struct block_dev dev;
	struct iovec iov[] = {{memory, 0},	   {memory, 300},
			      {memory + 300, 0},   {memory + 300, 0},
			      {memory + 300, 212}, {memory, 0},
			      {memory + 512, 512}, {NULL, 0}};

	host_file(8192);
	EXPECT(!attach(&dev, path, false, 512), "refused");
	EXPECT(block_dev_transfer(&dev, false, 512, iov, COUNT_OF(iov)) ==
		       BP_OK,
	       "status");
	host_read(file, sizeof(file));
	EXPECT(!memcmp(memory, file + 512, 1024), "memory is wrong");
	block_dev_close(&dev);
	promise("empty segments anywhere in a list make no difference");
}

static void test_read_only(void)
{
	struct block_dev dev;

	host_file(8192);
	EXPECT(!attach(&dev, path, true, 512), "refused");
	expect_transfer(&dev, false, 0, 1, 512, BP_OK);
	expect_transfer(&dev, true, 0, 1, 512, BP_READ_ONLY);
	expect_transfer(&dev, true, 512, 4, 512, BP_READ_ONLY);
	EXPECT(block_dev_discard(&dev, 0, 512) == BP_READ_ONLY, "discard");
	EXPECT(block_dev_flush(&dev) == BP_OK, "flush");
	block_dev_close(&dev);
	promise("a read-only disk is read, and never written");
}

static void test_discard(uint32_t block)
{
	uint8_t file[BLOCKS * 4096], want[BLOCKS * 4096];
	const uint64_t all = BLOCKS * block;
	const struct {
		uint64_t offset, bytes;
		enum bp_status status;
	} rows[] = {
		{0, block, BP_OK},
		{3 * block, 4 * block, BP_OK},
		{all - block, block, BP_OK},
		{all, block, BP_RANGE},
		{all - block, 2 * block, BP_RANGE},
		{block, -(uint64_t)block, BP_RANGE},
		{-(uint64_t)block, 2 * block, BP_RANGE},
		{1, block, BP_INVALID},
		{0, block - 1, BP_INVALID},
		{0, 0, BP_INVALID},
		{0, all, BP_OK},
	};
	struct block_dev dev;
	char text[100];

	host_file(all);
	host_read(want, sizeof(want));
	EXPECT(!attach(&dev, path, false, block), "refused");
	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		enum bp_status got =
			block_dev_discard(&dev, rows[i].offset, rows[i].bytes);

		EXPECT(got == rows[i].status, "row %u: status %d", i, got);
		if (got == BP_OK && rows[i].status == BP_OK)
			memset(want + rows[i].offset, 0, rows[i].bytes);
		EXPECT(host_read(file, sizeof(file)) == all &&
			       !memcmp(file, want, all),
		       "row %u: the file is not as it should be", i);
	}
	block_dev_close(&dev);
	snprintf(text, sizeof(text),
		 "discarded blocks of %u bytes read as zeros, others stay",
		 block);
	promise(text);
}

static void test_truncated(void)
{
	uint8_t memory[1024];
	struct iovec iov = {memory, sizeof(memory)};
	struct block_dev dev;

	host_file(8192);
	EXPECT(!attach(&dev, path, false, 512), "refused");
	if (truncate(path, 1024 + 100))
		exit(1);
	EXPECT(block_dev_transfer(&dev, false, 1024, &iov, 1) == BP_IO,
	       "reading across the new end");
	iov = (struct iovec){memory, sizeof(memory)};
	EXPECT(block_dev_transfer(&dev, false, 4096, &iov, 1) == BP_IO,
	       "reading behind it");
	iov = (struct iovec){memory, sizeof(memory)};
	EXPECT(block_dev_transfer(&dev, false, 0, &iov, 1) == BP_OK,
	       "reading before it");
	block_dev_close(&dev);
	promise("reading a file that became shorter fails, and what is left "
		"can be read");
}

/* More than one system call moves at most (read(2): 2 GiB less a page). */
static void test_large(void)
{
	const size_t each = 64 << 20, pieces = 33;
	uint8_t *memory = malloc(each), last[8192], mark[4096];
	struct iovec iov[33];
	struct block_dev dev;

	host_file(0);
	if (!memory || truncate(path, (off_t)(pieces * each)))
		exit(1);
	for (size_t i = 0; i < pieces; i++) {
		memset(mark, (int)('a' + i % 26), sizeof(mark));
		host_write((i + 1) * each - sizeof(mark), mark, sizeof(mark));
		host_write(i * each, mark, sizeof(mark));
		iov[i] = (struct iovec){memory, each};
	}
	/* 32 pieces are 2 GiB: the call ends inside the last of them. */
	iov[32] = (struct iovec){last, sizeof(last)};
	EXPECT(!attach(&dev, path, true, 4096), "refused");
	EXPECT(block_dev_transfer(&dev, false, 0, iov, 33) == BP_OK, "status");
	memset(mark, 'a' + 31 % 26, sizeof(mark));
	EXPECT(!memcmp(memory, mark, 4096) &&
		       !memcmp(memory + each - 4096, mark, 4096),
	       "the piece the first call ended in");
	memset(mark, 'a' + 32 % 26, sizeof(mark));
	EXPECT(!memcmp(last, mark, 4096) && !last[4096], "the last piece");
	block_dev_close(&dev);
	promise("a transfer of more than 2 GiB is whole");
	free(memory);
}

int main(void)
{
	char errors[64];

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/disk.img", dir);
	snprintf(symbolic, sizeof(symbolic), "%s/symbolic", dir);
	snprintf(hard, sizeof(hard), "%s/hard", dir);
	snprintf(errors, sizeof(errors), "%s/errors", dir);
	said = open(errors, O_CREAT | O_RDWR | O_APPEND, 0600);
	if (said < 0)
		return 1;
	unlink(errors);
	test_open();
	test_lock();
	test_lock_held();
	test_transfer(512);
	test_transfer(4096);
	test_empty_segments();
	test_read_only();
	test_discard(512);
	test_discard(4096);
	test_truncated();
	test_large();
	unlink(path);
	rmdir(dir);
	return promises_end();
}
