# SPDX-License-Identifier: BSD-3-Clause
# Every outside library, found once: the folders' libraries link these targets.
find_package(MPI REQUIRED COMPONENTS C)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libdeflate REQUIRED IMPORTED_TARGET GLOBAL libdeflate)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET GLOBAL jansson)
pkg_check_modules(inih REQUIRED IMPORTED_TARGET GLOBAL inih)

set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 REQUIRED COMPONENTS C)
if(NOT HDF5_IS_PARALLEL)
    message(FATAL_ERROR "ben-mpi needs parallel HDF5 (Debian: libhdf5-openmpi-dev)")
endif()
add_library(ben_hdf5 INTERFACE)
target_include_directories(ben_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(ben_hdf5 INTERFACE ${HDF5_C_LIBRARIES} MPI::MPI_C)

set(BLA_VENDOR OpenBLAS)
find_package(BLAS REQUIRED)
find_path(CBLAS_INCLUDE_DIR cblas.h REQUIRED
    PATH_SUFFIXES openblas-openmp openblas-serial openblas-pthread openblas
    HINTS /usr/include/${CMAKE_C_LIBRARY_ARCHITECTURE})
add_library(ben_blas INTERFACE)
target_include_directories(ben_blas SYSTEM INTERFACE ${CBLAS_INCLUDE_DIR})
target_link_libraries(ben_blas INTERFACE ${BLAS_LIBRARIES})

find_path(NIFTI_INCLUDE_DIR nifti1_io.h REQUIRED PATH_SUFFIXES nifti)
find_library(NIFTI_IO_LIBRARY niftiio REQUIRED)
find_library(NIFTI_ZNZ_LIBRARY znz REQUIRED)
add_library(ben_nifti INTERFACE)
target_include_directories(ben_nifti SYSTEM INTERFACE ${NIFTI_INCLUDE_DIR})
target_link_libraries(ben_nifti INTERFACE ${NIFTI_IO_LIBRARY} ${NIFTI_ZNZ_LIBRARY} ZLIB::ZLIB m)

# GSL's functions with OpenBLAS as their BLAS: its own slow one must not come before.
find_path(GSL_INCLUDE_DIR gsl/gsl_cdf.h REQUIRED)
find_library(GSL_LIBRARY gsl REQUIRED)
add_library(ben_gsl INTERFACE)
target_include_directories(ben_gsl SYSTEM INTERFACE ${GSL_INCLUDE_DIR})
target_link_libraries(ben_gsl INTERFACE ${GSL_LIBRARY} ben_blas m)
