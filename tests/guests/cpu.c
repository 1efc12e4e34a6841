/* SPDX-License-Identifier: ISC */
/*
 * Arithmetic and CPU features, one family per argument. Status 0: as expected;
 * 1: not, having said what; 77: this CPU has no such feature.
 */
#include <cpuid.h>
#include <fenv.h>
#include <float.h>
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SKIP 77

/* Volatile, so that nothing is computed at build time. */
static volatile double one = 1.0, three = 3.0, tiny = DBL_MIN;
static volatile long double one_l = 1.0L, three_l = 3.0L;

static int expect(int truth, const char *what)
{
	if (!truth)
		printf("wrong: %s\n", what);
	return !truth;
}
#define EXPECT(truth) expect((truth), #truth)

static int sse(void)
{
	double harmonic = 0, pi = 0;
	float single = 0;
	int64_t back;

	for (int i = 1; i <= 1000; i++)
		harmonic += one / i;
	for (int i = 0; i < 1000; i++)
		pi += (i % 2 ? -4 * one : 4 * one) / (2 * i + 1);
	for (int i = 1; i <= 100; i++)
		single += (float)one / (float)i;
	back = (int64_t)(1e15 * one / three);
	return EXPECT(harmonic == 0x1.df11f45f4e618p+2) |
	       EXPECT(pi == 0x1.91fef0a9265ebp+1) |
	       EXPECT(single == 0x1.4bfep+2f) |
	       EXPECT(sqrt(three - one) == 0x1.6a09e667f3bcdp+0) |
	       EXPECT(back == 333333333333333);
}

static int x87(void)
{
	long double pi, root, log;

	__asm__ volatile("fldpi" : "=t"(pi));
	__asm__ volatile("fsqrt" : "=t"(root) : "0"(three_l - one_l));
	__asm__ volatile("fldln2" : "=t"(log));
	return EXPECT(pi == 0xc.90fdaa22168c235p-2L) |
	       EXPECT(root == 0xb.504f333f9de6484p-3L) |
	       EXPECT(log == 0xb.17217f7d1cf79acp-4L);
}

static int long_double(void)
{
	char text[64];
	long double third = one_l / three_l;

	snprintf(text, sizeof(text), "%.25Lf", third);
	return EXPECT(LDBL_MANT_DIG == 64) |
	       EXPECT(one_l + LDBL_EPSILON > one_l) |
	       EXPECT((double)(one_l + LDBL_EPSILON) == 1.0) |
	       EXPECT(sizeof(long double) == 16) |
	       EXPECT(!strcmp(text, "0.3333333333333333333423684")) |
	       EXPECT(strtold("0.1", NULL) == 0.1L);
}

static int rounding(void)
{
	double up, down, nearest, zero;
	long double up_l, down_l;

	fesetround(FE_UPWARD);
	up = one / three;
	up_l = one_l / three_l;
	fesetround(FE_DOWNWARD);
	down = one / three;
	down_l = one_l / three_l;
	fesetround(FE_TOWARDZERO);
	zero = -one / three;
	fesetround(FE_TONEAREST);
	nearest = one / three;
	return EXPECT(up == 0x1.5555555555556p-2) |
	       EXPECT(down == 0x1.5555555555555p-2) |
	       EXPECT(zero == -0x1.5555555555555p-2) |
	       EXPECT(nearest == 0x1.5555555555555p-2) |
	       EXPECT(up_l - down_l == 0x1p-65L);
}

/* The mode belongs to the guest, whatever happens in the tender meanwhile. */
static int rounding_across_calls(void)
{
	struct timespec t = {.tv_nsec = 1000000};
	double up;

	fesetround(FE_UPWARD);
	nanosleep(&t, NULL);
	printf("%s", "");
	up = one / three;
	return EXPECT(fegetround() == FE_UPWARD) |
	       EXPECT(up == 0x1.5555555555556p-2);
}

static int exceptions(void)
{
	volatile double sink;
	int bad;

	feclearexcept(FE_ALL_EXCEPT);
	bad = EXPECT(!fetestexcept(FE_ALL_EXCEPT));
	sink = one / three;
	bad |= EXPECT(fetestexcept(FE_ALL_EXCEPT) == FE_INEXACT);
	sink = one / (one - one);
	bad |= EXPECT(fetestexcept(FE_DIVBYZERO)) | EXPECT(isinf(sink));
	sink = (one - one) / (one - one);
	bad |= EXPECT(fetestexcept(FE_INVALID)) | EXPECT(isnan(sink));
	sink = DBL_MAX * three;
	return bad | EXPECT(fetestexcept(FE_OVERFLOW)) | EXPECT(isinf(sink));
}

static int denormals(void)
{
	volatile double half = tiny / 2, least = 0x1p-1074;
	unsigned csr = _mm_getcsr();
	int bad = EXPECT(half > 0) | EXPECT(half * 2 == DBL_MIN) |
		  EXPECT(fpclassify(half) == FP_SUBNORMAL) | EXPECT(least > 0) |
		  EXPECT(least / 2 == 0);

	_mm_setcsr(csr | 0x8040); /* flush to zero, denormals are zero */
	half = tiny / 2;
	bad |= EXPECT(half == 0) | EXPECT(least * 4 == 0);
	_mm_setcsr(csr);
	return bad | EXPECT(tiny / 2 > 0);
}

__attribute__((target("avx"))) static int avx_kept(void)
{
	static float in[8] = {1, 2, 3, 4, 5, 6, 7, 8}, out[8];
	struct timespec t = {.tv_nsec = 1000000};

	/* Nothing between touches YMM15: a sleep is one hypercall. */
	__asm__ volatile("vmovups %0, %%ymm15" : : "m"(in) : "memory");
	nanosleep(&t, NULL);
	__asm__ volatile("vmovups %%ymm15, %0\n\tvzeroupper"
			 : "=m"(out)
			 :
			 : "memory");
	return EXPECT(!memcmp(in, out, sizeof(in)));
}

__attribute__((target("avx"))) static int avx(void)
{
	double sum[4];
	__m256d total = _mm256_setzero_pd();

	if (!__builtin_cpu_supports("avx"))
		return SKIP;
	for (int i = 1; i <= 1000; i += 4)
		total = _mm256_add_pd(
			total,
			_mm256_div_pd(_mm256_set1_pd(one),
				      _mm256_setr_pd(i, i + 1, i + 2, i + 3)));
	_mm256_storeu_pd(sum, total);
	return EXPECT(fabs(sum[0] + sum[1] + sum[2] + sum[3] -
			   7.485470860550345) < 1e-14) |
	       EXPECT(sum[0] != sum[3]) | avx_kept();
}

__attribute__((target("avx2"))) static int avx2(void)
{
	int in[64], out[8];
	__m256i total = _mm256_setzero_si256();

	if (!__builtin_cpu_supports("avx2"))
		return SKIP;
	for (int i = 0; i < 64; i++)
		in[i] = i * 1000003;
	for (int i = 0; i < 64; i += 8) {
		__m256i v = _mm256_loadu_si256((void *)(in + i));

		total = _mm256_add_epi32(total, _mm256_mullo_epi32(v, v));
	}
	_mm256_storeu_si256((void *)out, total);
	for (int lane = 0; lane < 8; lane++) {
		uint32_t sum = 0;

		for (int i = lane; i < 64; i += 8)
			sum += (uint32_t)in[i] * (uint32_t)in[i];
		if (EXPECT((uint32_t)out[lane] == sum))
			return 1;
	}
	return 0;
}

/* Not in fused(), where the compiler would fuse this as well. */
static __attribute__((noinline)) double rounded_twice(void)
{
	return (one + DBL_EPSILON) * (one - DBL_EPSILON) - one;
}

__attribute__((target("fma"))) static int fused(void)
{
	__m256d r;

	if (!__builtin_cpu_supports("fma"))
		return SKIP;
	/* (1 + e)(1 - e) - 1 = -e^2, which is lost when rounded in between. */
	r = _mm256_fmadd_pd(_mm256_set1_pd(one + DBL_EPSILON),
			    _mm256_set1_pd(one - DBL_EPSILON),
			    _mm256_set1_pd(-one));
	return EXPECT(_mm256_cvtsd_f64(r) == -0x1p-104) |
	       EXPECT(rounded_twice() == 0);
}

#define FEATURE(name, code)                                                   \
	if (__builtin_cpu_supports(name)) {                                   \
		__asm__ volatile(code                                         \
				 :                                            \
				 :                                            \
				 : "rax", "rcx", "rdx", "xmm0", "xmm1", "cc", \
				   "memory");                                 \
		printf("%s\n", name);                                         \
	}

/* What CPUID offers can be used: each runs once. */
static int features(void)
{
	unsigned a, b, c, d;

	FEATURE("cmov", "cmovz %%eax, %%ecx")
	FEATURE("mmx", "emms")
	FEATURE("sse2", "paddq %%xmm0, %%xmm1")
	FEATURE("sse3", "haddpd %%xmm0, %%xmm1")
	FEATURE("ssse3", "pabsb %%xmm0, %%xmm1")
	FEATURE("sse4.1", "pmulld %%xmm0, %%xmm1")
	FEATURE("sse4.2", "crc32b %%cl, %%eax")
	FEATURE("sse4a", "extrq $1, $2, %%xmm0")
	FEATURE("popcnt", "popcnt %%eax, %%ecx")
	FEATURE("aes", "aesenc %%xmm0, %%xmm1")
	FEATURE("pclmul", "pclmulqdq $0, %%xmm0, %%xmm1")
	FEATURE("bmi", "andn %%eax, %%ecx, %%eax")
	FEATURE("bmi2", "mulx %%rax, %%rcx, %%rax")
	FEATURE("avx", "vaddpd %%ymm0, %%ymm1, %%ymm0; vzeroupper")
	FEATURE("avx2", "vpaddq %%ymm0, %%ymm1, %%ymm0; vzeroupper")
	FEATURE("fma", "vfmadd132pd %%ymm0, %%ymm1, %%ymm0; vzeroupper")
	FEATURE("gfni", "gf2p8mulb %%xmm0, %%xmm1")
	FEATURE("vpclmulqdq",
		"vpclmulqdq $0, %%ymm0, %%ymm1, %%ymm0; vzeroupper")
	FEATURE("avx512f", "vaddpd %%zmm0, %%zmm1, %%zmm0; vzeroupper")
	if (__get_cpuid(1, &a, &b, &c, &d)) {
		if (c & bit_RDRND)
			__asm__ volatile("rdrand %%rax" : : : "rax", "cc");
		if (c & bit_MOVBE)
			__asm__ volatile("movbe (%%rsp), %%eax" : : : "rax");
		if (c & bit_F16C)
			__asm__ volatile("vcvtph2ps %%xmm0, %%xmm0"
					 :
					 :
					 : "xmm0");
		if (c & bit_CMPXCHG16B)
			__asm__ volatile(
				"lock cmpxchg16b %0"
				: "+m"(*(__int128 *)__builtin_alloca(32))
				:
				: "rax", "rdx", "cc");
	}
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
		if (b & bit_FSGSBASE)
			__asm__ volatile("rdfsbase %%rax" : : : "rax");
		if (b & bit_RDSEED)
			__asm__ volatile("rdseed %%rax" : : : "rax", "cc");
		if (b & bit_ADX)
			__asm__ volatile("adcx %%rax, %%rax" : : : "rax", "cc");
		if (b & bit_SHA)
			__asm__ volatile("sha1nexte %%xmm0, %%xmm0"
					 :
					 :
					 : "xmm0");
		if (b & bit_CLFLUSHOPT)
			__asm__ volatile("clflushopt (%%rsp)" : : : "memory");
		if (b & bit_CLWB)
			__asm__ volatile("clwb (%%rsp)" : : : "memory");
	}
	return 0;
}

/* No virtualization inside. */
static int cpuid(void)
{
	unsigned a, b, c, d;
	int bad;

	__cpuid(1, a, b, c, d);
	bad = EXPECT(!(c & 1u << 5)) /* VMX */ |
	      EXPECT(!(c & 1u << 6)) /* SMX */ |
	      EXPECT(d & 1u << 26) /* SSE2 */;
	__cpuid(0x80000001, a, b, c, d);
	return bad | EXPECT(!(c & 1u << 2)) /* SVM */ |
	       EXPECT(d & 1u << 29) /* long mode */;
}

/*
 * Nothing that belongs to an operating system, nothing beyond AVX2. The APIC's
 * bit is KVM's: it follows the enable bit of the APIC base register.
 */
static int cpuid_chosen(void)
{
	unsigned a, b, c, d, c1;
	int bad;

	__cpuid(1, a, b, c1, d);
	bad = EXPECT(!(c1 & 1u << 3)) /* MONITOR */ |
	      EXPECT(!(c1 & 1u << 21)) /* x2APIC */ |
	      EXPECT(!(c1 & 1u << 24)) /* TSC deadline */ |
	      EXPECT(c1 & 1u << 31) /* hypervisor */ |
	      EXPECT(!(d & 1u << 11)) /* SYSENTER */;
	__cpuid(0x80000001, a, b, c, d);
	bad |= EXPECT(!(d & 1u << 11)) /* SYSCALL */;
	__cpuid(0, a, b, c, d);
	bad |= EXPECT(a <= 0xd);
	if (a >= 7) {
		__cpuid_count(7, 0, a, b, c, d);
		bad |= EXPECT(!(b & 1u << 16)) /* AVX-512 */ |
		       EXPECT(!(d & 1u << 24)) /* AMX */;
	}
	if (c1 & bit_OSXSAVE) {
		__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
		bad |= EXPECT(a == 7) | EXPECT(!d);
	} else {
		bad |= EXPECT(!(c1 & (bit_AVX | bit_FMA)));
	}
	return bad;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} families[] = {
		{"sse", sse},
		{"x87", x87},
		{"long-double", long_double},
		{"rounding", rounding},
		{"rounding-across-calls", rounding_across_calls},
		{"exceptions", exceptions},
		{"denormals", denormals},
		{"avx", avx},
		{"avx2", avx2},
		{"fma", fused},
		{"features", features},
		{"cpuid", cpuid},
		{"cpuid-chosen", cpuid_chosen},
	};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (argc > 1 && !strcmp(argv[1], families[i].name))
			return families[i].run();
	return 2;
}
