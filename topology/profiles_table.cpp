#include <array>

#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

constexpr Features nothing{};
constexpr Features mixed_checkpointed{.gradient_checkpointing = true, .mixed_precision = true};
constexpr Features mixed_tf32{.mixed_precision = true, .tf32 = true};
constexpr Features mixed_tf32_checkpointed{
    .gradient_checkpointing = true, .mixed_precision = true, .tf32 = true};
constexpr Features tf32_tuned{.tf32 = true, .tuned_kernels = true};
constexpr Features tf32_flash{.tf32 = true, .flash_attention = true};
constexpr Features tensor_cores{.mixed_precision = true, .tensor_cores = true};
// Checkpointing trades time for memory, so "all" leaves it to the answer to out-of-memory.
constexpr Features everything{.mixed_precision = true,
                              .tf32 = true,
                              .flash_attention = true,
                              .tensor_cores = true,
                              .tuned_kernels = true};

// Thirteen cards of the inventory muster replaces; where it gives a range, the larger value goes with the
// larger memory, and of a range on one memory size training takes the lower value.
// Then newer cards, placed beside the row of like memory; their ratings are priors from single-precision
// peak rates against the A100's, not measurements.
constexpr std::array rows{
    //       name     GB  train  else  models                     features       rated  sm_  SMs
    Profile{"RTX 3050", 4, 16, 16, "LSTM, small net", mixed_checkpointed, 1, 86, 16},
    Profile{"RTX 3060", 12, 48, 48, "LSTM, medium net", mixed_tf32, 3, 86, 28},
    Profile{"RTX 3070", 8, 32, 32, "LSTM, small transformer", mixed_tf32_checkpointed, 5, 86, 46},
    Profile{"RTX 3080", 10, 48, 48, "medium transformer", mixed_tf32, 10, 86, 68},
    Profile{"RTX 3080", 12, 64, 64, "medium transformer", mixed_tf32, 10, 86, 70},
    Profile{"RTX 3090", 24, 96, 128, "large transformer", everything, 20, 86, 82},
    Profile{"RTX 4070", 12, 64, 64, "medium transformer", tf32_tuned, 15, 89, 46},
    Profile{"RTX 4080", 16, 96, 96, "large transformer", tf32_flash, 25, 89, 76},
    Profile{"RTX 4090", 24, 128, 256, "XL transformer", everything, 40, 89, 128},
    Profile{"T4", 16, 32, 32, "medium", nothing, 8, 75, 40},
    Profile{"V100", 16, 64, 64, "large", tensor_cores, 30, 70, 80},
    Profile{"V100", 32, 128, 128, "large", tensor_cores, 30, 70, 80},
    Profile{"A10", 24, 64, 64, "large", mixed_tf32, 20, 86, 72},
    Profile{"A40", 48, 128, 256, "XL", everything, 50, 86, 84},
    Profile{"A100", 40, 256, 256, "XXL", everything, 100, 80, 108},
    Profile{"A100", 80, 512, 512, "XXL", everything, 100, 80, 108},

    Profile{"L4", 24, 64, 64, "large", everything, 25, 89, 58},
    Profile{"L40S", 48, 128, 256, "XL", everything, 70, 89, 142},
    Profile{"RTX 5070", 12, 64, 64, "medium transformer", everything, 25, 120, 48},
    Profile{"RTX 5080", 16, 96, 96, "large transformer", everything, 40, 120, 84},
    Profile{"RTX 5090", 32, 128, 256, "XL transformer", everything, 75, 120, 170},
    Profile{"H100", 80, 512, 512, "XXL", everything, 300, 90, 132},
    Profile{"H100", 94, 512, 512, "XXL", everything, 300, 90, 132},
    Profile{"H200", 141, 512, 512, "XXL", everything, 320, 90, 132},
    Profile{"GH200", 96, 512, 512, "XXL", everything, 320, 90, 132},
    Profile{"GH200", 144, 512, 512, "XXL", everything, 320, 90, 132},
    Profile{"B200", 180, 512, 512, "XXL", everything, 380, 100, 148},
};

}  // namespace

std::span<Profile const> profiles() { return rows; }

}  // namespace muster::topology
