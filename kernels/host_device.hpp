// MUSTER_HD marks integer helpers that both compilers build and that need no instruction-set copies.
#pragma once

#if defined(__CUDACC__)
#define MUSTER_HD __host__ __device__ inline
#else
#define MUSTER_HD inline
#endif
