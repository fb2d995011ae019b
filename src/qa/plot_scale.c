/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/plot_inner.h"

#include <math.h>

#define AIR 0.04 /* of the range, beyond its ends */

bool plot_scale_shows(const struct plot_scale *scale, double value)
{
    return isfinite(value) && (!scale->log || value > 0);
}

double plot_scale_px(const struct plot_scale *scale, double value)
{
    double part = scale->log ? log(value / scale->min) / log(scale->max / scale->min)
                             : (value - scale->min) / (scale->max - scale->min);
    return scale->from_px + part * (scale->to_px - scale->from_px);
}

/* 1, 2 or 5 times a power of ten that is at least the size. */
static double round_up(double size)
{
    double power = pow(10, floor(log10(size)));
    double digit = size / power;
    return power * (digit <= 1.0001 ? 1 : digit <= 2.0001 ? 2 : digit <= 5.0001 ? 5 : 10);
}

static int linear_ticks(const struct plot_scale *scale, int wanted, double ticks[PLOT_TICKS])
{
    double span = scale->max - scale->min, step = round_up(span / wanted);
    step = scale->whole && step < 1 ? 1 : step;
    double first = ceil(scale->min / step - 1e-9);
    int n = 0;
    while (n < PLOT_TICKS && (first + n) * step <= scale->max + 1e-9 * span) {
        ticks[n] = (first + n) * step;
        n++;
    }
    return n;
}

/* Powers of ten, with their double and fivefold where there is room. */
static int log_ticks(const struct plot_scale *scale, double ticks[PLOT_TICKS])
{
    static const double digits[] = {1, 2, 5};
    int low = (int)floor(log10(scale->min)), high = (int)ceil(log10(scale->max)), n = 0;
    int n_digits = high - low <= 3 ? 3 : 1, stride = (high - low) / 8 + 1;
    for (int power = low; power <= high; power += stride)
        for (int i = 0; i < n_digits && n < PLOT_TICKS; i++) {
            double tick = digits[i] * pow(10, power);
            if (tick >= scale->min * (1 - 1e-9) && tick <= scale->max * (1 + 1e-9))
                ticks[n++] = tick;
        }
    return n;
}

int plot_scale_ticks(const struct plot_scale *scale, int wanted, double ticks[PLOT_TICKS])
{
    int n = scale->log ? log_ticks(scale, ticks) : 0;
    return n >= 2 ? n : linear_ticks(scale, wanted, ticks);
}

void plot_scale_number(double value, double step, char text[PLOT_NUMBER])
{
    double size = fabs(value), unit = step > 0 ? step : size;
    int decimals = unit > 0 ? (int)-floor(log10(unit) + 1e-9) : 0;
    if (size < 1e-9 * unit || (decimals <= 6 && size < 0.5 * pow(10, -fmax(decimals, 0))))
        value = 0; /* not -0 either */
    if (value != 0 && (size >= 1e7 || decimals > 6))
        snprintf(text, PLOT_NUMBER, "%.3g", value);
    else
        snprintf(text, PLOT_NUMBER, "%.*f", decimals > 0 ? decimals : 0, value);
}

void plot_range_add(struct plot_range *range, double value)
{
    if (!isfinite(value) || (range->log && value <= 0))
        return;
    range->min = value < range->min ? value : range->min;
    range->max = value > range->max ? value : range->max;
}

void plot_range_scale(const struct plot_range *range, const struct plot_axis *axis,
                      struct plot_scale *scale)
{
    bool none = range->min > range->max;
    double min = none ? 0.1 : range->min, max = none ? 1 : range->max;
    scale->log = axis->log;
    scale->whole = axis->whole;
    if (axis->log) {
        double air = pow(max / min, AIR);
        scale->min = min == max ? min / 2 : min / air;
        scale->max = min == max ? max * 2 : max * air;
    } else {
        double size = fabs(max) > 0 ? fabs(max) : 1;
        double air = max - min > 1e-12 * size ? AIR * (max - min) : 0.5 * size;
        scale->min = min == 0 && max == 0 ? -AIR : min - air;
        scale->max = max + air;
    }
    if (axis->min < axis->max && (!axis->log || axis->min > 0)) {
        scale->min = axis->min;
        scale->max = axis->max;
    }
}
