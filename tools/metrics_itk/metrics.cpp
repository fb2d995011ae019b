// SPDX-License-Identifier: BSD-3-Clause
// A developer's tool: what ITK says of masks.
//   metrics-itk pairs PRED_DIR REF_DIR NAME...   a TSV line of metrics for each NAME.nii.gz
//   metrics-itk staple MASK MASK...              sensitivity and specificity of each rater, then
//                                                the voxels that are likelier inside than not
// Distances are between boundary voxels: a mask less its erosion by its face neighbours, with
// nothing beyond the border.
#include <itkBinaryCrossStructuringElement.h>
#include <itkBinaryErodeImageFilter.h>
#include <itkConstantPadImageFilter.h>
#include <itkDirectedHausdorffDistanceImageFilter.h>
#include <itkHausdorffDistanceImageFilter.h>
#include <itkImageFileReader.h>
#include <itkImageRegionConstIterator.h>
#include <itkLabelOverlapMeasuresImageFilter.h>
#include <itkMultiThreaderBase.h>
#include <itkNiftiImageIO.h>
#include <itkSTAPLEImageFilter.h>
#include <itkSubtractImageFilter.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

using Mask = itk::Image<unsigned char, 3>;
using Real = itk::Image<double, 3>;

static Mask::Pointer read(const std::string &path)
{
    auto reader = itk::ImageFileReader<Mask>::New();
    reader->SetImageIO(itk::NiftiImageIO::New());
    reader->SetFileName(path);
    reader->Update();
    return reader->GetOutput();
}

static bool empty(const Mask *mask)
{
    itk::ImageRegionConstIterator<Mask> i(mask, mask->GetLargestPossibleRegion());
    for (; !i.IsAtEnd(); ++i)
        if (i.Get())
            return false;
    return true;
}

static Mask::Pointer boundary(Mask *mask)
{
    using Cross = itk::BinaryCrossStructuringElement<unsigned char, 3>;
    Mask::SizeType one;
    one.Fill(1);
    Cross faces;
    faces.SetRadius(one);
    faces.CreateStructuringElement();
    auto pad = itk::ConstantPadImageFilter<Mask, Mask>::New();
    pad->SetInput(mask);
    pad->SetPadBound(one);
    auto erode = itk::BinaryErodeImageFilter<Mask, Mask, Cross>::New();
    erode->SetInput(pad->GetOutput());
    erode->SetKernel(faces);
    erode->SetForegroundValue(1);
    erode->SetBoundaryToForeground(false);
    auto less = itk::SubtractImageFilter<Mask>::New();
    less->SetInput1(pad->GetOutput());
    less->SetInput2(erode->GetOutput());
    less->Update();
    return less->GetOutput();
}

static double hausdorff(Mask *a, Mask *b, bool spacing)
{
    auto filter = itk::HausdorffDistanceImageFilter<Mask, Mask>::New();
    filter->SetInput1(a);
    filter->SetInput2(b);
    filter->SetUseImageSpacing(spacing);
    filter->Update();
    return filter->GetHausdorffDistance();
}

static double mean_directed(Mask *from, Mask *to)
{
    auto filter = itk::DirectedHausdorffDistanceImageFilter<Mask, Mask>::New();
    filter->SetInput1(from);
    filter->SetInput2(to);
    filter->SetUseImageSpacing(true);
    filter->Update();
    return filter->GetAverageHausdorffDistance();
}

static void print_pair(const std::string &folder_a, const std::string &folder_b,
                       const std::string &name)
{
    Mask::Pointer pred = read(folder_a + "/" + name + ".nii.gz");
    Mask::Pointer ref = read(folder_b + "/" + name + ".nii.gz");
    bool e = empty(pred), f = empty(ref);
    double dice = -1, jaccard = -1, sensitivity = -1, hd = -1, voxels = -1, asd = -1, back = -1;
    if (!e || !f) {
        auto overlap = itk::LabelOverlapMeasuresImageFilter<Mask>::New();
        overlap->SetSourceImage(pred);
        overlap->SetTargetImage(ref);
        overlap->Update();
        dice = overlap->GetDiceCoefficient();
        jaccard = overlap->GetJaccardCoefficient();
        sensitivity = f ? -1 : 1 - overlap->GetFalseNegativeError();
    }
    if (!e && !f) {
        Mask::Pointer p = boundary(pred), r = boundary(ref);
        hd = hausdorff(p, r, true);
        voxels = hausdorff(p, r, false);
        asd = mean_directed(p, r);
        back = mean_directed(r, p);
    }
    printf("%s\t%.12g\t%.12g\t%.12g\t%.12g\t%.12g\t%.12g\t%.12g\n", name.c_str(), dice,
           jaccard, sensitivity, hd, voxels, asd, back);
}

static void print_staple(int n, char **paths)
{
    auto filter = itk::STAPLEImageFilter<Mask, Real>::New();
    filter->SetForegroundValue(1);
    for (int i = 0; i < n; i++)
        filter->SetInput(static_cast<unsigned>(i), read(paths[i]));
    filter->Update();
    for (int i = 0; i < n; i++)
        printf("%.15g\t%.15g\n", filter->GetSensitivity(static_cast<unsigned>(i)),
               filter->GetSpecificity(static_cast<unsigned>(i)));
    long inside = 0;
    itk::ImageRegionConstIterator<Real> v(filter->GetOutput(),
                                          filter->GetOutput()->GetLargestPossibleRegion());
    for (; !v.IsAtEnd(); ++v)
        inside += v.Get() > 0.5;
    printf("%ld\n", inside);
}

int main(int argc, char **argv)
{
    itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(1);
    if (argc < 4 || (strcmp(argv[1], "pairs") != 0 && strcmp(argv[1], "staple") != 0)) {
        fprintf(stderr, "usage: metrics-itk pairs PRED_DIR REF_DIR NAME... | staple MASK...\n");
        return 2;
    }
    try {
        if (strcmp(argv[1], "staple") == 0)
            print_staple(argc - 2, argv + 2);
        else
            for (int i = 4; i < argc; i++)
                print_pair(argv[2], argv[3], argv[i]);
    } catch (const std::exception &e) {
        fprintf(stderr, "metrics-itk: %s\n", e.what());
        return 1;
    }
    return 0;
}
