/* SPDX-License-Identifier: ISC */
/* Calls of POSIX and Linux that belong to no other program here. */
#include <fcntl.h>
#include <iconv.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>
#include <wchar.h>

#include "events.h"

#define MS 1000000LL

static void limits(void)
{
	struct rlimit l, was;
	int fd;

	NEED(getrlimit(RLIMIT_NOFILE, &was) == 0);
	printf("%d %d\n", (int)was.rlim_cur, (int)was.rlim_max);
	l = (struct rlimit){20, 1000};
	TELL(setrlimit(RLIMIT_NOFILE, &l));
	while ((fd = dup(0)) >= 0)
		;
	TELL(fd);
	TELL(fcntl(0, F_DUPFD, 20));
	TELL(fcntl(0, F_DUPFD, 19));
	TELL(dup2(0, 19));
	TELL(dup2(0, 20));
	TELL(close(19));
	TELL(open(".", O_RDONLY));
	NEED(getrlimit(RLIMIT_NOFILE, &l) == 0);
	printf("%d %d\n", (int)l.rlim_cur, (int)l.rlim_max);
	l = (struct rlimit){30, 20};
	TELL(setrlimit(RLIMIT_NOFILE, &l));
	TELL(getrlimit(99, &l));
	TELL(getrlimit(-1, &l));
	l = (struct rlimit){100, 200};
	TELL(setrlimit(RLIMIT_CPU, &l));
	NEED(prlimit(0, RLIMIT_CPU, NULL, &l) == 0);
	printf("%d %d\n", (int)l.rlim_cur, (int)l.rlim_max);
	l.rlim_cur = 150;
	TELL(prlimit(getpid(), RLIMIT_CPU, &l, &was));
	printf("%d\n", (int)was.rlim_cur);
	NEED(getrlimit(RLIMIT_CPU, &l) == 0);
	printf("%d\n", (int)l.rlim_cur);
	TELL(prlimit(99999999, RLIMIT_CPU, NULL, &l));
}

static void descriptors(void)
{
	char a[4] = "", b[10] = "";
	struct iovec iov[2] = {{a, 3}, {b, 9}}, out = {"0123456789", 10};
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644), top;

	NEED(fd >= 0);
	TELL(syscall(SYS_pwritev2, fd, &out, 1, -1L, 0, 0));
	TELL(syscall(SYS_pwritev2, fd, &out, 1, 20L, 0, 2));
	TELL(syscall(SYS_preadv2, fd, iov, 2, 5L, 0, 0));
	printf("%s %s\n", a, b);
	TELL(syscall(SYS_preadv2, fd, iov, 1, -1L, 0, 0));
	TELL(syscall(SYS_preadv2, fd, iov, 1, -1L, 0, 0x40000000));
	TELL(syscall(SYS_preadv2, fd, iov, 1, -2L, 0, 0));
	TELL(lseek(fd, 0, SEEK_CUR));
	top = fcntl(0, F_DUPFD, 50);
	TELL(syscall(SYS_close_range, 40, 60, 4));
	TELL(fcntl(top, F_GETFD));
	TELL(syscall(SYS_close_range, 60, 40, 0));
	TELL(syscall(SYS_close_range, 40, 60, 64));
	TELL(syscall(SYS_close_range, 40, ~0U, 0));
	TELL(fcntl(top, F_GETFD));
	TELL(syscall(SYS_creat, "created", 0640));
	TELL(syscall(SYS_splice, fd, NULL, fd, NULL, 10, 0));
}

static void memory_files(void)
{
	struct stat st;
	char buffer[8];
	char *p;
	int fd = memfd_create("name", MFD_CLOEXEC);

	NEED(fd >= 0 && fstat(fd, &st) == 0);
	printf("%o %d %d\n", st.st_mode, (int)st.st_nlink, (int)st.st_size);
	TELL(fcntl(fd, F_GETFD));
	TELL(write(fd, "content", 7));
	TELL(ftruncate(fd, 10000));
	p = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	p[0] = 'C';
	TELL(pread(fd, buffer, 7, 0));
	printf("%.7s\n", buffer);
	TELL(memfd_create("", 0x100));
	memset(buffer, 'x', sizeof(buffer));
	{
		char name[300];

		memset(name, 'x', sizeof(name));
		name[250] = 0;
		TELL(memfd_create(name, 0));
		name[249] = 0;
		TELL(memfd_create(name, 0) >= 0);
	}
}

struct statx_time {
	int64_t seconds;
	uint32_t nanoseconds, unused;
};

struct statx_answer {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, unused;
	uint64_t ino, size, blocks, attributes_mask;
	struct statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t more[14];
};

static void attributes(void)
{
	struct timeval times[2] = {{1000, 500000}, {2000, 250000}};
	struct utimbuf old = {3000, 4000};
	struct statx_answer x;
	struct stat st;

	umask(022);
	close(open("file", O_RDWR | O_CREAT, 0644));
	TELL(truncate("file", 12345));
	TELL(syscall(SYS_utimes, "file", times));
	TELL(syscall(SYS_statx, AT_FDCWD, "file", 0, 0x7ff, &x));
	NEED(stat("file", &st) == 0);
	printf("%o %u %d, %d %u, %d %u\n", x.mode, x.nlink, (int)x.size,
	       (int)x.atime.seconds, x.atime.nanoseconds, (int)x.mtime.seconds,
	       x.mtime.nanoseconds);
	printf("%d %d %d %d\n", x.ino == st.st_ino,
	       x.blocks == (uint64_t)st.st_blocks,
	       x.uid == st.st_uid && x.gid == st.st_gid,
	       (x.mask & 0x7ff) == 0x7ff);
	TELL(syscall(SYS_utime, "file", &old));
	TELL(syscall(SYS_statx, AT_FDCWD, "file", 0x2000, 0x7ff, &x));
	printf("%d %d\n", (int)x.atime.seconds, (int)x.mtime.seconds);
	times[0].tv_usec = 1000000;
	TELL(syscall(SYS_utimes, "file", times));
	TELL(syscall(SYS_statx, AT_FDCWD, "none", 0, 0x7ff, &x));
	TELL(syscall(SYS_statx, AT_FDCWD, "file", 0x6000, 0x7ff, &x));
	TELL(syscall(SYS_statx, AT_FDCWD, "file", 0, 0x80000000, &x));
	TELL(syscall(SYS_statx, AT_FDCWD, "", 0, 0x7ff, &x));
	TELL(syscall(SYS_statx, open("file", O_RDONLY), "", AT_EMPTY_PATH,
		     0x7ff, &x));
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	NEED(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
	return t.tv_sec * 1000 * MS + t.tv_nsec;
}

static void spin(int64_t ns)
{
	int64_t end = cpu_ns() + ns;

	while (cpu_ns() < end)
		;
}

/* What is slept is no time of the CPU, what is computed is. */
static void times_used(void)
{
	int64_t start = cpu_ns(), slept;
	clock_t ticks = clock();
	struct rusage before, after;
	struct timespec t = {0, 300 * MS};
	struct tms tms;
	long real = times(&tms), since;

	NEED(getrusage(RUSAGE_SELF, &before) == 0);
	nanosleep(&t, NULL);
	slept = cpu_ns() - start;
	TELL(slept < 150 * MS);
	since = times(&tms) - real;
	TELL(since >= 29);
	spin(250 * MS);
	TELL(clock() - ticks >= 250000);
	NEED(getrusage(RUSAGE_SELF, &after) == 0);
	TELL((after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 +
		     after.ru_utime.tv_usec - before.ru_utime.tv_usec +
		     (after.ru_stime.tv_sec - before.ru_stime.tv_sec) *
			     1000000 +
		     after.ru_stime.tv_usec - before.ru_stime.tv_usec >=
	     240000);
	times(&tms);
	TELL(tms.tms_utime + tms.tms_stime >= 24);
	TELL(tms.tms_cutime + tms.tms_cstime);
	TELL(getrusage(RUSAGE_CHILDREN, &after));
	TELL(after.ru_utime.tv_sec);
	TELL(getrusage(77, &after));
	TELL(after.ru_maxrss >= 0);
}

static void *spinner(void *unused)
{
	struct rusage used;

	spin(200 * MS);
	NEED(getrusage(RUSAGE_THREAD, &used) == 0);
	TELL(used.ru_utime.tv_sec + used.ru_stime.tv_sec > 0 ||
	     used.ru_utime.tv_usec + used.ru_stime.tv_usec >= 150000);
	return unused;
}

static int64_t ns_of_clock(clockid_t clock)
{
	struct timespec t;

	NEED(clock_gettime(clock, &t) == 0);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* A thread computes, another one sleeps: each has a time of its own. */
static void times_of_threads(void)
{
	clockid_t its, mine;
	pthread_t thread;

	NEED(pthread_create(&thread, NULL, spinner, NULL) == 0);
	TELL(pthread_getcpuclockid(thread, &its));
	usleep(120000);
	TELL(ns_of_clock(its) > 0);
	TELL(pthread_join(thread, NULL));
	TELL(pthread_getcpuclockid(pthread_self(), &mine));
	TELL(ns_of_clock(mine) < 100 * MS);
	TELL(ns_of_clock(CLOCK_THREAD_CPUTIME_ID) < 100 * MS);
	TELL(ns_of_clock(CLOCK_PROCESS_CPUTIME_ID) >= 150 * MS);
	TELL(clock_getcpuclockid(0, &mine));
	TELL(ns_of_clock(mine) >= 150 * MS);
	TELL(clock_gettime((-4000000 - 1) * 8 + 6, &(struct timespec){0}));
}

static void alarms(void)
{
	TELL(syscall(SYS_alarm, 100));
	usleep(20000);
	TELL(syscall(SYS_alarm, 5));
	TELL(alarm(0));
	TELL(syscall(SYS_alarm, 0));
}

static void self(void)
{
	char name[32] = "";
	struct sysinfo info;

	TELL(prctl(PR_SET_NAME, "a name that is too long"));
	TELL(prctl(PR_GET_NAME, name));
	puts(name);
	TELL(prctl(PR_SET_NAME, "short"));
	TELL(prctl(PR_GET_NAME, name));
	puts(name);
	TELL(prctl(PR_SET_DUMPABLE, 7));
	TELL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	TELL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	TELL(prctl(99999, 0, 0, 0, 0));
	TELL(syscall(SYS_personality, 0xffffffffUL));
	TELL(sysinfo(&info));
	TELL(info.totalram >= info.freeram && info.freeram > 0);
	TELL(info.mem_unit);
	TELL(info.procs >= 1);
	TELL(wait(NULL));
	TELL(waitpid(1234, NULL, WNOHANG));
	TELL(syscall(SYS_clock_settime, 99, NULL) == -1);
	TELL(getpgrp() == getpgid(0));
	TELL(getsid(0) == getsid(getpid()));
	TELL(getpgid(99999999));
	TELL(setpgid(0, -1));
}

static void memory(void)
{
	unsigned char there[4];
	void *p;
	char *pages = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(pages != MAP_FAILED);
	memset(pages, 1, 4 * 4096L);
	TELL(mlock(pages, 4096));
	TELL(munlock(pages, 4096));
	TELL(mlockall(0));
	TELL(mincore(pages, 4 * 4096L, there));
	printf("%d%d%d%d\n", there[0] & 1, there[1] & 1, there[2] & 1,
	       there[3] & 1);
	TELL(mincore(pages + 1, 4096, there));
	munmap(pages + 4096, 4096);
	TELL(mincore(pages, 2 * 4096L, there));
	TELL(posix_memalign(&p, 3, 100));
	for (size_t align = 8; align <= 65536; align *= 2) {
		NEED(posix_memalign(&p, align, 100) == 0);
		NEED((uintptr_t)p % align == 0);
		free(p);
	}
	p = aligned_alloc(4096, 8192);
	TELL((uintptr_t)p % 4096);
}

static void text(void)
{
	char in[] = "gr\xc3\xbc\xc3\x9f", out[32] = "";
	char *from = in, *to = out;
	size_t left = sizeof(in), room = sizeof(out);
	iconv_t cd = iconv_open("LATIN1", "UTF-8");
	wchar_t wide[10];

	NEED(cd != (iconv_t)-1);
	TELL(iconv(cd, &from, &left, &to, &room));
	for (const char *c = out; *c; c++)
		printf("%02x ", (unsigned char)*c);
	printf("\n");
	TELL(iconv_close(cd));
	TELL(iconv_open("NO-SUCH", "UTF-8") == (iconv_t)-1);
	puts(setlocale(LC_ALL, ""));
	TELL(setlocale(LC_ALL, "C.UTF-8") != NULL);
	TELL(mbstowcs(wide, in, 10));
	printf("%x\n", (unsigned)wide[2]);
	printf("%.2f %'d\n", 1234.5, 1234567);
}

static jmp_buf here;
static sigjmp_buf there;

static int jump(volatile int depth)
{
	if (depth == 0)
		longjmp(here, 42);
	return depth < 0 ? depth : jump(depth - 1) + 1;
}

static void jumps(void)
{
	volatile int times = 0;
	int n = setjmp(here);

	printf("%d\n", n);
	if (n == 0)
		printf("%d\n", jump(50));
	n = sigsetjmp(there, 1);
	printf("%d\n", n);
	times++;
	if (times < 3)
		siglongjmp(there, times == 1 ? 0 : 7);
}

int main(int argc, char **argv)
{
	static const struct events_case cases[] = {
		{"limits", limits},
		{"descriptors", descriptors},
		{"memory_files", memory_files},
		{"attributes", attributes},
		{"times_used", times_used},
		{"times_of_threads", times_of_threads},
		{"alarms", alarms},
		{"self", self},
		{"memory", memory},
		{"text", text},
		{"jumps", jumps},
		{NULL, NULL},
	};

	return events_main(argc, argv, cases);
}
