/* Lets the libraries of a process see another processor: what CPUID answers, and /proc/cpuinfo.
 *
 * The dynamic linker loads this file first (LD_AUDIT) and calls la_objopen for each library before any of its code
 * runs. Each CPUID becomes a breakpoint of the same length, whose handler asks the real processor and edits the
 * answer: features are only ever hidden, as nothing can add one. The C library itself chose its functions before.
 *
 * IMITATE names a file of lines:
 *   cpu VENDOR FAMILY MODEL FEATURES L1 L2 L3   intel or amd; avx512 (without BF16, FP16, AMX), avx2 or avx; KiB
 *   name BRAND                                  as leaves 80000002 to 80000004 spell it
 *   cpuinfo PATH                                what is opened in place of /proc/cpuinfo
 *   library DEVICE INODE ADDRESS...             where it has CPUID, from its start, in hexadecimal
 */
#define _GNU_SOURCE
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#define BIT(n) (1u << (n))
#define LINE 65536 /* bytes; a library has a hundred CPUIDs at most */

enum { AVX, AVX2, AVX512 }; /* the highest that is shown */

static int level, amd;
static uint32_t family, model, l1, l2, l3; /* KiB */
static char brand[48], cpuinfo[LINE];
static FILE *table; /* of libraries */

typedef struct {
    uint32_t a, b, c, d;
} Answer;

static void die(const char *what, const char *which) {
    fprintf(stderr, "imitate: %s: %s\n", what, which);
    _exit(70);
}

/* A cache as leaf 4 (Intel) and leaf 8000001D (AMD) tell it, both in one form. */
static Answer cache(uint32_t index) {
    static const uint32_t types[] = {1, 2, 3, 3}, levels[] = {1, 1, 2, 3}, sharing[] = {2, 2, 2, 16};
    const uint32_t sizes[] = {l1, 32, l2, l3};
    Answer answer = {0, 0, 0, 0};
    if (index < 4) {
        uint32_t ways = index < 2 ? 8 : 16;
        answer.a = types[index] | levels[index] << 5 | BIT(8) | (sharing[index] - 1) << 14 | (amd ? 0 : 7u << 26);
        answer.b = 63 | (ways - 1) << 22;
        answer.c = sizes[index] * 1024 / (64 * ways) - 1;
    }
    return answer;
}

static void hide(uint32_t leaf, uint32_t index, Answer *x) {
    if (leaf == 7 && index == 0) {
        x->d &= ~(BIT(22) | BIT(23) | BIT(24) | BIT(25)); /* AMX_BF16, AVX512_FP16, AMX_TILE, AMX_INT8 */
        if (level < AVX512) {
            x->b &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31)); /* F ... VL */
            /* VBMI, VBMI2, GFNI, VAES, VPCLMULQDQ, VNNI, BITALG, VPOPCNTDQ */
            x->c &= ~(BIT(1) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(12) | BIT(14));
            x->d &= ~(BIT(2) | BIT(3) | BIT(8)); /* 4VNNIW, 4FMAPS, VP2INTERSECT */
        }
        if (level < AVX2)
            x->b &= ~(BIT(3) | BIT(5) | BIT(8)); /* BMI1, AVX2, BMI2 */
    }
    if (leaf == 7 && index == 1) { /* AVX_VNNI, AVX512_BF16, AMX_FP16, AVX_IFMA; AVX10 and relatives */
        x->a &= ~(BIT(4) | BIT(5) | BIT(21) | BIT(23));
        x->d &= ~(BIT(4) | BIT(5) | BIT(8) | BIT(10) | BIT(19));
    }
    if (leaf == 1 && level < AVX2)
        x->c &= ~(BIT(12) | BIT(22) | BIT(29)); /* FMA, MOVBE, F16C */
    if (leaf == 0xD) { /* the states that go with them; sizes stay, as they are saved nevertheless */
        uint32_t states = BIT(17) | BIT(18) | (level < AVX512 ? BIT(5) | BIT(6) | BIT(7) : 0);
        if (index == 0)
            x->a &= ~states;
        else if (index < 32 && index > 1 && states & BIT(index))
            memset(x, 0, sizeof *x);
    }
    if (leaf == 0x1D || leaf == 0x1E || leaf == 0x24) /* AMX, AVX10 */
        memset(x, 0, sizeof *x);
    if (leaf == 0x80000001) {
        if (level < AVX2)
            x->c &= ~BIT(5); /* LZCNT */
        if (!amd)
            x->c &= BIT(0) | BIT(5) | BIT(8); /* what Intel has, too */
        else
            x->c = (x->c | BIT(22)) & ~(BIT(11) | BIT(16)); /* leaf 8000001D; XOP and FMA4 went with Zen */
    }
}

static void rename_maker(uint32_t leaf, Answer *x) {
    const char *vendor = amd ? "AuthenticAMD" : "GenuineIntel";
    if (leaf == 0) {
        x->a = amd ? 0x10 : 0x16;
        memcpy(&x->b, vendor, 4);
        memcpy(&x->d, vendor + 4, 4);
        memcpy(&x->c, vendor + 8, 4);
    } else if (leaf == 1) {
        uint32_t base = family < 15 ? family : 15;
        x->a = (family - base) << 20 | (model >> 4) << 16 | base << 8 | (model & 15) << 4 | 1;
    } else if (leaf == 0x80000000) {
        x->a = amd ? 0x8000001E : 0x80000008;
        x->b = x->c = x->d = 0;
        if (amd) {
            memcpy(&x->b, vendor, 4);
            memcpy(&x->d, vendor + 4, 4);
            memcpy(&x->c, vendor + 8, 4);
        }
    } else if (leaf >= 0x80000002 && leaf <= 0x80000004) {
        memcpy(x, brand + (leaf - 0x80000002) * 16, 16);
    } else if (leaf > 0x80000008 && leaf < 0x90000000) {
        memset(x, 0, sizeof *x); /* Intel answers what it does not know with its last leaf */
    }
}

static void resize_caches(uint32_t leaf, uint32_t index, Answer *x) {
    const Answer none = {0, 0, 0, 0};
    if (leaf == 2)
        *x = amd ? none : (Answer){0x00FEFF01, 0xFF, 0, 0}; /* see leaf 4 */
    else if (leaf == 4)
        *x = amd ? none : cache(index);
    else if (leaf == 0x8000001D)
        *x = amd ? cache(index) : none;
    else if (leaf == 0x80000005)
        *x = amd ? (Answer){0, 0, l1 << 24 | 8 << 16 | 1 << 8 | 64, 32 << 24 | 8 << 16 | 1 << 8 | 64} : none;
    else if (leaf == 0x80000006)
        *x = (Answer){0, 0, l2 << 16 | 6 << 12 | 1 << 8 | 64, amd ? (l3 / 512) << 18 | 9 << 12 | 1 << 8 | 64 : 0};
}

static void trapped(int number, siginfo_t *info, void *context) {
    (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *next = (const uint8_t *)registers[REG_RIP]; /* a breakpoint is one byte, and ours has a NOP after it */
    if (next[-1] != 0xCC || next[0] != 0x90) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    uint32_t leaf = (uint32_t)registers[REG_RAX], index = (uint32_t)registers[REG_RCX];
    Answer x = {leaf, 0, index, 0};
    __asm__ volatile("cpuid" : "+a"(x.a), "=b"(x.b), "+c"(x.c), "=d"(x.d));
    hide(leaf, index, &x);
    rename_maker(leaf, &x);
    resize_caches(leaf, index, &x);
    registers[REG_RAX] = x.a;
    registers[REG_RBX] = x.b;
    registers[REG_RCX] = x.c;
    registers[REG_RDX] = x.d;
}

static void replace(uint8_t *cpuid, const char *library) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *first = (uint8_t *)((uintptr_t)cpuid & ~(page - 1));
    size_t length = (size_t)(cpuid + 2 - first);
    if (cpuid[0] != 0x0F || cpuid[1] != 0xA2)
        die("is another file than the one that was searched", library);
    if (mprotect(first, length, PROT_READ | PROT_WRITE))
        die("its code cannot be changed here", library);
    cpuid[0] = 0xCC;
    cpuid[1] = 0x90;
    if (mprotect(first, length, PROT_READ | PROT_EXEC))
        die("its changed code may not run here", library);
}

static int (*real_open)(const char *, int, mode_t);

static int open_other(const char *path, int flags, mode_t mode) {
    return real_open(strcmp(path, "/proc/cpuinfo") ? path : cpuinfo, flags, mode);
}

/* The linker's own interface; it calls these by their names. */

unsigned int la_version(unsigned int version) {
    char line[LINE], vendor[8], features[8];
    const char *path = getenv("IMITATE");
    if (!path)
        return 0; /* unload this file again */
    if (!(table = fopen(path, "re")))
        die("cannot be read", path);
    while (fgets(line, sizeof line, table)) {
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "cpu %7s %u %u %7s %u %u %u", vendor, &family, &model, features, &l1, &l2, &l3) == 7) {
            amd = !strcmp(vendor, "amd");
            level = !strcmp(features, "avx512") ? AVX512 : !strcmp(features, "avx2") ? AVX2 : AVX;
        } else if (!strncmp(line, "name ", 5)) {
            snprintf(brand, sizeof brand, "%.47s", line + 5);
        } else if (!strncmp(line, "cpuinfo ", 8)) {
            snprintf(cpuinfo, sizeof cpuinfo, "%s", line + 8);
        }
    }
    struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    sigaction(SIGTRAP, &action, NULL);
    return version;
}

unsigned int la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie) {
    (void)space, (void)cookie;
    char line[LINE];
    struct stat found;
    if (*map->l_name && !stat(map->l_name, &found)) {
        rewind(table);
        while (fgets(line, sizeof line, table)) {
            unsigned long device, inode;
            int used;
            if (sscanf(line, "library %lu %lu%n", &device, &inode, &used) == 2 && device == found.st_dev &&
                inode == found.st_ino)
                for (char *next = line + used, *end; *next && *next != '\n'; next = end)
                    replace((uint8_t *)map->l_addr + strtoul(next, &end, 16), map->l_name);
        }
    }
    return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

uintptr_t la_symbind64(Elf64_Sym *symbol, unsigned int index, uintptr_t *from, uintptr_t *to, unsigned int *flags,
                       const char *name) {
    (void)index, (void)from, (void)to, (void)flags;
    if (strcmp(name, "open64") && strcmp(name, "open"))
        return symbol->st_value;
    real_open = (int (*)(const char *, int, mode_t))symbol->st_value;
    return (uintptr_t)open_other;
}
