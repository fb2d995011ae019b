/* SPDX-License-Identifier: BSD-3-Clause */
/* oneDNN's 3x3 convolutions with bias and ELU, all that the network has at size 256, in single
 * precision and in whatever layout it likes best; nothing else of the network.
 *   onednn DIR BATCH THREADS   does the job infer, as ours.c serve
 * Algorithm and slices per call are those that a trial finds fastest. */
#include <dnnl.hpp>
#include <omp.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <unordered_map>
#include <vector>

using namespace dnnl;

namespace
{
struct Layer {
    memory::dim c, o, size;
};

const std::vector<Layer> layers = {
    {1, 16, 256},   {16, 16, 256},  {16, 32, 128},  {32, 32, 128},  {32, 64, 64},
    {64, 64, 64},   {64, 128, 32},  {128, 128, 32}, {128, 256, 16}, {256, 256, 16},
    {256, 256, 16}, {256, 256, 16}, {256, 128, 32}, {128, 128, 32}, {128, 64, 64},
    {64, 64, 64},   {64, 32, 128},  {32, 32, 128},  {32, 16, 256},  {16, 16, 256},
};

/* How a batch is computed: in pieces of so many slices, directly or as oneDNN sees fit, which
 * includes Winograd's algorithm where it has it. */
struct Form {
    memory::dim pieces;
    algorithm kind;
};

struct Times {
    double wall, cpu;
};

double now(clockid_t clock)
{
    timespec t;
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

memory fresh(const memory::desc &desc, const engine &cpu)
{
    memory made(desc, cpu);
    auto *data = static_cast<float *>(made.get_data_handle());
    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform(-0.05f, 0.05f);
    for (size_t i = 0; i < desc.get_size() / sizeof(float); i++)
        data[i] = uniform(random);
    return made;
}

/* The convolutions for pieces of n slices. */
class Net
{
  public:
    Net(const Form &form, const engine &cpu) : pieces(form.pieces), kind(form.kind)
    {
        primitive_attr attributes;
        post_ops after;
        after.append_eltwise(1.0f, algorithm::eltwise_elu, 1.0f, 0.0f);
        attributes.set_post_ops(after);
        for (const auto &layer : layers)
            add(layer, attributes, cpu);
    }

    void run(memory::dim batch, stream &queue)
    {
        for (memory::dim at = 0; at < batch; at += pieces)
            for (size_t i = 0; i < convolutions.size(); i++)
                convolutions[i].execute(queue, arguments[i]);
        queue.wait();
    }

  private:
    void add(const Layer &layer, const primitive_attr &attributes, const engine &cpu)
    {
        const auto f32 = memory::data_type::f32;
        const auto any = memory::format_tag::any;
        memory::desc x({pieces, layer.c, layer.size, layer.size}, f32, any);
        memory::desc w({layer.o, layer.c, 3, 3}, f32, any);
        memory::desc b({layer.o}, f32, memory::format_tag::a);
        memory::desc y({pieces, layer.o, layer.size, layer.size}, f32, any);
        convolution_forward::desc desc(prop_kind::forward_inference, kind, x, w, b, y, {1, 1},
                                       {1, 1}, {1, 1});
        convolution_forward::primitive_desc chosen(desc, attributes, cpu);
        convolutions.emplace_back(chosen);
        arguments.push_back({{DNNL_ARG_SRC, fresh(chosen.src_desc(), cpu)},
                             {DNNL_ARG_WEIGHTS, fresh(chosen.weights_desc(), cpu)},
                             {DNNL_ARG_BIAS, fresh(chosen.bias_desc(), cpu)},
                             {DNNL_ARG_DST, fresh(chosen.dst_desc(), cpu)}});
    }

    memory::dim pieces;
    algorithm kind;
    std::vector<convolution_forward> convolutions;
    std::vector<std::unordered_map<int, memory>> arguments;
};

Times measure(Net &net, memory::dim batch, stream &queue)
{
    double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    net.run(batch, queue);
    return {now(CLOCK_MONOTONIC) - wall, now(CLOCK_PROCESS_CPUTIME_ID) - cpu};
}

/* The fastest form, by the least of three trials each. */
Form fastest(memory::dim batch, const engine &cpu, stream &queue)
{
    Form best = {};
    double least = 1e9;
    for (memory::dim n = 1; n <= batch; n *= 2)
        for (auto kind : {algorithm::convolution_direct, algorithm::convolution_auto}) {
            if (batch % n)
                continue;
            Net net({n, kind}, cpu);
            measure(net, batch, queue);
            for (int i = 0; i < 3; i++) {
                double took = measure(net, batch, queue).cpu;
                if (took < least) {
                    least = took;
                    best = {n, kind};
                }
            }
        }
    return best;
}
} // namespace

int main(int argc, char **argv)
{
    if (argc != 4)
        return EXIT_FAILURE;
    const memory::dim batch = std::atoi(argv[2]);
    omp_set_num_threads(std::atoi(argv[3]));
    engine cpu(engine::kind::cpu, 0);
    stream queue(cpu);
    const Form form = fastest(batch, cpu, queue);
    Net net(form, cpu);
    const version_t *version = dnnl::version();
    std::printf("ready oneDNN %d.%d.%d, batches of %d, %s\n", version->major, version->minor,
                version->patch, static_cast<int>(form.pieces),
                form.kind == algorithm::convolution_direct ? "direct"
                                                           : "algorithm of its choice");
    std::fflush(stdout);
    char job[32];
    while (std::scanf("%31s", job) == 1) {
        if (std::strcmp(job, "infer") != 0)
            return EXIT_FAILURE;
        Times took = measure(net, batch, queue);
        std::printf("%.6f %.6f\n", took.wall, took.cpu);
        std::fflush(stdout);
    }
    return EXIT_SUCCESS;
}
