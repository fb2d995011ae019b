/* SPDX-License-Identifier: BSD-3-Clause */
/* n4-itk [-s SHRINK] [-t THREADS] [-c THRESHOLD] SCAN...
 * For each scan: our N4 and ITK's, with the same settings, shrink factors and Otsu foreground;
 * one row of a table with the correlation of the two log fields and the relative root mean square
 * difference of the two corrected images, both over the full-resolution foreground, and the time
 * each took from the scan in memory to the corrected image, Otsu's mask included (with one thread
 * that of the processor, so that other programs do not count). Exit 1 where a
 * scan falls short of the bounds below. With -c 0 both run all iterations: ITK sums its convergence
 * measure voxel by voxel in float, where the mean no longer moves after some ten thousand voxels,
 * so that on large grids it may stop some iterations later or earlier. */
#include "itkBSplineControlPointImageFilter.h"
#include "itkImageFileReader.h"
#include "itkMultiThreaderBase.h"
#include "itkN4BiasFieldCorrectionImageFilter.h"
#include "itkOtsuThresholdImageFilter.h"
#include "itkShrinkImageFilter.h"

#include <mpi.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" {
#define _Noreturn [[noreturn]] /* C's word for it */
#include "prep/n4.h"
}

namespace
{
const double least_correlation = 0.99;
const double most_difference = 0.02;

int threads = 1;

double now_s()
{
    timespec t;
    clock_gettime(threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

using Scan = itk::Image<float, 3>;
using Mask = itk::Image<unsigned char, 3>;
using N4 = itk::N4BiasFieldCorrectionImageFilter<Scan, Mask, Scan>;

/* ITK's image has unit spacing: N4 does not depend on it, and where the shrunken grid's centre falls
 * between two voxels, ITK picks one by the rounding of millimetres. */
struct Head {
    Scan::Pointer image;
    double voxel_mm[3];
};

struct Result {
    std::vector<float> corrected, field;
    std::string iterations; /* per level */
    double seconds = 0;
};

size_t voxels_of(const Scan *image)
{
    return image->GetLargestPossibleRegion().GetNumberOfPixels();
}

Head read(const std::string &path)
{
    auto reader = itk::ImageFileReader<itk::Image<float, 4>>::New();
    reader->SetFileName(path);
    reader->Update();
    const auto *all = reader->GetOutput();
    Head head;
    auto image = head.image = Scan::New();
    Scan::SizeType size;
    for (int a = 0; a < 3; a++) {
        size[a] = all->GetLargestPossibleRegion().GetSize()[a];
        head.voxel_mm[a] = all->GetSpacing()[a];
    }
    image->SetRegions(size);
    image->Allocate();
    size_t n = voxels_of(image);
    size_t times = all->GetLargestPossibleRegion().GetSize()[3];
    size_t time = std::min<size_t>(4, times - 1);
    std::copy_n(all->GetBufferPointer() + time * n, n, image->GetBufferPointer());
    return head;
}

Mask::Pointer foreground_of(Scan *image, const n4_config &config)
{
    auto otsu = itk::OtsuThresholdImageFilter<Scan, Mask>::New();
    otsu->SetInput(image);
    otsu->SetNumberOfHistogramBins(static_cast<unsigned>(config.otsu_bins));
    otsu->SetInsideValue(0);
    otsu->SetOutsideValue(1);
    otsu->Update();
    return otsu->GetOutput();
}

template <class Any> typename Any::Pointer shrunk(Any *image, const int factor[3])
{
    auto filter = itk::ShrinkImageFilter<Any, Any>::New();
    filter->SetInput(image);
    for (unsigned a = 0; a < 3; a++)
        filter->SetShrinkFactor(a, static_cast<unsigned>(factor[a]));
    filter->Update();
    return filter->GetOutput();
}

void set_up(N4 *n4, const n4_config &config)
{
    N4::VariableSizeArrayType iterations(static_cast<unsigned>(config.levels));
    N4::ArrayType points;
    for (int i = 0; i < config.levels; i++)
        iterations[i] = static_cast<unsigned>(config.iterations[i]);
    for (int a = 0; a < 3; a++)
        points[a] = static_cast<unsigned>(config.mesh[a]) + 3;
    n4->SetNumberOfFittingLevels(static_cast<unsigned>(config.levels));
    n4->SetMaximumNumberOfIterations(iterations);
    n4->SetNumberOfControlPoints(points);
    n4->SetConvergenceThreshold(static_cast<float>(config.threshold));
    n4->SetNumberOfHistogramBins(static_cast<unsigned>(config.bins));
    n4->SetWienerFilterNoise(static_cast<float>(config.noise));
    n4->SetBiasFieldFullWidthAtHalfMaximum(static_cast<float>(config.fwhm));
}

std::string listed(const std::vector<int> &iterations)
{
    std::string text;
    for (int n : iterations)
        text += (text.empty() ? "" : " ") + std::to_string(n);
    return text;
}

Result run_itk(Scan *image, const n4_config &config, const int factor[3])
{
    using Lattice = N4::BiasFieldControlPointLatticeType;
    using Field = itk::BSplineControlPointImageFilter<Lattice, N4::ScalarImageType>;
    Result result;
    double start = now_s();
    auto mask = foreground_of(image, config);
    auto n4 = N4::New();
    set_up(n4, config);
    n4->SetInput(shrunk(image, factor));
    n4->SetMaskImage(shrunk(mask.GetPointer(), factor));
    std::vector<int> iterations(static_cast<size_t>(config.levels));
    n4->AddObserver(itk::IterationEvent(),
                    [&](const itk::EventObject &) { iterations[n4->GetCurrentLevel()]++; });
    n4->Update();
    result.iterations = listed(iterations);
    auto field = Field::New();
    field->SetInput(n4->GetLogBiasFieldControlPointLattice());
    field->SetSplineOrder(3);
    field->SetSize(image->GetLargestPossibleRegion().GetSize());
    field->Update();
    size_t n = voxels_of(image);
    result.corrected.resize(n);
    result.field.resize(n);
    for (size_t i = 0; i < n; i++) {
        result.field[i] = field->GetOutput()->GetBufferPointer()[i][0];
        result.corrected[i] = image->GetBufferPointer()[i] / std::exp(result.field[i]);
    }
    result.seconds = now_s() - start;
    return result;
}

Result run_ours(const Head &head, const n4_config &config, n4_report &report)
{
    Result result;
    const Scan *image = head.image;
    volume scan = {};
    for (int a = 0; a < 3; a++) {
        scan.dim[a] = static_cast<int>(image->GetLargestPossibleRegion().GetSize()[a]);
        scan.voxel_mm[a] = head.voxel_mm[a];
    }
    size_t n = voxels_of(image);
    result.corrected.assign(image->GetBufferPointer(), image->GetBufferPointer() + n);
    result.field.resize(n);
    scan.data = result.corrected.data();
    comm team = comm_self();
    double start = now_s();
    if (n4_correct(&team, &config, &scan, nullptr, result.field.data(), &report) != BEN_OK) {
        std::fprintf(stderr, "%s\n", ben_error_text());
        std::exit(1);
    }
    result.seconds = now_s() - start;
    result.iterations = listed({report.iterations, report.iterations + config.levels});
    return result;
}

double correlation(const std::vector<float> &a, const std::vector<float> &b, const Mask *mask)
{
    double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
    for (size_t i = 0; i < a.size(); i++) {
        if (!mask->GetBufferPointer()[i])
            continue;
        n++;
        sa += a[i];
        sb += b[i];
        saa += static_cast<double>(a[i]) * a[i];
        sbb += static_cast<double>(b[i]) * b[i];
        sab += static_cast<double>(a[i]) * b[i];
    }
    return (sab - sa * sb / n) / std::sqrt((saa - sa * sa / n) * (sbb - sb * sb / n));
}

double difference(const std::vector<float> &a, const std::vector<float> &b, const Mask *mask)
{
    double squares = 0, reference = 0;
    for (size_t i = 0; i < a.size(); i++) {
        if (!mask->GetBufferPointer()[i])
            continue;
        squares += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
        reference += static_cast<double>(b[i]) * b[i];
    }
    return std::sqrt(squares / reference);
}

bool compare(const std::string &path, const n4_config &config)
{
    n4_report report = {};
    Head head = read(path);
    Scan *image = head.image;
    auto mask = foreground_of(image, config);
    Result ours = run_ours(head, config, report);
    Result again = run_ours(head, config, report);
    Result itk = run_itk(image, config, report.factor);
    double r = correlation(ours.field, itk.field, mask);
    double d = difference(ours.corrected, itk.corrected, mask);
    double seconds = std::min(ours.seconds, again.seconds);
    auto size = image->GetLargestPossibleRegion().GetSize();
    std::string dims =
        std::to_string(size[0]) + "x" + std::to_string(size[1]) + "x" + std::to_string(size[2]);
    bool good = r >= least_correlation && d <= most_difference;
    std::printf("%-44s %-12s %d,%d,%d  %-12s %-12s %8.6f %8.4f %9.1f %9.1f %6.1f  %s\n",
                path.substr(path.rfind('/') + 1).c_str(), dims.c_str(), report.factor[0],
                report.factor[1], report.factor[2], ours.iterations.c_str(),
                itk.iterations.c_str(), r, 100 * d, 1e3 * seconds, 1e3 * itk.seconds,
                itk.seconds / seconds, good ? "ok" : "FAR");
    std::fflush(stdout);
    return good;
}
} // namespace

int main(int argc, char **argv)
{
    n4_config config = n4_config_default();
    int option;
    while ((option = getopt(argc, argv, "s:t:c:")) != -1) {
        if (option == 's')
            config.shrink = std::atoi(optarg);
        else if (option == 't')
            threads = std::atoi(optarg);
        else if (option == 'c')
            config.threshold = std::atof(optarg);
        else
            return 2;
    }
    MPI_Init(&argc, &argv);
    omp_set_num_threads(threads);
    itk::MultiThreaderBase::SetGlobalMaximumNumberOfThreads(static_cast<unsigned>(threads));
    itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(static_cast<unsigned>(threads));
    std::printf("%-44s %-12s %-6s %-12s %-12s %-8s %8s %9s %9s %6s\n", "scan", "voxels",
                "shrink", "iterations", "ITK's", "field r", "rms %", "ours ms", "ITK ms",
                "ratio");
    bool good = optind < argc;
    for (int i = optind; i < argc; i++)
        good = compare(argv[i], config) && good;
    MPI_Finalize();
    return good ? 0 : 1;
}
