/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/species.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The first name of a species is its common one, the second its Latin one. */
static const struct {
    const char *name;
    enum species species;
} names[] = {
    {"mouse", BEN_MOUSE},
    {"mus musculus", BEN_MOUSE},
    {"mice", BEN_MOUSE},
    {"mus", BEN_MOUSE},
    {"house mouse", BEN_MOUSE},
    {"rat", BEN_RAT},
    {"rattus norvegicus", BEN_RAT},
    {"rats", BEN_RAT},
    {"rattus", BEN_RAT},
    {"brown rat", BEN_RAT},
    {"norway rat", BEN_RAT},
    {"rattus rattus", BEN_RAT},
    {"marmoset", BEN_MARMOSET},
    {"callithrix jacchus", BEN_MARMOSET},
    {"marmosets", BEN_MARMOSET},
    {"callithrix", BEN_MARMOSET},
    {"common marmoset", BEN_MARMOSET},
    {"macaque", BEN_MACAQUE},
    {"macaca mulatta", BEN_MACAQUE},
    {"macaques", BEN_MACAQUE},
    {"macaca", BEN_MACAQUE},
    {"macaca fascicularis", BEN_MACAQUE},
    {"macaca nemestrina", BEN_MACAQUE},
    {"macaca fuscata", BEN_MACAQUE},
    {"macaca radiata", BEN_MACAQUE},
    {"monkey", BEN_MACAQUE},
    {"rhesus", BEN_MACAQUE},
    {"rhesus macaque", BEN_MACAQUE},
    {"rhesus monkey", BEN_MACAQUE},
    {"cynomolgus", BEN_MACAQUE},
    {"cynomolgus macaque", BEN_MACAQUE},
    {"crab-eating macaque", BEN_MACAQUE},
    {"human", BEN_HUMAN},
    {"homo sapiens", BEN_HUMAN},
    {"humans", BEN_HUMAN},
    {"homo sapiens sapiens", BEN_HUMAN},
    {"homo", BEN_HUMAN},
};

static const char *const plane_names[] = {"sagittal", "coronal", "axial"};

/* The next letter of a name: small, with any run of blanks, '_', '-' and '.' as one blank;
 * '\0' at the end, blanks at the end skipped. */
static int next_letter(const char **text)
{
    static const char gaps[] = " \t\r\n_-.";
    size_t gap = strspn(*text, gaps);
    *text += gap;
    if (**text == '\0')
        return '\0';
    if (gap)
        return ' ';
    return tolower((unsigned char)*(*text)++);
}

static int same_name(const char *a, const char *b)
{
    a += strspn(a, " \t\r\n");
    for (;;) {
        int letter = next_letter(&a);
        if (letter != next_letter(&b))
            return 0;
        if (letter == '\0')
            return 1;
    }
}

enum species species_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++)
        if (same_name(name, names[i].name))
            return names[i].species;
    return BEN_SPECIES_UNKNOWN;
}

static const char *nth_name(enum species species, int n, const char *otherwise)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].species == species && n-- == 0)
            return names[i].name;
    return otherwise;
}

const char *species_name(enum species species)
{
    return nth_name(species, 0, "unknown");
}

const char *species_latin(enum species species)
{
    return nth_name(species, 1, "n/a");
}

bool species_lies_anyhow(enum species species)
{
    return species == BEN_MOUSE || species == BEN_RAT;
}

bool species_plane_is_open(enum species species)
{
    return species_lies_anyhow(species) || species == BEN_SPECIES_UNKNOWN;
}

bool species_frame_is_open(enum species species)
{
    return species != BEN_HUMAN;
}

enum slice_plane species_plane(enum species species)
{
    return species == BEN_MOUSE || species == BEN_RAT ? BEN_CORONAL : BEN_AXIAL;
}

const char *species_plane_name(enum slice_plane plane)
{
    return plane_names[plane];
}

int species_plane_find(const char *name, enum slice_plane *plane)
{
    for (int i = 0; name && i < 3; i++)
        if (strcasecmp(name, plane_names[i]) == 0) {
            *plane = (enum slice_plane)i;
            return 0;
        }
    return -1;
}
