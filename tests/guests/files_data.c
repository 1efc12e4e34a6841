/* SPDX-License-Identifier: ISC */
/* What is in files: read, written, sought, cut and copied. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "files.h"

#define KEEP_SIZE  1 /* FALLOC_FL_... */
#define PUNCH_HOLE 2

/* Data and holes are in pieces of this size, so that any blocks do. */
#define PIECE 65536

static char buffer[4 * PIECE];

static void clean(void)
{
	memset(buffer, '#', sizeof(buffer));
}

/* Says how much a read gave and what. */
static void got(const char *what, ssize_t n)
{
	files_told(what, n);
	if (n > 0)
		printf("  \"%.*s\"\n", (int)n, buffer);
}

static void reading(void)
{
	int fd, wr;

	files_put("f", "0123456789", 10);
	fd = open("f", O_RDONLY);
	wr = open("f", O_WRONLY);
	got("read 4", read(fd, buffer, 4));
	got("read 0", read(fd, buffer, 0));
	got("read 4", read(fd, buffer, 4));
	got("read 4, 2 left", read(fd, buffer, 4));
	got("read 4, at the end", read(fd, buffer, 4));
	got("read 0, at the end", read(fd, buffer, 0));
	got("pread 3 at 8", pread(fd, buffer, 3, 8));
	got("pread 3 at 10", pread(fd, buffer, 3, 10));
	got("pread 3 at 1000", pread(fd, buffer, 3, 1000));
	got("pread 3 at -1", pread(fd, buffer, 3, -1));
	got("pread 0 at -1", pread(fd, buffer, 0, -1));
	got("pread far", pread(fd, buffer, 3, LLONG_MAX));
	got("pread 0 far", pread(fd, buffer, 0, LLONG_MAX));
	DO(lseek(fd, 0, SEEK_CUR));
	DO(read(wr, buffer, 1));
	DO(pread(wr, buffer, 1, 0));
	DO(write(fd, "x", 1));
	DO(pwrite(fd, "x", 1, 0));
	DO(write(fd, "x", 0));
	DO(read(-1, buffer, 1));
	DO(read(99, buffer, 1));
	DO(write(1024, buffer, 1));
	DO(read(files_home, buffer, 1));
	DO(pread(files_home, buffer, 1, 0));
	DO(write(files_home, buffer, 1));
	DO(close(fd));
	DO(close(fd));
	DO(close(-1));
}

static void writing(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644);

	DO(write(fd, "hello", 5));
	DO(write(fd, "", 0));
	DO(lseek(fd, 0, SEEK_CUR));
	DO(pwrite(fd, "J", 1, 0));
	DO(pwrite(fd, "", 0, 100));
	files_show("f");
	DO(pwrite(fd, "end", 3, 20));
	files_show("f");
	DO(lseek(fd, 0, SEEK_CUR));
	DO(write(fd, "!", 1));
	DO(lseek(fd, 5000, SEEK_SET));
	DO(write(fd, "", 0));
	files_show("f");
	DO(write(fd, "far", 3));
	files_show("f");
	DO(pwrite(fd, "x", 1, -1));
	DO(pwrite(fd, "", 0, -1));
	DO(pwrite(fd, "x", 1, LLONG_MAX));
	DO(lseek(fd, 0, SEEK_END));
	DO(ftruncate(fd, 0));
	DO(lseek(fd, 0, SEEK_CUR));
	DO(write(fd, "after", 5));
	files_show("f");
	memset(buffer, 'b', sizeof(buffer));
	DO(pwrite(fd, buffer, sizeof(buffer), 3));
	DO(pwrite(fd, "in the middle", 13, PIECE - 5));
	files_show("f");
	for (int i = 0; i < 5000; i++)
		NEED(pwrite(fd, &buffer[i], 7, i * 11) == 7);
	files_show("f");
}

static void appending(void)
{
	int fd = open("f", O_RDWR | O_CREAT | O_APPEND, 0644), other;

	DO(write(fd, "one", 3));
	DO(lseek(fd, 0, SEEK_SET));
	DO(write(fd, "two", 3));
	DO(lseek(fd, 0, SEEK_CUR));
	other = open("f", O_WRONLY);
	DO(pwrite(other, "three", 5, 10));
	DO(write(fd, "four", 4));
	DO(lseek(fd, 0, SEEK_CUR));
	/* Linux appends here too: pwrite(2), BUGS. */
	DO(pwrite(fd, "five", 4, 0));
	DO(lseek(fd, 0, SEEK_CUR));
	DO(lseek(fd, 2, SEEK_SET));
	DO(write(fd, "", 0));
	DO(lseek(fd, 0, SEEK_CUR));
	got("read 3", read(fd, buffer, 3));
	DO(fcntl(fd, F_SETFL, 0));
	DO(write(fd, "six", 3));
	DO(fcntl(other, F_SETFL, O_APPEND));
	DO(write(other, "seven", 5));
	DO(lseek(other, 0, SEEK_CUR));
	files_show("f");
}

static void vectors(void)
{
	char a[4] = "", b[8] = "", c[2] = "";
	struct iovec iov[5] = {
		{a, 3}, {NULL, 0}, {b, 7}, {c, 1}, {buffer, 100},
	};
	static struct iovec many[IOV_MAX + 1];
	int fd = open("f", O_RDWR | O_CREAT, 0644);

	memset(buffer, 'B', 100);
	memcpy(a, "abc", 3);
	memcpy(b, "defghij", 7);
	memcpy(c, "k", 1);
	DO(writev(fd, iov, 4));
	DO(writev(fd, iov, 0));
	DO(writev(fd, iov, -1));
	DO(pwritev(fd, iov, 5, 20));
	DO(pwritev(fd, iov, 2, -1));
	files_show("f");
	DO(lseek(fd, 0, SEEK_SET));
	DO(readv(fd, iov, 4));
	printf("  %s %s %.1s\n", a, b, c);
	DO(preadv(fd, iov, 3, 121));
	printf("  %s %s\n", a, b);
	DO(preadv(fd, iov, 3, 500));
	DO(preadv(fd, iov, 5, -1));
	DO(readv(fd, iov, 0));
	iov[1].iov_len = (size_t)-1;
	DO(writev(fd, iov, 3));
	DO(readv(fd, iov, 3));
	for (int i = 0; i <= IOV_MAX; i++)
		many[i] = (struct iovec){&buffer[i], 1};
	DO(pwritev(fd, many, IOV_MAX, 0));
	DO(pwritev(fd, many, IOV_MAX + 1, 0));
	DO(preadv(fd, many, IOV_MAX, 7));
	files_show("f");
}

static void seeking(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644), copy;

	DO(write(fd, "0123456789", 10));
	DO(lseek(fd, 3, SEEK_SET));
	DO(lseek(fd, 4, SEEK_CUR));
	DO(lseek(fd, -7, SEEK_CUR));
	DO(lseek(fd, -1, SEEK_CUR));
	DO(lseek(fd, -1, SEEK_SET));
	DO(lseek(fd, 0, SEEK_CUR));
	DO(lseek(fd, -10, SEEK_END));
	DO(lseek(fd, -11, SEEK_END));
	DO(lseek(fd, 5, SEEK_END));
	DO(read(fd, buffer, 1));
	DO(lseek(fd, 1LL << 33, SEEK_SET));
	DO(lseek(fd, LLONG_MAX, SEEK_END));
	DO(lseek(fd, LLONG_MAX, SEEK_CUR));
	DO(lseek(fd, LLONG_MIN, SEEK_CUR));
	DO(lseek(fd, 0, 5));
	DO(lseek(fd, 0, -1));
	DO(lseek(fd, 0, 100));
	DO(lseek(-1, 0, SEEK_SET));
	DO(lseek(fd, 0, SEEK_SET));
	copy = dup(fd);
	DO(lseek(copy, 6, SEEK_SET));
	got("read 2", read(fd, buffer, 2));
	DO(lseek(copy, 0, SEEK_CUR));
	DO(close(copy));
	copy = open("f", O_RDONLY);
	DO(lseek(copy, 0, SEEK_CUR));
	DO(lseek(files_home, 0, SEEK_SET));
	DO(lseek(files_home, -1, SEEK_SET));
}

/* Every boundary of data and holes, and the bytes beside it. */
static void map_of(int fd)
{
	struct stat st;

	NEED(fstat(fd, &st) == 0);
	printf("  size %lld, pieces %lld\n", (long long)st.st_size,
	       (long long)st.st_blocks * 512 / PIECE);
	for (off_t at = 0; at <= st.st_size; at += PIECE) {
		printf("  from %lld:", (long long)at);
		for (int i = -1; i <= 1; i++) {
			off_t data = lseek(fd, at + i, SEEK_DATA);
			off_t hole = lseek(fd, at + i, SEEK_HOLE);

			printf(" %lld %lld;", (long long)data, (long long)hole);
		}
		printf("\n");
	}
	DO(lseek(fd, st.st_size, SEEK_DATA));
	DO(lseek(fd, st.st_size, SEEK_HOLE));
	DO(lseek(fd, st.st_size + 1, SEEK_HOLE));
	DO(lseek(fd, -1, SEEK_DATA));
	DO(lseek(fd, -1, SEEK_HOLE));
}

static void holes(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644);

	memset(buffer, 'd', sizeof(buffer));
	DO(lseek(fd, 0, SEEK_DATA));
	DO(lseek(fd, 0, SEEK_HOLE));
	DO(ftruncate(fd, 4 * PIECE));
	map_of(fd);
	DO(pwrite(fd, buffer, PIECE, PIECE));
	map_of(fd);
	DO(pwrite(fd, buffer, PIECE, 3 * PIECE));
	map_of(fd);
	DO(pwrite(fd, buffer, PIECE, 0));
	map_of(fd);
	files_show_fd(fd);
	DO(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, PIECE, PIECE));
	map_of(fd);
	files_show_fd(fd);
	DO(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 0, 10 * PIECE));
	map_of(fd);
	DO(ftruncate(fd, PIECE + 100));
	DO(pwrite(fd, buffer, 2 * PIECE, 0));
	DO(ftruncate(fd, PIECE));
	map_of(fd);
	files_show_fd(fd);
	/* Where a hole was read, there still is one. */
	DO(ftruncate(fd, 4 * PIECE));
	DO(pread(fd, buffer, PIECE, 2 * PIECE));
	map_of(fd);
	DO(pwrite(fd, "far", 3, 1LL << 33));
	DO(lseek(fd, 2 * PIECE, SEEK_DATA));
	DO(lseek(fd, PIECE, SEEK_HOLE));
	DO(lseek(fd, 1LL << 33, SEEK_HOLE));
	DO(pread(fd, buffer, 10, (1LL << 33) - 5));
	printf("  %d %d %.3s\n", buffer[0], buffer[4], buffer + 5);
}

static void cutting(void)
{
	static const off_t sizes[] = {0,     1,		4095,  4096,	  4097,
				      PIECE, PIECE - 1, 70000, 2 * PIECE, 3};
	int fd = open("f", O_RDWR | O_CREAT, 0644), rd;

	memset(buffer, 'c', sizeof(buffer));
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t j = 0; j < COUNT(sizes); j++) {
			NEED(ftruncate(fd, 0) == 0);
			NEED(pwrite(fd, buffer, 2 * PIECE, 0) == 2 * PIECE);
			NEED(ftruncate(fd, sizes[i]) == 0);
			NEED(ftruncate(fd, sizes[j]) == 0);
			printf("%lld, %lld:", (long long)sizes[i],
			       (long long)sizes[j]);
			files_show_fd(fd);
			NEED(ftruncate(fd, 2 * PIECE) == 0);
			files_show_fd(fd);
		}
	rd = open("f", O_RDONLY);
	DO(ftruncate(rd, 5));
	DO(ftruncate(fd, -1));
	DO(ftruncate(99, 0));
	DO(ftruncate(files_home, 0));
	DO(truncate("f", -1));
	DO(truncate("f", 100));
	DO(truncate(".", 0));
	DO(truncate("none", 0));
	files_show("f");
	DO(unlink("f"));
	DO(ftruncate(fd, 50));
	files_show_fd(fd);
}

static void allocating(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644), rd = open("f", O_RDONLY);
	struct stat st;

	DO(fallocate(fd, 0, 0, PIECE));
	files_show_fd(fd);
	NEED(fstat(fd, &st) == 0);
	DO(st.st_blocks * 512 / PIECE);
	DO(fallocate(fd, KEEP_SIZE, 0, 4 * PIECE));
	NEED(fstat(fd, &st) == 0);
	DO(st.st_size);
	DO(st.st_blocks * 512 / PIECE);
	DO(ftruncate(fd, PIECE));
	NEED(fstat(fd, &st) == 0);
	DO(st.st_blocks * 512 / PIECE);
	DO(fallocate(fd, KEEP_SIZE, 0, 4 * PIECE));
	DO(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, PIECE, 2 * PIECE));
	NEED(fstat(fd, &st) == 0);
	DO(st.st_blocks * 512 / PIECE);
	DO(pwrite(fd, "x", 1, 100));
	DO(fallocate(fd, 0, 50, 100));
	files_show_fd(fd);
	DO(fallocate(fd, 0, PIECE - 1, 2));
	files_show_fd(fd);
	DO(posix_fallocate(fd, PIECE, PIECE));
	files_show_fd(fd);
	memset(buffer, 'p', sizeof(buffer));
	DO(pwrite(fd, buffer, 3 * PIECE, 0));
	DO(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 10, 20));
	files_show_fd(fd);
	DO(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 4090, 20));
	files_show_fd(fd);
	DO(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 5000, PIECE));
	files_show_fd(fd);
	DO(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 2 * PIECE + 3, 5 * PIECE));
	files_show_fd(fd);
	DO(fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 50 * PIECE, 10));
	DO(fallocate(fd, PUNCH_HOLE, 0, 10));
	DO(fallocate(fd, 0, 0, 0));
	DO(fallocate(fd, 0, -1, 10));
	DO(fallocate(fd, 0, 10, -1));
	DO(fallocate(fd, 0, LLONG_MAX, 1));
	DO(fallocate(fd, 0x80, 0, 1));
	DO(fallocate(rd, 0, 0, 1));
	DO(fallocate(files_home, 0, 0, 1));
	DO(fallocate(99, 0, 0, 1));
	DO(posix_fallocate(99, 0, 1));
	files_show_fd(fd);
}

static void copying(void)
{
	int from, to, out;
	off_t at = 100, to_at = 7;

	for (int i = 0; i < (int)sizeof(buffer); i++)
		buffer[i] = (char)('a' + i % 23);
	files_put("from", buffer, sizeof(buffer));
	from = open("from", O_RDWR);
	to = open("to", O_RDWR | O_CREAT, 0644);
	out = open("to", O_WRONLY | O_APPEND);
	DO(sendfile(to, from, &at, 1000));
	DO(at);
	DO(lseek(from, 0, SEEK_CUR));
	DO(lseek(to, 0, SEEK_CUR));
	DO(sendfile(to, from, NULL, 70000));
	DO(lseek(from, 0, SEEK_CUR));
	files_show("to");
	at = (off_t)sizeof(buffer) - 10;
	DO(sendfile(to, from, &at, 1000));
	DO(sendfile(to, from, &at, 1000));
	DO(sendfile(to, from, NULL, 0));
	at = -1;
	DO(sendfile(to, from, &at, 1));
	DO(sendfile(out, from, NULL, 1));
	DO(sendfile(-1, from, NULL, 1));
	DO(sendfile(to, -1, NULL, 1));
	DO(sendfile(from, out, NULL, 1));
	files_show("to");
	at = 5;
	DO(copy_file_range(from, &at, to, &to_at, 100000, 0));
	DO(at);
	DO(to_at);
	DO(lseek(from, 5, SEEK_SET));
	DO(copy_file_range(from, NULL, to, NULL, 33, 0));
	DO(lseek(from, 0, SEEK_CUR));
	DO(lseek(to, 0, SEEK_CUR));
	files_show("to");
	at = (off_t)sizeof(buffer);
	DO(copy_file_range(from, &at, to, NULL, 5, 0));
	at = 0, to_at = 10;
	DO(copy_file_range(from, &at, from, &to_at, 11, 0));
	DO(copy_file_range(from, &at, from, &to_at, 10, 0));
	to_at = (off_t)sizeof(buffer);
	DO(copy_file_range(from, &at, from, &to_at, 1 << 30, 0));
	DO(ftruncate(from, (off_t)sizeof(buffer)));
	DO(copy_file_range(from, &at, to, NULL, 1, 1));
	DO(copy_file_range(from, &at, out, NULL, 1, 0));
	DO(copy_file_range(files_home, NULL, to, NULL, 1, 0));
	DO(copy_file_range(from, NULL, files_home, NULL, 1, 0));
	DO(copy_file_range(from, NULL, -1, NULL, 1, 0));
	at = -1;
	DO(copy_file_range(from, &at, to, NULL, 1, 0));
	files_show("from");
	files_show("to");
}

/* Open, but no longer there. */
static void deleted(void)
{
	struct stat st;
	int fd, again;

	files_put("f", "0123456789", 10);
	fd = open("f", O_RDWR);
	again = open("f", O_RDONLY);
	DO(unlink("f"));
	DO(open("f", O_RDONLY));
	NEED(fstat(fd, &st) == 0);
	DO(st.st_nlink);
	DO(pwrite(fd, "more", 4, 10));
	got("pread", pread(again, buffer, 20, 0));
	files_put("f", "new", 3);
	got("pread", pread(again, buffer, 20, 0));
	DO(ftruncate(fd, 3));
	DO(close(fd));
	got("pread", pread(again, buffer, 20, 0));
	DO(fchmod(again, 0600));
	DO(close(again));
	files_show("f");
	fd = open("f", O_RDONLY);
	files_put("g", "over", 4);
	DO(rename("g", "f"));
	got("pread", pread(fd, buffer, 20, 0));
	NEED(fstat(fd, &st) == 0);
	DO(st.st_nlink);
	files_show("f");
}

static void controls(void)
{
	int fd, n = -1;

	files_put("f", "0123456789", 10);
	fd = open("f", O_RDWR);
	DO(lseek(fd, 4, SEEK_SET));
	DO(ioctl(fd, FIONREAD, &n));
	DO(n);
	DO(ioctl(fd, TIOCGWINSZ, buffer));
	DO(isatty(fd));
	DO(ioctl(-1, FIONREAD, &n));
	DO(fsync(fd));
	DO(fdatasync(fd));
	DO(fsync(files_home));
	DO(fsync(-1));
	DO(syncfs(fd));
	DO(syncfs(-1));
	DO(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	DO(posix_fadvise(fd, 0, 0, 99));
	DO(posix_fadvise(-1, 0, 0, 0));
	DO(readahead(fd, 0, 4096));
	DO(readahead(-1, 0, 4096));
	DO(sync_file_range(fd, 0, 0, 7));
	DO(sync_file_range(fd, 0, 0, 8));
	DO(sync_file_range(fd, -1, 0, 0));
	DO(sync_file_range(-1, 0, 0, 0));
	sync();
	files_show_fd(fd);
}

int main(int argc, char **argv)
{
	static const struct files_case cases[] = {
		{"reading", reading},	  {"writing", writing},
		{"appending", appending}, {"vectors", vectors},
		{"seeking", seeking},	  {"holes", holes},
		{"cutting", cutting},	  {"allocating", allocating},
		{"copying", copying},	  {"deleted", deleted},
		{"controls", controls},	  {NULL, NULL},
	};

	clean();
	return files_main(argc, argv, cases);
}
