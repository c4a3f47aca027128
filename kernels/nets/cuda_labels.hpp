// Labels' paths on a GPU, with the sums of labels_body.cpp. Included by cuda_nets.cu, and by tests that emulate a block.
#pragma once

#include "kernels/nets/heston_path.hpp"
#include "kernels/rng/normal.hpp"
#include "kernels/rng/philox.hpp"

MUSTER_NETS_BEGIN

inline constexpr int label_threads = 256;

/// A thread's share of a label's sums; those on a grid without rounding_magic_bits taken off.
struct LabelShare {
  std::uint64_t sums[label_sums] = {};
  std::uint64_t paths = 0;

  __device__ void add(PathEnd const& end) {
    sums[0] += end.is_paid;
    sums[1] += label_bits_of(end.sum);
    sums[2] += label_bits_of(end.weighted);
    sums[3] += label_bits_of(end.timed);
    sums[4] += end.is_counted;
    sums[5] += label_bits_of(end.control);
    sums[6] += label_bits_of(end.control_weighted);
    sums[7] += end.is_bad;
    ++paths;
  }
  __device__ void take_off_magic() {
    for (int const s : {1, 2, 3, 5, 6}) sums[s] -= paths * static_cast<std::uint64_t>(rounding_magic_bits);
  }
};

__device__ inline void draw(PathLaw const& law, std::uint64_t item, std::uint32_t block, float (&z)[label_normals]) {
  std::uint32_t words[4];
  philox(law.keys, law.item + item, block, law.stream, words);
  block_normals(words[0], words[1], words[2], words[3], z);
}

/// One fixing to come: pair 6 i + k is normal k of item i.
__device__ inline void add_short(PathLaw const& law, std::uint64_t pairs, std::uint32_t thread, LabelShare& share) {
  auto const last = last_fixing(law);
  for (std::uint64_t item = thread; item * label_normals < pairs; item += label_threads) {
    float z[label_normals];
    draw(law, item, 0, z);
    MUSTER_UNROLL
    for (int k = 0; k < label_normals; ++k) {
      if (item * label_normals + static_cast<std::uint64_t>(k) >= pairs) break;
      share.add(end_of(law, last, next_fixing(law, {}, z[k], 1.0f, 1.0f), true));
      share.add(end_of(law, last, next_fixing(law, {}, z[k], -1.0f, 1.0f), true));
    }
  }
}

__device__ inline void add_long(PathLaw const& law, std::uint64_t pairs, std::uint32_t thread, LabelShare& share) {
  auto const last = last_fixing(law);
  for (std::uint64_t item = thread; item < pairs; item += label_threads) {
    PathSums up{}, down{};
    for (std::uint32_t first = 0; first < law.steps; first += label_normals) {
      float z[label_normals];
      draw(law, item, first / label_normals, z);
      MUSTER_UNROLL
      for (int k = 0; k < label_normals; ++k) {
        if (first + static_cast<std::uint32_t>(k) >= law.steps) break;
        float const number = static_cast<float>(first + static_cast<std::uint32_t>(k) + 1);
        up = next_fixing(law, up, z[k], 1.0f, number);
        down = next_fixing(law, down, z[k], -1.0f, number);
      }
    }
    share.add(end_of(law, last, up, true));
    share.add(end_of(law, last, down, true));
  }
}

/// A Heston label's share, whose sums are all but the last on a grid.
struct HestonShare {
  std::uint64_t sums[label_sums] = {};
  std::uint64_t paths = 0;

  __device__ void add(HestonEnd const& end) {
    float const all[label_sums - 1] = {end.price, end.forward, end.v0, end.kappa, end.theta, end.xi, end.rho};
    MUSTER_UNROLL
    for (std::size_t s = 0; s + 1 < label_sums; ++s) sums[s] += label_bits_of(all[s]);
    sums[label_sums - 1] += end.is_bad;
    ++paths;
  }
  __device__ void take_off_magic() {
    MUSTER_UNROLL
    for (std::size_t s = 0; s + 1 < label_sums; ++s) sums[s] -= paths * static_cast<std::uint64_t>(rounding_magic_bits);
  }
};

struct HestonWalk {
  VarianceNumbers now, sum;
  __device__ void step(HestonTerms const& h, float z) {
    now = next_variance(h, now, z);
    sum = {sum.value + now.value, sum.v0 + now.v0, sum.kappa + now.kappa, sum.theta + now.theta, sum.xi + now.xi};
  }
};

__device__ inline void add_heston(PathLaw const& law, std::uint64_t pairs, std::uint32_t thread, HestonShare& share) {
  auto const first = first_variance(law.heston);
  for (std::uint64_t item = thread; item < pairs; item += label_threads) {
    HestonWalk up{first, {}}, down{first, {}};
    for (std::uint32_t block = 0; block < law.steps; block += label_normals) {
      float z[label_normals];
      draw(law, item, block / label_normals, z);
      MUSTER_UNROLL
      for (int k = 0; k < label_normals; ++k) {
        if (block + static_cast<std::uint32_t>(k) >= law.steps) break;
        up.step(law.heston, z[k]);
        down.step(law.heston, -z[k]);
      }
    }
    share.add(heston_end(law.heston, up.sum, up.now));
    share.add(heston_end(law.heston, down.sum, down.now));
  }
}

/// The sums of all threads' shares; `room` [label_threads / 32][label_sums], shared.
template <class Share>
__device__ void sum_shares(Share& share, std::uint32_t thread, std::uint64_t* room, std::int64_t* sums) {
  share.take_off_magic();
  for (auto& sum : share.sums)
    for (int offset = 16; offset > 0; offset >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
  if (thread % 32 == 0)
    for (std::size_t s = 0; s < label_sums; ++s) room[thread / 32 * label_sums + s] = share.sums[s];
  __syncthreads();
  if (thread >= label_sums) return;
  std::uint64_t sum = 0;
  for (int warp = 0; warp < label_threads / 32; ++warp) sum += room[static_cast<std::size_t>(warp) * label_sums + thread];
  sums[thread] = static_cast<std::int64_t>(sum);
}

/// The sums of one label, by a block of threads.
__device__ inline void label_block(PathLaw const& law, std::uint64_t pairs, std::uint32_t thread, std::uint64_t* room, std::int64_t* sums) {
  LabelShare share;
  if (law.steps == 1)
    add_short(law, pairs, thread, share);
  else
    add_long(law, pairs, thread, share);
  sum_shares(share, thread, room, sums);
}

/// The same under Heston's model.
__device__ inline void heston_block(PathLaw const& law, std::uint64_t pairs, std::uint32_t thread, std::uint64_t* room, std::int64_t* sums) {
  HestonShare share;
  add_heston(law, pairs, thread, share);
  sum_shares(share, thread, room, sums);
}

MUSTER_NETS_END
