/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a text is well-formed markup: every element closed in order, attributes quoted, no
 * stray '<' or '&'. HTML's void elements need no end. */
#ifndef BEN_TESTS_MARKUP_H
#define BEN_TESTS_MARKUP_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MARKUP_DEPTH 64
#define MARKUP_NAME  32

static inline bool markup_is_void(const char *name)
{
    static const char *const names[] = {"meta", "link", "br", "hr", "img", "input", "!doctype"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* The end of a tag that begins at p, behind its '>'; NULL where it is broken. */
static inline const char *markup_tag_end(const char *p)
{
    char quote = 0;
    for (; *p; p++) {
        if (quote)
            quote = *p == quote ? 0 : quote;
        else if (*p == '"' || *p == '\'')
            quote = *p;
        else if (*p == '<')
            return NULL;
        else if (*p == '>')
            return p + 1;
        if (quote && *p == '<')
            return NULL;
    }
    return NULL;
}

static inline bool markup_reference_good(const char *p)
{
    size_t n = strcspn(p + 1, ";<>& \n");
    return n > 0 && n < 9 && p[1 + n] == ';';
}

/* Reads one tag at *p (which stands at '<') and updates the stack of open elements. */
static inline bool markup_tag(const char **p, char stack[MARKUP_DEPTH][MARKUP_NAME], int *depth)
{
    char name[MARKUP_NAME] = "";
    const char *from = *p + 1 + ((*p)[1] == '/');
    bool closing = (*p)[1] == '/';
    for (int i = 0; i < MARKUP_NAME - 1 && *from && !isspace((unsigned char)*from) &&
                    *from != '>' && *from != '/';
         i++)
        name[i] = (char)tolower((unsigned char)*from++);
    const char *end = markup_tag_end(from);
    if (!end || !*name)
        return false;
    *p = end;
    if (closing)
        return *depth > 0 && strcmp(stack[--*depth], name) == 0;
    if (end[-2] == '/' || markup_is_void(name))
        return true;
    if (strcmp(name, "script") == 0 || strcmp(name, "style") == 0) {
        const char *close = strstr(end, strcmp(name, "style") == 0 ? "</style>" : "</script>");
        *p = close ? strchr(close, '>') + 1 : NULL;
        return close != NULL;
    }
    if (*depth == MARKUP_DEPTH)
        return false;
    strcpy(stack[(*depth)++], name);
    return true;
}

static inline bool markup_good(const char *text)
{
    char stack[MARKUP_DEPTH][MARKUP_NAME];
    int depth = 0;
    const char *p = text;
    while (*p) {
        const char *at = p;
        bool good = *p == '<'   ? markup_tag(&p, stack, &depth)
                    : *p == '&' ? markup_reference_good(p)
                                : *p != '>';
        if (!good) {
            fprintf(stderr, "markup is broken at: %.60s\n", at);
            return false;
        }
        p += p == at;
    }
    return depth == 0;
}

#endif
