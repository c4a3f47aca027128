// Compiler seams of the arithmetic: MUSTER_FN and the per-instruction-set namespace.
#pragma once

// MUSTER_FN marks a function that is compiled for the CPU and for the GPU from one text. It is always
// inlined: a call inside a lane loop would keep gcc from vectorising that loop.
#if defined(__CUDACC__)
#define MUSTER_FN __host__ __device__ __forceinline__
#else
#define MUSTER_FN inline __attribute__((always_inline))
#endif

// MUSTER_EVENT marks a member that the GPU inlines and a CPU calls, so that one copy serves every caller.
#if defined(__CUDACC__)
#define MUSTER_EVENT __host__ __device__ __forceinline__
#else
#define MUSTER_EVENT __attribute__((noinline))
#endif

// Full unrolling of a loop of constant length, in each compiler's spelling.
#if defined(__CUDACC__)
#define MUSTER_UNROLL _Pragma("unroll")
#else
#define MUSTER_UNROLL _Pragma("GCC unroll 32")
#endif

// Before a loop over lanes whose arrays do not overlap, which gcc cannot see.
#if defined(__CUDACC__)
#define MUSTER_LANES
#else
#define MUSTER_LANES _Pragma("GCC ivdep")
#endif

// Each instruction set's copy of the bodies lives in its own inline namespace; otherwise the linker
// would keep one copy for all of them. The build defines MUSTER_ISA per object library.
#if !defined(MUSTER_ISA)
#error "kernel headers are compiled only inside muster's instruction-set libraries (see kernels/CMakeLists.txt)"
#endif

#define MUSTER_KERNELS_BEGIN    \
  namespace muster::kernels {   \
  inline namespace MUSTER_ISA {
#define MUSTER_KERNELS_END \
  }                        \
  }
