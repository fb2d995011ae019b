/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/gzip.h"

#include "check.h"

#include <zlib.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BYTES = 100000 };

static char folder[256], path[300], content[BYTES];

/* members gzip members of BYTES bytes each, then some of plain bytes; returns the file's size. */
static size_t write_members(int members, int behind)
{
    FILE *plain;
    for (int m = 0; m < members; m++) {
        gzFile file = gzopen(path, m ? "ab" : "wb");
        CU_ASSERT_EQUAL(gzwrite(file, content, BYTES), BYTES);
        gzclose(file);
    }
    plain = fopen(path, "ab");
    for (int i = 0; i < behind; i++)
        fputc('x', plain);
    long size = ftell(plain);
    fclose(plain);
    return (size_t)size;
}

/* The same whether the file's bytes get room of their own or ours. */
static bool inflate_file(size_t file_bytes, char *to, size_t bytes)
{
    int fd = open(path, O_RDONLY);
    char *stored = malloc(file_bytes);
    bool own = gzip_inflate(fd, file_bytes, NULL, to, bytes);
    if (own)
        memset(to, 0, bytes);
    bool good = gzip_inflate(fd, file_bytes, stored, to, bytes);
    CU_ASSERT_EQUAL(own, good);
    free(stored);
    close(fd);
    return good;
}

static void test_inflate(void)
{
    char *to = malloc(2 * BYTES);
    size_t size = write_members(1, 0);
    CU_ASSERT_TRUE(inflate_file(size, to, BYTES));
    CU_ASSERT_EQUAL(memcmp(to, content, BYTES), 0);
    CU_ASSERT_FALSE(inflate_file(size, to, BYTES - 1));
    CU_ASSERT_FALSE(inflate_file(size, to, BYTES + 1));
    CU_ASSERT_FALSE(inflate_file(size - 1, to, BYTES)); /* cut */
    CU_ASSERT_FALSE(inflate_file(size + 1, to, BYTES)); /* shrunk since it was asked for */
    CU_ASSERT_FALSE(inflate_file(write_members(1, 1), to, BYTES));
    CU_ASSERT_FALSE(inflate_file(write_members(2, 0), to, BYTES));
    CU_ASSERT_FALSE(inflate_file(write_members(2, 0), to, 2 * BYTES));
    free(to);
}

/* Any byte of the content or of its checksum. */
static void test_damage(void)
{
    char *to = malloc(BYTES);
    size_t size = write_members(1, 0);
    for (size_t at = size - 8; at > 100; at -= 97) {
        FILE *file = fopen(path, "r+b");
        fseek(file, (long)at, SEEK_SET);
        int was = fgetc(file);
        fseek(file, (long)at, SEEK_SET);
        fputc(was ^ 0x10, file);
        fclose(file);
        CU_ASSERT_FALSE(inflate_file(size, to, BYTES));
        size = write_members(1, 0);
    }
    free(to);
}

static const struct check_test tests[] = {
    {"one member of the right size, nothing else", test_inflate},
    {"damage", test_damage},
};

int main(void)
{
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/a.gz", folder);
    for (int i = 0; i < BYTES; i++)
        content[i] = (char)(i % 251 * (i / 1000 % 7));
    int status = check_run("gzip", tests, sizeof tests / sizeof tests[0]);
    check_folder_remove(folder);
    return status;
}
