/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/markup.h"

#include <stdint.h>
#include <string.h>

/* The length of the UTF-8 sequence at text, 0 where there is none (RFC 3629: no overlong form,
 * no surrogate, nothing above U+10FFFF). */
static size_t utf8_length(const unsigned char *text)
{
    unsigned char c = text[0], low = 0x80, high = 0xBF;
    size_t n = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
    if (c == 0xE0)
        low = 0xA0;
    if (c == 0xED)
        high = 0x9F;
    if (c == 0xF0)
        low = 0x90;
    if (c == 0xF4)
        high = 0x8F;
    for (size_t i = 1; i < n; i++) {
        if (text[i] < low || text[i] > high)
            return 0;
        low = 0x80;
        high = 0xBF;
    }
    return n;
}

static const char *reference_of(unsigned char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7F ? "\xEF\xBF\xBD" : NULL;
    }
}

void markup_text(FILE *to, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (p && *p) {
        size_t n = utf8_length(p);
        const char *reference = n == 0 ? "\xEF\xBF\xBD" : n == 1 ? reference_of(*p) : NULL;
        if (reference)
            fputs(reference, to);
        else
            fwrite(p, 1, n, to);
        p += n ? n : 1;
    }
}

void markup_base64(FILE *to, const void *bytes, size_t n)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t word = (uint32_t)p[i] << 16;
        word |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
        word |= left > 2 ? (uint32_t)p[i + 2] : 0;
        const char out[4] = {digits[word >> 18], digits[word >> 12 & 63],
                             left > 1 ? digits[word >> 6 & 63] : '=',
                             left > 2 ? digits[word & 63] : '='};
        fwrite(out, 1, sizeof out, to);
    }
}
