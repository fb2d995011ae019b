/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"
#include "base/util.h"
#include "io/cohort_build.h"
#include "qa/markup.h"
#include "qa/report_inner.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 16 /* folders between a data set and its images, at most */

/* What is shown of a sidecar; nothing that could name a person. */
static const struct {
    const char *key, *label, *unit;
} facts[] = {
    {"Manufacturer", "Scanner", NULL},
    {"ManufacturersModelName", "Model", NULL},
    {"MagneticFieldStrength", "Field strength", "T"},
    {"InstitutionName", "Institution", NULL},
    {"SoftwareVersions", "Scanner software", NULL},
    {"ReceiveCoilName", "Receive coil", NULL},
    {"PulseSequenceType", "Sequence", NULL},
    {"ScanningSequence", "Scanning sequence", NULL},
    {"SequenceName", "Sequence name", NULL},
    {"RepetitionTime", "Repetition time", "s"},
    {"EchoTime", "Echo time", "s"},
    {"InversionTime", "Inversion time", "s"},
    {"FlipAngle", "Flip angle", "\xC2\xB0"},
    {"SliceThickness", "Slice thickness", "mm"},
    {"PixelBandwidth", "Pixel bandwidth", "Hz"},
    {"PhaseEncodingDirection", "Phase encoding", NULL},
};

/* Whether each entity of the sidecar's name is one of the image's, and the suffix the same. */
static bool applies(const char *sidecar, const char *image)
{
    size_t image_suffix_n, n = strlen(sidecar);
    const char *suffix = bids_suffix(image, &image_suffix_n), *part = sidecar;
    if (!suffix || n <= 5 || strcmp(sidecar + n - 5, ".json") != 0)
        return false;
    for (n -= 5; part < sidecar + n;) {
        size_t length = strcspn(part, "_."), key = strcspn(part, "-");
        bool last = part + length >= sidecar + n;
        char name[64];
        const char *value = NULL;
        if (last)
            return length == image_suffix_n && strncmp(part, suffix, length) == 0;
        snprintf(name, sizeof name, "%.*s", (int)key, part);
        if (key >= length || key >= sizeof name ||
            bids_entity(image, name, &value) != length - key - 1 ||
            strncmp(value, part + key + 1, length - key - 1) != 0)
            return false;
        part += length + 1;
    }
    return false;
}

/* Values of one folder's sidecars go over what farther ones said. */
static enum ben_status take_folder(const char *folder, const char *image, json_t *all)
{
    enum ben_status st = BEN_OK;
    struct listing files = {0};
    char *path = NULL;
    TRY(listing_read(folder, false, &files));
    for (long i = 0; i < files.n; i++) {
        json_error_t error;
        if (!applies(files.names[i], image))
            continue;
        free(path);
        TRY_NEW(path = util_format("%s/%s", folder, files.names[i]));
        json_t *json = json_load_file(path, 0, &error);
        if (!json)
            log_warn("%s: line %d: %s; left out", path, error.line, error.text);
        json_object_update(all, json);
        json_decref(json);
    }
out:
    free(path);
    listing_free(&files);
    return st;
}

static void write_value(FILE *to, const json_t *value, const char *unit)
{
    char number[40] = "";
    if (json_is_number(value))
        snprintf(number, sizeof number, "%.6g", json_number_value(value));
    markup_text(to, json_is_string(value) ? json_string_value(value) : number);
    if (unit)
        fprintf(to, "%s%s", *unit == '\xC2' ? "" : " ", unit);
}

enum ben_status report_facts(FILE *to, const char *root, const char *name)
{
    enum ben_status st = BEN_OK;
    const char *image = util_basename(name), *at = name;
    char *folder = NULL;
    json_t *all;
    TRY_NEW(all = json_object());
    for (int depth = 0; depth < DEPTH && at; depth++) {
        int n = (int)(at - name) - (at > name);
        free(folder);
        TRY_NEW(folder = util_format("%s%s%.*s", root, n > 0 ? "/" : "", n, name));
        TRY(take_folder(folder, image, all));
        at = strchr(at, '/');
        at += at != NULL;
    }
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const json_t *value = json_object_get(all, facts[i].key);
        if (!json_is_number(value) && !json_is_string(value))
            continue;
        fprintf(to, "<div><dt>%s</dt><dd>", facts[i].label);
        write_value(to, value, facts[i].unit);
        fputs("</dd></div>\n", to);
    }
out:
    free(folder);
    json_decref(all);
    return st;
}
