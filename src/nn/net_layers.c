/* SPDX-License-Identifier: BSD-3-Clause */
/* The layers as bench shows them: names and operations. */
#include "nn/net_inner.h"

#include <stdio.h>
#include <string.h>

/* The name of a parameter up to its last dot. */
static void set_layer(const struct net *net, int param, double flops, struct net_layer *layer)
{
    const char *name = net->params[param].name;
    snprintf(layer->name, sizeof layer->name, "%.*s", (int)(strrchr(name, '.') - name), name);
    layer->flops = flops;
}

static void set_conv(const struct net *net, const struct net_conv *conv,
                     struct net_layer *layer)
{
    const struct conv_shape *shape = &conv->shape;
    set_layer(net, conv->param, 18.0 * shape->c * shape->o * shape->h * shape->w, layer);
}

static void set_pool(const struct net *net, int level, struct net_layer *layer)
{
    const char *name = net->params[net->blocks[NET_ENC(level)].conv1.param].name;
    snprintf(layer->name, sizeof layer->name, "%.*s.pool", (int)strcspn(name, "."), name);
    layer->flops = 0;
}

static double nonlocal_flops(const struct nonlocal_shape *shape)
{
    double c = shape->c, positions = shape->positions;
    return 4 * positions * c * c + positions * positions * c;
}

void net_layers(const struct net *net, struct net_layer *layers)
{
    for (int b = 0; b < BEN_BLOCKS; b++) {
        set_conv(net, &net->blocks[b].conv1, &layers[NET_LAYER_CONV(b, 0)]);
        set_conv(net, &net->blocks[b].conv2, &layers[NET_LAYER_CONV(b, 1)]);
    }
    for (int l = 0; l < BEN_LEVELS; l++) {
        const struct upconv_shape *up = &net->ups[l].shape;
        set_pool(net, l, &layers[NET_LAYER_POOL(l)]);
        set_layer(net, net->ups[l].param, 8.0 * up->c * up->o * up->h * up->w,
                  &layers[NET_LAYER_UP(l)]);
    }
    layers[NET_LAYER_DROPOUT] = (struct net_layer){.name = "dropout"};
    layers[NET_LAYER_NONLOCAL] = (struct net_layer){.name = "nonlocal"};
    if (net->config.nonlocal)
        layers[NET_LAYER_NONLOCAL].flops = nonlocal_flops(&net->nonlocal);
    set_layer(net, net->final_param,
              2.0 * net->config.channels * net->blocks[NET_DEC(0)].pixels,
              &layers[NET_LAYER_FINAL]);
}

void net_clock(struct net *net, double *seconds)
{
    net->clock = seconds;
}
