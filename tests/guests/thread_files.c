/* SPDX-License-Identifier: ISC */
/*
 * Threads and descriptors: see tests/threads.bats. The variable DIRECTORY says
 * where files may be made.
 */
#include "threads.h"

#include <fcntl.h>
#include <semaphore.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

static sem_t started;
static int first, second;

static void open_two(void)
{
	first = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	second = open("file", O_RDWR);
	NEED(first >= 0 && second >= 0);
}

static void *lock_second(void *how)
{
	sem_post(&started);
	DOE(flock(second, (int)(intptr_t)how));
	puts("the second has it");
	DOE(flock(second, LOCK_UN));
	return NULL;
}

static void whole(void)
{
	pthread_t t;

	open_two();
	DOE(flock(first, LOCK_EX));
	DOE(flock(second, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK ? 0
									 : -1);
	t = start(lock_second, (void *)LOCK_EX);
	sem_wait(&started);
	nap_ms(30);
	puts("the first gives it up");
	NEED(!flock(first, LOCK_UN));
	joined(t);
	/* By closing. */
	DOE(flock(first, LOCK_EX));
	t = start(lock_second, (void *)LOCK_SH);
	sem_wait(&started);
	nap_ms(30);
	puts("the first is closed");
	NEED(!close(first));
	joined(t);
	/* By sharing it. */
	first = open("file", O_RDWR);
	DOE(flock(first, LOCK_EX));
	t = start(lock_second, (void *)LOCK_SH);
	sem_wait(&started);
	nap_ms(30);
	puts("the first shares it");
	NEED(!flock(first, LOCK_SH));
	joined(t);
}

static int set_range(int fd, int command, short type, off_t from, off_t bytes)
{
	struct flock l = {.l_type = type,
			  .l_whence = SEEK_SET,
			  .l_start = from,
			  .l_len = bytes};

	return fcntl(fd, command, &l);
}

static void *lock_range(void *unused)
{
	sem_post(&started);
	DOE(set_range(second, F_OFD_SETLKW, F_WRLCK, 5, 10));
	puts("the second has it");
	return unused;
}

static void ranges(void)
{
	pthread_t t;

	open_two();
	DOE(set_range(first, F_OFD_SETLK, F_WRLCK, 0, 10));
	DOE(set_range(second, F_OFD_SETLK, F_WRLCK, 10, 10));
	DOE(set_range(second, F_OFD_SETLK, F_WRLCK, 9, 1));
	t = start(lock_range, NULL);
	sem_wait(&started);
	nap_ms(30);
	puts("the first gives up what is not enough");
	DOE(set_range(first, F_OFD_SETLK, F_UNLCK, 0, 5));
	nap_ms(30);
	puts("the first gives it up");
	NEED(!set_range(first, F_OFD_SETLK, F_UNLCK, 5, 5));
	joined(t);
}

static void *wait_for_lock(void *unused)
{
	sem_post(&started);
	flock(second, LOCK_EX);
	return unused;
}

/* Whoever waits for a lock is not cancelled by that. */
static void close_both(void)
{
	pthread_t t;

	open_two();
	DOE(flock(first, LOCK_EX));
	t = start(wait_for_lock, NULL);
	sem_wait(&started);
	nap_ms(20);
	DOE(close(second));
	nap_ms(20);
	NEED(!close(first));
	joined(t);
	first = open("file", O_RDWR);
	DOE(flock(first, LOCK_EX | LOCK_NB));
}

static int ends[2];

static void *read_all(void *unused)
{
	char buffer[100];
	ssize_t n;
	long sum = 0;

	sem_post(&started);
	while ((n = read(ends[0], buffer, sizeof(buffer))) > 0)
		sum += n;
	printf("read %ld bytes, then %zd\n", sum, n);
	return unused;
}

/* Through a pipe, with the end closed while it is read from. */
static void pipes(void)
{
	char data[5000] = {0};
	pthread_t t;

	NEED(!pipe(ends));
	t = start(read_all, NULL);
	sem_wait(&started);
	for (int i = 0; i < 100; i++)
		NEED(write(ends[1], data, sizeof(data)) == sizeof(data));
	nap_ms(20);
	NEED(!close(ends[1]));
	joined(t);
	DOE(close(ends[0]));
	/* The reader's descriptor is closed, and its file lives on. */
	NEED(!pipe(ends));
	t = start(read_all, NULL);
	sem_wait(&started);
	nap_ms(200);
	DOE(close(ends[0]));
	NEED(write(ends[1], data, 10) == 10);
	nap_ms(20);
	joined(t);
}

static void *post_named(void *unused)
{
	sem_t *s = sem_open("/hvt-test", 0);

	NEED(s != SEM_FAILED);
	nap_ms(20);
	DOE(sem_post(s));
	DOE(sem_close(s));
	return unused;
}

static void named(void)
{
	sem_t *s;
	int fd;
	char *p;

	sem_unlink("/hvt-test");
	DOE(sem_open("/hvt-test", 0) == SEM_FAILED ? -1 : 0);
	s = sem_open("/hvt-test", O_CREAT | O_EXCL, 0600, 0);
	NEED(s != SEM_FAILED);
	joined(start(post_named, NULL));
	DOE(sem_wait(s));
	DOE(sem_unlink("/hvt-test"));
	nap_ms(20);
	shm_unlink("/hvt-shm");
	fd = shm_open("/hvt-shm", O_RDWR | O_CREAT | O_EXCL, 0600);
	NEED(fd >= 0);
	DOE(ftruncate(fd, 10000));
	p = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	strcpy(p + 9000, "shared");
	NEED(lseek(fd, 9000, SEEK_SET) == 9000);
	{
		char back[7] = "";

		NEED(read(fd, back, 7) == 7);
		puts(back);
	}
	DOE(shm_unlink("/hvt-shm"));
}

int main(int argc, char **argv)
{
	static const struct thread_case cases[] = {
		{"whole", whole},	    {"ranges", ranges},
		{"close_both", close_both}, {"pipes", pipes},
		{"named", named},	    {0},
	};

	if (getenv("DIRECTORY"))
		NEED(!chdir(getenv("DIRECTORY")));
	sem_init(&started, 0, 0);
	return thread_main(argc, argv, cases);
}
