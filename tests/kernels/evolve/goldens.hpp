// Digests of golden_test.cpp: crossover (uniform, one_point, two_point, exponential, blend, sbx), then trials (binomial,
// exponential), each with the topologies none, ring, full, torus, custom. They change with a change of bits only, in a
// commit of their own that says why.
#pragma once

#include <cstdint>

namespace muster::test {

constexpr std::uint64_t evolve_goldens[40] = {
    0xd997539c2820c23e, 0x325258749f1628b5, 0x2d52641731dd2fbb, 0xf46dbce16d7dbfe1, 0xffdd8991f87b7ea8,
    0xcf8563b97d9f0882, 0x32595a445439af95, 0x14bffbd5dbd06270, 0x1bf51f96ab24b966, 0xf8969b0015e6fd14,
    0x5206156312f17bc6, 0x7792f0d48855c01e, 0x04ef7ce9047c9b80, 0xff02953e70603dd4, 0xcc360b609161c208,
    0xa226eb0eb0e73ac3, 0xa16c00a011f03532, 0x878a0afffb97bd37, 0x791cc5e707bd2f5b, 0xa876702f3bc2207c,
    0xc6b319f1b9987d36, 0xf1f946907b65cc78, 0x5dadfc5f568a2faa, 0xdbf191b74d5a4394, 0x6b9f0477fcc3b54f,
    0x72f97400a08ebe9f, 0x54c160bb4f129e12, 0x1d132e90c44d6318, 0x487db95752569929, 0xf74a06a8922b0efc,
    0x0015255c729e5fb7, 0x7f46c174ba04dbb8, 0x6350527e3460d255, 0x4ccada9840ff3627, 0x1a547963487a063c,
    0x144c34949ccd0bc0, 0x2651378589563bc3, 0x9e20ce22e8774919, 0xe1fcd720e81cf2cf, 0x9c96272b00477b5f,
};

}  // namespace muster::test
