/* SPDX-License-Identifier: ISC */
/*
 * What the linker and the C library prepare: static data, thread-local
 * variables, constructors and destructors.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef TBSS_BYTES
#define TBSS_BYTES (1 << 20)
#endif

#ifndef BSS_BYTES
#define BSS_BYTES (1 << 16)
#endif

static char bss[BSS_BYTES];
static int data[4] = {1, 2, 3, 4};
static int *const relocated = &data[2];
static const char *strings[] = {"alpha", "beta"};

static _Thread_local int tls_data = 42;
static _Thread_local int tls_zero;
static _Thread_local _Alignas(64) char tls_aligned[64] = "aligned";
static _Thread_local char tls_large[TBSS_BYTES];
static _Thread_local _Alignas(4096) char tls_page[8];

/* Neither in the order in which they run. */
__attribute__((constructor(102))) static void second(void)
{
	printf("constructor 102\n");
}

__attribute__((constructor)) static void last(void)
{
	printf("constructor\n");
}

__attribute__((constructor(101))) static void first(void)
{
	printf("constructor 101\n");
}

__attribute__((destructor(102))) static void destructor_second(void)
{
	printf("destructor 102\n");
}

__attribute__((destructor)) static void destructor_first(void)
{
	printf("destructor\n");
}

__attribute__((destructor(101))) static void destructor_last(void)
{
	printf("destructor 101\n");
}

static void at_exit_1(void)
{
	printf("atexit 1\n");
}

static void at_exit_2(void)
{
	printf("atexit 2\n");
}

static int is_zero(const char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i])
			return 0;
	return 1;
}

static int check_static(void)
{
	if (!is_zero(bss, sizeof(bss)))
		return 10;
	memset(bss, 0xa5, sizeof(bss));
	if (data[0] != 1 || data[3] != 4 || *relocated != 3)
		return 11;
	*relocated = 33;
	if (data[2] != 33 || strcmp(strings[1], "beta"))
		return 12;
	return 0;
}

static int check_tls(void)
{
	if (tls_data != 42 || tls_zero || strcmp(tls_aligned, "aligned"))
		return 20;
	if ((uintptr_t)tls_aligned % 64 || (uintptr_t)tls_page % 4096)
		return 21;
	if (!is_zero(tls_large, sizeof(tls_large)) || tls_page[7])
		return 22;
	memset(tls_large, 0x5a, sizeof(tls_large));
	tls_data++;
	tls_zero++;
	if (tls_data != 43 || tls_zero != 1 || strcmp(tls_aligned, "aligned"))
		return 23;
	return is_zero(bss, 1) ? 24 : 0;
}

int main(void)
{
	int bad = check_static();

	if (!bad)
		bad = check_tls();
	atexit(at_exit_1);
	atexit(at_exit_2);
	printf("main\n");
	return bad;
}
