# SPDX-License-Identifier: BSD-3-Clause
# One static library per folder; it may use only the folders named after it here, so an upward
# call does not link.
function(ben_library folder)
    file(GLOB sources CONFIGURE_DEPENDS src/${folder}/*.c)
    list(FILTER sources EXCLUDE REGEX "_isa\\.c$")
    add_library(ben_${folder} STATIC ${sources})
    target_include_directories(ben_${folder} PUBLIC src)
    target_link_libraries(ben_${folder} PUBLIC ${ARGN} OpenMP::OpenMP_C m)
endfunction()

ben_library(base PkgConfig::inih PkgConfig::jansson)
ben_library(mpi ben_base MPI::MPI_C)
ben_library(nn ben_base ben_blas)
ben_library(io ben_mpi ben_base ben_hdf5 ben_nifti PNG::PNG PkgConfig::jansson PkgConfig::libdeflate)
ben_library(prep ben_io ben_mpi ben_base)
# Its functions of several vector widths (base/clones.h) give the same bits in all of them, and
# vectorise although a loop has conditions.
target_compile_options(ben_prep PRIVATE -ffp-contract=off -fno-trapping-math -fno-math-errno)
ben_library(train ben_prep ben_io ben_nn ben_mpi ben_base)
ben_library(qa ben_prep ben_io ben_nn ben_mpi ben_base ben_gsl)
ben_library(bench ben_train ben_qa PkgConfig::jansson)

# Files that a library carries inside: the bytes of NAME.EXT as the array NAME_EXT, ended by a NUL
# that does not count, their number NAME_EXT_bytes, and their SHA-256 in hexadecimal.
function(ben_embed target)
    foreach(path IN LISTS ARGN)
        get_filename_component(name ${path} NAME)
        string(MAKE_C_IDENTIFIER ${name} symbol)
        file(READ ${path} bytes HEX)
        file(SHA256 ${path} hash)
        string(LENGTH "${bytes}" digits)
        math(EXPR length "${digits} / 2")
        string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
        file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/embedded/${symbol}.c CONTENT
"/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
extern const unsigned char ${symbol}[];
extern const char ${symbol}_sha256[];
extern const size_t ${symbol}_bytes;
const unsigned char ${symbol}[] = {${bytes}0};
const size_t ${symbol}_bytes = ${length};
const char ${symbol}_sha256[] = \"${hash}\";
")
        target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/embedded/${symbol}.c)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    endforeach()
endfunction()
ben_embed(ben_qa ${PROJECT_SOURCE_DIR}/src/qa/page/report.css
    ${PROJECT_SOURCE_DIR}/src/qa/page/report.js)

# Kernels (src/nn/*_isa.c) are compiled once per instruction set; BEN_ISA is the suffix of their
# names (nn/isa.h) and the set is chosen at run time.
file(GLOB isa_sources CONFIGURE_DEPENDS src/nn/*_isa.c)
set(isa_generic_flags "")
set(isa_names generic)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND isa_names avx2 avx512)
    set(isa_avx2_flags -mavx2 -mfma)
    set(isa_avx512_flags -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma
        -mprefer-vector-width=512)
endif()
set(isa_optimise -O3)
if(BEN_SANITIZE) # what the sanitizers add makes unrolled kernels take minutes to optimise
    set(isa_optimise -O1)
endif()
# Functions begin on cache lines: how fast a kernel is shall not depend on what lies ahead of it.
list(APPEND isa_optimise -ffp-contract=fast -falign-functions=64)
foreach(isa IN LISTS isa_names)
    add_library(ben_nn_${isa} OBJECT ${isa_sources})
    target_include_directories(ben_nn_${isa} PUBLIC src)
    target_compile_options(ben_nn_${isa} PRIVATE ${isa_${isa}_flags} ${isa_optimise})
    target_compile_definitions(ben_nn_${isa} PRIVATE BEN_ISA=${isa})
    target_link_libraries(ben_nn_${isa} PRIVATE OpenMP::OpenMP_C)
    target_sources(ben_nn PRIVATE $<TARGET_OBJECTS:ben_nn_${isa}>)
endforeach()
