/* SPDX-License-Identifier: BSD-3-Clause */
/* Plots are well-formed, show every value where it belongs, and say so where there is none. */
#include "base/util.h"
#include "check.h"
#include "markup.h"
#include "qa/markup.h"
#include "qa/plot.h"

#include <string.h>

static const double xs[] = {1, 2, 3, 4, 5, NAN, 7};
static const double ys[] = {2.1, 3.9, 6.2, 7.8, 10.1, 3, NAN};
static const double lows[] = {1.9, 3.5, 6, 7.5, 9.8, 2, 1};
static const double highs[] = {2.3, 4.3, 6.4, 8.1, 10.4, 4, 2};

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
        n++;
    return n;
}

static char *svg_of(const struct plot *plot)
{
    char *svg = NULL, *again = NULL;
    CHECK_OK(plot_svg(plot, &svg));
    CHECK_OK(plot_svg(plot, &again));
    CU_ASSERT_STRING_EQUAL(svg, again);
    CU_ASSERT(markup_good(svg));
    CU_ASSERT(!strstr(svg, "nan") && !strstr(svg, "inf"));
    CU_ASSERT_EQUAL(count(svg, "http"), 1); /* the name space alone */
    free(again);
    return svg;
}

static void test_markup_text(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    markup_text(to, "a<b>&\"'\x01\xC3\xA4\xFF\xE2\x82\xAC\xED\xA0\x80");
    fputc('|', to);
    markup_text(to, NULL);
    fclose(to);
    CU_ASSERT_STRING_EQUAL(text, "a&lt;b&gt;&amp;&quot;&#39;\xEF\xBF\xBD\xC3\xA4\xEF\xBF\xBD"
                                 "\xE2\x82\xAC\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD|");
    free(text);
}

static void test_base64(void)
{
    static const char *const want[] = {
        "",         "Zg==",     "Zm8=",    "Zm9v",
        "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"}; /* RFC 4648, section 10 */
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        char *text = NULL;
        size_t n = 0;
        FILE *to = open_memstream(&text, &n);
        markup_base64(to, "foobar", i);
        fclose(to);
        CU_ASSERT_STRING_EQUAL(text, want[i]);
        free(text);
    }
}

static void test_lines(void)
{
    const struct plot_series series[] = {
        {.name = "one <1>", .n = 7, .x = xs, .y = ys, .low = lows, .high = highs},
        {.name = "two", .n = 5, .x = xs, .y = lows},
    };
    const struct plot plot = {.kind = BEN_PLOT_LINES,
                              .title = "Dice & labels",
                              .description = "of \"two\" methods",
                              .x = {"labels", true, 0, 0, false},
                              .y = {"Dice", false, 0, 0, false},
                              .series = series,
                              .n_series = 2};
    char *svg = svg_of(&plot);
    CU_ASSERT(strstr(svg, "Dice &amp; labels. of &quot;two&quot; methods") != NULL);
    CU_ASSERT(strstr(svg, ">one &lt;1&gt;</text>") != NULL);
    CU_ASSERT_EQUAL(count(svg, "<path class=\"f\""), 1);
    CU_ASSERT_EQUAL(count(svg, "h0"), 10); /* five points each */
    free(svg);
}

/* y = 2 x + 1 exactly: the line must end where the points do. */
static void test_scatter_fit(void)
{
    double x[5], y[5];
    bool marked[5] = {false, false, true, false, false};
    for (int i = 0; i < 5; i++)
        y[i] = 2 * (x[i] = i) + 1;
    const struct plot_series series = {.n = 5, .x = x, .y = y, .marked = marked};
    const struct plot plot = {.kind = BEN_PLOT_SCATTER,
                              .x = {"x", false, 0, 4},
                              .y = {"y", false, 1, 9},
                              .series = &series,
                              .n_series = 1,
                              .fit = true,
                              .identity = true};
    char *svg = svg_of(&plot);
    double x0, y0, x1, y1, px, py, right, top;
    const char *line = strstr(svg, "<path class=\"l\""),
               *axis = strstr(svg, "<path class=\"a\"");
    CU_ASSERT_FATAL(line != NULL && axis != NULL);
    CU_ASSERT_EQUAL(sscanf(strchr(line, 'M'), "M%lf,%lf", &x0, &y0), 2);
    const char *last = strstr(line, "/>");
    while (*last != 'L')
        last--;
    CU_ASSERT_EQUAL(sscanf(last, "L%lf,%lf", &x1, &y1), 2);
    CU_ASSERT_EQUAL(sscanf(strchr(axis, 'M'), "M%lf,%lfV%lfH%lf", &px, &top, &py, &right), 4);
    CHECK_NEAR(x0, px, 0.11);
    CHECK_NEAR(y0, py, 0.11);
    CHECK_NEAR(x1, right, 0.11);
    CHECK_NEAR(y1, top, 0.11);
    CU_ASSERT_EQUAL(count(svg, "h0"), 4);
    CU_ASSERT_EQUAL(count(svg, "class=\"m\""), 1);
    CU_ASSERT_EQUAL(count(svg, "<path class=\"d\""), 1);
    free(svg);
}

/* Two series of one point each have a line together; both axes show the same range, counts have whole
 * ticks, and nothing is -0. */
static void test_scatter_of_all(void)
{
    static const double low[] = {-1}, middle[] = {0}, high[] = {1};
    const struct plot_series series[] = {{.name = "a", .n = 1, .x = low, .y = middle},
                                         {.name = "b", .n = 1, .x = middle, .y = high}};
    struct plot plot = {.kind = BEN_PLOT_SCATTER,
                        .x = {.label = "x", .whole = true},
                        .y = {.label = "y", .whole = true},
                        .series = series,
                        .n_series = 2,
                        .fit = true};
    char *svg = svg_of(&plot);
    CU_ASSERT_EQUAL(count(svg, "<path class=\"l\""), 0);
    CU_ASSERT(strstr(svg, ">0.5<") == NULL);
    CU_ASSERT_EQUAL(count(svg, ">0<"), 2);
    CU_ASSERT_EQUAL(count(svg, ">1<"), 1);
    free(svg);
    plot.fit = false;
    plot.fit_all = plot.identity = true;
    svg = svg_of(&plot);
    CU_ASSERT_EQUAL(count(svg, "<path class=\"l\""), 1);
    CU_ASSERT_EQUAL(count(svg, ">1<"), 2);
    free(svg);
}

/* Differences 1, 2, 3: bias 2, SD 1, limits 0.04 and 3.96. */
static void test_bland_altman(void)
{
    static const double measured[] = {11, 22, 33}, reference[] = {10, 20, 30};
    static const char *const labels[] = {"a", "b", "<c>"};
    const struct plot_series series = {.n = 3, .x = measured, .y = reference, .labels = labels};
    const struct plot plot = {.kind = BEN_PLOT_BLAND_ALTMAN, .series = &series, .n_series = 1};
    char *svg = svg_of(&plot);
    CU_ASSERT(strstr(svg, "bias 2.00<") != NULL);
    CU_ASSERT(strstr(svg, "1.96 SD 3.96<") != NULL);
    CU_ASSERT(strstr(svg, "1.96 SD 0.04<") != NULL);
    CU_ASSERT(strstr(svg, "<title>&lt;c&gt;</title>") != NULL);
    free(svg);
}

static void test_boxes(void)
{
    const struct plot_series series[] = {
        {.name = "ours", .category = "rat", .n = 7, .y = ys},
        {.name = "theirs", .category = "rat", .n = 7, .y = lows},
        {.name = "ours",
         .category = "a mouse with a very long name indeed",
         .n = 7,
         .y = highs},
        {.name = "theirs", .category = "a mouse with a very long name indeed", .n = 1, .y = xs},
    };
    struct plot plot = {.title = "Dice", .series = series, .n_series = 4};
    for (int kind = BEN_PLOT_BOX; kind <= BEN_PLOT_VIOLIN; kind++) {
        plot.kind = (enum plot_kind)kind;
        char *svg = svg_of(&plot);
        CU_ASSERT_EQUAL(count(svg, ">rat</text>"), 1);
        CU_ASSERT_EQUAL(count(svg, ">ours</text>"), 1);
        CU_ASSERT_EQUAL(count(svg, "h0"), 6 + 7 + 7 + 1);
        free(svg);
    }
    plot.no_points = true;
    char *svg = svg_of(&plot);
    CU_ASSERT_EQUAL(count(svg, "h0"), 0);
    free(svg);
}

static void test_histogram(void)
{
    static const double values[] = {0, 0.5, 1.5, 1.6, 2.5, 4};
    const struct plot_series series = {.name = "n", .n = 6, .y = values};
    const struct plot plot = {
        .kind = BEN_PLOT_HISTOGRAM, .series = &series, .n_series = 1, .bins = 4};
    char *svg = svg_of(&plot);
    const char *line = strstr(svg, "<path class=\"l\"");
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    double from, base, heights[4], right;
    int n = sscanf(strchr(line, 'M'), "M%lf,%lfV%lfH%lfV%lfH%*fV%lfH%*fV%lf", &from, &base,
                   &heights[0], &right, &heights[1], &heights[2], &heights[3]);
    CU_ASSERT_EQUAL(n, 7); /* counts 2, 2, 1, 1 */
    CHECK_NEAR(heights[0], heights[1], 1e-9);
    CHECK_NEAR(heights[2], heights[3], 1e-9);
    CHECK_NEAR(base - heights[0], 2 * (base - heights[2]), 0.3);
    free(svg);
}

static void test_nothing_to_show(void)
{
    static const double none[] = {NAN, INFINITY};
    const struct plot_series series = {.name = "none", .n = 2, .x = none, .y = none};
    for (int kind = BEN_PLOT_LINES; kind <= BEN_PLOT_HISTOGRAM; kind++)
        for (int n = 0; n < 2; n++) {
            const struct plot plot = {
                .kind = (enum plot_kind)kind, .series = &series, .n_series = n};
            char *svg = svg_of(&plot);
            CU_ASSERT(strstr(svg, ">no values</text>") != NULL);
            free(svg);
        }
}

/* One value, equal values, tiny and huge ones: no division by a range of nothing. */
static void test_odd_ranges(void)
{
    static const double values[][3] = {
        {5, 5, 5}, {0, 0, 0}, {-1e-12, 0, 1e-12}, {1e15, 2e15, 3e15}, {-5, -4, -3}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        for (int kind = BEN_PLOT_LINES; kind <= BEN_PLOT_HISTOGRAM; kind++)
            for (int n = 1; n <= 3; n++) {
                const struct plot_series series = {.n = n, .x = values[i], .y = values[i]};
                const struct plot plot = {.kind = (enum plot_kind)kind,
                                          .series = &series,
                                          .n_series = 1,
                                          .fit = true};
                char *svg = svg_of(&plot);
                CU_ASSERT(strstr(svg, ">no values</text>") == NULL);
                free(svg);
            }
}

static void test_write(void)
{
    char folder[256], *path, *text = NULL;
    const struct plot_series series = {.n = 5, .x = xs, .y = ys};
    const struct plot plot = {.kind = BEN_PLOT_SCATTER, .series = &series, .n_series = 1};
    check_folder_create(folder);
    path = util_format("%s/a.svg", folder);
    CHECK_OK(plot_write(&plot, path));
    char *svg = svg_of(&plot);
    CHECK_OK(util_read_file(path, 1 << 20, &text, NULL));
    CU_ASSERT_STRING_EQUAL(text, svg);
    free(text);
    free(svg);
    free(path);
    check_folder_remove(folder);
}

static const struct check_test tests[] = {
    {"markup_text: everything is text", test_markup_text},
    {"markup_base64", test_base64},
    {"lines with a band", test_lines},
    {"scatter of all series", test_scatter_of_all},
    {"scatter with a regression", test_scatter_fit},
    {"Bland-Altman", test_bland_altman},
    {"boxes and violins", test_boxes},
    {"histogram", test_histogram},
    {"nothing to show", test_nothing_to_show},
    {"odd ranges", test_odd_ranges},
    {"file", test_write},
};

CHECK_MAIN("plot", tests)
