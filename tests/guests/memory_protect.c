/* SPDX-License-Identifier: ISC */
/*
 * What memory may be used for: `memory_protect AREA`. Runs in a VM and on
 * Linux, and prints the same in both.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE  4096UL
#define PAGES 256

static sigjmp_buf back;
static volatile uintptr_t fault_at;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	fault_at = (uintptr_t)info->si_addr;
	siglongjmp(back, 1);
}

static void catch_faults(void)
{
	struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	sigaction(SIGSEGV, &a, NULL);
}

static int can_read(volatile char *p)
{
	if (sigsetjmp(back, 1)) {
		if (fault_at != (uintptr_t)p)
			puts("a wrong address");
		return 0;
	}
	(void)*p;
	return 1;
}

static int can_write(volatile char *p)
{
	if (sigsetjmp(back, 1)) {
		if (fault_at != (uintptr_t)p)
			puts("a wrong address");
		return 0;
	}
	*p = *p;
	return 1;
}

static void show(const char *what, char *p, unsigned pages)
{
	printf("%s ", what);
	for (unsigned i = 0; i < pages; i++)
		putchar(!can_read(p + i * PAGE)	  ? '-'
			: can_write(p + i * PAGE) ? 'w'
						  : 'r');
	puts("");
}

static char *map(size_t bytes, int protection)
{
	char *p = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	return p == MAP_FAILED ? NULL : p;
}

static void area_simple(void)
{
	char *p = map(8 * PAGE, PROT_READ | PROT_WRITE);

	memset(p, 7, 8 * PAGE);
	show("fresh", p, 8);
	mprotect(p + PAGE, 2 * PAGE, PROT_READ);
	mprotect(p + 4 * PAGE, 2 * PAGE, PROT_NONE);
	show("some", p, 8);
	mprotect(p + 2 * PAGE, 3 * PAGE, PROT_READ | PROT_WRITE);
	show("less", p, 8);
	mprotect(p, 8 * PAGE, PROT_READ | PROT_WRITE);
	show("all", p, 8);
	printf("kept %d\n", p[PAGE] + p[4 * PAGE] + p[5 * PAGE]);
	munmap(p, 8 * PAGE);
	p = map(8 * PAGE, PROT_NONE);
	show("none", p, 8);
	mprotect(p + PAGE, 6 * PAGE, PROT_READ | PROT_WRITE);
	show("middle", p, 8);
	printf("zero %d\n", p[PAGE] + p[6 * PAGE]);
	munmap(p, 8 * PAGE);
	p = map(8 * PAGE, PROT_READ);
	show("read", p, 8);
	printf("zero %d\n", p[0]);
	munmap(p, 8 * PAGE);
	p = map(8 * PAGE, PROT_READ | PROT_WRITE);
	show("again", p, 8);
	p[0] = 9;
	mprotect(p, 8 * PAGE, PROT_READ);
	p = mremap(p, 8 * PAGE, 2000 * PAGE, MREMAP_MAYMOVE);
	printf("moved %d\n", p != MAP_FAILED && p[0] == 9);
	show("moved", p + 4 * PAGE, 8);
	munmap(p, 2000 * PAGE);
	p = map(4 * PAGE, PROT_NONE);
	p = mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	show("fixed", p - PAGE, 4);
	mmap(p, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	     0);
	show("none", p - PAGE, 4);
	printf("%d", mprotect(p + 1, PAGE, PROT_READ));
	printf(" %d\n", errno == EINVAL);
}

static unsigned random_next(void)
{
	static uint64_t state = 3;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state >> 33);
}

static void area_random(void)
{
	static const int kinds[] = {PROT_NONE, PROT_READ,
				    PROT_READ | PROT_WRITE};
	char *p = map(PAGES * PAGE, PROT_READ | PROT_WRITE);
	unsigned sum = 0;

	for (unsigned i = 0; i < PAGES; i++)
		p[i * PAGE] = (char)i;
	for (unsigned i = 0; i < 200; i++) {
		unsigned from = random_next() % PAGES;
		unsigned n = 1 + random_next() % (PAGES - from) % 40;
		int kind = kinds[random_next() % 3];

		if (i % 7 == 6)
			mmap(p + from * PAGE, n * PAGE, kind,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		else if (i % 7 == 5)
			madvise(p + from * PAGE, n * PAGE, MADV_DONTNEED);
		else
			mprotect(p + from * PAGE, n * PAGE, kind);
	}
	for (unsigned i = 0; i < PAGES; i += 64)
		show("pages", p + i * PAGE, 64);
	mprotect(p, PAGES * PAGE, PROT_READ);
	for (unsigned i = 0; i < PAGES; i++)
		sum = sum * 31 + (unsigned char)p[i * PAGE];
	printf("contents %u\n", sum);
}

/* What was given back comes back zeroed and free of what it was before. */
static void area_reuse(void)
{
	for (unsigned i = 0; i < 300; i++) {
		char *p = map(16 * PAGE,
			      i % 3 ? PROT_READ | PROT_WRITE : PROT_NONE);

		if (i % 3 == 0)
			mprotect(p + PAGE, 15 * PAGE, PROT_READ | PROT_WRITE);
		for (unsigned j = 1; j < 16; j++) {
			if (p[j * PAGE])
				puts("not zero");
			p[j * PAGE] = 1;
		}
		if (i % 3 == 1)
			mprotect(p + 3 * PAGE, 5 * PAGE, PROT_READ);
		munmap(p, 16 * PAGE);
	}
	for (unsigned i = 0; i < 100; i++) {
		char *p = malloc(i * 5000 + 1);

		memset(p, 1, i * 5000 + 1);
		free(p);
	}
	puts("done");
}

static void *use_stack(void *bytes)
{
	char here[512];

	memset(here, 1, sizeof(here));
	return (char *)bytes + here[7] - 1;
}

static void area_threads(void)
{
	pthread_attr_t a;
	void *got;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 65536);
	for (unsigned i = 0; i < 200; i++) {
		pthread_t t[4];

		for (unsigned j = 0; j < 4; j++)
			pthread_create(&t[j], i % 2 ? &a : NULL, use_stack, &a);
		for (unsigned j = 0; j < 4; j++) {
			pthread_join(t[j], &got);
			if (got != &a)
				puts("wrong");
		}
	}
	puts("done");
}

static void area_file(void)
{
	char name[] = "/tmp/protectXXXXXX";
	int fd = mkstemp(name);
	char *p;

	if (fd < 0 || write(fd, "contents", 8) != 8) {
		perror(name);
		return;
	}
	unlink(name);
	p = mmap(NULL, 8, PROT_READ, MAP_PRIVATE, fd, 0);
	printf("%.8s\n", p);
	show("private", p, 1);
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	p[0] = 'C';
	show("both", p, 1);
	printf("%.8s\n", p);
	close(fd);
}

#define ALIGNED __attribute__((aligned(4096)))

static ALIGNED char data[4 * PAGE] = {1, 2, 3};
static ALIGNED char bss[4 * PAGE];
static const ALIGNED char constant[4 * PAGE] = {4, 5, 6};

/* What was there from the start: data, constants, and main's stack. */
static void area_image(void)
{
	ALIGNED char stack[8 * PAGE];

	memset(stack, 7, sizeof(stack));
	printf("%d", mprotect(data + PAGE, PAGE, PROT_READ));
	printf(" %d\n", mprotect(data + 2 * PAGE, PAGE, PROT_NONE));
	show("data", data, 4);
	printf("%d\n", mprotect(data, 4 * PAGE, PROT_READ | PROT_WRITE));
	show("data", data, 4);
	printf("%d\n", mprotect(bss, 3 * PAGE, PROT_READ));
	show("bss", bss, 4);
	printf("%d\n", mprotect(bss + PAGE, PAGE, PROT_WRITE));
	show("bss", bss, 4);
	printf("%d\n", mprotect((char *)constant, PAGE, PROT_NONE));
	show("constants", (char *)constant, 4);
	printf("%d\n", mprotect((char *)constant, PAGE, PROT_READ));
	show("constants", (char *)constant, 4);
	printf("%d", mprotect(stack + PAGE, 2 * PAGE, PROT_READ));
	printf(" %d\n", mprotect(stack + 4 * PAGE, PAGE, PROT_NONE));
	show("stack", stack, 8);
	printf("%d\n", mprotect(stack, 8 * PAGE, PROT_READ | PROT_WRITE));
	show("stack", stack, 8);
	printf("kept %d %d %d\n", data[1], constant[2], stack[4 * PAGE]);
}

static void fails(const char *what, int got)
{
	int err = errno;

	printf("%s: %d %s\n", what, got, got < 0 ? strerror(err) : "");
}

static void area_refused(void)
{
	char *p = map(4 * PAGE, PROT_READ | PROT_WRITE);

	munmap(p + PAGE, PAGE);
	fails("first page", mprotect(NULL, PAGE, PROT_READ));
	fails("hole", mprotect(p + PAGE, PAGE, PROT_READ));
	fails("across a hole", mprotect(p, 4 * PAGE, PROT_READ));
	fails("no pages", mprotect(p, 0, PROT_READ));
	fails("too many", mprotect(p, SIZE_MAX, PROT_READ));
	fails("half a page", mprotect(p + 1, PAGE, PROT_READ));
}

/* Here alone: what is not executable or writable never becomes it. */
static void area_executable(void)
{
	char *p = map(PAGE, PROT_READ | PROT_WRITE);
	char *text = (char *)((uintptr_t)can_read & ~(PAGE - 1));

	fails("heap", mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	fails("data", mprotect(data, PAGE, PROT_READ | PROT_EXEC));
	fails("stack", mprotect((char *)((uintptr_t)&p & ~(PAGE - 1)), PAGE,
				PROT_READ | PROT_WRITE | PROT_EXEC));
	fails("mapped", map(PAGE, PROT_READ | PROT_EXEC) ? 0 : -1);
	fails("constants",
	      mprotect((char *)constant, PAGE, PROT_READ | PROT_WRITE));
	fails("code", mprotect(text, PAGE, PROT_READ | PROT_WRITE));
	fails("code as it is", mprotect(text, PAGE, PROT_READ | PROT_EXEC));
}

/* A program that protects all of its data takes nothing from the runtime. */
static void area_all_data(void)
{
	extern char __bss_start[], _end[];
	uintptr_t start = (uintptr_t)__bss_start & ~(PAGE - 1);

	mprotect((char *)start, (uintptr_t)_end - start, PROT_READ);
	if (write(1, "protected\n", 10) != 10)
		return;
	mprotect((char *)start, (uintptr_t)_end - start,
		 PROT_READ | PROT_WRITE);
	puts("done");
}

/* What is shared with a file, which is written to by other ways meanwhile. */
static void area_shared(void)
{
	char name[] = "/tmp/sharedXXXXXX", buffer[8];
	int fd = mkstemp(name), reads = open(name, O_RDONLY);
	char *p, *q;

	if (fd < 0 || ftruncate(fd, 3 * PAGE)) {
		perror(name);
		return;
	}
	p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	show("to read", p, 3);
	fails("write", (int)pwrite(fd, "written", 8, 100));
	printf("%s\n", p + 100);
	fails("cut", ftruncate(fd, 102));
	fails("longer", ftruncate(fd, 3 * PAGE));
	printf("%s %d\n", p + 100, p[105]);
	show("to read", p, 3);
	fails("protect", mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE));
	show("one", p, 3);
	strcpy(p + PAGE, "mapped");
	fails("protect", mprotect(p, 3 * PAGE, PROT_READ));
	show("none", p, 3);
	fails("read", (int)pread(fd, buffer, 7, PAGE));
	printf("%.7s\n", buffer);
	fails("sync", msync(p, 3 * PAGE, MS_SYNC));
	munmap(p, 3 * PAGE);
	q = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, reads, 0);
	fails("protect", mprotect(q, PAGE, PROT_READ | PROT_WRITE));
	show("to read", q, 3);
	munmap(q, 3 * PAGE);
	p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	show("both", p, 3);
	printf("%s %s\n", p + 100, p + PAGE);
	unlink(name);
}

static volatile uintptr_t deep;

static __attribute__((noinline)) int overflow(int n)
{
	char page[512];

	page[0] = (char)n;
	deep = (uintptr_t)page;
	return n < 1 << 24 ? overflow(n + 1) + (int)(deep & 1) + page[0] : 0;
}

static void *overflow_thread(void *unused)
{
	printf("%d\n", overflow(0));
	return unused;
}

static void area_overflow(void)
{
	pthread_t t;

	pthread_create(&t, NULL, overflow_thread, NULL);
	pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
	const struct {
		const char *name;
		void (*run)(void);
	} areas[] = {
		{"simple", area_simple},     {"random", area_random},
		{"reuse", area_reuse},	     {"threads", area_threads},
		{"overflow", area_overflow}, {"file", area_file},
		{"image", area_image},	     {"shared", area_shared},
		{"refused", area_refused},   {"executable", area_executable},
		{"all-data", area_all_data},
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "overflow"))
		catch_faults();
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
		if (argc > 1 && !strcmp(argv[1], areas[i].name))
			areas[i].run();
	return 0;
}
