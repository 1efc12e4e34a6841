/* SPDX-License-Identifier: ISC */
/* What each thread has for itself: see tests/threads.bats. */
#include "threads.h"

#include <fenv.h>
#include <limits.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>

static _Thread_local int number = 7;
static _Thread_local int zero;
static _Thread_local _Alignas(256) char aligned[300] = "aligned";
static _Thread_local char large[100000];

static void *check_tls(void *n)
{
	NEED(number == 7 && zero == 0 && !strcmp(aligned, "aligned"));
	NEED((uintptr_t)aligned % 256 == 0);
	for (size_t i = 0; i < sizeof(large); i++)
		NEED(large[i] == 0);
	number = zero = (int)(intptr_t)n;
	memset(large, (int)(intptr_t)n, sizeof(large));
	nap_ms(10);
	NEED(number == (int)(intptr_t)n && zero == number);
	for (size_t i = 0; i < sizeof(large); i++)
		NEED(large[i] == (char)(intptr_t)n);
	return &number;
}

static void tls(void)
{
	pthread_t t[20];

	for (int round = 0; round < 3; round++) {
		for (intptr_t i = 0; i < (intptr_t)COUNT(t); i++)
			t[i] = start(check_tls, (void *)(i + 1));
		for (size_t i = 0; i < COUNT(t); i++)
			NEED(joined(t[i]) != &number);
	}
	printf("%d %d %s\n", number, zero, aligned);
}

static pthread_key_t a, b, again;
static int destroyed_a, destroyed_again;

static void destroy_a(void *value)
{
	destroyed_a += (int)(intptr_t)value;
}

/* Comes back as often as it may. */
static void destroy_again(void *value)
{
	destroyed_again++;
	pthread_setspecific(again, value);
}

static void *use_keys(void *n)
{
	NEED(!pthread_getspecific(a) && !pthread_getspecific(b));
	NEED(!pthread_setspecific(a, n) && !pthread_setspecific(b, n));
	NEED(!pthread_setspecific(again, n));
	sched_yield();
	NEED(pthread_getspecific(a) == n && pthread_getspecific(b) == n);
	return NULL;
}

static void keys(void)
{
	pthread_t t[10];
	pthread_key_t k[PTHREAD_KEYS_MAX];
	int made = 0;

	DO(pthread_key_create(&a, destroy_a));
	DO(pthread_key_create(&b, NULL));
	DO(pthread_key_create(&again, destroy_again));
	for (intptr_t i = 0; i < (intptr_t)COUNT(t); i++)
		t[i] = start(use_keys, (void *)(i + 1));
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
	printf("%d %d\n", destroyed_a, destroyed_again);
	DO(pthread_key_delete(b));
	while (made < PTHREAD_KEYS_MAX && !pthread_key_create(&k[made], NULL))
		made++;
	printf("%d more\n", made);
	DO(pthread_key_create(&b, NULL));
}

static void *fail_calls(void *n)
{
	for (int i = 0; i < 1000; i++) {
		errno = (int)(intptr_t)n;
		sched_yield();
		NEED(errno == (int)(intptr_t)n);
	}
	return NULL;
}

static void errnos(void)
{
	pthread_t t[8];

	for (intptr_t i = 0; i < (intptr_t)COUNT(t); i++)
		t[i] = start(fail_calls, (void *)(i + 1));
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
}

static void *round_like(void *mode)
{
	volatile double one = 1, three = 3;
	volatile long double x;

	printf("inherited %d\n", fegetround() == FE_DOWNWARD);
	fesetround((int)(intptr_t)mode);
	for (int i = 0; i < 200; i++) {
		sched_yield();
		NEED(fegetround() == (int)(intptr_t)mode);
		NEED(fetestexcept(FE_DIVBYZERO) == 0);
	}
	x = one / three;
	printf("%d %.20f %.20Lf\n", (int)(intptr_t)mode, one / three, x);
	return NULL;
}

/* Each thread has its own modes of rounding, the creator's at first. */
static void rounding(void)
{
	const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO};
	pthread_t t[COUNT(modes)];

	fesetround(FE_DOWNWARD);
	for (size_t i = 0; i < COUNT(modes); i++) {
		t[i] = start(round_like, (void *)(intptr_t)modes[i]);
		joined(t[i]);
	}
	printf("%d\n", fegetround() == FE_DOWNWARD);
}

static volatile int stop;

/* Registers that nobody but this loop changes. */
static void *compute(void *seed)
{
	double d = (double)(intptr_t)seed, e = d * 2, f = d * 3;
	long double l = (long double)d;
	uint64_t i = (uint64_t)(intptr_t)seed, n = 0;

	while (!stop || n < 1000) {
		d = d * 1.0000001 + 1;
		e = e * 1.0000001 + 2;
		f = f * 1.0000001 + 3;
		l = l * 1.0000001L + 1;
		i = i * 6364136223846793005 + 1442695040888963407;
		/* Undone, so that any slip shows. */
		i = (i - 1442695040888963407) * 13877824140714322085U;
		f = (f - 3) / 1.0000001;
		e = (e - 2) / 1.0000001;
		d = (d - 1) / 1.0000001;
		l = (l - 1) / 1.0000001L;
		NEED(i == (uint64_t)(intptr_t)seed);
		NEED(d > (double)(intptr_t)seed - 0.5 &&
		     d < (double)(intptr_t)seed + 0.5);
		NEED(e > 2 * d - 0.5 && e < 2 * d + 0.5);
		NEED(f > 3 * d - 0.5 && f < 3 * d + 0.5);
		NEED(l > (long double)d - 0.5L && l < (long double)d + 0.5L);
		d = (double)(intptr_t)seed;
		e = d * 2;
		f = d * 3;
		l = (long double)d;
		n++;
	}
	return NULL;
}

static void registers(void)
{
	pthread_t t[6];

	for (intptr_t i = 0; i < (intptr_t)COUNT(t); i++)
		t[i] = start(compute, (void *)(i * 1000 + 1000));
	nap_ms(500);
	stop = 1;
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
}

static void *show_mask(void *unused)
{
	sigset_t set;

	pthread_sigmask(SIG_BLOCK, NULL, &set);
	printf("inherited %d %d\n", sigismember(&set, SIGUSR1),
	       sigismember(&set, SIGUSR2));
	sigfillset(&set);
	DO(pthread_sigmask(SIG_SETMASK, &set, NULL));
	return unused;
}

static void masks(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	DO(pthread_sigmask(SIG_BLOCK, &set, NULL));
	joined(start(show_mask, NULL));
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	printf("kept %d %d\n", sigismember(&set, SIGUSR1),
	       sigismember(&set, SIGUSR2));
}

static void *use_locale(void *unused)
{
	locale_t l = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);

	NEED(l);
	uselocale(l);
	printf("%zu\n", (size_t)MB_CUR_MAX);
	return unused;
}

static void locales(void)
{
	printf("%zu\n", (size_t)MB_CUR_MAX);
	joined(start(use_locale, NULL));
	printf("%zu\n", (size_t)MB_CUR_MAX);
}

int main(int argc, char **argv)
{
	static const struct thread_case cases[] = {
		{"tls", tls},
		{"keys", keys},
		{"errnos", errnos},
		{"rounding", rounding},
		{"registers", registers},
		{"masks", masks},
		{"locales", locales},
		{0},
	};

	return thread_main(argc, argv, cases);
}
