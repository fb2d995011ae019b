/* SPDX-License-Identifier: BSD-3-Clause */
/* The animals this program knows, by their Latin and common names, and the plane their heads
 * are cut in: rodents coronal, primates axial. All Local. */
#ifndef BEN_IO_SPECIES_H
#define BEN_IO_SPECIES_H

#include <stdbool.h>

enum species {
    BEN_SPECIES_UNKNOWN,
    BEN_MOUSE,
    BEN_RAT,
    BEN_MARMOSET,
    BEN_MACAQUE,
    BEN_HUMAN,
    BEN_SPECIES_COUNT
};

enum slice_plane { BEN_SAGITTAL, BEN_CORONAL, BEN_AXIAL }; /* = the canonical axis across it */

/* Any known name, case and the gap between words ignored ("Mus musculus", "mus_musculus");
 * BEN_SPECIES_UNKNOWN for others, "n/a", "" and NULL. */
enum species species_find(const char *name);

/* "mouse"; "unknown". */
const char *species_name(enum species species);

/* "mus musculus"; "n/a" where unknown. */
const char *species_latin(enum species species);

/* Unknown counts as a primate. */
enum slice_plane species_plane(enum species species);

/* Whether thick slices tell better than the header where a head's planes are: rodents lie
 * otherwise in the scanner than its software believes, and are then stored with coronal slices
 * called axial. */
bool species_lies_anyhow(enum species species);

/* Whether a network may know the plane of thin slices better than the header (qa/plane.h): of
 * rodents, and where the species is unknown. */
bool species_plane_is_open(enum species species);

/* Whether a head may fill so little of its field of view that a network should look at it from
 * nearer (qa/frame.h): scanners are made for people, whose heads do not. */
bool species_frame_is_open(enum species species);

/* "sagittal", "coronal", "axial" and back; 0 or -1 for another word. */
const char *species_plane_name(enum slice_plane plane);
int species_plane_find(const char *name, enum slice_plane *plane);

#endif
