# The one place that says how arithmetic is compiled: the same bits in debug and release, on every
# instruction set and on the GPU. Every room and every test links muster::arithmetic.
add_library(muster_arithmetic INTERFACE)
add_library(muster::arithmetic ALIAS muster_arithmetic)
set(MUSTER_EXACT_FLAGS -ffp-contract=off -fno-math-errno -fno-trapping-math)
target_compile_options(muster_arithmetic INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:${MUSTER_EXACT_FLAGS}>"
  "$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;--ftz=false;--prec-div=true;--prec-sqrt=true;-Xcompiler=-ffp-contract=off;-Xcompiler=-fno-math-errno;-Xcompiler=-fno-trapping-math>")

add_library(muster_warnings INTERFACE)
target_compile_options(muster_warnings INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wshadow;-Wnon-virtual-dtor;-Wno-unknown-pragmas;-Wno-psabi>")
# gcc 12's own false alarms: std::string (bug 105651) and its AVX-512 headers (bug 105593).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(muster_warnings INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict;-Wno-uninitialized;-Wno-maybe-uninitialized>")
endif()
if(MUSTER_WERROR)
  target_compile_options(muster_warnings INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-Werror>" "$<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings>")
endif()
if(MUSTER_FUZZERS)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
endif()
if(MUSTER_SANITIZE OR MUSTER_FUZZERS)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer> $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=undefined>)
  add_link_options(-fsanitize=address,undefined)
endif()

# The instruction sets the CPU bodies are compiled for; chosen at run time by CPUID.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(MUSTER_ISAS v3 v4)
  set(MUSTER_ISA_FLAGS_v3 -march=x86-64-v3)
  set(MUSTER_ISA_FLAGS_v4 -march=x86-64-v4 -mprefer-vector-width=512)
else()
  set(MUSTER_ISAS generic)
  set(MUSTER_ISA_FLAGS_generic "")
endif()
